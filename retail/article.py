"""What lies on the counter once its code was read and found: a product, how much of it, at what
price of its own, and what else the code says of this very piece.

>>> from retail.quantity import Unit
>>> apples = Product("apple", "Apples", 1280, "CNY", ("2100001",), Unit.KILOGRAM)
>>> Article.priced_at(Article(apples, "2100001008384"), 838).content
655
"""

from datetime import date
from typing import Annotated, Final

import msgspec

from retail.barcode import Embedded, Goods, LabelPrice
from retail.catalogue import Product
from retail.language import Text
from retail.money import AMOUNT_MAX, Minor, Money, exponent, rounded_quotient
from retail.quantity import ONE, Unit
from retail.refusals import AbsurdPrice, NotSellable, SerialOnce

#: ISO 4217 list one: the numbers of currencies in which labels by AI 393n are seen. A label in
#: another one is refused, never guessed.
_NUMBERS: Final = {
    "AED": "784", "AUD": "036", "BRL": "986", "CAD": "124", "CHF": "756", "CNY": "156",
    "CZK": "203", "DKK": "208", "EUR": "978", "GBP": "826", "HKD": "344", "HUF": "348",
    "IDR": "360", "ILS": "376", "INR": "356", "JPY": "392", "KRW": "410", "KWD": "414",
    "KZT": "398", "MOP": "446", "MXN": "484", "MYR": "458", "NOK": "578", "NZD": "554",
    "PHP": "608", "PLN": "985", "RUB": "643", "SAR": "682", "SEK": "752", "SGD": "702",
    "THB": "764", "TRY": "949", "TWD": "901", "USD": "840", "VND": "704", "ZAR": "710",
}  # fmt: skip

_BATCH = Text("batch {value}", "批次 {value}")
_SERIAL = Text("serial {value}", "序列号 {value}")
_UNTIL = Text("sold until {value}", "可售至 {value}")
_BEST = Text("best before {value}", "最佳食用期至 {value}")


class Label(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a code says of this very piece (GS1 General Specifications 3.4, 3.5): its batch (AI 10),
    serial (21), the last day on which it may be sold (17, 7003 or 16, the first of them), and its
    best before date (15)."""

    batch: str = ""
    serial: str = ""
    expires: date | None = None
    best_before: date | None = None

    @classmethod
    def of(cls, goods: Goods) -> "Label":
        last_days = [day for day in (goods.expires, goods.sell_by) if day]
        expires = min(last_days) if last_days else None
        return cls(goods.batch, goods.serial, expires, goods.best_before)

    @property
    def says(self) -> list[Text]:
        """The same in words, a piece each."""
        said = (
            (_BATCH, self.batch),
            (_SERIAL, self.serial),
            (_UNTIL, self.expires),
            (_BEST, self.best_before),
        )
        return [text.filled(value=value) for text, value in said if value]


NO_LABEL: Final = Label()


class CodePrice(msgspec.Struct, frozen=True):
    """What so much costs by its code: a pack at its own price, a piece at the one on its label.
    `quantity` is in 1/1000 of the product's unit, `total_minor` in minor units."""

    quantity: Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)]
    total_minor: Minor


class Article(msgspec.Struct, frozen=True):
    """A product as its code names it. `content` is how much of it, in 1/1000 of its unit; None
    where the code says nothing: then it is a piece, or has to be measured."""

    product: Product
    code: str
    label: Label = NO_LABEL
    content: int | None = None
    price: CodePrice | None = None

    @classmethod
    def found(
        cls, product: Product, goods: Goods, key: str, embedded: Embedded | None
    ) -> "Article":
        """The product that was found under `key`; by a store label, which is then `embedded`.
        Raises NotSellable for a label in another currency, AbsurdPrice for one of nothing."""
        # of a code with fields the number is kept: what the fields say stands beside it
        code = key if goods.elements else goods.keys[0]
        article = cls(product, code, Label.of(goods))
        for pack in product.packs:
            if pack.code == key:
                whole = pack.price_minor
                price = None if whole is None else CodePrice(pack.quantity, whole)
                article = msgspec.structs.replace(article, content=pack.quantity, price=price)
        grams = embedded.grams if embedded else goods.net_grams
        # on goods that are sold by the piece a net weight is only told, but by a store label meant
        if grams is not None and (embedded or product.unit is Unit.KILOGRAM):
            if product.unit is not Unit.KILOGRAM:
                product.must_be_weighed()
            article = msgspec.structs.replace(article, content=grams)
        if goods.count is not None and product.unit is Unit.PIECE:
            article = msgspec.structs.replace(article, content=goods.count * ONE, price=None)
        if embedded and embedded.price_minor is not None:
            return article.priced_at(embedded.price_minor)
        return article.priced_at(_minor(goods.price, product)) if goods.price else article

    def priced_at(self, total_minor: int) -> "Article":
        """It, costing exactly so much. What is measured and says no quantity is as much of it as
        that buys, half away from zero. Raises AbsurdPrice."""
        if total_minor <= 0:
            raise AbsurdPrice(amount=Money(total_minor, self.product.currency).plain)
        content = self.content
        if content is None:
            by_unit = self.product.price_minor
            content = ONE
            if self.product.unit.is_measured and by_unit > 0:
                content = max(1, rounded_quotient(total_minor * ONE, by_unit))
        price = CodePrice(content, total_minor)
        return msgspec.structs.replace(self, content=content, price=price)

    def check_times(self, times: int | None) -> None:
        """Raises SerialOnce when a piece with a serial number is meant more than once; of what is
        measured and says no quantity `times` is the measure."""
        is_measure = self.content is None and self.product.unit.is_measured
        if self.label.serial and times is not None and times > ONE and not is_measure:
            raise SerialOnce(name=self.product.name, serial=self.label.serial)

    def quantity(self, times: int | None) -> int:
        """How much goes over the counter, in 1/1000: so many times what the code says, in 1/1000.
        Raises NeedsWeight or NeedsMeasure where nobody has said."""
        if self.content is None:
            return self.product.piece() if times is None else times
        return self.content if times is None else rounded_quotient(self.content * times, ONE)


def _minor(price: LabelPrice, product: Product) -> int:
    currency = product.currency
    if price.currency_number and price.currency_number != _NUMBERS.get(currency):
        number = f"ISO 4217 {price.currency_number}"
        raise NotSellable(name=product.name, currency=number, store_currency=currency)
    minor = price.minor(exponent(currency))
    if minor is None:
        raise AbsurdPrice(amount=f"{price.amount}/10^{price.decimals}")
    return minor
