"""Push: what becomes of what tills say; and what a till reads back of its own stream.

Each function is one act on an open transaction.
"""

from contextlib import suppress
from datetime import date, datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from journal import wire
from journal.chain import ChainBroken
from journal.push import Arrived, Fork, Gap, Meeting, meet, open_batch
from journal.signature import (
    head_message,
    push_message,
    verified,
)
from journal.stream import STREAM_BEGAN, Head, StreamId, genesis
from journal.wire import VerdictCode
from retail.facts import TYPES, ShiftClosed
from retail.language import Text
from sync_server import recorder
from sync_server.lives import epoch_now
from sync_server.problems import (
    Echo,
    WireProblem,
    problem,
    too_large,
    unknown_till,
    wrong_signature,
)
from sync_server.sync import beginnings, records
from sync_server.sync.enrolment import in_service
from sync_server.sync.records import Come, StreamRow, TillRow
from sync_server.voice import Voice

_SHIFT_CLOSED, _ = TYPES[ShiftClosed]


class CameTo(NamedTuple):
    """What the hub did with the new facts of a push: how many it took in to apply them, how many of
    these came to quarantine, and whether it applies any just now."""

    taken: int
    quarantined: int
    deferring: bool


class Accepted(NamedTuple):
    """A push's answer, and what it came to."""

    reply: wire.PushReply
    came_to: CameTo


class Signed(NamedTuple):
    """A push, and the key by which its till is known to have signed it."""

    request: wire.PushRequest
    key: str


def push(
    connection: Connection,
    voice: Voice,
    signed: Signed,
    now: datetime,
    project: recorder.Projection,
    *,
    ahead_s: int | None = None,
    carefully: bool = False,
) -> Accepted:
    """Accept a run of facts: lock the stream, compare what both have, append, add up, answer
    with the counter-signed head. `ahead_s` is by how much the till's clock was ahead of ours;
    `carefully` goes fact by fact (recorder.append_carefully)."""
    request, key = signed
    who = StreamId(request.till, request.inc)
    till, stream = records.locked(connection, who)
    if till is None:
        raise unknown_till()
    arrived = _opened(request)
    if till.public_key != key:  # another machine has taken the till's place by now
        raise wrong_signature()
    if stream is None:
        began = beginnings.said(arrived[0]) if arrived else None
        former = began.predecessor if began else None
        stream = beginnings.begun(connection, who, till.store_id, now, former)
    voice = voice._replace(epoch=stream.epoch)  # another process may have begun a new one
    _check_proof(voice, who, stream, request.had)
    meeting = _meeting(connection, voice, who, stream, request.base, arrived, now)
    source = _source(till, stream, meeting, now)
    append = recorder.append_carefully if carefully else recorder.append
    new = meeting.new
    verdicts = append(connection, source, new, project) if new else []
    head = new[-1].head if new else stream.head
    if new and stream.head.seq == 0:
        beginnings.note(connection, who.till, stream.stream_no, new[0])
    beginnings.note_moved(connection, who.till, new)
    last = arrived[-1].head if arrived else request.base
    come = Come(
        head,
        request.declared,
        _open_shift(stream.open_shift, meeting),
        _business_date(stream.business_date, meeting),
        PushProof.of(signed).text if last == head else stream.push_proof,
        ahead_s,
        now,
    )
    records.move_stream(connection, stream.stream_no, come)
    known = []
    if meeting.overlap:
        first = request.base.seq + 1
        known = records.verdicts(connection, stream.stream_no, first, first + meeting.overlap - 1)
    echo = voice.echo(who, head, stream.safe_seq)
    told = (*known, *verdicts)
    reply = wire.PushReply(echo.epoch, head, echo.head_sig, echo.safe_seq, told)
    came_to = CameTo(0, 0, stream.deferring)
    if not source.withheld:
        failed = [each for each in verdicts if each.code == VerdictCode.QUARANTINED]
        came_to = CameTo(len(new), len(failed), stream.deferring)
    return Accepted(reply, came_to)


def _source(till: TillRow, stream: StreamRow, meeting: Meeting, now: datetime) -> recorder.Source:
    """A push that overlaps may have waited for the lock while another stored what it repeats: of
    what was unsettled then it knows nothing yet, and looks."""
    withheld = recorder.DEFERRED if stream.deferring else None
    if till.revoked:
        withheld = recorder.REVOKED
    may_wait = stream.unsettled or meeting.overlap > 0
    source = recorder.Source(stream.stream_no, till.store_id, now, withheld, may_wait)
    return source._replace(closed_to=stream.closed_to)


class PushProof(msgspec.Struct, frozen=True):
    """A till's own signature under the head of its stream, as it came with a push: by which key,
    beside which head that it declared. The chain carries it to every fact before."""

    key: str
    declared: Head
    sig: str

    @classmethod
    def of(cls, signed: Signed) -> "PushProof":
        """What is kept of a push that ends at the head."""
        return cls(signed.key, signed.request.declared.head, signed.request.sig)

    @property
    def text(self) -> str:
        return msgspec.json.encode(self).decode()

    def holds(self, who: StreamId, head: Head) -> bool:
        """Whether that key signed that head of that stream."""
        return verified(self.key, push_message(who, self.declared, head), self.sig)


def _check_proof(
    voice: Voice, who: StreamId, stream: StreamRow, had: wire.SignedHead | None
) -> None:
    """Raises LostFacts when the hub has signed, in this life, more of the stream than it has."""
    if had is None or had.epoch != voice.epoch or had.head.seq <= stream.head.seq:
        return
    message = head_message(had.epoch, who, had.head, had.safe_seq)
    if verified(voice.signer.public, message, had.sig):
        raise LostFacts(voice.epoch)


class LostFacts(Exception):
    """A till holds the hub's signature under a head that the hub has no more: an older copy of the
    database was put back, and nobody noticed. The shell begins a new epoch."""

    def __init__(self, epoch: str) -> None:
        super().__init__(epoch)
        self.epoch = epoch


def facts_of_stream(
    connection: Connection, voice: Voice, who: StreamId, after: int
) -> wire.StreamFacts:
    """What the hub holds of a till's own stream after that seq."""
    in_service(connection, who.till)
    voice = voice._replace(epoch=epoch_now(connection))
    head, safe_seq, facts = records.facts_after(connection, who, after)
    echo = voice.echo(who, head, safe_seq)
    raws = [msgspec.Raw(fact) for fact in facts]
    return wire.StreamFacts(echo.epoch, raws, head, echo.head_sig, safe_seq)


def check_size(request: wire.PushRequest) -> None:
    """Raises 413 for more bytes than one push may hold. No till records a fact that alone is larger
    (TooMuchAtOnce)."""
    if sum(len(memoryview(fact)) for fact in request.facts) > wire.PUSH_BYTES_MAX:
        raise too_large()


def _opened(request: wire.PushRequest) -> list[Arrived]:
    try:
        return open_batch(request)
    except ChainBroken as broken:
        raise problem(
            422,
            "not_a_chain",
            Text(f"These facts are not a chain: {broken}", f"记录不成链：{broken}"),
            Text("Run: pos-client journal verify", "请运行：pos-client journal verify"),
        ) from None


def _meeting(
    connection: Connection,
    voice: Voice,
    who: StreamId,
    stream: StreamRow,
    base: Head,
    arrived: list[Arrived],
    now: datetime,
) -> Meeting:
    def hashes(first: int, last: int) -> dict[int, str]:
        stored = records.hashes(connection, stream.stream_no, first, last)
        return {0: genesis(who).hash, **stored}

    met = meet(stream.head, base, arrived, hashes)
    if isinstance(met, Meeting):
        return met
    echo = voice.echo(who, stream.head, stream.safe_seq)
    if isinstance(met, Gap):
        raise problem(
            409,
            "gap",
            Text("Facts before these are missing here.", "缺少此前的记录。"),
            Text("Send again from the hub's head.", "请从总部已有位置重新发送。"),
            echo=echo,
        )
    assert isinstance(met, Fork)
    raise ForkFound(stream.stream_no, met.seq, now, echo)


class ForkFound(WireProblem):
    """Two histories of one stream; the shell notes it in a transaction of its own."""

    def __init__(self, stream_no: int, seq: int, now: datetime, echo: Echo) -> None:
        told = problem(
            409,
            "fork",
            Text(f"Fact {seq} here is another one.", f"第 {seq} 条记录与总部不一致。"),
            Text("Go on selling; head office settles it.", "可继续销售；由总部处理。"),
            echo=echo,
        )
        super().__init__(told.status, told.problem)
        self.stream_no, self.seq, self.now = stream_no, seq, now

    def note(self, connection: Connection) -> None:
        records.note_fork(connection, self.stream_no, self.seq, self.now)


def _open_shift(before: str, meeting: Meeting) -> str:
    """The shift that is open at the till after these facts, empty when none is: each fact names
    the one it was recorded in, and only the closing ends it."""
    for fact in reversed(meeting.new):
        told = fact.envelope
        if (told.type, told.tv) != STREAM_BEGAN:  # which says nothing of shifts
            return "" if told.type == _SHIFT_CLOSED else told.shift
    return before


def _business_date(before: str, meeting: Meeting) -> str:
    """The business date of the last of these facts that was not moved here from another stream."""
    for fact in reversed(meeting.new):
        told = fact.envelope
        if told.bdate and not told.stood:
            with suppress(ValueError):
                return date.fromisoformat(told.bdate).isoformat()
    return before
