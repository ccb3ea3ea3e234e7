"""Receipts of this till: as they were printed, what became of the paper, and a copy."""

from collections.abc import Sequence

from pos_client.sale.sold import Fate, Sold
from pos_client.screen.page import ESC, MOVES, Desk, KeyLabel, Page, Size, function_number
from pos_client.screen.rows import BLANK, Ink, Row, Span, fit, folded, mark, row
from retail.language import Text

_WHOLE = Text("Noted: the receipt is whole.", "已记录：小票完整。")
_COPY = Text("Copy {count} is printing.", "正在打印副本 {count}。")

_ASK = Text(
    "F7 prints a copy, ← the one before, a number finds it",
    "F7 打印副本，← 上一张，输入小票号查找",
)
_ASKED = Text("Is the paper whole? F6 or F7, then Enter", "纸上内容完整吗？按 F6 或 F7，再回车")
_LOOK = Text(
    "▲ Nobody knows whether this receipt came out. Look at the paper. To go on selling, just scan.",
    "▲ 无法确定这张小票是否印完，请查看纸上内容。继续销售请直接扫码。",
)
_NO_OTHER = Text("There is no other receipt that way.", "该方向没有其他小票。")
_CHOOSE = Text("Choose F6 or F7 first.", "请先按 F6 或 F7。")
_ANSWERS = {"f6": Text("It is whole", "小票完整"), "f7": Text("Print a copy", "打印副本")}
#: digits typed of a receipt's number, without the zeros before it
_NUMBER_DIGITS_MAX = 6

PAPER = {
    Fate.PRINTING: Text("printing …", "打印中 …"),
    Fate.NO_PRINTER: Text("no printer", "无打印机"),
    Fate.PRINTED: Text("printed", "已打印"),
    Fate.NOT_PRINTED: Text("not printed: F7", "未打印：F7 补打"),
    Fate.UNKNOWN: Text("look at the paper", "请查看小票"),
    Fate.UNCONFIRMED: Text("sent; this printer cannot answer", "已发送，打印机无法反馈"),
}


def paper_of(sold: Sold) -> tuple[Text, Ink]:
    """What became of a receipt's paper, in words."""
    attend = sold.fate in (Fate.NOT_PRINTED, Fate.UNKNOWN)
    return PAPER[sold.fate], Ink.ATTEND if attend else Ink.FAINT


class ReceiptPage(Page):
    """A receipt of this till, the last one unless told, and those before and after it.

    `asked`: it came forward by itself, for nobody knows what became of it. Then it stands in
    nobody's way: scans sell, and keys that mean nothing here do what they do at home. A key that
    was meant for home does nothing here by itself: it chooses, and Enter takes."""

    def __init__(self, desk: Desk, receipt: str | None = None, *, asked: bool = False) -> None:
        super().__init__(desk)
        self._receipt = receipt or self.till.sale.last_sale().fact.receipt
        self._asked = asked
        self._answer = ""
        self._first = 0

    @property
    def _sold(self) -> Sold:
        return self.till.sale.sale_of(self._receipt)

    def rows(self, size: Size) -> list[Row]:
        sold = self._sold
        said, ink = paper_of(sold)
        head = [row("  ", Span(sold.fact.receipt, Ink.STRONG), Span("  " + self.say(said), ink))]
        if self._asked:
            head = [*self._question(size), *head]
        room = max(1, size.rows - len(head))
        lines = self.till.sale.receipt_text(sold, sold.copies).split("\n")
        self._first = max(0, min(self._first, len(lines) - room))
        return [*head, *(row("  " + line) for line in lines[self._first : self._first + room])]

    def _question(self, size: Size) -> list[Row]:
        asks = folded(self.say(_LOOK), size.columns - 4)
        rows: list[Row] = [BLANK, *(row("  ", Span(line, Ink.ATTEND)) for line in asks)]
        for key, says in _ANSWERS.items():
            chosen = key == self._answer
            marked = mark(chosen=chosen)
            said = Span(self.say(says), Ink.CHOSEN if chosen else Ink.TEXT)
            rows.append(row(marked, Span(fit(key.upper(), 5), Ink.KEY), said))
        return [*rows, BLANK]

    def prompt(self) -> str:
        return self.say(_ASKED if self._asked else _ASK)

    def keys(self) -> Sequence[KeyLabel]:
        whole = self._asked or self._sold.in_question is not None
        return (
            KeyLabel("Esc", Text("Later", "稍后")) if self._asked else ESC,
            *([KeyLabel("F6", _ANSWERS["f6"])] if whole else []),
            KeyLabel("F7", _ANSWERS["f7"]),
            KeyLabel("←→", Text("Other receipts", "其他小票"), 2),
            KeyLabel("↑↓", Text("Scroll", "滚动"), 1),
        )

    def enter(self, text: str) -> None:
        if text and not self._asked and text.isdecimal() and len(text) <= _NUMBER_DIGITS_MAX:
            self._show(self.till.sale.numbered(int(text)))
        elif text:
            self.desk.go_home()
            self.desk.page.enter(text)
        elif self._answer:
            self._do(self._answer)
        elif self._asked:
            self.desk.refuse(self.say(_CHOOSE))
        else:
            self._leave()

    def press(self, key: str, entry: str) -> bool:
        sale = self.till.sale
        if key in _ANSWERS:
            self._choose(key)
        elif key == "left":
            self._show(sale.sale_before(self._receipt))
        elif key == "right":
            self._show(sale.sale_after(self._receipt))
        elif key in MOVES:
            self._first += MOVES[key]
        elif key == "escape" and not entry:
            self._leave()
        elif self._asked and function_number(key) > 1:
            self.desk.go_home()
            self.desk.entry = entry
            return self.desk.page.press(key, entry)
        else:
            return False
        return True

    def _choose(self, key: str) -> None:
        if self._asked:
            self._answer = key
        else:
            self._do(key)

    def _do(self, key: str) -> None:
        if key == "f7":
            sold = self.till.sale.reprint(self._receipt)
            said = self.say(_COPY, count=sold.copies)
        else:
            self.till.sale.confirm_paper(self._receipt)
            said = self.say(_WHOLE)
        if self._asked:
            self.desk.close()
        self.desk.tell(said)

    def _leave(self) -> None:
        """What was seen is not asked about again; a receipt that lacks its paper waits for F7."""
        self.till.sale.put_off(self._receipt)
        self.desk.close()

    def _show(self, other: Sold | None) -> None:
        if other is None:
            self.desk.refuse(self.say(_NO_OTHER))
            return
        self._receipt, self._asked, self._answer, self._first = other.fact.receipt, False, "", 0
