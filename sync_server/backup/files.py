"""Files that come whole or not at all: written beside, and put in place by their name."""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from retail.language import Text
from retail.refusals import Refusal
from sync_server.database import FAULTS

#: of SQLite's file, and of what it may keep beside it
_PARTS = ("-wal", "-shm")


class FileUnusable(Refusal):
    code = "file_unusable"
    sentence = Text("{file} could not be written or read: {why}", "{file} 无法写入或读取：{why}")
    way_on = Text(
        "See that there is room for it and that it may be written there, then try again.",
        "请检查磁盘空间与写入权限后重试。",
    )


class NoSuchFile(Refusal):
    code = "no_such_file"
    sentence = Text("There is no file {file}.", "没有文件 {file}。")
    way_on = Text("Look at its name, then try again.", "请核对文件名后重试。")


class FileThere(Refusal):
    code = "file_there"
    sentence = Text("{file} is there already.", "{file} 已存在。")
    way_on = Text(
        "Choose another name. An older backup, and nothing else, is replaced with --replace.",
        "请换一个文件名；只有旧备份可以用 --replace 覆盖。",
    )


class DatabaseInUse(Refusal):
    code = "database_in_use"
    sentence = Text("A program has {file} open.", "{file} 正被其他程序使用。")
    way_on = Text(
        "Stop the hub that serves from it, then try again.", "请先停止使用它的总部服务，再重试。"
    )


@contextmanager
def unusable(file: Path) -> Iterator[None]:
    """What the disk does not give comes out as FileUnusable."""
    try:
        yield
    except FAULTS as fault:
        why = getattr(fault, "orig", None) or getattr(fault, "strerror", None) or fault
        raise FileUnusable(file=file, why=why) from fault


@contextmanager
def beside(file: Path) -> Iterator[Path]:
    """A new, empty file beside that one. When the block has ended it takes its name; when the
    block was left it is gone, and that one is as it was. Raises OSError."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    inode = new.stat().st_ino
    try:
        yield new
        if new.stat().st_ino != inode:  # another program began the same: the name is its own now
            raise FileExistsError(None, "another program writes it at this moment", str(new))
        new.replace(file)
        _sync_name(file.parent)
    except BaseException:
        with suppress(OSError):
            if new.stat().st_ino == inode:
                new.unlink()
        raise


def _sync_name(folder: Path) -> None:
    """A new name is on disk only when its folder is; Windows needs and knows no such call."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync(file: Path) -> None:
    """See a file's bytes onto the disk."""
    with file.open("rb+") as out:
        os.fsync(out.fileno())


@contextmanager
def kept_aside(file: Path, at: datetime) -> Iterator[Path]:
    """A database's file under a dated name too, with what lay beside it; until the block ends
    nobody may open it under its own, which may then be given to another. A damaged one is kept as
    it lies there, for its owner alone. Raises DatabaseInUse or OSError."""
    aside = file.with_name(f"{file.name}.{at:%Y%m%dT%H%M%S%f}")
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as driver:
        try:
            driver.execute("PRAGMA journal_mode=DELETE")  # only the last who has it open may
            driver.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as fault:
            if fault.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise DatabaseInUse(file=file) from fault
        os.link(file, aside)
        for part in _PARTS:  # of a damaged one: a log must not meet another database
            with suppress(FileNotFoundError):
                file.with_name(file.name + part).replace(aside.with_name(aside.name + part))
        yield aside
        for part in ("", *_PARTS):
            with suppress(FileNotFoundError):
                aside.with_name(aside.name + part).chmod(0o600)  # the hub's key is in it
