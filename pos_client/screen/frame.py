"""The whole screen as rows: status, work and total side by side, note, entry, keys.

 status
─────────────────────────┬──────
 work                    │ total
─────────────────────────┴──────
 note, or the last line
 what is asked
▏entry
─────────────────────────────────
 keys
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from pos_client.screen.page import Desk, Size
from pos_client.screen.rows import (
    Ink,
    Row,
    Span,
    below,
    clip,
    fit,
    folded,
    row,
    row_width,
    shown,
    sized,
    width,
)
from retail.language import Text

COLUMNS_MIN: Final = 72
ROWS_MIN: Final = 16
_TOO_SMALL = Text("Please make the window larger.", "请将窗口放大。")

HEAD_ROWS: Final = 2
FOOT_ROWS: Final = 6
_WIDE = 96
_EDGE = Span("│", Ink.FAINT)


class Parts(NamedTuple):
    """What stands beside the page: each is asked for its rows."""

    status: Callable[[int], Row]
    total: Callable[[Size], list[Row]]
    #: a sentence that stays in sight; empty: none
    banner: Callable[[], str]


def total_columns(columns: int) -> int:
    """How wide the total is: it shrinks first."""
    return 30 if columns >= _WIDE else 24


class Frame(NamedTuple):
    """The rows of each place: head and foot over the whole width, work and total side by side."""

    head: list[Row]
    work: list[Row]
    total: list[Row]
    foot: list[Row]

    @property
    def rows(self) -> list[Row]:
        """The screen as one piece."""
        middle = [(*one, *other) for one, other in zip(self.work, self.total, strict=True)]
        return [*self.head, *middle, *self.foot]


def frame(desk: Desk, parts: Parts, size: Size) -> Frame:
    """Exactly as many rows and columns as `size`; in a window too small, a sentence says so."""
    columns, rows = size
    at_right = total_columns(columns)
    work = Size(columns - at_right - 1, max(0, rows - HEAD_ROWS - FOOT_ROWS))
    if columns < COLUMNS_MIN or rows < ROWS_MIN:
        said = row(Span(desk.say(_TOO_SMALL), Ink.ATTEND))
        return Frame(
            below([said], HEAD_ROWS, columns),
            below([], work.rows, max(0, work.columns) + 1),
            below([], work.rows, at_right),
            below([], FOOT_ROWS, columns),
        )
    totals = below(parts.total(Size(at_right, work.rows)), work.rows, at_right)
    return Frame(
        [parts.status(columns), _with(parts.banner(), _rule(columns, work.columns, "┬"))],
        [(*each, _EDGE) for each in below(desk.page.rows(work), work.rows, work.columns)],
        totals,
        foot(desk, columns),
    )


def foot(desk: Desk, columns: int) -> list[Row]:
    """Note, question, entry and keys: all that typing changes."""
    note, ask = _sentences(desk, columns)
    return [
        _rule(columns, columns - total_columns(columns) - 1, "┴"),
        note,
        ask,
        _entry(desk, columns),
        _rule(columns, None, ""),
        _keys(desk, columns),
    ]


def _rule(columns: int, at: int | None, joint: str) -> Row:
    line = "─" * columns
    if at is not None:
        line = line[:at] + joint + line[at + 1 :]
    return (Span(line, Ink.FAINT),)


def _with(banner: str, rule: Row) -> Row:
    """The sentence within the rule: nothing moves when it comes or goes."""
    if not banner:
        return rule
    line = rule[0].text
    said = clip(f"▲ {banner}", len(line) - 6)
    rest = line[4 + width(said) :]
    return row(Span("── ", Ink.FAINT), Span(said, Ink.ATTEND), Span(f" {rest}", Ink.FAINT))


def _sentences(desk: Desk, columns: int) -> tuple[Row, Row]:
    """The two rows above the entry: a note and its remedy, else the last line and the question."""
    note = desk.note
    if note is None:
        ask = row(Span(" " + desk.page.prompt(), Ink.FAINT))
        return sized(desk.page.aside(), columns), sized(ask, columns)
    room = columns - 2
    if width(note.say) <= room and width(note.remedy) <= room:
        lines = [note.say, note.remedy]
    else:
        lines = folded(f"{note.say} {note.remedy}", room)
        lines = [lines[0], clip(" ".join(lines[1:]), room)]
    second = (lines[1], Ink.TEXT) if lines[1] else (desk.page.prompt(), Ink.FAINT)
    first = row(Span(" " + lines[0], note.ink))
    return sized(first, columns), sized(row(Span(" " + second[0], second[1])), columns)


def _entry(desk: Desk, columns: int) -> Row:
    """What is being typed; of a long entry the end."""
    text, room = shown(desk.entry), columns - 5
    while width(text) > room:
        text = text[1:]
    # one ink to the edge: the row is written again with every key
    return (Span(fit(f" ▸ {text}▏", columns), Ink.ACCENT),)


def _keys(desk: Desk, columns: int) -> Row:
    """As many keys as fit, the least important left out."""
    kept = list(desk.page.keys())
    while True:
        spans: list[Span] = []
        for label in kept:
            gap = "  " if spans else " "
            spans += [Span(gap), Span(label.key, Ink.KEY), Span(f" {desk.say(label.says)}")]
        if row_width(tuple(spans)) <= columns or not any(label.rank for label in kept):
            return sized(tuple(spans), columns)
        kept.remove(max(kept, key=lambda label: label.rank))
