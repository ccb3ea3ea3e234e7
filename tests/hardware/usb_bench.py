"""A device on a simulated USB bus, for the tests that hold the real link to it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from hardware.link import Link
from hardware.link.usb import UsbLink
from hardware.simulator.machine import Machine
from hardware.simulator.usb import UsbBus
from rehearsal.processes import wait_until

PATIENCE_S = 60
NEVER_S = 1_000.0
SOON_S = 0.1
VENDOR, PRODUCT = 0x04B8, 0x0E15


class Notebook(Machine):
    """A device that keeps what it is sent, and says what it is told to."""

    driver = "notebook"

    def __init__(self) -> None:
        super().__init__()
        self.heard = bytearray()
        self.deaf = False

    def appetite_bytes(self) -> int:
        return 0 if self.deaf else super().appetite_bytes()

    def feed(self, data: bytes) -> int:
        self.heard += data
        self._changed()
        return len(data)

    def say(self, data: bytes) -> None:
        self._say(data)

    def hear_again(self) -> None:
        self.deaf = False
        self._changed()

    async def until_heard(self, data: bytes) -> None:
        rang = asyncio.Event()
        self.on_change.append(rang.set)
        try:
            async with asyncio.timeout(PATIENCE_S):
                while data not in self.heard:
                    await rang.wait()
                    rang.clear()
        finally:
            self.on_change.remove(rang.set)


async def connect(bus: UsbBus, which: str | None = None, *, write_s: float = PATIENCE_S) -> UsbLink:
    return await UsbLink.connect(
        VENDOR, PRODUCT, which, connect_s=PATIENCE_S, write_s=write_s, backend=bus
    )


@asynccontextmanager
async def linked(
    bus: UsbBus, which: str | None = None, *, write_s: float = PATIENCE_S
) -> AsyncIterator[UsbLink]:
    link = await connect(bus, which, write_s=write_s)
    try:
        yield link
    finally:
        await link.close()


async def heard(link: Link, size_bytes: int) -> bytes:
    data = b""
    while len(data) < size_bytes:
        data += await link.read(PATIENCE_S)
    return data


def usb_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("usb")]


async def until(is_so: Callable[[], bool]) -> None:
    """For what threads do after all was told to the loop."""
    await asyncio.to_thread(wait_until, is_so, PATIENCE_S, "the threads have got that far")
