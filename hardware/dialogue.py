"""Talking with a device over one link: orders out, replies in, each told apart from what comes
unasked.

Owns who gets which reply. Refuses to own what the bytes mean (a `Parser` of the device's codec
does) and when to connect again (`hardware.device`).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Generator, Iterator
from typing import Any, Final, Generic, NoReturn, Protocol, TypeVar

from hardware.link import READ_LIMIT_BYTES, Link

FLOOD_PAUSE_S: Final = 0.01
"""After a full read: 400 kB a second are more than any device of a counter has to say."""

Reply = TypeVar("Reply")


class Parser(Protocol[Reply]):
    """The sans-IO half of a codec: bytes in, in any pieces, replies out. No bytes make it fail."""

    gap_s: float
    """A pause as long ends what has begun."""

    @property
    def begun(self) -> bool:
        """Something came that is not whole yet."""

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that are whole now, in order."""

    def gap(self) -> list[Reply]:
        """What a pause of `gap_s` completes; what is not whole then is dropped."""

    def broken(self) -> list[Reply]:
        """What is left when the link breaks: half a reply is none."""


class _Expected(Generic[Reply]):
    """A reply to come: whoever stops waiting for it may wait again."""

    def __init__(self, reply: "asyncio.Future[Reply]") -> None:
        self._reply = reply

    def __await__(self) -> Generator[Any, None, Reply]:
        return asyncio.shield(self._reply).__await__()


class Dialogue(Generic[Reply]):
    """One link in use. `listen` must run for replies to come; orders take turns by their caller."""

    def __init__(self, link: Link, parser: Parser[Reply], unasked: Callable[[Reply], None]) -> None:
        self._link: Final = link
        self._parser: Final = parser
        self._unasked = unasked
        self._expected: list[tuple[Callable[[Reply], bool], asyncio.Future[Reply]]] = []
        self._broken: OSError | None = None

    async def listen(self) -> NoReturn:
        """Hand over what comes until the link breaks: that `OSError` comes out, here and at all
        who wait for a reply."""
        while True:
            try:
                data = await self._link.read(self._parser.gap_s if self._parser.begun else None)
            except TimeoutError:
                self._hand_over(self._parser.gap())
            except OSError as broken:
                self._hand_over(self._parser.broken())
                self._broken = broken
                for _, reply in self._expected:
                    if not reply.done():
                        reply.set_exception(broken)
                raise
            else:
                self._hand_over(self._parser.feed(data))
                # One that sends without a pause must not keep orders, timers and others waiting.
                await asyncio.sleep(FLOOD_PAUSE_S if len(data) >= READ_LIMIT_BYTES else 0)

    def _hand_over(self, replies: list[Reply]) -> None:
        for reply in replies:
            for wanted, waiting in self._expected:
                if not waiting.done() and wanted(reply):
                    waiting.set_result(reply)
                    break
            else:
                self._unasked(reply)

    async def tell(self, order: bytes) -> None:
        """Hand over the bytes; `OSError` when the link takes none."""
        if self._broken is not None:
            raise self._broken
        await self._link.write(order)

    @contextlib.contextmanager
    def expecting(self, wanted: Callable[[Reply], bool]) -> Iterator[Awaitable[Reply]]:
        """What is wanted next, to be awaited inside, more than once if it takes long; entered
        before the order goes out, so that no answer is too quick. Of several that expect it, who
        came first gets it."""
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        expected = (wanted, reply)
        self._expected.append(expected)
        try:
            if self._broken is not None:
                raise self._broken
            yield _Expected(reply)
        finally:
            self._expected.remove(expected)
            if reply.done() and not reply.cancelled():
                reply.exception()  # nobody may have awaited it
            reply.cancel()

    async def ask(self, order: bytes, wanted: Callable[[Reply], bool], timeout_s: float) -> Reply:
        """The reply to an order; `TimeoutError` when none came in time, `OSError` when the link
        broke."""
        with self.expecting(wanted) as reply:
            await self.tell(order)
            async with asyncio.timeout(timeout_s):
                return await reply
