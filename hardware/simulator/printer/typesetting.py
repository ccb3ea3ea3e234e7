"""Characters set into lines: their size and style, spacing, margins, positions and tabs.

Owns the line that is under way and every mode that shapes it; which character a byte is,
`hardware.simulator.printer.characters` knows. Lengths are in dots of 1/203 inch.
"""

from collections.abc import Callable
from itertools import groupby
from typing import Final

from hardware.simulator.printer.paper import (
    FONT_A,
    FONT_B,
    HANZI,
    LINE_ROWS,
    Align,
    Bitmap,
    Cell,
    Patch,
    Place,
    Run,
    Style,
    Text,
)

Handler = Callable[[bytes], bool | None]
"""What obeys a command, given its parameters; False when they mean nothing."""

DOTS_PER_INCH: Final = 203
TAB_COLS: Final = 8
TABS_LIMIT: Final = 32
LINE_LIMIT_PIECES: Final = 1_000
"""Things struck one on the other before the line is printed."""
OWN_BYTES_MAX: Final = 4
"""Height of a character that was defined, in bytes of 8 dots."""

_FONTS: Final = {0: FONT_A, 48: FONT_A, **dict.fromkeys((1, 2, 49, 50), FONT_B)}
_ALIGNS: Final = dict(zip(b"\x00\x01\x02012", [*Align] * 2, strict=True))
_UNDERLINES: Final = {0: 0, 48: 0, 1: 1, 49: 1, 2: 2, 50: 2}


def word(given: bytes) -> int:
    """A number of two bytes, the low one first."""
    return int.from_bytes(given[:2], "little")


def signed_word(given: bytes) -> int:
    """The same, where large numbers are less than nothing."""
    return int.from_bytes(given[:2], "little", signed=True)


class Typesetter:
    """Lines that are full or ended go to `put`. `x` is where in the line the next thing goes."""

    def __init__(self, width_dots: int, put: Callable[[Text], None]) -> None:
        self._width_dots = width_dots
        self._put = put
        self.reset()

    def reset(self) -> None:
        """As at power-up; the line under way is forgotten, and characters that were defined."""
        self.forget_line()
        self._latin = self._hanzi = Style()
        self._emphasised = self._struck_twice = False
        self._underline_dots = 1
        self._font = FONT_A
        self._space = 0
        self._hanzi_spaces = (0, 0)
        self._align = Align.LEFT
        self._left, self._width = 0, self._width_dots
        self._upside_down = False
        self.pitch_rows = LINE_ROWS
        self._tabs = [TAB_COLS * FONT_A.width * place for place in range(1, TABS_LIMIT + 1)]
        self._unit_x = self._unit_y = DOTS_PER_INCH
        self._uses_own = False
        self._own: dict[int, Bitmap] = {}
        self._own_hanzi: dict[str, Bitmap] = {}
        self._page_width: int | None = None

    def forget_line(self) -> None:
        self._pieces: list[Run | Patch] = []
        self.x = 0

    def commands(self) -> dict[bytes, Handler]:
        return {
            b"\x1b!": self._select_modes, b"\x1d!": self._select_size, b"\x1bE": self._emphasise,
            b"\x1bG": self._strike_twice, b"\x1b-": self._underline, b"\x1dB": self._reverse,
            b"\x1bM": self._select_font, b"\x1b ": self._set_space, b"\x1bV": self._turn,
            b"\x1b{": self._turn_line, b"\x1c!": self._select_hanzi_modes,
            b"\x1c-": self._underline_hanzi, b"\x1cW": self._quadruple_hanzi,
            b"\x1cS": self._set_hanzi_spaces, b"\x1b$": self._go_to, b"\x1b\\": self._go_by,
            b"\x1bD": self._set_tabs, b"\x1ba": self._select_align, b"\x1dL": self._set_margin,
            b"\x1dW": self._set_width, b"\x1dP": self._set_units, b"\x1b2": self._usual_pitch,
            b"\x1b3": self._set_pitch, b"\x1bA": self._set_pitch_60, b"\x1b+": self._set_pitch_360,
            b"\x1b%": self._use_own, b"\x1b&": self._define, b"\x1b?": self._undefine,
        }  # fmt: skip

    # ---- the line

    @property
    def has_begun(self) -> bool:
        """Whether something stands in the line."""
        return bool(self._pieces)

    @property
    def at_start(self) -> bool:
        return not self._pieces and self.x == 0

    @property
    def words(self) -> tuple[Run | Patch, ...]:
        """What stands in the line that is under way."""
        return tuple(self._pieces)

    @property
    def place(self) -> Place:
        """Where lines, codes and pictures stand now."""
        if self._page_width is not None:
            return Place(Align.LEFT, 0, self._page_width)
        left = min(self._left, self._width_dots)
        return Place(self._align, left, max(0, min(self._width, self._width_dots - left)))

    def type(self, text: str, *, hanzi: bool) -> None:
        """Characters after what stands there, into as many lines as they need."""
        if not hanzi and self._uses_own:
            self._type_own(text)
        elif hanzi and self._own_hanzi:
            self._type_own_hanzi(text)
        else:
            self._set_text(text, hanzi=hanzi)

    def _set_text(self, text: str, *, hanzi: bool) -> None:
        style, cell = self._style(hanzi=hanzi)
        lead, space = self._hanzi_spaces if hanzi else (0, self._space)
        width = cell.rows * style.high if style.turned else cell.width * style.wide
        lead *= style.wide
        step = max(1, lead + width + space * style.wide)
        while text:
            fits = self._room(step)
            self._add(Run(text[:fits], self.x, step, cell, style, lead))
            self.x += step * min(fits, len(text))
            text = text[fits:]
            if text:
                self.end_line()

    def _room(self, step: int) -> int:
        """How many fit into the line, which may first be ended for that: at least one."""
        fits = (self.place.width - self.x) // step
        if fits < 1 and not self.at_start:
            self.end_line()
            fits = self.place.width // step
        return max(1, fits)

    def _style(self, *, hanzi: bool) -> tuple[Style, Cell]:
        style = self._hanzi if hanzi else self._latin
        bold = self._emphasised or self._struck_twice
        return style._replace(bold=bold), HANZI if hanzi else self._font

    def _add(self, run: Run) -> None:
        """To the line; as one with the run before it where both look the same."""
        last = self._pieces[-1] if self._pieces else None
        if isinstance(last, Run) and last.right == run.left:
            longer = last._replace(text=last.text + run.text)
            if longer == run._replace(text=longer.text, left=last.left):
                self._pieces[-1] = longer
                return
        self._put_piece(run)

    def _put_piece(self, piece: Run | Patch) -> None:
        self._pieces.append(piece)
        if len(self._pieces) > LINE_LIMIT_PIECES:
            self.end_line()

    def _type_own(self, text: str) -> None:
        """Characters of which some were defined by ESC &."""
        for known, chars in groupby(text, key=lambda char: ord(char) in self._own):
            if not known:
                self._set_text("".join(chars), hanzi=False)
                continue
            for char in chars:
                style, _ = self._style(hanzi=False)
                self._type_patch(self._own[ord(char)], style, self._space, char)

    def _type_own_hanzi(self, text: str) -> None:
        """Characters of which some were defined by FS 2."""
        for char in text:
            if (bitmap := self._own_hanzi.get(char)) is None:
                self._set_text(char, hanzi=True)
            else:
                style, _ = self._style(hanzi=True)
                self._type_patch(bitmap, style, sum(self._hanzi_spaces), char)

    def _type_patch(self, bitmap: Bitmap, style: Style, space: int, char: str) -> None:
        step = (bitmap.width + space) * style.wide
        self._room(step)
        self._put_piece(Patch(self.x, bitmap, style.wide, style.high, char))
        self.x += step

    def add_dots(self, bitmap: Bitmap, wide: int, high: int) -> None:
        """After what stands in the line; those beyond its end are lost."""
        room = (self.place.width - self.x) // wide
        if room > 0 and bitmap.width and bitmap.rows:
            bitmap = bitmap.trimmed(room, bitmap.rows)
            self._put_piece(Patch(self.x, bitmap, wide, high))
            self.x += bitmap.width * wide

    def tab(self) -> None:
        """HT: to the next tab; nowhere when there is none."""
        self.x = next((tab for tab in self._tabs if tab > self.x), self.x)

    def end_line(self, pitch_rows: int | None = None) -> None:
        """The line is done, the next `pitch_rows` below."""
        pieces = tuple(self._pieces)
        self.forget_line()
        pitch_rows = self.pitch_rows if pitch_rows is None else pitch_rows
        self._put(Text(pieces, self.place, pitch_rows, self._upside_down))

    def use_page(self, width: int | None) -> None:
        """Lines are as wide as the page is, or as the paper again."""
        self._page_width = width

    def dots_down(self, units: int) -> int:
        """Vertical motion units as rows of dots."""
        return units * DOTS_PER_INCH // self._unit_y

    def dots_across(self, units: int) -> int:
        return units * DOTS_PER_INCH // self._unit_x

    # ---- style

    def _select_modes(self, given: bytes) -> None:
        n = given[0]
        self._font = FONT_B if n & 0x01 else FONT_A
        self._emphasised = bool(n & 0x08)
        wide, high = 1 + (n >> 5 & 1), 1 + (n >> 4 & 1)
        line = self._underline_dots if n & 0x80 else 0
        self._latin = self._latin._replace(wide=wide, high=high, underline=line)

    def _select_size(self, given: bytes) -> None:
        wide, high = 1 + (given[0] >> 4 & 7), 1 + (given[0] & 7)
        self._latin = self._latin._replace(wide=wide, high=high)
        self._hanzi = self._hanzi._replace(wide=wide, high=high)

    def _emphasise(self, given: bytes) -> None:
        self._emphasised = bool(given[0] & 1)

    def _strike_twice(self, given: bytes) -> None:
        self._struck_twice = bool(given[0] & 1)

    def _underline(self, given: bytes) -> None:
        if (dots := _UNDERLINES.get(given[0])) is not None:
            self._underline_dots = dots or self._underline_dots
            self._latin = self._latin._replace(underline=dots)

    def _underline_hanzi(self, given: bytes) -> None:
        if (dots := _UNDERLINES.get(given[0])) is not None:
            self._hanzi = self._hanzi._replace(underline=dots)

    def _reverse(self, given: bytes) -> None:
        reverse = bool(given[0] & 1)
        self._latin = self._latin._replace(reverse=reverse)
        self._hanzi = self._hanzi._replace(reverse=reverse)

    def _turn(self, given: bytes) -> None:
        turned = given[0] in b"\x01\x0212"
        self._latin = self._latin._replace(turned=turned)
        self._hanzi = self._hanzi._replace(turned=turned)

    def _turn_line(self, given: bytes) -> None:
        if self.at_start:
            self._upside_down = bool(given[0] & 1)

    def _select_font(self, given: bytes) -> None:
        self._font = _FONTS.get(given[0], self._font)

    def _set_space(self, given: bytes) -> None:
        self._space = self.dots_across(given[0])

    def _select_hanzi_modes(self, given: bytes) -> None:
        n = given[0]
        wide, high = 1 + (n >> 2 & 1), 1 + (n >> 3 & 1)
        line = self._underline_dots if n & 0x80 else 0
        self._hanzi = self._hanzi._replace(wide=wide, high=high, underline=line)

    def _quadruple_hanzi(self, given: bytes) -> None:
        size = 1 + (given[0] & 1)
        self._hanzi = self._hanzi._replace(wide=size, high=size)

    def _set_hanzi_spaces(self, given: bytes) -> None:
        self._hanzi_spaces = (self.dots_across(given[0]), self.dots_across(given[1]))

    # ---- positions

    def _go_to(self, given: bytes) -> None:
        self._go(self.dots_across(word(given)))

    def _go_by(self, given: bytes) -> None:
        self._go(self.x + self.dots_across(signed_word(given)))

    def _go(self, x: int) -> None:
        """A place beyond the area is no place."""
        if 0 <= x <= self.place.width:
            self.x = x

    def _set_tabs(self, given: bytes) -> None:
        cols = given.rstrip(b"\x00")[:TABS_LIMIT]
        col_dots = self._font.width * self._latin.wide + self._space
        self._tabs = [col * col_dots for col in cols]

    def _select_align(self, given: bytes) -> None:
        if self.at_start:
            self._align = _ALIGNS.get(given[0], self._align)

    def _set_margin(self, given: bytes) -> None:
        if self.at_start:
            self._left = self.dots_across(word(given))

    def _set_width(self, given: bytes) -> None:
        if self.at_start:
            self._width = self.dots_across(word(given))

    def _set_units(self, given: bytes) -> None:
        self._unit_x, self._unit_y = (n or DOTS_PER_INCH for n in given[:2])

    def _usual_pitch(self, _given: bytes) -> None:
        self.pitch_rows = LINE_ROWS

    def _set_pitch(self, given: bytes) -> None:
        self.pitch_rows = self.dots_down(given[0])

    def _set_pitch_60(self, given: bytes) -> None:
        self.pitch_rows = given[0] * DOTS_PER_INCH // 60

    def _set_pitch_360(self, given: bytes) -> None:
        self.pitch_rows = given[0] * DOTS_PER_INCH // 360

    # ---- characters that were defined

    def _use_own(self, given: bytes) -> None:
        self._uses_own = bool(given[0] & 1)

    def _define(self, given: bytes) -> None:
        column_bytes, first, last = given[:3]
        at = 3
        for code in range(first, last + 1):
            width = given[at]
            columns = given[at + 1 : at + 1 + width * column_bytes]
            at += 1 + len(columns)
            size = self._font.width * column_bytes
            if 0 < column_bytes <= OWN_BYTES_MAX:
                columns = columns[:size].ljust(size, b"\x00")
                self._own[code] = Bitmap.from_columns(column_bytes, columns)

    def _undefine(self, given: bytes) -> None:
        self._own.pop(given[0], None)

    def define_hanzi(self, char: str, columns: bytes) -> None:
        """FS 2: 24 columns of 3 bytes."""
        self._own_hanzi[char] = Bitmap.from_columns(3, columns)

    def undefine_hanzi(self, char: str) -> None:
        self._own_hanzi.pop(char, None)
