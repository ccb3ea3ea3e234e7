"""Between the loop and threads of our own, for drivers that block: pyserial, libusb.

Owns how a piece of work and its result cross over, and how bytes do that a thread brings. Threads
are daemons: a driver that hangs must not keep the program from ending.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from hardware.link import READ_LIMIT_BYTES

HELD_BYTES: Final = 65_536
"""Brought by a thread and not yet asked for; beyond it the thread waits, and the wire fills up."""

Result = TypeVar("Result")


async def on_thread(
    work: Callable[[], Result],
    *,
    name: str,
    too_late: Callable[[Result], object] | None = None,
) -> Result:
    """What `asyncio.to_thread` does, on a daemon thread called `name`. A result nobody waits for
    any more goes to `too_late`, on the loop."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Result] = loop.create_future()

    def deliver(result: Result | None, failure: BaseException | None) -> None:
        if failure is not None:
            if not ended.done():
                ended.set_exception(failure)
        elif ended.done():
            if too_late is not None:
                too_late(result)  # type: ignore[arg-type]
        else:
            ended.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as raised:
            failure = raised
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(deliver, result, failure)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await ended


class Inflow:
    """Bytes that a thread brings and the loop reads: in order, bounded, and what came before the
    end is still handed over. Made on the loop that reads."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._room = threading.Condition()
        self._held = bytearray()
        self._shut = False
        self.ended: str | None = None
        """Why nothing comes any more."""

    @property
    def held_bytes(self) -> int:
        return len(self._held)

    # ---- from any thread

    def put(self, data: bytes) -> None:
        """Bring bytes; waits while too many are held."""
        with self._room:
            self._room.wait_for(lambda: self._shut or len(self._held) < HELD_BYTES)
            self._held += data
        self._ring()

    def end(self, why: str) -> None:
        """Nothing comes any more; the first reason stays."""
        self.ended = self.ended or why
        self._ring()

    def _ring(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody reads any more
            self._loop.call_soon_threadsafe(self._arrived.set)

    # ---- on the loop

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        """As `Link.read`; `ConnectionResetError` with the reason after the last byte."""
        async with asyncio.timeout(timeout_s):
            while True:
                ended = self.ended  # before the look: what came before the end is handed over
                if data := self._take(limit_bytes):
                    return data
                if ended is not None:
                    raise ConnectionResetError(ended)
                self._arrived.clear()
                await self._arrived.wait()

    def _take(self, limit_bytes: int) -> bytes:
        with self._room:
            data = bytes(self._held[:limit_bytes])
            del self._held[:limit_bytes]
            self._room.notify_all()
            return data

    def shut(self) -> None:
        """Nobody reads any more: no thread waits for room."""
        with self._room:
            self._shut = True
            self._room.notify_all()
