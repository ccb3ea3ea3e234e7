"""The last receipt: as it was printed, what became of the paper, and a copy of it."""

from collections.abc import Sequence

from pos_client.sale.records import NO_PAPER, UNCONFIRMED, Sold
from pos_client.screen.page import ESC, MOVES, Desk, KeyLabel, Page, Size
from pos_client.screen.rows import Ink, Row, Span, row
from retail.facts import PrintOutcome
from retail.language import Text

_WHOLE = Text("Noted: the receipt is whole.", "已记录：小票完整。")
_COPY = Text("Copy {count} is printing.", "正在打印副本 {count}。")

PRINTING = Text("printing …", "打印中 …")
PAPER = {
    NO_PAPER: Text("no printer", "无打印机"),
    PrintOutcome.PRINTED: Text("printed", "已打印"),
    PrintOutcome.NOT_PRINTED: Text("not printed: F7 prints a copy", "未打印：F7 补打"),
    PrintOutcome.UNKNOWN: Text("unknown: look at the paper", "未知：请查看小票"),
    UNCONFIRMED: Text("sent; this printer cannot answer", "已发送，打印机无法反馈"),
}


def paper_of(sold: Sold) -> tuple[Text, Ink]:
    """What became of a receipt's paper, in words."""
    if sold.outcome is None:
        return PRINTING, Ink.FAINT
    well = sold.outcome in (PrintOutcome.PRINTED, NO_PAPER, UNCONFIRMED)
    return PAPER[sold.outcome], Ink.FAINT if well else Ink.ATTEND


class ReceiptPage(Page):
    """A scan goes on selling."""

    ask = Text("F7 prints a copy, Esc goes back", "F7 打印副本，Esc 返回")

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._first = 0

    def rows(self, size: Size) -> list[Row]:
        sold = self.till.sale.last_sale()
        said, ink = paper_of(sold)
        head = row("  ", Span(sold.fact.receipt, Ink.STRONG), Span("  " + self.say(said), ink))
        lines = self.till.sale.receipt_text(sold, sold.copies).split("\n")
        self._first = max(0, min(self._first, len(lines) - size.rows + 1))
        paper = lines[self._first : self._first + size.rows - 1]
        return [head, *(row("  " + line) for line in paper)]

    def keys(self) -> Sequence[KeyLabel]:
        in_question = self.till.sale.last_sale().is_in_question
        return (
            ESC,
            KeyLabel("F7", Text("Print a copy", "打印副本")),
            *([KeyLabel("F6", Text("It is whole", "小票完整"), 1)] if in_question else []),
            KeyLabel("↑↓", Text("Scroll", "滚动"), 1),
        )

    def enter(self, text: str) -> None:
        self.desk.go_home()
        if text:
            self.desk.page.enter(text)

    def press(self, key: str, entry: str) -> bool:  # noqa: ARG002
        if key == "f7":
            sold = self.till.sale.reprint()
            self.desk.tell(self.say(_COPY, count=sold.copies))
        elif key == "f6":
            self.till.sale.confirm_paper()
            self.desk.tell(self.say(_WHOLE))
        elif key in MOVES:
            self._first += MOVES[key]
        else:
            return False
        return True
