"""The line was dead for all: they come back at once, with all they sold, and others sell on."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from itertools import islice

import pytest

from journal.push import BATCH_START, BATCH_STEP
from journal.wire import PUSH_FACTS_MAX
from sync_server.sync.admission import FAIR_TURN, Rank
from tests.builders import SteppedClock
from tests.hand_till import HandTill
from tests.hub.books import books, recounted, stored
from tests.hub.crowd import CrowdTill, Door, a_crowd
from tests.served_hub import ServedHub

TILLS = 100
SALES = 120
SELLING = 20
QUEUE_MAX = 25
#: a request that was put off is small beside a push; half of all may be in vain and a few more
REQUESTS_MAX = 2.5
REST_S = 0.05

pytestmark = pytest.mark.slow

Middle = Callable[[], Awaitable[None]]


class Shop:
    """The hub, the tills that were away and those that sell."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self.door = Door()
        self._undo = ExitStack()
        self.hub = self._open(0)
        self._watch = ExitStack()
        self._watch.enter_context(self.door.watched(self.hub))
        self.hub.add_store()
        self.url = self.hub.url
        tills = [self._enrolled(number) for number in range(1, TILLS + SELLING + 1)]
        self.away, self.selling = tills[:TILLS], tills[TILLS:]
        for till in self.away:
            till.record_sales(SALES)
        for till in self.selling:
            till.record_sales(0)
        self.door.seen.clear()

    def _open(self, port: int) -> ServedHub:
        return ServedHub(self.database_url, SteppedClock(), port, push_queue_max=QUEUE_MAX)

    def _enrolled(self, number: int) -> HandTill:
        till = self._undo.enter_context(HandTill(self.hub.url, number))
        assert till.enrol(self.hub.enrol_code()).is_success
        return till

    def restart_hub(self) -> None:
        port = self.hub.port
        self._watch.close()
        self.hub.close()
        self.hub = self._open(port)
        self._watch.enter_context(self.door.watched(self.hub))

    def close(self) -> None:
        self._watch.close()
        self._undo.close()
        self.hub.close()

    async def all_return(self, half_way: Middle) -> None:
        """Until nothing waits anywhere; `half_way` is done once half of the tills are."""
        async with (
            a_crowd(self.url, self.away) as away,
            a_crowd(self.url, self.selling) as selling,
        ):
            drained = asyncio.Event()
            lives = [asyncio.create_task(sells_on(till, drained)) for till in selling]
            returns = [asyncio.create_task(till.drain()) for till in away]
            for first_home in islice(asyncio.as_completed(returns), TILLS // 2):
                await first_home
            await half_way()
            await asyncio.gather(*returns)
            drained.set()
            await asyncio.gather(*lives)

    def pushes(self, what: str, since: int = 0) -> int:
        """How many pushes of those who were away came, or were served, since then."""
        away = {till.stream.till for till in self.away}
        return sum(seen.what == what and seen.who in away for seen in self.door.seen[since:])

    def is_whole(self) -> None:
        """Every fact is there once, and the books are what the facts come to."""
        expected = sorted(fact for till in (*self.away, *self.selling) for fact in till.facts)
        assert sorted(row.data for row in self.hub.read(stored)) == expected
        assert self.hub.read(books) == self.hub.read(recounted)


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    made = Shop(database_url)
    yield made
    made.close()


async def sells_on(till: CrowdTill, drained: asyncio.Event) -> None:
    """One sale after the other, each pushed before the next, until the others are done."""
    while not drained.is_set():
        till.sell()
        await till.drain()
        await asyncio.sleep(REST_S)


async def nothing() -> None:
    pass


def least_pushes(facts: int) -> int:
    """How many a till needs that is never put off."""
    pushes, batch = 0, BATCH_START
    while facts > 0:
        facts -= batch
        batch = min(batch + BATCH_STEP, PUSH_FACTS_MAX)
        pushes += 1
    return pushes


def test_all_come_back_at_once_and_those_who_sell_are_not_behind_them(shop: Shop) -> None:
    asyncio.run(shop.all_return(nothing))
    shop.is_whole()
    came, served = shop.pushes("came"), shop.pushes("served")
    assert came > served  # some were put off
    assert came <= REQUESTS_MAX * TILLS * least_pushes(len(shop.away[0].facts))
    assert min(len(till.facts) for till in shop.selling) > 2
    under_way = min(shop.hub.settings.push_slots, shop.hub.hub.database.writes_max)
    waited_for = max(shop.door.backlogs_before(Rank.LIVE))
    assert waited_for <= under_way + SELLING // (FAIR_TURN - 1) + 2


def test_a_hub_that_is_restarted_meanwhile_is_asked_no_more_than_before(shop: Shop) -> None:
    before = 0

    async def restart() -> None:
        nonlocal before
        before = len(shop.door.seen)
        await asyncio.to_thread(shop.restart_hub)

    asyncio.run(shop.all_return(restart))
    shop.is_whole()
    assert shop.pushes("served", before)
    assert shop.pushes("came", before) <= REQUESTS_MAX * shop.pushes("served", before)
