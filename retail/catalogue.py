"""Products as a till sells them, and the cashiers and settings a store sells by.

These three are what head office publishes to a store; each travels as one row of the feed.
"""

import msgspec

from retail.language import Language, Text
from retail.money import Minor, Money
from retail.quantity import ONE, Unit, plain
from retail.refusals import AbsurdQuantity, NeedsMeasure, NeedsWeight, NotWeighed
from retail.tax import Tax


class Product(msgspec.Struct, frozen=True, omit_defaults=True):
    """A product and its price in one currency.

    `price_minor` is the price of one `unit`, in minor units of `currency`;
    `codes` are the barcodes and PLU numbers under which a scan finds it.
    """

    product_id: str
    name: str
    price_minor: Minor
    currency: str
    codes: tuple[str, ...]
    unit: Unit = Unit.PIECE
    tax: Tax = Tax()

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    def must_be_weighed(self) -> None:
        """Raises NotWeighed or NeedsMeasure when it is not sold by weight."""
        if not self.unit.is_measured:
            raise NotWeighed(name=self.name)
        if self.unit is not Unit.KILOGRAM:
            raise NeedsMeasure(name=self.name, unit=self.unit.label)

    def piece(self) -> int:
        """One piece, in 1/1000. Raises NeedsWeight or NeedsMeasure when it is sold otherwise."""
        if self.unit is Unit.KILOGRAM:
            raise NeedsWeight(name=self.name)
        if self.unit.is_measured:
            raise NeedsMeasure(name=self.name, unit=self.unit.label)
        return ONE

    def checked_quantity(self, quantity: int, most: int) -> int:
        """The quantity in 1/1000, when it fits the unit and is above 0 and up to `most`. Raises
        NotWeighed or AbsurdQuantity."""
        if not self.unit.is_measured and quantity % ONE:
            raise NotWeighed(name=self.name)
        if not 0 < quantity <= most:
            raise AbsurdQuantity(quantity=plain(quantity, self.unit), most=plain(most, self.unit))
        return quantity


class Cashier(msgspec.Struct, frozen=True):
    """A person who may open a shift in a store."""

    cashier_id: str
    name: str


class TenderType(msgspec.Struct, frozen=True, omit_defaults=True):
    """A way to pay. `is_cash` gives change, rounds to the smallest coin and opens the drawer."""

    name: str
    en: str
    zh: str
    is_cash: bool = False

    @property
    def label(self) -> Text:
        return Text(self.en, self.zh)


CASH = TenderType("cash", "Cash", "现金", is_cash=True)


class StoreSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """What head office sets for a store; every limit has its unit in its name."""

    store_name: str = ""
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    language: Language = Language.CHINESE
    #: smallest coin in minor units; 1 means cash is not rounded
    cash_step_minor: int = 1
    #: a line above this is refused as a slip of the hand (a barcode typed as a quantity)
    quantity_max: int = 999 * ONE
    #: a payment this much above what is due is refused as a slip of the hand, in minor units
    overpayment_max_minor: int = 1_000_000
    tenders: tuple[TenderType, ...] = (
        CASH,
        TenderType("card", "Card", "银行卡"),
        TenderType("wechat", "WeChat Pay", "微信支付"),
        TenderType("alipay", "Alipay", "支付宝"),
    )
    receipt_header: tuple[str, ...] = ()
    receipt_footer: tuple[str, ...] = ()

    @property
    def cash(self) -> TenderType | None:
        """The tender that is cash, if the store takes any."""
        return next((tender for tender in self.tenders if tender.is_cash), None)

    def tender_label(self, name: str) -> Text:
        """How people call a tender, also one that the store takes no more."""
        known = (*self.tenders, CASH)
        return next((each.label for each in known if each.name == name), Text(name, name))
