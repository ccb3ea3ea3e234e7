"""The state that a printer reports: paper, cover, errors, drawer, as the bits of its answers.

Bits are those of Epson's command reference: DLE EOT 1 to 4, automatic status (GS a, four bytes),
GS r 1.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Paper(StrEnum):
    """What the sensors see of the roll."""

    IN = "in"
    NEAR_END = "near"
    OUT = "out"


class Trouble(StrEnum):
    """An error that keeps it from printing."""

    CUTTER_JAMMED = "cutter jammed"
    """Something is in its way; a person takes it out."""
    CUTTER_STOPPED = "cutter stopped"
    """Half-way, with nothing in its way: the host may tell it to go on."""
    HEAD_HOT = "head hot"
    """It cools down by itself."""
    BROKEN = "broken"
    """Nothing helps but a mechanic."""


@dataclass(slots=True)
class Condition:
    """`drawer_high` is the level at pin 3 of the drawer's socket."""

    paper: Paper = Paper.IN
    cover_open: bool = False
    troubles: set[Trouble] = field(default_factory=set)
    drawer_high: bool = False

    @property
    def is_offline(self) -> bool:
        return self.paper is Paper.OUT or self.cover_open or bool(self.troubles)

    def real_time(self, n: int) -> int | None:
        """The answer to DLE EOT n; None for what it does not tell."""
        out = self.paper is Paper.OUT
        match n:
            case 1:
                return _with(0x12, (self.drawer_high, 0x04), (self.is_offline, 0x08))
            case 2:
                error = bool(self.troubles)
                return _with(0x12, (self.cover_open, 0x04), (out, 0x20), (error, 0x40))
            case 3:
                return 0x12 | self._error_bits
            case 4:
                return _with(0x12, (self._is_near_end, 0x0C), (out, 0x60))
            case _:
                return None

    def automatic(self) -> bytes:
        """The four bytes of automatic status."""
        first = _with(
            0x10, (self.drawer_high, 0x04), (self.is_offline, 0x08), (self.cover_open, 0x20)
        )
        return bytes((first, self._error_bits, self.paper_bits, 0))

    def watched(self, groups: int) -> tuple[int, ...]:
        """What GS a n watches: bit 0 the drawer, 1 on-line or off, 2 errors, 3 paper. Automatic
        status is sent when this changes."""
        first, second, third, _ = self.automatic()
        parts = (first & 0x04, first & 0x28, second, third)
        return tuple(part for bit, part in enumerate(parts) if groups >> bit & 1)

    @property
    def paper_bits(self) -> int:
        """The answer to GS r 1: near end, end."""
        return _with(0, (self._is_near_end, 0x03), (self.paper is Paper.OUT, 0x0C))

    @property
    def _error_bits(self) -> int:
        cutter = bool(self.troubles & {Trouble.CUTTER_JAMMED, Trouble.CUTTER_STOPPED})
        broken, hot = Trouble.BROKEN in self.troubles, Trouble.HEAD_HOT in self.troubles
        return _with(0, (cutter, 0x08), (broken, 0x20), (hot, 0x40))

    @property
    def _is_near_end(self) -> bool:
        return self.paper is not Paper.IN


def _with(fixed: int, *bits: tuple[bool, int]) -> int:
    return fixed | sum(bit for is_so, bit in bits if is_so)
