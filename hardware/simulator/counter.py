"""A whole simulated counter: printer with drawer, scanner, customer display, scale and locker.

Each stands behind its own pty, as real ones do behind serial ports. It has its paths at once and
needs no loop for that, so a till can be given them before anything runs; entered as an async
context it serves them. All that a view of it shows is kept here, so views may come and go.
"""

import csv
import re
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple, Self
from urllib.parse import urlsplit

from hardware.fault import Kind
from hardware.locker.compartment import Size
from hardware.simulator.display import SimulatedDisplay
from hardware.simulator.locker import XorBoards
from hardware.simulator.machine import Machine
from hardware.simulator.printer.condition import Paper, Trouble
from hardware.simulator.printer.machine import Event, SimulatedPrinter
from hardware.simulator.pty import SerialPort
from hardware.simulator.scale import SimulatedScale
from hardware.simulator.scanner import SimulatedScanner
from hardware.simulator.wire import HOST, serve_tcp, serving_serial

STRIP_LINES: Final = 1_000
"""How much of the paper that came out is kept to be looked at."""
SHELF_LIMIT: Final = 200
SIZES: Final = (Size.S,) * 6 + (Size.M,) * 3 + (Size.L,) * 2 + (Size.XL,)
"""Of the locker's doors, in their order."""
SCALE_MAX_KG: Final = Decimal(15)
"""What lies on the scale beyond this overloads it."""

_WEIGHT: Final = re.compile(r"[0-9]{1,2}\.[0-9]{3}")


class Goods(NamedTuple):
    """A product on the shelf; `weight_kg` is what a usual piece or bag of it weighs, if it is
    sold by weight."""

    name: str
    code: str
    weight_kg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """What can be held before the scanner."""

    products: Sequence[Goods] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """A CSV file of names, codes and, for what is weighed, kilograms as 0.655; UTF-8, at most
        `SHELF_LIMIT` of them; lines without a code are left out. `OSError` or `ValueError` when it
        cannot be read as one."""
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for _, row in zip(range(SHELF_LIMIT), csv.reader(file), strict=False)]
        goods = [_goods(*map(str.strip, row[:3])) for row in rows if len(row) >= 2]
        return cls([each for each in goods if each.code and each.code.isprintable()])


def _goods(name: str, code: str, weight_kg: str = "") -> Goods:
    return Goods(name, code, Decimal(weight_kg) if _WEIGHT.fullmatch(weight_kg) else None)


class TornOff:
    """A mark in the strip: here the cutter cut."""


class SimulatedCounter:
    """Enter it once to serve it, on the loop that its views run on.

    `urls` are the devices' addresses by their kinds: printer, scanner, display, scale, locker.
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
        """The device files lie in `folder`, which is made if it is not there, or in a temporary
        one; with a `tcp_port` the printer listens there instead (0 takes a free one, which its URL
        names when it is served). `OSError` when there is no pty to be had."""
        self.shelf: Final = shelf or Shelf()
        self.printer: Final = SimulatedPrinter(columns=columns)
        self.scanner: Final = SimulatedScanner()
        self.display: Final = SimulatedDisplay(charset="gbk")
        self.scale: Final = SimulatedScale()
        self.locker: Final = XorBoards(locks=(len(SIZES),))
        self.machines: Final[dict[Kind, Machine]] = {
            Kind.PRINTER: self.printer,
            Kind.SCANNER: self.scanner,
            Kind.DISPLAY: self.display,
            Kind.SCALE: self.scale,
            Kind.LOCKER: self.locker,
        }
        #: what the printer's sensors see of the roll
        self.roll = Paper.IN
        #: what keeps the printer from printing beside paper and cover
        self.troubles: set[str] = set()
        #: the paper as it hangs out of the printer, oldest first
        self.strip: deque[str | TornOff] = deque(maxlen=STRIP_LINES)
        #: how many pieces the strip ever had
        self.pieces_out = 0
        self.on_change: list[Callable[[], None]] = []
        self._tcp_port = tcp_port
        self._ports: dict[Kind, SerialPort] = {}
        self._wire = AsyncExitStack()
        with ExitStack() as plugs:
            at = folder or Path(
                plugs.enter_context(tempfile.TemporaryDirectory(prefix="omnitill-"))
            )
            at.mkdir(parents=True, exist_ok=True)
            for kind in self.machines:
                if kind is not Kind.PRINTER or tcp_port is None:
                    self._ports[kind] = SerialPort(at / kind)
                    plugs.callback(self._ports[kind].close)
            self._plugs: Final = plugs.pop_all()
        self.urls: Final[dict[str, str]] = {
            kind: self._url(kind, "serial", str(port.path)) for kind, port in self._ports.items()
        }
        if tcp_port is not None:
            self.urls[Kind.PRINTER] = self._url(Kind.PRINTER, "tcp", f"{HOST}:{tcp_port}")
        self.printer.listeners.append(self._hear)
        for machine in self.machines.values():
            machine.on_change.append(self._tell)

    def _url(self, kind: Kind, link: str, place: str) -> str:
        """Of the device, with what this counter knows of it beside what the machine does."""
        known: dict[Kind, dict[str, object]] = {
            Kind.PRINTER: {"drawer": "high"},
            Kind.SCANNER: {"suffix": "cr"},
            Kind.LOCKER: {
                "sizes": ",".join(f"{len(list(same))}{size}" for size, same in groupby(SIZES))
            },
        }
        return self.machines[kind].url(link, place, known.get(kind))

    # ---- the wires

    @property
    def printer_url(self) -> str:
        return self.urls[Kind.PRINTER]

    @property
    def scanner_url(self) -> str:
        return self.urls[Kind.SCANNER]

    async def __aenter__(self) -> Self:
        """`OSError` when the TCP port is taken; then it is closed, too."""
        async with AsyncExitStack() as wire:
            wire.callback(self.close)
            if self._tcp_port is not None:
                serving = await serve_tcp(self.printer, HOST, self._tcp_port)
                server = await wire.enter_async_context(serving)
                place = urlsplit(server.url).netloc
                self.urls[Kind.PRINTER] = self._url(Kind.PRINTER, "tcp", place)
            for kind, port in self._ports.items():
                await wire.enter_async_context(serving_serial(self.machines[kind], port))
            self._wire = wire.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wire.aclose()

    def close(self) -> None:
        """Take the device files away; for one that was never entered, too."""
        self._plugs.close()

    # ---- hands

    def turn(self, kind: Kind, words: str) -> None:
        """Turn a knob of one of the devices, by its words; `ValueError` when it has no such."""
        self.machines[kind].turn_knob(words)
        self._tell()

    async def pick(self, goods: Goods) -> bool:
        """Take it from the shelf: what is weighed is laid on the scale, then it is scanned; False
        when nobody read it."""
        if goods.weight_kg is not None:
            self.scale.put(goods.weight_kg)
        return await self.scan(goods.code)

    async def scan(self, code: str) -> bool:
        """Hold a code before the scanner; False when that is unplugged or not read."""
        return self.scanner.scan(code) and await self.scanner.gone_out()

    def add_weight(self, kg: Decimal) -> None:
        """Lay something more on the scale."""
        on_it = self.scale.shown + kg
        self.turn(Kind.SCALE, f"weight {on_it}" if on_it <= SCALE_MAX_KG else "overload")

    # ---- the printer

    @property
    def drawer_open(self) -> bool:
        return self.printer.drawer_open

    def close_drawer(self) -> None:
        self.printer.drawer_open = False

    def _hear(self, event: Event, detail: str) -> None:
        match event:
            case Event.LINE:
                self._come_out(detail)
            case Event.RECEIPT:
                while self.strip and self.strip[-1] == "":  # what was fed to reach the cutter
                    self.strip.pop()
                self._come_out(TornOff())
            case Event.PAPER_IN:
                self.roll = Paper.IN
            case Event.PAPER_NEAR_END:
                self.roll = Paper.NEAR_END
            case Event.PAPER_OUT:
                self.roll = Paper.OUT
            case Event.FAILED:
                self.troubles.add(detail)
            case Event.RECOVERED:
                self.troubles.discard(detail)
            case Event.COVER_CLOSED | Event.POWER_OFF:
                self.troubles.discard(Trouble.CUTTER_STOPPED)  # the blade goes home
            case _:
                pass

    def _come_out(self, piece: str | TornOff) -> None:
        self.strip.append(piece)
        self.pieces_out += 1

    def _tell(self) -> None:
        for listener in tuple(self.on_change):
            listener()
