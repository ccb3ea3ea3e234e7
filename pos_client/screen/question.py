"""A question: a page with a title, what it is about, and one thing to type."""

from collections.abc import Sequence
from typing import Final

from pos_client.screen.page import ESC, KeyLabel, Page, Size
from pos_client.screen.rows import BLANK, Ink, Row, Span, fit, row
from retail.language import Text

DONE: Final = KeyLabel("Enter", Text("Done", "确定"))
_LABEL_COLUMNS: Final = 12


class Question(Page):
    """One answer, and what it was asked for goes on."""

    def about(self) -> list[tuple[str, str]]:
        """What is known, as label and value."""
        return []

    def rows(self, size: Size) -> list[Row]:
        rows: list[Row] = [BLANK, self.heading(), BLANK]
        for label, value in self.about():
            said = fit(value, max(0, size.columns - _LABEL_COLUMNS - 3))
            rows.append(row("  ", Span(fit(label, _LABEL_COLUMNS), Ink.FAINT), said))
        return [*rows, BLANK, *self.choices(size)]

    def choices(self, size: Size) -> list[Row]:  # noqa: ARG002  for those who have some
        """Answers that a key gives."""
        return []

    def keys(self) -> Sequence[KeyLabel]:
        return (ESC, DONE)
