"""Sell: scan, change, pay.

Every act is durable before it is answered. A sale is complete on disk before the drawer opens
and the receipt prints; what the printer did is a second fact that nobody waits for.
"""

from collections import deque
from contextlib import suppress
from typing import NamedTuple

from msgspec.structs import replace

from pos_client.catalogue.reading import CodeUnreadable
from pos_client.catalogue.service import CatalogueService, UnknownProduct
from pos_client.counter.counter import Counter
from pos_client.recorder import Recorder, act
from pos_client.sale import records
from pos_client.sale import sold as sales
from pos_client.sale.customer import CustomerDisplay
from pos_client.sale.printing import NoPrinter, Papers
from pos_client.sale.receipt import Logo
from pos_client.sale.records import Parked
from pos_client.sale.refusals import (
    BasketFull,
    NoSuchTender,
    NothingParked,
    NothingToUndo,
    UnknownTender,
)
from pos_client.sale.sold import Paper, Sold
from pos_client.sale.undoable import Undoable
from pos_client.shift.service import SaleOpen, ShiftService
from retail import expiry
from retail.article import Article
from retail.barcode import EightDigits, MemberCode, Unreadable
from retail.basket import Basket, Discount, Line
from retail.cash import suggestions
from retail.catalogue import Product, TenderType
from retail.facts import (
    CodeDecided,
    DrawerOpened,
    SaleCompleted,
    SaleLine,
    SaleVoided,
)
from retail.language import Text
from retail.money import Money
from retail.receipt import ReceiptNumber
from retail.refusals import BasketEmpty, NotSellable, PaymentBegun, ReasonNeeded, Refusal
from retail.tender import exact, take

#: codes that are read as something, and as nobody's number
NO_CUSTOMER = {"payment_code", "own_code"}
#: a longer sale is several: what was scanned and taken out again counts too
LINES_MAX = 1000
#: so many acts on the open sale can be taken back, the newest first
UNDO_MAX = 100


class Payment(NamedTuple):
    """What a payment came to; `sold` is the completed sale once nothing is due."""

    due: Money
    change: Money
    sold: Sold | None


class TakenOut(NamedTuple):
    """Of what so much was taken out, and the line as it is left; None when it is gone."""

    product: Product
    line: Line | None


class Undone(NamedTuple):
    """What was taken back, and the line it was done to, None for the customer: as the act had left
    the line; one that the act had removed as it is back."""

    what: Undoable
    line: Line | None


class Repriced(NamedTuple):
    """A line of a sale that was resumed, and what it cost when it was parked."""

    line: Line
    before: Money


class _Step(NamedTuple):
    """An act on the open sale, and the basket on either side of it."""

    what: Undoable
    before: Basket
    after: Basket


class SaleService(Papers):
    """The sale at this till."""

    def __init__(
        self,
        recorder: Recorder,
        catalogue: CatalogueService,
        shift: ShiftService,
        counter: Counter,
        logo: Logo | None = None,
    ) -> None:
        super().__init__(recorder, catalogue, shift, counter, logo)
        driver = recorder.database.driver
        self._customer = CustomerDisplay(counter)
        self._basket = self._empty()
        self.basket = records.load_basket(driver) or self._empty()
        self._steps: deque[_Step] = deque(maxlen=UNDO_MAX)
        #: how many sales wait
        self.parked_count = len(records.parked(driver))
        self._numbered = recorder.writer
        self._last_number = sales.last_number(driver, self._numbered.stream_no)
        shift.sale_is_open = self.is_open
        self.between_sales()

    @property
    def basket(self) -> Basket:
        return self._basket

    @basket.setter
    def basket(self, basket: Basket) -> None:
        line = _touched(basket, self._basket)
        self._basket = basket
        self._customer.changed(line, basket, self.catalogue.settings.language)

    def is_open(self) -> bool:
        """Whether a sale is begun and not finished."""
        return self.basket != Basket(self.basket.currency)

    # The basket

    @act
    def scan(self, code: str, quantity: int | None = None) -> Line | None:
        """Do what a code at the counter means: goods go into the basket, so many times what the
        code says: one piece unless told, a measured product only with its quantity. A member's
        makes it their sale, which has no line."""
        self.shift.required()
        self.between_sales()
        meaning = self.catalogue.meaning(code)
        if isinstance(meaning, MemberCode):
            self._change(Undoable.CUSTOMER, self.basket.for_customer(meaning.member))
            return None
        article = self.catalogue.article_of(meaning)
        article.check_times(quantity)
        return self._add(article, article.quantity(quantity))

    @act
    def weigh(self, code: str, weight_g: int) -> Line:
        """Put a product that is sold by weight into the basket; 1/1000 kg is a gram. What is
        weighed here counts, and not what a label says."""
        self.shift.required()
        self.between_sales()
        article = self.catalogue.article(code)
        article.product.must_be_weighed()
        return self._add(replace(article, price=None), weight_g)

    @act
    def choose(self, product_id: str, quantity: int | None = None) -> Line:
        """Put a product that was found otherwise than by a code into the basket."""
        self.shift.required()
        self.between_sales()
        article = self.catalogue.chosen(product_id)
        return self._add(article, article.quantity(quantity))

    def _add(self, article: Article, quantity: int) -> Line:
        product, label = article.product, article.label
        settings, today = self.catalogue.settings, self.catalogue.today()
        expiry.check(product, label, self.catalogue.recalls, settings, today)
        basket, line = self.basket.with_product(
            *(product, article.code, quantity, settings.quantity_max),
            label=label,
            code_price=article.price,
            discount=expiry.mark_down(product, label, settings, today),
        )
        self._change(Undoable.SCAN, basket)
        return line

    def remarks(self, line: Line) -> list[Text]:
        """What has to be looked at with a line: recalled batches, a date that has passed."""
        today = self.catalogue.today()
        return expiry.remarks(line.product, line.label, self.catalogue.recalls, today)

    @act
    def take_out(self, code: str, quantity: int | None = None) -> TakenOut:
        """Take what a code means out of the basket again, off its newest line at the shelf's price:
        one piece or pack unless told, of what is measured the whole line. Raises NotInBasket."""
        self.shift.required()
        article = self.catalogue.article(code)
        if article.content is not None and not article.product.unit.is_measured:
            quantity = article.quantity(quantity)
        basket, line = self.basket.without_some(
            article.product, quantity, article.code, article.label
        )
        self._change(Undoable.TAKE_OUT, basket)
        return TakenOut(article.product, line)

    @act
    def decide_code(self, code: str, said: EightDigits) -> None:
        """Say what 8 digits are that are a valid EAN-8 and a valid UPC-E; it is on record, and the
        till reads them so from now on. Raises NotAmbiguous."""
        with self.recorder.transaction() as write:
            self.catalogue.decide(write, code, said)
            write.record(CodeDecided(code, said), self.shift.context, self.catalogue.seen)
        self.catalogue.decided()

    @act
    def set_quantity(self, quantity: int, line: int | None = None) -> Line:
        basket, changed = self.basket.with_quantity(
            line, quantity, self.catalogue.settings.quantity_max
        )
        self._change(Undoable.QUANTITY, basket)
        return changed

    @act
    def set_line_price(self, total: Money, reason: str, line: int | None = None) -> Line:
        """Set what a whole line costs."""
        basket, changed = self.basket.with_line_price(line, total, reason)
        self._change(Undoable.LINE_PRICE, basket)
        return changed

    @act
    def discount(self, discount: Discount, line: int | None = None) -> Line:
        basket, changed = self.basket.with_discount(line, discount)
        self._change(Undoable.DISCOUNT, basket)
        return changed

    @act
    def remove_line(self, line: int | None = None) -> Line:
        basket, gone = self.basket.without_line(line)
        self._change(Undoable.REMOVE_LINE, basket)
        return gone

    @act
    def set_customer(self, customer: str | None) -> None:
        """Whose sale this is, by number or member's code; it goes with the sale's fact. Raises
        CodeUnreadable for a payment code, which is nobody's number, and for a torn code of ours."""
        self.shift.required()
        self.between_sales()
        meaning = self.catalogue.meaning(customer or "")
        if isinstance(meaning, MemberCode):
            customer = meaning.member
        elif isinstance(meaning, Unreadable) and meaning.code in NO_CUSTOMER:
            raise CodeUnreadable(reason=meaning.reason, remedy=meaning.remedy)
        self._change(Undoable.CUSTOMER, self.basket.for_customer(customer))

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
        self.basket = self._empty()
        self._begin_anew()
        self.between_sales()

    # Parking

    @act
    def park(self, note: str = "") -> Parked:
        """Put the open sale aside, so that the next customer can be served. Raises BasketEmpty or
        PaymentBegun."""
        if self.basket.is_empty:
            raise BasketEmpty
        if self.basket.tenders:
            raise PaymentBegun
        at = self.recorder.clock.read().at.isoformat(timespec="seconds")
        with self.recorder.transaction() as write:
            parked = records.park(write.driver, at, note.strip(), self.basket)
            records.clear_basket(write.driver)
        self.parked_count += 1
        self.basket = self._empty()
        self._begin_anew()
        self.between_sales()
        return parked

    @act
    def parked(self) -> list[Parked]:
        """The sales that wait, the newest first."""
        return records.parked(self.recorder.database.driver)

    @act
    def resume(self, number: int | None = None) -> list[Repriced]:
        """Go on with a parked sale, the newest unless told, at what things cost now; comes back
        with the lines that cost something else since. Raises SaleOpen, NothingParked, or
        NotSellable when the shift is in another currency."""
        self.shift.required()
        if self.is_open():
            raise SaleOpen
        parked = next((each for each in self.parked() if number in (None, each.number)), None)
        if parked is None:
            raise NothingParked
        self.between_sales()
        was = parked.basket
        if was.currency != self.basket.currency:
            name = was.lines[0].product.name
            raise NotSellable(name=name, currency=was.currency, store_currency=self.basket.currency)
        basket = self._at_todays_prices(was)
        with self.recorder.transaction() as write:
            records.save_basket(write.driver, self.basket, basket)
            records.forget_parked(write.driver, parked.number)
        self.parked_count -= 1
        self.basket = basket
        pairs = zip(basket.lines, was.lines, strict=True)
        return [Repriced(now, before.total) for now, before in pairs if now.total != before.total]

    def _at_todays_prices(self, basket: Basket) -> Basket:
        """What is in the catalogue no more costs what it did."""
        settings, today = self.catalogue.settings, self.catalogue.today()
        for line in basket.lines:
            with suppress(UnknownProduct):
                product = self.catalogue.chosen(line.product.product_id).product
                by_rule = expiry.mark_down(product, line.label, settings, today)
                basket = basket.repriced(line.number, product, by_rule)
        return basket

    def _change(self, what: Undoable, basket: Basket) -> None:
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
        """Without a word to the customer, who still reads what the last sale came to."""
        self._basket = self._empty()
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
        complete: recorded first, then drawer and receipt. Raises RecalledInBasket among others."""
        self.shift.required()
        if self.basket.is_empty:
            raise BasketEmpty
        expiry.check_basket(self.basket, self.catalogue.recalls)
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
        if writer != self._numbered:  # a fork was found: receipts are counted anew
            driver = self.recorder.database.driver
            self._numbered = writer
            self._last_number = sales.last_number(driver, writer.stream_no)
        number = ReceiptNumber(writer.stream.till, writer.stream.short, self._last_number + 1)
        fact = SaleCompleted.of(basket, str(number))
        context = self.shift.context
        with self.recorder.transaction() as write:
            recorded = write.record(fact, context, self.catalogue.seen)
            sales.completed(
                write.driver, writer.stream_no, number.number, recorded.seq, fact.receipt
            )
            papers: tuple[Paper, ...] = ()
            if self.counter.prints:
                papers = (self._moves(write, fact.receipt, 0, self.catalogue.settings),)
            records.clear_basket(write.driver)
        self._last_number = number.number
        self._begin_anew()
        sold = Sold(recorded.eid, recorded.at, *context, fact, papers)
        for paper in papers:
            kicks = any(tender.is_cash and tender.given_minor for tender in fact.tenders)
            self._print(sold, paper, kick_drawer=kicks)
        self.between_sales()
        change = Money(fact.change_minor, fact.currency)
        self._customer.paid(change, self.catalogue.settings.language)
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


def _touched(after: Basket, before: Basket) -> Line | None:
    """The line that an act changed, made or, as it was before, took out."""
    for basket, other in ((after, before), (before, after)):
        others = {id(line) for line in other.lines}
        for line in basket.lines:
            if id(line) not in others:
                return line
    return None
