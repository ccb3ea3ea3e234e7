"""How a rehearsal is told: chapters, sentences, what programs said, paper and tables.

Owns the look: 80 columns, Chinese aligned, colours only in a terminal. Refuses to own a word of
the story.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console, JustifyMethod, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

WIDTH_COLS = 80
_INDENT_COLS = 4
_WHO_COLS = 9
_QUANTITY_COLS, _PRICE_COLS, _AMOUNT_COLS = 8, 8, 10
_ACCENT = "bold cyan"
GOOD, BAD, ATTEND, FAINT = "bold green", "bold red", "yellow", "dim"


class Telling:
    """Tells to one stream."""

    def __init__(self, out: TextIO | None = None) -> None:
        out = out or sys.stdout
        self._out = out
        self._console = Console(
            file=out,
            force_terminal=out.isatty(),
            width=WIDTH_COLS,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self.chapter_number = 0
        """The chapter that is being told; 0 before the first."""

    def title(self, title: str, below: str) -> None:
        self.line("")
        self._lines(title, 0, "bold")
        self._lines(below, 0, FAINT)

    def chapter(self, number: int, title: str) -> None:
        self.chapter_number = number
        self._print(Text(f"\n {number}  ", _ACCENT).append(title, "bold"))

    def say(self, sentence: str) -> None:
        """A paragraph of the story."""
        self.line("")
        self._lines(sentence, _INDENT_COLS)

    def quote(self, who: str, said: str, style: str = "") -> None:
        """What a program said or did."""
        width = WIDTH_COLS - _INDENT_COLS - _WHO_COLS
        for place, line in enumerate(Text(said, style).wrap(self._console, width)):
            line.rstrip()
            self._print(self._who("" if place else who).append_text(line))

    def item(self, who: str, quantity: str, name: str, price: str, amount: str) -> None:
        """One line of a basket; the numbers stand on their edges."""
        taken = _INDENT_COLS + _WHO_COLS + _QUANTITY_COLS + 2 + _PRICE_COLS + _AMOUNT_COLS
        line = self._who(who)
        line.append(_right(quantity, _QUANTITY_COLS) + "  ")
        line.append(set_cell_size(name, WIDTH_COLS - taken))
        line.append(_right(price, _PRICE_COLS), FAINT)
        line.append(_right(amount, _AMOUNT_COLS))
        self._print(line)

    def paper(self, lines: Sequence[str], columns: int) -> None:
        """A receipt in a box as wide as its paper. What was laid out for half the paper was
        printed in double width, so it is drawn so."""
        indent = " " * (_INDENT_COLS + _WHO_COLS)
        self._print(Text(f"\n{indent}┌{'─' * (columns + 2)}┐", FAINT))
        for text in lines:
            drawn = _spread(text) if _is_large(text, columns) else text
            row = Text(indent).append("│ ", FAINT).append(set_cell_size(drawn, columns))
            self._print(row.append(" │", FAINT))
        self._print(Text(f"{indent}└{'╌' * (columns + 2)}┘", FAINT))

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> None:
        """Rows under headings; a heading that begins with a space stands at the right edge."""
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style=FAINT)
        for heading in headings:
            justify: JustifyMethod = "right" if heading.startswith(" ") else "left"
            table.add_column(heading.strip(), justify=justify)
        for row in rows:
            table.add_row(*row)
        self.line("")
        self._print(Padding(table, (0, 0, 0, _INDENT_COLS), expand=False))

    def line(self, text: str, style: str = "") -> None:
        """A line at the left edge, folded nowhere."""
        self._print(Text(text, style))

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Something takes a moment: a terminal shows it, elsewhere nothing is said."""
        if not self._console.is_terminal:
            yield
            return
        spinner = Spinner("dots", Text(what, FAINT), style=FAINT)
        shown = Padding(spinner, (0, 0, 0, _INDENT_COLS))
        with Live(shown, console=self._console, refresh_per_second=10, transient=True):
            yield

    def _who(self, who: str) -> Text:
        return Text(" " * _INDENT_COLS).append(set_cell_size(who, _WHO_COLS), FAINT)

    def _lines(self, text: str, indent: int, style: str = "") -> None:
        for line in Text(text, style).wrap(self._console, WIDTH_COLS - indent):
            line.rstrip()
            self._print(Text(" " * indent).append_text(line))

    def _print(self, what: RenderableType) -> None:
        """Print without the blanks that fill a line up to its end."""
        with self._console.capture() as captured:
            self._console.print(what, soft_wrap=isinstance(what, Text))
        for line in captured.get().split("\n")[:-1]:
            self._out.write(f"{line.rstrip()}\n")
        self._out.flush()


def _right(text: str, columns: int) -> str:
    return " " * (columns - cell_len(text)) + text


def _is_large(text: str, columns: int) -> bool:
    """Whether both edges, or the middle, are those of half the paper."""
    half = columns // 2
    margin = cell_len(text) - cell_len(text.lstrip())
    return cell_len(text) == half if not margin else margin == (half - cell_len(text.strip())) // 2


def _spread(text: str) -> str:
    """Text in double width: each character followed by as much space as it takes."""
    return "".join(char + " " * cell_len(char) for char in text)
