"""A serial port as a link: pyserial on threads of its own, so that no port ever blocks the program.

Owns ports of UARTs and of USB devices that look like one (CDC-ACM), and ptys. A port is claimed
alone: two programs that share a scanner get half of each code. Unplugging comes out as
`ConnectionError` at both reads and writes.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Final, TypeVar

import serial

from hardware.link import READ_LIMIT_BYTES

BAUD_RATES: Final = (1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800)
HELD_BYTES: Final = 65_536
"""Read from the port and not yet asked for; beyond it the port itself fills up."""
CLOSE_S: Final = 2.0
"""How long a close waits for the driver; after it the port is left to its threads."""

Result = TypeVar("Result")


class SerialLink:
    """One open port. One reader and one writer at a time."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._room = threading.Condition()
        self._held = bytearray()
        self._gone: str | None = None
        self._closed = False
        self._listener = threading.Thread(target=self._listen, name=f"serial {port.name}")
        self._listener.daemon = True
        self._listener.start()

    @classmethod
    async def connect(
        cls,
        path: str,
        *,
        baud: int = 9600,
        rtscts: bool = False,
        connect_s: float = 3.0,
        write_s: float = 5.0,
    ) -> "SerialLink":
        """Claim the port at `path`. `OSError` when it cannot be had: `FileNotFoundError` when it
        is not there, `PermissionError` without the right to it, `BlockingIOError` when another
        program has it; `ConnectionError` when it does not open within `connect_s`."""

        def claimed() -> serial.Serial:
            try:
                return serial.Serial(
                    path, baud, rtscts=rtscts, exclusive=True, write_timeout=write_s
                )
            except serial.SerialException as refused:
                raise OSError(refused.errno or 0, str(refused)) from None
            except ValueError as refused:
                raise ConnectionError(f"{path}: {refused}") from None

        try:
            async with asyncio.timeout(connect_s):
                port = await _on_thread(claimed, too_late=serial.Serial.close)
        except TimeoutError:
            raise ConnectionError(f"{path} did not open within {connect_s} s") from None
        return cls(port)

    async def write(self, data: bytes) -> None:
        if self._gone is not None:
            raise ConnectionResetError(self._gone)
        try:
            await _on_thread(lambda: self._written(data))
        except asyncio.CancelledError:
            self._port.cancel_write()
            raise

    def _written(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except serial.SerialTimeoutException:
            raise TimeoutError("the far end takes nothing") from None
        except (OSError, TypeError) as broken:  # TypeError: closed meanwhile by another thread
            raise ConnectionResetError(str(broken)) from None

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        async with asyncio.timeout(timeout_s):
            while True:
                gone = self._gone  # before the look: what came before the end is still handed over
                if data := self._take(limit_bytes):
                    return data
                if gone is not None:
                    raise ConnectionResetError(gone)
                self._arrived.clear()
                await self._arrived.wait()

    def _take(self, limit_bytes: int) -> bytes:
        with self._room:
            data = bytes(self._held[:limit_bytes])
            del self._held[:limit_bytes]
            self._room.notify_all()
            return data

    def _listen(self) -> None:
        gone = "the port was closed"
        try:
            while data := self._port.read(max(1, self._port.in_waiting)):
                with self._room:
                    self._room.wait_for(lambda: self._closed or len(self._held) < HELD_BYTES)
                    self._held += data
                self._ring()
        except (OSError, TypeError) as broken:
            gone = str(broken)
        self._gone = gone
        self._ring()

    def _ring(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody reads any more
            self._loop.call_soon_threadsafe(self._arrived.set)

    async def close(self) -> None:
        with self._room:
            self._closed = True
            self._room.notify_all()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await _on_thread(self._let_go)

    def _let_go(self) -> None:
        """Close only after the listener has left the port: its number may be another file's."""
        with contextlib.suppress(OSError, TypeError):
            self._port.cancel_write()
            while self._listener.is_alive():
                self._port.cancel_read()
                self._listener.join(0.05)  # a wake-up just before it waits again would be lost
        with contextlib.suppress(OSError, TypeError):
            self._port.close()


async def _on_thread(
    work: Callable[[], Result], *, too_late: Callable[[Result], object] | None = None
) -> Result:
    """What `asyncio.to_thread` does, on a daemon thread: a driver that hangs must not keep the
    program from ending. A result nobody waits for any more goes to `too_late`."""
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

    threading.Thread(target=run, name="serial work", daemon=True).start()
    return await ended
