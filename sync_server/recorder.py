"""Accept each fact once: store it, add its postings up, remember the verdict.

The hub never refuses a fact for what it says. What cannot be read or does not balance is stored
and quarantined; a type this hub does not know yet is stored and waits. Ledgers are the till's,
with the same keys, and are written once per batch and account, sorted, so that pushes never wait
for each other in a circle.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.exc import DBAPIError

from journal.push import Arrived
from journal.stream import STREAM_BEGAN
from journal.wire import Verdict, VerdictCode
from retail import facts
from retail.facts import MalformedFact, UnknownFact
from retail.postings import MONEY, Posting, Unbalanced, postings
from sync_server.database import SetWise, metadata

journal = Table(
    "journal",
    metadata,
    Column("stream_no", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("eid", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("business_date", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("hash", Text, nullable=False),
)
#: one effect per fact, in whichever stream it arrives
Index(
    "journal_effect",
    journal.c.eid,
    unique=True,
    sqlite_where=journal.c.verdict != VerdictCode.DUPLICATE,
    postgresql_where=journal.c.verdict != VerdictCode.DUPLICATE,
)
money_ledger = Table(
    "money_ledger",
    metadata,
    *(
        Column(key, Text, primary_key=True)
        for key in ("store", "till", "business_date", "shift", "account", "currency")
    ),
    Column("amount", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
)
stock_ledger = Table(
    "stock_ledger",
    metadata,
    *(Column(key, Text, primary_key=True) for key in ("store", "product", "account")),
    Column("amount", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
)

_APPEND = SetWise(journal)
_ADD_MONEY = SetWise(money_ledger, adding=("amount", "entries"))
_ADD_STOCK = SetWise(stock_ledger, adding=("amount", "entries"))

#: what the database itself could not take: it is found fact by fact and quarantined
DATABASE_REFUSALS = (DBAPIError, OverflowError)

_MoneyKey = tuple[str, str, str, str, str, str]
_StockKey = tuple[str, str, str]


class Batch:
    """The rows that a run of facts comes to, summed in memory."""

    def __init__(self, stream_no: int, store: str, received_at: datetime) -> None:
        self._stream_no = stream_no
        self._store = store
        self._received_at = received_at.isoformat(timespec="milliseconds")
        self._journal: list[tuple[object, ...]] = []
        self._money: dict[_MoneyKey, list[int]] = {}
        self._stock: dict[_StockKey, list[int]] = {}
        self.verdicts: list[Verdict] = []

    def add(self, fact: Arrived, verdict: Verdict | None = None) -> None:
        """Take one fact in; with a verdict it is stored without effect."""
        entries: tuple[Posting, ...] = ()
        if verdict is None:
            entries, verdict = _meaning(fact)
        if verdict is not None:
            self.verdicts.append(verdict)
        envelope = fact.envelope
        self._journal.append(
            (
                self._stream_no,
                envelope.seq,
                envelope.eid,
                envelope.type,
                envelope.bdate,
                verdict.code if verdict else "",
                verdict.reason if verdict else "",
                self._received_at,
                fact.data,
                fact.hash,
            )
        )
        where = (self._store, envelope.till, envelope.bdate, envelope.shift)
        for book, account, item, amount in entries:
            if book == MONEY:
                sums = self._money.setdefault((*where, account, item), [0, 0])
            else:
                sums = self._stock.setdefault((self._store, item, account), [0, 0])
            sums[0] += amount
            sums[1] += 1

    def write(self, connection: Connection) -> None:
        """Journal first, then each ledger sorted by key."""
        _APPEND.write(connection, self._journal)
        _ADD_MONEY.write(connection, _sorted(self._money.items()))
        _ADD_STOCK.write(connection, _sorted(self._stock.items()))


def _sorted(
    sums: Iterable[tuple[tuple[str, ...], list[int]]],
) -> list[tuple[str | int, ...]]:
    return sorted((*key, *values) for key, values in sums)


def _meaning(fact: Arrived) -> tuple[tuple[Posting, ...], Verdict | None]:
    """A fact's postings, or why it has none here."""
    envelope = fact.envelope
    if (envelope.type, envelope.tv) == STREAM_BEGAN:
        return (), None
    try:
        return postings(facts.decode(envelope.type, envelope.tv, envelope.body)), None
    except UnknownFact as unknown:
        return (), Verdict(envelope.seq, VerdictCode.WAITING, str(unknown))
    except (MalformedFact, Unbalanced) as fault:
        return (), Verdict(envelope.seq, VerdictCode.QUARANTINED, str(fault))


def append(
    connection: Connection,
    stream_no: int,
    store: str,
    received_at: datetime,
    arrived: Sequence[Arrived],
    verdict_of_all: str = "",
) -> list[Verdict]:
    """Store a run of new facts and their effects, set-wise. `verdict_of_all` stores them without
    effect (a revoked till). Raises one of DATABASE_REFUSALS when a row cannot be taken: run
    `append_carefully` in a fresh transaction."""
    batch = Batch(stream_no, store, received_at)
    for fact in arrived:
        batch.add(
            fact,
            Verdict(fact.envelope.seq, VerdictCode.QUARANTINED, verdict_of_all)
            if verdict_of_all
            else None,
        )
    batch.write(connection)
    return batch.verdicts


def append_carefully(
    connection: Connection,
    stream_no: int,
    store: str,
    received_at: datetime,
    arrived: Sequence[Arrived],
) -> list[Verdict]:
    """The same, fact by fact behind savepoints: what the database refuses is stored in
    quarantine, what is there already under another position is stored as a duplicate."""
    verdicts: list[Verdict] = []
    for fact in arrived:
        known = connection.execute(
            journal.select().where(
                journal.c.eid == fact.envelope.eid, journal.c.verdict != VerdictCode.DUPLICATE
            )
        ).first()
        verdict = None
        if known is not None:
            verdict = Verdict(fact.envelope.seq, VerdictCode.DUPLICATE)
        batch = Batch(stream_no, store, received_at)
        batch.add(fact, verdict)
        try:
            with connection.begin_nested():
                batch.write(connection)
        except DATABASE_REFUSALS as fault:
            why = str(getattr(fault, "orig", fault)).splitlines()[0]
            batch = Batch(stream_no, store, received_at)
            batch.add(fact, Verdict(fact.envelope.seq, VerdictCode.QUARANTINED, why))
            batch.write(connection)
        verdicts += batch.verdicts
    return verdicts
