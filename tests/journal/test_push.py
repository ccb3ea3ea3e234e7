"""Push, step by step: what a till sends, what each answer changes, where a batch meets a head."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.chain import ChainBroken
from journal.push import (
    BATCH_MIN,
    BATCH_START,
    NOT_OUR_HUB,
    STUCK_WAIT_S,
    Acknowledged,
    Arrived,
    Fork,
    Forked,
    Gap,
    Meeting,
    Retry,
    meet,
    open_batch,
)
from journal.signature import head_message, push_message, verified
from journal.stream import Head, StreamId, genesis
from journal.wire import (
    PUSH_BYTES_MAX,
    PUSH_FACTS_MAX,
    Declared,
    Problem,
    PushReply,
    PushRequest,
    Verdict,
    VerdictCode,
)
from tests.journal.paper import HUB_KEY, STRANGER, TILL_KEY, PaperHub, PaperTill, Said, a_pusher
from tests.journal.streams import STREAM, Chain, a_chain

START = genesis(STREAM)


def a_till(recorded: int, acked: int = 0) -> PaperTill:
    chain = a_chain(recorded)
    return PaperTill(a_pusher(), chain, Head(acked, chain.hash_at(acked) or ""))


def head_of(chain: Chain, seq: int) -> Head:
    return Head(seq, chain.hash_at(seq) or "")


def a_reply(head: Head, *, epoch: str = "e1", safe_seq: int = 0, **more: object) -> PushReply:
    signature = HUB_KEY.sign(head_message(epoch, STREAM, head, safe_seq))
    reply = PushReply(epoch, head, signature, safe_seq)
    return msgspec.structs.replace(reply, **more)


# What a till sends


def test_a_till_sends_what_the_hub_lacks_and_declares_its_own_head() -> None:
    till = a_till(recorded=7, acked=3)
    request = till.request()
    assert (request.till, request.inc) == STREAM
    assert request.base == head_of(till.chain, 3)
    assert [bytes(fact) for fact in request.facts] == till.chain.facts[3:]
    assert request.declared == Declared(7, till.chain.head.hash, till.waiting_since())
    message = push_message(STREAM, till.chain.head, till.chain.head)
    assert verified(TILL_KEY.public, message, request.sig)


def test_a_till_sends_at_most_a_batch_and_signs_its_last_fact() -> None:
    till = a_till(recorded=BATCH_START + 5)
    request = till.request()
    assert len(request.facts) == BATCH_START
    message = push_message(STREAM, till.chain.head, head_of(till.chain, BATCH_START))
    assert verified(TILL_KEY.public, message, request.sig)


def test_a_till_without_facts_only_declares() -> None:
    for till in (a_till(0), a_till(4, acked=4)):
        request = till.request()
        assert request.facts == []
        assert request.base == till.chain.head
        assert request.declared == Declared(till.chain.head.seq, till.chain.head.hash)
        message = push_message(STREAM, till.chain.head, till.chain.head)
        assert verified(TILL_KEY.public, message, request.sig)


def test_a_till_says_which_life_of_the_hub_it_knows() -> None:
    till = a_till(1)
    assert till.request().epoch == ""
    till.hears(Said(200, a_reply(START, epoch="e7")))
    assert till.request().epoch == "e7"


def test_a_till_asks_for_no_more_bytes_than_a_push_may_hold() -> None:
    class Asked(PaperTill):
        def facts_after(self, seq: int, count: int, size_bytes: int) -> list[bytes]:
            assert (seq, count, size_bytes) == (1, BATCH_START, PUSH_BYTES_MAX)
            return super().facts_after(seq, count, size_bytes)

    chain = a_chain(2)
    Asked(a_pusher(), chain, head_of(chain, 1)).request()


def test_what_is_declared_is_never_older_than_what_is_sent() -> None:
    class Selling(PaperTill):
        """Records one more whenever somebody looks."""

        def facts_after(self, seq: int, count: int, size_bytes: int) -> list[bytes]:
            self.chain.record("meanwhile")
            return super().facts_after(seq, count, size_bytes)

    for recorded in (3, 7):
        chain = a_chain(recorded)
        request = Selling(a_pusher(), chain, head_of(chain, 3)).request()
        assert len(request.facts) == recorded + 1 - 3
        assert request.declared.seq == recorded + 1


# What an answer changes


def test_an_answer_moves_acked_to_the_head_it_echoes() -> None:
    till = a_till(7)
    verdicts = (Verdict(2, VerdictCode.WAITING, "why"),)
    step = till.hears(
        Said(200, a_reply(head_of(till.chain, 5), safe_seq=2, verdicts=verdicts, backoff_ms=250))
    )
    assert step == Acknowledged(head_of(till.chain, 5), "e1", verdicts, 2, 0.25)
    assert till.acknowledged == head_of(till.chain, 5)


def test_a_head_beyond_the_journal_or_with_another_hash_is_a_fork() -> None:
    longer, other = a_chain(9), a_chain(7, said="other")
    for head in (longer.head, other.head, head_of(other, 1), Head(0, "x")):
        for said in (
            Said(200, a_reply(head)),
            Said(409, _problem("fork", head)),
            Said(409, _problem("gap", head)),
        ):
            till = a_till(7, acked=3)
            assert till.hears(said) == Forked(head)
            assert till.forked
            assert till.acknowledged == head_of(till.chain, 3)


def test_a_gap_moves_acked_back_to_what_the_restored_hub_has() -> None:
    till = a_till(7, acked=7)
    for status in (409, 410):
        head = head_of(till.chain, 4)
        step = till.hears(Said(status, _problem("gap", head, epoch="e2")))
        assert step == Acknowledged(head, "e2")
        assert till.request().base == head


@given(st.integers(0, 7), st.sampled_from(["", "QUJD", "x"]) | st.just(STRANGER.sign(b"x")))
def test_a_wrong_signature_changes_nothing(seq: int, signature: str) -> None:
    till = a_till(7, acked=3)
    head = head_of(till.chain, seq)
    for said in (
        Said(200, msgspec.structs.replace(a_reply(head), head_sig=signature)),
        Said(409, msgspec.structs.replace(_problem("gap", head), head_sig=signature)),
    ):
        step = till.hears(said)
        assert isinstance(step, Retry)
        assert step.problem is NOT_OUR_HUB
        assert (till.acknowledged, till.forked) == (head_of(till.chain, 3), False)


def test_every_word_of_an_answer_is_signed() -> None:
    till = a_till(7, acked=3)
    reply = a_reply(head_of(till.chain, 5), safe_seq=2)
    for forged in (
        msgspec.structs.replace(reply, epoch="e2"),
        msgspec.structs.replace(reply, safe_seq=5),
        msgspec.structs.replace(reply, head=head_of(till.chain, 6)),
    ):
        assert isinstance(till.hears(Said(200, forged)), Retry)
        assert till.acknowledged == head_of(till.chain, 3)
    other_stream = head_message("e1", StreamId("S01-2", STREAM.incarnation), reply.head, 2)
    forged = msgspec.structs.replace(reply, head_sig=HUB_KEY.sign(other_stream))
    assert isinstance(till.hears(Said(200, forged)), Retry)


def test_an_answer_ends_the_failures_and_an_imposture_does_not() -> None:
    till = a_till(7)
    till.pusher.unanswered()
    till.hears(PaperHub(till.chain).imposture(head_of(till.chain, 5))[0])
    assert till.pusher.backoff.failures == 2
    till.hears(Said(200, a_reply(head_of(till.chain, 5))))
    assert till.pusher.backoff.failures == 0


def _problem(code: str, head: Head, epoch: str = "e1") -> Problem:
    signature = HUB_KEY.sign(head_message(epoch, STREAM, head, 0))
    return Problem(code, "", epoch=epoch, head=head, head_sig=signature)


# What a refusal changes


@pytest.mark.parametrize("status", [413, 422])
def test_a_batch_that_is_refused_is_halved_at_once_down_to_one_fact(status: int) -> None:
    pusher, outbox, problem = a_pusher(), a_till(7), Problem("x", "")
    sizes = []
    while pusher.batch > 1:
        assert pusher.refused(outbox, status, problem, None) == Retry(0.0, problem)
        sizes.append(pusher.batch)
    assert sizes == [25, 12, 6, 3, 1]
    assert pusher.refused(outbox, status, problem, None) == Retry(STUCK_WAIT_S, problem)
    assert pusher.batch == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_no_retry_mends_is_asked_again_seldom(status: int) -> None:
    pusher, problem = a_pusher(), Problem("x", "")
    assert pusher.refused(a_till(7), status, problem, None) == Retry(STUCK_WAIT_S, problem)
    assert pusher.batch == BATCH_START


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_hub_is_given_the_time_it_asks_for(status: int) -> None:
    pusher, problem = a_pusher(), Problem("busy", "")
    step = pusher.refused(a_till(7), status, problem, 7.0)
    assert isinstance(step, Retry)
    assert 7 <= step.wait_s <= 14
    assert step.problem == problem
    assert pusher.batch == BATCH_START
    assert pusher.backoff.failures == 1


@pytest.mark.parametrize("status", [409, 410, 418, 426, 500, 502, 599])
def test_any_other_refusal_is_a_failed_line(status: int) -> None:
    pusher, problem = a_pusher(), Problem("x", "")
    step = pusher.refused(a_till(7), status, problem, None)
    assert isinstance(step, Retry)
    assert (step.problem, pusher.batch, pusher.backoff.failures) == (problem, 25, 1)


def test_why_nothing_was_heard_is_not_lost() -> None:
    step = a_pusher().unanswered(why="ConnectTimeout")
    assert (step.problem, step.why) == (None, "ConnectTimeout")


# How large a batch is


def test_a_batch_grows_by_steps_to_the_most_a_push_may_hold() -> None:
    till, sizes = a_till(1), []
    for _ in range(12):
        sizes.append(till.pusher.batch)
        till.hears(Said(200, a_reply(till.chain.head)))
    assert sizes == [50, 100, 150, 200, 250, 300, 350, 400, 450, *[PUSH_FACTS_MAX] * 3]


def test_a_dead_line_halves_the_batch_but_leaves_some_use_of_the_next_contact() -> None:
    pusher, sizes = a_pusher(), []
    for _ in range(5):
        pusher.unanswered()
        sizes.append(pusher.batch)
    assert sizes == [25, 12, BATCH_MIN, BATCH_MIN, BATCH_MIN]


def test_a_dead_line_never_enlarges_a_batch_that_was_refused() -> None:
    pusher = a_pusher()
    for _ in range(6):
        pusher.refused(a_till(7), 413, Problem("x", ""), None)
    pusher.unanswered()
    assert pusher.batch == 1


# A batch at the hub


def opened(chain: Chain, first: int, last: int) -> list[Arrived]:
    return open_batch(a_request(chain, first, last))


def a_request(chain: Chain, first: int, last: int) -> PushRequest:
    """The facts of seq `first` to `last` after their base; unsigned."""
    facts = [msgspec.Raw(data) for data in chain.facts[first - 1 : last]]
    base, head = head_of(chain, first - 1), chain.head
    return PushRequest(*chain.stream, base, facts, Declared(head.seq, head.hash), "")


def test_a_batch_is_opened_fact_by_fact_with_the_hash_of_each() -> None:
    chain = a_chain(6)
    arrived = opened(chain, 3, 5)
    assert [fact.envelope.seq for fact in arrived] == [3, 4, 5]
    assert [fact.data for fact in arrived] == chain.facts[2:5]
    assert [fact.hash for fact in arrived] == chain.hashes[2:5]
    assert opened(chain, 3, 2) == []


def test_a_batch_that_is_no_chain_is_refused_where_it_breaks() -> None:
    chain, other = a_chain(6), a_chain(6, said="other")
    good = a_request(chain, 2, 5)
    replace = msgspec.structs.replace
    foreign = a_chain(6, StreamId("S01-2", STREAM.incarnation))
    for broken, seq, why in (
        (replace(good, base=head_of(chain, 2)), 3, "calls itself 2"),
        (replace(good, base=head_of(other, 1)), 2, "follow"),
        (replace(good, facts=[*good.facts[:2], good.facts[3]]), 4, "calls itself 5"),
        (replace(good, facts=good.facts[::-1]), 2, "calls itself 5"),
        (replace(good, facts=[*good.facts[:3], msgspec.Raw(b"{}")]), 5, "not an envelope"),
        (replace(good, facts=[*good.facts[:3], msgspec.Raw(other.facts[4])]), 5, "follow"),
        (replace(good, till="S01-2"), 2, "belongs to S01-1/"),
        (replace(good, inc="another"), 2, f"belongs to S01-1/{STREAM.incarnation}"),
        (replace(a_request(foreign, 2, 5), till="S01-1"), 2, "belongs to S01-2/"),
    ):
        with pytest.raises(ChainBroken, match=why) as found:
            open_batch(broken)
        assert found.value.seq == seq


def met(
    hub: Chain, till: Chain, first: int, last: int
) -> tuple[Meeting | Gap | Fork, list[tuple[int, int]]]:
    """Where the till's facts `first` to `last` meet the hub, and which hashes it looked up."""
    asked: list[tuple[int, int]] = []

    def hashes(low: int, high: int) -> dict[int, str]:
        asked.append((low, high))
        return {seq: hub.hash_at(seq) or "" for seq in range(low, high + 1)}

    base = head_of(till, first - 1)
    return meet(hub.head, base, opened(till, first, last), hashes), asked


@given(st.integers(0, 8), st.integers(1, 9), st.integers(0, 8))
def test_a_batch_of_the_same_history_meets_the_head_wherever_it_begins(
    had: int, first: int, count: int
) -> None:
    till = a_chain(16)
    hub = till.copy()
    hub.cut(had)
    where, asked = met(hub, till, first, first + count - 1)
    if first - 1 > had:
        assert where == Gap()
        assert asked == []
        return
    assert isinstance(where, Meeting)
    assert where.overlap == min(count, had - (first - 1))
    assert [fact.data for fact in where.new] == till.facts[had : max(had, first - 1 + count)]
    assert len(asked) == (first - 1 < had)  # the database is asked only when there is overlap


@given(st.integers(0, 6), st.integers(1, 6), st.integers(1, 6), st.integers(1, 12), st.data())
def test_another_history_is_a_fork_at_the_first_fact_both_have_and_disagree_about(
    common: int, hub_own: int, till_own: int, count: int, data: st.DataObject
) -> None:
    hub = a_chain(common)
    till = hub.copy()
    for _ in range(hub_own):
        hub.record("hub")
    for _ in range(till_own):
        till.record("till")
    first = data.draw(st.integers(1, common + 1))
    last = min(first + count - 1, len(till.facts))
    where, _ = met(hub, till, first, last)
    if last > common:
        assert where == Fork(common + 1)
    else:
        assert isinstance(where, Meeting)
        assert not where.new


def test_a_base_of_another_history_is_a_fork_even_without_facts() -> None:
    hub, till = a_chain(5), a_chain(5, said="other")
    assert met(hub, till, 6, 5)[0] == Fork(5)
    assert met(hub, till, 4, 3)[0] == Fork(3)
    short = hub.copy()
    short.cut(4)
    assert met(short, till, 6, 5)[0] == Gap()


def test_what_the_hub_lost_in_its_middle_is_a_fork_not_an_overlap() -> None:
    chain = a_chain(5)
    where = meet(
        chain.head,
        START,
        opened(chain, 1, 5),
        lambda low, high: {0: START.hash, 1: chain.hashes[0]},
    )
    assert where == Fork(2)
