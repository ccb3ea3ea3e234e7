"""The bytes of customer displays of two lines. Sans-IO; none of these displays answers.

cd5220   ESC Q A, ESC Q B: a whole line each, ended by CR. A display that was sent one is in
         "string mode" and hears nothing but these two, CLR and CAN (CD5220 user's manual, Epson,
         7.2; Partner Tech, 6.1; POS-X XP8200 manual, 4.1.8)
escpos   US $ n m sets the cursor, characters follow, US MD1 overwrites at the end of a row, US C 0
         hides the cursor (Epson DM-D110 specification; POS-X XP8200 manual, 4.1.2); ESC = 2 speaks
         to it and ESC = 1 to the printer again, where both hang on one cable
led8     price displays of eight digits: ESC Q A the amount, CLR before it (LED8N user's manual,
         which has 2400 baud); ESC s n lights a word, n a digit: so in published programs for LED8,
         no manual confirms it

No source confirms GBK on any of them; some models have it.
"""

import re
from enum import StrEnum
from typing import Final, Protocol

from hardware.display.text import Charset, fitted, spelled

INIT: Final = b"\x1b@"
CLEAR: Final = b"\x0c"
LINE_END: Final = b"\r"
_BREAK: Final = LINE_END * 2
"""Ends what an earlier link left half said, for else what follows would be the rest of it; the
first may still be taken for a parameter."""
_SELECT_DISPLAY, _SELECT_PRINTER = b"\x1b=\x02", b"\x1b=\x01"
_AMOUNT = re.compile(r"-?\d[\d,]*(?:\.\d+)?\s*\Z")
_LED8_CHARACTERS: Final = 9  # eight digits and a point
_OVERWRITE, _NO_CURSOR = b"\x1f\x01", b"\x1fC\x00"


class Lamp(StrEnum):
    """The word that a price display lights beside the amount."""

    NONE = "0"
    PRICE = "1"
    TOTAL = "2"
    PAID = "3"
    CHANGE = "4"


class DisplayProtocol(Protocol):
    """How one kind of display is told what to show."""

    greeting: bytes

    def frame(self, upper: str, lower: str, lamp: Lamp = Lamp.NONE) -> bytes:
        """Both lines as they shall stand, whatever stood there before."""


class _TwoLines:
    """Lines of so many columns, in what the display has characters for. One with a single row
    shows the lower line: there the amount is."""

    def __init__(self, columns: int = 20, charset: Charset = Charset.ASCII, rows: int = 2) -> None:
        self._columns, self._charset, self._rows = columns, charset, rows

    def _lines(self, *texts: str) -> list[bytes]:
        """Each exactly as wide as the display, so that nothing of before is left."""
        return [
            fitted(spelled(text, self._charset), self._columns).encode(self._charset)
            for text in texts[-self._rows :]
        ]


class Cd5220(_TwoLines):
    """Whole lines."""

    greeting = _BREAK + CLEAR + INIT  # CLR first: in string mode it would not hear ESC @

    def frame(self, upper: str, lower: str, lamp: Lamp = Lamp.NONE) -> bytes:  # noqa: ARG002
        rows = zip((b"\x1bQA", b"\x1bQB"), self._lines(upper, lower), strict=False)
        return b"".join(row + line + LINE_END for row, line in rows)


class EscposDisplay(_TwoLines):
    """Characters at the cursor."""

    greeting = (
        _BREAK
        + (_SELECT_DISPLAY + INIT + CLEAR)
        + (_SELECT_DISPLAY + _OVERWRITE + _NO_CURSOR + _SELECT_PRINTER)  # ESC @ may unselect it
    )

    def frame(self, upper: str, lower: str, lamp: Lamp = Lamp.NONE) -> bytes:  # noqa: ARG002
        rows = enumerate(self._lines(upper, lower), start=1)
        written = b"".join(b"\x1f$\x01" + bytes((row,)) + line for row, line in rows)
        return _SELECT_DISPLAY + written + _SELECT_PRINTER


class Led8(_TwoLines):
    """The amount at the end of the lower line, else of the upper one; nothing where there is
    none."""

    greeting = _BREAK + INIT + CLEAR

    def frame(self, upper: str, lower: str, lamp: Lamp = Lamp.NONE) -> bytes:
        found = _AMOUNT.search(lower) or _AMOUNT.search(upper)
        amount = found.group().strip().replace(",", "") if found else ""
        if len(amount) > _LED8_CHARACTERS:
            amount = ""
        return CLEAR + f"\x1bs{lamp}\x1bQA{amount}\r".encode("ascii")
