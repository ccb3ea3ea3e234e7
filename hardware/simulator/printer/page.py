"""Page mode: things are put into boxes of a page, in any order and direction, and printed at once.

Owns the boxes, the directions and where in them the next thing goes. Texts stand with their base
line where GS $ says, codes and pictures with their lower edge; what is taller than the room above
it moves down.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from hardware.simulator.printer.paper import (
    FONT_A,
    Box,
    Code,
    Feed,
    Page,
    Placed,
    Printed,
    Text,
)
from hardware.simulator.printer.typesetting import Handler, Typesetter, signed_word, word

PAGE_ROWS: Final = 1662
"""The tallest page: 208 mm."""
PIECES_LIMIT: Final = 4_000

_DIRECTIONS: Final = {n + zero: n for zero in (0, 48) for n in range(4)}


class PageMode:
    """`put` gets the finished page. Off until ESC L."""

    def __init__(self, width_dots: int, line: Typesetter, put: Callable[[Printed], None]) -> None:
        self._width_dots, self._line, self._put = width_dots, line, put
        self._whole_page = Box(0, 0, width_dots, PAGE_ROWS)
        self.reset()

    def reset(self) -> None:
        """As at power-up."""
        self._quarters = 0
        self._leave()

    def _leave(self) -> None:
        """Standard mode, nothing on the page, the whole page as box; the direction stays."""
        self.is_on = False
        self._pieces: list[Placed] = []
        self._box = self._whole_page
        self._bottom = 0
        self._line.use_page(None)
        self._line.forget_line()

    def commands(self) -> dict[bytes, Handler]:
        return {
            b"\x1bL": self._begin, b"\x1bS": self._end, b"\x1bW": self._set_box,
            b"\x1bT": self._set_direction, b"\x1d$": self._go_down_to, b"\x1d\\": self._go_down_by,
            b"\x1b\x0c": self._print, b"\x0c": self._print_and_end, b"\x18": self._clear,
        }  # fmt: skip

    def _begin(self, _given: bytes) -> None:
        """ESC L, at the beginning of a line."""
        if not self.is_on and self._line.at_start:
            self.is_on = True
            self._pieces.clear()
            self._start_box()

    def _end(self, _given: bytes) -> None:
        """ESC S: what was not printed is forgotten."""
        if self.is_on:
            self._leave()

    def _set_box(self, given: bytes) -> None:
        """ESC W xL xH yL yH dxL dxH dyL dyH."""
        left, top, width, rows = (word(given[at:]) for at in (0, 2, 4, 6))
        left, width = self._line.dots_across(left), self._line.dots_across(width)
        top, rows = self._line.dots_down(top), self._line.dots_down(rows)
        if self.is_on and width and rows and left < self._width_dots and top < PAGE_ROWS:
            self._flush()
            width, rows = min(width, self._width_dots - left), min(rows, PAGE_ROWS - top)
            self._box = Box(left, top, width, rows)
            self._start_box()

    def _set_direction(self, given: bytes) -> None:
        """ESC T; outside of page mode it is kept for the next page."""
        if given[0] not in _DIRECTIONS:
            return
        if self.is_on:
            self._flush()
        self._quarters = _DIRECTIONS[given[0]]
        if self.is_on:
            self._start_box()

    def _start_box(self) -> None:
        self._line.use_page(self._box.width if self._quarters % 2 == 0 else self._box.rows)
        self._line.forget_line()
        self._bottom = FONT_A.rows

    def _go_down_to(self, given: bytes) -> None:
        self._go_down(self._line.dots_down(word(given)))

    def _go_down_by(self, given: bytes) -> None:
        self._go_down(self._bottom + self._line.dots_down(signed_word(given)))

    def _go_down(self, bottom: int) -> None:
        """A place outside of the box is no place. The line goes on at the same distance across."""
        if self.is_on and 0 <= bottom <= self._down_rows:
            x = self._line.x
            self._flush()
            self._line.x = x
            self._bottom = bottom

    @property
    def _down_rows(self) -> int:
        return self._box.rows if self._quarters % 2 == 0 else self._box.width

    # ---- what comes onto the page

    def add(self, printed: Printed) -> None:
        """A line that ended, a code, a picture; feeding only moves down."""
        match printed:
            case Feed():
                self._bottom = max(0, self._bottom + printed.rows)
            case Text():
                self._place_text(printed)
                self._bottom += printed.pitch_rows
            case Page():
                pass
            case _:
                self._flush()
                self._place(printed, self._line.x)
                self._line.x += printed.width

    def _flush(self) -> None:
        """The line under way stays where it is; the next begins where it ended."""
        x = self._line.x
        self._place_text(Text(self._line.words, self._line.place))
        self._line.forget_line()
        self._line.x = x

    def _place_text(self, text: Text) -> None:
        if not text.pieces:
            return
        x = min(piece.left for piece in text.pieces)
        pieces = tuple(piece._replace(left=piece.left - x) for piece in text.pieces)
        self._place(replace(text, pieces=pieces), x)

    def _place(self, what: Text | Code, x: int) -> None:
        rows = what.ink_rows if isinstance(what, Text) else what.rows
        self._bottom = max(self._bottom, min(rows, self._down_rows))
        if len(self._pieces) < PIECES_LIMIT:
            self._pieces.append(Placed(what, self._box, self._quarters, x, self._bottom))

    # ---- printing

    def _print(self, _given: bytes) -> None:
        """ESC FF: the page stays as it is."""
        if self.is_on:
            self._flush()
            if self._pieces:
                self._put(Page(tuple(self._pieces), max(map(self._end_of, self._pieces))))

    def _end_of(self, piece: Placed) -> int:
        """How far down the page a piece makes the paper come: to the end of its box, but not of the
        whole page if no box was set."""
        if piece.box == self._whole_page and piece.quarters == 0:
            return piece.bottom
        return piece.box.top + piece.box.rows

    def _print_and_end(self, given: bytes) -> None:
        """FF: in standard mode it only ends the line."""
        if self.is_on:
            self._print(given)
            self._leave()
        elif self._line.has_begun:
            self._line.end_line()

    def _clear(self, _given: bytes) -> None:
        """CAN: what stands in the box is gone."""
        if self.is_on:
            self._pieces = [piece for piece in self._pieces if piece.box != self._box]
            self._start_box()
