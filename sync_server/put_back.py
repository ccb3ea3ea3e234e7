"""Whether the hub's database was put back to an older copy: then the next of its lives
begins (decision 0024).

A hub notices by itself. On PostgreSQL the server says which cluster, timeline and table this is:
a dump that was loaded again, another cluster, a recovery to a point in time each are another.
On either database each hub process remembers, beside it, how much it last saw taken in: less than
that is an older copy. And a till that holds the hub's own signature under a head that the hub has
no more proves it. Whoever notices first begins a new epoch, for all.
"""

import os
import secrets
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from sync_server import lives
from sync_server.feed.records import all_positions, scope_head
from sync_server.lives import ELSEWHERE, OLDER_COPY, epoch, epoch_now, hub, place
from sync_server.sync.records import stream


class Seen(msgspec.Struct, frozen=True):
    """What a hub process last saw of its database: the epoch, and how much was taken in."""

    epoch: str
    taken: int


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
    followed = lives.begun(connection)
    went_on_from = {life.epoch for life in followed} | {life.instead_of for life in followed}
    return seen.epoch not in went_on_from | {lives.first_epoch(connection)}


def look(connection: Connection, seen: Seen | None) -> tuple[str, Seen]:
    """Whether this is the database that it was -> why not, empty when it is; and what there is."""
    now = seen_now(connection)
    if connection.execute(select(hub.c.place)).scalar_one() != place(connection):
        return ELSEWHERE, now
    return OLDER_COPY if seen is not None and _is_older(connection, now, seen) else "", now


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
