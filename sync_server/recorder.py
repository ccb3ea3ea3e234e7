"""Accept each fact once: store it, add its postings up, remember the verdict.

The hub never refuses a fact for what it says. What cannot be read or does not balance is stored
and quarantined; a type this hub does not know yet is stored and waits. Ledgers are the till's,
with the same keys, and are written once per batch and account, sorted, so that pushes never wait
for each other in a circle.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    select,
)

from journal.push import Arrived
from journal.stream import STREAM_BEGAN
from journal.wire import Verdict, VerdictCode
from retail import facts
from retail.facts import MalformedFact, UnknownFact
from retail.postings import MONEY, Posting, Unbalanced, postings
from sync_server.database import RowsRefused, SetWise, metadata

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
#: what head office has to settle is found without reading the rest
HAS_VERDICT = journal.c.verdict != ""
Index(
    "journal_unsettled",
    journal.c.verdict,
    sqlite_where=HAS_VERDICT,
    postgresql_where=HAS_VERDICT,
)
#: where an integer overflows SQLite goes on with a float, which no book may hold
WHOLE = "amount BETWEEN -9000000000000000000 AND 9000000000000000000"
money_ledger = Table(
    "money_ledger",
    metadata,
    *(
        Column(key, Text, primary_key=True)
        for key in ("store", "till", "business_date", "shift", "account", "currency")
    ),
    Column("amount", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    CheckConstraint(WHOLE, "whole"),
)
stock_ledger = Table(
    "stock_ledger",
    metadata,
    *(Column(key, Text, primary_key=True) for key in ("store", "product", "account")),
    Column("amount", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    CheckConstraint(WHOLE, "whole"),
)

_APPEND = SetWise(journal)
_ADD_MONEY = SetWise(money_ledger, adding=("amount", "entries"))
_ADD_STOCK = SetWise(stock_ledger, adding=("amount", "entries"))

#: as much of a reason as a verdict repeats
REASON_CHARACTERS_MAX = 200

#: ledger rows by their key: the key once more, the sum, the number of postings
_Rows = dict[tuple[str, ...], list[Any]]


class Batch:
    """The rows that a run of facts comes to, summed in memory."""

    def __init__(self, stream_no: int, store: str, received_at: datetime) -> None:
        self._stream_no = stream_no
        self._store = store
        self._received_at = received_at.isoformat(timespec="milliseconds")
        self._journal: list[tuple[object, ...]] = []
        self._money: _Rows = {}
        self._stock: _Rows = {}
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
        store = self._store
        where = (store, envelope.till, envelope.bdate, envelope.shift)
        key: tuple[str, ...]
        for entry in entries:
            if entry.book == MONEY:
                rows, key = self._money, (*where, entry.account, entry.item)
            else:
                rows, key = self._stock, (store, entry.item, entry.account)
            row = rows.get(key)
            if row is None:
                rows[key] = [*key, entry.amount, 1]
            else:
                row[-2] += entry.amount
                row[-1] += 1

    def write(self, connection: Connection) -> None:
        """Journal first, then each ledger sorted by key."""
        _APPEND.write(connection, self._journal)
        _ADD_MONEY.write(connection, sorted(self._money.values()))
        _ADD_STOCK.write(connection, sorted(self._stock.values()))


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
        return (), _quarantined(fact, str(fault))


def append(
    connection: Connection,
    stream_no: int,
    store: str,
    received_at: datetime,
    arrived: Sequence[Arrived],
    verdict_of_all: str = "",
) -> list[Verdict]:
    """Store a run of new facts and their effects, set-wise. `verdict_of_all` stores them without
    effect (a revoked till). Raises RowsRefused when a row cannot be taken: run
    `append_carefully` in a fresh transaction."""
    batch = Batch(stream_no, store, received_at)
    for fact in arrived:
        batch.add(fact, _quarantined(fact, verdict_of_all) if verdict_of_all else None)
    batch.write(connection)
    return batch.verdicts


def _quarantined(fact: Arrived, why: str) -> Verdict:
    return Verdict(fact.envelope.seq, VerdictCode.QUARANTINED, why[:REASON_CHARACTERS_MAX])


def append_carefully(
    connection: Connection,
    stream_no: int,
    store: str,
    received_at: datetime,
    arrived: Sequence[Arrived],
    verdict_of_all: str = "",
) -> list[Verdict]:
    """The same, fact by fact behind savepoints: what the database refuses is stored in
    quarantine, what is there already under another position is stored as a duplicate."""
    verdicts: list[Verdict] = []
    for fact in arrived:
        known = _verdict_before(connection, fact, verdict_of_all)
        batch = Batch(stream_no, store, received_at)
        batch.add(fact, known)
        try:
            with connection.begin_nested():
                batch.write(connection)
        except RowsRefused as fault:
            batch = Batch(stream_no, store, received_at)
            known = known or _verdict_before(connection, fact, "")  # another push came first
            batch.add(fact, known or _quarantined(fact, str(fault)))
            batch.write(connection)
        verdicts += batch.verdicts
    return verdicts


def _verdict_before(connection: Connection, fact: Arrived, verdict_of_all: str) -> Verdict | None:
    """What is to be said of a fact before anyone looks into it."""
    effect = journal.c.verdict != VerdictCode.DUPLICATE
    known = select(journal.c.seq).where(journal.c.eid == fact.envelope.eid, effect)
    if connection.execute(known).first() is not None:
        return Verdict(fact.envelope.seq, VerdictCode.DUPLICATE)
    return _quarantined(fact, verdict_of_all) if verdict_of_all else None
