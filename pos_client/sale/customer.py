"""What the customer reads on the display: the line just changed, what is owed, the change."""

from typing import Final

from pos_client.counter.counter import Counter
from retail.basket import Basket, Line
from retail.language import Language, Text
from retail.money import Money

_TOTAL: Final = Text("TOTAL", "合计")
_DUE: Final = Text("TO PAY", "待付")
_CHANGE: Final = Text("CHANGE", "找零")
_THANKS: Final = Text("Thank you", "谢谢惠顾")


class CustomerDisplay:
    """Nothing happens at a till without a display."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def changed(self, line: Line | None, basket: Basket, language: Language) -> None:
        """The basket is another: the line that changed above what is owed."""
        if basket.is_empty:
            self._show(("", ""), ("", ""), language)
            return
        upper = (line.product.name, line.total.plain) if line is not None else ("", "")
        said = _DUE if basket.tenders else _TOTAL
        self._show(upper, (said, basket.due.plain), language)

    def paid(self, change: Money, language: Language) -> None:
        """The sale is complete."""
        lower = (_CHANGE, change.plain) if change.minor else ("", "")
        self._show((_THANKS, ""), lower, language)

    def _show(
        self, upper: tuple[str | Text, str], lower: tuple[str | Text, str], language: Language
    ) -> None:
        display = self._counter.places.display
        if display is None:
            return
        if not display.shows_chinese:
            language = Language.ENGLISH
        lines = [
            display.line(said.to(language) if isinstance(said, Text) else said, amount)
            for said, amount in (upper, lower)
        ]
        self._counter.show(*lines)
