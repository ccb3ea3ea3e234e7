"""What stands on the simulated paper: text, codes and dots, one below the other. Values only;
`hardware.simulator.printer.reading` makes text of them and `hardware.simulator.printer.drawing` a
picture."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Final, NamedTuple, Self

from PIL import Image

LINE_ROWS: Final = 30
"""From one line to the next at power-up: 24 rows of dots for the characters, 6 white."""
ROWS_PER_MM: Final = 8
"""203 dots an inch."""
HANG_ROWS: Final = 4
"""How far a `g` hangs below its line."""
STRIP_LIMIT_ROWS: Final = 20_000
"""What is kept of one receipt: the last 2.5 m."""
STRIP_LIMIT_PIECES: Final = 20_000
"""And no more than so many things, for some take no paper."""


class Align(Enum):
    """Where on the paper, as a share of what is left beside it."""

    LEFT = 0.0
    CENTRE = 0.5
    RIGHT = 1.0


class Cell(NamedTuple):
    """The dots that a character of normal size stands in."""

    width: int
    rows: int


FONT_A: Final = Cell(12, 24)
FONT_B: Final = Cell(9, 17)
HANZI: Final = Cell(24, 24)


class Style(NamedTuple):
    """How characters print; `wide` and `high` are times the size, `underline` is in dots, a
    `turned` character lies on its right side."""

    bold: bool = False
    underline: int = 0
    wide: int = 1
    high: int = 1
    reverse: bool = False
    turned: bool = False


class Place(NamedTuple):
    """Across the paper: the area that is printed in, in dots, and where in it."""

    align: Align
    left: int
    width: int

    def start(self, width: int) -> int:
        """Where something so wide begins."""
        return self.left + int(self.align.value * max(0, self.width - width))


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Dots, row by row from the top: the highest bit of a byte leftmost, 1 is black; what the last
    byte of a row has beyond `width` does not print."""

    width: int
    bits: bytes

    @property
    def row_bytes(self) -> int:
        return (self.width + 7) // 8

    @property
    def rows(self) -> int:
        return len(self.bits) // max(1, self.row_bytes)

    @classmethod
    def from_columns(cls, column_bytes: int, data: bytes) -> Self:
        """From columns, left to right: in each the highest bit of the first byte on top."""
        width = len(data) // column_bytes
        if width == 0:
            return cls(0, b"")
        lying = Image.frombytes("1", (column_bytes * 8, width), data[: width * column_bytes])
        return cls(width, lying.transpose(Image.Transpose.TRANSPOSE).tobytes())

    def trimmed(self, width_max: int, rows_max: int) -> "Bitmap":
        """Without what stands beyond these."""
        if self.width <= width_max and self.rows <= rows_max:
            return self
        width, rows = min(self.width, width_max), min(self.rows, rows_max)
        kept_bytes = (width + 7) // 8
        starts = range(0, self.row_bytes * rows, self.row_bytes)
        bits = b"".join(self.bits[start : start + kept_bytes] for start in starts)
        return Bitmap(width, bits)


def above_base(rows: int) -> int:
    """How much of a character so tall stands above the base line: 21 of 24 rows, and three quarters
    of what is taller, with what hangs below it."""
    return (rows + HANG_ROWS) * 3 // 4


class Run(NamedTuple):
    """Characters of one kind: the first begins `left` dots into the line, each `step` dots after
    the one before, with `lead` white dots in front of it."""

    text: str
    left: int
    step: int
    cell: Cell
    style: Style
    lead: int = 0

    @property
    def right(self) -> int:
        return self.left + len(self.text) * self.step

    @property
    def rows(self) -> int:
        if self.style.turned:
            return self.cell.width * self.style.wide
        return self.cell.rows * self.style.high


class Patch(NamedTuple):
    """Dots in a line of text, each `wide` and `high` times as large; `text` is what they say, or
    empty for a picture."""

    left: int
    bitmap: Bitmap
    wide: int = 1
    high: int = 1
    text: str = ""

    @property
    def right(self) -> int:
        return self.left + self.bitmap.width * self.wide

    @property
    def rows(self) -> int:
        return self.bitmap.rows * self.high


@dataclass(frozen=True)
class Text:
    """A line of characters and dots that all stand on one base line."""

    pieces: tuple[Run | Patch, ...]
    place: Place
    pitch_rows: int = LINE_ROWS
    upside_down: bool = False

    @cached_property
    def width(self) -> int:
        return max([piece.right for piece in self.pieces], default=0)

    @cached_property
    def base_rows(self) -> int:
        """From its top to the base line."""
        return max([above_base(piece.rows) for piece in self.pieces], default=0)

    @cached_property
    def ink_rows(self) -> int:
        below = [piece.rows - above_base(piece.rows) for piece in self.pieces]
        return self.base_rows + max(below, default=0)

    @property
    def rows(self) -> int:
        return max(self.pitch_rows, self.ink_rows) if self.pieces else self.pitch_rows

    @property
    def is_picture(self) -> bool:
        """Whether it is one band of a picture printed in bands."""
        return bool(self.pieces) and not any(_says_something(piece) for piece in self.pieces)


def _says_something(piece: Run | Patch) -> bool:
    return bool(piece.text) and not (isinstance(piece, Run) and piece.text.isspace())


@dataclass(frozen=True, slots=True)
class Feed:
    """White paper; backwards when less than nothing."""

    rows: int


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code drawn by the printer; `level` is one of lmqh."""

    data: bytes
    module_dots: int
    level: str
    place: Place
    micro: bool = False

    @property
    def rows(self) -> int:
        """About how tall, and wide: by the bytes that each version holds."""
        share = {"l": 0.8, "m": 0.62, "q": 0.45, "h": 0.34}[self.level]
        for version in range(1, 40):
            if share * _qr_code_words(version) - 3 >= len(self.data):
                return (17 + 4 * version) * self.module_dots
        return 177 * self.module_dots

    @property
    def width(self) -> int:
        return self.rows


def _qr_code_words(version: int) -> int:
    """Bytes that a symbol has room for, correction included (ISO/IEC 18004, table 1)."""
    modules = (16 * version + 128) * version + 64
    if version >= 2:
        marks = version // 7 + 2
        modules -= (25 * marks - 10) * marks - 55
    if version >= 7:
        modules -= 36
    return modules // 8


@dataclass(frozen=True, slots=True)
class Barcode:
    """Bars of `bar_rows`; `bars` are the widths in dots of bar, space, bar …, none when the data is
    none of this kind of code or has no room: then the printer prints nothing of it."""

    kind: str
    text: str
    bars: tuple[int, ...]
    bar_rows: int
    place: Place
    words_above: bool = False
    words_below: bool = False
    words_cell: Cell = FONT_A

    @property
    def width(self) -> int:
        return sum(self.bars)

    @property
    def rows(self) -> int:
        words = (self.words_above + self.words_below) * (self.words_cell.rows + 2)
        return self.bar_rows + words if self.bars else LINE_ROWS


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something whose dots are not known here, in a box of its own with its name: a code of another
    kind, a logo that was stored elsewhere."""

    kind: str
    text: str
    place: Place
    width: int = 240
    rows: int = 80


@dataclass(frozen=True, slots=True)
class Dots:
    """A picture, each dot `wide` and `high` times as large."""

    bitmap: Bitmap
    place: Place
    wide: int = 1
    high: int = 1

    @property
    def width(self) -> int:
        return self.bitmap.width * self.wide

    @property
    def rows(self) -> int:
        return self.bitmap.rows * self.high


Code = QrCode | Barcode | Symbol | Dots
"""What stands alone, across the whole paper."""


class Box(NamedTuple):
    """A part of the page, in dots from its upper left corner."""

    left: int
    top: int
    width: int
    rows: int


class Placed(NamedTuple):
    """Something on a page: `x` dots from where a line begins in the box, its lower edge `bottom`
    dots from where lines begin, all turned by `quarters` of a turn against the clock."""

    what: Text | Code
    box: Box
    quarters: int
    x: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Page:
    """What page mode put together."""

    pieces: tuple[Placed, ...]
    rows: int


Printed = Text | Feed | Code | Page
Strip = tuple[Printed, ...]


class Roll:
    """The strip that hangs out of the printer since the last cut, so many `rows` of dots long."""

    def __init__(self, width_dots: int) -> None:
        self._width_dots = width_dots
        self._hanging: deque[Printed] = deque()
        self.rows = 0

    def __iter__(self) -> Iterator[Printed]:
        return iter(self._hanging)

    def add(self, printed: Printed) -> bool:
        """Below what hangs there; what no longer fits the limit at the top is forgotten. Whether it
        begins something new: a band of dots goes on with the picture above it."""
        if isinstance(printed, Dots):
            bitmap = printed.bitmap.trimmed(self._width_dots, STRIP_LIMIT_ROWS)
            printed = replace(printed, bitmap=bitmap)
        begins = not (_is_band(printed) and self._hanging and _is_band(self._hanging[-1]))
        self._hanging.append(printed)
        self.rows += printed.rows
        while self._is_too_long() and len(self._hanging) > 1:
            self.rows -= self._hanging.popleft().rows
        return begins

    def _is_too_long(self) -> bool:
        return self.rows > STRIP_LIMIT_ROWS or len(self._hanging) > STRIP_LIMIT_PIECES

    def cut(self) -> Strip:
        """What hung there."""
        strip = tuple(self._hanging)
        self._hanging.clear()
        self.rows = 0
        return strip


def _is_band(printed: Printed) -> bool:
    return isinstance(printed, Dots) or (isinstance(printed, Text) and printed.is_picture)
