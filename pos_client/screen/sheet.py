"""One widget that shows rows and repaints only the columns that changed."""

from collections.abc import Callable

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from pos_client.screen.colours import STYLES, Name
from pos_client.screen.page import Size
from pos_client.screen.rows import Row, Span, cells, changes


class Sheet(Widget, can_focus=False):
    """Shows what `draw` returns for its size: exactly as many rows, each exactly as wide."""

    DEFAULT_CSS = "Sheet { width: 1fr; height: 1fr; }"

    def __init__(self, draw: Callable[[Size], list[Row]]) -> None:
        super().__init__()
        self._draw = draw
        self._rows: list[Row] = []
        self._cuts: dict[int, list[int]] = {}
        self._styles_by_ink = STYLES["dark"]

    def wear(self, theme: Name) -> None:
        """Change the colours."""
        self._styles_by_ink = STYLES[theme]
        self._rows = []
        self.show()

    def show(self) -> None:
        """Draw afresh; what is as it was stays untouched on the terminal."""
        columns, rows = self.size
        if not columns or not rows:
            return
        before, self._rows = self._rows, self._draw(Size(columns, rows))
        if len(before) != len(self._rows):
            self._cuts = {}
            self.refresh()
            return
        dirty: list[Region] = []
        cuts: dict[int, list[int]] = {}
        for y, (was, now) in enumerate(zip(before, self._rows, strict=True)):
            for start, end in changes(was, now):
                dirty.append(Region(start, y, end - start, 1))
                cuts.setdefault(y, []).extend((start, end))
        if dirty:
            self._cuts.update(cuts)
            self.refresh(*dirty)

    def on_resize(self) -> None:
        self._rows = []
        self.show()

    def render_line(self, y: int) -> Strip:
        if y >= len(self._rows):
            return Strip.blank(self.size.width)
        now = self._rows[y]
        # The terminal gets whole segments: they are cut where the change begins and ends.
        spans = _cut(now, self._cuts[y]) if y in self._cuts else now
        styles = self._styles_by_ink
        return Strip([Segment(text, styles[ink]) for text, ink in spans], self.size.width)


def _cut(of: Row, places: list[int]) -> list[Span]:
    """The row's spans, cut at these columns too."""
    wanted = set(places)
    spans: list[Span] = []
    text, ink = "", None
    for x, (char, its_ink) in enumerate(cells(of)):
        if char and ink is not None and (x in wanted or its_ink is not ink):
            spans.append(Span(text, ink))
            text = ""
        text, ink = text + char, its_ink
    if ink is not None:
        spans.append(Span(text, ink))
    return spans
