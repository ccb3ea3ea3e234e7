"""A sale as lines of paper, laid out by the columns a printer gives each character: Chinese
takes two."""

from datetime import datetime

from hardware.receipt_bytes import Line, width_cols
from pos_client.sale.records import Sold
from retail.catalogue import StoreSettings
from retail.facts import SaleLine
from retail.language import Language, Text
from retail.money import Money
from retail.quantity import ONE, Unit, plain

_COPY = Text("*** COPY {count} ***", "*** 副本 COPY {count} ***")
_RECEIPT = Text("Receipt", "小票号")
_CASHIER = Text("Cashier", "收银员")
_CUSTOMER = Text("Customer", "顾客")
_PIECES = Text("Items", "件数")
_TOTAL = Text("TOTAL", "合计")
_DISCOUNT = Text("Discount", "优惠")
_ROUNDING = Text("Rounding", "舍入")
_CHANGE = Text("Change", "找零")
_TAX = Text("Tax {rate}%", "税 {rate}%")
_TAX_INCLUDED = Text("incl. tax {rate}%", "含税 {rate}%")


def clipped(text: str, columns: int) -> str:
    """As much of the text as fits, never half of a wide character."""
    used = 0
    for place, char in enumerate(text):
        used += width_cols(char)
        if used > columns:
            return text[:place]
    return text


def folded(text: str, columns: int) -> list[str]:
    """The text in pieces of at most that many columns."""
    pieces = []
    while width_cols(text) > columns:
        piece = clipped(text, columns)
        pieces.append(piece)
        text = text[len(piece) :]
    return [*pieces, text]


def sides(left: str, right: str, columns: int) -> str:
    """One line with both ends flush; the left one is clipped when they do not fit."""
    left = clipped(left, max(columns - width_cols(right) - 1, 0))
    return left + " " * (columns - width_cols(left) - width_cols(right)) + right


def centred(text: str, columns: int) -> str:
    text = clipped(text, columns)
    return " " * ((columns - width_cols(text)) // 2) + text


def receipt_lines(sold: Sold, settings: StoreSettings, columns: int, copy: int) -> list[Line]:
    """The receipt of one sale, in the store's language, `columns` wide. `copy` above 0 marks a
    reprint."""
    language = settings.language
    lines = _head(sold, settings, columns, copy)
    rule = Line("-" * columns)
    lines.append(rule)
    for item in sold.fact.lines:
        lines += _item(item, sold.fact.currency, language, columns)
    lines.append(rule)
    lines += _sums(sold, settings, columns)
    lines.append(rule)
    lines += [Line(centred(text, columns)) for text in settings.receipt_footer]
    return lines


def _head(sold: Sold, settings: StoreSettings, columns: int, copy: int) -> list[Line]:
    language = settings.language
    lines = []
    if copy:
        lines.append(Line(centred(_COPY.to(language).format(count=copy), columns), bold=True))
    if settings.store_name:
        name = clipped(settings.store_name, columns // 2)
        lines.append(Line(centred(name, columns // 2), large=True))
    lines += [Line(centred(text, columns)) for text in settings.receipt_header]
    when = datetime.fromisoformat(sold.at).strftime("%Y-%m-%d %H:%M:%S")
    cashier = f"{_CASHIER.to(language)} {sold.cashier}"
    lines += [
        Line(sides(_RECEIPT.to(language), sold.fact.receipt, columns)),
        Line(sides(when, cashier, columns)),
    ]
    if sold.fact.customer:
        lines.append(Line(sides(_CUSTOMER.to(language), sold.fact.customer, columns)))
    return lines


def _item(item: SaleLine, currency: str, language: Language, columns: int) -> list[Line]:
    unit = Unit(item.unit)
    amount = Money(item.total_minor + item.discount_minor, currency).plain
    price = Money(item.unit_price_minor, currency).plain
    many = item.quantity != ONE or unit.is_measured
    detail = f"  {plain(item.quantity, unit)} {unit.label.to(language)} x {price}"
    name = folded(item.name, columns)
    if not many and width_cols(name[-1]) + width_cols(amount) < columns:
        lines = [*map(Line, name[:-1]), Line(sides(name[-1], amount, columns))]
    else:
        lines = [*map(Line, name), Line(sides(detail, amount, columns))]
    if item.discount_minor:
        off = Money(-item.discount_minor, currency).plain
        lines.append(Line(sides(f"  {_DISCOUNT.to(language)}", off, columns)))
    return lines


def _sums(sold: Sold, settings: StoreSettings, columns: int) -> list[Line]:
    fact, language = sold.fact, settings.language
    labels = {tender.name: tender.label for tender in settings.tenders}
    total = Money(fact.total_minor, fact.currency)
    half = columns // 2
    lines = [Line(sides(_TOTAL.to(language), total.plain, half), large=True)]
    pieces = sum(item.quantity for item in fact.lines if item.unit == Unit.PIECE) // ONE
    lines.append(Line(sides(_PIECES.to(language), str(pieces), columns)))
    rounding = sum(tender.rounding_minor for tender in fact.tenders)
    if rounding:
        lines.append(_amount(_ROUNDING.to(language), rounding, fact.currency, columns))
    for tender in fact.tenders:
        label = labels.get(tender.name, Text(tender.name, tender.name)).to(language)
        lines.append(_amount(label, tender.given_minor, fact.currency, columns))
    if fact.change_minor:
        lines.append(_amount(_CHANGE.to(language), fact.change_minor, fact.currency, columns))
    lines += _taxes(fact.lines, fact.currency, language, columns)
    return lines


def _taxes(
    items: tuple[SaleLine, ...], currency: str, language: Language, columns: int
) -> list[Line]:
    sums: dict[tuple[int, bool], int] = {}
    for item in items:
        key = (item.tax.rate_ppm, item.tax.included)
        sums[key] = sums.get(key, 0) + item.tax_minor
    lines = []
    for (rate_ppm, included), tax in sorted(sums.items()):
        if rate_ppm:
            label = (_TAX_INCLUDED if included else _TAX).filled(rate=f"{rate_ppm / 10_000:g}")
            lines.append(_amount(label.to(language), tax, currency, columns))
    return lines


def _amount(label: str, minor: int, currency: str, columns: int) -> Line:
    return Line(sides(label, Money(minor, currency).plain, columns))
