"""What a sale asks: how many, how much, how heavy, why, for whom. One answer, then it goes on."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from pos_client.screen import words
from pos_client.screen.page import Desk, KeyLabel, Landing
from pos_client.screen.question import Question, ReasonQuestion
from pos_client.screen.words import NotAnAmount
from retail.basket import Discount, Line
from retail.catalogue import Product
from retail.language import Text
from retail.money import Money
from retail.quantity import Unit, plain


class _AboutLine(Question):
    """A question about one line of the basket."""

    def __init__(self, desk: Desk, line: Line) -> None:
        super().__init__(desk)
        self.line = line

    def about(self) -> list[tuple[str, str]]:
        product = self.line.product
        return [
            (self.say(_ITEM), product.name),
            (self.say(_PRICE), product.price.plain),
            (self.say(_QUANTITY), plain(self.line.quantity, product.unit)),
            (self.say(_AMOUNT), self.line.total.plain),
        ]


_ITEM = Text("Item", "商品")
_PRICE = Text("Price", "单价")
_QUANTITY = Text("Quantity", "数量")
_AMOUNT = Text("Amount", "金额")


class QuantityQuestion(_AboutLine):
    """How many of a line. A scan instead of an answer goes into the basket."""

    title = Text("Quantity", "数量")
    ask = Text("New quantity", "新数量")

    def enter(self, text: str) -> None:
        if text:
            quantity = words.quantity_of(text, self.line.product.unit)
            self.till.sale.set_quantity(quantity, self.line.number)
        self.desk.close()

    def press(self, key: str, entry: str) -> bool:
        if key == "f2" and entry:
            self.desk.entry = ""
            self.enter(entry)
            return True
        return False


class MeasureQuestion(Question):
    """How much of a product that is weighed or measured. Scans wait: these goods are not yet in
    the basket."""

    title = Text("Weigh it", "称重")
    scan = Landing.WAITS
    _ask_g = Text("Weight in grams", "重量（克）")
    _on_scale = Text("Put it on the scale, or type grams", "请放到秤上，或输入克数")
    _again = KeyLabel("F5", Text("Weigh again", "重新称重"))
    _ask_unit = Text("How many {unit}", "多少{unit}")

    def __init__(self, desk: Desk, product: Product, put: Callable[[int], object]) -> None:
        """`put` puts so much of it into the basket, in 1/1000 of its unit."""
        super().__init__(desk)
        self.product = product
        self._put = put

    @property
    def _by_scale(self) -> bool:
        return self.product.unit is Unit.KILOGRAM and self.till.devices.has_scale

    def opened(self) -> None:
        if self._by_scale:
            self.till.devices.ask_scale()

    def told(self, name: str, values: dict[str, Any]) -> bool:
        """What the scale says is the answer, unless one is being typed."""
        if name != "scale.weighed" or not self._by_scale:
            return False
        if "grams" not in values:
            self.desk.attend(values["say"], values["remedy"])
        elif not self.desk.entry:
            self._put(values["grams"])
            self.desk.close()
        return True

    def press(self, key: str, entry: str) -> bool:  # noqa: ARG002
        if key != "f5" or not self._by_scale:
            return False
        self.till.devices.ask_scale()
        return True

    def keys(self) -> Sequence[KeyLabel]:
        return (*super().keys(), self._again) if self._by_scale else super().keys()

    def about(self) -> list[tuple[str, str]]:
        unit = self.say(self.product.unit.label)
        return [
            (self.say(_ITEM), self.product.name),
            (self.say(_PRICE), f"{self.product.price.plain} / {unit}"),
        ]

    def prompt(self) -> str:
        if self._by_scale:
            return self.say(self._on_scale)
        if self.product.unit is Unit.KILOGRAM:
            return self.say(self._ask_g)
        return self.say(self._ask_unit, unit=self.product.unit.label)

    def enter(self, text: str) -> None:
        if not text:
            return
        unit = self.product.unit
        of_gram = unit is Unit.KILOGRAM
        self._put(words.grams_of(text) if of_gram else words.quantity_of(text, unit))
        self.desk.close()


class VoidQuestion(ReasonQuestion):
    """Why the whole sale is given up; a scan now would be a new customer's."""

    title = Text("Void the whole sale", "整单作废")
    scan = Landing.REFUSED
    reasons = (
        Text("Customer left", "顾客离开"),
        Text("Customer changed mind", "顾客不要了"),
        Text("Rung up by mistake", "误录入"),
    )
    _voided = Text("The sale was voided.", "整单已作废。")

    def about(self) -> list[tuple[str, str]]:
        return [(self.say(_AMOUNT), self.till.sale.basket.total.plain)]

    def answered(self, reason: str) -> None:
        self.till.sale.void(reason)

    def ended(self) -> None:
        self.desk.go_home()
        self.desk.tell(self.say(self._voided))


class DrawerQuestion(ReasonQuestion):
    """Why the drawer opens without a sale: that is on record."""

    title = Text("Open the drawer", "开钱箱")
    scan = Landing.LANDS
    reasons = (
        Text("Give change", "换零钱"),
        Text("Check cash", "核对现金"),
        Text("Put in coins", "补充零钱"),
    )
    _opened = Text("The drawer was told to open.", "已发送开钱箱指令。")

    def answered(self, reason: str) -> None:
        self.till.sale.open_drawer(reason)

    def ended(self) -> None:
        self.desk.close()
        self.desk.tell(self.say(self._opened))


class PriceQuestion(_AboutLine):
    """What a line costs: an amount, `10%` or `9折` off, or `-5` off; then why."""

    title = Text("Change the price", "改价")
    ask = Text("New amount; or 10% or -5 to take off", "新金额；或 9折、10%、-5 为优惠")

    def enter(self, text: str) -> None:
        if not text:
            self.desk.close()
            return
        change = self._change(text)
        if change is None:
            raise NotAnAmount(text=words.code(text), example="8.80 · 9折 · 10% · -5")
        self.desk.close()
        self.desk.open(PriceReason(self.desk, self.line, change))

    def _change(self, text: str) -> "_Change | None":
        """What the text makes of the line as it stands now; None when it makes no sense."""
        number, sale = self.line.number, self.till.sale
        line = sale.basket.line(number)
        currency = line.before_discount.currency
        try:
            if text.endswith(("%", "％", "折")):
                discount = Discount("", rate_ppm=words.rate_of(text))
            elif text.startswith("-"):
                discount = Discount("", Money.parse(text[1:], currency).minor)
            else:
                price = Money.parse(text, currency)
                if price.minor < 0:
                    return None
                return _Change(price, lambda why: sale.set_line_price(price, why, number))
        except ValueError:
            return None
        after = replace(line, discount=discount).total
        if after.minor < 0 or (discount.amount_minor <= 0 and discount.rate_ppm <= 0):
            return None
        return _Change(after, lambda why: sale.discount(replace(discount, reason=why), number))


class _Change(NamedTuple):
    """What the line will cost, and what makes it so, given the reason."""

    after: Money
    make: Callable[[str], object]


class PriceReason(ReasonQuestion):
    """Why a price is changed."""

    _new = Text("New amount", "新金额")
    title = Text("Why this price", "改价原因")
    reasons = (
        Text("Damaged", "破损"),
        Text("Near its date", "临期"),
        Text("Shelf label differs", "价签不符"),
        Text("Agreed with the manager", "店长同意"),
    )

    def __init__(self, desk: Desk, line: Line, change: _Change) -> None:
        super().__init__(desk)
        self.line = line
        self._change = change

    def about(self) -> list[tuple[str, str]]:
        return [
            (self.say(_ITEM), self.line.product.name),
            (self.say(_AMOUNT), self.line.before_discount.plain),
            (self.say(self._new), self._change.after.plain),
        ]

    def answered(self, reason: str) -> None:
        self._change.make(reason)


class CustomerQuestion(Question):
    """Whose sale this is."""

    title = Text("Customer", "顾客")
    ask = Text("Customer number; Enter alone forgets it", "顾客编号；直接回车则清除")

    def about(self) -> list[tuple[str, str]]:
        customer = self.till.sale.basket.customer
        return [(self.say(self.title), customer)] if customer else []

    def enter(self, text: str) -> None:
        self.till.sale.set_customer(text or None)
        self.desk.close()
