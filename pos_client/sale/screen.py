"""The sale: the basket in the work area, the total at its side, and the keys of selling.

What is typed and ended with Enter is what a scan would be: a code, `3*` and a code, `-` for the
line that is marked, `-` and a code for one of it less.
"""

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from pos_client.catalogue.reading import AmbiguousCode, ReceiptNotGoods, UnknownBarcode
from pos_client.catalogue.screen import CodeQuestion, ProductPage, SearchPage
from pos_client.catalogue.service import UnknownProduct
from pos_client.sale.lines import (
    HEAD,
    Columns,
    Window,
    below_line,
    discount_row,
    height_of,
    item_row,
)
from pos_client.sale.paper import ReceiptPage
from pos_client.sale.parking import ParkedPage, tell_resumed
from pos_client.sale.payment import PaymentPage
from pos_client.sale.printing import NoSuchReceipt
from pos_client.sale.questions import (
    CustomerQuestion,
    DrawerQuestion,
    MeasureQuestion,
    PriceQuestion,
    QuantityQuestion,
    VoidQuestion,
)
from pos_client.sale.service import Payment
from pos_client.sale.sold import Sold
from pos_client.screen import words
from pos_client.screen.page import MOVES, Desk, KeyLabel, Page, Size
from pos_client.screen.question import Question
from pos_client.screen.rows import Ink, Row, Span, row, width
from retail.basket import Line
from retail.catalogue import CASH, Product
from retail.facts import SaleCompleted, SaleLine
from retail.language import Text
from retail.quantity import Unit, plain
from retail.refusals import BasketEmpty, NeedsMeasure, NeedsWeight

_TIMES = re.compile(r"(-?)(?:(\d{1,6}(?:\.\d{1,3})?)\*)?(.*)", re.DOTALL)

_PROMPT = Text("Scan or type a code", "扫码或输入编号")
_HINT = Text("3* quantity   - one less   . price", "3* 数量   - 退减   . 查价")
_BEGIN = Text("Scan to begin", "扫码开始")
_UNDONE = Text("Undone: {what}", "已撤销：{what}")
_PAID = Text("Last sale, paid", "上一单（已付）")
_GIVE_BACK = Text("F10 gives the last payment back.", "按 F10 退回最近一笔收款。")
_REMOVED = Text("Taken out: {name}", "已删除：{name}")
_LESS = Text("One less: {name}", "已减：{name}")
_PARKED = Text("Parked ({count}). F6 goes on with it.", "已挂单（{count}），按 F6 取回。")
_MEMBER = Text("The sale is for {customer}.", "本单顾客：{customer}。")
_CODE_MISSING = Text("Scan or type the code behind the *.", "请在 * 之后扫码或输入编号。")

KEYS = (
    KeyLabel("F1", Text("Help", "帮助")),
    KeyLabel("F2", Text("Qty", "数量")),
    KeyLabel("F3", Text("Price", "改价"), 2),
    KeyLabel("F4", Text("Void", "删行")),
    KeyLabel("F5", Text("Cust", "顾客"), 5),
    KeyLabel("F6", Text("Park", "挂单"), 2),
    KeyLabel("F7", Text("Receipt", "小票"), 3),
    KeyLabel("F8", Text("Find", "查找"), 1),
    KeyLabel("F9", Text("Drawer", "钱箱"), 4),
    KeyLabel("F10", Text("Undo", "撤销")),
    KeyLabel("F11", Text("Cash", "现金")),
    KeyLabel("F12", Text("Pay", "收款")),
    KeyLabel("→", Text("Item", "详情"), 6),
    KeyLabel("Ctrl+P", Text("More", "更多"), 2),
)


#: puts so much of something into the basket, as it comes where None; no line: a member
_Put: TypeAlias = Callable[[int | None], Line | None]


class SalePage(Page):
    """Home while a shift is open."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._window = Window()
        self._chosen: int | None = None
        self._sold: Sold | None = None

    @property
    def sold(self) -> Sold | None:
        """The sale just completed, shown until the next is begun."""
        return None if self.till.sale.is_open() else self._sold

    # What it shows

    def rows(self, size: Size) -> list[Row]:
        at = Columns.of(size.columns)
        head = [self.say(text) for text in HEAD]
        basket = self.till.sale.basket
        sold = self.sold
        if sold is not None:
            head[0] = self.say(_PAID)
        header = row(Span(at.laid("#", *head), Ink.FAINT))
        room = size.rows - 1
        if basket.lines:
            return [header, *self._basket_rows(at, room)]
        if sold is not None:
            return [header, *self._sold_rows(sold.fact, at, room)]
        return [header, *_middle(self.say(_BEGIN), size)]

    def _basket_rows(self, at: Columns, room: int) -> list[Row]:
        """The rows in view; only their lines are drawn, of however many there are."""
        chosen = self.line.number
        drawn: list[tuple[int, Line, int]] = []
        focus = 0
        for number, line in enumerate(self.till.sale.basket.lines, start=1):
            height = height_of(self.desk, line, at)
            if line.number == chosen:
                # the rows below a line are a part of it
                focus = len(drawn) + height - 1
            drawn += [(number, line, row_of_line) for row_of_line in range(height)]
        in_view = drawn[self._window.slice(len(drawn), focus, room)]
        rows: list[Row] = []
        for place, (number, line, row_of_line) in enumerate(in_view):
            if row_of_line == 0 or place == 0:
                of_line = self._line_rows(number, line, at, chosen=line.number == chosen)
                rows += of_line[row_of_line:]
        return rows[:room]

    def _sold_rows(self, fact: SaleCompleted, at: Columns, room: int) -> list[Row]:
        rows: list[Row] = []
        for place, line in enumerate(fact.lines, start=1):
            rows.append(item_row(str(place), line, fact.currency, at, Ink.FAINT))
            if line.discount_minor:
                rows.append(discount_row(self.desk, line, fact.currency, at, Ink.FAINT))
        return rows[self._window.slice(len(rows), len(rows) - 1, room)]

    def _line_rows(self, number: int, line: Line, at: Columns, *, chosen: bool) -> list[Row]:
        mark, ink = ("▌", Ink.CHOSEN) if chosen else (" ", Ink.TEXT)
        sold, currency = SaleLine.of(line), line.product.currency
        return [
            item_row(f"{mark} {number:>3}", sold, currency, at, ink),
            *below_line(self.desk, line, at),
        ]

    @property
    def line(self) -> Line:
        """The line that the next key is about. Raises BasketEmpty."""
        basket = self.till.sale.basket
        if self._chosen is not None and any(line.number == self._chosen for line in basket.lines):
            return basket.line(self._chosen)
        return basket.line()

    def prompt(self) -> str:
        return f"{self.say(_PROMPT)}   {self.say(_HINT)}"

    def keys(self) -> Sequence[KeyLabel]:
        waiting, lacking = self.till.sale.parked_count, len(self.till.sale.without_paper)
        said = {}
        if waiting:
            said["F6"] = KeyLabel("F6", Text(f"Parked {waiting}", f"挂单 {waiting}"))
        if lacking:
            said["F7"] = KeyLabel("F7", Text(f"Receipt ▲{lacking}", f"小票 ▲{lacking}"), 1)
        return [said.get(key.key, key) for key in KEYS]

    def aside(self) -> Row:
        if not self.till.sale.basket.lines:
            return ()
        line = self.line
        quantity = plain(line.quantity, line.product.unit)
        if line.product.unit.is_measured:
            quantity += f" {self.say(line.product.unit.label)}"
        return row(Span(f" {line.product.name}  ×{quantity}  {line.total.plain}", Ink.STRONG))

    # What keys do

    def enter(self, text: str) -> None:
        if text == "-":
            self._remove()
        elif text:
            try:
                self.scanned(text)
            except UnknownBarcode as no:
                self._sell_by_number(text, no)

    def _sell_by_number(self, text: str, no: UnknownBarcode) -> None:
        """What no barcode is may be typed as the shop's own number of a product."""
        found = _TIMES.fullmatch(text)
        assert found is not None
        less, times, number = found.groups()
        try:
            product = self.till.catalogue.chosen(number).product
        except UnknownProduct:
            raise no from None
        if less:
            raise no
        self.choose(product, words.quantity_of(times, Unit.PIECE) if times else None)

    def scanned(self, code: str) -> None:
        """A code from whatever source, perhaps with `3*`, `-` or `.` before it. What is two things
        is asked for once."""
        try:
            if code.startswith("."):
                self._look_at(code[1:])
            else:
                self._sell(code)
        except AmbiguousCode as which:
            self.desk.open(CodeQuestion(self.desk, which, lambda: self.scanned(code)))
        except ReceiptNotGoods as no:
            self._show_scanned(no)

    def _show_scanned(self, no: ReceiptNotGoods) -> None:
        """The receipt whose code was scanned, where it is one of this till."""
        receipt = str(no.values["receipt"])
        try:
            self.till.sale.sale_of(receipt)
        except NoSuchReceipt:
            raise no from None
        self.desk.open(ReceiptPage(self.desk, receipt))

    def _sell(self, code: str) -> None:
        self._chosen = None
        sale = self.till.sale
        found = _TIMES.fullmatch(code)
        assert found is not None
        less, times, rest = found.groups()
        if times and not rest:
            self.desk.entry = code
            self.desk.refuse(self.say(_CODE_MISSING))
            return
        quantity = words.quantity_of(times, Unit.PIECE) if times else None
        if less:
            self._take_out(rest, quantity)
            return
        try:
            self._put(lambda many: sale.scan(rest, many), quantity)
        except (NeedsWeight, NeedsMeasure):
            self._measure(self.till.catalogue.product(rest), lambda n: sale.scan(rest, n))

    def choose(self, product: Product, quantity: int | None = None) -> None:
        """A product that was found by its name or number, so much of it."""
        sale, product_id = self.till.sale, product.product_id
        try:
            self._put(lambda many: sale.choose(product_id, many), quantity)
        except (NeedsWeight, NeedsMeasure):
            self._measure(product, lambda quantity: sale.choose(product_id, quantity))

    def _measure(self, product: Product, put: _Put) -> None:
        self.desk.open(MeasureQuestion(self.desk, product, lambda many: self._put(put, many)))

    def _put(self, put: _Put, quantity: int | None) -> None:
        """So much of it into the basket; what has to be looked at with it is said."""
        line = put(quantity)
        self._sold = self._chosen = None
        if line is None:
            self.desk.tell(self.say(_MEMBER, customer=self.till.sale.basket.customer or ""))
            return
        remarks = [self.say(remark) for remark in self.till.sale.remarks(line)]
        if remarks:
            self.desk.attend(remarks[0], " ".join(remarks[1:]))

    def check(self) -> None:
        """What a code is and costs, asked for."""
        self.desk.open(ProductPage(self.desk))

    def _look_at(self, code: str) -> None:
        """What a code is and costs; without one, the line that is marked."""
        if code:
            page = ProductPage(self.desk)
            page.look_up(code)
            self.desk.open(page)
        elif self.till.sale.basket.lines:
            self.desk.open(ProductPage(self.desk, self.line.product, label=self.line.label))
        else:
            self.check()

    def _take_out(self, code: str, quantity: int | None) -> None:
        taken = self.till.sale.take_out(code, quantity)
        self.desk.tell(self.say(_LESS, name=taken.product.name))

    def press(self, key: str, entry: str) -> bool:
        if key in MOVES:
            self._move(MOVES[key])
            return True
        act = self._acts().get(key)
        if act is None:
            return False
        act(entry)
        return True

    def _acts(self) -> dict[str, Callable[[str], None]]:
        return {
            "f2": lambda entry: self._ask(QuantityQuestion(self.desk, self.line), entry),
            "f3": lambda entry: self._ask(PriceQuestion(self.desk, self.line), entry),
            "f4": lambda _: self._remove(),
            "f16": lambda _: self.void(),
            "f5": lambda _: self.desk.open(CustomerQuestion(self.desk)),
            "f6": self.park,
            "f7": lambda _: self.show_receipt(),
            "f8": lambda entry: self.desk.open(SearchPage(self.desk, entry, self.choose)),
            "right": lambda _: self._look_at(""),
            "f9": lambda _: self.desk.open(DrawerQuestion(self.desk)),
            "f10": lambda _: self.undo(),
            "ctrl+z": lambda _: self.undo(),
            "f11": self._cash,
            "f12": self._pay,
        }

    def _move(self, lines: int) -> None:
        numbers = [line.number for line in self.till.sale.basket.lines]
        if numbers:
            place = numbers.index(self.line.number) + lines
            self._chosen = numbers[min(max(place, 0), len(numbers) - 1)]

    def _ask(self, question: Question, entry: str) -> None:
        """What was typed before the key is the answer."""
        self.desk.open(question)
        if entry:
            question.enter(entry)

    def _remove(self) -> None:
        gone = self.till.sale.remove_line(self.line.number)
        self._chosen = None
        self.desk.tell(self.say(_REMOVED, name=gone.product.name))

    def void(self) -> None:
        """Give up the whole sale, with a reason."""
        self.desk.open(VoidQuestion(self.desk))

    def park(self, note: str = "") -> None:
        """Put the sale aside, known again by what was typed; without one, show those that wait."""
        sale = self.till.sale
        if sale.is_open() or not sale.parked_count:
            sale.park(note)
            self.desk.entry = ""
            self.desk.tell(self.say(_PARKED, count=sale.parked_count))
        else:
            self.desk.open(ParkedPage(self.desk, self.resume))
        self._sold = self._chosen = None

    def resume(self, number: int) -> None:
        """Go on with a sale that was parked."""
        tell_resumed(self.desk, self.till.sale.resume(number))

    def undo(self) -> None:
        """Take the last act back; what was paid is given back on the page of payment."""
        if self.till.sale.basket.tenders:
            self.desk.open(PaymentPage(self.desk, self.took))
            self.desk.attend(self.say(_GIVE_BACK))
            return
        undone = self.till.sale.undo()
        self._chosen = None
        what = self.say(undone.what.label)
        if undone.line is not None:
            what += f" · {undone.line.product.name}"
        self.desk.tell(self.say(_UNDONE, what=what))

    def show_receipt(self) -> None:
        """A receipt that is asked about, else one that the customer has not got, else the last, to
        look at or print again. Raises NoSaleYet."""
        sale = self.till.sale
        first = next(iter((*reversed(sale.asked_about), *reversed(sale.without_paper))), None)
        self.desk.open(ReceiptPage(self.desk, first))

    def _cash(self, entry: str) -> None:
        """Cash in one key: what was typed, else exactly what is due."""
        self.desk.entry = ""
        sale = self.till.sale
        given = words.money_of(entry, sale.basket.currency) if entry else None
        cash = self.till.catalogue.settings.cash or CASH  # a store without is told so
        self.took(sale.pay(cash.name, given))

    def _pay(self, entry: str) -> None:
        if not self.till.sale.basket.lines:
            raise BasketEmpty
        if not self.till.catalogue.settings.tenders:
            self.till.sale.tender_type(CASH.name)  # a store without any is told so
        self.desk.open(PaymentPage(self.desk, self.took, entry))

    def took(self, payment: Payment) -> None:
        """A payment went in: the last one ends the sale, another one asks for the rest."""
        if payment.sold is None:
            if self.desk.page is self:
                self.desk.open(PaymentPage(self.desk, self.took))
            return
        self._sold, self._chosen = payment.sold, None
        self._window.reset()
        self.desk.go_home()


def _middle(said: str, size: Size) -> list[Row]:
    """A faint word in the middle of nothing."""
    above = max(0, (size.rows - 3) // 2)
    left = max(0, (size.columns - width(said)) // 2)
    return [()] * above + [row(Span(" " * left + said, Ink.FAINT))]
