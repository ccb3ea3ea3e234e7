"""A question: a page with a title, what it is about, and one thing to type."""

from collections.abc import Sequence
from typing import ClassVar, Final

from pos_client.screen import words
from pos_client.screen.page import ESC, KeyLabel, Landing, Page, Size, function_number
from pos_client.screen.rows import BLANK, Ink, Row, Span, clip, fit, row
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


class ReasonQuestion(Question):
    """Why: one of the usual reasons by a key, or in words. Scans wait."""

    scan = Landing.WAITS
    reasons: ClassVar[tuple[Text, ...]] = ()
    ask = Text("Reason: a key or in words, then Enter", "原因：按键选择或直接输入，再按回车")
    _no_words = Text("{text} is not a reason.", "“{text}” 不是原因。")
    _in_words = Text("Choose one by its key, or say it in words.", "请按键选择，或用文字说明。")

    def choices(self, size: Size) -> list[Row]:
        return [
            row("  ", Span(fit(f"F{place}", 5), Ink.KEY), clip(self.say(reason), size.columns - 8))
            for place, reason in enumerate(self.reasons, start=1)
        ]

    def keys(self) -> Sequence[KeyLabel]:
        reasons = enumerate(self.reasons, start=1)
        return (ESC, *(KeyLabel(f"F{place}", reason, place) for place, reason in reasons), DONE)

    def enter(self, text: str) -> None:
        if text and not any(char.isalpha() for char in text):  # a code that was typed for a scan
            self.desk.refuse(
                self.say(self._no_words, text=words.code(text)), self.say(self._in_words)
            )
        else:
            self.answered(text)
            self.ended()

    def press(self, key: str, entry: str) -> bool:  # noqa: ARG002  a key is a whole answer
        number = function_number(key)
        if not 1 <= number <= len(self.reasons):
            return False
        self.desk.entry = self.say(self.reasons[number - 1])
        return True

    def answered(self, reason: str) -> None:
        """Do what was asked about. Raises ReasonNeeded among others."""
        raise NotImplementedError

    def ended(self) -> None:
        """It is done."""
        self.desk.close()
