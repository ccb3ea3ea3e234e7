"""What a receipt is made of, from top to bottom. Values only: no bytes of any printer.

Whatever is in them, no part can order anything of a printer but to print: what would read as a
command in its data is dropped or refused here.
"""

import re
from dataclasses import dataclass
from typing import Final

from hardware.printer.barcode import Barcode
from hardware.printer.encoding import Cjk

COLUMN_DOTS: Final = 12
"""How wide a column prints: 48 columns are 576 dots, 32 are 384."""
QR_MODULE_DOTS: Final = 6
"""Side of a QR module: three quarters of a millimetre, which every phone reads."""
QR_LIMIT_BYTES: Final = 180
"""More would be wider than paper of 58 mm."""

_CONTROL: Final = re.compile("[\\x00-\\x1f\\x7f]")


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line; `large` is double width and height, so it takes twice the columns. `cjk`
    sends it that way whatever the printer's own is: for the test page."""

    text: str
    bold: bool = False
    large: bool = False
    cjk: Cjk | None = None


@dataclass(frozen=True, slots=True)
class Qr:
    """A QR code in the middle of the paper, with its quiet zone. `text` without its control
    characters is 1 to 180 bytes of UTF-8, else `ValueError`. `native` says who draws it whatever
    the printer's profile says: for the test page."""

    text: str
    native: bool | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.data) <= QR_LIMIT_BYTES:
            raise ValueError(f"a QR code of {len(self.data)} bytes")

    @property
    def data(self) -> bytes:
        """What the symbol holds. A control character could begin a real-time command, which
        printers obey inside any data."""
        return _CONTROL.sub("", self.text).encode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class Picture:
    """Dots in the middle of the paper, row by row from the top: each row `row_bytes` long, the
    highest bit of a byte leftmost, 1 is black. 8 dots are a millimetre on most printers."""

    row_bytes: int
    dots: bytes

    @property
    def rows(self) -> int:
        return len(self.dots) // self.row_bytes


Part = Line | Qr | Barcode | Picture
