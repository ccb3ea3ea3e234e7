"""The basket: what a customer is about to buy, as a value. Every act returns a new one.

A line keeps its number for the basket's life. Scanning a piece that is already there, and whose
price nobody touched, adds to its line; each weighing is a line of its own. So the order of
scanning never changes the total.
"""

from collections.abc import Iterable
from functools import cached_property

import msgspec

from retail.article import NO_LABEL, CodePrice, Label
from retail.catalogue import Product
from retail.money import AMOUNT_MAX, Minor, Money
from retail.quantity import ONE, Milli, Unit
from retail.refusals import (
    AbsurdPrice,
    AbsurdRate,
    AmountOrRate,
    BasketEmpty,
    NoSuchLine,
    NotInBasket,
    NotSellable,
    PaymentBegun,
    ReasonNeeded,
    SerialOnce,
    TooMuchAtOnce,
)
from retail.tax import PER_MILLION, Tax
from retail.tender import Tender


class Discount(msgspec.Struct, frozen=True, omit_defaults=True):
    """Money off one line: an amount in minor units, or a rate in millionths of the line; by a rule
    of the store, or else by the cashier."""

    reason: str
    amount_minor: int = 0
    rate_ppm: int = 0
    by_rule: bool = False


class LinePrice(msgspec.Struct, frozen=True):
    """A total that the cashier set for the whole line, in minor units, with the reason."""

    total_minor: int
    reason: str


class Line(msgspec.Struct, frozen=True, omit_defaults=True, dict=True):
    """One product in the basket; `quantity` is in 1/1000 of the product's unit. `label` and
    `code_price` are what its code says of this piece."""

    number: int
    product: Product
    code: str
    quantity: int
    line_price: LinePrice | None = None
    discount: Discount | None = None
    label: Label = NO_LABEL
    code_price: CodePrice | None = None

    # Worked out once: a screen and a payment ask each line many times. A changed line is a new one.
    @cached_property
    def before_discount(self) -> Money:
        """The total the cashier set, or the price by the code × how often, or the unit price ×
        quantity, half away from zero."""
        if self.line_price is not None:
            return Money(self.line_price.total_minor, self.product.currency)
        if self.code_price is not None:
            whole = Money(self.code_price.total_minor, self.product.currency)
            return whole.times(self.quantity, self.code_price.quantity)
        return self.product.price.times(self.quantity, ONE)

    @cached_property
    def reduction(self) -> Money:
        """What the discount takes off."""
        if self.discount is None:
            return Money.zero(self.product.currency)
        if self.discount.rate_ppm:
            return self.before_discount.times(self.discount.rate_ppm, PER_MILLION)
        return Money(self.discount.amount_minor, self.product.currency)

    @cached_property
    def total(self) -> Money:
        """What the line costs, tax included where the price includes it."""
        return self.before_discount - self.reduction

    @property
    def tax(self) -> Money:
        return Money(self.product.tax.of(self.total.minor), self.product.currency)

    @cached_property
    def tax_included(self) -> int:
        """The tax within the total, in minor units."""
        return self.product.tax.within(self.total.minor)

    @cached_property
    def tax_on_top(self) -> int:
        """The tax added to the total, in minor units."""
        return self.product.tax.on_top(self.total.minor)

    @property
    def is_untouched(self) -> bool:
        """Whether the cashier left its price alone."""
        return self.line_price is None and (self.discount is None or self.discount.by_rule)

    def grows_by(self, more: "Line") -> bool:
        """Whether so much more of the same, at the same price, may stand in this line; a piece
        with a serial number stands alone."""
        return (
            self.line_price is None
            and not self.label.serial
            and self.discount == more.discount
            and self.product == more.product
            and self.label == more.label
            and self.code_price == more.code_price
        )

    def trace(self, quantity: int) -> "RemovedLine":
        """What stays on record when so much of it is taken out, at its share of the total."""
        share = self.total.times(quantity, self.quantity)
        return RemovedLine(self.product.product_id, quantity, share.minor)


class RemovedLine(msgspec.Struct, frozen=True):
    """A line, or a part of one, taken out before payment: kept, because that is where goods leave
    unpaid."""

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
            minor += line.total.minor + line.tax_on_top
        return Money(minor, self.currency)

    @property
    def before_discounts(self) -> Money:
        """All lines before discounts. Less `discounts`, plus `tax_on_top`, it is the total."""
        return self._sum(line.before_discount.minor for line in self.lines)

    @property
    def discounts(self) -> Money:
        return self._sum(line.reduction.minor for line in self.lines)

    @property
    def tax_included(self) -> Money:
        """The tax within the lines' totals."""
        return self._sum(line.tax_included for line in self.lines)

    @property
    def tax_on_top(self) -> Money:
        return self._sum(line.tax_on_top for line in self.lines)

    @property
    def quantities(self) -> dict[Unit, int]:
        """How much it holds, in 1/1000 of each unit, pieces first."""
        sums = dict.fromkeys(Unit, 0)
        for line in self.lines:
            sums[line.product.unit] += line.quantity
        return {unit: quantity for unit, quantity in sums.items() if quantity}

    @property
    def pieces(self) -> int:
        """How many pieces it holds, beside what is measured."""
        return self.quantities.get(Unit.PIECE, 0) // ONE

    @property
    def paid(self) -> Money:
        """What of the total the payments so far have settled."""
        return self._sum(tender.amount_minor - tender.rounding_minor for tender in self.tenders)

    @property
    def due(self) -> Money:
        """What is still to be paid."""
        return self.total - self.paid

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
        self,
        product: Product,
        code: str,
        quantity: int | None,
        quantity_max: int,
        label: Label = NO_LABEL,
        code_price: CodePrice | None = None,
        discount: Discount | None = None,
    ) -> tuple["Basket", Line]:
        """Add a product, one piece unless told; the line it stands in comes back too. `discount`
        is a rate that the store's rules take off. Raises SerialOnce, also of what is measured."""
        self._check_unpaid()
        if product.currency != self.currency:
            raise NotSellable(
                name=product.name, currency=product.currency, store_currency=self.currency
            )
        if quantity is None:
            quantity = product.piece()
        line = Line(
            *(self.next_number, product, code, quantity),
            discount=discount,
            label=label,
            code_price=code_price,
        )
        product.checked_quantity(quantity, quantity_max)
        piece = code, label.serial  # a serial number is given once under its code
        if label.serial and any((each.code, each.label.serial) == piece for each in self.lines):
            raise SerialOnce(name=product.name, serial=label.serial)
        if not product.unit.is_measured:
            for other in self.lines:
                if other.grows_by(line):
                    return self._replaced(other, other.quantity + quantity, quantity_max)
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
        the former quantity and fall away; a rate off stays, a price by the code where it is whole
        so many times. What it goes down by is remembered. Raises SerialOnce for more than the one
        piece that has its serial number; of what is measured a weight may be corrected."""
        self._check_unpaid()
        line = self.line(number)
        product, serial = line.product, line.label.serial
        if serial and quantity > line.quantity and not product.unit.is_measured:
            raise SerialOnce(name=product.name, serial=serial)
        return self._replaced(line, quantity, quantity_max)

    def without_some(
        self, product: Product, quantity: int | None, code: str = "", label: Label = NO_LABEL
    ) -> tuple["Basket", Line | None]:
        """Take so much of a product off its newest line whose price nobody touched, one of the same
        code before others, one of another batch never: a piece unless told, of what is measured the
        whole line. The line that is left comes back too, None when nothing is left of it. Raises
        NotInBasket."""
        self._check_unpaid()
        lines = [
            line
            for line in self.lines
            if line.is_untouched
            and line.product.product_id == product.product_id
            and label in (NO_LABEL, line.label)
        ]
        if not lines:
            raise NotInBasket(name=product.name)
        line = max(lines, key=lambda each: (each.code == code, each.number))
        if quantity is None:
            quantity = line.quantity if product.unit.is_measured else ONE
        left = line.quantity - product.checked_quantity(quantity, line.quantity)
        if not left:
            return self.without_line(line.number)[0], None
        return self._replaced(line, left, line.quantity)

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
        left = tuple(line for line in self.lines if line is not gone)
        without = msgspec.structs.replace(
            self, lines=left, removed=(*self.removed, gone.trace(gone.quantity)), current=0
        )
        return without, gone

    def for_customer(self, customer: str | None) -> "Basket":
        return msgspec.structs.replace(self, customer=customer)

    def repriced(self, number: int, product: Product, by_rule: Discount | None) -> "Basket":
        """A line at what the product costs now, less what the store's rules take off now. What the
        cashier set stays, but for an amount off that the line is no longer worth; a product that is
        sold by another unit since, or in another currency, costs what it did."""
        line = self.line(number)
        if (product.unit, product.currency) != (line.product.unit, line.product.currency):
            return self
        by_cashier = line.discount if line.discount and not line.discount.by_rule else None
        now = msgspec.structs.replace(line, product=product, discount=by_cashier or by_rule)
        if now.total.minor < 0:
            now = msgspec.structs.replace(now, discount=by_rule)
        lines = tuple(now if each is line else each for each in self.lines)
        return msgspec.structs.replace(self, lines=lines)._checked(now)

    def back_to(self, before: "Basket", after: "Basket") -> "Basket":
        """This basket with the act that led from `before` to `after` taken back. Goods that leave
        with it are remembered, goods that come back no longer; later acts must be taken back
        already."""
        self._check_unpaid()
        stood = {line.number: line.quantity for line in before.lines}
        leaving = tuple(
            line.trace(line.quantity - left)
            for line in self.lines
            if (left := stood.get(line.number, 0)) < line.quantity
        )
        # What was removed before the act, and by what was taken back since, stays removed.
        removed = self.removed[: len(before.removed)] + self.removed[len(after.removed) :]
        return msgspec.structs.replace(
            self,
            lines=before.lines,
            customer=before.customer,
            current=before.current,
            removed=removed + leaving,
        )

    def with_tender(self, tender: Tender) -> "Basket":
        return msgspec.structs.replace(self, tenders=(*self.tenders, tender))

    def without_tender(self, index: int) -> "Basket":
        kept = self.tenders[:index] + self.tenders[index + 1 :]
        return msgspec.structs.replace(self, tenders=kept)

    # How

    def _sum(self, minors: Iterable[int]) -> Money:
        return Money(sum(minors), self.currency)

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
        by_code = line.code_price
        if by_code and checked % by_code.quantity:
            by_code = None
        changed = msgspec.structs.replace(
            line, quantity=checked, line_price=None, discount=discount, code_price=by_code
        )
        basket = self._with(changed)
        if checked < line.quantity:
            trace = line.trace(line.quantity - checked)
            basket = msgspec.structs.replace(basket, removed=(*basket.removed, trace))
        return basket, changed


def _put(lines: Iterable[Line], changed: Line) -> tuple[Line, ...]:
    return tuple(changed if line.number == changed.number else line for line in lines)


def _tax_key(tax: Tax) -> tuple[str, int, bool]:
    return tax.code, tax.rate_ppm, tax.included


def _checked_reason(reason: str) -> str:
    if not reason.strip():
        raise ReasonNeeded
    return reason.strip()
