"""To take a backup of the hub, to note one that was taken otherwise, and what a till may rely on.

Nothing counts as safe before the file is in its place: written, read again, sealed, named.
"""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from retail.language import Text
from retail.refusals import Refusal
from sync_server.backup import proof, records, seal
from sync_server.backup.copying import Tell, copy
from sync_server.backup.files import FileThere, beside, unusable
from sync_server.backup.proof import Held, NotWhole
from sync_server.backup.records import BackupRow, as_text
from sync_server.backup.seal import NotABackup
from sync_server.database import Database, copy_sqlite, sqlite_file
from sync_server.lives import hub_identity
from sync_server.migrations import upgrade_connection


class BackupNotProved(Refusal):
    code = "backup_not_proved"
    sentence = Text(
        "The backup was read again and not kept: {why}", "备份复核未通过，未保留：{why}"
    )
    way_on = Text(
        "Former backups stand, and no till deletes more. Keep a plain copy of the database and give"
        " it to support.",
        "以前的备份仍有效，收银机不会再删除记录。请保留数据库副本并联系技术支持。",
    )


class TakenLater(Refusal):
    code = "taken_later"
    sentence = Text("{at} is not over yet.", "{at} 尚未到来。")
    way_on = Text(
        "Give the time at which the backup was begun, by this machine's clock.",
        "请填写备份开始的时间（以本机时钟为准）。",
    )


_NOT_THE_SAME = Text("it is not what the database held", "与数据库当时的内容不符")
_RESTORED = Text("the database was restored meanwhile", "期间数据库已被恢复")


async def back_up(
    database: Database, file: Path, taken_at: datetime, tell: Tell, *, replace: bool = False
) -> BackupRow:
    """Write what the database holds at one moment into a file, read it again, and note what is
    safe by it. Raises FileThere, FileUnusable or BackupNotProved; nothing is noted then."""
    with unusable(file):
        _may_be_written(file, replace=replace)
        with beside(file) as new:
            held = await database.read(partial(_copy, new, tell))
            await asyncio.to_thread(_prove_the_same, new, held, tell)
            size = await asyncio.to_thread(seal.put, new, as_text(taken_at))
    at = as_text(taken_at)
    row = BackupRow(at, at, str(file), held.facts, size)
    await database.write(partial(_note, row, held))
    return row


def _may_be_written(file: Path, *, replace: bool) -> None:
    if not file.exists():
        return
    try:
        seal.of(file)
    except NotABackup:
        raise FileThere(file=file) from None
    if not replace:
        raise FileThere(file=file)


def _copy(file: Path, tell: Tell, connection: Connection) -> Held:
    """The one snapshot of `connection` as a SQLite file -> what it held."""
    held = proof.held(connection)
    if not copy_sqlite(connection, file, tell):
        with sqlite_file(file) as target:
            upgrade_connection(target)
            copy(connection, target, tell)
    return held


def _prove_the_same(file: Path, held: Held, tell: Tell) -> None:
    try:
        with sqlite_file(file, read_only=True) as connection:
            if proof.prove(connection, tell) != held:
                raise NotWhole(_NOT_THE_SAME)
    except NotWhole as no:
        raise BackupNotProved(why=no.why) from no


def _note(row: BackupRow, held: Held, connection: Connection) -> None:
    """What is safe from now on; nothing, where this is another life of the database by now."""
    identity = hub_identity(connection)
    if identity is None or identity.epoch != held.epoch:
        raise BackupNotProved(why=_RESTORED)
    records.make_safe(connection, {who: head.seq for who, head in held.heads.items()})
    records.add(connection, row)


async def note(database: Database, taken_at: datetime, now: datetime, late_s: float) -> BackupRow:
    """A person says that a backup was begun at that time: what was received before it is safe, but
    for the last `late_s`, which may have been committed later. Raises TakenLater."""
    if taken_at > now:
        raise TakenLater(at=taken_at.isoformat(sep=" ", timespec="minutes"))

    def work(connection: Connection) -> BackupRow:
        held = records.received_before(connection, taken_at - timedelta(seconds=late_s))
        row = BackupRow(as_text(taken_at), as_text(now), "", sum(held.values()), 0)
        records.make_safe(connection, held)
        records.add(connection, row)
        return row

    return await database.write(work)
