"""What stands on the simulated paper: text, QR codes and dots, one below the other. Values only;
`hardware.simulator.drawing` makes a picture of them."""

from collections import deque
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, NamedTuple

from hardware.receipt_bytes import COLUMN_DOTS

LINE_ROWS: Final = 30
"""From one line to the next at power-up: 24 rows of dots for the characters, 6 white."""
STRIP_LIMIT_ROWS: Final = 20_000
"""What is kept of one receipt: the last 2.5 m."""
PICTURE: Final = "[picture]"
"""What stands for dots where the paper is read as text."""


class Align(Enum):
    """Where on the paper, as a share of what is left beside it."""

    LEFT = 0.0
    CENTRE = 0.5
    RIGHT = 1.0


class Style(NamedTuple):
    """How characters print; `wide` and `high` are times the size."""

    bold: bool = False
    underline: bool = False
    wide: int = 1
    high: int = 1


class Cell(NamedTuple):
    """A character over `cols` columns, before its style makes it wider."""

    char: str
    cols: int
    style: Style


@dataclass(frozen=True, slots=True)
class Text:
    """A line of characters."""

    cells: tuple[Cell, ...]
    align: Align = Align.LEFT
    pitch_rows: int = LINE_ROWS

    @property
    def cols(self) -> int:
        return sum(cell.cols * cell.style.wide for cell in self.cells)

    @property
    def rows(self) -> int:
        return max([self.pitch_rows, *(24 * cell.style.high for cell in self.cells)])


@dataclass(frozen=True, slots=True)
class Feed:
    """White paper."""

    rows: int


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code drawn by the printer; `level` is one of lmqh."""

    data: bytes
    module_dots: int
    level: str
    align: Align

    @property
    def rows(self) -> int:
        return 177 * self.module_dots  # no more than version 40 takes

    @property
    def text(self) -> str:
        return readable(self.data)


@dataclass(frozen=True, slots=True)
class Dots:
    """A raster picture: rows of `row_bytes`, each dot `wide` and `high` times as large."""

    row_bytes: int
    bits: bytes
    align: Align
    wide: int = 1
    high: int = 1

    @property
    def rows(self) -> int:
        return len(self.bits) // self.row_bytes * self.high


Printed = Text | Feed | QrCode | Dots
Strip = tuple[Printed, ...]


def as_text(printed: Printed, columns: int) -> str:
    """The line of text that stands for what is printed."""
    match printed:
        case Text(cells=cells, align=align):
            words, cols = "".join(cell.char for cell in cells), printed.cols
        case QrCode(text=text, align=align):
            words, cols = f"[QR {text}]", len(f"[QR {text}]")
        case Dots(align=align):
            words, cols = PICTURE, len(PICTURE)
        case Feed():
            return ""
    return " " * int(align.value * max(0, columns - cols)) + words if words else ""


def readable(data: bytes) -> str:
    """Bytes in a symbol as one line of text."""
    words = data.decode("utf-8", errors="replace")
    return "".join(char if char.isprintable() else "\ufffd" for char in words)


class Roll:
    """The strip that hangs out of the printer since the last cut."""

    def __init__(self, columns: int) -> None:
        self._row_bytes_max = columns * COLUMN_DOTS // 8
        self._hanging: deque[Printed] = deque()
        self._rows = 0

    def add(self, printed: Printed) -> bool:
        """Below what hangs there; what no longer fits the limit at the top is forgotten. Whether it
        begins something new: a band of dots goes on with the picture above it."""
        if isinstance(printed, Dots):
            printed = self._trimmed(printed)
        begins = not (_is_band(printed) and self._hanging and _is_band(self._hanging[-1]))
        self._hanging.append(printed)
        self._rows += printed.rows
        while self._rows > STRIP_LIMIT_ROWS and len(self._hanging) > 1:
            self._rows -= self._hanging.popleft().rows
        return begins

    def _trimmed(self, picture: Dots) -> Dots:
        """Dots beside the paper do not print."""
        width = min(picture.row_bytes, self._row_bytes_max)
        starts = range(0, len(picture.bits), picture.row_bytes)
        bits = b"".join(picture.bits[start : start + width] for start in starts)
        return replace(picture, row_bytes=width, bits=bits)

    def cut(self) -> Strip:
        """What hung there."""
        strip = tuple(self._hanging)
        self._hanging.clear()
        self._rows = 0
        return strip


def _is_band(printed: Printed) -> bool:
    return isinstance(printed, Dots)
