"""The till's folders on disk: made, written durably, and held by one program at a time.

Owns the small files beside the database: how they get onto the disk whole, and the lock that
keeps a second till program off the same folder. What stands in them is their owner's.
"""

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from retail.language import Text
from retail.refusals import Refusal

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_FILE = "till.lock"

_FULL = {errno.ENOSPC, errno.EDQUOT}
#: the lock stands behind the process number, so that Windows lets others read that
_LOCK_AT_BYTE = 64


class DiskFull(Refusal):
    code = "disk_full"
    sentence = Text(
        "The till's disk is full: nothing was recorded.", "本机磁盘已满：本次操作未记录。"
    )
    way_on = Text("Free some space, then do it again.", "请清理磁盘空间后重试。")


class DiskUnusable(Refusal):
    code = "disk_unusable"
    sentence = Text("The till cannot use its own disk: {why}", "无法使用本机磁盘：{why}")
    way_on = Text(
        "Let this program read and write its data and state folders, then try again.",
        "请授予本程序对数据与状态文件夹的读写权限后重试。",
    )


class AlreadyRunning(Refusal):
    code = "already_running"
    sentence = Text(
        "A till program runs on this data folder already (process {process}).",
        "本机数据文件夹已有收银程序在运行（进程 {process}）。",
    )
    way_on = Text(
        "Use that one, or end it before you start another.",
        "请使用已运行的程序，或先将其关闭再启动。",
    )


@contextmanager
def file_refusals() -> Iterator[None]:
    """What the file system does not let us do comes out as a refusal: disk full, or not ours."""
    try:
        yield
    except OSError as fault:
        if fault.errno in _FULL:
            raise DiskFull from fault
        raise DiskUnusable(why=f"{fault.filename or ''}: {fault.strerror}") from fault


def made(folder: Path) -> Path:
    """The folder, made when it is not there. Raises DiskFull or DiskUnusable."""
    with file_refusals():
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_durably(file: Path, data: bytes, *, private: bool = True) -> None:
    """Whole or not at all, on disk with its name before this returns; readable by the owner only,
    or as `write_whole` leaves it. Raises DiskFull or DiskUnusable."""
    with file_refusals():
        file.parent.mkdir(parents=True, exist_ok=True)
        _put_in_place(file, data, private=private, durable=True)
        sync_name(file.parent)


def write_whole(file: Path, data: bytes) -> None:
    """Whole or not at all, for what is worth no sync: after a power cut it may be the former, or
    gone. A file that is there keeps its mode, a new one gets the usual one. Raises OSError."""
    _put_in_place(file, data, private=False, durable=False)


def _put_in_place(file: Path, data: bytes, *, private: bool, durable: bool) -> None:
    beside = file.with_name(f"{file.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(beside, flags, 0o600 if private else 0o666), "wb") as out:
        out.write(data)
        out.flush()
        if durable:
            os.fsync(out.fileno())
    if not private and file.exists():
        shutil.copymode(file, beside)
    beside.replace(file)


def overwrite_durably(file: Path, data: bytes) -> None:
    """Other bytes, as many, in the very file that is there: it stays where it lies. Raises DiskFull
    or DiskUnusable."""
    with file_refusals():
        descriptor = os.open(file, os.O_WRONLY)
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())


def made_private(file: Path) -> None:
    """Make the file, readable by its owner only, where none is; one that is there stays as
    somebody set it, and is not even opened: to close a database would let go of the locks that
    this process holds on it (SQLite, "How To Corrupt", 2.2). Raises DiskFull or DiskUnusable."""
    with file_refusals(), suppress(FileExistsError):
        os.close(os.open(file, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0o600))


def sync_name(folder: Path) -> None:
    """A new name is on disk only when its folder is; Windows needs and knows no such call."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Hold:
    """The data folder, held by this program until `close` or its end, whichever way it ends."""

    def __init__(self, folder: Path) -> None:
        """Raises AlreadyRunning, DiskFull or DiskUnusable."""
        file = made(folder) / LOCK_FILE
        with file_refusals():
            self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with file_refusals():
                self._lock()
        except Refusal:
            self.close()
            raise
        with suppress(OSError):  # the number is for people; a full disk does not undo the lock
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def _lock(self) -> None:
        """Take the lock; the system drops it when the process is gone. Raises AlreadyRunning."""
        try:
            _try_lock(self._descriptor)
        except BlockingIOError:
            said = os.read(self._descriptor, _LOCK_AT_BYTE).decode(errors="replace").strip()
            raise AlreadyRunning(process=said or "?") from None

    def close(self) -> None:
        """Let go; may be called again."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _try_lock(descriptor: int) -> None:
    """Raises BlockingIOError when another program has it."""
    if sys.platform == "win32":
        os.lseek(descriptor, _LOCK_AT_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as fault:
            raise BlockingIOError from fault
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
