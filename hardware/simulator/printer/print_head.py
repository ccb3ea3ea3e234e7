"""What the simulated printer prints: the modes it is in, the line it is at, the paper that hangs
out. Knows the commands that set type, draw, feed and cut; nothing of wires, buffers and status."""

from collections import deque
from collections.abc import Callable
from string import ascii_letters
from typing import Final

from hardware.printer.parts import COLUMN_DOTS
from hardware.simulator.printer.characters import CharacterModes, Charset
from hardware.simulator.printer.page import PageMode
from hardware.simulator.printer.paper import Feed, Printed, Roll, Strip, Text
from hardware.simulator.printer.pictures import Pictures
from hardware.simulator.printer.reading import as_lines
from hardware.simulator.printer.symbols import Symbols
from hardware.simulator.printer.typesetting import Handler, Typesetter

STRIPS_KEPT: Final = 100
"""The newest receipts that can be drawn."""
PAPER_LIMIT_LINES: Final = 20_000
"""The newest lines (and receipts, and unknown commands) kept; older ones go to the bin, in heaps of
`BIN_LINES`."""
BIN_LINES: Final = 1_000
CUTTER_ROWS: Final = 112
"""From the print head to the cutter: 14 mm."""
BACK_ROWS_MAX: Final = 48
BACK_LINES_MAX: Final = 2

_CUTS: Final = frozenset(b"\x00\x0101")
_CUTS_WITH_FEED: Final = frozenset(b"ABabgh")
_CHARSETS_OF_ESC_9: Final = {0: Charset.GBK, 1: Charset.UTF8, 3: Charset.BIG5}

#: these change nothing that can be read or seen here: settings, counters, buzzers, ink, cheques
_STEPPED_OVER: Final = frozenset(
    prefix + bytes((letter,))
    for prefix, letters in (
        (b"\x1b", b"<UcrfkoBC78"),
        (b"\x1c", b"Cgabcr"),
        (b"\x1d", b"bEGjzc<CA|\x0c"),
        (b"\x12", b"T#"),
        *((prefix, ascii_letters.encode()) for prefix in (b"\x1b(", b"\x1c(", b"\x1d(")),
    )
    for letter in letters
)
_IGNORED: Final = frozenset(b"\x00\x07\x0b\x0d\x11\x13\x1c\x1e")
"""Padding, the bell, what serial lines and printers of several rolls use."""


class PrintHead:
    """`paper` is the strip, line by line; `receipts` the pieces cut off it, as text, and `strips`
    the newest of them as they look. `on_rows` hears of paper that was used, in rows of dots."""

    def __init__(
        self,
        columns: int,
        charset: Charset,
        *,
        on_line: Callable[[str], None],
        on_receipt: Callable[[str], None],
        on_rows: Callable[[int], None],
        say: Callable[[bytes], None],
    ) -> None:
        self.paper: Final[list[str]] = []
        self.receipts: Final[list[str]] = []
        self.strips: Final[deque[Strip]] = deque(maxlen=STRIPS_KEPT)
        self.receipts_cut = 0
        self._on_line, self._on_receipt, self._on_rows = on_line, on_receipt, on_rows
        self._hanging: list[str] = []
        width_dots = columns * COLUMN_DOTS
        self._roll = Roll(width_dots)
        self.characters: Final = CharacterModes(charset)
        self._line = Typesetter(width_dots, self._put_line)
        self._page = PageMode(width_dots, self._line, self._onto_paper)
        self._symbols = Symbols(self._put, lambda: self._line.place, say)
        self._pictures = Pictures(self._line, self._put, say)
        self._handlers: Final[dict[bytes, Handler]] = {
            **self._line.commands(),
            **self._page.commands(),
            **self._symbols.commands(),
            **self._pictures.commands(),
            **self._commands(),
        }

    def _commands(self) -> dict[bytes, Handler]:
        return {
            b"\n": self._end_line, b"\t": self._tab, b"\x1b@": self._reset,
            b"\x1bd": self._feed_lines, b"\x1bJ": self._feed, b"\x1bK": self._feed_back,
            b"\x1bj": self._feed_back, b"\x1be": self._feed_lines_back, b"\x1dV": self._cut_as_told,
            b"\x1d(V": self._cut, b"\x1bi": self._cut, b"\x1bm": self._cut,
            b"\x1dT": self._return_head, b"\x1bt": self._select_page,
            b"\x1bR": self._select_country,
            b"\x1c&": self._use_kanji, b"\x1c.": self._leave_kanji, b"\x1c(C": self._select_code,
            b"\x1b9": self._select_charset, b"\x1c2": self._define_hanzi,
            b"\x1c?": self._undefine_hanzi,
        }  # fmt: skip

    def reset(self) -> None:
        """Forget the begun line; the modes of power-up."""
        self._line.reset()
        self._page.reset()
        self._symbols.reset()
        self._pictures.reset()
        self.characters.reset()

    # ---- characters and commands

    @property
    def begun_line(self) -> str:
        """What stands in the line that is under way, not on paper yet."""
        return "".join(as_lines(Text(self._line.words, self._line.place)))

    def type(self, text: str, cols: int) -> None:
        """Characters that are `cols` columns wide each, times the width of the type."""
        self._line.type(text, hanzi=cols == 2)

    def obey(self, command: bytes, given: bytes) -> bool:
        """Whether it is a command that is understood, or changes nothing on paper."""
        handler = self._handlers.get(command)
        if handler is not None:
            return handler(given) is not False
        return command in _STEPPED_OVER or (len(command) == 1 and command[0] in _IGNORED)

    def _reset(self, _given: bytes) -> None:
        self.reset()

    def _select_page(self, given: bytes) -> None:
        self.characters.select_page(given[0])

    def _select_country(self, given: bytes) -> None:
        self.characters.select_country(given[0])

    def _use_kanji(self, _given: bytes) -> None:
        self.characters.kanji = True

    def _leave_kanji(self, _given: bytes) -> None:
        self.characters.kanji = False

    def _select_code(self, given: bytes) -> None:
        """FS ( C, function 48: UTF-8, or what it was."""
        if given[:1] == b"0":
            self.characters.use_utf8(on=given[1:2] in (b"\x02", b"2"))

    def _select_charset(self, given: bytes) -> None:
        """ESC 9 of ZJ printers."""
        if (charset := _CHARSETS_OF_ESC_9.get(given[0])) is not None:
            self.characters.charset = charset

    def _define_hanzi(self, given: bytes) -> None:
        if (text := self._hanzi_of(given[:2])) is not None:
            self._line.define_hanzi(text, given[2:])

    def _undefine_hanzi(self, given: bytes) -> None:
        if (text := self._hanzi_of(given[:2])) is not None:
            self._line.undefine_hanzi(text)

    def _hanzi_of(self, code: bytes) -> str | None:
        """None for a code that is no character's."""
        if code[:1] < b" ":
            return None
        read = self.characters.read(code)
        return read.text if read is not None else None

    # ---- lines and feeds

    def _end_line(self, _given: bytes) -> None:
        self._line.end_line()

    def _tab(self, _given: bytes) -> None:
        self._line.tab()

    def _feed_lines(self, given: bytes) -> None:
        """ESC d n: what has begun is the first of the n lines."""
        n = max(given[0], 1) if self._line.has_begun else given[0]
        for _ in range(n):
            self._line.end_line()

    def _feed(self, given: bytes) -> None:
        """ESC J n: n units down from the line that has begun."""
        rows = self._line.dots_down(given[0])
        if self._line.has_begun or self._page.is_on:
            self._line.end_line(rows)
        elif rows:
            self._onto_paper(Feed(rows))

    def _feed_back(self, given: bytes) -> None:
        """ESC K n; more than the mechanism can is ignored."""
        rows = self._line.dots_down(given[0])
        if rows <= BACK_ROWS_MAX:
            self._back(rows)

    def _feed_lines_back(self, given: bytes) -> None:
        if given[0] <= BACK_LINES_MAX:
            self._back(given[0] * self._line.pitch_rows)

    def _back(self, rows: int) -> None:
        if self._line.has_begun:
            self._line.end_line()
        rows = min(rows, self._roll.rows)
        if rows:
            self._onto_paper(Feed(-rows))

    def _return_head(self, given: bytes) -> None:
        """GS T n: to the beginning of the line, which is forgotten or printed."""
        if given[0] in b"\x000":
            self._line.forget_line()
        elif self._line.has_begun:
            self._line.end_line()

    # ---- paper

    def _put(self, printed: Printed) -> None:
        """A code or a picture, below the line that has begun."""
        if self._page.is_on:
            self._page.add(printed)
            return
        if self._line.has_begun:
            self._line.end_line()
        self._onto_paper(printed)

    def _put_line(self, line: Text) -> None:
        if self._page.is_on:
            self._page.add(line)
        else:
            self._onto_paper(line)

    def _onto_paper(self, printed: Printed) -> None:
        begins = self._roll.add(printed)
        if begins:
            for words in as_lines(printed):
                self.paper.append(words)
                self._hanging.append(words)
                self._on_line(words)
            keep_newest(self.paper)
            keep_newest(self._hanging)
        self._on_rows(printed.rows)

    def _cut_as_told(self, given: bytes) -> bool:
        """GS V m, or m n: cut here, or feed to the cutter and n units more and cut."""
        m = given[0]
        if m in _CUTS_WITH_FEED:
            self._finish_line()
            self._onto_paper(Feed(CUTTER_ROWS + self._line.dots_down(given[1])))
        elif m not in _CUTS:
            return False
        self._cut(given)
        return True

    def _finish_line(self) -> None:
        if self._line.has_begun and not self._page.is_on:
            self._line.end_line()

    def _cut(self, _given: bytes) -> None:
        self._finish_line()
        receipt = "\n".join(self._hanging).rstrip("\n")
        self._hanging.clear()
        self.receipts_cut += 1
        self.receipts.append(receipt)
        self.strips.append(self._roll.cut())
        keep_newest(self.receipts)
        self._on_receipt(receipt)


def keep_newest(kept: list[str] | list[bytes]) -> None:
    """Throw away what is too old."""
    if len(kept) > PAPER_LIMIT_LINES + BIN_LINES:
        del kept[:-PAPER_LIMIT_LINES]
