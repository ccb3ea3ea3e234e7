"""What a scanner reads, whichever way it comes: a code with its symbology, or noise.

Owns what text a code is and how long it may be. Refuses to own what stands around it on the wire
(the parsers do) and what it means (a product, a member, a parcel: whoever listens does).
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, TypeAlias

CODE_LIMIT_BYTES: Final = 4296
"""The most that a QR code of letters and digits holds (ISO/IEC 18004)."""
END_GAP_S: Final = 0.1
"""A pause as long ends a code where no end is agreed; within one, bytes come 1 ms apart."""
BREAK_GAP_S: Final = 1.0
"""A pause as long where an end is agreed: the code broke off, and half a code is none."""
NOISE_KEPT_BYTES: Final = 64

_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_WITHIN_CODES = frozenset("\x04\t\n\r\x1c\x1d\x1e\x1f")
"""Control characters that codes are made with: GS1 element strings (GS), ISO/IEC 15434 (RS, EOT),
text in a QR code."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What was scanned; `aim` is the symbology (`]E0`, ISO/IEC 15424), empty when not sent."""

    code: str
    aim: str = ""

    @classmethod
    def read(cls, text: str) -> "Scan":
        """The same text with an AIM identifier in front told apart."""
        aim = _AIM.match(text)
        return cls(text[3:], text[:3]) if aim and len(text) > 3 else cls(text)


@dataclass(frozen=True, slots=True)
class Noise:
    """What came and was no code: the first bytes of it, none where nothing could be kept."""

    data: bytes


Heard: TypeAlias = Scan | Noise


def heard(data: bytes, aim: str = "") -> Heard:
    """The bytes of a whole code, without what stood around it: UTF-8, else GB18030. `aim` is its
    symbology where that came apart from it."""
    text = _text(data) if 0 < len(data) <= CODE_LIMIT_BYTES else None
    if not text:
        return noise(data)
    return Scan(text, aim) if _AIM.fullmatch(aim) else Scan.read(text)


def noise(data: bytes) -> Noise:
    """As much of it as is kept."""
    return Noise(bytes(data[:NOISE_KEPT_BYTES]))


def _text(data: bytes) -> str | None:
    for encoding in ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text if text.isprintable() or _only_known_controls(text) else None
    return None


def _only_known_controls(text: str) -> bool:
    return all(char in _WITHIN_CODES or unicodedata.category(char) != "Cc" for char in text)
