"""Every act of cashier and clerk as a message: its name, its fields, what it does.

The headless till reads them as JSON lines; docs/headless.md lists them with examples. Amounts
are integers in minor units, quantities integers of 1/1000, dates ISO 8601.
"""

from datetime import date
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec

from pos_client import views
from pos_client.till import Till
from pos_client.views import View
from retail.basket import Discount, Line
from retail.facts import DenominationCount
from retail.money import Money

#: the longest code, name or reason
WORDS_CHARACTERS_MAX: Final = 200
#: the longest list of sums to hand over
SUGGESTIONS_MAX: Final = 20
#: a number that every reader of JSON holds exactly; whether a shop has it is asked further in
Whole = Annotated[int, msgspec.Meta(ge=-(2**53) + 1, le=2**53 - 1)]
Words = Annotated[str, msgspec.Meta(max_length=WORDS_CHARACTERS_MAX)]
Id = Whole | str | None


class Act(msgspec.Struct, tag_field="do", forbid_unknown_fields=True, kw_only=True):
    """Something that is done at the till. `id` comes back with the answer."""

    id: Id = None

    def perform(self, till: Till) -> View:
        """Do it and say what came of it. Raises Refusal, and then nothing has changed."""
        raise NotImplementedError


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
    counts: list[Counted] = []

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
    counts: list[Counted] = []

    def perform(self, till: Till) -> View:
        closed, figures = till.shift.close(self.counted, _counts(self.counts))
        return {"closed": views.closed(closed), "x": views.figures(figures)}


class XReport(Act, tag="x_report"):
    """The figures of the open shift."""

    def perform(self, till: Till) -> View:
        return {"x": views.figures(till.shift.figures())}


# The basket


class Scan(Act, tag="scan"):
    """Put a product into the basket; one piece unless told."""

    code: Words
    quantity: Whole | None = None

    def perform(self, till: Till) -> View:
        return _changed(till, till.sale.scan(self.code, self.quantity))


class Weigh(Act, tag="weigh"):
    """Put a weighed product into the basket, in grams."""

    code: Words
    weight_g: Whole

    def perform(self, till: Till) -> View:
        return _changed(till, till.sale.weigh(self.code, self.weight_g))


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

    code: Words
    quantity: Whole | None = None

    def perform(self, till: Till) -> View:
        line = till.sale.take_out(self.code, self.quantity)
        return {"line": views.line(line) if line else None, **_basket(till)}


class Undo(Act, tag="undo"):
    """Take the last act on the open sale back."""

    def perform(self, till: Till) -> View:
        what, line = till.sale.undo()
        return {"undone": what, "line": views.line(line) if line else None, **_basket(till)}


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
    """The last completed sale, its receipt as text, and what became of the paper."""

    def perform(self, till: Till) -> View:
        sold = till.sale.last_sale()
        return {
            "sale": views.sold(sold),
            "paper": views.paper(sold),
            "copies": sold.copies,
            "text": till.sale.receipt_text(sold),
        }


class Reprint(Act, tag="reprint"):
    """Print the last receipt again, marked as a copy with its count."""

    def perform(self, till: Till) -> View:
        sold = till.sale.reprint()
        return {"sale": views.sold(sold), "copy": sold.copies}


class OpenDrawer(Act, tag="open_drawer"):
    """Open the drawer without a sale, with the reason."""

    reason: Words

    def perform(self, till: Till) -> View:
        till.sale.open_drawer(self.reason)
        return {}


# Stock, prices, the till itself


class Delivered(msgspec.Struct, frozen=True):
    """One line of a delivery."""

    code: Words
    quantity: Whole


class Receive(Act, tag="receive"):
    """Take a delivery into the store; `reference` is the number of the delivery note."""

    reference: Words
    lines: list[Delivered]

    def perform(self, till: Till) -> View:
        delivered = [(line.code, line.quantity) for line in self.lines]
        return {"received": till.stock.receive(self.reference, delivered).eid}


class PriceCheck(Act, tag="price_check"):
    """What a code means and costs, without selling it."""

    code: Words

    def perform(self, till: Till) -> View:
        return {"product": views.product(till.catalogue.product(self.code))}


class Status(Act, tag="status"):
    """Who this till is, its shift, and how it stands with the hub."""

    def perform(self, till: Till) -> View:
        return {
            "store": till.who.store,
            "till": till.who.till,
            "shift": views.shift(till.shift.current) if till.shift.current else None,
            "last_receipt": till.sale.last_receipt,
            "products": till.catalogue.known_products,
            "sync": views.sync(till.sync.state()),
            **_basket(till),
        }


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
    Quantity,
    RemoveLine,
    TakeOut,
    Undo,
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
    Receive,
    PriceCheck,
    Status,
    Help,
)

#: reads one line; its errors name the field that is wrong
DECODER: msgspec.json.Decoder[Act] = msgspec.json.Decoder(Union[ACTS])  # noqa: UP007


def name_of(kind: type[Act]) -> str:
    return str(kind.__struct_config__.tag)


def fields_of(kind: type[Act]) -> dict[str, Any]:
    """The act's sentence, and its fields with their types."""
    fields = {
        field.name: _type_name(field.type)
        for field in msgspec.structs.fields(kind)
        if field.name != "id"
    }
    return {"says": (kind.__doc__ or "").strip(), "fields": fields}


def _type_name(kind: Any) -> str:
    """The type without its limits: `int | None`."""
    if isinstance(kind, type):
        return "null" if kind is type(None) else kind.__name__
    inner = [_type_name(part) for part in get_args(kind) if not isinstance(part, msgspec.Meta)]
    return f"list of {inner[0]}" if get_origin(kind) is list else " | ".join(inner)


def _basket(till: Till) -> View:
    return {"basket": views.basket(till.sale.basket)}


def _changed(till: Till, line: Line) -> View:
    return {"line": views.line(line), **_basket(till)}
