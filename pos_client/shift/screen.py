"""Open a shift, look at its figures, count the drawer and close it.

The count is blind: what should lie in the drawer is shown only when the counted sum is final.
"""

from collections.abc import Callable, Sequence
from datetime import date

from pos_client.catalogue.service import UnknownCashier
from pos_client.screen import words
from pos_client.screen.page import ESC, Desk, KeyLabel, Landing, Page, Size
from pos_client.screen.rows import BLANK, Ink, Row, Span, fit, right, row
from pos_client.shift.service import BusinessDateUnexpected, SaleOpen
from retail.cash import Denomination, Kind, denominations
from retail.facts import DenominationCount, ShiftClosed
from retail.language import Text
from retail.money import Money
from retail.shift import Figures

_LABEL_COLUMNS = 16
_AMOUNT_COLUMNS = 14


def _labelled(label: str, value: str, ink: Ink = Ink.TEXT) -> Row:
    return row("  ", Span(fit(label, _LABEL_COLUMNS), Ink.FAINT), Span(value, ink))


class OpenShiftPage(Page):
    """Home while no shift is open: who, with how much cash, for which day."""

    scan = Landing.REFUSED
    shows_total = False

    title = Text("Open a shift", "开班")
    _cashier = Text("Cashier", "收银员")
    _float = Text("Float", "备用金")
    _date = Text("Business date", "营业日")
    _ask_cashier = Text("Your cashier number", "请输入收银员工号")
    _ask_float = Text(
        "Cash in the drawer, or F2 to count it; Enter alone is none",
        "钱箱备用金，或按 F2 清点；直接回车为 0",
    )
    _ask_yes = Text("Enter opens the shift, Esc corrects it", "按回车开班，按 Esc 更正")
    _opened = Text("The shift is open, float {amount}.", "已开班，备用金 {amount}。")
    _currency = Text("The store's currency was changed.", "门店币种已更改。")
    _count_anew = Text("Type or count the float anew.", "请重新输入或清点备用金。")
    refuses = Text("Open a shift before you scan.", "请先开班，再扫码。")

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._forget()

    def _forget(self) -> None:
        self._who: tuple[str, str] | None = None
        self._amount: Money | None = None
        self._day: date | None = None
        self._counts: tuple[DenominationCount, ...] = ()

    def rows(self, size: Size) -> list[Row]:
        who = f"{self._who[0]}  {self._who[1]}" if self._who else "…"
        money = self._amount.plain if self._amount else "…"
        date_ = self._day or self.till.catalogue.today()
        day = words.day(date_, self.desk.language, year=True)
        return [
            BLANK,
            self.heading(),
            BLANK,
            _labelled(self.say(self._cashier), who),
            _labelled(self.say(self._float), money),
            _labelled(self.say(self._date), day),
        ][: size.rows]

    def prompt(self) -> str:
        if self._who is None:
            return self.say(self._ask_cashier)
        return self.say(self._ask_float if self._amount is None else self._ask_yes)

    def keys(self) -> Sequence[KeyLabel]:
        begun = self._who is not None
        count = KeyLabel("F2", Text("Count the float", "清点备用金"))
        return (
            *([ESC] if begun else []),
            *([count] if begun and self._amount is None else []),
            KeyLabel("Enter", Text("Next", "下一步")),
            KeyLabel("F1", Text("Help", "帮助"), 1),
            KeyLabel("Ctrl+P", Text("More", "更多"), 2),
        )

    def scanned(self, code: str) -> None:  # noqa: ARG002  whichever code it was
        self.desk.refuse(self.say(self.refuses))

    def enter(self, text: str) -> None:
        if self._who is None:
            if text:
                self._sign_in(text)
        elif self._amount is None:
            self._amount = words.money_of(text or "0", self.till.catalogue.settings.currency)
            self._ask_again()
        else:
            self._open()

    def _sign_in(self, number: str) -> None:
        try:
            cashier = self.till.catalogue.cashier(number)
        except UnknownCashier:
            raise UnknownCashier(cashier=words.code(number)) from None
        self._who = (cashier.cashier_id, cashier.name)

    def _ask_again(self) -> None:
        """A float or a day that is wrong spoils the whole shift: both are shown once more, and an
        unexpected day is said."""
        self._day = self.till.catalogue.today()
        try:
            self.till.shift.check_date(self._day)
        except BusinessDateUnexpected as no:
            self.desk.attend(self.say(no.say), self.say(no.remedy))

    def _open(self) -> None:
        assert self._who is not None
        assert self._amount is not None
        who, amount, day, counts = self._who[0], self._amount, self._day, self._counts
        self._ask_float_again()  # also when it is refused
        if amount.currency != self.till.catalogue.settings.currency:
            self.desk.refuse(self.say(self._currency), self.say(self._count_anew))
            return
        self.till.shift.open(who, amount.minor, day, confirmed=True, counts=counts)
        self._forget()
        self.desk.go_home()
        self.desk.tell(self.say(self._opened, amount=amount.plain))

    def _ask_float_again(self) -> None:
        self._amount, self._day, self._counts = None, None, ()

    def press(self, key: str, entry: str) -> bool:
        if key == "f2" and self._who is not None:
            self.desk.open(CountPage(self.desk, self._counted))
        elif key == "escape" and not entry and self._amount is not None:
            self._ask_float_again()
        elif key == "escape" and not entry and self._who is not None:
            self._forget()
        else:
            return False
        return True

    def _counted(self, total: Money, counts: tuple[DenominationCount, ...]) -> None:
        self.desk.close()
        self._amount, self._counts = total, counts
        self._ask_again()


class CountPage(Page):
    """Cash by denomination: type how many, Enter, next."""

    scan = Landing.REFUSED
    shows_total = False
    refuses = Text(
        "Finish the count or press Esc, then scan again.", "请先完成清点或按 Esc，再扫码。"
    )

    title = Text("Count the cash", "清点现金")
    _note = Text("{value} note", "{value} 纸币")
    _coin = Text("{value} coin", "{value} 硬币")
    _ask = Text("{what}: how many", "{what}：多少张/枚")
    _lost = Text("Esc again gives the count up.", "再按 Esc 将放弃本次清点。")
    _total = Text("Counted", "清点合计")
    _number_max = 999_999

    def __init__(
        self, desk: Desk, done: Callable[[Money, tuple[DenominationCount, ...]], None]
    ) -> None:
        super().__init__(desk)
        settings = self.till.catalogue.settings
        self._currency = settings.currency
        if self.till.shift.current is not None:
            self._currency = self.till.shift.current.currency
        self._kinds = denominations(self._currency, settings.cash_step_minor)
        self._numbers = [0] * len(self._kinds)
        self._place = 0
        self._done = done
        self._giving_up = False

    @property
    def total(self) -> Money:
        """What was counted so far."""
        pairs = zip(self._kinds, self._numbers, strict=True)
        return Money(sum(kind.value.minor * number for kind, number in pairs), self._currency)

    def _name(self, of: Denomination) -> str:
        text = self._note if of.kind is Kind.NOTE else self._coin
        return self.say(text, value=of.value.plain)

    def rows(self, size: Size) -> list[Row]:
        rows: list[Row] = [self.heading(), BLANK]
        shown = max(1, size.rows - 5)
        first = max(0, min(self._place - shown // 2, len(self._kinds) - shown))
        for place in range(first, min(first + shown, len(self._kinds))):
            kind, number = self._kinds[place], self._numbers[place]
            chosen = place == self._place
            amount = Money(kind.value.minor * number, self._currency).plain if number else ""
            said = (
                right(self._name(kind), _LABEL_COLUMNS)
                + right(f"× {number}" if number else "×  ", 10)
                + right(amount, _AMOUNT_COLUMNS)
            )
            ink = Ink.CHOSEN if chosen else Ink.TEXT
            rows.append(row(Span(("▌ " if chosen else "  ") + said, ink)))
        said = right(self.say(self._total), _LABEL_COLUMNS + 10)
        total = right(self.total.grouped, _AMOUNT_COLUMNS)
        return [*rows, BLANK, row(Span("  " + said, Ink.FAINT), Span(total, Ink.STRONG))]

    def prompt(self) -> str:
        return self.say(self._ask, what=self._name(self._kinds[self._place]))

    def keys(self) -> Sequence[KeyLabel]:
        return (
            ESC,
            KeyLabel("↑↓", Text("Choose", "选择"), 1),
            KeyLabel("Enter", Text("Next", "下一项")),
            KeyLabel("F12", Text("Counted", "清点完毕")),
        )

    def enter(self, text: str) -> None:
        self._giving_up = False
        if text:
            self._put(text)
        self._place = min(self._place + 1, len(self._kinds) - 1)

    def _put(self, text: str) -> None:
        """So many of the denomination that is marked. Raises NotAQuantity."""
        self._numbers[self._place] = words.whole_of(text, self._number_max, "12")

    def press(self, key: str, entry: str) -> bool:
        warned, self._giving_up = self._giving_up, False
        if key in ("up", "down"):
            if entry:
                self._put(entry)
            self.desk.entry = ""
            step = -1 if key == "up" else 1
            self._place = (self._place + step) % len(self._kinds)
        elif key == "escape" and not entry and any(self._numbers) and not warned:
            self._giving_up = True
            self.desk.attend(self.say(self._lost))
        elif key == "f12":
            if entry:
                self._put(entry)
            self.desk.entry = ""
            self._done(self.total, self._counts())
        else:
            return False
        return True

    def _counts(self) -> tuple[DenominationCount, ...]:
        return tuple(
            DenominationCount(kind.value.minor, number)
            for kind, number in zip(self._kinds, self._numbers, strict=True)
            if number
        )


class CloseShiftPage(Page):
    """The counted sum once more, then the shift ends."""

    scan = Landing.REFUSED
    shows_total = False
    refuses = CountPage.refuses

    title = Text("Close the shift", "交班")
    _counted = Text("Counted", "清点合计")
    _ask = Text(
        "Enter closes the shift with {total}; Esc counts again",
        "按回车以 {total} 交班，按 Esc 重新清点",
    )
    _far_off = Text("This is far from what should be there.", "与应有现金相差较大。")
    _recount = Text("Count once more; Enter if it is right.", "请复点一次；确认无误再按回车。")

    def __init__(self, desk: Desk, total: Money, counts: tuple[DenominationCount, ...]) -> None:
        super().__init__(desk)
        self._total, self._counts = total, counts

    def rows(self, size: Size) -> list[Row]:
        rows: list[Row] = [BLANK, self.heading(), BLANK]
        for count in self._counts:
            value = Money(count.value_minor, self._total.currency).plain
            rows.append(row("  " + right(value, 12) + right(f"× {count.number}", 10)))
        said = Span("  " + fit(self.say(self._counted), 12), Ink.FAINT)
        total = row(said, Span(right(self._total.grouped, 12), Ink.STRONG))
        return [*rows[: size.rows - 2], BLANK, total]

    def prompt(self) -> str:
        return self.say(self._ask, total=self._total.plain)

    def keys(self) -> Sequence[KeyLabel]:
        return (ESC, KeyLabel("Enter", self.title))

    def opened(self) -> None:
        """The count stays blind, but one that must be a slip is asked about before it is final."""
        expected = self.till.shift.figures().expected_cash_minor
        largest = denominations(self._total.currency)[0].value.minor
        if abs(self._total.minor - expected) >= largest:
            self.desk.attend(self.say(self._far_off), self.say(self._recount))

    def enter(self, text: str) -> None:
        if text:
            return
        closed, figures = self.till.shift.close(self._total.minor, self._counts)
        self.desk.go_home()
        self.desk.open(ClosedPage(self.desk, closed, figures))

    def press(self, key: str, entry: str) -> bool:  # noqa: ARG002
        return key == "f12"  # it led here: pressed twice by a slip it closes nothing


def close_shift(desk: Desk) -> None:
    """Begin to close: count first. Raises NoShiftOpen or SaleOpen."""
    desk.till.shift.required()
    if desk.till.sale.is_open():
        raise SaleOpen
    desk.open(CountPage(desk, lambda total, counts: desk.open(CloseShiftPage(desk, total, counts))))


_FIGURES = {
    "sales": Text("Sales", "笔数"),
    "takings": Text("Takings", "营业额"),
    "net": Text("Goods before tax", "不含税"),
    "rounding": Text("Rounding", "舍入"),
    "float": Text("Float", "备用金"),
    "expected": Text("Expected in drawer", "应有现金"),
    "counted": Text("Counted", "清点现金"),
    "difference": Text("Difference", "长短款"),
}


class FiguresPage(Page):
    """The X report."""

    shows_total = False
    title = Text("X report", "X 报表")
    ask = Text("Enter or Esc goes back", "按回车或 Esc 返回")

    def figures(self) -> Figures:
        """What is shown. Raises NoShiftOpen."""
        return self.till.shift.figures()

    def first_rows(self) -> list[Row]:
        """What stands above the figures: in a small window the last of those give way."""
        return []

    def rows(self, size: Size) -> list[Row]:
        figures, label = self.figures(), self.till.catalogue.settings.tender_label
        rows = [
            self.heading(),
            BLANK,
            *self.first_rows(),
            self._figure(_FIGURES["sales"], str(figures.sales)),
            self._amount(_FIGURES["takings"], figures.takings_minor, figures),
            self._amount(_FIGURES["net"], figures.net_minor, figures),
            *(
                self._amount(Text(name, name), minor, figures)
                for name, minor in figures.taxes.items()
            ),
            self._amount(_FIGURES["rounding"], figures.rounding_minor, figures),
            BLANK,
            *(self._amount(label(name), minor, figures) for name, minor in figures.tenders.items()),
            self._amount(_FIGURES["float"], figures.float_minor, figures),
        ]
        return rows[: size.rows]

    def _figure(self, label: Text, value: str, ink: Ink = Ink.TEXT) -> Row:
        said = Span(fit(self.say(label), _LABEL_COLUMNS + 6), Ink.FAINT)
        return row("  ", said, Span(right(value, _AMOUNT_COLUMNS), ink))

    def _amount(self, label: Text, minor: int, of: Figures, ink: Ink = Ink.TEXT) -> Row:
        return self._figure(label, Money(minor, of.currency).grouped, ink)

    def keys(self) -> Sequence[KeyLabel]:
        return (ESC,)

    def enter(self, text: str) -> None:
        self.desk.close()
        self.desk.entry = text


class ClosedPage(FiguresPage):
    """The figures of the shift just closed, with what was counted and what is missing."""

    title = Text("The shift is closed", "已交班")
    scan = Landing.REFUSED
    refuses = OpenShiftPage.refuses

    def __init__(self, desk: Desk, closed: ShiftClosed, figures: Figures) -> None:
        super().__init__(desk)
        self._closed, self._figures = closed, figures

    def figures(self) -> Figures:
        return self._figures

    def first_rows(self) -> list[Row]:
        closed, of = self._closed, self._figures
        ink = Ink.ATTEND if closed.difference_minor else Ink.GOOD
        return [
            self._amount(_FIGURES["expected"], closed.expected_minor, of),
            self._amount(_FIGURES["counted"], closed.counted_minor, of),
            self._amount(_FIGURES["difference"], closed.difference_minor, of, ink),
            BLANK,
        ]
