"""Rows on a terminal: each sheet repaints only what changed, each place of the screen is a sheet.

The terminal library writes a changed row from the left edge of its widget up to the last change, so
places that change by themselves (the total, the work) are widgets of their own.
"""

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from pos_client.screen.colours import STYLES, Name
from pos_client.screen.frame import (
    COLUMNS_MIN,
    FOOT_ROWS,
    HEAD_ROWS,
    ROWS_MIN,
    Frame,
    total_columns,
)
from pos_client.screen.page import Size
from pos_client.screen.rows import Row, changed


class Sheet(Widget, can_focus=False):
    """One place of the screen."""

    def __init__(self, css_class: str) -> None:
        super().__init__(classes=css_class)
        self.rows: list[Row] = []
        self.styles_by_ink = STYLES["dark"]

    def show(self, rows: list[Row]) -> None:
        """Show these rows; what is as it was stays untouched on the terminal."""
        before, self.rows = self.rows, rows
        if len(before) != len(rows):
            self.refresh()
            return
        dirty = [
            Region(span[0], y, span[1] - span[0], 1)
            for y, (was, now) in enumerate(zip(before, rows, strict=True))
            if (span := changed(was, now)) is not None
        ]
        if dirty:
            self.refresh(*dirty)

    def render_line(self, y: int) -> Strip:
        if y >= len(self.rows):
            return Strip.blank(self.size.width, Style())  # a bare one fails with NO_COLOR
        styles = self.styles_by_ink
        return Strip([Segment(text, styles[ink]) for text, ink in self.rows[y]])


class Glass(Vertical):
    """The whole screen of the till, as large as it is given room."""

    DEFAULT_CSS = f"""
    Glass {{ width: 1fr; height: 1fr; overflow: hidden; }}
    Glass Sheet {{ width: 1fr; height: 1fr; }}
    Glass .head {{ height: {HEAD_ROWS}; }}
    Glass .foot {{ height: {FOOT_ROWS}; }}
    Glass Horizontal {{ height: 1fr; overflow: hidden; }}
    """

    def __init__(
        self, draw: Callable[[Size], Frame], draw_foot: Callable[[int], list[Row]]
    ) -> None:
        super().__init__()
        self._draw = draw
        self._draw_foot = draw_foot
        self._head, self._foot = Sheet("head"), Sheet("foot")
        self._work, self._total = Sheet("work"), Sheet("total")
        #: in the order of a Frame
        self._sheets = (self._head, self._work, self._total, self._foot)

    def compose(self) -> ComposeResult:
        yield self._head
        with Horizontal():
            yield self._work
            yield self._total
        yield self._foot

    def wear(self, theme: Name) -> None:
        """Change the colours; the library repaints all when its own theme changes."""
        for sheet in self._sheets:
            sheet.styles_by_ink = STYLES[theme]

    def show(self) -> None:
        """Draw afresh."""
        columns, rows = self.size
        if columns and rows:
            for sheet, drawn in zip(self._sheets, self._draw(Size(columns, rows)), strict=True):
                sheet.show(drawn)

    def show_foot(self) -> None:
        """Draw only the foot afresh: nothing but the entry has changed."""
        if self.size.width >= COLUMNS_MIN and self.size.height >= ROWS_MIN:
            self._foot.show(self._draw_foot(self.size.width))

    def on_resize(self) -> None:
        self._total.styles.width = total_columns(self.size.width)
        self.show()
        for sheet in self._sheets:
            sheet.refresh()
