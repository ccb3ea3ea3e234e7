"""Who waits for news of the feed, and the one watcher that wakes them.

Publishing may happen in another process (the command line, a second hub), so the watcher looks
at the scopes' heads by itself every so often, once for all who wait; and at once when it is woken,
because somebody told of news. Who waits is found by what for: news of one store cost nothing of
the ten thousand tills of others.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from time import monotonic

from sync_server.chores import attempt

Heads = dict[str, int]


async def _within(wait_s: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await event.wait()


class News:
    """Heads of all scopes as last seen."""

    def __init__(self, read_heads: Callable[[], Awaitable[Heads]], look_every_s: float) -> None:
        self._read_heads = read_heads
        self._look_every_s = look_every_s
        self._heads: Heads = {}
        #: scope -> those who wait for it
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._end = asyncio.Event()
        self._woken = asyncio.Event()
        #: how many tills wait now
        self.waiting = 0

    @property
    def ended(self) -> bool:
        """Whether the hub is about to stop."""
        return self._end.is_set()

    async def look(self) -> None:
        """Read the heads now and wake whoever waits for one that moved."""
        heads = await self._read_heads()
        moved = [scope for scope, head in heads.items() if head != self._heads.get(scope)]
        self._heads = heads
        for scope in moved:
            self._let_go(scope)

    async def watch(self) -> None:
        """Look until the end; while the database is away nobody is woken. It ends by itself:
        cancelled in the middle of a statement it would leave a connection in disorder."""
        while not self.ended:
            await _within(self._look_every_s, self._woken)
            self._woken.clear()
            if not self.ended:
                await attempt(self.look)

    def wake(self) -> None:
        """Somebody has told of news: look at once. However often it is told meanwhile, one look
        more sees all of it."""
        self._woken.set()

    async def end_within(self, wait_s: float) -> bool:
        """Wait for the end, at most so long -> whether it has come."""
        await _within(wait_s, self._end)
        return self.ended

    async def past(self, positions: Mapping[str, int], wait_s: float) -> tuple[str, ...]:
        """The scopes that moved past these positions; waits for the first, empty when the wait
        is over."""
        late_s = monotonic() + wait_s
        self.waiting += 1
        try:
            while not (moved := self._past(positions)) and not self.ended:
                left_s = late_s - monotonic()
                if left_s <= 0:
                    break
                await self._news_of(positions, left_s)
            return moved
        finally:
            self.waiting -= 1

    async def _news_of(self, scopes: Iterable[str], wait_s: float) -> None:
        """Wait until one of the scopes moves."""
        moved = asyncio.Event()
        for scope in scopes:
            self._waiting[scope].add(moved)
        try:
            await _within(wait_s, moved)
        finally:
            for scope in scopes:
                self._waiting[scope].discard(moved)
                if not self._waiting[scope]:
                    del self._waiting[scope]

    def _let_go(self, scope: str) -> None:
        for moved in self._waiting.get(scope, ()):
            moved.set()

    async def end(self) -> None:
        """Let everybody go who waits, now and later: the hub is about to stop."""
        self._end.set()
        self._woken.set()
        for scope in self._waiting:
            self._let_go(scope)

    def _past(self, positions: Mapping[str, int]) -> tuple[str, ...]:
        return tuple(
            scope for scope, position in positions.items() if self._heads.get(scope, 0) > position
        )
