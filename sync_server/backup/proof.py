"""Proof that a database of the hub is whole: every chain followed to the head that its till signed,
the books recounted. A backup takes no finding, the doctor tells them all.

It goes store by store, so that never more than one store's accounts are in memory.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, Select, Table, func, select

from journal.chain import ChainBroken, link
from journal.envelope import Envelope, MalformedEnvelope, decode
from journal.push import Arrived
from journal.stream import Head, StreamId, genesis
from journal.wire import Verdict
from retail import facts
from retail.facts import TYPES, ShiftClosed
from retail.language import Text
from sync_server.backup import records
from sync_server.backup.copying import Tell, counts, pages
from sync_server.database import FAULTS
from sync_server.ledgers import money_ledger, stock_ledger, takings_by_hour
from sync_server.lives import hub
from sync_server.recorder import Batch, Source, journal
from sync_server.sync.records import stream
from sync_server.sync.service import PushProof

#: when facts came in says nothing of what they come to
_NEVER = datetime.min.replace(tzinfo=UTC)
#: a ledger's rows by their keys: a sum and a number
_Ledger = dict[tuple[str, ...], tuple[int, int]]
Ledgers = dict[Table, _Ledger]
#: hears of a store: its id, what tills said of closed shifts, what its facts come to
OnStore = Callable[[str, list["Closing"], Ledgers], None]
_SHIFT_CLOSED = TYPES[ShiftClosed]
_NAMES_NOTHING = Text("a row names one that is not there", "有记录引用了不存在的记录")


class Part(StrEnum):
    """What of a database is proved."""

    FILE = "file"
    CHAINS = "chains"
    SIGNATURES = "signatures"
    MONEY = "money"
    STOCK = "stock"
    TAKINGS = "takings"


class Finding(NamedTuple):
    """Something that does not hold: of which part, what, and what to do, for a person."""

    part: str
    what: Text
    todo: Text


class Tally(NamedTuple):
    """What was read of a part: how many streams, facts or accounts; of `left_out` it cannot be
    said whether they hold."""

    read: int = 0
    left_out: int = 0


#: which part each ledger is
LEDGERS = {money_ledger: Part.MONEY, stock_ledger: Part.STOCK, takings_by_hour: Part.TAKINGS}
_PUT_BACK = Text(
    "Keep a copy of the database as it is and have its disk checked. Then put the last backup back:"
    " sync-server restore; tills send again what came since.",
    "请先保留数据库副本并检查磁盘，再恢复最近的备份：sync-server restore；"
    "此后的记录由终端自动补发。",
)
#: what to do about each part that does not hold
TODO = {
    Part.FILE: _PUT_BACK,
    Part.CHAINS: _PUT_BACK,
    Part.SIGNATURES: Text(
        "Somebody changed this stream or its signature in the database. Compare it with the till:"
        " pos-client journal verify; then put the last backup back: sync-server restore",
        "数据库中的此流或其签名曾被改动。请在终端运行 pos-client journal verify 核对，"
        "再恢复最近的备份：sync-server restore",
    ),
    **dict.fromkeys(
        LEDGERS.values(),
        Text(
            "Go by the facts, not by the sums. Keep a copy of the database and put the last backup"
            " back, whose sums were proved: sync-server restore; tills send again what came since.",
            "以记录为准，账簿合计有误。请保留数据库副本，再恢复最近的备份：sync-server restore；"
            "备份的账簿已复核，此后的记录由终端自动补发。",
        ),
    ),
}


class NotWhole(Exception):
    """Something in the database is not as it was written; says what, for a person."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


class Closing(NamedTuple):
    """What a till said of a shift that it closed, in the books' keys: the drawer that it expected
    by its own books, and how many sales it counted."""

    till_id: str
    business_date: str
    shift: str
    currency: str
    expected_minor: int
    sales: int


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
    proof = Proof(connection, tell)
    with readable():
        found = held(connection)
        proof.run()
    if proof.findings:
        raise NotWhole(proof.findings[0].what)
    return found


@contextmanager
def readable() -> Iterator[None]:
    """What cannot even be read comes out as NotWhole."""
    try:
        yield
    except (*FAULTS, TypeError, ValueError, OverflowError) as fault:
        why = str(getattr(fault, "orig", None) or fault).partition("\n")[0]
        raise NotWhole(Text(f"it cannot be read: {why}", f"无法读取：{why}")) from fault


class _Free(set[str]):
    """Nothing is blocked: what counted when it came counts."""

    def add(self, _: str) -> None:
        pass


class Proof:
    """A reading of one database, or of one store in it. It goes on after what it finds, so that
    everything is said at once."""

    def __init__(
        self,
        connection: Connection,
        tell: Tell,
        store_id: str | None = None,
        on_store: OnStore = lambda *_: None,
    ) -> None:
        """`on_store` hears of each store what its tills said of closed shifts, and what its facts
        come to."""
        self._connection = connection
        self._tell = tell
        self._store_id = store_id
        self._on_store = on_store
        self._done = self._total = 0
        #: the hash that stands beside the last fact that was read
        self._beside = ""
        self.findings: list[Finding] = []
        self.tallies: dict[str, Tally] = {part: Tally() for part in Part}

    def run(self) -> None:
        """Read it all. Raises what the database raises where it cannot even be read."""
        self._intact()
        by_store: dict[str, list[Row[Any]]] = {}
        for row in self._connection.execute(self._of_these(select(stream))):
            by_store.setdefault(row.store_id, []).append(row)
        heads = (row.head_seq for rows in by_store.values() for row in rows)
        self._total = counts(self._connection)[journal.name] if self._all else sum(heads)
        for store_id, streams in by_store.items():
            counted: Ledgers = {table: {} for table in LEDGERS}
            closings: list[Closing] = []
            for row in streams:
                self._follow(row, counted, closings)
            for table, ledger in counted.items():
                self._compare(table, self._stored(table, store_id), ledger)
            self._on_store(store_id, closings, counted)
        if self._all:
            self._nothing_else()

    @property
    def _all(self) -> bool:
        return self._store_id is None

    def _of_these(self, streams: Select[Any]) -> Select[Any]:
        in_order = streams.order_by(stream.c.store_id, stream.c.stream_no)
        return in_order if self._all else in_order.where(stream.c.store_id == self._store_id)

    def _intact(self) -> None:
        """SQLite's own look at every page and index."""
        if self._connection.dialect.name != "sqlite":
            return
        self._count(Part.FILE)
        for said in self._connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars():
            if said != "ok":
                self._find(Part.FILE, Text(f"SQLite says: {said}", f"SQLite 检查结果：{said}"))
        if self._connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            self._find(Part.FILE, _NAMES_NOTHING)

    def _follow(self, row: Row[Any], counted: Ledgers, closings: list[Closing]) -> None:
        """Follow a stream's chain, add up what its facts come to, and see who signed its head."""
        who = StreamId(row.till_id, row.incarnation)
        head, self._beside = genesis(who), ""
        for page in pages(self._connection, journal, journal.c.stream_no == row.stream_no):
            batch = Batch(Source(row.stream_no, row.store_id, _NEVER), _Free())
            for fact in page:
                head = self._take(who, head, fact, batch, closings)
            for table, rows in batch.sums().items():
                _add(counted[table], rows)
            self._done += len(page)
            self._count(Part.CHAINS, len(page))
            self._tell(self._done, max(self._total, self._done))
        if head.seq != row.head_seq:
            self._wrong(
                who,
                f"ends at fact {head.seq} and not at {row.head_seq}, as the hub signed",
                f"止于第 {head.seq} 条，而总部签名至第 {row.head_seq} 条",
            )
        elif row.head_hash not in (head.hash, self._beside):
            self._wrong(
                who,
                f"fact {head.seq} is not the one that the hub signed",
                f"第 {head.seq} 条不是总部签名的那一条",
            )
        if not 0 <= row.safe_seq <= row.head_seq:
            self._wrong(who, f"has no fact {row.safe_seq}", f"没有第 {row.safe_seq} 条记录")
        self._signed(who, row)

    def _signed(self, who: StreamId, row: Row[Any]) -> None:
        """Whether the till itself signed the head, and by it everything before."""
        if not row.push_proof:
            self._count(Part.SIGNATURES, left_out=1)
            return
        self._count(Part.SIGNATURES)
        try:
            proof = msgspec.json.decode(row.push_proof, type=PushProof)
            holds = proof.holds(who, Head(row.head_seq, row.head_hash))
        except msgspec.MsgspecError:
            holds = False
        if not holds:
            told = Text("the till's signature does not fit the head", "终端签名与末条记录不符")
            self._find(Part.SIGNATURES, _of_stream(who, told))

    def _take(
        self,
        who: StreamId,
        head: Head,
        fact: Row[Any],
        batch: Batch,
        closings: list[Closing],
    ) -> Head:
        """Take one fact in -> the head after it, by which the next one is read."""
        if not isinstance(fact.data, bytes):  # SQLite keeps whatever is given to it
            self._wrong(who, f"fact {fact.seq} is not stored as bytes", f"第 {fact.seq} 条已损坏")
            return Head(fact.seq, fact.hash)
        if fact.seq > head.seq + 1:
            head = self._gap(who, head, fact)
        try:
            envelope, head = self._linked(who, head, fact.data)
        except ChainBroken as broken:
            self._wrong(who, str(broken), f"第 {broken.seq} 条的哈希链中断（{broken.why}）")
            return Head(fact.seq, fact.hash)
        self._beside = fact.hash
        columns = (fact.hash, fact.seq, fact.eid, fact.type, fact.business_date)
        if columns != (head.hash, envelope.seq, envelope.eid, envelope.type, envelope.bdate):
            self._wrong(
                who,
                f"fact {head.seq}: its columns are not its bytes'",
                f"第 {head.seq} 条：索引列与原文不符",
            )
        noted = Verdict(fact.seq, fact.verdict, fact.reason) if fact.verdict else None
        known = len(batch.verdicts)
        batch.add(Arrived(envelope, fact.data, head.hash), noted)
        if noted is None and len(batch.verdicts) > known:
            why = batch.verdicts[-1].reason
            self._wrong(who, f"fact {head.seq}: {why}", f"第 {head.seq} 条：{why}")
        elif noted is None and (envelope.type, envelope.tv) == _SHIFT_CLOSED:
            said = facts.decode(*_SHIFT_CLOSED, envelope.body)
            assert isinstance(said, ShiftClosed)
            of_shift = (envelope.till, envelope.bdate, envelope.shift)
            closings.append(Closing(*of_shift, said.currency, said.expected_minor, said.sales))
        return head

    def _linked(self, who: StreamId, head: Head, data: bytes) -> tuple[Envelope, Head]:
        """After a fact that is not the one that came in, the next one follows the hash that stands
        beside it: that one is told already. Raises ChainBroken."""
        try:
            return link(who, head, data)
        except ChainBroken:
            if self._beside in ("", head.hash):
                raise
            return link(who, Head(head.seq, self._beside), data)

    def _gap(self, who: StreamId, head: Head, fact: Row[Any]) -> Head:
        first, last = head.seq + 1, fact.seq - 1
        which = f"facts {first} to {last} are" if last > first else f"fact {first} is"
        span = f"第 {first} 至 {last} 条" if last > first else f"第 {first} 条"
        self._wrong(who, f"{which} missing", f"缺少{span}记录")
        try:
            return Head(last, decode(fact.data).prev)
        except MalformedEnvelope:
            return Head(last, "")

    def _stored(self, table: Table, store_id: str) -> _Ledger:
        rows = self._connection.execute(select(table).where(table.c.store == store_id))
        return {tuple(row[:-2]): (row[-2], row[-1]) for row in rows}

    def _compare(self, table: Table, stored: _Ledger, counted: _Ledger) -> None:
        self._count(LEDGERS[table], len(stored))
        for key in sorted(stored.keys() | counted.keys()):
            if stored.get(key) != counted.get(key):
                self._account(table, " / ".join(key), stored.get(key), counted.get(key))

    def _nothing_else(self) -> None:
        """Facts and books of nobody would have been read by nobody."""
        if self._done != self._total:
            told = Text("there are facts of no stream", "有不属于任何流的记录")
            self._find(Part.CHAINS, told)
        for table, part in LEDGERS.items():
            others = select(func.count()).where(table.c.store.not_in(select(stream.c.store_id)))
            if self._connection.execute(others.select_from(table)).scalar_one():
                said = f"{table.name}: accounts of a store that has no facts"
                zh = f"{table.name}：有账目的门店没有任何记录"
                self._find(part, Text(f"the books differ, {said}", f"账簿不符，{zh}"))

    def _account(self, table: Table, account: str, stored: object, counted: object) -> None:
        said = f"{table.name} {account}: stored {stored}, the facts say {counted}"
        zh = f"{table.name} {account}：现存 {stored}，按记录应为 {counted}"
        self._find(LEDGERS[table], Text(f"the books differ, {said}", f"账簿不符，{zh}"))

    def _wrong(self, who: StreamId, en: str, zh: str) -> None:
        self._find(Part.CHAINS, _of_stream(who, Text(en, zh)))

    def _find(self, part: Part, what: Text) -> None:
        self.findings.append(Finding(part, what, TODO[part]))

    def _count(self, part: Part, read: int = 1, left_out: int = 0) -> None:
        before = self.tallies[part]
        read = 0 if left_out else read
        self.tallies[part] = Tally(before.read + read, before.left_out + left_out)


def _add(ledger: _Ledger, rows: Iterable[list[Any]]) -> None:
    for row in rows:
        key = tuple(row[:-2])
        amount, entries = ledger.get(key, (0, 0))
        ledger[key] = (amount + row[-2], entries + row[-1])


def _of_stream(who: StreamId, what: Text) -> Text:
    name = f"{who.till}/{who.incarnation}"
    return Text(f"stream {name}: {what.en}", f"流 {name}：{what.zh}")
