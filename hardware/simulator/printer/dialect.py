"""What a printer calls itself and which commands it knows: printers that speak ESC/POS differ.

The answers to GS I are Epson's (transmit printer ID): single bytes for 1 to 3, text between 5F and
NUL for 65 to 69.
"""

from dataclasses import dataclass, replace
from typing import Final, Self


@dataclass(frozen=True, slots=True)
class Identity:
    """What GS I answers."""

    maker: str = "EPSON"
    model: str = "TM-SIM"
    firmware: str = "1.00 ESC/POS"
    serial: str = "SIM0000001"
    language: str = "CHINA GB18030"

    @classmethod
    def parse(cls, text: str) -> Self:
        """`MAKER/MODEL/FIRMWARE/SERIAL`, as much of it as is given; `ValueError` when it cannot be
        said in ASCII."""
        if not (text.isascii() and text.isprintable()):
            raise ValueError(f"identity is {text!r}, not words of ASCII with / between them")
        names = ("maker", "model", "firmware", "serial")
        parts = text.split("/")
        if len(parts) > len(names):
            raise ValueError(f"identity is {text!r}, not maker/model/firmware/serial")
        return replace(cls(), **dict(zip(names, parts, strict=False)))

    def answer(self, n: int) -> bytes | None:
        """To GS I n; None when no such thing is told."""
        words = {
            65: self.firmware,
            66: self.maker,
            67: self.model,
            68: self.serial,
            69: self.language,
        }.get(n)
        if words is not None:
            return b"\x5f" + words.encode("ascii") + b"\x00"
        return _NUMBERS.get(n % 48 if n >= 48 else n)


_NUMBERS: Final = {1: b"\x20", 2: b"\x03", 3: b"\x01"}
"""Model, type (hanzi, cutter) and version."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """`unknown` are beginnings of commands; of one that it does not know a printer steps over all
    bytes, or `prints` what comes after its first two as if it were text. `automatic_status` is what
    it sends from power-up without being asked (the n of GS a)."""

    unknown: tuple[bytes, ...] = ()
    prints: bool = False
    automatic_status: int = 0

    def knows(self, command: bytes | bytearray) -> bool:
        return not command.startswith(self.unknown)


EPSON: Final = Dialect()
XPRINTER: Final = Dialect(unknown=(b"\x1d(H",))
"""Answers GS r, but not GS ( H."""
CHEAP: Final = Dialect(
    unknown=(b"\x1d(", b"\x1d8", b"\x1da", b"\x1dI", b"\x1cq", b"\x1cp", b"\x1bL"), prints=True
)
"""A printer of 58 mm from the market: no QR code, no fence with a name, no automatic status; it
prints the data of what it does not know."""
DIALECTS: Final = {"epson": EPSON, "xprinter": XPRINTER, "cheap": CHEAP}
