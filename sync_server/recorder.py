"""Accept each fact once: store it, add its postings up, remember the verdict.

The hub never refuses a fact for what it says. What cannot be read, does not balance or makes its
handler fail is stored and quarantined; a type this hub does not know yet is stored and waits; what
speaks of one of these is parked behind it (decision 0020).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    literal,
    select,
    update,
)

from journal.push import Arrived
from journal.stream import NAME_CHARACTERS_MAX, STREAM_BEGAN
from journal.wire import Verdict, VerdictCode
from retail import facts
from retail.facts import UnknownFact
from retail.postings import Posting, postings
from sync_server import ledgers
from sync_server.database import blames_database, metadata
from sync_server.ledgers import Sums, Tally
from sync_server.statements import Prepared, SetWise, one_of

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


def is_first(of: FromClause = journal) -> ColumnElement[bool]:
    """Not a fact that only repeats another's id; in the very words that SQLite knows
    `journal_effect` by."""
    duplicate = literal(VerdictCode.DUPLICATE.value, literal_execute=True)
    return of.c.verdict != duplicate


#: what head office has to settle is found without reading the rest
HAS_VERDICT = journal.c.verdict != ""
Index(
    "journal_unsettled",
    journal.c.verdict,
    journal.c.stream_no,
    journal.c.seq,
    sqlite_where=HAS_VERDICT,
    postgresql_where=HAS_VERDICT,
)
#: the verdicts of facts that have no effect yet and may have it still
UNSETTLED: Final = (
    VerdictCode.QUARANTINED,
    VerdictCode.PARKED,
    VerdictCode.WAITING,
    VerdictCode.DEFERRED,
)
#: what the hub does with what comes in: one row, read with the lock that every push takes anyway
intake = Table(
    "intake",
    metadata,
    Column("id", Integer, primary_key=True),
    #: 0 while no fact is unsettled: then no push looks for one
    Column("unsettled", Integer, nullable=False),
    #: since when facts are stored only, ISO 8601, and why; empty while they are applied
    Column("deferring_since", Text, nullable=False),
    Column("deferring_why", Text, nullable=False),
)
#: facts that had their effect after the period of their business date was closed
late_fact = Table(
    "late_fact",
    metadata,
    Column("stream_no", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("store", Text, nullable=False),
    Column("business_date", Text, nullable=False),
    Column("noted_at", Text, nullable=False),
)
Index("late_fact_period", late_fact.c.store, late_fact.c.business_date)

_APPEND = SetWise(journal)
_NOTE_LATE = SetWise(late_fact)
_SOME_UNSETTLED = Prepared(
    update(intake).where(intake.c.id == bindparam("the_row")), ("unsettled",)
)
#: as much of a reason as a verdict repeats
REASON_CHARACTERS_MAX = 200
#: names of products, taxes, tenders and currencies in a ledger's key are no longer: of a key,
#: PostgreSQL indexes a third of a page, 2704 bytes, where SQLite would take any (nbtree.h)
ACCOUNT_CHARACTERS_MAX = 200
#: why facts are withheld: their till is revoked, or the hub applies nothing for now
REVOKED: Final = (VerdictCode.QUARANTINED, "the till is revoked")
DEFERRED: Final = (VerdictCode.DEFERRED, "the hub applies nothing until head office resumes it")

#: what else follows from facts of one store that are applied; run in their transaction
Projection = Callable[[Connection, str, Sequence[Arrived]], None]


class NotApplied(Exception):
    """Some fact of a run cannot be applied, for this `fault`: go on fact by fact."""

    def __init__(self, fault: Exception) -> None:
        super().__init__(str(fault))
        self.fault = fault


@contextmanager
def _blaming_facts() -> Iterator[None]:
    """What fails in here, and is no trouble of the database, comes out as NotApplied."""
    try:
        yield
    except Exception as fault:
        if blames_database(fault):
            raise
        raise NotApplied(fault) from fault


class Source(NamedTuple):
    """Where a run of facts comes from, and what is known of it before any is read: the verdict and
    the reason by which all are `withheld`; whether one `may_wait` behind an unsettled fact; up to
    which business date the store's periods are closed."""

    stream_no: int
    store: str
    received_at: datetime
    withheld: tuple[str, str] | None = None
    may_wait: bool = False
    closed_to: str = ""


class Batch:
    """The rows that a run of facts comes to, summed in memory. `blocked` are the ids of facts that
    none may pass; the run's own join them, and leave them as they are applied."""

    def __init__(self, source: Source, blocked: set[str]) -> None:
        self._source = source
        self._blocked = blocked
        self._received_at = source.received_at.isoformat(timespec="milliseconds")
        self._journal: list[tuple[object, ...]] = []
        self._tally = Tally(source.store)
        self._applied: list[Arrived] = []
        self._late: list[tuple[object, ...]] = []
        #: known to be names of accounts
        self._names: set[str] = set()
        self.verdicts: list[Verdict] = []

    def add(self, fact: Arrived, verdict: Verdict | None = None) -> None:
        """Take one fact in; with a verdict it is stored without effect."""
        entries: tuple[Posting, ...] = ()
        if verdict is None:
            entries, verdict = self._meaning(fact)
        envelope = fact.envelope
        if verdict is None:
            self._applied.append(fact)
            self._blocked.discard(envelope.eid)
            if "" < envelope.bdate <= self._source.closed_to:
                place = (self._source.stream_no, envelope.seq, self._source.store)
                self._late.append((*place, envelope.bdate, self._received_at))
        else:
            self.verdicts.append(verdict)
            if verdict.code in UNSETTLED:
                self._blocked.add(envelope.eid)
        self._journal.append(
            (
                self._source.stream_no,
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
        self._tally.add(envelope, entries)

    def _meaning(self, fact: Arrived) -> tuple[tuple[Posting, ...], Verdict | None]:
        """A fact's postings, or why it has none here."""
        envelope = fact.envelope
        for eid in envelope.refs:
            if eid in self._blocked and eid != envelope.eid:
                return (), Verdict(envelope.seq, VerdictCode.PARKED, eid)
        if (envelope.type, envelope.tv) == STREAM_BEGAN:
            return (), None
        try:
            entries = postings(facts.decode(envelope.type, envelope.tv, envelope.body))
            for entry in entries:
                if entry.item not in self._names or entry.account not in self._names:
                    self._names |= _names_of_account(entry)
        except UnknownFact as unknown:
            return (), Verdict(envelope.seq, VerdictCode.WAITING, str(unknown))
        except Exception as fault:  # ours too: this fact waits for its mending, no other does
            return (), _quarantined(fact, fault)
        return entries, None

    def store(self, connection: Connection) -> None:
        """Write the facts into the journal. Raises RowsRefused."""
        _APPEND.write(connection, self._journal)

    def apply(self, connection: Connection, project: Projection) -> None:
        """Write each ledger sorted by key, which facts came late, and what else follows. Raises
        RowsRefused, and what a projection raises."""
        ledgers.add(connection, self.sums())
        _NOTE_LATE.write(connection, self._late)
        project(connection, self._source.store, self._applied)

    def sums(self) -> Sums:
        """What each ledger gains."""
        return self._tally.sums()


class NoAccount(ValueError):
    """A fact names an account that no ledger can hold."""


def _names_of_account(entry: Posting) -> set[str]:
    """Raises NoAccount."""
    names = {entry.item, entry.account}
    for name in names:
        if len(name) > ACCOUNT_CHARACTERS_MAX or "\0" in name:
            raise NoAccount(f"{name[:20]!a}… is no name of an account")
    return names


def _quarantined(fact: Arrived, fault: Exception) -> Verdict:
    """The class of the fault and its sentence, without what a hostile fact put into it."""
    why = f"{type(fault).__name__}: {ascii(str(fault))[1:-1]}"
    return Verdict(fact.envelope.seq, VerdictCode.QUARANTINED, why[:REASON_CHARACTERS_MAX])


def append(
    connection: Connection, source: Source, arrived: Sequence[Arrived], project: Projection
) -> list[Verdict]:
    """Store a run of new facts and their effects, set-wise. Raises NotApplied: run
    `append_carefully` in a fresh transaction."""
    batch = Batch(source, _blocked(connection, source, arrived))
    with _blaming_facts():
        for fact in arrived:
            batch.add(fact, _withheld(source, fact))
        batch.store(connection)
        batch.apply(connection, project)
    _note_unsettled(connection, batch.verdicts)
    return batch.verdicts


def append_carefully(
    connection: Connection, source: Source, arrived: Sequence[Arrived], project: Projection
) -> list[Verdict]:
    """The same, fact by fact behind savepoints: what fails is stored in quarantine, what is there
    already under another position is stored as a duplicate."""
    blocked = _blocked(connection, source, arrived)
    verdicts: list[Verdict] = []
    with _locked(connection, source, arrived, blocked):
        for fact in arrived:
            verdicts += _append(connection, source, fact, blocked, project)
    _note_unsettled(connection, verdicts)
    return verdicts


def _append(
    connection: Connection, source: Source, fact: Arrived, blocked: set[str], project: Projection
) -> list[Verdict]:
    told = _withheld(source, fact)
    duplicate = Verdict(fact.envelope.seq, VerdictCode.DUPLICATE)
    batch = Batch(source, blocked)
    kept = _is_kept(connection, fact.envelope.eid)
    try:
        with _blaming_facts(), connection.begin_nested():
            batch.add(fact, duplicate if kept else told)
            batch.store(connection)
            batch.apply(connection, project)
    except NotApplied as no:
        if _is_kept(connection, fact.envelope.eid):  # another push came first
            told = duplicate
        batch = Batch(source, blocked)
        batch.add(fact, told or _quarantined(fact, no.fault))
        batch.store(connection)
    return batch.verdicts


def _locked(
    connection: Connection, source: Source, arrived: Sequence[Arrived], blocked: set[str]
) -> AbstractContextManager[None]:
    """What goes fact by fact would lock the ledgers' rows in the order of the facts."""
    batch = Batch(source, set(blocked))
    for fact in arrived:
        batch.add(fact, _withheld(source, fact))
    return ledgers.locked_in_order(connection, batch.sums())


def apply(
    connection: Connection,
    source: Source,
    stored: Sequence[Arrived],
    blocked: set[str],
    project: Projection,
) -> list[Verdict]:
    """Give stored facts the effects that they have not had, as if they came now: set-wise where
    that does, else each behind a savepoint -> the verdicts on those that have none still."""
    try:
        with _blaming_facts(), connection.begin_nested():
            batch = Batch(source, set(blocked))
            for fact in stored:
                batch.add(fact, _withheld(source, fact))
            batch.apply(connection, project)
    except NotApplied:
        with _locked(connection, source, stored, blocked):
            applied = [_apply(connection, source, fact, blocked, project) for fact in stored]
        return [verdict for verdicts in applied for verdict in verdicts]
    return batch.verdicts


def _apply(
    connection: Connection, source: Source, fact: Arrived, blocked: set[str], project: Projection
) -> list[Verdict]:
    batch = Batch(source, blocked)
    try:
        with _blaming_facts(), connection.begin_nested():
            batch.add(fact, _withheld(source, fact))
            batch.apply(connection, project)
    except NotApplied as no:
        batch = Batch(source, blocked)
        batch.add(fact, _quarantined(fact, no.fault))
    return batch.verdicts


def _withheld(source: Source, fact: Arrived) -> Verdict | None:
    """Why a fact has no effect whatever it says: what is withheld, and what names a day that no
    period ever closes."""
    told = source.withheld
    if told is None and not _is_business_date(fact.envelope.bdate):
        told = VerdictCode.QUARANTINED, "its business date is no date"
    return Verdict(fact.envelope.seq, *told) if told else None


@lru_cache(maxsize=64)
def _is_business_date(said: str) -> bool:
    """Whether it is `2026-06-03`, or empty: without a shift there is none."""
    try:
        return said == "" or date.fromisoformat(said).isoformat() == said
    except ValueError:
        return False


def _blocked(connection: Connection, source: Source, arrived: Sequence[Arrived]) -> set[str]:
    """Which facts that these speak of are unsettled."""
    looks = source.may_wait and not source.withheld
    return spoken_of(connection, arrived, UNSETTLED) if looks else set()


def spoken_of(
    connection: Connection, facts_: Iterable[Arrived], verdicts: Collection[str]
) -> set[str]:
    """The facts with one of these verdicts that these facts speak of, by their ids."""
    refs = {eid for fact in facts_ for eid in fact.envelope.refs if may_be_id(eid)}
    if not refs:
        return set()
    found = select(journal.c.eid).where(
        one_of(journal.c.eid, sorted(refs)), is_first(), journal.c.verdict.in_(verdicts)
    )
    return set(connection.execute(found).scalars())


def may_be_id(eid: str) -> bool:
    """Whether an envelope may carry that id; PostgreSQL takes no NUL even to look for it."""
    return len(eid) <= NAME_CHARACTERS_MAX and eid.isascii() and eid.isprintable()


def _note_unsettled(connection: Connection, verdicts: Sequence[Verdict]) -> None:
    """Let later pushes look for what is unsettled. The row is locked even when it says so already:
    who settles the last one at the same time looks again after us (`quarantine.service`)."""
    if any(verdict.code in UNSETTLED for verdict in verdicts):
        _SOME_UNSETTLED.run(connection, the_row=1, unsettled=1)


def _is_kept(connection: Connection, eid: str) -> bool:
    """Whether the fact is there already, in whichever stream."""
    kept = select(journal.c.seq).where(journal.c.eid == eid, is_first())
    return connection.execute(kept).first() is not None
