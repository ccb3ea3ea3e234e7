"""Barcodes and two-dimensional codes that the printer itself makes of data: GS k, GS ( k and their
settings. QR codes and the linear codes of `hardware.simulator.printer.barcodes` get their dots,
others stand as a box with their name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hardware.simulator.printer import barcodes
from hardware.simulator.printer.paper import FONT_A, FONT_B, Barcode, Place, Printed, QrCode, Symbol
from hardware.simulator.printer.reading import readable
from hardware.simulator.printer.typesetting import Handler

BAR_ROWS: Final = 162
"""How tall bars are at power-up: 20 mm."""
MODULE_DOTS: Final = 3

_KINDS: Final = (
    *("UPCA", "UPCE", "EAN13", "EAN8", "CODE39", "ITF", "CODABAR", "CODE93", "CODE128"),
    *("GS1-128", "DATABAR", "DATABAR", "DATABAR", "DATABAR", "CODE128"),
)
_LONG_FORM: Final = 65
_QR_OF_GS_K: Final = 97
_MODULES: Final = {**{n: n for n in range(1, 7)}, **{n: (n - 64) // 2 for n in range(68, 77)}}
_WORDS: Final = {n + zero: (bool(n & 1), bool(n & 2)) for zero in (0, 48) for n in range(4)}

_QR: Final = 49
_SYMBOLS: Final = {
    48: "PDF417",
    _QR: "QR",
    50: "MAXICODE",
    51: "DATABAR",
    52: "COMPOSITE",
    53: "AZTEC",
    54: "DATAMATRIX",
}
_MODEL, _SIZE, _LEVEL, _STORE, _PRINT, _MEASURE = 65, 67, 69, 80, 81, 82
_SETTINGS: Final = range(65, 80)
_MICRO_QR: Final = 51
_QR_LEVELS: Final = "lmqh"


@dataclass(slots=True)
class _QrSettings:
    module_dots: int = 3
    level: str = "l"
    micro: bool = False


class Symbols:
    """`put` gets what is printed, `place` says where things stand now, `say` what is answered."""

    def __init__(
        self,
        put: Callable[[Printed], None],
        place: Callable[[], Place],
        say: Callable[[bytes], None],
    ) -> None:
        self._put, self._place, self._say = put, place, say
        self.reset()

    def reset(self) -> None:
        """As at power-up: nothing stored."""
        self._bar_rows = BAR_ROWS
        self._module_dots = MODULE_DOTS
        self._words = (False, False)
        self._words_cell = FONT_A
        self._qr = _QrSettings()
        self._stored: dict[int, bytes] = {}

    def commands(self) -> dict[bytes, Handler]:
        return {
            b"\x1dk": self._barcode, b"\x1dh": self._set_rows, b"\x1dw": self._set_module,
            b"\x1dH": self._set_words, b"\x1df": self._set_font, b"\x1d(k": self._symbol,
            b"\x1bZ": self._qr_of_esc_z,
        }  # fmt: skip

    # ---- bars

    def _set_rows(self, given: bytes) -> None:
        self._bar_rows = given[0] or self._bar_rows

    def _set_module(self, given: bytes) -> None:
        self._module_dots = _MODULES.get(given[0], self._module_dots)

    def _set_words(self, given: bytes) -> None:
        self._words = _WORDS.get(given[0], self._words)

    def _set_font(self, given: bytes) -> None:
        self._words_cell = FONT_B if given[0] & 1 else FONT_A

    def _barcode(self, given: bytes) -> bool:
        m, data = given[0], given[1:]
        if m == _QR_OF_GS_K:
            self._print_qr(data[4:], _QrSettings(self._module_dots, _level(data[1])))
            return True
        number = m - _LONG_FORM if m >= _LONG_FORM else m
        if number >= len(_KINDS):
            return False
        data = data[1:] if m >= _LONG_FORM else data.rstrip(b"\x00")
        self._put(self._drawn(_KINDS[number], data))
        return True

    def _drawn(self, kind: str, data: bytes) -> Barcode | Symbol:
        place = self._place()
        if kind == "DATABAR":
            return Symbol(kind, readable(data), place)
        encoded = barcodes.encode(kind, data)
        if encoded is None:
            return Barcode(kind, readable(data), (), self._bar_rows, place)
        text, widths = encoded
        bars = barcodes.in_dots(widths, self._module_dots)
        if sum(bars) > place.width:
            bars = ()
        rows, cell = self._bar_rows, self._words_cell
        return Barcode(kind, text, bars, rows, place, *self._words, cell)

    # ---- codes in two dimensions

    def _symbol(self, given: bytes) -> bool:
        """GS ( k: which code, which function, and what belongs to it."""
        kind = _SYMBOLS.get(given[0]) if len(given) >= 2 else None
        if kind is None:
            return False
        number, function, data = given[0], given[1], given[2:]
        if function == _STORE:
            self._stored[number] = data[1:]
        elif function == _PRINT:
            self._print_symbol(number, kind)
        elif function == _MEASURE:
            self._measure(number)
        elif function in _SETTINGS:
            if number == _QR and data:
                self._set_qr(function, data[0])
        else:
            return False
        return True

    def _set_qr(self, function: int, n: int) -> None:
        if function == _SIZE and 1 <= n <= 16:
            self._qr.module_dots = n
        elif function == _LEVEL and 48 <= n <= 51:
            self._qr.level = _QR_LEVELS[n - 48]
        elif function == _MODEL:
            self._qr.micro = n == _MICRO_QR

    def _print_symbol(self, number: int, kind: str) -> None:
        """Nothing when nothing is stored; what is stored stays."""
        data = self._stored.get(number)
        if not data:
            return
        if number == _QR:
            self._print_qr(data, self._qr)
        else:
            self._put(Symbol(kind, readable(data), self._place()))

    def _print_qr(self, data: bytes, how: _QrSettings) -> None:
        if data:
            self._put(QrCode(data, how.module_dots, how.level, self._place(), how.micro))

    def _qr_of_esc_z(self, given: bytes) -> None:
        """ESC Z version level dots nL nH data, of cheap printers."""
        self._print_qr(given[5:], _QrSettings(min(max(given[2], 1), 16), _level(given[1])))

    def _measure(self, number: int) -> None:
        """Width and height in dots, as 37 36 … in digits; whether it can be printed."""
        data = self._stored.get(number, b"")
        size = QrCode(data, self._qr.module_dots, self._qr.level, self._place()).rows if data else 0
        printable = b"0" if 0 < size <= self._place().width else b"1"
        self._say(b"\x37\x36%d\x1f%d\x1f1\x1f%b\x00" % (size, size, printable))


def _level(n: int) -> str:
    """A level as cheap printers number them: 1 to 4, or by its letter."""
    letter = chr(n).lower()
    return letter if letter in _QR_LEVELS else _QR_LEVELS[min(max(n, 1), 4) - 1]
