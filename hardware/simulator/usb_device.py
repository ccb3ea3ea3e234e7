"""A simulated USB device: what it says of itself, its bulk endpoints, its plug.

Owns the device and its cable. Refuses to own how pyusb sees it (`hardware.simulator.usb`) and what
it does (a `Machine` does).
"""

import asyncio
import contextlib
import errno
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hardware.link import READ_LIMIT_BYTES

PACKET_BYTES: Final = 64
"""wMaxPacketSize: full speed, as receipt printers are."""
OUT_BYTES: Final = 4096
"""What the device's endpoint holds that its firmware has not read; then it takes no more."""
IN_PACKETS: Final = 16
"""What it holds that the host has not read; what is said beyond them is lost."""


@dataclass(eq=False, slots=True)
class UsbInterface:
    """One interface, or one alternate setting of it; endpoints by address, None for none.

    `driver` is the kernel's that has it now, `home` the one that takes it when it may.
    """

    number: int = 0
    alternate: int = 0
    usb_class: int = 7
    protocol: int = 2
    out: int | None = 0x01
    inward: int | None = 0x82
    home: str | None = "usblp"
    driver: str | None = None

    def endpoints(self) -> list[int]:
        return [address for address in (self.out, self.inward) if address is not None]


class UsbDeviceLink:
    """The device's end of its bulk endpoints: what its firmware reads and says. It is made and
    read on the loop; the host's end is for the threads of pyusb."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._moved = threading.Condition()
        self._rang = asyncio.Event()
        self._out = bytearray()
        self._in: deque[bytes] = deque()
        self._gone = False

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        async with asyncio.timeout(timeout_s):
            while True:
                with self._moved:
                    if self._gone:
                        raise ConnectionResetError("the simulated device was unplugged")
                    if self._out:
                        data = bytes(self._out[:limit_bytes])
                        del self._out[:limit_bytes]
                        self._moved.notify_all()
                        return data
                    self._rang.clear()
                await self._rang.wait()

    async def write(self, data: bytes) -> None:
        with self._moved:
            if self._gone:
                raise ConnectionResetError("the simulated device was unplugged")
            for at in range(0, len(data), PACKET_BYTES):
                if len(self._in) < IN_PACKETS:
                    self._in.append(data[at : at + PACKET_BYTES])
            self._moved.notify_all()

    async def close(self) -> None:
        self.cut()

    def cut(self) -> None:
        with self._moved:
            self._gone = True
            self._moved.notify_all()
        self._rang.set()

    # ---- the host's end, from any thread

    def take(self, data: bytes, timeout_s: float, stop: Callable[[], bool]) -> int:
        """How many bytes the endpoint took in time or until `stop`, in whole packets."""
        until_s, taken = time.monotonic() + timeout_s, 0
        with self._moved:
            while taken < len(data) and not (self._gone or stop()):
                packet = data[taken : taken + PACKET_BYTES]
                if len(self._out) + len(packet) <= OUT_BYTES:
                    self._out += packet
                    taken += len(packet)
                    with contextlib.suppress(RuntimeError):  # the loop has ended
                        self._loop.call_soon_threadsafe(self._rang.set)
                elif not self._moved.wait(until_s - time.monotonic()):
                    break
            self._fail_if_gone()
        return taken

    def give(self, limit_bytes: int, timeout_s: float, stop: Callable[[], bool]) -> bytes:
        """What it said until a packet that is not full, as bulk transfers end; less when the time
        is over, or `stop` came true."""
        until_s, said = time.monotonic() + timeout_s, b""
        with self._moved:
            while len(said) < limit_bytes:
                left_s = until_s - time.monotonic()
                self._moved.wait_for(lambda: self._in or self._gone or stop(), left_s)
                self._fail_if_gone()
                if stop() or not self._in:
                    break
                packet = self._in.popleft()
                said += packet
                if len(packet) < PACKET_BYTES:
                    break
        return said

    def nudge(self) -> None:
        """Let who waits look again."""
        with self._moved:
            self._moved.notify_all()

    def _fail_if_gone(self) -> None:
        if self._gone:
            raise usb_error(errno.ENODEV)


class Bus(Protocol):
    """What a device is plugged into."""

    def add(self, port: "UsbPort") -> int:
        """The number of its socket."""

    def next_address(self) -> int:
        """For a device that was just plugged in."""


class UsbPort:
    """A socket of the bus with one device; made on the loop that serves it, and plugged in.

    Knobs: `forbidden` (the user may not open it), `configuration` (0: nobody has set one),
    `halt(endpoint)`, `empty_packets` (it answers with nothing rather than not at all).
    """

    def __init__(
        self,
        bus: "Bus",
        *,
        vendor: int = 0x04B8,
        product: int = 0x0E15,
        serial: str | None = "SIM0001",
        interfaces: Sequence[UsbInterface] | None = None,
    ) -> None:
        self.vendor, self.product, self.serial = vendor, product, serial
        self.interfaces: Final = list(interfaces or [UsbInterface()])
        self.forbidden = False
        self.configuration = 1
        self.empty_packets = False
        self.halted: dict[int, int] = {}
        """Endpoints, and how many times each must be cleared."""
        self.address = 0
        self.link: UsbDeviceLink | None = None
        self._bus = bus
        self.number: Final = bus.add(self)
        self.plug()

    @property
    def place(self) -> str:
        return f"1-{self.number}"

    @property
    def path(self) -> str:
        """What a device URL names."""
        return f"{self.vendor:04x}:{self.product:04x}/{self.serial or self.place}"

    def plug(self) -> UsbDeviceLink:
        """The device is found, under a new address, and the kernel's drivers take it."""
        if self.link is None:
            self.link = UsbDeviceLink()
            self.address = self._bus.next_address()
            self.halted.clear()
            for interface in self.interfaces:
                interface.driver = interface.home
        return self.link

    def unplug(self) -> None:
        link, self.link = self.link, None
        if link is not None:
            link.cut()

    def halt(self, endpoint: int, times: int = 1) -> None:
        """The device refuses what comes over it, until the host has cleared that so many times."""
        self.halted[endpoint] = times
        if self.link is not None:
            self.link.nudge()


def usb_error(number: int) -> OSError:
    """As pyusb raises it for that errno."""
    from usb.core import USBError, USBTimeoutError  # noqa: PLC0415  only where USB is simulated

    kind = USBTimeoutError if number == errno.ETIMEDOUT else USBError
    error: OSError = kind(os.strerror(number), None, number)
    return error
