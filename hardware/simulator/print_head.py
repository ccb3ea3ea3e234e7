"""What the simulated printer prints: the modes it is in, the line it is at, the paper that hangs
out. Knows the commands that set type and draw; nothing of wires, buffers and answers."""

from collections import deque
from collections.abc import Callable
from typing import Final

from hardware.simulator.paper import (
    LINE_ROWS,
    Align,
    Cell,
    Dots,
    Feed,
    Printed,
    QrCode,
    Roll,
    Strip,
    Style,
    Text,
    as_text,
    readable,
)

STRIPS_KEPT: Final = 100
"""The newest receipts that can be drawn."""
PAPER_LIMIT_LINES: Final = 20_000
"""The newest lines (and receipts, and unknown commands) kept; older ones go to the bin."""

_ALIGNS: Final = dict(zip(b"\x00\x01\x02012", [*Align] * 2, strict=True))
#: these do not change the words on paper
_STEPPED_OVER: Final = frozenset(
    prefix + bytes((letter,))
    for prefix, letters in ((b"\x1b", b"RMcD "), (b"\x1c", b"!-CS"), (b"\x1d", b"BHLWPabfhw"))
    for letter in letters
)
_QR_LEVELS: Final = "lmqh"


class PrintHead:
    """`paper` is the strip, line by line; `receipts` the pieces cut off it, as text, and `strips`
    the newest of them as they look."""

    def __init__(
        self,
        columns: int,
        on_line: Callable[[str], None],
        on_receipt: Callable[[str], None],
    ) -> None:
        self.paper: Final[list[str]] = []
        self.receipts: Final[list[str]] = []
        self.strips: Final[deque[Strip]] = deque(maxlen=STRIPS_KEPT)
        self.receipts_cut = 0
        self._columns = columns
        self._on_line, self._on_receipt = on_line, on_receipt
        self._hanging: list[str] = []
        self._roll = Roll(columns)
        self.reset()

    def reset(self) -> None:
        """Forget the begun line; the modes of power-up."""
        self._cells: list[Cell] = []
        self.line_cols = 0
        self._style = Style()
        self._align = Align.LEFT
        self._pitch_rows = LINE_ROWS
        self._qr_data, self._qr_module_dots, self._qr_level = b"", 3, "l"

    # ---- characters

    def type(self, char: str, cols: int) -> None:
        """A character over so many columns, times the width of the type."""
        cell = Cell(char, cols, self._style)
        wide_cols = cols * self._style.wide
        if self._cells and self.line_cols + wide_cols > self._columns:
            self.end_line()
        self._cells.append(cell)
        self.line_cols += wide_cols

    def end_line(self) -> None:
        line = Text(tuple(self._cells), self._align, self._pitch_rows)
        self._cells, self.line_cols = [], 0
        self._print(line)

    # ---- commands

    def obey(self, prefix: bytes, given: bytes) -> bool:
        """Whether the command is one that is understood or changes no words."""
        if self._set_mode(prefix, given[-1] if given else 0):
            return True
        match prefix:
            case b"\x1bd":
                self._feed_lines(given[0])
            case b"\x1bJ":
                self._print(Feed(given[0]))
            case b"\x1dV" | b"\x1bi" | b"\x1bm":
                self._cut()
            case b"\x1d(" if given[:1] == b"k":
                return self._symbol(given[3:])
            case b"\x1dv":
                return self._raster(given)
            case b"\x1dk":
                self._barcode(given)
            case _:
                return prefix in _STEPPED_OVER
        return True

    def _set_mode(self, prefix: bytes, n: int) -> bool:
        match prefix:
            case b"\x1d!":
                self._style = self._style._replace(wide=1 + (n >> 4 & 7), high=1 + (n & 7))
            case b"\x1b!":
                wide, high = 1 + (n >> 5 & 1), 1 + (n >> 4 & 1)
                self._style = Style(bool(n & 0x08), bool(n & 0x80), wide, high)
            case b"\x1bE" | b"\x1bG":
                self._style = self._style._replace(bold=bool(n & 1))
            case b"\x1b-":
                self._style = self._style._replace(underline=n in b"\x01\x0212")
            case b"\x1ba":
                self._align = _ALIGNS.get(n, self._align)
            case b"\x1b3":
                self._pitch_rows = n
            case b"\x1b2":
                self._pitch_rows = LINE_ROWS
            case _:
                return False
        return True

    def _symbol(self, given: bytes) -> bool:
        """GS ( k for QR codes (cn 49): fn 65 model, 67 size, 69 level, 80 data, 81 print."""
        match given[:1], given[1:2], given[2:]:
            case b"1", b"A", _:
                pass
            case b"1", b"C", n if n and 1 <= n[0] <= 16:
                self._qr_module_dots = n[0]
            case b"1", b"E", n if n and 48 <= n[0] <= 51:
                self._qr_level = _QR_LEVELS[n[0] - 48]
            case b"1", b"P", data:
                self._qr_data = data[1:]
            case b"1", b"Q", _ if self._qr_data:
                self._print(
                    QrCode(self._qr_data, self._qr_module_dots, self._qr_level, self._align)
                )
            case _:
                return False
        return True

    def _raster(self, given: bytes) -> bool:
        """GS v 0 m xL xH yL yH: m 0 to 3 for the size of a dot."""
        row_bytes, bits = int.from_bytes(given[2:4], "little"), given[6:]
        if given[:1] != b"0" or not bits:
            return False
        self._print(Dots(row_bytes, bits, self._align, 1 + (given[1] & 1), 1 + (given[1] >> 1 & 1)))
        return True

    def _barcode(self, given: bytes) -> None:
        """GS k: what it says, as a line of text."""
        data = given[1:].rstrip(b"\x00") if given[0] <= 6 else given[2:]
        words = f"[barcode {readable(data)}]"
        style = Style()
        self._print(Text(tuple(Cell(char, 1, style) for char in words), self._align))

    # ---- paper

    def _print(self, printed: Printed) -> None:
        if self._cells:
            self.end_line()
        if not self._roll.add(printed) or isinstance(printed, Feed):
            return
        words = as_text(printed, self._columns)
        self.paper.append(words)
        self._hanging.append(words)
        del self.paper[:-PAPER_LIMIT_LINES], self._hanging[:-PAPER_LIMIT_LINES]
        self._on_line(words)

    def _feed_lines(self, n: int) -> None:
        for _ in range(max(n, 1) if self._cells else n):
            self.end_line()

    def _cut(self) -> None:
        if self._cells:
            self.end_line()
        receipt = "\n".join(self._hanging).rstrip("\n")
        self._hanging.clear()
        self.receipts_cut += 1
        self.receipts.append(receipt)
        self.strips.append(self._roll.cut())
        del self.receipts[:-PAPER_LIMIT_LINES]
        self._on_receipt(receipt)
