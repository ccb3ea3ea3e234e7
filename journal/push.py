"""Push, both ends, as steps without I/O: what a till sends next, and where a batch meets a head.

The till moves its `acked` mark only to a head that the hub counter-signed and that its own
journal has under the same hash. A head beyond the journal, or with another hash, is a fork.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import msgspec

from journal.backoff import Backoff
from journal.chain import hash_of, link
from journal.envelope import Envelope
from journal.signature import Signer, head_message, push_message, verified
from journal.stream import Head, StreamId
from journal.wire import (
    PUSH_BYTES_MAX,
    PUSH_FACTS_MAX,
    Declared,
    Problem,
    PushReply,
    PushRequest,
    SignedHead,
    Verdict,
)

BATCH_START = 50
BATCH_STEP = 50
#: a dead line halves the batch down to this many facts; only a refusal goes further
BATCH_MIN = 10
#: after a refusal that no retry will mend, knock this seldom, in seconds
STUCK_WAIT_S = 60.0
#: what an answer comes to that is the hub's in all but its signature
NOT_OUR_HUB = Problem(
    "not_our_hub",
    "The answer is not signed by the hub that this till was enrolled with.",
    "应答并非由本机登记的总部签名。",
    "Go on selling; check the hub's address and the line, and tell head office.",
    "可继续销售；请检查总部地址与网络，并通知总部。",
)


class Outbox(Protocol):
    """What the till's side asks of its journal: the facts of one stream."""

    def head(self) -> Head: ...

    def acked(self) -> Head: ...

    def hash_at(self, seq: int) -> str | None:
        """The hash of one fact, of genesis for 0; None beyond the head."""
        ...

    def facts_after(self, seq: int, count: int, size_bytes: int) -> list[bytes]:
        """The next facts in order, at least one if there is one."""
        ...

    def waiting_since(self) -> str:
        """When the oldest fact without acknowledgement was recorded, ISO 8601; empty if none."""
        ...


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The hub has everything up to `head`; move `acked` there. Also after a hub lost some."""

    head: Head
    epoch: str
    verdicts: tuple[Verdict, ...] = ()
    safe_seq: int = 0
    wait_s: float = 0.0
    sig: str = field(default="", compare=False)

    @property
    def proof(self) -> SignedHead:
        """What the hub signed."""
        return SignedHead(self.epoch, self.head, self.safe_seq, self.sig)


@dataclass(frozen=True, slots=True)
class Forked:
    """The hub holds another history of this stream. Selling goes on; this stream stops."""

    head: Head


@dataclass(frozen=True, slots=True)
class Retry:
    """Nothing is known to have changed; ask again after `wait_s`. `problem` is what the hub
    said, if it was the hub; `why` is why nothing was heard."""

    wait_s: float
    problem: Problem | None = None
    why: str = ""


Step = Acknowledged | Forked | Retry


@dataclass(slots=True)
class Pusher:
    """The till's side of one stream."""

    stream: StreamId
    signer: Signer
    hub_key: str
    backoff: Backoff
    epoch: str = ""
    batch: int = field(default=BATCH_START)
    #: what a hub that seems to have lost facts is shown with the next request
    had: SignedHead | None = None

    def next_request(self, outbox: Outbox, at: str = "") -> PushRequest:
        """The next run of facts that the hub lacks; without any it only declares the head. `at` is
        what the till's clock shows, ISO 8601."""
        acked = outbox.acked()
        facts = outbox.facts_after(acked.seq, self.batch, PUSH_BYTES_MAX)
        head = outbox.head()  # read last: what is declared is never older than what is sent
        last = _last(acked, facts)
        return PushRequest(
            till=self.stream.till,
            inc=self.stream.incarnation,
            base=acked,
            facts=[msgspec.Raw(fact) for fact in facts],
            declared=Declared(head.seq, head.hash, outbox.waiting_since(), at),
            sig=self.signer.sign(push_message(self.stream, head, last)),
            epoch=self.epoch,
            had=self.had,
        )

    def answered(self, outbox: Outbox, reply: PushReply) -> Step:
        """The hub stored the facts, up to the head it echoes."""
        step = self._meet_echo(
            outbox, reply.epoch, reply.head, reply.head_sig, reply.safe_seq, reply.verdicts
        )
        if isinstance(step, Acknowledged):
            self.batch = min(self.batch + BATCH_STEP, PUSH_FACTS_MAX)
            return replace(step, wait_s=reply.backoff_ms / 1000)
        return step

    def refused(
        self, outbox: Outbox, status: int, problem: Problem, retry_after_s: float | None
    ) -> Step:
        """The hub answered, but not with yes."""
        match status:
            case 409 | 410 if problem.head is not None:
                return self._meet_echo(
                    outbox, problem.epoch, problem.head, problem.head_sig, problem.safe_seq
                )
            case 413 | 422 if self.batch > 1:
                self.batch = max(1, self.batch // 2)
                return Retry(0.0, problem)
            case 429 | 503:
                return Retry(self.backoff.failed(retry_after_s), problem)
            case 400 | 401 | 403 | 404 | 413 | 422:
                return Retry(STUCK_WAIT_S, problem)
            case _:
                return self.unanswered(problem)

    def unanswered(self, problem: Problem | None = None, why: str = "") -> Retry:
        """No answer, half of one, or one that is not the hub's."""
        self.batch = min(self.batch, max(BATCH_MIN, self.batch // 2))
        return Retry(self.backoff.failed(), problem, why)

    def _meet_echo(
        self,
        outbox: Outbox,
        epoch: str,
        head: Head,
        head_sig: str,
        safe_seq: int,
        verdicts: tuple[Verdict, ...] = (),
    ) -> Step:
        message = head_message(epoch, self.stream, head, safe_seq)
        if not verified(self.hub_key, message, head_sig):
            return self.unanswered(NOT_OUR_HUB)
        if outbox.hash_at(head.seq) != head.hash:
            return Forked(head)
        self.backoff.succeeded()
        self.epoch = epoch
        self.had = None
        return Acknowledged(head, epoch, verdicts, safe_seq, sig=head_sig)


def _last(base: Head, facts: Sequence[bytes | msgspec.Raw]) -> Head:
    """The head of the stream with a batch's last fact: each names the one before it, so that who
    signs this one signs all."""
    return Head(base.seq + len(facts), hash_of(memoryview(facts[-1]))) if facts else base


# The hub's side


def is_signed(request: PushRequest, key: str) -> bool:
    """Whether the till with that public key sent this: one signature and one hash, however many
    facts there are. Whether they are a chain `open_batch` says."""
    who = StreamId(request.till, request.inc)
    last = _last(request.base, request.facts)
    return verified(key, push_message(who, request.declared.head, last), request.sig)


class Arrived(msgspec.Struct, frozen=True):
    """One fact of a batch, checked against its neighbours: its envelope, bytes and hash."""

    envelope: Envelope
    data: bytes
    hash: str

    @property
    def head(self) -> Head:
        """The head of its stream with it."""
        return Head(self.envelope.seq, self.hash)


@dataclass(frozen=True, slots=True)
class Gap:
    """The batch begins after the hub's head: send again from there."""


@dataclass(frozen=True, slots=True)
class Fork:
    """The batch and the hub disagree about a fact both have, at `seq`."""

    seq: int


@dataclass(frozen=True, slots=True)
class Meeting:
    """The batch continues the hub's head: `new` is to be appended, the first `overlap` facts
    were there already."""

    overlap: int
    new: Sequence[Arrived]


def open_batch(request: PushRequest) -> list[Arrived]:
    """The request's facts, each checked to follow the one before, the first to follow `base`.
    Raises ChainBroken."""
    return follow(StreamId(request.till, request.inc), request.base, request.facts)


def follow(stream: StreamId, head: Head, raws: Sequence[msgspec.Raw]) -> list[Arrived]:
    """A run of facts of one stream, each checked to follow the one before, the first `head`.
    Raises ChainBroken."""
    arrived: list[Arrived] = []
    for raw in raws:
        data = bytes(raw)
        envelope, head = link(stream, head, data)
        arrived.append(Arrived(envelope, data, head.hash))
    return arrived


def meet(
    head: Head,
    base: Head,
    arrived: Sequence[Arrived],
    hashes: Callable[[int, int], dict[int, str]],
) -> Meeting | Gap | Fork:
    """Where a batch meets the hub's `head`. `hashes(first, last)` gives the stored hashes of
    that range, genesis included, and is asked only when the batch overlaps."""
    if base.seq > head.seq:
        return Gap()
    if base.seq == head.seq:
        return Meeting(0, arrived) if base.hash == head.hash else Fork(base.seq)
    overlap = min(len(arrived), head.seq - base.seq)
    stored = hashes(base.seq, base.seq + overlap)
    claimed = [base.hash, *(fact.hash for fact in arrived[:overlap])]
    for seq, claim in enumerate(claimed, start=base.seq):
        if stored.get(seq) != claim:
            return Fork(seq)
    return Meeting(overlap, arrived[overlap:])
