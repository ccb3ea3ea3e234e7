"""Accept each fact once: store it, add its postings up, remember the verdict.

The hub never refuses a fact for what it says. What cannot be read or does not balance is stored
and quarantined; a type this hub does not know yet is stored and waits. Ledgers are the till's,
with the same keys, and are written once per batch and account, sorted, so that pushes never wait
for each other in a circle. `takings_by_hour` says of the money ledger's takings when they came in.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
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
    text,
)

from journal.push import Arrived
from journal.stream import STREAM_BEGAN
from journal.wire import Verdict, VerdictCode
from retail import facts
from retail.facts import MalformedFact, UnknownFact
from retail.postings import LEDGER_KEYS, MONEY, STOCK, Posting, Unbalanced, ledger_key, postings
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
    *(Column(key, Text, primary_key=True) for key in LEDGER_KEYS[MONEY]),
    Column("amount", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    CheckConstraint(WHOLE, "whole"),
)
stock_ledger = Table(
    "stock_ledger",
    metadata,
    *(Column(key, Text, primary_key=True) for key in LEDGER_KEYS[STOCK]),
    Column("amount", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    CheckConstraint(WHOLE, "whole"),
)
#: shifts that closed over or short are found without reading the rest
IS_DIFFERENCE = text("account = 'over_short' AND amount <> 0")
Index(
    "money_ledger_difference",
    money_ledger.c.business_date,
    sqlite_where=IS_DIFFERENCE,
    postgresql_where=IS_DIFFERENCE,
)
#: what customers paid within an hour of the store's wall clock, `2026-06-03T09`, and in how many
#: sales; the hour is empty where a till gave no time
takings_by_hour = Table(
    "takings_by_hour",
    metadata,
    *(
        Column(key, Text, primary_key=True)
        for key in ("store", "till", "business_date", "hour", "currency")
    ),
    Column("amount", BigInteger, nullable=False),
    Column("sales", BigInteger, nullable=False),
    CheckConstraint(WHOLE, "whole"),
)

_APPEND = SetWise(journal)
_ADD_MONEY = SetWise(money_ledger, adding=("amount", "entries"))
_ADD_STOCK = SetWise(stock_ledger, adding=("amount", "entries"))
_ADD_TAKINGS = SetWise(takings_by_hour, adding=("amount", "sales"))
#: the start of a time of ISO 8601, down to its hour
_HOUR = slice(len("2026-06-03T09"))

#: as much of a reason as a verdict repeats
REASON_CHARACTERS_MAX = 200
#: names of products, taxes, tenders and currencies in a ledger's key are no longer: of a key,
#: PostgreSQL indexes a third of a page, 2704 bytes, where SQLite would take any (nbtree.h)
ACCOUNT_CHARACTERS_MAX = 200

#: ledger rows by their key: the key once more, the sum, the number of postings
_Rows = dict[tuple[str, ...], list[Any]]


class Batch:
    """The rows that a run of facts comes to, summed in memory."""

    def __init__(self, stream_no: int, store: str, received_at: datetime) -> None:
        self._stream_no = stream_no
        self._store = store
        self._received_at = received_at.isoformat(timespec="milliseconds")
        self._journal: list[tuple[object, ...]] = []
        #: by the start of the till's time, so that takings by the hour cost nothing per posting
        self._money: dict[str, _Rows] = defaultdict(dict)
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
        where = (self._store, envelope.till, envelope.bdate, envelope.shift)
        money = self._money[envelope.at[_HOUR]]
        for entry in entries:
            rows = money if entry.book == MONEY else self._stock
            key = ledger_key(entry, *where)
            row = rows.get(key)
            if row is None:
                rows[key] = [*key, entry.amount, 1]
            else:
                row[-2] += entry.amount
                row[-1] += 1

    def write(self, connection: Connection) -> None:
        """Journal first, then each ledger sorted by key."""
        _APPEND.write(connection, self._journal)
        takings = self._takings()
        _ADD_MONEY.write(connection, sorted(_joined(self._money.values())))
        _ADD_STOCK.write(connection, sorted(self._stock.values()))
        _ADD_TAKINGS.write(connection, sorted(takings))

    def _takings(self) -> Iterable[list[Any]]:
        """Rows of `takings_by_hour`."""
        taken: _Rows = {}
        for at, rows in self._money.items():
            hour = _hour(at)
            for store, till, day, _, account, currency, amount, entries in rows.values():
                if is_takings(account):
                    key = (store, till, day, hour, currency)
                    row = taken.setdefault(key, [*key, 0, 0])
                    row[-2] -= amount
                    row[-1] += entries if account == "sales" else 0
        return taken.values()


def is_takings(account: str) -> bool:
    """Whether an account of the money book is part of what customers paid: goods, tax, rounding."""
    return account in ("sales", "rounding") or account.startswith("tax:")


def _hour(at: str) -> str:
    try:
        return datetime.fromisoformat(at).isoformat(timespec="hours")
    except ValueError:
        return ""


def _joined(parts: Iterable[_Rows]) -> Iterable[list[Any]]:
    """Each account's row once, whatever the hours it was added to in."""
    whole: _Rows = {}
    for rows in parts:
        for key, row in rows.items():
            known = whole.setdefault(key, row)
            if known is not row:
                known[-2] += row[-2]
                known[-1] += row[-1]
    return whole.values()


def _meaning(fact: Arrived) -> tuple[tuple[Posting, ...], Verdict | None]:
    """A fact's postings, or why it has none here."""
    envelope = fact.envelope
    if (envelope.type, envelope.tv) == STREAM_BEGAN:
        return (), None
    try:
        entries = postings(facts.decode(envelope.type, envelope.tv, envelope.body))
    except UnknownFact as unknown:
        return (), Verdict(envelope.seq, VerdictCode.WAITING, str(unknown))
    except (MalformedFact, Unbalanced) as fault:
        return (), _quarantined(fact, str(fault))
    for entry in entries:
        for name in (entry.item, entry.account):
            if len(name) > ACCOUNT_CHARACTERS_MAX or "\0" in name:
                return (), _quarantined(fact, f"{name[:20]!a}… is no name of an account")
    return entries, None


def append(
    connection: Connection,
    stream_no: int,
    store: str,
    received_at: datetime,
    arrived: Sequence[Arrived],
    quarantine_why: str = "",
) -> list[Verdict]:
    """Store a run of new facts and their effects, set-wise. `quarantine_why` stores them without
    effect (a revoked till). Raises RowsRefused when a row cannot be taken: run
    `append_carefully` in a fresh transaction."""
    batch = Batch(stream_no, store, received_at)
    for fact in arrived:
        batch.add(fact, _quarantined(fact, quarantine_why) if quarantine_why else None)
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
    quarantine_why: str = "",
) -> list[Verdict]:
    """The same, fact by fact behind savepoints: what the database refuses is stored in
    quarantine, what is there already under another position is stored as a duplicate."""
    verdicts: list[Verdict] = []
    for fact in arrived:
        told = _quarantined(fact, quarantine_why) if quarantine_why else None
        duplicate = Verdict(fact.envelope.seq, VerdictCode.DUPLICATE)
        batch = Batch(stream_no, store, received_at)
        batch.add(fact, duplicate if _is_kept(connection, fact.envelope.eid) else told)
        try:
            with connection.begin_nested():
                batch.write(connection)
        except RowsRefused as fault:
            if _is_kept(connection, fact.envelope.eid):  # another push came first
                told = duplicate
            batch = Batch(stream_no, store, received_at)
            batch.add(fact, told or _quarantined(fact, str(fault)))
            batch.write(connection)
        verdicts += batch.verdicts
    return verdicts


def _is_kept(connection: Connection, eid: str) -> bool:
    """Whether the fact is there already, in whichever stream."""
    effect = journal.c.verdict != VerdictCode.DUPLICATE
    kept = select(journal.c.seq).where(journal.c.eid == eid, effect)
    return connection.execute(kept).first() is not None
