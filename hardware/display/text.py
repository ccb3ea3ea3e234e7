"""What a customer display can show of a text: columns, characters, and two ends that never meet.

Owns fitting. Refuses to own what is said to the customer.

>>> sides("可口可乐 330ml", "3.50", 20)
'可口可乐 330ml  3.50'
>>> sides("Coca-Cola zero sugar", "12.00", 20)
'Coca-Cola zero 12.00'
"""

import re
import unicodedata
from enum import StrEnum
from typing import Final

from wcwidth import wcwidth

_LOOKS_LIKE: Final = str.maketrans({
    "×": "x", "·": ".", "•": ".", "、": ",", "。": ".", "…": "...", "‘": "'", "’": "'", "“": '"',
    "”": '"', "–": "-", "—": "-", "−": "-", "ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "€": "EUR",
})  # fmt: skip
"""For a display without such characters; goods' names are full of them."""
_EMPTIED: Final = re.compile(r"\(\s*\)|\[\s*\]|<\s*>")


class Charset(StrEnum):
    """What a display has characters for."""

    ASCII = "ascii"
    GBK = "gbk"


def cols_of(text: str) -> int:
    return sum(max(0, wcwidth(char)) for char in text)


def clipped(text: str, columns: int) -> str:
    """As much as fits, no wide character cut in two."""
    used = 0
    for place, char in enumerate(text):
        used += max(0, wcwidth(char))
        if used > columns:
            return text[:place]
    return text


def fitted(text: str, columns: int) -> str:
    """In exactly that many columns, from the left."""
    text = clipped(text, columns)
    return text + " " * (columns - cols_of(text))


def sides(left: str, right: str, columns: int) -> str:
    """Both ends flush; the right one (an amount) is whole, the left one gives way."""
    right = clipped(right, columns)
    room = columns - cols_of(right)
    return fitted(clipped(left, max(0, room - 1)), room) + right


def spelled(text: str, charset: Charset) -> str:
    """What the display has characters for: no control characters, no Chinese where it has none,
    nothing that takes two columns there and one here (`×`). What it has not becomes what looks like
    it (５, é, ㎏), or goes.

    >>> spelled("可口可乐 （３３０ｍｌ） café", Charset.ASCII)
    ' (330ml) cafe'
    """
    kept = []
    for char in text.replace("¥", "￥" if charset is Charset.GBK else "Y"):
        wide = charset is Charset.GBK and wcwidth(char) == 2 == len(char.encode("gbk", "ignore"))
        has_it = wide or " " <= char <= "~"
        kept.append(char if has_it else _plain(char.translate(_LOOKS_LIKE)))
    return "".join(kept)


def tidied(text: str) -> str:
    """Without the brackets and blanks around what was spelled to nothing."""
    return " ".join(_EMPTIED.sub(" ", text).split())


def _plain(text: str) -> str:
    """The ASCII that a character is made of, when it is made of nothing else: ½ is not 12."""
    parts = unicodedata.normalize("NFKD", text)
    letters = "".join(part for part in parts if not unicodedata.combining(part))
    return letters if all(" " <= letter <= "~" for letter in letters) else ""
