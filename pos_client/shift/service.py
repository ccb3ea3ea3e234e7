"""Open a shift, read its figures, close it with the drawer counted."""

from collections.abc import Callable
from datetime import date

from pos_client.catalogue.service import CatalogueService
from pos_client.recorder import Recorder, ShiftContext, act
from pos_client.shift import records
from pos_client.shift.records import OpenShift
from retail.facts import DenominationCount, ShiftClosed, ShiftOpened
from retail.language import Text
from retail.money import AMOUNT_MAX, Money
from retail.refusals import Refusal
from retail.shift import Figures, figures, is_expected

#: no drawer holds it, and what a shift adds to it still fits a fact, in minor units
CASH_MAX = AMOUNT_MAX // 1000
_FLOAT = Text("the float", "备用金")
_COUNT = Text("counted cash", "清点现金")


class NoShiftOpen(Refusal):
    code = "no_shift_open"
    sentence = Text("No shift is open at this till.", "本机尚未开班。")
    way_on = Text("Open a shift with cashier and float.", "请先开班：收银员与备用金。")


class ShiftAlreadyOpen(Refusal):
    code = "shift_already_open"
    sentence = Text(
        "The shift of {cashier}, business date {business_date}, is open.",
        "{cashier} 的班次（营业日 {business_date}）尚未结束。",
    )
    way_on = Text("Close it first.", "请先交班。")


class SaleOpen(Refusal):
    code = "sale_open"
    sentence = Text("A sale is not finished.", "有未完成的销售。")
    way_on = Text(
        "Take payment or void it (Shift+F4), also if all its lines were taken out.",
        "请先收款，或按 Shift+F4 整单作废；商品已全部删除的也需作废。",
    )


class BusinessDateUnexpected(Refusal):
    code = "business_date_unexpected"
    sentence = Text(
        "{business_date} is not expected: the last business date here was {last}, the clock says"
        " {today}.",
        "营业日 {business_date} 异常：上一营业日为 {last}，本机日期为 {today}。",
    )
    way_on = Text(
        "Check the date and the till's clock; confirm if it is right.",
        "请核对日期与本机时钟；无误请确认。",
    )


class AbsurdAmount(Refusal):
    code = "absurd_amount"
    sentence = Text("{amount} is not an amount for {what}.", "{amount} 不能作为{what}。")
    way_on = Text("Type an amount from 0.", "请输入不小于 0 的金额。")


class CountsDisagree(Refusal):
    code = "counts_disagree"
    sentence = Text(
        "The notes and coins come to {counts}, the amount says {amount}.",
        "纸币和硬币合计 {counts}，金额为 {amount}。",
    )
    way_on = Text("Count again, or give the amount alone.", "请重新清点，或只输入金额。")


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

    @act
    def check_date(self, business_date: date) -> None:
        """Raises BusinessDateUnexpected for a day on which a shift opens only when confirmed."""
        _, last = records.last(self.recorder.database.driver)
        today = self.catalogue.today()
        if not is_expected(business_date, last, today):
            raise BusinessDateUnexpected(business_date=business_date, last=last or "—", today=today)

    @act
    def open(
        self,
        cashier: str,
        float_minor: int,
        business_date: date | None = None,
        *,
        confirmed: bool = False,
        counts: tuple[DenominationCount, ...] = (),
    ) -> OpenShift:
        """Open a shift, its float counted as an amount or by notes and coins. Without a business
        date it is today's; one that is neither the last known day nor the next needs to be
        confirmed."""
        if self.current is not None:
            context = self.current.context
            raise ShiftAlreadyOpen(cashier=context.cashier, business_date=context.business_date)
        who = self.catalogue.cashier(cashier)
        currency = self.catalogue.settings.currency
        counted = _checked(Money(float_minor, currency), _FLOAT, counts)
        chosen = business_date or self.catalogue.today()
        if not confirmed:
            self.check_date(chosen)
        number, _ = records.last(self.recorder.database.driver)
        fact = ShiftOpened(number + 1, who.cashier_id, chosen, currency, float_minor, counted)
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
    def close(
        self, counted_minor: int, counts: tuple[DenominationCount, ...] = ()
    ) -> tuple[ShiftClosed, Figures]:
        """Close the shift: the counted cash goes to the safe, a difference is booked. `counts` are
        the notes and coins, where they were counted one by one."""
        shift = self.required()
        if self.sale_is_open():
            raise SaleOpen
        counted = _checked(Money(counted_minor, shift.currency), _COUNT, counts)
        report = self.figures()
        fact = ShiftClosed(
            number=shift.number,
            currency=shift.currency,
            expected_minor=report.expected_cash_minor,
            counted_minor=counted_minor,
            sales=report.sales,
            counts=counted,
        )
        with self.recorder.transaction() as write:
            recorded = write.record(fact, shift.context)
            records.closed(write.driver, fact, recorded.at)
        self.current = None
        return fact, report


def _checked(
    amount: Money, what: Text, counts: tuple[DenominationCount, ...]
) -> tuple[DenominationCount, ...]:
    """The counts without those of nothing. Raises AbsurdAmount, or CountsDisagree when there are
    some and they do not make the amount."""
    if not 0 <= amount.minor <= CASH_MAX:
        raise AbsurdAmount(amount=amount.plain, what=what)
    there = tuple(count for count in counts if count.number)
    together = Money(sum(count.value_minor * count.number for count in there), amount.currency)
    sound = all(count.value_minor > 0 and count.number > 0 for count in there)
    if counts and (together != amount or not sound):
        raise CountsDisagree(counts=together.plain, amount=amount.plain)
    return there
