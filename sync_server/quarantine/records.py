"""Facts without effect, found without reading the rest, and how each was settled."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from journal.envelope import decode
from journal.push import Arrived
from journal.stream import STREAM_BEGAN
from journal.wire import VerdictCode
from retail.facts import SHAPES, spelled
from sync_server.database import metadata
from sync_server.recorder import HAS_VERDICT, REVOKED, UNSETTLED, intake, is_first, journal
from sync_server.sync.records import stream, till

#: each change of a fact's verdict: who did it and when, what it was before and is since, and why;
#: without an author the hub did it by itself
settlement = Table(
    "settlement",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("stream_no", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("verdict_before", Text, nullable=False),
    Column("reason_before", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
Index("settlement_fact", settlement.c.stream_no, settlement.c.seq)

#: which facts a replay takes
Where = ColumnElement[bool]
_blocker = journal.alias()


def _with(*verdicts: str) -> Where:
    """HAS_VERDICT is what the databases know the index of these few by."""
    return and_(HAS_VERDICT, journal.c.verdict.in_(verdicts))


IS_UNSETTLED = _with(*UNSETTLED)
IS_DEFERRED = _with(VerdictCode.DEFERRED)
IS_PARKED = _with(VerdictCode.PARKED)


def _parked_behind_one(verdict: str) -> Where:
    blocker = (_blocker.c.eid == journal.c.reason, is_first(_blocker))
    return and_(IS_PARKED, exists().where(*blocker, _blocker.c.verdict == verdict))


#: parked behind a fact that has its effect now
IS_FREE = _parked_behind_one("")
#: parked behind a fact that was set aside: it takes a person who names it
_IS_SHUT = _parked_behind_one(VerdictCode.SET_ASIDE)
#: what may go on once others have
MAY_FOLLOW = and_(IS_PARKED, ~_IS_SHUT)
#: waiting for a program that knows what this one knows
IS_KNOWN = and_(
    _with(VerdictCode.WAITING),
    journal.c.reason.in_([spelled(*known) for known in (*SHAPES, STREAM_BEGAN)]),
)
#: what a hub takes up by itself, after its start and after a resumption that was cut short
BY_ITSELF = or_(IS_KNOWN, IS_DEFERRED)
_IS_OPEN = and_(IS_UNSETTLED, ~_IS_SHUT)
#: what a revoked till said counts only when a person names that till or fact
_IS_REVOKED = and_(journal.c.verdict == REVOKED[0], journal.c.reason == REVOKED[1])
ALL = and_(_IS_OPEN, ~_IS_REVOKED)


def of_till(till_id: str) -> Where:
    """What is unsettled of one till, of all its streams."""
    streams = select(stream.c.stream_no).where(stream.c.till_id == till_id)
    return and_(_IS_OPEN, journal.c.stream_no.in_(streams))


def of_fact(eid: str) -> Where:
    """One fact, if it is unsettled."""
    return and_(journal.c.eid == eid, is_first(), IS_UNSETTLED)


# Whether the hub applies facts


class State(NamedTuple):
    """Whether anything is unsettled; since when facts are stored only, and why."""

    unsettled: bool
    deferring_since: str
    deferring_why: str


def state(connection: Connection, *, lock: bool = False) -> State:
    """`lock` keeps others from changing it until the transaction ends."""
    found = select(intake.c.unsettled, intake.c.deferring_since, intake.c.deferring_why)
    row = connection.execute(found.with_for_update() if lock else found).one()
    return State(bool(row[0]), *row[1:])


def save_state(connection: Connection, changed: State) -> None:
    connection.execute(
        update(intake).values({**changed._asdict(), "unsettled": int(changed.unsettled)})
    )


def is_any(connection: Connection, where: Where) -> bool:
    """Whether there is such a fact. The least verdict is looked up in its index, where for any one
    fact PostgreSQL may read the whole journal."""
    return connection.execute(select(func.min(journal.c.verdict)).where(where)).scalar() is not None


def how_many(connection: Connection, where: Where) -> int:
    return connection.execute(select(func.count()).select_from(journal).where(where)).scalar_one()


def left_out(connection: Connection) -> list[tuple[str, int]]:
    """The tills of which facts came while they were revoked, and how many ALL leaves out."""
    rows = connection.execute(
        select(stream.c.till_id, func.count())
        .join_from(journal, stream, stream.c.stream_no == journal.c.stream_no)
        .where(_IS_OPEN, _IS_REVOKED)
        .group_by(stream.c.till_id)
        .order_by(stream.c.till_id)
    )
    return [(row[0], row[1]) for row in rows]


def others_spoke(connection: Connection, till_ids: Iterable[str]) -> bool:
    """Whether another till is in service and has ever spoken."""
    others = (
        select(till.c.till_id)
        .join(stream, stream.c.till_id == till.c.till_id)
        .where(till.c.revoked_at.is_(None), till.c.till_id.not_in(list(till_ids)))
    )
    return connection.execute(others.limit(1)).first() is not None


# Replay


class Stored(NamedTuple):
    """A fact of the journal with the verdict it has."""

    fact: Arrived
    verdict: str
    reason: str


class Settled(NamedTuple):
    """What a fact's verdict is from now on, and was before."""

    seq: int
    verdict: str
    reason: str
    verdict_before: str
    reason_before: str


def streams_with(connection: Connection, where: Where) -> list[int]:
    """The streams that have such facts, in the order in which they began."""
    found = select(journal.c.stream_no).where(where).distinct().order_by(journal.c.stream_no)
    return [*connection.execute(found).scalars()]


class LockedStream(NamedTuple):
    """A stream's till and store, and up to where the store's periods are closed."""

    till_id: str
    store_id: str
    closed_to: str


def locked_stream(connection: Connection, stream_no: int) -> LockedStream:
    """The stream; no push and no replay of it until the transaction ends."""
    row = connection.execute(
        select(stream.c.till_id, stream.c.store_id, stream.c.closed_to)
        .where(stream.c.stream_no == stream_no)
        .with_for_update()
    ).one()
    return LockedStream._make(row)


def next_facts(
    connection: Connection, stream_no: int, where: Where, after: int, most: int
) -> list[Stored]:
    """The stream's next such facts in their order."""
    rows = connection.execute(
        select(journal.c.data, journal.c.hash, journal.c.verdict, journal.c.reason)
        .where(where, journal.c.stream_no == stream_no, journal.c.seq > after)
        .order_by(journal.c.seq)
        .limit(most)
    )
    return [
        Stored(Arrived(decode(bytes(data)), bytes(data), hash_), verdict, reason)
        for data, hash_, verdict, reason in rows
    ]


_SETTLE = (
    update(journal)
    .where(journal.c.stream_no == bindparam("of_stream"), journal.c.seq == bindparam("at_seq"))
    .values(verdict=bindparam("to_verdict"), reason=bindparam("to_reason"))
)


def settle(
    connection: Connection, stream_no: int, settled: Sequence[Settled], author: str, now: datetime
) -> None:
    """Give facts another verdict, and note who did it. The caller holds the stream."""
    if not settled:
        return
    at = now.isoformat(timespec="milliseconds")
    connection.execute(
        _SETTLE,
        [
            {
                "of_stream": stream_no,
                "at_seq": each.seq,
                "to_verdict": each.verdict,
                "to_reason": each.reason,
            }
            for each in settled
        ],
    )
    connection.execute(
        insert(settlement),
        [
            {"stream_no": stream_no, "at": at, "author": author, **each._asdict()}
            for each in settled
        ],
    )


# What a person sees


class Found(NamedTuple):
    """A fact and what the hub did with it."""

    stream_no: int
    till_id: str
    incarnation: str
    store_id: str
    seq: int
    eid: str
    type: str
    verdict: str
    reason: str
    received_at: str


_FOUND = select(
    stream.c.stream_no,
    stream.c.till_id,
    stream.c.incarnation,
    stream.c.store_id,
    journal.c.seq,
    journal.c.eid,
    journal.c.type,
    journal.c.verdict,
    journal.c.reason,
    journal.c.received_at,
).join_from(journal, stream, journal.c.stream_no == stream.c.stream_no)
#: what needs a person most comes first
RANK = case(
    {verdict.value: rank for rank, verdict in enumerate((*UNSETTLED, VerdictCode.SET_ASIDE))},
    value=journal.c.verdict,
)
IS_SHOWN = _with(*UNSETTLED, VerdictCode.SET_ASIDE)


def listed(connection: Connection, most: int) -> list[Found]:
    """What has no effect, what needs a person most first, each in the order of its stream."""
    rows = connection.execute(
        _FOUND.where(IS_SHOWN).order_by(RANK, journal.c.stream_no, journal.c.seq).limit(most)
    )
    return [Found._make(row) for row in rows]


def find(connection: Connection, eid: str) -> Found | None:
    """A fact by its id, whatever its verdict; not the ones that only repeat it."""
    row = connection.execute(_FOUND.where(journal.c.eid == eid, is_first())).first()
    return Found._make(row) if row else None


def body(connection: Connection, found: Found) -> bytes:
    """The fact as it was stored."""
    where = (journal.c.stream_no == found.stream_no, journal.c.seq == found.seq)
    return bytes(connection.execute(select(journal.c.data).where(*where)).scalar_one())


class SettlementRow(NamedTuple):
    """A change of a fact's verdict."""

    at: str
    author: str
    verdict_before: str
    reason_before: str
    verdict: str
    reason: str


def settlements(connection: Connection, found: Found) -> list[SettlementRow]:
    """What became of a fact, in order."""
    rows = connection.execute(
        select(*(settlement.c[name] for name in SettlementRow._fields))
        .where(settlement.c.stream_no == found.stream_no, settlement.c.seq == found.seq)
        .order_by(settlement.c.number)
    )
    return [SettlementRow(*row) for row in rows]


def parked_behind(connection: Connection, eid: str, most: int) -> list[Found]:
    """What waits behind a fact."""
    rows = connection.execute(
        _FOUND.where(IS_PARKED, journal.c.reason == eid)
        .order_by(journal.c.stream_no, journal.c.seq)
        .limit(most)
    )
    return [Found._make(row) for row in rows]
