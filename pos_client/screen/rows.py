"""A screen is rows of inked text, exact to the column: a wide character takes two and is never cut.

>>> text_of(row(fit("可口可乐 330ml", 10), right("3.50", 6)))
'可口可乐…   3.50'
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, get_character_cell_size

from retail.language import breakable


class Ink(StrEnum):
    """How a text stands out; each theme gives it its colours."""

    TEXT = "text"
    FAINT = "faint"
    STRONG = "strong"
    ACCENT = "accent"
    """what asks for an act"""
    GOOD = "good"
    ATTEND = "attend"
    BAD = "bad"
    CHOSEN = "chosen"
    """the line that the next key is about"""
    KEY = "key"
    """a key that can be pressed"""
    BAR = "bar"
    """the status line"""
    BAR_ATTEND = "bar_attend"


class Span(NamedTuple):
    """A piece of a row in one ink."""

    text: str
    ink: Ink = Ink.TEXT


Row = tuple[Span, ...]
Cell = tuple[str, Ink]

BLANK: Row = ()
_VARIANT = "\ufe0f"


@lru_cache(maxsize=16_384)
def width(text: str) -> int:
    """Columns of a terminal that the text takes."""
    return cell_len(text)


def shown(text: str) -> str:
    """The text with what a terminal would obey made visible: no name moves the cursor."""
    if _VARIANT in text:  # asks for a wider picture of the character before it; few terminals agree
        text = text.replace(_VARIANT, "")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _visible(char) for char in text)


def _visible(char: str) -> str:
    code = ord(char)
    return chr(0x2400 + code) if code < 0x20 else " "


@lru_cache(maxsize=16_384)
def clip(text: str, columns: int) -> str:
    """As much of the text as fits, with `…` where something is missing."""
    text = shown(text)
    if width(text) <= columns:
        return text
    if columns <= 0:
        return ""
    used = 0
    for place, char in enumerate(text):
        used += get_character_cell_size(char)
        if used > columns - 1:
            return text[:place] + "…"
    return text


def fit(text: str, columns: int) -> str:
    """The text in exactly that many columns, from the left."""
    clipped = clip(text, columns)
    return clipped + " " * (columns - width(clipped))


def right(text: str, columns: int) -> str:
    """The text in exactly that many columns, at the right edge."""
    clipped = clip(text, columns)
    return " " * (columns - width(clipped)) + clipped


def row(*pieces: str | Span) -> Row:
    """A row of pieces; plain ones are in ordinary ink, empty ones are left out."""
    spans = (piece if isinstance(piece, Span) else Span(piece) for piece in pieces)
    return tuple(span for span in spans if span.text)


def text_of(of: Row) -> str:
    """What stands in a row, without its ink."""
    return "".join(span.text for span in of)


def row_width(of: Row) -> int:
    return sum(width(span.text) for span in of)


def sized(of: Row, columns: int) -> Row:
    """The row in exactly that many columns: filled up with blanks, or cut."""
    room = columns
    spans: list[Span] = []
    for text, ink in of:
        kept = clip(text, room)
        spans.append(Span(kept, ink))
        room -= width(kept)
        if not room:
            break
    if room:
        bar = bool(spans) and spans[-1].ink in _FILLING
        spans.append(Span(" " * room, spans[-1].ink if bar else Ink.TEXT))
    return _joined(spans)


#: inks whose colour goes on to the edge
_FILLING = {Ink.BAR, Ink.BAR_ATTEND}


def _joined(spans: Iterable[Span]) -> Row:
    """Neighbours of one ink as one span: each costs the terminal a change of colour."""
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].ink is span.ink:
            joined[-1] = Span(joined[-1].text + span.text, span.ink)
        elif span.text:
            joined.append(span)
    return tuple(joined)


def sides(left: Row, at_right: Row, columns: int) -> Row:
    """Both ends flush, the right one whole, the left one cut where they would meet."""
    room = columns - row_width(at_right)
    return _joined([*sized(left, max(room, 0)), *at_right])


def below(rows: list[Row], count: int, columns: int) -> list[Row]:
    """Exactly that many rows of that width, blank ones added below."""
    filled = [sized(each, columns) for each in rows[:count]]
    return filled + [sized(BLANK, columns)] * (count - len(filled))


def folded(text: str, columns: int) -> list[str]:
    """The text in lines of at most that many columns, at a blank where there is one."""
    lines: list[str] = []
    line = ""
    for word in breakable(shown(text)):
        if line and width(line) + width(word.rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        line += word if line else word.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines


def mark(*, chosen: bool) -> Span:
    """What opens a row of a list: whether the next key is about it."""
    return Span("▌ ", Ink.CHOSEN) if chosen else Span("  ")


def cells(of: Row) -> list[Cell]:
    """The row column by column; the second half of a wide character is an empty text."""
    columns: list[Cell] = []
    for text, ink in of:
        for char in text:
            size = get_character_cell_size(char)
            if size:
                columns.append((char, ink))
                columns.extend([("", ink)] * (size - 1))
            elif columns:  # a combining mark stands on the character before it
                before, its_ink = columns[-1]
                columns[-1] = (before + char, its_ink)
    return columns


def changed(before: Row, after: Row) -> tuple[int, int] | None:
    """Where two rows differ: the columns [from, to), beginning and ending at whole characters;
    None when they are the same."""
    if before == after:
        return None
    old, new = cells(before), cells(after)
    if len(old) != len(new):
        return 0, len(new)
    differ = [x for x, (was, now) in enumerate(zip(old, new, strict=True)) if was != now]
    if not differ:
        return None
    start, end = differ[0], differ[-1] + 1
    while start and not (old[start][0] and new[start][0]):
        start -= 1
    while end < len(new) and not (old[end][0] and new[end][0]):
        end += 1
    return start, end
