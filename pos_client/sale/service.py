"""Sell: scan, change, pay, and what becomes of the paper.

Every act is durable before it is answered. A sale is complete on disk before the drawer opens
and the receipt prints; what the printer did is a second fact that nobody waits for.
"""

from collections import deque
from contextlib import suppress
from typing import NamedTuple

from hardware.receipt_bytes import Part, Picture
from pos_client.catalogue.service import CatalogueService
from pos_client.counter import Counter, Job
from pos_client.recorder import Recorder, act
from pos_client.sale import records
from pos_client.sale.receipt import as_text, receipt_parts
from pos_client.sale.records import Sold
from pos_client.shift.service import ShiftService
from retail.basket import Basket, Change, Discount, Line
from retail.cash import suggestions
from retail.catalogue import TenderType
from retail.facts import (
    DrawerOpened,
    PrintOutcome,
    ReceiptPrinted,
    SaleCompleted,
    SaleLine,
    SaleVoided,
)
from retail.money import Money
from retail.receipt import ReceiptNumber
from retail.refusals import (
    BasketEmpty,
    BasketFull,
    NoPrinter,
    NoSaleYet,
    NoSuchTender,
    NothingToUndo,
    PaymentBegun,
    ReasonNeeded,
    Refusal,
    UnknownTender,
)
from retail.tender import exact, take

#: a longer sale is several: what was scanned and taken out again counts too
LINES_MAX = 1000
#: so many acts on the open sale can be taken back, the newest first
UNDO_MAX = 100
#: why the paper's fate is unknown after the till was stopped while it printed
STOPPED_WHILE_PRINTING = "till.stopped_while_printing"


class Payment(NamedTuple):
    """What a payment came to; `sold` is the completed sale once nothing is due."""

    due: Money
    change: Money
    sold: Sold | None


class Undone(NamedTuple):
    """What was taken back, and the line it was done to, None for the customer: as the act had left
    the line; one that the act had removed as it is back."""

    what: Change
    line: Line | None


class _Step(NamedTuple):
    """An act on the open sale, and the basket on either side of it."""

    what: Change
    before: Basket
    after: Basket


class SaleService:
    """The sale at this till."""

    def __init__(
        self,
        recorder: Recorder,
        catalogue: CatalogueService,
        shift: ShiftService,
        counter: Counter,
        logo: Picture | None = None,
    ) -> None:
        self.recorder = recorder
        self.catalogue = catalogue
        self.shift = shift
        self.counter = counter
        self._logo = logo
        driver = recorder.database.driver
        self.basket = records.load_basket(driver) or self._empty()
        self._steps: deque[_Step] = deque(maxlen=UNDO_MAX)
        self._last_number = records.last_number(driver, recorder.writer.stream_no)
        shift.sale_is_open = self.is_open
        self._settle_open_paper()
        self.between_sales()

    def is_open(self) -> bool:
        """Whether a sale is begun and not finished."""
        return self.basket != Basket(self.basket.currency)

    def _settle_open_paper(self) -> None:
        """Receipts that were printing when the till was killed: nobody knows what they became."""
        for sold in records.papers_under_way(self.recorder.database.driver):
            self._paper(sold, PrintOutcome.UNKNOWN, STOPPED_WHILE_PRINTING)

    # The basket

    @act
    def scan(self, code: str, quantity: int | None = None) -> Line:
        """Put what a code means into the basket: one piece unless told, a measured product only
        with its quantity."""
        return self._add(code, quantity)

    @act
    def weigh(self, code: str, weight_g: int) -> Line:
        """Put a product that is sold by weight into the basket; 1/1000 kg is a gram."""
        return self._add(code, weight_g, weighed=True)

    def _add(self, code: str, quantity: int | None, *, weighed: bool = False) -> Line:
        self.shift.required()
        self.between_sales()
        product = self.catalogue.product(code)
        if weighed:
            product.must_be_weighed()
        basket, line = self.basket.with_product(
            product, code.strip(), quantity, self.catalogue.settings.quantity_max
        )
        self._change(Change.SCAN, basket)
        return line

    @act
    def take_out(self, code: str, quantity: int | None = None) -> Line | None:
        """Take what a code means out of the basket again, off its newest line at the shelf's price:
        one piece unless told, of what is measured the whole line. The line as it is left, None
        when it is gone. Raises NotInBasket."""
        self.shift.required()
        basket, line = self.basket.without_some(self.catalogue.product(code), quantity)
        self._change(Change.TAKE_OUT, basket)
        return line

    @act
    def set_quantity(self, quantity: int, line: int | None = None) -> Line:
        basket, changed = self.basket.with_quantity(
            line, quantity, self.catalogue.settings.quantity_max
        )
        self._change(Change.QUANTITY, basket)
        return changed

    @act
    def set_line_price(self, total: Money, reason: str, line: int | None = None) -> Line:
        """Set what a whole line costs."""
        basket, changed = self.basket.with_line_price(line, total, reason)
        self._change(Change.LINE_PRICE, basket)
        return changed

    @act
    def discount(self, discount: Discount, line: int | None = None) -> Line:
        basket, changed = self.basket.with_discount(line, discount)
        self._change(Change.DISCOUNT, basket)
        return changed

    @act
    def remove_line(self, line: int | None = None) -> Line:
        basket, gone = self.basket.without_line(line)
        self._change(Change.REMOVE_LINE, basket)
        return gone

    @act
    def set_customer(self, customer: str | None) -> None:
        """Whose sale this is; the number goes with the sale's fact."""
        self.shift.required()
        self.between_sales()
        self._change(Change.CUSTOMER, self.basket.for_customer(customer))

    @property
    def can_undo(self) -> bool:
        return bool(self._steps) and not self.basket.is_paid_in_part

    @act
    def undo(self) -> Undone:
        """Take the last act on the open sale back. Goods that leave the basket with it stay on
        record, goods that come back no longer. What was done before the till was started is
        not taken back. Raises NothingToUndo or PaymentBegun."""
        if not self._steps:
            raise NothingToUndo
        what, before, after = self._steps[-1]
        self._keep(self.basket.back_to(before, after))
        self._steps.pop()
        return Undone(what, _touched(after, before))

    @act
    def void(self, reason: str) -> None:
        """Give up the unfinished sale; what stood in it stays on record."""
        basket = self.basket
        if not self.is_open():
            raise BasketEmpty
        if basket.tenders:
            raise PaymentBegun
        if not reason.strip():
            raise ReasonNeeded
        lines = tuple(SaleLine.of(line) for line in basket.lines)
        fact = SaleVoided(
            reason.strip(), basket.currency, lines, basket.total.minor, basket.removed
        )
        with self.recorder.transaction() as write:
            write.record(fact, self.shift.context, self.catalogue.seen)
            records.clear_basket(write.driver)
        self._begin_anew()
        self.between_sales()

    def _change(self, what: Change, basket: Basket) -> None:
        step = _Step(what, self.basket, basket)
        self._keep(basket)
        self._steps.append(step)

    def _keep(self, basket: Basket) -> None:
        if max(basket.next_number - 1, len(basket.removed)) > LINES_MAX:
            raise BasketFull(most=LINES_MAX)
        with self.recorder.transaction() as write:
            records.save_basket(write.driver, self.basket, basket)
        self.basket = basket

    def _begin_anew(self) -> None:
        self.basket = self._empty()
        self._steps.clear()

    def _empty(self) -> Basket:
        """A sale is in the shift's currency: its drawer holds no other."""
        shift = self.shift.current
        return Basket(shift.currency if shift else self.catalogue.settings.currency)

    @act
    def between_sales(self) -> None:
        """Sell by what head office last published from now on, unless a sale is open. When the
        disk refuses the swap it waits for the next sale: nobody is kept from selling."""
        if self.is_open():
            return
        with suppress(Refusal):
            self.catalogue.swap_in()
        self._begin_anew()

    # Payment

    def tender_type(self, name: str) -> TenderType:
        """The tender of that name. Raises UnknownTender."""
        tenders = self.catalogue.settings.tenders
        for tender in tenders:
            if tender.name == name:
                return tender
        raise UnknownTender(tender=name, known=", ".join(tender.name for tender in tenders))

    def to_pay(self, tender: str) -> Money:
        """What settles the sale by this tender, rounded to the smallest coin for cash."""
        settings = self.catalogue.settings
        return exact(self.basket.due, self.tender_type(tender), settings.cash_step_minor)

    @act
    def cash_suggestions(self, most: int = 5) -> tuple[Money, ...]:
        """What the customer is likely to hand over for what is due, the exact sum first. Raises
        BasketEmpty."""
        if self.basket.is_empty:
            raise BasketEmpty
        return suggestions(self.basket.due, self.catalogue.settings.cash_step_minor, most)

    @act
    def pay(self, tender: str, given: Money | None = None) -> Payment:
        """Take a payment, all that is due unless told. When nothing is due any more the sale is
        complete: recorded first, then drawer and receipt."""
        self.shift.required()
        if self.basket.is_empty:
            raise BasketEmpty
        settings, kind = self.catalogue.settings, self.tender_type(tender)
        due = self.basket.due
        taken = take(
            due,
            kind,
            given if given is not None else self.to_pay(tender),
            settings.cash_step_minor,
            settings.overpayment_max_minor,
        )
        basket = self.basket.with_tender(taken)
        change = Money(taken.change_minor, basket.currency)
        if basket.due:
            self._keep(basket)
            return Payment(basket.due, change, None)
        return Payment(basket.due, change, self._complete(basket))

    @act
    def take_back(self, number: int | None = None) -> Money:
        """Give a payment of the unfinished sale back: the newest, or by its place from 1."""
        place = len(self.basket.tenders) if number is None else number
        if not 0 < place <= len(self.basket.tenders):
            raise NoSuchTender(number=place)
        tender = self.basket.tenders[place - 1]
        self._keep(self.basket.without_tender(place - 1))
        return Money(tender.amount_minor, self.basket.currency)

    def _complete(self, basket: Basket) -> Sold:
        writer = self.recorder.writer
        number = ReceiptNumber(writer.stream.till, writer.stream.short, self._last_number + 1)
        fact = SaleCompleted.of(basket, str(number))
        context = self.shift.context
        with self.recorder.transaction() as write:
            recorded = write.record(fact, context, self.catalogue.seen)
            records.completed(
                write.driver, writer.stream_no, number.number, recorded.seq, fact.receipt
            )
            if self.counter.prints:
                records.printing(write.driver, fact.receipt, copy=0)
            records.clear_basket(write.driver)
        self._last_number = number.number
        self._begin_anew()
        outcome = None if self.counter.prints else records.NO_PAPER
        sold = Sold(recorded.eid, recorded.at, *context, fact, outcome, 0)
        if self.counter.prints:
            kicks = any(tender.is_cash and tender.given_minor for tender in fact.tenders)
            self._print(sold, kick_drawer=kicks)
        self.between_sales()
        return sold

    # Drawer and paper

    @act
    def open_drawer(self, reason: str) -> None:
        """Open the drawer without a sale: the reason is on record before it moves. Raises
        NoShiftOpen, ReasonNeeded or NoPrinter."""
        self.shift.required()
        if not reason.strip():
            raise ReasonNeeded
        if not self.counter.prints:
            raise NoPrinter
        with self.recorder.transaction() as write:
            write.record(DrawerOpened(reason.strip()), self.shift.context)
        self.counter.kick()

    @act
    def last_sale(self) -> Sold:
        """The newest completed sale. Raises NoSaleYet."""
        sold = records.last_sale(self.recorder.database.driver)
        if sold is None:
            raise NoSaleYet
        return sold

    @property
    @act
    def last_receipt(self) -> str | None:
        """The number of the newest receipt, None before the first."""
        sold = records.last_sale(self.recorder.database.driver)
        return sold.fact.receipt if sold else None

    @act
    def reprint(self) -> Sold:
        """Print the last receipt again, marked as a copy with its count, which is on disk before
        the paper moves; never opens the drawer. Raises NoPrinter."""
        if not self.counter.prints:
            raise NoPrinter
        sold = self.last_sale()
        sold = sold._replace(outcome=None, copies=sold.copies + 1)
        with self.recorder.transaction() as write:
            records.printing(write.driver, sold.fact.receipt, sold.copies)
        self._print(sold, kick_drawer=False)
        return sold

    def receipt_text(self, sold: Sold, copy: int = 0) -> str:
        """The receipt as the printer's columns show it."""
        return as_text(self._parts(sold, copy), self.counter.columns)

    def _parts(self, sold: Sold, copy: int) -> list[Part]:
        settings = self.catalogue.settings
        return receipt_parts(sold, settings, self.counter.columns, copy, self._logo)

    def _print(self, sold: Sold, *, kick_drawer: bool) -> None:
        parts = self._parts(sold, sold.copies)

        def ended(outcome: PrintOutcome, reason: str | None) -> None:
            # When the disk refuses this fact the paper stays under way, and the next start notes
            # it as unknown: the counter must go on printing.
            with suppress(Refusal):
                self._paper(sold, outcome, reason)

        self.counter.print(Job(sold.fact.receipt, parts, kick_drawer, ended))

    @act
    def _paper(self, sold: Sold, outcome: PrintOutcome, reason: str | None) -> None:
        receipt, copy = sold.fact.receipt, sold.copies
        fact = ReceiptPrinted(sold.eid, receipt, outcome, reason, copy)
        with self.recorder.transaction() as write:
            write.record(fact, self.shift.context, refs=(sold.eid,))
            records.printed(write.driver, receipt, outcome, copy)


def _touched(after: Basket, before: Basket) -> Line | None:
    """The line that an act changed, made or, as it was before, took out."""
    for basket, other in ((after, before), (before, after)):
        others = {id(line) for line in other.lines}
        for line in basket.lines:
            if id(line) not in others:
                return line
    return None
