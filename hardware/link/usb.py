"""A USB printer as a link: libusb on threads of its own, so that no printer blocks the program.

Owns the threads, the time limits and the close; finding and claiming are `usb_claim`'s. A printer
is claimed alone, and unplugging comes out as `ConnectionError` at both reads and writes.
"""

import asyncio
import contextlib
import threading
import time
from typing import Final

from hardware.link import READ_LIMIT_BYTES
from hardware.link.threads import Inflow, on_thread
from hardware.link.usb_claim import UsbClaim, claimed

PIECE_BYTES: Final = 4096
"""Handed to libusb at once; between pieces a write sees that it was cut short."""
LISTEN_S: Final = 1.0
"""How long each wait for the device lasts. One that waits costs nothing; it is cut short by a
close where the system can do that."""
EMPTY_PAUSE_S: Final = 0.05
"""Some devices that have nothing to say answer with empty packets as fast as they are asked."""
CLOSE_S: Final = 2.0
"""How long a close waits for libusb; after it the device is left to its threads."""
OVERTIME_S: Final = 1.0
"""libusb keeps the time limit of a write; one that is as late is not waited for any more."""
_WORK: Final = "usb work"


class UsbLink:
    """One claimed printer interface. One reader and one writer at a time."""

    def __init__(self, claim: UsbClaim, *, write_s: float) -> None:
        self._claim = claim
        self._write_s = write_s
        self._inflow = Inflow()
        self._closing = threading.Event()
        self._sending = threading.Lock()
        self._letting_go = threading.Lock()
        self._listener = threading.Thread(
            target=self._listen, name=f"usb {claim.name}", daemon=True
        )
        if claim.inward:
            self._listener.start()

    @classmethod
    async def connect(
        cls,
        vendor: int,
        product: int,
        which: str | None = None,
        *,
        connect_s: float = 3.0,
        write_s: float = 5.0,
        backend: object = None,
    ) -> "UsbLink":
        """Claim the printer; arguments and errors are those of `usb_claim.claimed`, and
        `ConnectionError` when it was not claimed within `connect_s`."""
        try:
            async with asyncio.timeout(connect_s):
                claim = await on_thread(
                    lambda: claimed(vendor, product, which, backend),
                    name=_WORK,
                    too_late=lambda late: threading.Thread(target=late.let_go, daemon=True).start(),
                )
        except TimeoutError:
            raise ConnectionError(
                f"{vendor:04x}:{product:04x} could not be claimed within {connect_s} s"
            ) from None
        return cls(claim, write_s=write_s)

    async def write(self, data: bytes) -> None:
        if self._inflow.ended is not None:
            raise ConnectionResetError(self._inflow.ended)
        cut_short = threading.Event()
        try:
            async with asyncio.timeout(self._write_s + OVERTIME_S):
                await on_thread(lambda: self._send(data, cut_short), name=_WORK)
        finally:
            cut_short.set()

    def _send(self, data: bytes, cut_short: threading.Event) -> None:
        until_s = time.monotonic() + self._write_s
        if not self._sending.acquire(timeout=self._write_s):  # one cut short has its last piece
            raise TimeoutError(f"{self._claim.name} still takes what came before")
        try:
            while data and not cut_short.is_set():
                if self._closing.is_set():
                    raise ConnectionResetError("the link was closed")
                left_s = until_s - time.monotonic()
                if left_s <= 0:
                    raise TimeoutError(f"{self._claim.name} takes no more")
                data = data[self._claim.send(data[:PIECE_BYTES], left_s) :]
        except ConnectionError as broken:
            self._inflow.end(str(broken))
            raise
        finally:
            self._sending.release()

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        """As `Link.read`. A printer that cannot answer is one that never does."""
        return await self._inflow.read(timeout_s, limit_bytes)

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                said = self._claim.receive(LISTEN_S)
            except TimeoutError:
                continue
            except OSError as broken:
                self._inflow.end(str(broken))
                return
            if said:
                self._inflow.put(said)
            else:
                self._closing.wait(EMPTY_PAUSE_S)

    async def close(self) -> None:
        self._closing.set()
        self._inflow.shut()
        self._inflow.end("the link was closed")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await on_thread(self._let_go, name=_WORK)

    def _let_go(self) -> None:
        """Only after both threads have left the device: libusb must not lose it under them."""
        with self._letting_go:
            while self._listener.is_alive():
                self._claim.interrupt()
                self._listener.join(0.05)  # it may have claimed it again just then
            while not self._sending.acquire(timeout=0.05):
                self._claim.interrupt()
            try:
                self._claim.let_go()
            finally:
                self._sending.release()
