"""Whose turn it is: ranks, fairness, a bounded queue, and who is put off until when."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.stream import Head
from journal.wire import Declared, PushRequest
from sync_server.problems import WireProblem
from sync_server.settings import HubSettings
from sync_server.sync.admission import (
    FAIR_TURN,
    LIVE_FACTS_MAX,
    Admission,
    Gone,
    Rank,
    rank_of,
    stays,
)
from tests.hub.conftest import WAIT_S


class Clock:
    """Stands still until it is moved, in seconds."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


class Crowd:
    """Tills before one hub: who was served, in order, and who was put off, with the Retry-After."""

    def __init__(self, slots: int = 1, **settings: Any) -> None:
        self.clock = Clock()
        changes: dict[str, Any] = {"push_wait_s": WAIT_S, **settings}
        self.admission = Admission(HubSettings(**changes), slots, self.clock)
        self.served: list[str] = []
        self.put_off: dict[str, int] = {}

    def comes(self, who: str, rank: Rank, gone: Gone = stays, takes_s: float = 0.0) -> Any:
        """A till that is served as soon as it has a slot."""
        return asyncio.ensure_future(self._come(who, rank, gone, takes_s))

    async def _come(self, who: str, rank: Rank, gone: Gone, takes_s: float) -> None:
        try:
            async with self.admission.turn(who, rank, gone):
                self.served.append(who)
                self.clock.now_s += takes_s
        except WireProblem as no:
            if (no.status, no.problem.code) != (429, "busy"):
                raise
            self.put_off[who] = no.retry_after_s

    @asynccontextmanager
    async def all_slots_taken(self) -> AsyncIterator[None]:
        """Somebody is at work in the only slot."""
        async with self.admission.turn("at work", Rank.LIVE):
            yield
            await settled()

    async def lets_in(self, *tills: Awaitable[None]) -> None:
        await asyncio.gather(*tills)


async def settled() -> None:
    """Let everybody go as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_hellos_are_served_before_sales_and_sales_before_a_backlog() -> None:
    async def whole() -> list[str]:
        crowd = Crowd()
        async with crowd.all_slots_taken():
            came = [
                crowd.comes(who, rank)
                for who, rank in [
                    ("backlog", Rank.BACKLOG),
                    ("sale", Rank.LIVE),
                    ("hello", Rank.HELLO),
                    ("later sale", Rank.LIVE),
                ]
            ]
        await crowd.lets_in(*came)
        return crowd.served

    assert asyncio.run(whole()) == ["hello", "sale", "later sale", "backlog"]


def test_a_backlog_goes_on_however_many_sales_come() -> None:
    """Each sale that is served is followed by the next at once."""

    async def whole() -> int:
        crowd = Crowd()
        turns = 0

        async def sell(number: int) -> None:
            nonlocal turns
            while "backlog" not in crowd.served and turns < 100:
                turns += 1
                await crowd.comes(f"till {number}", Rank.LIVE)

        async with crowd.all_slots_taken():
            selling = [asyncio.ensure_future(sell(number)) for number in range(5)]
            await settled()
            backlog = crowd.comes("backlog", Rank.BACKLOG)
        await crowd.lets_in(backlog, *selling)
        return crowd.served.index("backlog")

    # every fair turn goes to who waits longest, and five sales wait longer
    assert asyncio.run(whole()) < 6 * FAIR_TURN


def test_a_till_has_one_place_and_its_newest_push_has_it() -> None:
    async def whole() -> Crowd:
        crowd = Crowd()
        async with crowd.all_slots_taken():
            former = crowd.comes("S01-1", Rank.BACKLOG)
            await settled()
            newest = crowd.comes("S01-1", Rank.BACKLOG)
            await settled()
            assert crowd.admission.waiting == 1
            assert former.done()
        await crowd.lets_in(newest)
        return crowd

    crowd = asyncio.run(whole())
    assert crowd.served == ["S01-1"]
    assert list(crowd.put_off) == ["S01-1"]


@pytest.mark.parametrize(
    ("waiting", "comes", "put_off"),
    [
        ([Rank.BACKLOG] * 3, Rank.LIVE, "2"),
        ([Rank.LIVE, Rank.BACKLOG, Rank.LIVE], Rank.HELLO, "1"),
        ([Rank.BACKLOG, Rank.LIVE, Rank.LIVE], Rank.LIVE, "comes"),
        ([Rank.BACKLOG] * 3, Rank.BACKLOG, "comes"),
        ([Rank.LIVE] * 3, Rank.BACKLOG, "comes"),
        ([Rank.HELLO] * 3, Rank.HELLO, "comes"),
    ],
)
def test_of_a_full_queue_the_newest_of_the_last_rank_goes_but_never_who_waits_longest(
    waiting: Sequence[Rank], comes: Rank, put_off: str
) -> None:
    async def whole() -> Crowd:
        crowd = Crowd(push_queue_max=3)
        async with crowd.all_slots_taken():
            came = [crowd.comes(str(number), rank) for number, rank in enumerate(waiting)]
            await settled()
            came.append(crowd.comes("comes", comes))
            await settled()
            assert crowd.admission.waiting == 3
        await crowd.lets_in(*came)
        return crowd

    crowd = asyncio.run(whole())
    assert list(crowd.put_off) == [put_off]
    assert len(crowd.served) == 3


def test_who_hangs_up_or_is_cancelled_frees_the_place() -> None:
    class HungUp(Exception):
        pass

    async def whole() -> None:
        crowd = Crowd()
        line = asyncio.Event()

        async def hangs_up() -> None:
            await line.wait()
            raise HungUp

        async with crowd.all_slots_taken():
            gone = crowd.comes("gone", Rank.LIVE, hangs_up)
            cancelled = crowd.comes("cancelled", Rank.LIVE)
            await settled()
            assert crowd.admission.waiting == 2
            line.set()
            cancelled.cancel()
            await settled()
            assert crowd.admission.waiting == 0
            with pytest.raises(HungUp):
                await gone
        assert crowd.served == []
        assert crowd.admission.at_work == 0

    asyncio.run(whole())


def test_who_is_cancelled_in_the_moment_of_being_called_gives_the_slot_back() -> None:
    async def whole() -> list[str]:
        crowd = Crowd()
        async with crowd.admission.turn("at work", Rank.LIVE):
            called = crowd.comes("called", Rank.LIVE)
            await settled()
        called.cancel()
        await crowd.lets_in(crowd.comes("next", Rank.LIVE))
        return crowd.served

    assert asyncio.run(whole()) == ["next"]


def test_nobody_waits_longer_than_a_till_listens() -> None:
    async def whole() -> Crowd:
        crowd = Crowd(push_wait_s=0.01)
        async with crowd.admission.turn("at work", Rank.LIVE):
            await crowd.comes("late", Rank.LIVE)
            assert crowd.admission.waiting == 0
        return crowd

    crowd = asyncio.run(whole())
    assert crowd.served == []
    assert list(crowd.put_off) == ["late"]


async def a_measured_crowd(takes_s: float, **settings: Any) -> Crowd:
    """Whose backlogs take so long, as far as the hub has seen."""
    crowd = Crowd(**settings)
    for number in range(200):
        await crowd.comes(str(number), Rank.BACKLOG, takes_s=takes_s)
    crowd.served.clear()
    return crowd


def test_who_is_put_off_is_told_when_there_will_be_room_each_a_time_of_their_own() -> None:
    async def whole() -> list[int]:
        crowd = await a_measured_crowd(4.0, push_queue_max=2)
        async with crowd.all_slots_taken():
            came = [crowd.comes(f"till {number}", Rank.BACKLOG) for number in range(5)]
            await settled()
            told = [*crowd.put_off.values()]
            crowd.clock.now_s += 8.0  # which is two turns
            came.append(crowd.comes("later", Rank.BACKLOG))
            await settled()
            told.append(crowd.put_off["later"])
        await crowd.lets_in(*came)
        return told

    assert asyncio.run(whole()) == [12, 16, 20, 16]


def test_more_slots_are_room_sooner_and_nobody_is_sent_away_for_too_long() -> None:
    async def told(tills: int, **settings: Any) -> int:
        crowd = await a_measured_crowd(4.0, push_queue_max=0, **settings)
        turn = crowd.admission.turn
        async with turn("at work", Rank.LIVE), turn("at work too", Rank.LIVE):
            for number in range(tills):
                await crowd.comes(f"till {number}", Rank.BACKLOG)
        return max(crowd.put_off.values())

    assert asyncio.run(told(10, slots=2)) == 20
    assert asyncio.run(told(500, slots=2, push_retry_s_max=90)) == 90


def test_a_till_that_sells_is_not_made_to_wait_for_the_backlogs_that_were_put_off() -> None:
    async def whole() -> dict[str, int]:
        crowd = await a_measured_crowd(4.0, push_queue_max=0)
        async with crowd.all_slots_taken():
            for number in range(20):
                await crowd.comes(f"till {number}", Rank.BACKLOG)
            await crowd.comes("sells", Rank.LIVE)
        return crowd.put_off

    put_off = asyncio.run(whole())
    assert put_off["till 19"] == 80
    assert put_off["sells"] == 1


def test_a_till_that_was_served_lets_others_go_first_only_where_half_of_the_queue_waits() -> None:
    async def whole() -> list[int]:
        crowd = await a_measured_crowd(4.0, push_queue_max=4)
        pauses = []
        async with crowd.all_slots_taken():
            came = []
            for number in range(3):
                pauses.append(crowd.admission.pause_ms(Rank.BACKLOG))
                came.append(crowd.comes(f"till {number}", Rank.BACKLOG))
                await settled()
        await crowd.lets_in(*came)
        return pauses

    first, second, third = asyncio.run(whole())
    assert (first, second) == (0, 0)
    assert third == pytest.approx(12_000, rel=0.001)


@given(
    slots=st.integers(1, 3),
    queue_max=st.integers(0, 4),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["comes", "ends", "is cancelled"]),
            st.integers(0, 7),
            st.sampled_from(list(Rank)),
        ),
        max_size=60,
    ),
)
def test_slots_and_queue_are_never_exceeded_and_none_is_lost(
    slots: int, queue_max: int, steps: list[tuple[str, int, Rank]]
) -> None:
    async def whole() -> None:
        crowd = Crowd(slots, push_queue_max=queue_max)
        admission = crowd.admission
        told_s: list[int] = []
        pushes: dict[int, tuple[asyncio.Future[None], asyncio.Event]] = {}

        async def push(who: int, rank: Rank, end: asyncio.Event) -> None:
            try:
                async with admission.turn(str(who), rank):
                    await end.wait()
            except WireProblem as no:
                told_s.append(no.retry_after_s)

        for what, who, rank in steps:
            future, end = pushes.get(who, (None, None))
            match what:
                case "comes" if future is None or future.done():
                    end = asyncio.Event()
                    pushes[who] = asyncio.ensure_future(push(who, rank, end)), end
                case "ends" if end is not None:
                    end.set()
                case "is cancelled" if future is not None:
                    future.cancel()
            await settled()
            assert admission.at_work <= slots
            assert admission.waiting <= queue_max
            assert admission.at_work == slots or not admission.waiting
        for _, end in pushes.values():
            end.set()
        await asyncio.gather(*(push for push, _ in pushes.values()), return_exceptions=True)
        assert (admission.at_work, admission.waiting) == (0, 0)
        assert all(1 <= wait_s <= 300 for wait_s in told_s)

    asyncio.run(whole())


def a_push(facts: int, waiting: int) -> PushRequest:
    """Of so many facts, from a till where so many wait."""
    raw = [msgspec.Raw(b"{}")] * facts
    return PushRequest("S01-1", "A", Head(5, "x"), raw, Declared(5 + waiting, "x"), "")


@pytest.mark.parametrize(
    ("facts", "waiting", "rank"),
    [
        (0, 0, Rank.HELLO),
        (0, 5_000, Rank.HELLO),
        (1, 1, Rank.LIVE),
        (1, 2, Rank.LIVE),  # one was recorded while the push was packed
        (LIVE_FACTS_MAX, LIVE_FACTS_MAX, Rank.LIVE),
        (LIVE_FACTS_MAX, LIVE_FACTS_MAX + 1, Rank.BACKLOG),
        (LIVE_FACTS_MAX + 1, 0, Rank.BACKLOG),
        (10, 500, Rank.BACKLOG),
    ],
)
def test_what_waits_at_a_till_tells_a_sale_from_a_backlog(
    facts: int, waiting: int, rank: Rank
) -> None:
    assert rank_of(a_push(facts, waiting)) is rank
