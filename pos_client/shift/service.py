"""Open a shift, read its figures, close it with the drawer counted."""

from collections.abc import Callable
from datetime import date

from pos_client.catalogue.service import CatalogueService
from pos_client.recorder import Recorder, ShiftContext, act
from pos_client.shift import records
from pos_client.shift.records import OpenShift
from retail.facts import ShiftClosed, ShiftOpened
from retail.language import Text
from retail.money import AMOUNT_MAX, Money
from retail.refusals import (
    AbsurdAmount,
    BusinessDateUnexpected,
    NoShiftOpen,
    SaleOpen,
    ShiftAlreadyOpen,
)
from retail.shift import Figures, figures, is_expected

_FLOAT = Text("the float", "备用金")
_COUNT = Text("counted cash", "清点现金")


class ShiftService:
    """This till's shift."""

    def __init__(self, recorder: Recorder, catalogue: CatalogueService) -> None:
        self.recorder = recorder
        self.catalogue = catalogue
        self.current: OpenShift | None = records.open_shift(recorder.database.driver)
        #: whether a sale is unfinished; a shift does not end under it
        self.sale_is_open: Callable[[], bool] = lambda: False

    def required(self) -> OpenShift:
        """The open shift. Raises NoShiftOpen."""
        if self.current is None:
            raise NoShiftOpen
        return self.current

    @property
    def context(self) -> ShiftContext:
        return self.current.context if self.current else ShiftContext()

    def today(self) -> date:
        """The store's date by this till's clock."""
        return self.recorder.clock.read().at.astimezone(self.recorder.zone).date()

    @act
    def open(
        self,
        cashier: str,
        float_minor: int,
        business_date: date | None = None,
        *,
        confirmed: bool = False,
    ) -> OpenShift:
        """Open a shift. Without a business date it is today's; one that is neither the last
        known day nor the next needs to be confirmed."""
        if self.current is not None:
            context = self.current.context
            raise ShiftAlreadyOpen(cashier=context.cashier, business_date=context.business_date)
        who = self.catalogue.cashier(cashier)
        currency = self.catalogue.settings.currency
        if not 0 <= float_minor <= AMOUNT_MAX:
            raise _absurd(Money(float_minor, currency), _FLOAT)
        number, last = records.last(self.recorder.database.driver)
        today = self.today()
        chosen = business_date or today
        if not confirmed and not is_expected(chosen, last, today):
            raise BusinessDateUnexpected(business_date=chosen, last=last or "—", today=today)
        fact = ShiftOpened(number + 1, who.cashier_id, chosen, currency, float_minor)
        shift_id = f"{self.recorder.writer.stream.short}-{fact.number}"
        context = ShiftContext(shift_id, who.cashier_id, chosen.isoformat())
        with self.recorder.transaction() as write:
            recorded = write.record(fact, context)
            records.opened(write.driver, fact, shift_id, recorded.at)
        self.current = OpenShift(fact.number, context, currency, float_minor)
        return self.current

    @act
    def figures(self) -> Figures:
        """The X report of the open shift."""
        shift = self.required()
        balances = records.balances(self.recorder.database.driver, shift)
        return figures(balances, shift.float_minor, shift.currency)

    @act
    def close(self, counted_minor: int) -> tuple[ShiftClosed, Figures]:
        """Close the shift: the counted cash goes to the safe, a difference is booked."""
        shift = self.required()
        if self.sale_is_open():
            raise SaleOpen
        if not 0 <= counted_minor <= AMOUNT_MAX:
            raise _absurd(Money(counted_minor, shift.currency), _COUNT)
        report = self.figures()
        fact = ShiftClosed(
            number=shift.number,
            currency=shift.currency,
            expected_minor=report.expected_cash_minor,
            counted_minor=counted_minor,
            sales=report.sales,
        )
        with self.recorder.transaction() as write:
            recorded = write.record(fact, shift.context)
            records.closed(write.driver, fact, recorded.at)
        self.current = None
        return fact, report


def _absurd(amount: Money, what: Text) -> AbsurdAmount:
    return AbsurdAmount(amount=amount.plain, what=what)
