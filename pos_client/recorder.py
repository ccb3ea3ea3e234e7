"""The one write of the till: a fact, its postings and its slice's projection, all or nothing.

The journal is also the outbox: "recorded" and "will be sent" are one event. An act takes the
lock, opens a transaction, records, projects; when the block ends everything is on disk with one
sync, and only then may anyone act on it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, tzinfo
from functools import wraps
from threading import RLock
from typing import Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar, cast

import msgspec
from msgspec.structs import replace
from sqlalchemy import Column, Integer, LargeBinary, Table, Text, insert
from sqlalchemy.dialects.sqlite import insert as upsert

from journal.chain import hash_of
from journal.clock import Clock, Ids
from journal.envelope import VERSION, Envelope, encode
from journal.stream import STREAM_BEGAN, Head, StreamBegan, StreamId, genesis
from journal.wire import PUSH_BYTES_MAX
from pos_client.database import Database, disk_refusals, metadata, sql
from retail import facts
from retail.facts import Fact
from retail.postings import LEDGER_KEYS, MONEY, STOCK, Posting, ledger_key, postings
from retail.refusals import TooMuchAtOnce

journal = Table(
    "journal",
    metadata,
    Column("stream_no", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("eid", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("hash", Text, nullable=False),
)
money_ledger = Table(
    "money_ledger",
    metadata,
    *(Column(key, Text, primary_key=True) for key in LEDGER_KEYS[MONEY]),
    Column("amount", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
)
stock_ledger = Table(
    "stock_ledger",
    metadata,
    *(Column(key, Text, primary_key=True) for key in LEDGER_KEYS[STOCK]),
    Column("amount", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
)
#: what facts that were pruned add up to: with the journal's it is the ledgers
CARRIED = {
    MONEY: money_ledger.to_metadata(metadata, name="carried_money"),
    STOCK: stock_ledger.to_metadata(metadata, name="carried_stock"),
}


def _adding(ledger: Table) -> str:
    """The upsert that adds a posting's amount to its account."""
    new = upsert(ledger)
    return sql(
        new.on_conflict_do_update(
            index_elements=list(ledger.primary_key),
            set_={
                "amount": ledger.c.amount + new.excluded.amount,
                "entries": ledger.c.entries + new.excluded.entries,
            },
        )
    )


_APPEND = sql(insert(journal))
#: what a fact grows by when it is moved to another stream: where it stood, other names and numbers
_MOVED_BYTES = 256
_ADD = {MONEY: _adding(money_ledger), STOCK: _adding(stock_ledger)}
#: the same statements for what is carried
CARRY = {book: _adding(carried) for book, carried in CARRIED.items()}


#: account by account: key, sum and number of postings
Ledger = dict[tuple[str, ...], tuple[int, int]]


class Recount:
    """The ledger of each book as facts say it must be, on top of what is `carried`."""

    def __init__(self, carried: dict[str, Ledger] | None = None) -> None:
        self.ledgers: dict[str, Ledger] = carried or {MONEY: {}, STOCK: {}}

    def add(self, envelope: Envelope) -> None:
        """Add one fact's postings. Raises MalformedFact, UnknownFact or Unbalanced."""
        if (envelope.type, envelope.tv) == STREAM_BEGAN:
            return
        for entry in postings(facts.decode(envelope.type, envelope.tv, envelope.body)):
            key = ledger_key(entry, envelope.store, envelope.till, envelope.bdate, envelope.shift)
            ledger = self.ledgers[entry.book]
            total, entries = ledger.get(key, (0, 0))
            ledger[key] = (total + entry.amount, entries + 1)


class ShiftContext(NamedTuple):
    """The open shift that a fact belongs to; all empty when none is open."""

    shift: str = ""
    cashier: str = ""
    business_date: str = ""


class Recorded(NamedTuple):
    """Where a fact now stands, and when the till's clock says it was."""

    seq: int
    eid: str
    at: str


class Writer(NamedTuple):
    """Who writes: the store, the stream and its number in this database."""

    store: str
    stream: StreamId
    stream_no: int


class Transaction:
    """An open write. `driver` is for the slices' projections; `record` appends facts."""

    def __init__(self, driver: sqlite3.Connection, recorder: "Recorder") -> None:
        self.driver = driver
        self._recorder = recorder
        self.writer = recorder.writer
        self.head = recorder.head
        self._rows: dict[str, list[tuple[str | int, ...]]] = {MONEY: [], STOCK: []}

    def record(
        self, fact: Fact, shift: ShiftContext, seen: str = "", refs: tuple[str, ...] = ()
    ) -> Recorded:
        """Append one fact and add its postings up. Raises TooMuchAtOnce for a fact that no push
        would carry; postings.Unbalanced: a bug."""
        self._post(postings(fact), shift)
        return self._append(facts.TYPES[type(fact)], facts.encode(fact), shift, seen, refs)

    def begin_stream(self, writer: Writer, began: StreamBegan) -> Recorded:
        """Write another stream from now on, beginning with its first fact."""
        self.writer, self.head = writer, genesis(writer.stream)
        return self._append(STREAM_BEGAN, msgspec.json.encode(began), ShiftContext(), "", ())

    def move_here(self, envelope: Envelope) -> int:
        """Append a fact that stood elsewhere, under its id and as it was said; it has been posted
        there. Returns its seq."""
        stood = f"{envelope.inc}/{envelope.seq}"
        moved = self._placed(replace(envelope, stood=envelope.stood or stood))
        self._keep(moved)
        return moved.seq

    def bring(self, envelope: Envelope) -> int:
        """The same with a fact that was never posted here."""
        self._post_said(envelope)
        return self.move_here(envelope)

    def adopt(self, stream_no: int, envelope: Envelope, data: bytes) -> None:
        """Take back a fact that this till wrote once, into an older stream of its own."""
        self._post_said(envelope)
        self._insert(stream_no, envelope, data, hash_of(data))

    def _post_said(self, envelope: Envelope) -> None:
        if (envelope.type, envelope.tv) != STREAM_BEGAN:
            fact = facts.decode(envelope.type, envelope.tv, envelope.body)
            shift = ShiftContext(envelope.shift, envelope.cashier, envelope.bdate)
            self._post(postings(fact), shift)

    def _append(
        self,
        name: tuple[str, int],
        body: bytes,
        shift: ShiftContext,
        seen: str,
        refs: tuple[str, ...],
    ) -> Recorded:
        recorder = self._recorder
        reading = recorder.clock.read()
        at = reading.at.astimezone(recorder.zone).isoformat(timespec="milliseconds")
        envelope = self._placed(
            Envelope(
                v=VERSION,
                till=self.writer.stream.till,
                inc="",
                seq=0,
                eid=recorder.ids.fact_id(),
                type=name[0],
                tv=name[1],
                store=self.writer.store,
                at=at,
                mono=reading.mono_ms,
                boot=reading.boot,
                prev="",
                body=msgspec.Raw(body),
                cashier=shift.cashier,
                shift=shift.shift,
                bdate=shift.business_date,
                seen=seen,
                refs=refs,
            )
        )
        self._keep(envelope)
        return Recorded(envelope.seq, envelope.eid, at)

    def _placed(self, envelope: Envelope) -> Envelope:
        """The same at the next place of the stream that is written."""
        inc, seq = self.writer.stream.incarnation, self.head.seq + 1
        return replace(envelope, inc=inc, seq=seq, prev=self.head.hash)

    def _keep(self, envelope: Envelope) -> None:
        data = encode(envelope)
        room_bytes = 0 if envelope.stood else _MOVED_BYTES
        if len(data) > PUSH_BYTES_MAX - room_bytes:
            raise TooMuchAtOnce
        self.head = Head(envelope.seq, hash_of(data))
        self._insert(self.writer.stream_no, envelope, data, self.head.hash)

    def _insert(self, stream_no: int, envelope: Envelope, data: bytes, digest: str) -> None:
        columns = envelope.seq, envelope.eid, envelope.type, envelope.at
        self.driver.execute(_APPEND, (stream_no, *columns, data, digest))

    def _post(self, entries: tuple[Posting, ...], shift: ShiftContext) -> None:
        store, till = self.writer.store, self.writer.stream.till
        for entry in entries:
            key = ledger_key(entry, store, till, shift.business_date, shift.shift)
            self._rows[entry.book].append((*key, entry.amount, 1))

    def flush(self) -> None:
        """Write the postings: last, so that a projection's failure costs nothing."""
        for book, rows in self._rows.items():
            if rows:
                self.driver.executemany(_ADD[book], rows)


class Recorder:
    """Appends to one stream. One act at a time: whoever acts holds `lock`."""

    def __init__(
        self, database: Database, writer: Writer, head: Head, clock: Clock, ids: Ids
    ) -> None:
        self.database = database
        self.writer = writer
        self.head = head
        self.clock = clock
        self.ids = ids
        #: the store's time zone: facts carry its offset
        self.zone: tzinfo = UTC
        self.lock = RLock()
        #: called after every commit that recorded something: the sync wakes up
        self.on_recorded: Callable[[], None] = lambda: None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All that happens in the block is durable when it ends, or none of it happened.
        Refusals of the disk come out as such; the till's memory moves only after the commit."""
        with self.lock:
            with self.database.write() as driver:
                transaction = Transaction(driver, self)
                yield transaction
                transaction.flush()
            moved = transaction.head != self.head
            self.writer, self.head = transaction.writer, transaction.head
        if moved:
            self.on_recorded()


class HasRecorder(Protocol):
    """A service whose acts go through the recorder."""

    recorder: Recorder


P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound=HasRecorder)


def act(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Mark a method as an act: it holds the till from its first look to its last word, and what
    the disk does not give it comes out as a refusal."""

    @wraps(method)
    def acting(self: S, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.recorder.lock, disk_refusals():
            return method(self, *args, **kwargs)

    return cast("Callable[Concatenate[S, P], R]", acting)
