"""What a code can mean: one struct each, and their union."""

from datetime import date
from enum import StrEnum
from typing import TypeAlias

import msgspec

from retail.barcode.unreadable import Unreadable
from retail.receipt import ReceiptNumber


class Where(StrEnum):
    """What the till asks for when the code comes."""

    GOODS = "goods"
    PAYMENT = "payment"


class EightDigits(StrEnum):
    """Which of the two 8 digits are that are a valid EAN-8 and a valid UPC-E."""

    ASK = "ask"
    EAN8 = "ean8"
    UPCE = "upce"


class LabelPrice(msgspec.Struct, frozen=True):
    """The price of the whole piece as its code says it (AI 392n, 393n): `amount` / 10**`decimals`.

    `currency_number` is the currency's ISO 4217 number (`156` is CNY), empty when the code leaves
    the currency to the store (392n).
    """

    amount: int
    decimals: int
    currency_number: str = ""

    def minor(self, exponent: int) -> int | None:
        """In minor units of a currency with `exponent` decimals; None when it is finer."""
        shift = exponent - self.decimals
        if shift >= 0:
            return self.amount * int(10**shift)
        step: int = 10**-shift
        minor, rest = divmod(self.amount, step)
        return None if rest else minor


class Embedded(msgspec.Struct, frozen=True):
    """What a store label says by a template: `keys` of the item, best first, and the price of the
    whole piece in minor units of the store's currency, or its weight in grams, or both."""

    template: str
    keys: tuple[str, ...]
    price_minor: int | None = None
    grams: int | None = None


class Goods(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """Something to look up in the catalogue, and what its code says beside.

    `keys`, best first, the first is the code as it came. `upce_keys` are not empty when 8 digits
    are a valid EAN-8 and a valid UPC-E and nothing says which: then `keys` are of the EAN-8.
    `embedded` counts when no key is in the catalogue. Dates are the day meant, weights in grams,
    `count` pieces (AI 30, and 37 of a package's content); `elements` is every field by its AI.
    """

    keys: tuple[str, ...]
    upce_keys: tuple[str, ...] = ()
    embedded: Embedded | None = None
    batch: str = ""
    serial: str = ""
    best_before: date | None = None
    sell_by: date | None = None
    expires: date | None = None
    net_grams: int | None = None
    count: int | None = None
    price: LabelPrice | None = None
    elements: dict[str, str] = {}


class MemberCode(msgspec.Struct, frozen=True):
    """A member: the id of our own code, or the whole number of a plain card."""

    member: str
    signature: str = ""


class PickupCode(msgspec.Struct, frozen=True):
    """An order that is picked up."""

    pickup: str
    signature: str = ""


class VoucherCode(msgspec.Struct, frozen=True):
    """A voucher."""

    voucher: str
    signature: str = ""


class ReceiptCode(msgspec.Struct, frozen=True):
    """A receipt of ours."""

    receipt: ReceiptNumber
    signature: str = ""


class Wallet(StrEnum):
    """Whose payment code it is."""

    WECHAT = "wechat"
    ALIPAY = "alipay"
    UNIONPAY = "unionpay"


class PaymentCode(msgspec.Struct, frozen=True):
    """A customer's payment code. `code` goes to the payment service and nowhere else; what is shown
    or logged is `masked`."""

    kind: Wallet
    code: str

    @property
    def masked(self) -> str:
        """The first and last four digits."""
        return f"{self.code[:4]}…{self.code[-4:]}"

    def __repr__(self) -> str:
        return f"PaymentCode({self.kind.value!r}, {self.masked!r})"


class Pallet(msgspec.Struct, frozen=True):
    """A logistic unit, for the delivery: its SSCC (AI 00; empty when the label's other code has
    it), and what is on it if it says, `content.count` pieces (AI 02, 37)."""

    sscc: str
    content: Goods | None = None


class Gs1Key(msgspec.Struct, frozen=True):
    """Another thing that GS1 numbers: a place (414), an asset (8003, 8004), a coupon
    (255, 8110)."""

    ai: str
    key: str


Meaning: TypeAlias = (
    Goods
    | MemberCode
    | PickupCode
    | ReceiptCode
    | VoucherCode
    | PaymentCode
    | Pallet
    | Gs1Key
    | Unreadable
)
