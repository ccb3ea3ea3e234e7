"""The total at the side of every page: what the customer owes, or gets back."""

from contextlib import suppress

from pos_client.sale.paper import paper_of
from pos_client.sale.screen import SalePage
from pos_client.sale.sold import Sold
from pos_client.screen.digits import HEIGHT, large
from pos_client.screen.page import Desk, Size
from pos_client.screen.rows import BLANK, Ink, Row, Span, clip, right, row, sides, width
from retail.language import Text
from retail.money import Money
from retail.quantity import ONE, Unit, plain
from retail.refusals import Refusal

_DUE = Text("To pay", "应付")
_STILL = Text("Still to pay", "还需支付")
_CHANGE = Text("Change", "找零")
_PIECES = Text("{count} pc", "{count} 件")
_SUBTOTAL = Text("Subtotal", "小计")
_DISCOUNTS = Text("Discounts", "优惠")
_WITHIN = Text("Tax included", "含税")
_ON_TOP = Text("Tax", "税额")
_CUSTOMER = Text("Customer", "顾客")
_TOTAL = Text("Total", "合计")
_RECEIPT = Text("Receipt", "小票")


def total_rows(desk: Desk, home: SalePage, size: Size) -> list[Row]:
    """The side panel, `size` wide and high."""
    sold = home.sold
    rows = _before(desk, size) if sold is None else _after(desk, sold, size)
    return rows[: size.rows]


def _before(desk: Desk, size: Size) -> list[Row]:
    till, say = desk.till, desk.say
    basket = till.sale.basket
    title = _STILL if basket.tenders else _DUE
    ink = Ink.ACCENT if basket.tenders else Ink.STRONG
    rows = [*_big(say(title), basket.due if basket.lines else basket.total, ink, size)]
    counted = [say(_PIECES, count=basket.pieces)]
    counted += [
        f"{plain(many, unit).rstrip('0').rstrip('.')} {say(unit.label)}"
        for unit, many in basket.quantities.items()
        if unit is not Unit.PIECE
    ]
    rows += [_pair(" · ".join(counted), basket.currency, size, Ink.TEXT), BLANK]

    def add(label: Text, amount: Money, ink: Ink = Ink.TEXT) -> None:
        rows.append(_pair(say(label), amount.plain, size, ink))

    if basket.discounts:
        add(_SUBTOTAL, basket.before_discounts)
        add(_DISCOUNTS, -basket.discounts, Ink.ACCENT)
    if basket.tax_on_top:
        add(_ON_TOP, basket.tax_on_top)
    if basket.tax_included:
        add(_WITHIN, basket.tax_included, Ink.FAINT)
    if basket.customer:
        rows += [BLANK, _pair(say(_CUSTOMER), basket.customer, size, Ink.TEXT)]
    if basket.tenders:
        rows += [BLANK]
        add(_TOTAL, basket.total)
        for tender in basket.tenders:
            label = till.catalogue.settings.tender_label(tender.name)
            add(label, Money(-tender.amount_minor, basket.currency))
    return rows


def _after(desk: Desk, sold: Sold, size: Size) -> list[Row]:
    say = desk.say
    with suppress(Refusal):  # a disk in trouble is said by the next act, not by a picture
        newest = desk.till.sale.last_sale()
        if newest.fact.receipt == sold.fact.receipt:
            sold = newest
    fact = sold.fact
    rows = _big(say(_CHANGE), Money(fact.change_minor, fact.currency), Ink.ACCENT, size)
    pieces = sum(line.quantity for line in fact.lines if line.unit == Unit.PIECE) // ONE
    rows += [_pair(say(_PIECES, count=pieces), fact.currency, size, Ink.TEXT), BLANK]
    total = Money(fact.total_minor, fact.currency)
    rows.append(_pair(say(_TOTAL), total.plain, size, Ink.TEXT))
    paper, ink = paper_of(sold)
    rows += [
        BLANK,
        row(Span("  " + say(_RECEIPT), Ink.FAINT)),
        row("  ", Span(clip(fact.receipt, size.columns - 3), Ink.TEXT)),
        row("  ", Span(clip(say(paper), size.columns - 3), ink)),
        BLANK,
    ]
    for tender in fact.tenders:
        label = say(desk.till.catalogue.settings.tender_label(tender.name))
        rows.append(_pair(label, Money(tender.given_minor, fact.currency).plain, size, Ink.TEXT))
    return rows


def _big(title: str, amount: Money, ink: Ink, size: Size) -> list[Row]:
    """A title and the amount in large digits, in ordinary ones when there is no room."""
    room = size.columns - 2
    digits = large(amount.plain)
    if width(digits[0]) > room:
        shown = [BLANK, row(Span(right(amount.plain, room), ink)), BLANK]
    else:
        shown = [row(Span(right(line, room), ink)) for line in digits]
    assert len(shown) == HEIGHT
    return [BLANK, row(Span("  " + clip(title, room - 2), Ink.FAINT)), BLANK, *shown, BLANK]


def _pair(label: str, value: str, size: Size, ink: Ink) -> Row:
    at_left = row(Span("  " + label, Ink.FAINT))
    return sides(at_left, row(Span(" " + value + "  ", ink)), size.columns)
