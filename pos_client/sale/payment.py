"""Payment: how, and how much. Keys choose, and only Enter takes."""

from collections.abc import Callable, Sequence

from pos_client.sale.refusals import UnknownTender
from pos_client.sale.service import Payment
from pos_client.screen import words
from pos_client.screen.page import ESC, Desk, KeyLabel, Page, Size, function_number
from pos_client.screen.rows import BLANK, Ink, Row, Span, fit, mark, right, row
from retail.barcode import PaymentCode, Where
from retail.catalogue import TenderType
from retail.language import Text
from retail.money import Money

_GIVEN = Text("Taken so far", "已收")
_HOW = Text("Choose how", "选择支付方式")
_QUICK = Text("Cash given", "现金快捷")
_PROMPT = Text("{tender}: amount, or Enter for {due}", "{tender}：输入金额，或按回车收 {due}")
_CHOOSE_REST = Text("Still {due}: choose how", "还需 {due}：请选择支付方式")
_HOW_FIRST = Text("How is it paid?", "请先选择支付方式。")
_HOW_KEYS = Text("Press one of the keys F1 and on, then Enter.", "按 F1 起的键选择，再按回车。")
_BY_CODE = Text(
    "Their code says {tender}: Enter takes {due}.", "顾客出示{tender}付款码：按回车收 {due}。"
)
_GAVE_BACK = Text("Given back: {amount}", "已退回：{amount}")
_STILL_DUE = Text(
    "{tender} {amount} taken, {due} still due.", "已收{tender} {amount}，还需 {due}。"
)

#: keys that choose a tender or an amount; F10 to F12 mean what they always do
CHOICE_KEYS = 9
_SUGGESTIONS_MAX = 5
#: a row of the choices is readable up to this width
_COLUMNS_MAX = 44
_KEY_COLUMNS = 6


class PaymentPage(Page):
    """Open until nothing is due; a scan before the first payment goes back to the basket."""

    title = Text("Payment", "收款")

    def __init__(self, desk: Desk, took: Callable[[Payment], None], entry: str = "") -> None:
        """`entry` is the amount that was typed before the key that led here."""
        super().__init__(desk)
        self._took = took
        self._typed = entry
        #: none is marked once a part was paid: Enter must not book the rest on what was used before
        self._place: int | None = None if self.till.sale.basket.tenders else 0

    def opened(self) -> None:
        self.desk.entry = self._typed

    @property
    def _tenders(self) -> tuple[TenderType, ...]:
        return self.till.catalogue.settings.tenders[:CHOICE_KEYS]

    @property
    def _tender(self) -> TenderType | None:
        return None if self._place is None else self._tenders[self._place]

    def _quick(self) -> tuple[Money, ...]:
        """Amounts a customer is likely to hand over, one key each."""
        room = min(CHOICE_KEYS - len(self._tenders), _SUGGESTIONS_MAX)
        if room <= 0 or not self.till.sale.basket.lines or self._cash is None:
            return ()
        return self.till.sale.cash_suggestions(room + 1)[1:]

    # What it shows

    def rows(self, size: Size) -> list[Row]:
        columns = min(size.columns - 4, _COLUMNS_MAX)
        taken, quick = self._taken_rows(columns), self._quick_rows(columns)
        choices = [self._choice(place, columns) for place in range(len(self._tenders))]
        head = [BLANK, self.heading(), BLANK, *taken, *([BLANK] if taken else [])]
        how = row(Span("  " + self.say(_HOW), Ink.FAINT))
        rows = [*head, how, *choices, *([BLANK] if quick else []), *quick]
        # a key that works is seen: where there is little room the air goes first, then the past
        if len(rows) > size.rows:
            rows = [self.heading(), *taken, *choices, *quick[1:]]
        if len(rows) > size.rows:
            rows = [*choices, *quick[1:]]
        return rows

    def _taken_rows(self, columns: int) -> list[Row]:
        basket = self.till.sale.basket
        if not basket.tenders:
            return []
        rows: list[Row] = [row(Span("  " + self.say(_GIVEN), Ink.FAINT))]
        for tender in basket.tenders:
            amount = Money(tender.amount_minor, basket.currency).plain
            label = self.say(self.till.catalogue.settings.tender_label(tender.name))
            rows.append(row("  " + fit(label, columns - 12) + right(amount, 12)))
        return rows

    def _quick_rows(self, columns: int) -> list[Row]:
        quick = self._quick()
        rows: list[Row] = [row(Span("  " + self.say(_QUICK), Ink.FAINT))] if quick else []
        for place, amount in enumerate(quick, start=len(self._tenders) + 1):
            said = right(amount.plain, columns - _KEY_COLUMNS)
            rows.append(row("  ", Span(fit(f"F{place}", _KEY_COLUMNS), Ink.KEY), said))
        return rows

    def _choice(self, place: int, columns: int) -> Row:
        tender = self._tenders[place]
        chosen = place == self._place
        key = Span(fit(f"F{place + 1}", _KEY_COLUMNS), Ink.CHOSEN if chosen else Ink.KEY)
        due = self.till.sale.to_pay(tender.name).plain if chosen else ""
        said = fit(self.say(tender.label), columns - _KEY_COLUMNS - 12) + right(due, 12)
        marked = mark(chosen=chosen)
        return row(marked, key, Span(said, Ink.CHOSEN if chosen else Ink.TEXT))

    def prompt(self) -> str:
        tender = self._tender
        if tender is None:
            return self.say(_CHOOSE_REST, due=self.till.sale.basket.due.plain)
        return self.say(_PROMPT, tender=tender.label, due=self.till.sale.to_pay(tender.name).plain)

    def keys(self) -> Sequence[KeyLabel]:
        tenders = [
            KeyLabel(f"F{place}", tender.label, place)
            for place, tender in enumerate(self._tenders, start=1)
        ]
        return (
            ESC,
            *tenders,
            KeyLabel("F10", Text("Give back", "退回"), 1),
            *([KeyLabel("F11", Text("Exact cash", "现金整收"))] if self._cash else []),
            KeyLabel("Enter", Text("Take", "收款")),
        )

    # What keys do

    def takes(self, code: str) -> bool:
        """A customer's payment code chooses how it is paid, and is kept nowhere."""
        meant = self.till.catalogue.meaning(code, Where.PAYMENT)
        if not isinstance(meant, PaymentCode):
            return False
        self.desk.entry = ""
        names = [tender.name for tender in self._tenders]
        if meant.kind.value not in names:
            raise UnknownTender(tender=meant.kind.value, known=", ".join(names))
        self._place = names.index(meant.kind.value)
        tender = self._tenders[self._place]
        due = self.till.sale.to_pay(tender.name).plain
        self.desk.tell(self.say(_BY_CODE, tender=tender.label, due=due))
        return True

    def enter(self, text: str) -> None:
        if text and self.takes(text):
            return
        if self._tender is None:
            self.desk.entry = text
            self.desk.refuse(self.say(_HOW_FIRST), self.say(_HOW_KEYS))
        else:
            self._pay(self._tender, text)

    def press(self, key: str, entry: str) -> bool:
        match key:
            case "f10" | "ctrl+z":
                self._give_back()
            case "f11" if self._cash is not None:
                self._pay(self._cash, entry)
            case "f12":  # it led here: pressed twice by a slip it takes no money
                self.desk.tell(self.prompt())
            case "up" | "down":
                step = -1 if key == "up" else 1
                self._place = ((self._place or 0) + step) % len(self._tenders)
            case _:
                return self._choose(key)
        return True

    def _choose(self, key: str) -> bool:
        """F1 and on choose a tender or put a likely sum into the entry; only Enter takes."""
        number, quick = function_number(key), self._quick()
        if 1 <= number <= len(self._tenders):
            self._place = number - 1
            if self.desk.entry in [likely.plain for likely in quick]:
                self.desk.entry = ""  # a likely sum was of cash
            return True
        place = number - len(self._tenders) - 1
        if 0 <= place < len(quick) and self._cash is not None:
            self._place = self._tenders.index(self._cash)
            self.desk.entry = quick[place].plain
            return True
        return False

    @property
    def _cash(self) -> TenderType | None:
        return next((tender for tender in self._tenders if tender.is_cash), None)

    def _pay(self, tender: TenderType, text: str) -> None:
        self.desk.entry = ""
        before = self.till.sale.basket.due
        given = words.money_of(text, before.currency) if text else None
        payment = self.till.sale.pay(tender.name, given)
        self._place = None
        if payment.sold is None:
            paid = before - payment.due
            self.desk.tell(
                self.say(_STILL_DUE, tender=tender.label, amount=paid.plain, due=payment.due.plain)
            )
        self._took(payment)

    def _give_back(self) -> None:
        amount = self.till.sale.take_back()
        self.desk.tell(self.say(_GAVE_BACK, amount=amount.plain))
