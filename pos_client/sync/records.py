"""The outbox as sync sees it: what the hub lacks of each stream, and how far it came."""

import sqlite3
from typing import NamedTuple

from sqlalchemy import Connection, LargeBinary, cast, select

from journal.stream import Head, StreamId, genesis
from pos_client.identity import stream
from pos_client.recorder import journal


class StreamState(NamedTuple):
    """One incarnation of this till and how far the hub has acknowledged it."""

    stream_no: int
    incarnation: str
    acked: Head
    forked: bool


def streams(connection: Connection) -> list[StreamState]:
    """All incarnations, the writing one last."""
    rows = connection.execute(select(stream).order_by(stream.c.stream_no))
    return [
        StreamState(
            row.stream_no,
            row.incarnation,
            Head(row.acked_seq, row.acked_hash),
            row.forked_seq is not None,
        )
        for row in rows
    ]


class SqlOutbox:
    """The facts of one stream, read on a connection of its own (journal.push.Outbox)."""

    def __init__(self, connection: Connection, till: str, state: StreamState) -> None:
        self._connection = connection
        self._stream = StreamId(till, state.incarnation)
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
        if seq == 0:
            return genesis(self._stream).hash
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


def acknowledged(driver: sqlite3.Connection, stream_no: int, head: Head, safe_seq: int) -> None:
    driver.execute(
        "UPDATE stream SET acked_seq = ?, acked_hash = ?, safe_seq = ? WHERE stream_no = ?",
        (head.seq, head.hash, safe_seq, stream_no),
    )


def forked(driver: sqlite3.Connection, stream_no: int, seq: int) -> None:
    driver.execute("UPDATE stream SET forked_seq = ? WHERE stream_no = ?", (seq, stream_no))


def epoch_seen(driver: sqlite3.Connection, epoch: str) -> None:
    driver.execute("UPDATE identity SET epoch = ? WHERE epoch != ?", (epoch, epoch))
