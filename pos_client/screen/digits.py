"""Digits three rows high, of half blocks, for what a customer reads from two metres away.

>>> print("\\n".join(large("5.0")))
█▀▀   █▀█
▀▀█   █ █
▀▀▀ ▀ ▀▀▀
"""

from typing import Final

HEIGHT: Final = 3

_DOTS = {
    "0": "111 101 101 101 111",
    "1": "010 110 010 010 111",
    "2": "111 001 111 100 111",
    "3": "111 001 111 001 111",
    "4": "101 101 111 001 001",
    "5": "111 100 111 001 111",
    "6": "111 100 111 101 111",
    "7": "111 001 001 001 001",
    "8": "111 101 111 101 111",
    "9": "111 101 111 001 111",
    ".": "0 0 0 0 1",
    "-": "000 000 111 000 000",
    " ": "00 00 00 00 00",
}
_BLOCKS = {"00": " ", "10": "▀", "01": "▄", "11": "█"}


def _drawn(dots: str) -> tuple[str, ...]:
    """Five rows of dots as three rows of half blocks."""
    lines = [*dots.split(), "0" * len(dots.split(maxsplit=1)[0])]
    return tuple(
        "".join(_BLOCKS[upper + lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(lines[::2], lines[1::2], strict=True)
    )


_GLYPHS = {char: _drawn(dots) for char, dots in _DOTS.items()}


def large(text: str) -> tuple[str, str, str]:
    """Three rows, a blank column between the characters. KeyError for what is no amount."""
    glyphs = [_GLYPHS[char] for char in text]
    top, middle, bottom = (" ".join(glyph[row] for glyph in glyphs) for row in range(HEIGHT))
    return top, middle, bottom
