"""The basket: what a customer is about to buy, as a value. Every act returns a new one.

A line keeps its number for the basket's life. Scanning a piece that is already there, and whose
price nobody touched, adds to its line; each weighing is a line of its own. So the order of
scanning never changes the total.
"""

from collections.abc import Iterable
from functools import cached_property

import msgspec

from retail.catalogue import Product
from retail.money import AMOUNT_MAX, Minor, Money
from retail.quantity import ONE, Milli
from retail.refusals import (
    AbsurdPrice,
    AbsurdRate,
    AmountOrRate,
    BasketEmpty,
    NoSuchLine,
    NotSellable,
    PaymentBegun,
    ReasonNeeded,
    TooMuchAtOnce,
)
from retail.tax import PER_MILLION, Tax
from retail.tender import Tender


class Discount(msgspec.Struct, frozen=True, omit_defaults=True):
    """Money off one line: an amount in minor units, or a rate in millionths of the line."""

    reason: str
    amount_minor: int = 0
    rate_ppm: int = 0


class LinePrice(msgspec.Struct, frozen=True):
    """A total that the cashier set for the whole line, in minor units, with the reason."""

    total_minor: int
    reason: str


class Line(msgspec.Struct, frozen=True, omit_defaults=True, dict=True):
    """One product in the basket; `quantity` is in 1/1000 of the product's unit."""

    number: int
    product: Product
    code: str
    quantity: int
    line_price: LinePrice | None = None
    discount: Discount | None = None

    @property
    def before_discount(self) -> Money:
        """Unit price × quantity, half away from zero, or the total the cashier set."""
        if self.line_price is not None:
            return Money(self.line_price.total_minor, self.product.currency)
        return self.product.price.times(self.quantity, ONE)

    @property
    def reduction(self) -> Money:
        """What the discount takes off."""
        if self.discount is None:
            return Money.zero(self.product.currency)
        if self.discount.rate_ppm:
            return self.before_discount.times(self.discount.rate_ppm, PER_MILLION)
        return Money(self.discount.amount_minor, self.product.currency)

    # Worked out once: a payment asks each line five times. A changed line is a new one.
    @cached_property
    def total(self) -> Money:
        """What the line costs, tax included where the price includes it."""
        return self.before_discount - self.reduction

    @property
    def tax(self) -> Money:
        return Money(self.product.tax.of(self.total.minor), self.product.currency)

    @property
    def is_untouched(self) -> bool:
        return self.line_price is None and self.discount is None


class RemovedLine(msgspec.Struct, frozen=True):
    """A line taken out before payment: kept, because that is where goods leave unpaid."""

    product_id: str
    quantity: Milli
    total_minor: Minor


class TaxTotal(msgspec.Struct, frozen=True):
    """The tax of all lines under one code; `net` + `tax` is what they cost with tax."""

    tax: Tax
    net: Money
    amount: Money


class Basket(msgspec.Struct, frozen=True, omit_defaults=True, dict=True):
    """The open sale of one till, in one currency."""

    currency: str
    lines: tuple[Line, ...] = ()
    customer: str | None = None
    tenders: tuple[Tender, ...] = ()
    removed: tuple[RemovedLine, ...] = ()
    next_number: int = 1
    #: the line that was scanned or changed last: what "it" means to a cashier
    current: int = 0

    # What it comes to

    @property
    def is_empty(self) -> bool:
        return not self.lines

    @property
    def taxes(self) -> tuple[TaxTotal, ...]:
        """Tax by code, in order of the code."""
        sums: dict[Tax, tuple[int, int]] = {}
        for line in self.lines:
            tax, within = line.tax.minor, line.product.tax.within(line.total.minor)
            net, amount = sums.get(line.product.tax, (0, 0))
            sums[line.product.tax] = (net + line.total.minor - within, amount + tax)
        return tuple(
            TaxTotal(tax, Money(net, self.currency), Money(amount, self.currency))
            for tax, (net, amount) in sorted(sums.items(), key=lambda item: _tax_key(item[0]))
        )

    @cached_property
    def total(self) -> Money:
        """What the customer owes for all lines, tax within and on top."""
        minor = 0
        for line in self.lines:
            line_total = line.total.minor
            minor += line_total + line.product.tax.on_top(line_total)
        return Money(minor, self.currency)

    @property
    def due(self) -> Money:
        """What is still to be paid."""
        paid = sum(tender.amount_minor - tender.rounding_minor for tender in self.tenders)
        return Money(self.total.minor - paid, self.currency)

    def line(self, number: int | None = None) -> Line:
        """The line of that number. Without a number the current one: it was scanned or changed
        last; when that is gone, the newest."""
        if not self.lines:
            raise BasketEmpty if number is None else NoSuchLine(line=number)
        for line in self.lines:
            if line.number == (self.current if number is None else number):
                return line
        if number is None:
            return self.lines[-1]
        raise NoSuchLine(line=number)

    # What a cashier does to it

    def with_product(
        self, product: Product, code: str, quantity: int | None, quantity_max: int
    ) -> tuple["Basket", Line]:
        """Add a product, one piece unless told; the line it stands in comes back too."""
        self._check_unpaid()
        if product.currency != self.currency:
            raise NotSellable(
                name=product.name, currency=product.currency, store_currency=self.currency
            )
        if quantity is None:
            quantity = product.piece()
        if not product.unit.is_measured:
            for line in self.lines:
                if line.is_untouched and line.product == product:
                    return self._replaced(line, line.quantity + quantity, quantity_max)
        checked = product.checked_quantity(quantity, quantity_max)
        line = Line(self.next_number, product, code, checked)
        grown = msgspec.structs.replace(
            self,
            lines=(*self.lines, line),
            next_number=self.next_number + 1,
            current=line.number,
        )
        return grown._checked(line), line

    def with_quantity(
        self, number: int | None, quantity: int, quantity_max: int
    ) -> tuple["Basket", Line]:
        """Set a line's quantity. A total set by the cashier, and an amount off, were meant for
        the former quantity and fall away; a rate off stays."""
        self._check_unpaid()
        return self._replaced(self.line(number), quantity, quantity_max)

    def with_line_price(
        self, number: int | None, total: Money, reason: str
    ) -> tuple["Basket", Line]:
        """Set what a whole line costs, before any discount on it."""
        self._check_unpaid()
        if total.minor < 0 or total.currency != self.currency:
            raise AbsurdPrice(amount=total.plain)
        line = msgspec.structs.replace(
            self.line(number),
            line_price=LinePrice(total.minor, _checked_reason(reason)),
            discount=None,
        )
        return self._with(line), line

    def with_discount(self, number: int | None, discount: Discount) -> tuple["Basket", Line]:
        """Take an amount or a rate off one line; it replaces a former discount on it."""
        self._check_unpaid()
        if bool(discount.amount_minor) == bool(discount.rate_ppm):
            raise AmountOrRate
        if not 0 <= discount.rate_ppm <= PER_MILLION:
            raise AbsurdRate
        discount = msgspec.structs.replace(discount, reason=_checked_reason(discount.reason))
        line = msgspec.structs.replace(self.line(number), discount=discount)
        if line.reduction.minor < 0 or line.total.minor < 0:
            raise AbsurdPrice(amount=line.total.plain)
        return self._with(line), line

    def without_line(self, number: int | None) -> tuple["Basket", Line]:
        """Take a line out; what was removed is remembered for the sale's fact."""
        self._check_unpaid()
        gone = self.line(number)
        trace = RemovedLine(gone.product.product_id, gone.quantity, gone.total.minor)
        left = tuple(line for line in self.lines if line is not gone)
        without = msgspec.structs.replace(
            self, lines=left, removed=(*self.removed, trace), current=0
        )
        return without, gone

    def for_customer(self, customer: str | None) -> "Basket":
        return msgspec.structs.replace(self, customer=customer)

    def with_tender(self, tender: Tender) -> "Basket":
        return msgspec.structs.replace(self, tenders=(*self.tenders, tender))

    def without_tender(self, index: int) -> "Basket":
        kept = self.tenders[:index] + self.tenders[index + 1 :]
        return msgspec.structs.replace(self, tenders=kept)

    # How

    def _check_unpaid(self) -> None:
        if self.tenders:
            raise PaymentBegun

    def _with(self, line: Line) -> "Basket":
        put = msgspec.structs.replace(self, lines=_put(self.lines, line), current=line.number)
        return put._checked(line)

    def _checked(self, changed: Line) -> "Basket":
        """This basket, if a fact can hold its sale. Raises TooMuchAtOnce."""
        if max(changed.before_discount.minor, self.total.minor) > AMOUNT_MAX:
            raise TooMuchAtOnce
        return self

    def _replaced(self, line: Line, quantity: int, quantity_max: int) -> tuple["Basket", Line]:
        discount = line.discount if line.discount and line.discount.rate_ppm else None
        checked = line.product.checked_quantity(quantity, quantity_max)
        changed = msgspec.structs.replace(
            line, quantity=checked, line_price=None, discount=discount
        )
        return self._with(changed), changed


def _put(lines: Iterable[Line], changed: Line) -> tuple[Line, ...]:
    return tuple(changed if line.number == changed.number else line for line in lines)


def _tax_key(tax: Tax) -> tuple[str, int, bool]:
    return tax.code, tax.rate_ppm, tax.included


def _checked_reason(reason: str) -> str:
    if not reason.strip():
        raise ReasonNeeded
    return reason.strip()
