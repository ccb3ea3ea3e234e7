"""The simulated paper as lines of text: what a person reads on it, dots and codes in brackets."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from hardware.printer.parts import COLUMN_DOTS
from hardware.simulator.printer.paper import (
    Barcode,
    Code,
    Dots,
    Page,
    Patch,
    Place,
    Placed,
    Printed,
    QrCode,
    Run,
    Symbol,
    Text,
)

PICTURE: Final = "[picture]"
"""What stands for dots where the paper is read as text."""


def as_lines(printed: Printed) -> list[str]:
    """The lines of text that stand for what is printed; white paper is none."""
    match printed:
        case Text():
            words = _line(printed.pieces)
            return [_indented(words, printed.place.start(printed.width))]
        case QrCode() | Barcode() | Symbol() | Dots():
            return [_centred(_words(printed), printed.place)]
        case Page():
            return _page(printed.pieces)
        case _:
            return []


def readable(data: bytes) -> str:
    """Bytes in a symbol as one line of text."""
    words = data.decode("utf-8", errors="replace")
    return "".join(char if char.isprintable() else "\ufffd" for char in words)


def _words(printed: Code) -> str:
    match printed:
        case QrCode(data=data):
            return f"[QR {readable(data)}]"
        case Barcode(kind=kind, text=text) | Symbol(kind=kind, text=text):
            return f"[{kind} {text}]" if text else f"[{kind}]"
        case Dots():
            return PICTURE


def _line(pieces: Sequence[Run | Patch]) -> str:
    """From left to right, with as many spaces as the gaps are wide; what was struck twice on one
    spot stands there once."""
    words: list[str] = []
    right = 0
    last: Run | Patch | None = None
    for piece in sorted(pieces, key=lambda piece: piece.left):
        text = _text_of(piece)
        if last is not None and piece.left == last.left and text == _text_of(last):
            continue
        if piece.left > right:
            words.append(" " * max(1, round((piece.left - right) / COLUMN_DOTS)))
        words.append(text)
        right = max(right, piece.right)
        last = piece
    return "".join(words)


def _text_of(piece: Run | Patch) -> str:
    return piece.text or PICTURE


def _indented(words: str, left_dots: int) -> str:
    return " " * (left_dots // COLUMN_DOTS) + words if words else ""


def _centred(words: str, place: Place) -> str:
    """By the width of the words, which is not that of what they stand for."""
    room = place.width // COLUMN_DOTS - len(words)
    return " " * (place.left // COLUMN_DOTS + int(place.align.value * max(0, room))) + words


def _page(pieces: Sequence[Placed]) -> list[str]:
    """The boxes of a page as they were filled, each line by line."""
    lines: list[str] = []
    for box, in_box in groupby(pieces, key=lambda piece: (piece.box, piece.quarters)):
        inside = sorted(in_box, key=lambda piece: (piece.bottom, piece.x))
        across = box[0].left if box[1] % 2 == 0 else 0
        for _, level in groupby(inside, key=lambda piece: piece.bottom):
            lines.append(_level(list(level), across))
    return lines


def _level(level: Sequence[Placed], left_dots: int) -> str:
    words = ""
    for placed in level:
        what = placed.what
        begins = (left_dots + placed.x) // COLUMN_DOTS
        words += " " * max(bool(words), begins - len(words))
        words += _line(what.pieces) if isinstance(what, Text) else _words(what)
    return words
