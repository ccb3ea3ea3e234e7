"""The sale: the basket in the work area, the total at its side, and the keys of selling.

What is typed and ended with Enter is what a scan would be: a code, `3*` and a code, `-` for the
line that is marked, `-` and a code for one of it less.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pos_client.sale.paper import ReceiptPage
from pos_client.sale.payment import PaymentPage
from pos_client.sale.questions import (
    CustomerQuestion,
    DrawerQuestion,
    MeasureQuestion,
    PriceCheck,
    PriceQuestion,
    QuantityQuestion,
    Question,
    VoidQuestion,
)
from pos_client.sale.records import Sold
from pos_client.sale.service import Payment
from pos_client.screen import words
from pos_client.screen.page import Desk, KeyLabel, Page, Size
from pos_client.screen.rows import Ink, Row, Span, fit, right, row, width
from retail.basket import Line
from retail.catalogue import CASH
from retail.facts import SaleCompleted, SaleLine
from retail.language import Text
from retail.money import Money
from retail.quantity import Unit, plain
from retail.refusals import BasketEmpty, NeedsMeasure, NeedsWeight, Refusal

_TIMES = re.compile(r"(-?)(?:(\d{1,6}(?:\.\d{1,3})?)\*)?(.*)", re.DOTALL)

_HEAD = (Text("Item", "商品"), Text("Price", "单价"), Text("Qty", "数量"), Text("Amount", "金额"))
_PROMPT = Text("Scan or type a code", "扫码或输入编号")
_HINT = Text("3* quantity   - one less", "3* 数量   - 退减")
_BEGIN = Text("Scan to begin", "扫码开始")
_DISCOUNT = Text("Discount", "优惠")
_LINE_PRICE = Text("Price set", "改价")
_UNDONE = Text("Undone: {what}", "已撤销：{what}")
_PAID = Text("Last sale, paid", "上一单（已付）")
_GIVE_BACK = Text("F10 gives the last payment back.", "按 F10 退回最近一笔收款。")
_REMOVED = Text("Taken out: {name}", "已删除：{name}")
_LESS = Text("One less: {name}", "已减：{name}")
_CODE_MISSING = Text("Scan or type the code behind the *.", "请在 * 之后扫码或输入编号。")
_NO_AMOUNT = Text("{text} is not an amount.", "“{text}” 不是金额。")
_NO_QUANTITY = Text("{text} is not a quantity.", "“{text}” 不是数量。")
_TYPE_LIKE = Text("Type it like {example}.", "请按此格式输入：{example}。")

KEYS = (
    KeyLabel("F1", Text("Help", "帮助")),
    KeyLabel("F2", Text("Qty", "数量")),
    KeyLabel("F3", Text("Price", "改价"), 1),
    KeyLabel("F4", Text("Void", "删行")),
    KeyLabel("F5", Text("Cust", "顾客"), 5),
    KeyLabel("F7", Text("Receipt", "小票"), 2),
    KeyLabel("F8", Text("Check", "查价"), 3),
    KeyLabel("F9", Text("Drawer", "钱箱"), 4),
    KeyLabel("F10", Text("Undo", "撤销")),
    KeyLabel("F11", Text("Cash", "现金")),
    KeyLabel("F12", Text("Pay", "收款")),
    KeyLabel("Ctrl+P", Text("More", "更多")),
)


class Columns(NamedTuple):
    """How wide the columns of a basket are."""

    name: int
    price: int
    quantity: int
    amount: int

    @classmethod
    def of(cls, columns: int) -> "Columns":
        price, quantity, amount = (10, 8, 11) if columns >= _WIDE else (9, 7, 10)
        return cls(columns - _BEFORE_NAME - price - quantity - amount - 1, price, quantity, amount)


_WIDE = 64
#: mark, number and the gaps round them
_BEFORE_NAME = 7


class Window:
    """Which rows of a long list are in view. Rows stay where they are until the focus leaves the
    view; then a page is turned, so that most scans draw one row and never all of them."""

    def __init__(self) -> None:
        self._first = 0
        self._shown: int | None = None

    def slice(self, total: int, focus: int, height: int) -> slice:
        """The rows in view, the `focus` among them."""
        if height <= 0:
            return slice(0, 0)
        if self._shown is None:
            self._first = max(0, total - height)
        if not self._first <= focus < self._first + height:
            turned = focus - height // 3 if focus >= self._first else focus - height // 2
            self._first = max(0, turned)
        self._first = min(self._first, max(0, total - 1))
        self._shown = total
        return slice(self._first, self._first + height)

    def reset(self) -> None:
        self._first, self._shown = 0, None


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
        head = [self.say(text) for text in _HEAD]
        basket = self.till.sale.basket
        sold = self.sold
        if sold is not None:
            head[0] = self.say(_PAID)
        header = row(
            Span(
                "    #  "
                + fit(head[0], at.name)
                + right(head[1], at.price)
                + right(head[2], at.quantity)
                + right(head[3], at.amount),
                Ink.FAINT,
            )
        )
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
            height = 1 + (line.line_price is not None) + (line.discount is not None)
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
            rows.append(_item_row(place, line, fact.currency, at))
            if line.discount_minor:
                said = f"{self.say(_DISCOUNT)} · {line.discount_reason or ''}"
                off = Money(-line.discount_minor, fact.currency).plain
                rows.append(_below(said, off, at, Ink.FAINT))
        return rows[self._window.slice(len(rows), len(rows) - 1, room)]

    def _line_rows(self, number: int, line: Line, at: Columns, *, chosen: bool) -> list[Row]:
        mark, ink = ("▌", Ink.CHOSEN) if chosen else (" ", Ink.TEXT)
        price = line.product.price.plain
        rows = [
            row(
                Span(
                    f"{mark} {number:>3}  "
                    + fit(line.product.name, at.name)
                    + right(price, at.price)
                    + right(plain(line.quantity, line.product.unit), at.quantity)
                    + right(line.before_discount.plain, at.amount)
                    + " ",
                    ink,
                )
            )
        ]
        if line.line_price is not None:
            rows.append(_below(f"{self.say(_LINE_PRICE)} · {line.line_price.reason}", "", at))
        if line.discount is not None:
            said = f"{self.say(_DISCOUNT)} · {line.discount.reason}"
            rows.append(_below(said, (-line.reduction).plain, at))
        return rows

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
        return KEYS

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
            self.scanned(text)

    def scanned(self, code: str) -> None:
        """A code from whatever source, perhaps with `3*` or `-` before it."""
        self._chosen = None
        sale = self.till.sale
        found = _TIMES.fullmatch(code)
        assert found is not None
        less, times, rest = found.groups()
        if times and not rest:
            self.desk.entry = code
            self.desk.refuse(self.say(_CODE_MISSING))
            return
        try:
            quantity = words.quantity_of(times) if times else None
        except ValueError:
            self._no_quantity(times)
            return
        if less:
            self._take_out(rest, quantity)
            return
        try:
            sale.scan(rest, quantity)
        except (NeedsWeight, NeedsMeasure):
            self._measure(rest)
        except Refusal as no:
            self.desk.refused(no)
        else:
            self._sold = None

    def _take_out(self, code: str, quantity: int | None) -> None:
        product = self.desk.did(lambda: self.till.catalogue.product(code))
        if product is None:
            return
        if self.desk.accepted(lambda: self.till.sale.take_out(code, quantity)):
            self.desk.tell(self.say(_LESS, name=product.name))

    def _measure(self, code: str) -> None:
        product = self.desk.did(lambda: self.till.catalogue.product(code))
        if product is not None:
            self.desk.open(MeasureQuestion(self.desk, product, code))

    def press(self, key: str, entry: str) -> bool:
        moves = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}
        if key in moves:
            self._move(moves[key])
            return True
        act = self._acts().get(key)
        if act is None:
            return False
        act(entry)
        return True

    def _acts(self) -> dict[str, Callable[[str], None]]:
        return {
            "f2": self._quantity,
            "f3": self._price,
            "f4": lambda _: self._remove(),
            "f16": lambda _: self.void(),
            "f5": lambda _: self.desk.open(CustomerQuestion(self.desk)),
            "f7": lambda _: self.show_receipt(),
            "f8": lambda _: self.desk.open(PriceCheck(self.desk)),
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

    def _quantity(self, entry: str) -> None:
        line = self.desk.did(lambda: self.line)
        if line is None:
            return
        self._ask(QuantityQuestion(self.desk, line), entry)

    def _ask(self, question: Question, entry: str) -> None:
        """What was typed before the key is the answer."""
        self.desk.open(question)
        if entry:
            question.enter(entry)

    def _no_quantity(self, text: str) -> None:
        self.desk.refuse(
            self.say(_NO_QUANTITY, text=text), self.say(_TYPE_LIKE, example="3*6901028075022")
        )

    def _price(self, entry: str) -> None:
        line = self.desk.did(lambda: self.line)
        if line is not None:
            self._ask(PriceQuestion(self.desk, line), entry)

    def _remove(self) -> None:
        line = self.desk.did(lambda: self.line)
        if line is not None and self.desk.accepted(lambda: self.till.sale.remove_line(line.number)):
            self._chosen = None
            self.desk.tell(self.say(_REMOVED, name=line.product.name))

    def void(self) -> None:
        """Give up the whole sale, with a reason."""
        self.desk.open(VoidQuestion(self.desk))

    def undo(self) -> None:
        """Take the last act back; what was paid is given back on the page of payment."""
        if self.till.sale.basket.tenders:
            self.desk.open(PaymentPage(self.desk, self.took))
            self.desk.attend(self.say(_GIVE_BACK))
            return
        undone = self.desk.did(self.till.sale.undo)
        if undone is not None:
            self._chosen = None
            what = self.say(undone.what.label)
            if undone.line is not None:
                what += f" · {undone.line.product.name}"
            self.desk.tell(self.say(_UNDONE, what=what))

    def show_receipt(self) -> None:
        """The last receipt, to look at or print again."""
        if self.desk.accepted(self.till.sale.last_sale):
            self.desk.open(ReceiptPage(self.desk))

    def _cash(self, entry: str) -> None:
        """Cash in one key: what was typed, else exactly what is due."""
        given = None
        if entry:
            try:
                given = Money.parse(entry, self.till.sale.basket.currency)
            except ValueError:
                self.desk.entry = ""
                self._no_amount(entry)
                return
        self.desk.entry = ""
        cash = self.till.catalogue.settings.cash or CASH  # a store without is told so
        payment = self.desk.did(lambda: self.till.sale.pay(cash.name, given))
        if payment is not None:
            self.took(payment)

    def _pay(self, entry: str) -> None:
        if not self.till.sale.basket.lines:
            self.desk.refused(BasketEmpty())
            return
        if not self.till.catalogue.settings.tenders:
            self.desk.did(lambda: self.till.sale.tender_type(CASH.name))
            return
        self.desk.open(PaymentPage(self.desk, self.took, entry))

    def _no_amount(self, text: str) -> None:
        self.desk.refuse(
            self.say(_NO_AMOUNT, text=text), self.say(_TYPE_LIKE, example="100 · 57.60")
        )

    def took(self, payment: Payment) -> None:
        """A payment went in: the last one ends the sale, another one asks for the rest."""
        if payment.sold is None:
            if self.desk.page is self:
                self.desk.open(PaymentPage(self.desk, self.took))
            return
        self._sold, self._chosen = payment.sold, None
        self._window.reset()
        self.desk.go_home()


def _below(said: str, amount: str, at: Columns, ink: Ink = Ink.ACCENT) -> Row:
    """A row that belongs to the line above it."""
    room = at.name + at.price + at.quantity
    return row(
        Span(
            " " * _BEFORE_NAME + "  " + fit(said, room - 2) + right(amount, at.amount) + " ",
            ink,
        )
    )


def _item_row(place: int, line: SaleLine, currency: str, at: Columns) -> Row:
    """A line of a completed sale."""
    price = Money(line.unit_price_minor, currency).plain
    amount = Money(line.total_minor + line.discount_minor, currency).plain
    said = (
        f"  {place:>3}  "
        + fit(line.name, at.name)
        + right(price, at.price)
        + right(plain(line.quantity, Unit(line.unit)), at.quantity)
        + right(amount, at.amount)
        + " "
    )
    return row(Span(said, Ink.FAINT))


def _middle(said: str, size: Size) -> list[Row]:
    """A faint word in the middle of nothing."""
    above = max(0, (size.rows - 3) // 2)
    left = max(0, (size.columns - width(said)) // 2)
    return [()] * above + [row(Span(" " * left + said, Ink.FAINT))]
