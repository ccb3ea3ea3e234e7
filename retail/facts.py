"""Everything a till can record: one frozen struct a fact, past tense, versioned.

Amounts are integers in minor units of the fact's `currency` (their names end in `_minor`),
quantities integers of 1/1000, so that a fact is the same bytes in every language and no float
ever touches the books. A fact is complete in itself: names, prices and tax rates are those the
cashier saw. `TYPES` names each on the wire. What a body may hold belongs to its version: whoever
changes it gives the type its next version, and `OLDER` the step from the last one (decision 0027).
"""

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, cast

import msgspec

from retail.article import CodePrice
from retail.barcode import EightDigits
from retail.basket import Basket, Line, RemovedLine
from retail.money import AMOUNT_MAX, Minor
from retail.quantity import Milli
from retail.tax import Tax
from retail.tender import Tender
from retail.upcasters import printed_was_fenced

#: how many of something a till counts: shifts, sales, copies
Count = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
#: what a pile of cash is made of
Positive = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)]
#: as much of a fault as a verdict repeats, in characters
_FAULT_CHARACTERS_MAX = 200


class PrintOutcome(StrEnum):
    """What became of a receipt on paper."""

    PRINTED = "printed"
    NOT_PRINTED = "not_printed"
    UNKNOWN = "unknown"


class DoorOutcome(StrEnum):
    """What became of a decision to open a compartment's door."""

    OPENED = "opened"
    ALREADY_OPEN = "already_open"
    JAMMED = "jammed"
    WRONG_DOOR = "wrong_door"
    UNKNOWN = "unknown"
    NOT_TRIED = "not_tried"


class DenominationCount(msgspec.Struct, frozen=True):
    """So many notes or coins of one value, in minor units."""

    value_minor: Positive
    number: Positive


class ShiftOpened(msgspec.Struct, frozen=True, omit_defaults=True):
    """A cashier took the till, with a float from the safe; `counts` are its notes and coins where
    they were counted one by one."""

    number: Count
    cashier: str
    business_date: date
    currency: str
    float_minor: Minor
    counts: tuple[DenominationCount, ...] = ()


class ShiftClosed(msgspec.Struct, frozen=True, omit_defaults=True):
    """The drawer was counted and emptied into the safe. `difference_minor` = counted - expected;
    `counts` are the notes and coins where they were counted one by one."""

    number: Count
    currency: str
    expected_minor: Minor
    counted_minor: Minor
    sales: Count
    counts: tuple[DenominationCount, ...] = ()

    @property
    def difference_minor(self) -> int:
        return self.counted_minor - self.expected_minor


class SaleLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sold line. `total_minor` is after `discount_minor`; `tax_minor` is within it when the
    tax is included, else on top of it. `batch`, `serial`, `expires`, `best_before` and
    `code_price`, what a pack or a label costs, are as its code said (retail.article)."""

    product_id: str
    code: str
    name: str
    unit: str
    quantity: Milli
    unit_price_minor: Minor
    total_minor: Minor
    tax: Tax
    tax_minor: Minor
    discount_minor: Minor = 0
    price_reason: str | None = None
    discount_reason: str | None = None
    discount_by_rule: bool = False
    batch: str = ""
    serial: str = ""
    expires: date | None = None
    best_before: date | None = None
    code_price: CodePrice | None = None

    @classmethod
    def of(cls, line: Line) -> "SaleLine":
        return cls(
            product_id=line.product.product_id,
            code=line.code,
            name=line.product.name,
            unit=line.product.unit,
            quantity=line.quantity,
            unit_price_minor=line.product.price_minor,
            total_minor=line.total.minor,
            tax=line.product.tax,
            tax_minor=line.tax.minor,
            discount_minor=line.reduction.minor,
            price_reason=line.line_price.reason if line.line_price else None,
            discount_reason=line.discount.reason if line.discount else None,
            discount_by_rule=line.discount is not None and line.discount.by_rule,
            batch=line.label.batch,
            serial=line.label.serial,
            expires=line.label.expires,
            best_before=line.label.best_before,
            code_price=line.code_price,
        )


class SaleCompleted(msgspec.Struct, frozen=True, omit_defaults=True):
    """Goods were sold and paid. `total_minor` is what the goods cost with tax; the tenders'
    amounts add up to it plus their rounding."""

    receipt: str
    currency: str
    lines: tuple[SaleLine, ...]
    tenders: tuple[Tender, ...]
    total_minor: Minor
    customer: str | None = None
    removed: tuple[RemovedLine, ...] = ()

    @classmethod
    def of(cls, basket: Basket, receipt: str) -> "SaleCompleted":
        return cls(
            receipt=receipt,
            currency=basket.currency,
            lines=tuple(SaleLine.of(line) for line in basket.lines),
            tenders=basket.tenders,
            total_minor=basket.total.minor,
            customer=basket.customer,
            removed=basket.removed,
        )

    @property
    def change_minor(self) -> int:
        return sum(tender.change_minor for tender in self.tenders)


class SaleVoided(msgspec.Struct, frozen=True, omit_defaults=True):
    """An unfinished sale was given up, with the reason and what stood in it."""

    reason: str
    currency: str
    lines: tuple[SaleLine, ...]
    total_minor: Minor
    removed: tuple[RemovedLine, ...] = ()


class ReceiptPrinted(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a receipt. `sale` is the id of the sale's fact; `copy` counts reprints,
    0 is the original; `reason` is the device's fault code, if any; `proof` says how it is known
    to have printed: `confirmed` (the printer named the job), `fenced` (its buffer was processed),
    `cashier` (a person looked)."""

    sale: str
    receipt: str
    outcome: PrintOutcome
    reason: str | None = None
    copy: Count = 0
    proof: str | None = None


class ReceivedLine(msgspec.Struct, frozen=True):
    """Goods that came in, in 1/1000 of the product's unit."""

    product_id: str
    quantity: Milli


class StockReceived(msgspec.Struct, frozen=True, omit_defaults=True):
    """A delivery was taken into the store; `reference` is the delivery note."""

    reference: str
    lines: tuple[ReceivedLine, ...]


class DrawerOpened(msgspec.Struct, frozen=True, omit_defaults=True):
    """A cashier had the drawer opened without a sale, with the reason."""

    reason: str


class CodeDecided(msgspec.Struct, frozen=True, omit_defaults=True):
    """A cashier said what 8 digits are that are a valid EAN-8 and a valid UPC-E."""

    code: str
    reading: EightDigits


class DoorOpeningDecided(msgspec.Struct, frozen=True, omit_defaults=True):
    """A clerk decided to open a compartment, with the reason; durable before the lock is told.
    `parcel` is what lay in it."""

    compartment: Count
    reason: str
    parcel: str = ""


class DoorOpeningEnded(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the door did. `decision` is the id of the decision's fact, `others` are doors that
    opened and should not have, `reason` is the device's fault code, if any."""

    decision: str
    compartment: Count
    outcome: DoorOutcome
    others: tuple[Count, ...] = ()
    reason: str | None = None


class ParcelStored(msgspec.Struct, frozen=True):
    """A clerk put a parcel into a compartment."""

    parcel: str
    compartment: Count


class ParcelTaken(msgspec.Struct, frozen=True, omit_defaults=True):
    """A parcel left its compartment, with the reason."""

    parcel: str
    compartment: Count
    reason: str = ""


class CompartmentWithdrawn(msgspec.Struct, frozen=True):
    """A compartment is out of service, with the reason."""

    compartment: Count
    reason: str


class CompartmentReturned(msgspec.Struct, frozen=True):
    """A compartment is in service again."""

    compartment: Count


Fact = (
    ShiftOpened
    | ShiftClosed
    | SaleCompleted
    | SaleVoided
    | ReceiptPrinted
    | StockReceived
    | DrawerOpened
    | CodeDecided
    | DoorOpeningDecided
    | DoorOpeningEnded
    | ParcelStored
    | ParcelTaken
    | CompartmentWithdrawn
    | CompartmentReturned
)

#: the name and the version of each fact on the wire
TYPES: dict[type[Fact], tuple[str, int]] = {
    ShiftOpened: ("shift.opened", 1),
    ShiftClosed: ("shift.closed", 1),
    SaleCompleted: ("sale.completed", 1),
    SaleVoided: ("sale.voided", 1),
    ReceiptPrinted: ("receipt.printed", 2),
    StockReceived: ("stock.received", 1),
    DrawerOpened: ("drawer.opened", 1),
    CodeDecided: ("code.decided", 1),
    DoorOpeningDecided: ("door.opening_decided", 1),
    DoorOpeningEnded: ("door.opening_ended", 1),
    ParcelStored: ("parcel.stored", 1),
    ParcelTaken: ("parcel.taken", 1),
    CompartmentWithdrawn: ("compartment.withdrawn", 1),
    CompartmentReturned: ("compartment.returned", 1),
}

#: versions that older releases recorded: the shape of each, and the step to the next version
OLDER: dict[tuple[str, int], tuple[type, Callable[[Any], Any]]] = {
    ("receipt.printed", 1): (ReceiptPrinted, printed_was_fenced),
}

#: the shape of every version that this program reads
SHAPES: dict[tuple[str, int], type] = {
    **{name: shape for name, (shape, _) in OLDER.items()},
    **{name: fact for fact, name in TYPES.items()},
}
_DECODERS: dict[tuple[str, int], msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(shape) for name, shape in SHAPES.items()
}


class UnknownFact(LookupError):
    """A fact of a type or version that this program does not know yet."""


class MalformedFact(ValueError):
    """A body that does not have the shape its type promises."""


def encode(fact: Fact) -> bytes:
    """The fact's body as JSON."""
    return _ENCODER.encode(fact)


def decode(name: str, version: int, body: bytes | msgspec.Raw) -> Fact:
    """The fact that a body of this version holds, as today's version says it; fields it does not
    know are left out. Raises UnknownFact or MalformedFact."""
    decoder = _DECODERS.get((name, version))
    if decoder is None:
        raise UnknownFact(spelled(name, version))
    try:
        fact = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise MalformedFact(f"{spelled(name, version)}: {_printable(fault)}") from None
    while older := OLDER.get((name, version)):
        _, to_the_next = older
        fact = to_the_next(fact)
        version += 1
    return cast("Fact", fact)


def spelled(name: str, version: int) -> str:
    """A type and its version as a verdict's reason says them."""
    return f"{name} version {version}"


def _printable(fault: Exception) -> str:
    """What is wrong, without what a hostile body put into it: a database keeps it as text."""
    return ascii(str(fault))[1:-1][:_FAULT_CHARACTERS_MAX]


_ENCODER = msgspec.json.Encoder()
