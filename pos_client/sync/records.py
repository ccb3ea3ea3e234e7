"""The outbox as sync sees it: what the hub lacks of each stream, and how far it came."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, LargeBinary, cast, select

from journal.stream import Head, StreamId, genesis
from journal.wire import SignedHead
from pos_client.recorder import journal

_PROOF = msgspec.json.Decoder(SignedHead)


_STREAMS = """
SELECT s.stream_no, s.incarnation, s.acked_seq, s.acked_hash, s.acked_proof, s.forked_seq,
    s.safe_seq, s.pruned_seq, s.pruned_hash, last.seq, last.hash, next.at
FROM stream AS s
LEFT JOIN journal AS last ON last.stream_no = s.stream_no
    AND last.seq = (SELECT max(seq) FROM journal WHERE journal.stream_no = s.stream_no)
LEFT JOIN journal AS next ON next.stream_no = s.stream_no AND next.seq = s.acked_seq + 1
ORDER BY s.stream_no
"""


class StreamState(NamedTuple):
    """One incarnation of this till: how far it goes, how far the hub has acknowledged it and since
    when its oldest fact waits. `doubted`: the hub may hold another history of it and is asked. Up
    to `safe_seq` it lies in a backup of the hub; after `pruned` the journal begins here, 0 when
    nothing was pruned."""

    stream_no: int
    stream: StreamId
    head: Head
    acked: Head
    proof: SignedHead | None
    waiting_since: str
    doubted: bool
    safe_seq: int
    pruned: Head

    @property
    def waiting(self) -> int:
        """How many facts the hub lacks."""
        return self.head.seq - self.acked.seq

    @property
    def beginning(self) -> Head:
        """The head before the first fact that is here."""
        return self.pruned if self.pruned.seq else genesis(self.stream)


def streams(connection: Connection, till: str) -> list[StreamState]:
    """All incarnations, the writing one last."""
    states: list[StreamState] = []
    for row in connection.exec_driver_sql(_STREAMS):
        stream_no, incarnation, acked_seq, acked_hash, proof, doubted, *more = row
        safe_seq, pruned_seq, pruned_hash, seq, digest, at = more
        stream = StreamId(till, incarnation)
        states.append(
            StreamState(
                stream_no,
                stream,
                Head(seq, digest) if seq else genesis(stream),
                Head(acked_seq, acked_hash),
                _PROOF.decode(proof) if proof else None,
                at or "",
                doubted is not None,
                safe_seq,
                Head(pruned_seq, pruned_hash),
            )
        )
    return states


class SqlOutbox:
    """The facts of one stream, read on a connection of its own (journal.push.Outbox)."""

    def __init__(self, connection: Connection, state: StreamState) -> None:
        self._connection = connection
        self._stream = state.stream
        self._state = state

    def head(self) -> Head:
        row = self._connection.execute(
            select(journal.c.seq, journal.c.hash)
            .where(journal.c.stream_no == self._state.stream_no)
            .order_by(journal.c.seq.desc())
            .limit(1)
        ).first()
        return Head(row.seq, row.hash) if row else genesis(self._stream)

    def acked(self) -> Head:
        return self._state.acked

    def hash_at(self, seq: int) -> str | None:
        """None too for a fact that was pruned."""
        if seq == self._state.beginning.seq:
            return self._state.beginning.hash
        return self._connection.execute(
            select(journal.c.hash).where(
                journal.c.stream_no == self._state.stream_no, journal.c.seq == seq
            )
        ).scalar()

    def facts_after(self, seq: int, count: int, size_bytes: int) -> list[bytes]:
        rows = self._connection.execute(
            select(cast(journal.c.data, LargeBinary))
            .where(journal.c.stream_no == self._state.stream_no, journal.c.seq > seq)
            .order_by(journal.c.seq)
            .limit(count)
        )
        facts: list[bytes] = []
        for (data,) in rows:
            size_bytes -= len(data)
            if size_bytes < 0 and facts:
                break
            facts.append(data)
        return facts

    def waiting_since(self) -> str:
        return (
            self._connection.execute(
                select(journal.c.at).where(
                    journal.c.stream_no == self._state.stream_no,
                    journal.c.seq == self._state.acked.seq + 1,
                )
            ).scalar()
            or ""
        )


def acknowledged(
    driver: sqlite3.Connection, stream_no: int, head: Head, safe_seq: int, proof: SignedHead
) -> None:
    driver.execute(
        "UPDATE stream SET acked_seq = ?, acked_hash = ?, safe_seq = ?, acked_proof = ?"
        " WHERE stream_no = ?",
        (head.seq, head.hash, safe_seq, msgspec.json.encode(proof), stream_no),
    )


def compared(driver: sqlite3.Connection, stream_no: int, head: Head, *, whole: bool) -> None:
    """Up to there the hub has what this till has; `whole`: nothing more is to be asked."""
    driver.execute(
        "UPDATE stream SET acked_seq = ?, acked_hash = ?,"
        " forked_seq = CASE WHEN ? THEN NULL ELSE forked_seq END WHERE stream_no = ?",
        (head.seq, head.hash, whole, stream_no),
    )


def facts_from(driver: sqlite3.Connection, stream_no: int, seq: int, most: int) -> list[bytes]:
    """The facts of a stream after that one, so many at most."""
    rows = driver.execute(
        "SELECT data FROM journal WHERE stream_no = ? AND seq > ? ORDER BY seq LIMIT ?",
        (stream_no, seq, most),
    )
    return [data for (data,) in rows]


def known(driver: sqlite3.Connection, eids: Sequence[str]) -> set[str]:
    """Those of the facts that stand somewhere in this journal."""
    asked = msgspec.json.encode(eids).decode()
    rows = driver.execute(
        "SELECT eid FROM journal WHERE eid IN (SELECT value FROM json_each(?))", (asked,)
    )
    return {eid for (eid,) in rows}


def set_aside(
    driver: sqlite3.Connection, stream: StreamId, stream_no: int, after: int, last: int
) -> None:
    """Take the facts between out of their stream, the last one too; their bytes are kept."""
    run = stream_no, after, last
    driver.execute(
        "INSERT OR IGNORE INTO forked_fact SELECT ?, seq, data FROM journal"
        " WHERE stream_no = ? AND seq > ? AND seq <= ?",
        (stream.incarnation, *run),
    )
    driver.execute("DELETE FROM journal WHERE stream_no = ? AND seq > ? AND seq <= ?", run)


def pruned(driver: sqlite3.Connection, stream_no: int, former: Head, last: Head) -> bool:
    """Let the stream begin after `last`, if it began after `former` and the hub has both the facts
    and a backup of them -> whether it does now."""
    done = driver.execute(
        "UPDATE stream SET pruned_seq = ?, pruned_hash = ? WHERE stream_no = ? AND pruned_seq = ?"
        " AND acked_seq >= ? AND safe_seq >= ? AND forked_seq IS NULL",
        (last.seq, last.hash, stream_no, former.seq, last.seq, last.seq),
    )
    return done.rowcount == 1


def epoch_seen(driver: sqlite3.Connection, epoch: str) -> None:
    driver.execute("UPDATE identity SET epoch = ? WHERE epoch != ?", (epoch, epoch))
