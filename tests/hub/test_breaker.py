"""Where too much of what comes in fails, the hub stops applying: a bad deployment must not put a
whole chain's day in quarantine, and one till must not stop the chain's books."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.wire import VerdictCode
from sync_server.quarantine import records
from sync_server.quarantine.breaker import Failing, Window
from sync_server.quarantine.replays import Tally
from sync_server.quarantine.service import NotDeferring, StillDeferring
from sync_server.settings import HubSettings
from tests.hand_till import HandTill, a_sale, reply_of, verdicts_of
from tests.hub.books import books, recounted, stored
from tests.hub.broken import POISON, a_bug, replays
from tests.hub.conftest import TillMaker
from tests.hub.test_quarantine import eid_at, record_printed, verdict_at
from tests.served_hub import ServedHub, hub_settings

#: as it is where nobody sets it
SHARE = HubSettings.model_fields["breaker_share"].default


@pytest.fixture
def hub(database_url: str) -> Iterator[ServedHub]:
    """A hub that stops where too much fails."""
    with ServedHub(database_url, breaker_share=SHARE) as served:
        served.add_store()
        yield served


# The window


class Run(NamedTuple):
    till: str
    facts: int
    failed: int


RUNS = st.lists(
    st.builds(
        lambda till, facts, failed: Run(till, facts, min(facts, failed)),
        st.sampled_from("abc"),
        st.integers(0, 60),
        st.integers(0, 60),
    )
)


def noted(runs: Iterable[Run], facts_max: int = 100, facts_min: int = 20) -> Failing | None:
    """What the last of these runs makes known."""
    settings = hub_settings(
        "sqlite:///none",
        breaker_window_facts=facts_max,
        breaker_facts_min=facts_min,
        breaker_share=SHARE,
    )
    window, told = Window(settings), None
    for run in runs:
        told = window.note(*run)
    return told


def failed_of(runs: Sequence[Run]) -> Callable[[str], int]:
    return lambda till: sum(run.failed for run in runs if run.till == till)


@given(RUNS)
def test_what_fails_is_a_count_of_the_last_facts_to_the_run(runs: list[Run]) -> None:
    seen: list[Run] = []
    for run in reversed(runs):
        if sum(each.facts for each in seen) >= 100:
            break
        seen += [run] if run.facts else []
    facts, failed = sum(run.facts for run in seen), sum(run.failed for run in seen)
    bad = {run.till for run in seen if run.failed}
    spoke = {run.till for run in seen}
    enough = facts >= 20 and failed > facts * SHARE
    in_turn = [run.till for run in reversed(seen)]
    worst = max(in_turn, key=failed_of(seen), default="")
    of_others = [run for run in seen if run.till != worst]
    others_failed = sum(run.failed for run in of_others)
    many = spoke == {worst} or others_failed > SHARE * sum(run.facts for run in of_others)
    is_failing = bool(runs) and runs[-1].failed > 0 and enough and many
    assert noted(runs) == (
        Failing(facts, failed, frozenset(bad), frozenset(spoke)) if is_failing else None
    )


def test_the_share_itself_is_not_too_much_yet() -> None:
    assert noted([Run("a", 40, 2), Run("b", 40, 2)]) is None
    assert noted([Run("a", 39, 2), Run("b", 39, 2)]) is not None


def test_what_one_till_does_stops_nothing_whatever_else_fails_now_and_then() -> None:
    assert noted([Run("a", 80, 80), Run("b", 19, 1), Run("a", 1, 1)], facts_max=1_000) is not None
    assert noted([Run("b", 20, 1), Run("a", 80, 80)], facts_max=1_000) is None
    assert noted([Run("b", 20, 1), Run("c", 80, 5), Run("a", 80, 80)], facts_max=1_000) is not None


def test_of_few_facts_nothing_is_said() -> None:
    assert noted([Run("a", 9, 9), Run("b", 10, 10)]) is None
    assert noted([Run("a", 10, 10), Run("b", 10, 10)]) is not None


# The hub


SALES = 30


def record_a_day(till: HandTill, sales: int = SALES) -> None:
    """Sales, every fifth of what nobody can book, with its receipt."""
    if not till.facts:
        till.begin()
    for number in range(sales):
        till.record(a_sale(POISON if number % 5 == 0 else "cola"))
        if number % 5 == 0:
            record_printed(till, len(till.facts))


def is_deferring(hub: ServedHub) -> bool:
    return bool(hub.read(records.state).deferring_since)


def resumed(hub: ServedHub) -> Tally:
    return hub.do(hub.hub.office.quarantine.resume("wang"))


def stopped_by(hub: ServedHub, tills: list[HandTill]) -> None:
    """A bad deployment: every till's sales fail until the hub stops."""
    with a_bug():
        for till in tills:
            record_a_day(till)
            reply_of(till.push())
    assert is_deferring(hub)


def test_when_too_much_fails_at_two_tills_the_hub_applies_nothing_more(
    hub: ServedHub, a_till: TillMaker, caplog: pytest.LogCaptureFixture
) -> None:
    tills = [a_till(), a_till()]
    with caplog.at_level(logging.ERROR):
        stopped_by(hub, tills)
    assert "sync-server quarantine resume" in caplog.text
    before = hub.read(books)
    tills[0].record_sales(2)
    verdicts = verdicts_of(tills[0].push(len(tills[0].facts) - 2))
    assert set(verdicts.values()) == {VerdictCode.DEFERRED}
    assert hub.read(books) == before == hub.read(recounted)


def test_one_till_among_others_never_stops_the_books(hub: ServedHub, a_till: TillMaker) -> None:
    others = [a_till(), a_till()]
    for other in others:
        other.record_sales(30)
        reply_of(other.push())
    broken = a_till()
    broken.begin()
    reply_of(broken.push())
    with a_bug():
        for _ in range(30):  # 1,500 facts: nobody else is left in the window
            base = len(broken.facts)
            for _ in range(50):
                broken.record(a_sale(POISON))
            reply_of(broken.push(base))
    assert not is_deferring(hub)


def test_the_only_till_of_a_chain_may_stop_the_hub(hub: ServedHub, till: HandTill) -> None:
    stopped_by(hub, [till, till])


def test_what_a_revoked_till_says_counts_for_nothing(hub: ServedHub, a_till: TillMaker) -> None:
    well, revoked = a_till(), a_till()
    revoked.begin()
    reply_of(revoked.push())
    hub.do(hub.hub.revoke(revoked.stream.till))
    revoked.record_sales(100)
    reply_of(revoked.push(1))
    well.begin()
    well.record(a_sale(POISON))
    with a_bug():
        reply_of(well.push())
    assert not is_deferring(hub)


def test_all_hubs_on_the_database_stop_together(hub: ServedHub, a_till: TillMaker) -> None:
    tills = [a_till(), a_till()]
    stopped_by(hub, tills)
    changes = {"price_book": hub.settings.price_book, "breaker_share": SHARE}
    with ServedHub(hub.settings.database, **changes) as other:
        tills[0].record_sales(1)
        request = tills[0].request(len(tills[0].facts) - 1)
        reply = other.do(other.hub.push(request))
        assert [each.code for each in reply.verdicts] == [VerdictCode.DEFERRED]
        with pytest.raises(StillDeferring):
            other.do(
                other.hub.office.quarantine.replay_fact(eid_at(tills[0], len(tills[0].facts)), "li")
            )
        assert resumed(other).kept == 0
    tills[0].record_sales(1)
    assert verdicts_of(tills[0].push(len(tills[0].facts) - 1)) == {}


def test_resumed_the_hub_applies_what_it_deferred_and_after_a_replay_all(
    hub: ServedHub, a_till: TillMaker
) -> None:
    tills = [a_till(), a_till()]
    stopped_by(hub, tills)
    for till in tills:
        base = len(till.facts)
        record_printed(till, 2)  # which is in quarantine
        record_a_day(till)
        reply_of(till.push(base))
    assert resumed(hub) == Tally(2 * 36, 2)
    assert {row.verdict for row in hub.read(stored)} == {"", "quarantined", "parked"}
    replays(hub)
    assert {row.verdict for row in hub.read(stored)} == {""}
    assert hub.read(books) == hub.read(recounted)
    assert hub.read(books).stock["S01", "cola", "sold"][1] == 2 * 2 * SALES * 4 // 5
    with pytest.raises(NotDeferring):
        resumed(hub)


def push_one_that_fails(hub: ServedHub, till: HandTill) -> None:
    till.record(a_sale(POISON))
    with a_bug():
        hub.do(hub.hub.push(till.request(len(till.facts) - 1)))


def test_what_failed_before_counts_no_more_once_it_is_resumed(
    hub: ServedHub, a_till: TillMaker
) -> None:
    tills = [a_till(), a_till()]
    stopped_by(hub, tills)
    resumed(hub)
    push_one_that_fails(hub, tills[0])
    assert not is_deferring(hub)


def test_nor_does_it_at_another_hub_that_saw_it_stopped(hub: ServedHub, a_till: TillMaker) -> None:
    tills, few = [a_till(), a_till()], 8
    changes = {"price_book": hub.settings.price_book, "breaker_share": SHARE}
    with ServedHub(hub.settings.database, **changes) as other:
        for till in tills:  # of fewer facts than anything is said of
            till.begin()
            other.do(other.hub.push(till.request()))
            for _ in range(few):
                push_one_that_fails(other, till)
            till.record_sales(16)
            other.do(other.hub.push(till.request(1 + few)))
        assert not is_deferring(other)
        stopped_by(hub, [a_till(), a_till()])
        tills[0].record_sales(1)
        other.do(other.hub.push(tills[0].request(len(tills[0].facts) - 1)))
        resumed(hub)
        push_one_that_fails(other, tills[0])
        assert not is_deferring(other)


def test_resumed_too_early_it_stops_again_and_keeps_the_rest_deferred(
    hub: ServedHub, a_till: TillMaker
) -> None:
    tills = [a_till() for _ in range(3)]
    stopped_by(hub, tills[:2])
    for till in tills:
        base = len(till.facts)
        record_a_day(till, 60)
        reply_of(till.push(base))
    with a_bug():
        assert resumed(hub).stopped
    assert is_deferring(hub)
    assert verdict_at(hub, tills[2], 2)[0] == VerdictCode.DEFERRED
    assert not resumed(hub).stopped
    replays(hub)
    assert {row.verdict for row in hub.read(stored)} == {""}
    assert hub.read(books) == hub.read(recounted)


def test_a_replay_may_try_the_fix_while_the_hub_defers(hub: ServedHub, a_till: TillMaker) -> None:
    tills = [a_till(), a_till()]
    stopped_by(hub, tills)
    tills[0].record_sales(1)
    reply_of(tills[0].push(len(tills[0].facts) - 1))
    replays(hub)
    assert is_deferring(hub)
    assert {row.verdict for row in hub.read(stored)} == {"", "deferred"}
    assert hub.do(hub.hub.office.quarantine.take_up()) == Tally()
