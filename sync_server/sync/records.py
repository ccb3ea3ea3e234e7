"""Tills, enrolment codes and streams: who may speak, and how far each has come."""

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    insert,
    select,
    true,
    update,
)

from journal.stream import Head, StreamId, genesis
from journal.wire import PUSH_BYTES_MAX, PUSH_FACTS_MAX, Declared, Verdict
from sync_server.database import metadata
from sync_server.lives import hub
from sync_server.recorder import intake, journal
from sync_server.statements import Prepared, SetWise
from sync_server.stores import store

till = Table(
    "till",
    metadata,
    Column("till_id", Text, primary_key=True),
    Column("store_id", Text, ForeignKey("store.store_id"), nullable=False),
    Column("public_key", Text, nullable=False),
    Column("enrolled_at", Text, nullable=False),
    Column("revoked_at", Text),
)
enrol_code = Table(
    "enrol_code",
    metadata,
    Column("code_hash", Text, primary_key=True),
    Column("store_id", Text, ForeignKey("store.store_id"), nullable=False),
    Column("till_id", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("used_by", Text),
)
stream = Table(
    "stream",
    metadata,
    Column("stream_no", Integer, primary_key=True),
    Column("till_id", Text, ForeignKey("till.till_id"), nullable=False),
    Column("incarnation", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("head_seq", BigInteger, nullable=False),
    Column("head_hash", Text, nullable=False),
    Column("declared_seq", BigInteger, nullable=False),
    Column("waiting_since", Text, nullable=False),
    Column("open_shift", Text, nullable=False),
    Column("last_contact", Text, nullable=False),
    Column("forked_seq", BigInteger),
    #: what its first fact says: why the till began it, and how far its last one is followed
    Column("began_because", Text, nullable=False, default=""),
    Column("predecessor", Text, nullable=False, default=""),
    Column("predecessor_seq", BigInteger, nullable=False, default=0),
    Column("safe_seq", BigInteger, nullable=False, server_default="0"),
    Column("declared_hash", Text, nullable=False, default=""),
    #: by what its till signed the head that is here (service.PushProof); empty: not kept
    Column("push_proof", Text, nullable=False, default=""),
    #: the latest that a fact of it was recorded for
    Column("business_date", Text, nullable=False, default=""),
    #: up to where its store's periods are closed (`period`), read with the lock by every push
    Column("closed_to", Text, nullable=False, default=""),
    #: by how much its till's clock was ahead of the hub's when it last spoke; NULL: it did not say
    Column("clock_ahead_s", BigInteger),
    #: the version of its till's program; empty: it did not say
    Column("program", Text, nullable=False, default=""),
    UniqueConstraint("till_id", "incarnation"),
)

#: the periods that were closed: each business date closes with all before it; `reason` says why it
#: was closed before it was complete, empty where it was complete. It stands beneath `periods`
#: because a stream begins closed up to where its store is (`beginnings`).
period = Table(
    "period",
    metadata,
    Column("store_id", Text, primary_key=True),
    Column("business_date", Text, primary_key=True),
    Column("closed_at", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

_SAVE_TILL = SetWise(till, replacing=True)

_LOCKED = Prepared(
    select(
        till.c.store_id,
        till.c.public_key,
        till.c.revoked_at,
        stream.c.stream_no,
        stream.c.head_seq,
        stream.c.head_hash,
        stream.c.open_shift,
        select(hub.c.epoch).scalar_subquery().label("epoch"),
        intake.c.unsettled,
        intake.c.deferring_since,
        stream.c.safe_seq,
        stream.c.business_date,
        stream.c.push_proof,
        stream.c.closed_to,
    )
    .join_from(till, stream, stream.c.till_id == till.c.till_id)
    .join(intake, true())
    .where(
        stream.c.till_id == bindparam("the_till"),
        stream.c.incarnation == bindparam("the_incarnation"),
    )
    .with_for_update(of=stream)
)
_INCLUDED = Prepared(
    select(stream.c.till_id, stream.c.head_seq)
    .where(stream.c.store_id == bindparam("the_store"))
    .order_by(stream.c.stream_no)
)
_MOVE_STREAM = Prepared(
    update(stream).where(stream.c.stream_no == bindparam("the_stream")),
    (
        *("head_seq", "head_hash", "declared_seq", "declared_hash", "waiting_since", "open_shift"),
        *("last_contact", "business_date", "push_proof", "clock_ahead_s"),
    ),
)


class TillRow(NamedTuple):
    till_id: str
    store_id: str
    public_key: str
    revoked: bool


class StreamRow(NamedTuple):
    """A stream; `safe_seq` is how far it lies in a verified backup, `closed_to` up to where its
    store's periods are closed."""

    stream_no: int
    head: Head
    open_shift: str
    epoch: str
    #: of the whole hub, read with the lock: whether any fact is unsettled, and whether facts are
    #: only stored
    unsettled: bool
    deferring: bool
    safe_seq: int
    business_date: str
    push_proof: str
    closed_to: str


def find_till(connection: Connection, till_id: str) -> TillRow | None:
    row = connection.execute(select(till).where(till.c.till_id == till_id)).first()
    if row is None:
        return None
    return TillRow(row.till_id, row.store_id, row.public_key, row.revoked_at is not None)


def locked(connection: Connection, who: StreamId) -> tuple[TillRow | None, StreamRow | None]:
    """A till and its stream, by one statement; the stream is locked until the transaction ends.
    There is no stream before its first push."""
    row = _LOCKED.run(connection, the_till=who.till, the_incarnation=who.incarnation)
    if row is None:
        return find_till(connection, who.till), None
    store_id, public_key, revoked_at, stream_no, head_seq, head_hash, open_shift, *state = row
    known = TillRow(who.till, store_id, public_key, revoked_at is not None)
    epoch, unsettled, deferring_since, *more = state
    head = Head(head_seq, head_hash)
    of_hub = epoch, bool(unsettled), bool(deferring_since)
    return known, StreamRow(stream_no, head, open_shift, *of_hub, *more)


class Come(NamedTuple):
    """What a stream has come to by a push, and what its till declares and shows of its clock."""

    head: Head
    declared: Declared
    open_shift: str
    business_date: str
    push_proof: str
    clock_ahead_s: int | None
    at: datetime


def move_stream(connection: Connection, stream_no: int, come: Come) -> None:
    """Note what the stream has come to."""
    declared = come.declared
    waits = declared.seq > come.head.seq
    _MOVE_STREAM.run(
        connection,
        the_stream=stream_no,
        head_seq=come.head.seq,
        head_hash=come.head.hash,
        declared_seq=declared.seq,
        declared_hash=declared.hash,
        waiting_since=moment(declared.waiting_since) if waits else "",
        open_shift=come.open_shift,
        last_contact=as_text(come.at),
        business_date=come.business_date,
        push_proof=come.push_proof,
        clock_ahead_s=come.clock_ahead_s,
    )


def facts_after(connection: Connection, who: StreamId, seq: int) -> tuple[Head, int, list[bytes]]:
    """A stream's head, up to where it is safe, and its next facts after that seq, as many as fit an
    answer."""
    row = connection.execute(
        select(stream).where(stream.c.till_id == who.till, stream.c.incarnation == who.incarnation)
    ).first()
    if row is None:
        return genesis(who), 0, []
    after = (journal.c.stream_no == row.stream_no, journal.c.seq > seq)
    next_ones = select(journal.c.seq, func.length(journal.c.data)).where(*after)
    sizes = connection.execute(next_ones.order_by(journal.c.seq).limit(PUSH_FACTS_MAX)).all()
    last, left_bytes = seq, PUSH_BYTES_MAX
    for place, size in sizes:
        left_bytes -= size
        if left_bytes < 0 and last > seq:
            break
        last = place
    found = select(journal.c.data).where(*after, journal.c.seq <= last).order_by(journal.c.seq)
    facts = [bytes(data) for data in connection.execute(found).scalars()]
    return Head(row.head_seq, row.head_hash), row.safe_seq, facts


def note_fork(connection: Connection, stream_no: int, seq: int, now: datetime) -> None:
    connection.execute(
        update(stream)
        .where(stream.c.stream_no == stream_no)
        .values(forked_seq=seq, last_contact=as_text(now))
    )


def hashes(connection: Connection, stream_no: int, first: int, last: int) -> dict[int, str]:
    rows = connection.execute(
        select(journal.c.seq, journal.c.hash).where(
            journal.c.stream_no == stream_no, journal.c.seq.between(first, last)
        )
    )
    return {row.seq: row.hash for row in rows}


def verdicts(connection: Connection, stream_no: int, first: int, last: int) -> list[Verdict]:
    """The stored verdicts of a range, to be repeated verbatim."""
    rows = connection.execute(
        select(journal.c.seq, journal.c.verdict, journal.c.reason)
        .where(
            journal.c.stream_no == stream_no,
            journal.c.seq.between(first, last),
            journal.c.verdict != "",
        )
        .order_by(journal.c.seq)
    )
    return [Verdict(row.seq, row.verdict, row.reason) for row in rows]


# Enrolment


def is_till_of(connection: Connection, store_id: str, till_id: str) -> bool:
    """Whether a till of that id is enrolled in the store, or was to be."""
    tills = select(till.c.till_id).where(till.c.store_id == store_id, till.c.till_id == till_id)
    codes = select(enrol_code.c.till_id).where(
        enrol_code.c.store_id == store_id, enrol_code.c.till_id == till_id
    )
    return connection.execute(tills.union(codes)).first() is not None


def next_till_id(connection: Connection, store_id: str) -> str:
    """The id of the store's next till: after all enrolled ones and all codes given out. The
    store is locked, so that two who ask at once get two tills."""
    connection.execute(
        select(store.c.store_id).where(store.c.store_id == store_id).with_for_update()
    )
    tills = select(func.count()).select_from(till).where(till.c.store_id == store_id)
    codes = (
        select(func.count(func.distinct(enrol_code.c.till_id)))
        .where(enrol_code.c.store_id == store_id)
        .where(enrol_code.c.till_id.not_in(select(till.c.till_id)))
    )
    number = connection.execute(tills).scalar_one() + connection.execute(codes).scalar_one()
    return f"{store_id}-{number + 1}"


class CodeRow(NamedTuple):
    store_id: str
    till_id: str
    expires_at: datetime
    used_by: str | None


def add_code(
    connection: Connection, code_hash: str, store_id: str, till_id: str, expires_at: datetime
) -> None:
    connection.execute(
        insert(enrol_code).values(
            code_hash=code_hash, store_id=store_id, till_id=till_id, expires_at=as_text(expires_at)
        )
    )


def find_code(connection: Connection, code_hash: str, *, locked: bool) -> CodeRow | None:
    found = select(enrol_code).where(enrol_code.c.code_hash == code_hash)
    row = connection.execute(found.with_for_update() if locked else found).first()
    if row is None:
        return None
    return CodeRow(row.store_id, row.till_id, datetime.fromisoformat(row.expires_at), row.used_by)


def use_code(
    connection: Connection, code_hash: str, code: CodeRow, public_key: str, now: datetime
) -> None:
    """Give the code's till its key; a till that had one is replaced by the new machine."""
    connection.execute(
        update(enrol_code).where(enrol_code.c.code_hash == code_hash).values(used_by=public_key)
    )
    _SAVE_TILL.write(connection, [(code.till_id, code.store_id, public_key, as_text(now), None)])


def revoke(connection: Connection, till_id: str, now: datetime) -> bool:
    """Refuse this till service from now on; its facts are still stored. False: no such till."""
    changed = connection.execute(
        update(till).where(till.c.till_id == till_id).values(revoked_at=as_text(now))
    )
    return bool(changed.rowcount)


def included(connection: Connection, store_id: str) -> dict[str, int]:
    """Per till of the store, the seq up to which its facts are in the books."""
    rows = _INCLUDED.rows(connection, the_store=store_id)
    return {till_id: head_seq for till_id, head_seq, *_ in rows}


def moment(said: str) -> str:
    """A time that a till said, in UTC; nothing when it is none, or none of a clock that anybody has
    set."""
    try:
        told = datetime.fromisoformat(said)
        at = told.astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return as_text(at) if told.tzinfo is not None and 1970 < at.year < 2200 else ""


def as_text(when: datetime) -> str:
    """A time as it stands in the tables of this slice."""
    return when.isoformat(timespec="milliseconds")
