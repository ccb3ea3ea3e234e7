"""Whose turn it is: so many pushes are worked on at once, so many wait, and whoever does not fit is
asked to come back when there is room (decision 0021).

    async with admission.turn(till, rank_of(request)):
        …                                               # the push, in a slot of its own

The queue lives in this process; each process of a hub has its own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from math import ceil
from time import monotonic
from typing import Any

from journal import wire
from retail.language import Text
from sync_server.problems import WireProblem, problem
from sync_server.settings import HubSettings

#: with more facts than this a till has been away: between two pushes a busy one sells a few times,
#: two facts a sale, and this many leave it time for ten sales while it waits for its turn
LIVE_FACTS_MAX = 20
#: of so many turns one goes to who has waited longest, whatever its rank
FAIR_TURN = 4
#: what a push is thought to take until some have been measured, in seconds
_TAKES_S = 0.05
#: how much of what is thought of a push is the latest one
_SMOOTHING = 0.1

#: returns never; raises once nobody listens any more
Gone = Callable[[], Awaitable[None]]


async def stays() -> None:
    """Who listens to the end."""
    await asyncio.get_running_loop().create_future()


class Rank(IntEnum):
    """Who is served first."""

    HELLO = 0
    LIVE = 1
    BACKLOG = 2


def rank_of(request: wire.PushRequest) -> Rank:
    """A till that only says where it stands, one that sells, or one that was away: told apart by
    all that waits there, for one that sells may record a fact while it packs its push."""
    if not request.facts:
        return Rank.HELLO
    waiting = max(len(request.facts), request.declared.seq - request.base.seq)
    return Rank.LIVE if waiting <= LIVE_FACTS_MAX else Rank.BACKLOG


def put_off(retry_after_s: int) -> WireProblem:
    """The hub is well and has more to do than it can: come back later."""
    return problem(
        429,
        "busy",
        Text("The hub has many tills to serve just now.", "总部服务正在处理多台收银机。"),
        Text("The till tries again by itself.", "本机会自动重试。"),
        retry_after_s=retry_after_s,
    )


@dataclass(eq=False, slots=True)
class _Place:
    """A place in the queue; `called` says whether it came to a slot, or must go."""

    who: str
    rank: Rank
    called: asyncio.Future[bool] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def has_slot(self) -> bool:
        return self.called.done() and not self.called.cancelled() and self.called.result()

    def answer(self, *, slot: bool) -> None:
        if not self.called.done():
            self.called.set_result(slot)


def _rank(place: _Place) -> Rank:
    return place.rank


class Admission:
    """Slots, and the queue before them."""

    def __init__(
        self, settings: HubSettings, slots: int, clock: Callable[[], float] = monotonic
    ) -> None:
        self._settings = settings
        self._free = self._slots = slots
        self._clock = clock
        #: who waits, in the order in which they came
        self._queue: dict[str, _Place] = {}
        self._turns = 0
        self._takes_s = dict.fromkeys(Rank, _TAKES_S)
        #: until when all are served who were asked to come back
        self._booked_s = dict.fromkeys(Rank, 0.0)

    @property
    def waiting(self) -> int:
        """How many wait for a slot."""
        return len(self._queue)

    @property
    def at_work(self) -> int:
        """How many are in a slot."""
        return self._slots - self._free

    @asynccontextmanager
    async def turn(self, who: str, rank: Rank, gone: Gone = stays) -> AsyncIterator[None]:
        """Wait for a slot and hold it. A second one of the same till takes the place of the first,
        to which nobody listens any more. Raises WireProblem, or what `gone` raises."""
        place = self._enter(who, rank)
        try:
            await self._wait(place, gone)
            began_s = self._clock()
            yield
            taken_s = self._clock() - began_s
            self._takes_s[rank] += _SMOOTHING * (taken_s - self._takes_s[rank])
        finally:
            self._leave(place)

    def pause_ms(self, rank: Rank) -> int:
        """How long a till that was served is to wait with its next push: while half of the queue
        is free not at all, else until the others had their turn."""
        if 2 * self.waiting < self._settings.push_queue_max:
            return 0
        return int(1000 * self._book_s(rank))

    def _enter(self, who: str, rank: Rank) -> _Place:
        if former := self._queue.pop(who, None):
            former.answer(slot=False)
        place = _Place(who, rank)
        if self._free:
            self._free -= 1
            place.answer(slot=True)
            return place
        if self.waiting >= self._settings.push_queue_max:
            self._make_room(rank)
        self._queue[who] = place
        return place

    def _make_room(self, rank: Rank) -> None:
        """Put off the newest of the last rank instead, if that is a later one; never who has
        waited longest. Raises WireProblem."""
        after_the_first = [*self._queue.values()][1:]
        last = max(reversed(after_the_first), key=_rank, default=None)
        if last is None or last.rank <= rank:
            raise self._put_off(rank)
        del self._queue[last.who]
        last.answer(slot=False)

    async def _wait(self, place: _Place, gone: Gone) -> None:
        if not place.called.done():
            await self._called_or_gone(place, gone)
        if not place.has_slot:
            raise self._put_off(place.rank)

    async def _called_or_gone(self, place: _Place, gone: Gone) -> None:
        """Longer than the till listens nobody waits: it would be served for nothing."""
        listening = asyncio.ensure_future(gone())
        both: list[asyncio.Future[Any]] = [place.called, listening]
        try:
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait(both, timeout=self._settings.push_wait_s, return_when=first)
            if listening.done():
                listening.result()
        finally:
            listening.cancel()

    def _leave(self, place: _Place) -> None:
        if self._queue.get(place.who) is place:
            del self._queue[place.who]
        if place.has_slot:
            self._free += 1
            self._call_next()

    def _call_next(self) -> None:
        if not self._queue:
            return
        self._turns += 1
        first = next(iter(self._queue.values()))
        if self._turns % FAIR_TURN:
            first = min(self._queue.values(), key=_rank)
        del self._queue[first.who]
        self._free -= 1
        first.answer(slot=True)

    def _put_off(self, rank: Rank) -> WireProblem:
        return put_off(ceil(self._book_s(rank)))

    def _book_s(self, rank: Rank) -> float:
        """In how many seconds there will be room: after what waits here, and after those of this
        rank who were told the same before, or a crowd would come back at once."""
        now_s = self._clock()
        queued_s = sum(self._takes_s[place.rank] for place in self._queue.values()) / self._slots
        room_s = max(now_s + queued_s, self._booked_s[rank]) + self._takes_s[rank] / self._slots
        self._booked_s[rank] = min(room_s, now_s + self._settings.push_retry_s_max)
        return self._booked_s[rank] - now_s
