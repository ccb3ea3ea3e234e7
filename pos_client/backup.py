"""A till's backup: one file with database, key, settings and logo, and the way back.

It is a zip whose comment is the SHA-256 of all bytes before it. The database in it has no marker,
so what is put back goes on in a new incarnation, wherever that is; price books are pulled anew.
"""

import os
import shlex
import shutil
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from pos_client import identity, inspection
from pos_client.database import (
    DATABASE_FILE,
    Database,
    DatabaseDamaged,
    DatabaseNewer,
    disk_refusals,
)
from pos_client.folder import LOCK_FILE, DiskFull, Hold, file_refusals, sync_name
from pos_client.settings import FILE, TillSettings
from pos_client.till import look_into
from retail.language import Text
from retail.refusals import Refusal

_DIGEST_CHARACTERS = 64
#: as much of a file is read at once
_READ_BYTES = 1 << 20
_FAST = 1
#: what the unpacking of a zip ends in that is not whole, or encrypted
_NO_ZIP = BadZipFile, zlib.error, EOFError, RuntimeError
_STAGED = "restore.new"
_LOG_PARTS = ("-wal", "-shm")
_UNSENT = (
    "SELECT count(*) FROM former.journal AS j JOIN former.stream AS s USING (stream_no)"
    " WHERE j.seq > s.acked_seq AND j.eid NOT IN (SELECT eid FROM main.journal)"
)


class BackupThere(Refusal):
    code = "backup_there"
    sentence = Text("{file} is there already.", "{file} 已存在。")
    way_on = Text("Choose another name.", "请换一个文件名。")


class NotATillBackup(Refusal):
    code = "not_a_till_backup"
    sentence = Text("{file} is no whole backup of a till.", "{file} 不是完整的收银机备份。")
    way_on = Text(
        "Choose another file that pos-client backup wrote.",
        "请选择由 pos-client backup 生成的其他文件。",
    )


class TillBackupUnreadable(Refusal):
    code = "till_backup_unreadable"
    sentence = Text("{file} cannot be read: {why}", "无法读取 {file}：{why}")
    way_on = Text(
        "See that the medium is there and the file's name is right, and that this user may read"
        " it; then try again.",
        "请确认存储介质已插好、文件名无误且当前用户有权读取，然后重试。",
    )


class TillBackupDamaged(Refusal):
    code = "till_backup_damaged"
    sentence = Text("The backup {file} does not hold together: {why}", "备份 {file} 有误：{why}")
    way_on = Text(
        "Nothing was changed. Choose another backup; if it was made just now, run:"
        " pos-client journal verify",
        "未做任何更改。请选择其他备份；若为刚刚生成，请运行：pos-client journal verify",
    )


class FolderNotEmpty(Refusal):
    code = "folder_not_empty"
    sentence = Text("There is something in {folder} already.", "{folder} 中已有内容。")
    way_on = Text(
        "Give --data another folder, or --replace: what is there is moved aside, never deleted.",
        "请用 --data 指定其他文件夹，或加 --replace：原有内容会移到旁边保留，不会删除。",
    )


class Restored(NamedTuple):
    """Whose till was put back and how many facts it has; where the former content of the folder
    lies, and how many facts are there that neither a hub has acknowledged nor the backup holds:
    None where nobody can tell."""

    till: str
    facts: int
    aside: Path | None = None
    unsent: int | None = 0


def back_up(till: TillSettings, file: Path) -> int:
    """Write the backup of a till that may be selling, and read it again -> how many facts it
    holds. Raises BackupThere, NotEnrolled, TillBackupDamaged or a refusal of the disk."""
    if file.exists():
        raise BackupThere(file=file)
    new, folder = (file.with_name(f"{file.name}.{part}") for part in ("new", "new-files"))
    try:
        with file_refusals():
            _make_private(folder)
            _copy_database(till, folder / DATABASE_FILE)
            _pack(new, [folder / DATABASE_FILE, *_small_files(till)])
            _make_private(folder)
        _unpack(new, folder)
        facts = _proved(new, folder / DATABASE_FILE)
        with file_refusals():
            shutil.rmtree(folder)
            new.rename(file)
            sync_name(file.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            new.unlink(missing_ok=True)
    return facts


def _make_private(folder: Path) -> None:
    """An empty folder that its owner alone may look into: the key comes into it."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)


def _copy_database(till: TillSettings, file: Path) -> None:
    """The database as of one moment, without the marker that stands in it."""
    database, _ = look_into(till)
    with closing(database), disk_refusals(), closing(sqlite3.connect(file)) as copy:
        database.driver.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("UPDATE stream SET marker = '', marker_before = ''")
        copy.commit()


def _small_files(till: TillSettings) -> list[Path]:
    """Key, settings and, where it lies in the data folder, the logo."""
    files = [till.data / identity.KEY_FILE, till.data / FILE]
    if till.logo is not None:
        files.append(till.data / till.logo.name)
    return [file for file in files if file.exists()]


def _pack(new: Path, files: Iterable[Path]) -> None:
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w+b") as out:
        with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=_FAST) as packed:
            for file in files:
                packed.write(file, file.name)
            packed.comment = b"0" * _DIGEST_CHARACTERS
        out.flush()
        end = out.seek(-_DIGEST_CHARACTERS, os.SEEK_END)
        out.write(_digest(new, end).encode())
        out.flush()
        os.fsync(out.fileno())


def _digest(file: Path, size: int) -> str:
    digest = sha256()
    with file.open("rb") as read:
        while piece := read.read(min(_READ_BYTES, size)):
            digest.update(piece)
            size -= len(piece)
    return digest.hexdigest()


def _unpack(file: Path, folder: Path) -> None:
    """The backup's files, on disk in an empty folder. Raises NotATillBackup, DiskUnusable, or
    DiskFull, before anything is written where the disk has less room than the files need."""
    with file_refusals():
        size = file.stat().st_size - _DIGEST_CHARACTERS
        with file.open("rb") as read:
            read.seek(max(0, size))
            said = read.read()
        if size < 0 or said != _digest(file, size).encode():
            raise NotATillBackup(file=file)
        try:
            with ZipFile(file) as packed:
                members = _members(packed)
                if not members:
                    raise NotATillBackup(file=file)
                if sum(member.file_size for member in members) > shutil.disk_usage(folder).free:
                    raise DiskFull
                for member in members:
                    _unpack_one(packed, member, folder / member.filename)
                sync_name(folder)
        except _NO_ZIP:
            raise NotATillBackup(file=file) from None


def _members(packed: ZipFile) -> list[ZipInfo]:
    """What a backup of a till holds; nothing where it is none."""
    members = packed.infolist()
    names = {member.filename for member in members}
    is_ours = (
        DATABASE_FILE in names
        and len(names) == len(members)
        and all(name == Path(name).name for name in names)
        and all(member.compress_type == ZIP_DEFLATED for member in members)
    )
    return members if is_ours else []


def _unpack_one(packed: ZipFile, member: ZipInfo, file: Path) -> None:
    """Piece by piece, no more than the member says that it holds."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out, packed.open(member) as read:
        shutil.copyfileobj(read, out, _READ_BYTES)
        out.flush()
        os.fsync(out.fileno())


def _proved(file: Path, database_file: Path) -> int:
    """How many facts the database holds, which is whole. Raises TillBackupDamaged."""
    try:
        with closing(Database(database_file)) as database, disk_refusals():
            who = identity.load(database)
            if who is None:
                raise NotATillBackup(file=file)
            said = database.driver.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if said != "ok":
                raise TillBackupDamaged(file=file, why=said)
            if wrong := inspection.verify(database, who).wrong:
                raise TillBackupDamaged(file=file, why=wrong[0].what)
            return int(database.driver.execute("SELECT count(*) FROM journal").fetchone()[0])
    except (DatabaseDamaged, DatabaseNewer) as no:
        raise TillBackupDamaged(file=file, why=no.say) from no


def restore(file: Path, data: Path, *, replace: bool = False) -> Restored:
    """Put a till's backup into an empty folder, or over a till that is kept aside, whole or not at
    all. Raises TillBackupUnreadable, NotATillBackup, TillBackupDamaged, FolderNotEmpty,
    AlreadyRunning or a refusal of the disk; nothing has changed then."""
    _see_to(file)
    with file_refusals(), _held(data):
        staged = data / _STAGED
        _make_private(staged)
        try:
            if _content(data) and not replace:
                raise FolderNotEmpty(folder=data)
            _unpack(file, staged)
            facts = _proved(file, staged / DATABASE_FILE)
            till, unsent = _look_at(staged / DATABASE_FILE, data / DATABASE_FILE)
            former = _content(data)
            aside = _keep_aside(data, former) if former else None
            _put_in_place(staged, data, former)
            if aside is not None and (aside / DATABASE_FILE).is_file():
                (aside / DATABASE_FILE).chmod(0o600)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return Restored(till, facts, aside, unsent)


def _see_to(file: Path) -> None:
    """Whether it is a file that can be read at all. Raises NotATillBackup or
    TillBackupUnreadable."""
    try:
        if file.is_dir():
            raise NotATillBackup(file=file)
        file.open("rb").close()
    except OSError as fault:
        raise TillBackupUnreadable(file=file, why=fault.strerror) from fault


@contextmanager
def _held(data: Path) -> Iterator[None]:
    """The data folder is ours; where there was none, none is left behind by a failure."""
    new = [folder for folder in (data, *data.parents) if not folder.exists()]
    with closing(Hold(data)):
        try:
            yield
        except BaseException:
            with suppress(OSError):
                if new:
                    (data / LOCK_FILE).unlink()
                for folder in new:
                    folder.rmdir()
            raise


def _content(data: Path) -> list[Path]:
    """What lies in a data folder and is somebody's."""
    return [each for each in data.iterdir() if each.name not in (LOCK_FILE, _STAGED)]


def _look_at(staged: Path, former: Path) -> tuple[str, int | None]:
    """Whose till it is, and how many facts of the former database neither a hub nor this one has;
    None where nobody can tell."""
    with closing(sqlite3.connect(staged)) as driver:
        (till,) = driver.execute("SELECT till FROM identity").fetchone()
        if not former.exists():
            return till, 0
        try:
            driver.execute("ATTACH ? AS former", (str(former),))
            (unsent,) = driver.execute(_UNSENT).fetchone()
        except sqlite3.Error:
            return till, None
    return till, unsent


def _keep_aside(data: Path, former: Iterable[Path]) -> Path:
    """Everything that is there under a dated name too, before anything is taken away."""
    aside = data.with_name(f"{data.name}.{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    aside.mkdir(mode=0o700)
    for each in former:
        if each.is_dir():
            shutil.copytree(each, aside / each.name, copy_function=os.link)
        else:
            os.link(each, aside / each.name)
    sync_name(aside)
    sync_name(aside.parent)
    return aside


def _put_in_place(staged: Path, data: Path, former: Iterable[Path]) -> None:
    """The database last: until it is renamed the former till is in force, of the same key unless
    it is another till's. A log that lay beside that one must not meet this one."""
    put = {each.name for each in staged.iterdir()}
    for name in put - {DATABASE_FILE}:
        (staged / name).replace(data / name)
    for part in _LOG_PARTS:
        (data / f"{DATABASE_FILE}{part}").unlink(missing_ok=True)
    (staged / DATABASE_FILE).replace(data / DATABASE_FILE)
    sync_name(data)
    for each in former:
        if each.name in put:
            continue
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink(missing_ok=True)
    sync_name(data)


_GOES_ON = Text(
    "It goes on in a new incarnation, with other receipt numbers. What it sold after this backup"
    " and sent is at the hub, and comes back from there.",
    "本机将以新的化身继续，小票号随之改变。此备份之后已上传的销售保存在总部，会从总部取回。",
)
_ASIDE = Text("What was there before lies in {folder}.", "原有内容保存在 {folder}。")
_NOT_SENT = Text(
    "{count} facts there have reached no hub and are not in the backup. Give them to the hub:"
    " {command}",
    "其中有 {count} 条记录尚未上传，也不在此备份中。请交给总部：{command}",
)
_NOBODY_KNOWS = Text(
    "Its database could not be read: whether facts there have reached no hub, nobody can tell."
    " Keep it, and try: {command}",
    "其数据库无法读取，不能确定是否有未上传的记录。请保留，并尝试：{command}",
)


def what_next(done: Restored, folders: Sequence[str] = ()) -> list[Text]:
    """What a person should know and do after a restore; `folders` are the options by which the
    till's own are found."""
    said = [_GOES_ON]
    if done.aside is not None:
        said.append(_ASIDE.filled(folder=done.aside))
        command = shlex.join(["pos-client", "journal", "import", str(done.aside), *folders])
        if done.unsent is None:
            said.append(_NOBODY_KNOWS.filled(command=command))
        elif done.unsent:
            said.append(_NOT_SENT.filled(count=done.unsent, command=command))
    return said
