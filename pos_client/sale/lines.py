"""The lines of a sale as rows: their columns, what belongs below each, which are in view."""

from collections.abc import Iterator
from typing import NamedTuple

from pos_client.screen.page import Desk
from pos_client.screen.rows import Ink, Row, Span, fit, right, row
from retail.article import NO_LABEL
from retail.basket import Line
from retail.expiry import NEAR_EXPIRY, recall_of
from retail.facts import SaleLine
from retail.language import Text
from retail.money import Money
from retail.quantity import ONE, Unit, plain

HEAD = (Text("Item", "商品"), Text("Price", "单价"), Text("Qty", "数量"), Text("Amount", "金额"))
_DISCOUNT = Text("Discount", "优惠")
_LINE_PRICE = Text("Price set", "改价")
PACK_PRICE = Text(
    "Pack price {amount} / {quantity} {unit}", "箱包装价 {amount} / {quantity} {unit}"
)
LABEL_PRICE = Text("Label price {amount}", "标签价 {amount}")
_RECALLED = Text("Recalled: take it out", "已召回：请删除此行")

_WIDE = 64
#: mark, number and the gaps round them
_BEFORE_NAME = 7


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

    def laid(self, place: str, name: str, price: str, quantity: str, amount: str) -> str:
        """A row of the basket, to the edge of its amount."""
        return (
            f"{place:>5}  "
            + fit(name, self.name)
            + right(price, self.price)
            + right(quantity, self.quantity)
            + right(amount, self.amount)
        )


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


def item_row(place: str, line: SaleLine, currency: str, at: Columns, ink: Ink) -> Row:
    """A line of a sale, before its discount."""
    price = Money(line.unit_price_minor, currency).plain
    amount = Money(line.total_minor + line.discount_minor, currency).plain
    quantity = plain(line.quantity, Unit(line.unit))
    return row(Span(at.laid(place, line.name, price, quantity, amount) + " ", ink))


def code_price_of(line: SaleLine, currency: str) -> Text | None:
    """What its code says that it costs, where that is not the price by the unit."""
    by_code, unit = line.code_price, Unit(line.unit)
    if by_code is None or line.price_reason is not None:
        return None
    whole = Money(by_code.total_minor, currency)
    if whole == Money(line.unit_price_minor, currency).times(by_code.quantity, ONE):
        return None
    if unit is Unit.PIECE and by_code.quantity > ONE:
        quantity = plain(by_code.quantity, unit)
        return PACK_PRICE.filled(amount=whole.plain, quantity=quantity, unit=unit.label)
    return LABEL_PRICE.filled(amount=whole.plain)


def height_of(desk: Desk, line: Line, at: Columns) -> int:
    """How many rows it takes; most lines one, which is known without drawing them."""
    plainly = (line.line_price, line.discount, line.code_price) == (None, None, None)
    if plainly and line.label == NO_LABEL and not desk.till.catalogue.recalls:
        return 1
    return 1 + len(list(below_line(desk, line, at)))


def below_line(desk: Desk, line: Line, at: Columns) -> Iterator[Row]:
    """The rows that belong to a line of the basket."""
    say, label, currency = desk.say, line.label, line.product.currency
    sold = SaleLine.of(line)
    if recall_of(line.product.product_id, label, desk.till.catalogue.recalls):
        yield below(say(_RECALLED), "", at, Ink.BAD)
    if label.says:
        yield below(" · ".join(map(say, label.says)), "", at, Ink.FAINT)
    by_code = code_price_of(sold, currency)
    if by_code is not None:
        yield below(say(by_code), "", at, Ink.FAINT)
    if line.line_price is not None:
        yield below(f"{say(_LINE_PRICE)} · {line.line_price.reason}", "", at)
    if line.discount is not None:
        yield discount_row(desk, sold, currency, at)


def discount_row(
    desk: Desk, line: SaleLine, currency: str, at: Columns, ink: Ink = Ink.ACCENT
) -> Row:
    reason = desk.say(NEAR_EXPIRY) if line.discount_by_rule else line.discount_reason or ""
    said = f"{desk.say(_DISCOUNT)} · {reason}"
    return below(said, Money(-line.discount_minor, currency).plain, at, ink)


def below(said: str, amount: str, at: Columns, ink: Ink = Ink.ACCENT) -> Row:
    """A row that belongs to the line above it."""
    room = at.name + at.price + at.quantity
    return row(
        Span(
            " " * _BEFORE_NAME + "  " + fit(said, room - 2) + right(amount, at.amount) + " ",
            ink,
        )
    )
