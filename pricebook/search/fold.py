"""How a name and what is typed for it are made alike.

Character by character, so that a part of a name is always a part of the folded name: compatibility
forms apart (full-width letters, ligatures: Unicode NFKD, UAX #15), marks off (combining class above
0), case folded (Unicode 3.13). Vowel signs of Indic scripts and Thai have class 0 and stay.

>>> fold("Ｃrème Brûlée"), fold("ЁЖ"), words(" 可口可乐\\t500ML ")
('creme brulee', 'еж', ['可口可乐', '500ml'])
"""

from typing import Final
from unicodedata import category, combining, normalize

#: letters with a stroke or joined, which Unicode does not take apart
_PLAIN: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
_VARIATION_SELECTORS: Final = range(0xFE00, 0xFE10)
#: controls and halves of a pair: nothing that is read
_NOT_READ: Final = {"Cc", "Cs"}
#: joiners, marks of direction, soft hyphens
_NOT_SEEN: Final = "Cf"


class _Folded(dict[int, str]):
    """What each code point becomes, worked out when it is first met."""

    def __missing__(self, point: int) -> str:
        parts = (_folded(part) for part in normalize("NFKD", chr(point)))
        self[point] = folded = "".join(parts)
        return folded


def _folded(part: str) -> str:
    if part.isspace() or category(part) in _NOT_READ:
        return " "
    if combining(part) or category(part) == _NOT_SEEN or ord(part) in _VARIATION_SELECTORS:
        return ""
    return part.casefold().translate(_PLAIN)


_FOLDED: Final = _Folded()


def fold(text: str) -> str:
    """The text without case, marks and forms; what separates words is a space."""
    if text.isascii() and text.isprintable():
        return text.lower()
    return text.translate(_FOLDED)


def words(text: str) -> list[str]:
    """The folded words of a text, as spaces separate them."""
    return fold(text).split()
