"""Which backups there are, and how far each stream lies in one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Table,
    Text,
    and_,
    func,
    insert,
    select,
    update,
)

from journal.stream import Head, StreamId
from sync_server.database import metadata
from sync_server.recorder import journal
from sync_server.sync.records import stream

backup = Table(
    "backup",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("taken_at", Text, nullable=False),
    Column("noted_at", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("facts", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
)


class BackupRow(NamedTuple):
    """A backup of which the hub knows: as of when, since when it knows, where it was written
    (empty: a person noted it), how many facts it holds, and its size."""

    taken_at: str
    noted_at: str
    file: str
    facts: int
    size_bytes: int


def backups(connection: Connection, most: int) -> list[BackupRow]:
    """The newest ones, the last noted first."""
    columns = (backup.c[name] for name in BackupRow._fields)
    rows = connection.execute(select(*columns).order_by(backup.c.number.desc()).limit(most))
    return [BackupRow(*row) for row in rows]


def youngest(connection: Connection) -> BackupRow | None:
    """The one that was taken last, if there is any."""
    columns = (backup.c[name] for name in BackupRow._fields)
    rows = connection.execute(select(*columns).order_by(backup.c.taken_at.desc()).limit(1))
    return next((BackupRow(*row) for row in rows), None)


def add(connection: Connection, row: BackupRow) -> None:
    connection.execute(insert(backup).values(row._asdict()))


def heads(connection: Connection) -> dict[StreamId, Head]:
    """Every stream's head."""
    rows = connection.execute(
        select(stream.c.till_id, stream.c.incarnation, stream.c.head_seq, stream.c.head_hash)
    )
    return {StreamId(till, inc): Head(seq, hash_) for till, inc, seq, hash_ in rows}


def make_safe(connection: Connection, held: Mapping[StreamId, int]) -> None:
    """Note that so many facts of each stream lie in a backup: never fewer than before, never more
    than are here. By their numbers, the order in which a period that closes holds streams."""
    streams = select(stream.c.stream_no, stream.c.till_id, stream.c.incarnation)
    for stream_no, *who in connection.execute(streams.order_by(stream.c.stream_no)).all():
        seq = held.get(StreamId(*who), 0)
        connection.execute(
            update(stream)
            .where(
                stream.c.stream_no == stream_no, stream.c.safe_seq < seq, stream.c.head_seq >= seq
            )
            .values(safe_seq=seq)
        )


def received_before(connection: Connection, at: datetime) -> dict[StreamId, int]:
    """How many facts of each stream there are before the first that was received at that time or
    later: where the hub's clock went back, the fewer."""
    later = and_(journal.c.stream_no == stream.c.stream_no, journal.c.received_at >= as_text(at))
    rows = connection.execute(
        select(
            stream.c.till_id,
            stream.c.incarnation,
            func.coalesce(func.min(journal.c.seq) - 1, stream.c.head_seq),
        )
        .join_from(stream, journal, later, isouter=True)
        .group_by(stream.c.till_id, stream.c.incarnation, stream.c.head_seq)
    )
    return {StreamId(till, inc): seq for till, inc, seq in rows}


def as_text(at: datetime) -> str:
    """A time as it stands beside a fact, to be compared with those."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
