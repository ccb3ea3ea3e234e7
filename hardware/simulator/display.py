"""A customer display that shows what it is told: `lines` as they stand, 2 of 20 columns.

Written from the command descriptions of CD5220 and of Epson's DM-D, not from our encoder.
"""

import re
from enum import StrEnum
from typing import Final

from wcwidth import wcwidth

from hardware.simulator.catalogue import Simulated
from hardware.simulator.machine import Machine
from hardware.url import DeviceUrl

UNKNOWN_KEPT: Final = 100
_PARAMETERS: Final = {b"\x1bl": 2, b"\x1f$": 2, b"\x1b=": 1, b"\x1bs": 1, b"\x1fC": 1}
_LINE_COMMANDS: Final = {0x41: 0, 0x42: 1}
_RUN: Final = re.compile(rb"[\x20-\x7e]+")


class Tongue(StrEnum):
    """What it understands."""

    CD5220 = "cd5220"
    ESCPOS = "escpos"
    LED8 = "led8"


class SimulatedDisplay(Machine):
    """`lines` is what stands there; of one that hangs behind a printer only what is meant for
    it. Bytes it does not know are kept in `unknown`."""

    driver = "display"

    def __init__(
        self, tongue: Tongue = Tongue.CD5220, *, columns: int = 20, charset: str = "ascii"
    ) -> None:
        super().__init__()
        self._tongue, self._columns, self._charset = tongue, columns, charset
        self.unknown: list[bytes] = []
        self._held = bytearray()
        self._clear()

    def _clear(self) -> None:
        self._rows: list[list[str]] = [[" "] * self._columns for _ in range(2)]
        self._row = self._column = 0
        self._selected = self._tongue is not Tongue.ESCPOS
        self.lit = ""
        """The word that a price display lights."""

    @property
    def lines(self) -> tuple[str, str]:
        upper, lower = ("".join(row) for row in self._rows)
        return upper, lower

    def options(self) -> dict[str, object]:
        return {"protocol": self._tongue, "charset": self._charset, "cols": self._columns}

    def power_off(self) -> None:
        self._held.clear()
        self._clear()
        super().power_off()

    def feed(self, data: bytes) -> int:
        self._held += data
        while self._held and (size_bytes := self._step()):
            del self._held[:size_bytes]
        self._changed()
        return len(data)

    def _step(self) -> int:
        """Obey what begins the buffer; its size in bytes, 0 when more must arrive first."""
        if run := _RUN.match(self._held):
            return self._text(run.group())
        if self._held[0] >= 0x80:
            return self._wide()
        match self._held[0]:
            case 0x0C:
                self._rows = [[" "] * self._columns for _ in range(2)]
                self._row = self._column = 0
                return 1
            case 0x0D:
                self._column = 0
                return 1
            case 0x1B | 0x1F:
                return self._command()
            case _:
                self._note_unknown(bytes(self._held[:1]))
                return 1

    def _command(self) -> int:
        prefix = bytes(self._held[:2])
        if prefix == b"\x1bQ":
            return self._whole_line()
        size_bytes = 2 + _PARAMETERS.get(prefix, 0)
        if len(self._held) < size_bytes:
            return 0
        self._obey(prefix, bytes(self._held[2:size_bytes]))
        return size_bytes

    def _obey(self, prefix: bytes, given: bytes) -> None:
        match prefix:
            case b"\x1b@":
                self._clear()
            case b"\x1bl" | b"\x1f$":
                self._column = min(max(given[0], 1), self._columns) - 1
                self._row = min(max(given[1], 1), 2) - 1
            case b"\x1b=":
                self._selected = bool(given[0] & 0x02) or self._tongue is not Tongue.ESCPOS
            case b"\x1bs":
                self.lit = chr(given[0])
            case b"\x1f\x01" | b"\x1fC":
                pass  # it overwrites, and has no cursor to be seen
            case _:
                self._note_unknown(prefix)

    def _whole_line(self) -> int:
        """ESC Q A or B, the line, CR."""
        end = self._held.find(0x0D, 3)
        if end < 0:
            return len(self._held) if len(self._held) > 4 * self._columns else 0
        row = _LINE_COMMANDS.get(self._held[2])
        if row is None:
            self._note_unknown(bytes(self._held[:3]))
        else:
            self._rows[row] = [" "] * self._columns
            self._row, self._column = row, 0
            self._write(bytes(self._held[3:end]))
        return end + 1

    def _wide(self) -> int:
        """A hanzi of two bytes, where there are any."""
        size_bytes = 2 if self._charset == "gbk" else 1
        if len(self._held) < size_bytes:
            return 0
        return self._text(bytes(self._held[:size_bytes]))

    def _text(self, data: bytes) -> int:
        if self._selected:
            self._write(data)
        return len(data)

    def _write(self, data: bytes) -> None:
        for char in data.decode(self._charset, errors="replace"):
            wide = max(1, wcwidth(char))
            if self._column + wide > self._columns:
                return
            self._rows[self._row][self._column : self._column + wide] = [char, *[""] * (wide - 1)]
            self._column += wide

    def _note_unknown(self, data: bytes) -> None:
        self.unknown.append(data)
        del self.unknown[:-UNKNOWN_KEPT]


def _make(url: DeviceUrl) -> SimulatedDisplay:
    tongue = Tongue(url.one_of("protocol", *Tongue))
    charset = url.one_of("charset", "ascii", "gbk")
    return SimulatedDisplay(tongue, columns=url.number("cols", 20, 8, 40), charset=charset)


SIMULATED = Simulated(_make)
