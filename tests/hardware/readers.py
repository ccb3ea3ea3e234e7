"""A scanner of ours on a wire, and what it read; and device files that are not there."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from hardware.device import BackOff, Event, HealthChanged
from hardware.fault import Fault
from hardware.link import READ_LIMIT_BYTES
from hardware.link.device_file import DeviceFile
from hardware.registry import open_scanner
from hardware.scanner.scan import Noise, Scan
from hardware.scanner.scanner import NoiseHeard, Scanned, Scanner
from hardware.simulator.machine import Machine
from hardware.simulator.wire import Port

PATIENCE_S = 60
NOBODY = 65_534
SOON = BackOff(0.01, 0.02)


class Reader:
    """What a scanner of ours read, and how it stood."""

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner
        self.scans: list[Scan] = []
        self.noise: list[Noise] = []
        self.stood: list[tuple[bool, Fault | None]] = []
        self._moved = asyncio.Event()
        scanner._back_off = SOON
        scanner.listeners.append(self._hear)

    def _hear(self, event: Event) -> None:
        match event:
            case Scanned(scan):
                self.scans.append(scan)
            case NoiseHeard(noise):
                self.noise.append(noise)
            case HealthChanged(health) if health.known:
                self.stood.append((health.ready, health.fault))
            case _:
                pass
        self._moved.set()

    @property
    def ready(self) -> bool:
        return self.scanner.health.ready

    @property
    def codes(self) -> list[str]:
        return [scan.code for scan in self.scans]

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                self._moved.clear()
                await self._moved.wait()

    async def until_ready(self) -> None:
        await self.until(lambda: self.ready)

    async def until_scanned(self, count: int) -> list[str]:
        await self.until(lambda: len(self.scans) >= count)
        return self.codes


@asynccontextmanager
async def reading(scanner: Scanner | str) -> AsyncIterator[Reader]:
    """A scanner or its URL, served."""
    if isinstance(scanner, str):
        opened = open_scanner(scanner)
        assert isinstance(opened, Scanner)
        scanner = opened
    reader = Reader(scanner)
    async with scanner:
        yield reader


class InPieces:
    """The device's end of a device file: what it says goes out in pieces of one size, which the
    file keeps apart as the kernel keeps reports."""

    def __init__(self, far: DeviceFile, piece_bytes: int) -> None:
        self._far, self._piece_bytes = far, piece_bytes

    async def write(self, data: bytes) -> None:
        for at in range(0, len(data), self._piece_bytes):
            await self._far.write(data[at : at + self._piece_bytes])

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        return await asyncio.Future()

    async def close(self) -> None:
        await self._far.close()


def far_end(fifo: Path) -> DeviceFile:
    """The device's end of a FIFO, which is made if it is not there; each write stays apart."""
    if not fifo.exists():
        os.mkfifo(fifo)
    file = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)  # so that it is there without a reader, too
    fcntl.fcntl(file, fcntl.F_SETFL, os.O_NONBLOCK | os.O_DIRECT)  # packets: pipe(2)
    return DeviceFile(file, write_s=PATIENCE_S)


@asynccontextmanager
async def serving_file(machine: Machine, fifo: Path, piece_bytes: int) -> AsyncIterator[None]:
    """Be the device behind a device file that is a FIFO."""
    attending = asyncio.create_task(Port(machine).attend(InPieces(far_end(fifo), piece_bytes)))
    try:
        yield
    finally:
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """A user without rights, who may look into that folder: root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    folder.chmod(0o755)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
