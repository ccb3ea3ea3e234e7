"""How a printer stands, put together from what it says: answers to DLE EOT, automatic status.

Bits by Epson's command reference (DLE EOT, GS a), the same in Citizen's and Sewoo's manuals. What
was never said is None: silence is no paper and no lack of it.
"""

from dataclasses import dataclass, replace
from typing import Literal, Self

from hardware.printer.faults import (
    CoverOpen,
    CutterJammed,
    HeadHot,
    OutOfPaper,
    PaperLow,
    PrinterError,
    PrinterFault,
)

Which = Literal[1, 2, 3, 4]


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """`pin_high`: the drawer's connector, pin 3; open or shut depends on the drawer."""

    offline: bool | None = None
    pin_high: bool | None = None
    cover_open: bool | None = None
    paper_end: bool | None = None
    paper_low: bool | None = None
    cutter: bool | None = None
    recoverable: bool | None = None
    unrecoverable: bool | None = None
    error: bool | None = None

    def told(self, which: Which, bits: int) -> Self:
        """With the answer to DLE EOT `which`."""
        match which:
            case 1:
                return replace(self, pin_high=bool(bits & 0x04), offline=bool(bits & 0x08))
            case 2:
                return replace(
                    self,
                    cover_open=bool(bits & 0x04),
                    paper_end=bool(bits & 0x20),
                    error=bool(bits & 0x40),
                )
            case 3:
                return replace(
                    self,
                    cutter=bool(bits & 0x08),
                    unrecoverable=bool(bits & 0x20),
                    recoverable=bool(bits & 0x40),
                )
            case 4:
                return replace(
                    self,
                    paper_low=bool(bits & 0x0C),
                    paper_end=bool(bits & 0x60) or bool(self.paper_end),
                )

    @classmethod
    def automatic(cls, raw: bytes) -> Self:
        """From the four bytes of automatic status (GS a)."""
        first, second, third = raw[:3]
        return cls(
            offline=bool(first & 0x08),
            pin_high=bool(first & 0x04),
            cover_open=bool(first & 0x20),
            paper_end=bool(third & 0x0C),
            paper_low=bool(third & 0x03),
            cutter=bool(second & 0x08),
            unrecoverable=bool(second & 0x20),
            recoverable=bool(second & 0x40),
            error=bool(second & 0x68),
        )

    @property
    def is_unexplained(self) -> bool:
        """Offline, and nothing says why."""
        causes = (self.cover_open, self.paper_end, self.error, self.cutter, self.recoverable)
        return bool(self.offline) and not any((*causes, self.unrecoverable))

    @property
    def trouble(self) -> PrinterFault | None:
        """What keeps it from printing: the cause that a person can mend first."""
        if self.cover_open:
            return CoverOpen()
        if self.paper_end:
            return OutOfPaper()
        if self.cutter:
            return CutterJammed()
        if self.recoverable:
            return HeadHot()
        if self.unrecoverable or self.error or self.offline:
            return PrinterError(str(self))
        return None

    @property
    def fault(self) -> PrinterFault | None:
        """What a person should see to: trouble, or paper that is nearly used up."""
        return self.trouble or (PaperLow() if self.paper_low else None)
