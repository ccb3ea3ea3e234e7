"""Proof that a database of the hub is whole: every chain followed, the books recounted.

It goes store by store, so that never more than one store's accounts are in memory.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Table, func, select

from journal.chain import ChainBroken, link
from journal.push import Arrived
from journal.stream import Head, StreamId, genesis
from journal.wire import Verdict
from retail.language import Text
from sync_server.backup import records
from sync_server.backup.copying import Tell, counts, pages
from sync_server.database import FAULTS
from sync_server.recorder import Batch, Source, journal, money_ledger, stock_ledger, takings_by_hour
from sync_server.sync.records import hub, stream

_LEDGERS = (money_ledger, stock_ledger, takings_by_hour)

#: when facts came in says nothing of what they come to
_NEVER = datetime.min.replace(tzinfo=UTC)
#: a ledger's rows by their keys: a sum and a number
_Ledger = dict[tuple[str, ...], tuple[int, int]]


class NotWhole(Exception):
    """Something in the database is not as it was written; says what, for a person."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


class Held(NamedTuple):
    """What a database of the hub holds: which life of it, each stream's head, and how many rows
    each table has."""

    epoch: str
    heads: dict[StreamId, Head]
    counts: dict[str, int]

    @property
    def facts(self) -> int:
        return self.counts[journal.name]


def held(connection: Connection) -> Held:
    """What it says that it holds."""
    epoch = connection.execute(select(hub.c.epoch)).scalar() or ""
    return Held(epoch, records.heads(connection), counts(connection))


def prove(connection: Connection, tell: Tell) -> Held:
    """Read everything that can be proved. Raises NotWhole."""
    try:
        _intact(connection)
        found = held(connection)
        _Proof(connection, tell, found.facts).run()
    except (*FAULTS, TypeError, ValueError, OverflowError) as fault:
        why = str(getattr(fault, "orig", None) or fault).partition("\n")[0]
        raise NotWhole(Text(f"it cannot be read: {why}", f"无法读取：{why}")) from fault
    return found


def _intact(connection: Connection) -> None:
    """SQLite's own look at every page and index."""
    if connection.dialect.name == "sqlite":
        said = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
        if said != "ok":
            raise NotWhole(Text(f"SQLite says: {said}", f"SQLite 检查结果：{said}"))
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise NotWhole(Text("a row names one that is not there", "有记录引用了不存在的记录"))


class _Free(set[str]):
    """Nothing is blocked: what counted when it came counts."""

    def add(self, _: str) -> None:
        pass


class _Proof:
    """A reading of one database."""

    def __init__(self, connection: Connection, tell: Tell, total: int) -> None:
        self._connection = connection
        self._tell = tell
        self._done, self._total = 0, total

    def run(self) -> None:
        connection = self._connection
        in_order = select(stream).order_by(stream.c.store_id, stream.c.stream_no)
        by_store: dict[str, list[Row[Any]]] = {}
        for row in connection.execute(in_order):
            by_store.setdefault(row.store_id, []).append(row)
        for store_id, streams in by_store.items():
            counted: dict[Table, _Ledger] = {table: {} for table in _LEDGERS}
            for row in streams:
                self._follow(row, counted)
            for table, ledger in counted.items():
                _compare(table, self._stored(table, store_id), ledger)
        self._nothing_else()

    def _follow(self, row: Row[Any], counted: dict[Table, _Ledger]) -> None:
        """Follow a stream's chain, and add up what its facts come to."""
        who = StreamId(row.till_id, row.incarnation)
        head = genesis(who)
        for page in pages(self._connection, journal, journal.c.stream_no == row.stream_no):
            batch = Batch(Source(row.stream_no, row.store_id, _NEVER), _Free())
            for fact in page:
                head = self._take(who, head, fact, batch)
            for table, rows in batch.ledgers().items():
                _add(counted[table], rows)
            self._done += len(page)
            self._tell(self._done, self._total)
        if head != Head(row.head_seq, row.head_hash):
            raise _stream_wrong(who, f"ends at fact {head.seq} and not at {row.head_seq}")
        if not 0 <= row.safe_seq <= row.head_seq:
            raise _stream_wrong(who, f"has no fact {row.safe_seq}")

    def _take(self, who: StreamId, head: Head, fact: Row[Any], batch: Batch) -> Head:
        try:
            envelope, head = link(who, head, fact.data)
        except ChainBroken as broken:
            raise _stream_wrong(who, str(broken)) from None
        columns = (fact.hash, fact.seq, fact.eid, fact.type, fact.business_date)
        if columns != (head.hash, envelope.seq, envelope.eid, envelope.type, envelope.bdate):
            raise _stream_wrong(who, f"fact {head.seq}: its columns are not its bytes'")
        noted = Verdict(fact.seq, fact.verdict, fact.reason) if fact.verdict else None
        known = len(batch.verdicts)
        batch.add(Arrived(envelope, fact.data, head.hash), noted)
        if noted is None and len(batch.verdicts) > known:
            raise _stream_wrong(who, f"fact {head.seq}: {batch.verdicts[-1].reason}")
        return head

    def _stored(self, table: Table, store_id: str) -> _Ledger:
        rows = self._connection.execute(select(table).where(table.c.store == store_id))
        return {tuple(row[:-2]): (row[-2], row[-1]) for row in rows}

    def _nothing_else(self) -> None:
        """Facts and books of nobody would have been read by nobody."""
        if self._done != self._total:
            raise NotWhole(Text("there are facts of no stream", "有不属于任何流的记录"))
        for table in _LEDGERS:
            others = select(func.count()).where(table.c.store.not_in(select(stream.c.store_id)))
            if self._connection.execute(others.select_from(table)).scalar_one():
                raise _account_wrong(table, "", "of a store that has no facts")


def _add(ledger: _Ledger, rows: Iterable[list[Any]]) -> None:
    for row in rows:
        key = tuple(row[:-2])
        amount, entries = ledger.get(key, (0, 0))
        ledger[key] = (amount + row[-2], entries + row[-1])


def _compare(table: Table, stored: _Ledger, counted: _Ledger) -> None:
    for key in stored.keys() | counted.keys():
        if stored.get(key) != counted.get(key):
            said = f"stored {stored.get(key)}, the facts say {counted.get(key)}"
            raise _account_wrong(table, " / ".join(key), said)


def _stream_wrong(who: StreamId, what: str) -> NotWhole:
    name = f"{who.till}/{who.incarnation}"
    return NotWhole(Text(f"stream {name}: {what}", f"流 {name}：{what}"))


def _account_wrong(table: Table, account: str, what: str) -> NotWhole:
    said = f"{table.name} {account}: {what}"
    return NotWhole(Text(f"the books differ, {said}", f"账簿不符，{said}"))
