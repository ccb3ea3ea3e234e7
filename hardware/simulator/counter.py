"""A whole simulated counter: printer, drawer and scanner, behind ptys as real ones are.

It has its paths at once and needs no loop for that, so a till can be given them before anything
runs; entered as an async context it serves them. All that a view of it shows is kept here, so
views may come and go.
"""

import csv
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from hardware.simulator.port import serve_tcp
from hardware.simulator.printer import Event, SimulatedPrinter
from hardware.simulator.scanner import SimulatedScanner
from hardware.simulator.serial_port import SerialPort, serial_url, serving_serial

STRIP_LINES: Final = 1_000
"""How much of the paper that came out is kept to be looked at."""
SHELF_LIMIT: Final = 200
HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Shelf:
    """What can be held before the scanner: (name, code)."""

    products: Sequence[tuple[str, str]] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """A CSV file of names and codes, UTF-8, at most `SHELF_LIMIT` of them; lines without a
        code are left out. `OSError` or `ValueError` when it cannot be read as one."""
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for _, row in zip(range(SHELF_LIMIT), csv.reader(file), strict=False)]
        pairs = [(row[0].strip(), row[1].strip()) for row in rows if len(row) >= 2]
        return cls([(name, code) for name, code in pairs if code and code.isprintable()])


class TornOff:
    """A mark in the strip: here the cutter cut."""


class SimulatedCounter:
    """Enter it once to serve it, on the loop that its views run on.

    `on_change` are called whenever something to be seen has changed.
    """

    def __init__(
        self,
        shelf: Shelf | None = None,
        *,
        columns: int = 48,
        folder: Path | None = None,
        tcp_port: int | None = None,
    ) -> None:
        """The device files lie in `folder`, or in the system's temporary one; with a `tcp_port`
        the printer listens there instead. `OSError` when there is no pty to be had."""
        self.shelf: Final = shelf or Shelf()
        self.printer: Final = SimulatedPrinter(columns=columns)
        self.scanner: Final = SimulatedScanner(
            SerialPort(folder / "scanner" if folder else None, name="scanner")
        )
        self._tcp_port = tcp_port
        self._port: SerialPort | None = None
        if tcp_port is None:
            self._port = SerialPort(folder / "printer" if folder else None, name="printer")
            self.printer_url = serial_url(self.printer, self._port)
        else:
            self.printer_url = f"escpos+tcp://{HOST}:{tcp_port}?cols={columns}"
        self.scanner_url: Final = f"{self.scanner.url}?suffix=cr"
        self.drawer_open = False
        #: the paper as it hangs out of the printer, oldest first
        self.strip: deque[str | TornOff] = deque(maxlen=STRIP_LINES)
        #: how many pieces the strip ever had
        self.pieces_out = 0
        self.on_change: list[Callable[[], None]] = []
        self.printer.listeners.append(self._hear)
        self.scanner.listeners.append(self._tell)
        self._wire = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """`OSError` when the TCP port is taken."""
        if self._port is not None:
            wire = serving_serial(self.printer, self._port)
            self.printer_url = await self._wire.enter_async_context(wire)
        else:
            server = await serve_tcp(self.printer, HOST, self._tcp_port or 0)
            self.printer_url = (await self._wire.enter_async_context(server)).url
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wire.aclose()
        self.close()

    def close(self) -> None:
        """Take the device files away; for one that was never entered, too."""
        self.scanner.close()
        if self._port is not None:
            self._port.close()

    async def scan(self, code: str) -> bool:
        """Hold a product before the scanner; False when that is unplugged or not read."""
        return await self.scanner.scan(code)

    def close_drawer(self) -> None:
        self.drawer_open = False
        self._tell()

    def _hear(self, event: Event, detail: str) -> None:
        match event:
            case Event.LINE:
                self._come_out(detail)
            case Event.RECEIPT:
                while self.strip and self.strip[-1] == "":  # what was fed to reach the cutter
                    self.strip.pop()
                self._come_out(TornOff())
            case Event.DRAWER_KICKED:
                self.drawer_open = True
            case _:
                pass
        self._tell()

    def _come_out(self, piece: str | TornOff) -> None:
        self.strip.append(piece)
        self.pieces_out += 1

    def _tell(self) -> None:
        for listener in tuple(self.on_change):
            listener()
