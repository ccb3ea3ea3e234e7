"""The lives of the hub's database: who the hub is, which life this is, and what of the ones that
ended, because an older copy was put back, this one still holds (docs/protocol.md, "Epochs").
"""

import secrets
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Column, Connection, Integer, LargeBinary, Table, Text, select, text

from journal.cursor import Cursor
from sync_server.database import metadata
from sync_server.statements import SetWise

hub = Table(
    "hub",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seed", LargeBinary, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("first_epoch", Text, nullable=False),
    #: where the database lay when the epoch began (`place`)
    Column("place", Text, nullable=False),
)
epoch = Table(
    "epoch",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("epoch", Text, nullable=False, unique=True),
    Column("began_at", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("positions", Text, nullable=False),
    #: the epoch that who noticed had seen last, which an older copy may know nothing of
    Column("instead_of", Text, nullable=False),
)

_ONCE = SetWise(hub, once=True)

#: cluster and timeline (PostgreSQL, chapter "System Information Functions": pg_control_system), and
#: the table: one that was dropped and loaded again has another number. A log file's name begins
#: with the timeline that is written now; pg_control_checkpoint names that of the last checkpoint,
#: which a replica that takes over puts off for minutes.
_PLACE = text(
    "SELECT system_identifier"
    " || '/' || ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int"
    " || '/' || 'hub'::regclass::oid FROM pg_control_system()"
)

#: why an epoch began, as head office reads it (console.discrepancies)
ELSEWHERE, OLDER_COPY, PROVED, RESTORED = "elsewhere", "older_copy", "proved", "restored"


class HubIdentity(NamedTuple):
    """The hub's private seed and the life of its database."""

    seed: bytes
    epoch: str


class Epoch(NamedTuple):
    """A life of the database: since when, why it began, and where the feed's scopes stood then."""

    epoch: str
    began_at: str
    why: str
    positions: dict[str, int]
    instead_of: str


def hub_identity(connection: Connection) -> HubIdentity | None:
    row = connection.execute(select(hub.c.seed, hub.c.epoch)).first()
    return HubIdentity(bytes(row.seed), row.epoch) if row else None


def own_identity(connection: Connection) -> HubIdentity:
    """The hub's identity, made when its database is new; of two hubs that start at once the
    first one's."""
    found = hub_identity(connection)
    if found is None:
        seed, first = secrets.token_bytes(32), secrets.token_hex(8)
        _ONCE.write(connection, [(1, seed, first, first, place(connection))])
        found = hub_identity(connection)
        assert found is not None
    return found


def epoch_now(connection: Connection) -> str:
    """The epoch of the database."""
    return str(connection.execute(select(hub.c.epoch)).scalar_one())


def place(connection: Connection) -> str:
    """Where this database lies; empty on SQLite, which does not know."""
    if connection.dialect.name != "postgresql":
        return ""
    return str(connection.execute(_PLACE).scalar_one())


def first_epoch(connection: Connection) -> str:
    """The epoch that the hub's database was made with."""
    return str(connection.execute(select(hub.c.first_epoch)).scalar_one())


def begun(connection: Connection) -> list[Epoch]:
    """All epochs that began because the database had been put back, in order."""
    rows = connection.execute(select(epoch).order_by(epoch.c.number))
    return [
        Epoch(row.epoch, row.began_at, row.why, msgspec.json.decode(row.positions), row.instead_of)
        for row in rows
    ]


def carried_over(connection: Connection, cursor: Cursor, scopes: Sequence[str]) -> Cursor | None:
    """The cursor in today's epoch, if all that its reader has seen is in today's database: it had
    read no further than the copy that was put back. None when it had, or is none of ours."""
    today = epoch_now(connection)
    if cursor.epoch == today:
        return cursor
    known = [Epoch(first_epoch(connection), "", "", {}, ""), *begun(connection)]
    names = [life.epoch for life in known]
    if cursor.epoch not in names:
        return None
    for life in known[names.index(cursor.epoch) + 1 :]:
        if any(cursor.positions.get(scope, 0) > life.positions.get(scope, 0) for scope in scopes):
            return None
    return Cursor(today, cursor.positions)
