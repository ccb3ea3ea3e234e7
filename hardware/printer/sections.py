"""A receipt in the sections in which it is sent.

Cheap printers drop what does not fit their buffer (ESC-POS-.NET #227), so a long receipt goes out
in sections, each with its fence, and the next only when that was answered.
"""

from collections.abc import Sequence
from typing import Final

from hardware.printer import receipt_bytes
from hardware.printer.parts import Part
from hardware.printer.profile import Profile

SECTION_BYTES: Final = 2048
"""The least buffer that printers are sold with is 4 KiB: a section, or a picture band, fits."""
_LINE_BYTES: Final = 48


def sections_of(
    parts: Sequence[Part], profile: Profile, *, behind_a_torn_one: bool = False
) -> tuple[bytes, ...]:
    """The whole receipt: settings at its head, parts, and the cut at its end. A section ends
    between two pieces, never inside a command."""
    sections: list[bytes] = []
    section = bytearray()
    for piece in receipt_bytes.pieces(parts, profile, behind_a_torn_one=behind_a_torn_one):
        if section and len(section) + len(piece) > SECTION_BYTES:
            sections.append(bytes(section))
            section.clear()
        section += piece
    return (*sections, bytes(section))


def lines_in(section: bytes) -> int:
    """About how many lines it prints, to know how long that may take."""
    return max(section.count(b"\n"), len(section) // _LINE_BYTES)
