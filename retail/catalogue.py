"""Products as a till sells them, and the cashiers and settings a store sells by.

These three are what head office publishes to a store; each travels as one row of the feed.
"""

from typing import Annotated

import msgspec

from retail.barcode import CodeRules, EightDigits
from retail.language import Language, Text
from retail.money import Minor, Money
from retail.quantity import ONE, Milli, Unit, plain
from retail.receipt import ReceiptTemplate
from retail.refusals import AbsurdQuantity, NeedsMeasure, NeedsWeight, NotWeighed
from retail.tax import PER_MILLION, Tax


class Pack(msgspec.Struct, frozen=True, omit_defaults=True):
    """A package of a product with a barcode of its own: a case of 24, a bundle of 6.

    `quantity` is how much of the product's unit it holds, in 1/1000; `price_minor` what the whole
    package costs where that is not the price of so many.
    """

    code: str
    quantity: Milli
    price_minor: Minor | None = None


class Product(msgspec.Struct, frozen=True, omit_defaults=True):
    """A product and its price in one currency.

    `price_minor` is the price of one `unit`, in minor units of `currency`;
    `codes` are the barcodes and PLU numbers under which a scan finds one unit of it, `packs` those
    under which a scan finds more. `prices` are the prices of other price lists than the chain's
    own, by the list's name. `spec`, `brand` and the last part of the `category` (parts between
    `/`) say which one it is; `other_names` and the `mnemonic` find it too.
    """

    product_id: str
    name: str
    price_minor: Minor
    currency: str
    codes: tuple[str, ...]
    unit: Unit = Unit.PIECE
    tax: Tax = Tax()
    spec: str = ""
    brand: str = ""
    category: str = ""
    mnemonic: str = ""
    other_names: tuple[str, ...] = ()
    prices: dict[str, Minor] = {}
    packs: tuple[Pack, ...] = ()

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    @property
    def all_codes(self) -> tuple[str, ...]:
        """Every code under which a scan finds it, alone or packed."""
        return (*self.codes, *(pack.code for pack in self.packs)) if self.packs else self.codes

    def priced(self, price_list: str) -> "Product":
        """It at the price of that list; at the chain's own where the list does not name it."""
        if price_list not in self.prices:
            return self
        return msgspec.structs.replace(self, price_minor=self.prices[price_list])

    def is_in(self, category: str) -> bool:
        """Whether its category is this one or lies below it; everything is in the empty one."""
        return not category or f"{self.category}/".startswith(f"{category}/")

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


class MarkDown(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a store takes off goods whose code says that they have at most so many days left: a
    rate in millionths of the line, of the products in that category, of all where it is empty."""

    days_left_max: Annotated[int, msgspec.Meta(ge=0, le=3650)]
    rate_ppm: Annotated[int, msgspec.Meta(ge=1, le=PER_MILLION)]
    category: str = ""


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
    #: whose prices it sells at; empty: the chain's own
    price_list: str = ""
    #: store labels (`retail.barcode.templates`), such as `21IIIIIVVVVVC price=2`
    code_templates: tuple[str, ...] = ()
    #: what 8 digits are that are a valid EAN-8 and a valid UPC-E, and find two products
    eight_digits: EightDigits = EightDigits.ASK
    #: what scanners of this store send for FNC1 beside GS, such as `~`
    code_separators: tuple[str, ...] = ()
    #: the letters that plain member cards begin with; empty: there are none
    member_prefix: str = ""
    #: what comes off goods near their date, by their code
    near_expiry: tuple[MarkDown, ...] = ()
    #: whether goods past their best before date are sold, with a word to the cashier
    sells_past_best_before: bool = True
    #: prices that were not compared with head office's for longer are said to be old
    prices_old_after_days: Annotated[int, msgspec.Meta(ge=1)] = 7
    #: how its receipts are laid out, line by line (`retail.receipt`); empty: the built-in way
    receipt_template: tuple[str, ...] = ()

    @property
    def cash(self) -> TenderType | None:
        """The tender that is cash, if the store takes any."""
        return next((tender for tender in self.tenders if tender.is_cash), None)

    def code_rules(self) -> CodeRules:
        """How this store reads codes; of 8 digits that are two things, who looks up what they
        find decides. ValueError for templates or a currency that cannot be."""
        return CodeRules(
            templates=self.code_templates,
            currency=self.currency,
            separators=self.code_separators,
            member_prefix=self.member_prefix,
        )

    def receipt_layout(self) -> ReceiptTemplate:
        """How this store's receipts are laid out. Raises UnusableTemplate or
        IncompleteTemplate."""
        return ReceiptTemplate.of(self.receipt_template, self.language)

    def tender_label(self, name: str) -> Text:
        """How people call a tender, also one that the store takes no more."""
        known = (*self.tenders, CASH)
        return next((each.label for each in known if each.name == name), Text(name, name))
