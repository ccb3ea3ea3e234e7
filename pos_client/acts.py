"""Every act of cashier and clerk as a message: its name, its fields, what it does.

The headless till reads them as JSON lines; docs/headless.md lists them with examples. Amounts
are integers in minor units, quantities integers of 1/1000, dates ISO 8601.
"""

from datetime import date
from typing import Annotated, Final, Literal, Union

import msgspec

from pos_client import views
from pos_client.device_acts import (
    ConfirmPaper,
    Devices,
    OpenCompartment,
    ReturnCompartment,
    ShowLocker,
    StopPrinting,
    StoreParcel,
    TakeParcel,
    WithdrawCompartment,
)
from pos_client.lookups import Code, Find, PriceCheck, ShowProduct, Status
from pos_client.message import Act, Id, Whole, Words, fields_of, name_of
from pos_client.till import Till
from pos_client.views import View
from retail.barcode import EightDigits
from retail.basket import Discount, Line
from retail.facts import DenominationCount
from retail.money import Money

__all__ = ["ACTS", "DECODER", "Act", "Id", "name_of"]

#: the longest list of sums to hand over
SUGGESTIONS_MAX: Final = 20


# The shift


class Counted(msgspec.Struct, frozen=True):
    """So many notes or coins of one value."""

    value: Whole
    number: Whole


def _counts(of: list[Counted]) -> tuple[DenominationCount, ...]:
    return tuple(DenominationCount(each.value, each.number) for each in of)


class OpenShift(Act, tag="open_shift"):
    """Open a shift with a float; `confirm` accepts an unexpected business date."""

    cashier: Words
    float: Whole = 0
    business_date: date | None = None
    confirm: bool = False
    counts: list[Counted] = msgspec.field(default_factory=list)

    def perform(self, till: Till) -> View:
        opened = till.shift.open(
            self.cashier,
            self.float,
            self.business_date,
            confirmed=self.confirm,
            counts=_counts(self.counts),
        )
        return {"shift": views.shift(opened)}


class CloseShift(Act, tag="close_shift"):
    """Close the shift with the cash that was counted in the drawer."""

    counted: Whole
    counts: list[Counted] = msgspec.field(default_factory=list)

    def perform(self, till: Till) -> View:
        closed, figures = till.shift.close(self.counted, _counts(self.counts))
        return {"closed": views.closed(closed), "x": views.figures(figures)}


class XReport(Act, tag="x_report"):
    """The figures of the open shift."""

    def perform(self, till: Till) -> View:
        return {"x": views.figures(till.shift.figures())}


# The basket


class Scan(Act, tag="scan"):
    """Do what a code means: goods go into the basket, a member's makes it their sale."""

    code: Code
    quantity: Whole | None = None

    def perform(self, till: Till) -> View:
        line = till.sale.scan(self.code, self.quantity)
        return _changed(till, line) if line else {"line": None, **_basket(till)}


class Weigh(Act, tag="weigh"):
    """Put a weighed product into the basket, in grams."""

    code: Code
    weight_g: Whole

    def perform(self, till: Till) -> View:
        return _changed(till, till.sale.weigh(self.code, self.weight_g))


class Choose(Act, tag="choose"):
    """Put a product that was found by name into the basket; one piece unless told."""

    product_id: Words
    quantity: Whole | None = None

    def perform(self, till: Till) -> View:
        return _changed(till, till.sale.choose(self.product_id, self.quantity))


class DecideCode(Act, tag="decide_code"):
    """Say what 8 digits are that could be two products; the till remembers it."""

    code: Words
    reading: Literal["ean8", "upce"]

    def perform(self, till: Till) -> View:
        till.sale.decide_code(self.code, EightDigits(self.reading))
        return {"code": self.code, "reading": self.reading}


class Quantity(Act, tag="quantity"):
    """Set a line's quantity; the current line unless told."""

    quantity: Whole
    line: Whole | None = None

    def perform(self, till: Till) -> View:
        return _changed(till, till.sale.set_quantity(self.quantity, self.line))


class RemoveLine(Act, tag="remove_line"):
    """Take a line out of the basket; the current one unless told."""

    line: Whole | None = None

    def perform(self, till: Till) -> View:
        return {"removed": till.sale.remove_line(self.line).number, **_basket(till)}


class TakeOut(Act, tag="take_out"):
    """Take a product out of the basket by its code; one piece unless told."""

    code: Code
    quantity: Whole | None = None

    def perform(self, till: Till) -> View:
        line = till.sale.take_out(self.code, self.quantity).line
        return {"line": views.line(line) if line else None, **_basket(till)}


class Undo(Act, tag="undo"):
    """Take the last act on the open sale back."""

    def perform(self, till: Till) -> View:
        what, line = till.sale.undo()
        return {"undone": what, "line": views.line(line) if line else None, **_basket(till)}


class Park(Act, tag="park"):
    """Put the open sale aside, with a note by which it is known again."""

    note: Words = ""

    def perform(self, till: Till) -> View:
        return {"parked": views.parked(till.sale.park(self.note)), **_basket(till)}


class ListParked(Act, tag="list_parked"):
    """The sales that wait, the newest first."""

    def perform(self, till: Till) -> View:
        return {"parked": [views.parked(each) for each in till.sale.parked()]}


class Resume(Act, tag="resume"):
    """Go on with a parked sale, the newest unless told, at what things cost now."""

    number: Whole | None = None

    def perform(self, till: Till) -> View:
        repriced = [
            {"line": each.line.number, "before": each.before.minor, "total": each.line.total.minor}
            for each in till.sale.resume(self.number)
        ]
        return {"repriced": repriced, **_basket(till)}


class LinePrice(Act, tag="line_price"):
    """Set what a whole line costs, with the reason."""

    total: Whole
    reason: Words
    line: Whole | None = None

    def perform(self, till: Till) -> View:
        total = Money(self.total, till.sale.basket.currency)
        return _changed(till, till.sale.set_line_price(total, self.reason, self.line))


class LineDiscount(Act, tag="line_discount"):
    """Take an amount, or a rate in millionths, off a line, with the reason."""

    reason: Words
    amount: Whole = 0
    rate_ppm: Whole = 0
    line: Whole | None = None

    def perform(self, till: Till) -> View:
        discount = Discount(self.reason, self.amount, self.rate_ppm)
        return _changed(till, till.sale.discount(discount, self.line))


class Customer(Act, tag="customer"):
    """Whose sale this is; null forgets it."""

    customer: Words | None

    def perform(self, till: Till) -> View:
        till.sale.set_customer(self.customer)
        return _basket(till)


class Void(Act, tag="void"):
    """Give up the unfinished sale, with the reason."""

    reason: Words

    def perform(self, till: Till) -> View:
        till.sale.void(self.reason)
        return _basket(till)


class ShowBasket(Act, tag="basket"):
    """The basket as it stands."""

    def perform(self, till: Till) -> View:
        return _basket(till)


# Payment and paper


class Pay(Act, tag="pay"):
    """Take a payment, all that is due unless told; the last one completes the sale."""

    tender: Words = "cash"
    amount: Whole | None = None

    def perform(self, till: Till) -> View:
        given = None
        if self.amount is not None:
            given = Money(self.amount, till.sale.basket.currency)
        paid = till.sale.pay(self.tender, given)
        answer: View = {"due": paid.due.minor, "change": paid.change.minor}
        if paid.sold is not None:
            answer["sale"] = views.sold(paid.sold)
        return answer


class SuggestCash(Act, tag="suggest_cash"):
    """What the customer is likely to hand over for what is due, the exact sum first."""

    most: Annotated[int, msgspec.Meta(ge=1, le=SUGGESTIONS_MAX)] = 5

    def perform(self, till: Till) -> View:
        return {"cash": [money.minor for money in till.sale.cash_suggestions(self.most)]}


class TakeBack(Act, tag="take_back"):
    """Give a payment of the unfinished sale back; the newest, or by its place from 1."""

    tender: Whole | None = None

    def perform(self, till: Till) -> View:
        return {"given_back": till.sale.take_back(self.tender).minor, **_basket(till)}


class LastReceipt(Act, tag="last_receipt"):
    """A completed sale, the last one unless told, its receipt as text, and what became of the
    paper."""

    receipt: Words = ""

    def perform(self, till: Till) -> View:
        sold = till.sale.sale_of(self.receipt) if self.receipt else till.sale.last_sale()
        return {
            "sale": views.sold(sold),
            "paper": views.paper(sold),
            "copies": sold.copies,
            "text": till.sale.receipt_text(sold),
        }


class Reprint(Act, tag="reprint"):
    """Print a receipt again, the last one unless told, marked as a copy with its count."""

    receipt: Words = ""

    def perform(self, till: Till) -> View:
        sold = till.sale.reprint(self.receipt or None)
        return {"sale": views.sold(sold), "copy": sold.copies}


class OpenDrawer(Act, tag="open_drawer"):
    """Open the drawer without a sale, with the reason."""

    reason: Words

    def perform(self, till: Till) -> View:
        till.sale.open_drawer(self.reason)
        return {}


# Stock, and what can be done


class Delivered(msgspec.Struct, frozen=True):
    """One line of a delivery."""

    code: Code
    quantity: Whole


class Receive(Act, tag="receive"):
    """Take a delivery into the store; `reference` is the number of the delivery note."""

    reference: Words
    lines: list[Delivered]

    def perform(self, till: Till) -> View:
        delivered = [(line.code, line.quantity) for line in self.lines]
        return {"received": till.stock.receive(self.reference, delivered).eid}


class Help(Act, tag="help"):
    """Every act with its fields."""

    def perform(self, till: Till) -> View:  # noqa: ARG002  an act like the others
        return {"acts": {name_of(kind): fields_of(kind) for kind in ACTS}}


ACTS: tuple[type[Act], ...] = (
    OpenShift,
    CloseShift,
    XReport,
    Scan,
    Weigh,
    Choose,
    DecideCode,
    Quantity,
    RemoveLine,
    TakeOut,
    Undo,
    Park,
    ListParked,
    Resume,
    LinePrice,
    LineDiscount,
    Customer,
    Void,
    ShowBasket,
    SuggestCash,
    Pay,
    TakeBack,
    LastReceipt,
    Reprint,
    OpenDrawer,
    ConfirmPaper,
    StopPrinting,
    Devices,
    ShowLocker,
    OpenCompartment,
    StoreParcel,
    TakeParcel,
    WithdrawCompartment,
    ReturnCompartment,
    Receive,
    PriceCheck,
    Find,
    ShowProduct,
    Status,
    Help,
)

#: reads one line; its errors name the field that is wrong
DECODER: msgspec.json.Decoder[Act] = msgspec.json.Decoder(Union[ACTS])  # noqa: UP007


def _basket(till: Till) -> View:
    return {"basket": views.basket(till.sale.basket)}


def _changed(till: Till, line: Line) -> View:
    """The line, the basket, and what has to be looked at with it, if anything."""
    answer = {"line": views.line(line), **_basket(till)}
    remarks = [remark.to(till.language) for remark in till.sale.remarks(line)]
    return {**answer, "remarks": remarks} if remarks else answer
