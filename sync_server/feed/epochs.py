"""The lives of the hub's database: when one ended because an older copy of it was put back, and
what of it the next one still holds (sync.md 5.5).

A hub notices by itself. On PostgreSQL the server says which cluster, timeline and table this is:
a dump that was loaded again, another cluster, a recovery to a point in time each are another.
On either database each hub process remembers, beside it, how much it last saw taken in: less than
that is an older copy. And a till that holds the hub's own signature under a head that the hub has
no more proves it. Whoever notices first begins a new epoch, for all.
"""

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import Column, Connection, Integer, Table, Text, func, insert, select, update

from journal.cursor import Cursor
from sync_server.database import metadata
from sync_server.feed.records import all_positions, scope_head
from sync_server.sync.records import epoch_now, hub, place, stream

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

#: why an epoch began, as head office reads it (console.words)
ELSEWHERE, OLDER_COPY, PROVED, RESTORED = "elsewhere", "older_copy", "proved", "restored"


class Epoch(NamedTuple):
    """A life of the database: since when, why it began, and where the feed's scopes stood then."""

    epoch: str
    began_at: str
    why: str
    positions: dict[str, int]
    instead_of: str


class Seen(msgspec.Struct, frozen=True):
    """What a hub process last saw of its database: the epoch, and how much was taken in."""

    epoch: str
    taken: int


def lives(connection: Connection) -> list[Epoch]:
    """All epochs that began because the database had been put back, in order."""
    rows = connection.execute(select(epoch).order_by(epoch.c.number))
    return [
        Epoch(row.epoch, row.began_at, row.why, msgspec.json.decode(row.positions), row.instead_of)
        for row in rows
    ]


def begin(connection: Connection, after: str, why: str, now: datetime, instead_of: str) -> str:
    """Begin a new epoch instead of the one that was seen last, unless somebody did since `after`
    was the current one -> the current."""
    new = secrets.token_hex(8)
    moved = connection.execute(
        update(hub).where(hub.c.epoch == after).values(epoch=new, place=place(connection))
    )
    if moved.rowcount:
        positions = msgspec.json.encode(all_positions(connection)).decode()
        at = now.isoformat(timespec="seconds")
        connection.execute(
            insert(epoch).values(
                epoch=new, began_at=at, why=why, positions=positions, instead_of=instead_of
            )
        )
    return epoch_now(connection)


def seen_now(connection: Connection) -> Seen:
    """What there is to see now."""
    facts = select(func.coalesce(func.sum(stream.c.head_seq), 0)).scalar_subquery()
    rows = select(func.coalesce(func.sum(scope_head.c.position), 0)).scalar_subquery()
    return Seen(epoch_now(connection), int(connection.execute(select(facts + rows)).scalar_one()))


def _is_older(connection: Connection, now: Seen, seen: Seen) -> bool:
    """Whether the database holds less than was seen of it: an older copy was put back."""
    if now.epoch == seen.epoch:
        return now.taken < seen.taken
    # It is ahead of us when it went on from the epoch that we saw, or was begun instead of it.
    followed = lives(connection)
    went_on_from = {life.epoch for life in followed} | {life.instead_of for life in followed}
    return seen.epoch not in went_on_from | {first_epoch(connection)}


def first_epoch(connection: Connection) -> str:
    """The epoch that the hub's database was made with."""
    return str(connection.execute(select(hub.c.first_epoch)).scalar_one())


def look(connection: Connection, seen: Seen | None) -> tuple[str, Seen]:
    """Whether this is the database that it was -> why not, empty when it is; and what there is."""
    now = seen_now(connection)
    if connection.execute(select(hub.c.place)).scalar_one() != place(connection):
        return ELSEWHERE, now
    return OLDER_COPY if seen is not None and _is_older(connection, now, seen) else "", now


def carried_over(connection: Connection, cursor: Cursor, scopes: Sequence[str]) -> Cursor | None:
    """The cursor in today's epoch, if all that its reader has seen is in today's database: it had
    read no further than the copy that was put back. None when it had, or is none of ours."""
    today = epoch_now(connection)
    if cursor.epoch == today:
        return cursor
    known = [Epoch(first_epoch(connection), "", "", {}, ""), *lives(connection)]
    names = [life.epoch for life in known]
    if cursor.epoch not in names:
        return None
    for life in known[names.index(cursor.epoch) + 1 :]:
        if any(cursor.positions.get(scope, 0) > life.positions.get(scope, 0) for scope in scopes):
            return None
    return Cursor(today, cursor.positions)


class Memory:
    """What a hub process remembers beside its database, which a copy of the database does not
    take along. A folder may serve several hubs: each is known by its key."""

    def __init__(self, folder: Path, public_key: str) -> None:
        self._file = folder / f"last-seen-{sha256(public_key.encode()).hexdigest()[:16]}"
        self.seen = self._read()

    def _read(self) -> Seen | None:
        """None where nothing is remembered, or nothing that can be read."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Seen)
        except (OSError, msgspec.DecodeError):
            return None

    def keep(self, seen: Seen) -> None:
        """Remember it. A disk that does not take it is asked again the next time."""
        if seen == self.seen:
            return
        self.seen = seen
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            beside = self._file.with_suffix(f".{os.getpid()}")
            beside.write_bytes(msgspec.json.encode(seen))
            beside.replace(self._file)
