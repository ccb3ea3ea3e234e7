"""Push under everything a line, a disk and a hub can do to it: nothing lost, nothing twice, and no
second history goes unnoticed.

Tills and hub are on paper, the steps are the real ones. Each safeguard can be taken out, and then
the same run must fail: so the run is known to see what the safeguard is for.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum, auto
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from journal.chain import ChainBroken
from journal.push import (
    Acknowledged,
    Arrived,
    Fork,
    Forked,
    Gap,
    Meeting,
    Outbox,
    Pusher,
    Retry,
    Step,
    meet,
)
from journal.stream import Head
from journal.wire import PUSH_FACTS_MAX, Problem, PushReply, PushRequest, Verdict
from tests.journal.paper import Meet, PaperHub, PaperTill, Said, a_pusher
from tests.journal.streams import followed

TILLS_MAX = 3
#: exchanges after which tills and a hub on a whole line agree, or never will
ROUNDS_MAX = 60

some = st.integers(0, 99)  # one of those that are there, whatever their number


class Fate(StrEnum):
    """What the line does to one exchange."""

    WHOLE = auto()
    REQUEST_LOST = auto()
    REQUEST_LATE = auto()
    REPLY_LOST = auto()
    REPLY_LATE = auto()
    TWICE = auto()


class Safeguards(NamedTuple):
    """The two ends of push, whole unless told."""

    till: type[Pusher] = Pusher
    hub: Meet = meet


class Line(RuleBasedStateMachine):
    """One stream: a till and its clones, one hub, and the messages between them."""

    safeguards = Safeguards()

    def __init__(self) -> None:
        super().__init__()
        self.hub = PaperHub(meet=self.safeguards.hub)
        self.tills = [PaperTill(a_pusher(self.safeguards.till))]
        self.copies: list[PaperTill] = []
        #: what is late, and from or to which till
        self.requests: list[tuple[int, PushRequest]] = []
        self.replies: list[tuple[int, Said]] = []
        self.said = 0

    # Tills

    @initialize(count=st.integers(0, 3))
    def open(self, count: int) -> None:
        for _ in range(count):
            self.record(0, 1)
        self.hold_for_a_while()

    @rule(which=some, count=st.sampled_from([1, 2, 7, 70]))
    def record(self, which: int, count: int) -> None:
        till = self._till(which)
        for _ in range(count):
            self.said += 1
            till.chain.record(str(self.said))

    @rule(which=some)
    def back_up(self, which: int) -> None:
        self.copies.append(self._copy(self._till(which)))

    @precondition(lambda self: self.copies)
    @rule(which=some, copy=some)
    def restore_a_till(self, which: int, copy: int) -> None:
        """A copy of its disk is put back: the till knows nothing of what came after."""
        self.tills[which % len(self.tills)] = self._copy(self.copies[copy % len(self.copies)])

    @precondition(lambda self: len(self.tills) < TILLS_MAX)
    @rule(which=some)
    def clone_a_till(self, which: int) -> None:
        self.tills.append(self._copy(self._till(which)))

    # The line

    @rule(which=some, fate=st.sampled_from(Fate))
    def exchange(self, which: int, fate: Fate) -> None:
        till = self._till(which)
        if till.forked:
            return
        request = till.request()
        assert len(request.facts) <= till.pusher.batch
        if fate in (Fate.REQUEST_LATE, Fate.TWICE):
            self.requests.append((which, request))
        if fate in (Fate.REQUEST_LATE, Fate.REQUEST_LOST):
            assert isinstance(till.pusher.unanswered(), Retry)
            return
        said = self._told(request)
        if fate in (Fate.REPLY_LATE, Fate.TWICE):
            self.replies.append((which, said))
        if fate in (Fate.REPLY_LATE, Fate.REPLY_LOST):
            assert isinstance(till.pusher.unanswered(), Retry)
            return
        self._hear(till, said)

    @precondition(lambda self: self.requests)
    @rule(n=some)
    def arrive_late(self, n: int) -> None:
        """A request that was given up arrives after all, in any order; nobody waits for the
        answer, and still somebody may hear it."""
        which, request = self.requests.pop(n % len(self.requests))
        self.replies.append((which, self._told(request)))

    @precondition(lambda self: self.replies)
    @rule(n=some)
    def hear_late(self, n: int) -> None:
        """An answer to something the till asked long ago, in any order."""
        which, said = self.replies.pop(n % len(self.replies))
        self._hear(self._till(which), said)

    @rule(which=some, status=st.sampled_from([401, 413, 422, 429, 500, 502, 503]))
    def be_refused(self, which: int, status: int) -> None:
        """The hub, or something between, has no time or no ear."""
        till = self._till(which)
        acked = till.acknowledged
        assert isinstance(till.hears(Said(status, Problem("busy", ""))), Retry)
        assert till.acknowledged == acked

    @rule(which=some, seq=some, n=some)
    def hear_an_impostor(self, which: int, seq: int, n: int) -> None:
        till = self._till(which)
        acked, forked = till.acknowledged, till.forked
        seq %= len(till.chain.facts) + 1
        lies = self.hub.imposture(Head(seq, till.hash_at(seq) or ""))
        assert isinstance(till.hears(lies[n % len(lies)]), Retry)
        assert (till.acknowledged, till.forked) == (acked, forked)

    # The hub

    @rule(part=st.integers(0, 100), noticed=st.booleans())
    def restore_the_hub(self, part: int, noticed: bool) -> None:
        """An older backup of the hub is put back; it may not have noticed yet."""
        epoch = f"epoch-{self.said}-{part}" if noticed else self.hub.epoch
        self.hub.restored(len(self.hub.chain.facts) * part // 100, epoch)

    # What must hold

    @invariant()
    def acked_is_what_the_hub_had_and_the_till_has(self) -> None:
        for till in self.tills:
            acked = till.acknowledged
            assert till.hash_at(acked.seq) == acked.hash
            assert (acked.seq, acked.hash) in self.hub.ever

    @invariant()
    def batches_stay_within_their_bounds(self) -> None:
        assert all(1 <= till.pusher.batch <= PUSH_FACTS_MAX for till in self.tills)

    @rule()
    def hold_for_a_while(self) -> None:
        """The line holds: soon every till has given all it has, or knows that it is a second
        history of this stream."""
        self.requests.clear()
        self.replies.clear()
        for _ in range(ROUNDS_MAX):
            before = [(till.acknowledged, till.forked) for till in self.tills]
            for till in self.tills:
                if not till.forked:
                    self._hear(till, self._told(till.request()))
            if before == [(till.acknowledged, till.forked) for till in self.tills]:
                break
        for till in self.tills:
            assert till.forked or till.chain.facts == self.hub.chain.facts
            assert till.forked or till.acknowledged == till.chain.head

    def teardown(self) -> None:
        self.hold_for_a_while()

    # How

    def _till(self, which: int) -> PaperTill:
        return self.tills[which % len(self.tills)]

    def _copy(self, till: PaperTill) -> PaperTill:
        """The same disk in another machine, or later: what the till remembers is not on it."""
        return replace(till, pusher=a_pusher(self.safeguards.till), chain=till.chain.copy())

    def _told(self, request: PushRequest) -> Said:
        """Let the hub have a request; after it the hub has one chain, each fact once."""
        had = self.hub.chain.head
        said = self.hub.told(request)
        assert followed(self.hub.chain.facts[had.seq :], had) == self.hub.chain.head
        return said

    def _hear(self, till: PaperTill, said: Said) -> None:
        """Hear an answer: nothing is acknowledged that the hub never had, and no fork is claimed
        where there is none."""
        step = till.hears(said)
        assert (till.acknowledged.seq, till.acknowledged.hash) in self.hub.ever
        if isinstance(step, Forked):
            assert (step.head.seq, step.head.hash) in self.hub.ever
            assert till.hash_at(step.head.seq) != step.head.hash


def test_nothing_is_lost_or_stored_twice_and_no_fork_goes_unnoticed() -> None:
    run_state_machine_as_test(Line, settings=settings(max_examples=50, stateful_step_count=30))


# Each safeguard taken out


class WithoutEcho(Pusher):
    """Believes any head the hub has signed, without a look into its own journal."""

    def _meet_echo(
        self,
        outbox: Outbox,
        epoch: str,
        head: Head,
        head_sig: str,
        safe_seq: int,
        verdicts: tuple[Verdict, ...] = (),
    ) -> Step:
        step = super()._meet_echo(outbox, epoch, head, head_sig, safe_seq, verdicts)
        return Acknowledged(head, epoch) if isinstance(step, Forked) else step


class WithoutSignature(Pusher):
    """Believes whoever answers, if the head is in its journal."""

    def _meet_echo(
        self,
        outbox: Outbox,
        epoch: str,
        head: Head,
        head_sig: str,
        safe_seq: int,
        verdicts: tuple[Verdict, ...] = (),
    ) -> Step:
        same = outbox.hash_at(head.seq) == head.hash
        return Acknowledged(head, epoch) if same else Forked(head)


class Hasty(Pusher):
    """Takes a yes for a yes to everything."""

    def answered(self, outbox: Outbox, reply: PushReply) -> Step:
        step = super().answered(outbox, reply)
        return Acknowledged(outbox.head(), reply.epoch) if isinstance(step, Acknowledged) else step


class WithoutRewind(Pusher):
    """Does not go back to where a restored hub is."""

    def refused(
        self, outbox: Outbox, status: int, problem: Problem, retry_after_s: float | None
    ) -> Step:
        if problem.code == "gap":
            return self.unanswered(problem)
        return super().refused(outbox, status, problem, retry_after_s)


class Coward(Pusher):
    """Calls every gap a fork."""

    def refused(
        self, outbox: Outbox, status: int, problem: Problem, retry_after_s: float | None
    ) -> Step:
        if problem.code == "gap" and problem.head is not None:
            return Forked(problem.head)
        return super().refused(outbox, status, problem, retry_after_s)


Hashes = Callable[[int, int], dict[int, str]]


def without_comparing(
    head: Head, base: Head, arrived: Sequence[Arrived], hashes: Hashes
) -> Meeting | Gap | Fork:
    """Counts the overlap and believes it."""
    if base.seq > head.seq:
        return Gap()
    overlap = min(len(arrived), head.seq - base.seq)
    return Meeting(overlap, arrived[overlap:])


def without_overlap(
    head: Head, base: Head, arrived: Sequence[Arrived], hashes: Hashes
) -> Meeting | Gap | Fork:
    """Appends whatever a till of the same history sends again."""
    where = meet(head, base, arrived, hashes)
    return Meeting(0, arrived) if isinstance(where, Meeting) else where


@pytest.mark.parametrize(
    "weakened",
    [
        Safeguards(till=WithoutEcho),
        Safeguards(till=WithoutSignature),
        Safeguards(till=Hasty),
        Safeguards(till=WithoutRewind),
        Safeguards(till=Coward),
        Safeguards(hub=without_comparing),
        Safeguards(hub=without_overlap),
    ],
    ids=lambda ends: f"{ends.till.__name__}-{ends.hub.__name__}",
)
def test_without_a_safeguard_the_same_run_fails(weakened: Safeguards) -> None:
    class Weaker(Line):
        safeguards = weakened

    with pytest.raises((AssertionError, ChainBroken)):
        run_state_machine_as_test(
            Weaker,
            settings=settings(
                max_examples=300,
                stateful_step_count=30,
                phases=[Phase.generate],
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
