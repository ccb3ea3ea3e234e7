"""To put a backup back: into a new SQLite file, or into an empty PostgreSQL database.

What was put back is another life of the hub's database, with an epoch of its own: by that every
till learns to offer again what it holds.
"""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sqlalchemy import Connection

from retail.language import Text
from retail.refusals import Refusal
from sync_server import put_back
from sync_server.backup import proof, seal
from sync_server.backup.copying import Tell, copy, is_empty
from sync_server.backup.files import NoSuchFile, beside, kept_aside, sync, unusable
from sync_server.backup.proof import Held, NotWhole
from sync_server.backup.seal import BackupDamaged, NotABackup, Seal
from sync_server.database import (
    Database,
    RowsRefused,
    file_of,
    open_database,
    sqlite_file,
    without_password,
)
from sync_server.lives import RESTORED, epoch, epoch_now
from sync_server.migrations import Standing, standing, upgrade_connection
from sync_server.settings import HubSettings


class BackupNewer(Refusal):
    code = "backup_newer"
    sentence = Text(
        "{file} was written by a newer version of this program.",
        "{file} 由本程序的更新版本写入。",
    )
    way_on = Text("Install that version here, then try again.", "请先安装该版本再重试。")


class DatabaseNotEmpty(Refusal):
    code = "database_not_empty"
    sentence = Text("There is something in {url} already.", "{url} 中已有内容。")
    way_on = Text(
        "On SQLite give --replace: the file that is there is moved aside. On PostgreSQL make an"
        " empty database and give its URL.",
        "SQLite：请加 --replace，原文件会改名保留。PostgreSQL：请新建空数据库并填写其地址。",
    )


class Restored(NamedTuple):
    """When the backup was taken, what it holds, and where the file lies that was there before."""

    taken_at: str
    held: Held
    aside: Path | None = None


def check(file: Path, tell: Tell) -> Restored:
    """See that the backup is whole. Raises NoSuchFile, NotABackup, BackupDamaged, BackupNewer,
    FileUnusable."""
    with unusable(file):
        if not file.exists():
            raise NoSuchFile(file=file)
        found = seal.checked(file)
        with _current(file, found) as current:
            return Restored(found.taken_at, _proved(file, current, tell))


async def restore(
    file: Path, settings: HubSettings, now: datetime, tell: Tell, *, replace: bool = False
) -> Restored:
    """Put the backup into the database of `settings`, whole or not at all. Raises what `check`
    raises, DatabaseNotEmpty, DatabaseInUse, and DatabaseUnusable for what is no database."""
    url = settings.database
    database = open_database(url, settings.database_wait_s, settings.connections_max)
    try:
        target = file_of(url)
        if target is not None and _is_something(target) and not replace:
            raise DatabaseNotEmpty(url=without_password(url))
        checked = await asyncio.to_thread(check, file, tell)
        if target is None:
            await _into_server(file, database, checked.held, tell, now, without_password(url))
            return checked
        aside = await asyncio.to_thread(_into_file, file, target, checked.held, tell, now)
        return checked._replace(aside=aside)
    finally:
        await database.close()


def _is_something(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


@contextmanager
def _current(file: Path, found: Seal) -> Iterator[Path]:
    """The backup with the schema of this program: itself, or a copy brought up to date."""
    with sqlite_file(file, read_only=True) as connection:
        stands = standing(connection)
    match stands:
        case Standing.CURRENT:
            yield file
        case Standing.OLDER:
            with TemporaryDirectory(prefix="omnitill-restore-") as folder:
                copied = Path(folder) / "hub.db"
                _copy_up_to_date(file, found, copied)
                yield copied
        case Standing.NEWER:
            raise BackupNewer(file=file)
        case Standing.NONE:
            raise NotABackup(file=file)


def _copy_up_to_date(file: Path, found: Seal, copied: Path) -> None:
    """The database in the backup as a file of its own, with the schema of this program."""
    shutil.copyfile(file, copied)
    os.truncate(copied, found.size_bytes)
    with sqlite_file(copied) as connection:
        upgrade_connection(connection)


def _proved(file: Path, current: Path, tell: Tell) -> Held:
    try:
        with sqlite_file(current, read_only=True) as connection:
            return proof.prove(connection, tell)
    except NotWhole as no:
        raise BackupDamaged(file=file, why=no.why) from no


def _begin_epoch(connection: Connection, now: datetime) -> None:
    held = epoch_now(connection)
    put_back.begin(connection, held, RESTORED, now, held)


def _the_same(written: Held, held: Held) -> None:
    lives = epoch.name
    as_held = written.counts | {lives: held.counts[lives]}
    same = written.counts[lives] == held.counts[lives] + 1 and written.epoch != held.epoch
    if not same or written._replace(epoch=held.epoch, counts=as_held) != held:
        raise NotWhole(Text("what was written is not what it holds", "写入的内容与备份不符"))


def _into_file(file: Path, target: Path, held: Held, tell: Tell, now: datetime) -> Path | None:
    """-> where the file lies now that was there before, if one was."""
    with unusable(target), ExitStack() as held_open:
        aside = None
        with beside(target) as new:
            _copy_up_to_date(file, seal.of(file), new)
            with sqlite_file(new) as connection:
                _begin_epoch(connection, now)
            with sqlite_file(new, read_only=True) as connection:
                _checked_written(file, connection, held, tell)
            sync(new)
            if _is_something(target):
                aside = held_open.enter_context(kept_aside(target, now))
    return aside


def _checked_written(file: Path, connection: Connection, held: Held, tell: Tell) -> None:
    try:
        _the_same(proof.prove(connection, tell), held)
    except NotWhole as no:
        raise BackupDamaged(file=file, why=no.why) from no


async def _into_server(
    file: Path, database: Database, held: Held, tell: Tell, now: datetime, url: str
) -> None:
    """In one transaction: schema, rows, epoch and proof."""

    def work(source: Connection, target: Connection) -> None:
        upgrade_connection(target)
        if not is_empty(target):
            raise DatabaseNotEmpty(url=url)
        copy(source, target, tell)
        _begin_epoch(target, now)
        _checked_written(file, target, held, tell)

    with (
        _current(file, seal.of(file)) as current,
        sqlite_file(current, read_only=True) as source,
    ):
        try:
            await database.write(partial(work, source))
        except RowsRefused as refused:
            why = Text(f"PostgreSQL takes no {refused}", f"PostgreSQL 不接受：{refused}")
            raise BackupDamaged(file=file, why=why) from refused
