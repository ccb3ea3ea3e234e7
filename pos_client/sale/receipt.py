"""A sale as paper, laid out by the columns a printer gives each character: Chinese takes two."""

import re
from collections.abc import Sequence
from datetime import datetime

from hardware.printer import dots
from hardware.printer.dots import NotAPicture
from hardware.printer.encoding import width_cols
from hardware.printer.parts import Line, Part, Picture, Qr
from pos_client.sale.lines import code_price_of
from pos_client.sale.records import Sold
from pos_client.settings import FILE, PREFIX, TillSettings, WrongSetting
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
#: what would break a line of paper in two (Unicode Cc, and the two separators)
_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")


def clipped(text: str, columns: int) -> str:
    """As much of the text as fits, never half of a wide character."""
    used = 0
    for place, char in enumerate(text):
        used += width_cols(char)
        if used > columns:
            return text[:place]
    return text


def folded(text: str, columns: int) -> list[str]:
    """The text in pieces of at most that many columns, cut at a blank where one is near."""
    text = _CONTROL.sub(" ", text)
    pieces = []
    while width_cols(text) > columns:
        piece = clipped(text, columns)
        blank = piece.rfind(" ")
        if blank > len(piece) // 2:
            piece = piece[:blank]
        pieces.append(piece)
        text = text[len(piece) :].lstrip(" ")
    return [*pieces, text]


def sides(left: str, right: str, columns: int) -> list[str]:
    """Both ends flush on one line when they fit with a blank between, else the left one above
    the right one: nothing is cut off."""
    left, right = _CONTROL.sub(" ", left), _CONTROL.sub(" ", right)
    gap = columns - width_cols(left) - width_cols(right)
    if gap > 0:
        return [left + " " * gap + right]
    above, below = folded(left, columns), folded(right, columns)
    return [*above, *(" " * (columns - width_cols(piece)) + piece for piece in below)]


def centred(text: str, columns: int) -> list[str]:
    """The text in the middle, on as many lines as it needs."""
    pieces = folded(text, columns)
    return [" " * ((columns - width_cols(piece)) // 2) + piece for piece in pieces]


def receipt_parts(
    sold: Sold, settings: StoreSettings, columns: int, copy: int, logo: Picture | None = None
) -> list[Part]:
    """The receipt of one sale, in the store's language, `columns` wide: `logo` on top, the number
    as a QR code at the end. `copy` above 0 marks a reprint."""
    rule = Line("-" * columns)
    parts: list[Part] = []
    if copy:
        marked = centred(_COPY.to(settings.language).format(count=copy), columns)
        parts += [Line(text, bold=True) for text in marked]
    if logo is not None:
        parts += [logo, Line("")]
    parts += [*_head(sold, settings, columns), rule]
    for item in sold.fact.lines:
        parts += map(Line, _item(item, sold.fact.currency, settings.language, columns))
    parts += [rule, *_sums(sold, settings, columns), rule]
    for text in settings.receipt_footer:
        parts += map(Line, centred(text, columns))
    return [*parts, Qr(sold.fact.receipt), *map(Line, centred(sold.fact.receipt, columns))]


def as_text(parts: Sequence[Part], columns: int) -> str:
    """The receipt to read on a screen; a QR code stands there as `[QR its text]`."""
    lines = []
    for part in parts:
        match part:
            case Line(text=text):
                lines.append(text)
            case Qr(text=text):
                lines.append(_marked(f"[QR {text}]", columns))
            case Picture():
                lines.append(_marked("[picture]", columns))
    return "\n".join(lines)


def _marked(mark: str, columns: int) -> str:
    return " " * ((columns - len(mark)) // 2) + mark


class Logo:
    """The logo of this till's receipts, a PNG file in its folder; read once for each width."""

    def __init__(self, settings: TillSettings) -> None:
        self._settings = settings
        self._drawn: dict[int, Picture | None] = {}

    def at(self, columns: int) -> Picture | None:
        """As dots for paper of so many columns, None when there is no logo. Raises
        WrongSetting."""
        if columns not in self._drawn:
            self._drawn[columns] = self._read(columns)
        return self._drawn[columns]

    def _read(self, columns: int) -> Picture | None:
        settings = self._settings
        if settings.logo is None:
            return None
        try:
            return dots.logo(settings.data / settings.logo, columns)
        except NotAPicture as fault:
            why = Text(f"{fault.say_en} {fault.remedy_en}", f"{fault.say_zh}{fault.remedy_zh}")
            raise WrongSetting(name="logo", why=why, file=FILE, prefix=PREFIX) from None


def _head(sold: Sold, settings: StoreSettings, columns: int) -> list[Line]:
    language = settings.language
    lines = []
    if settings.store_name:
        named = centred(settings.store_name, columns // 2)
        lines += [Line(text, bold=True, large=True) for text in named]
    for header in settings.receipt_header:
        lines += map(Line, centred(header, columns))
    lines += [Line("")] if lines else []
    when = datetime.fromisoformat(sold.at).strftime("%Y-%m-%d %H:%M:%S")
    cashier = f"{_CASHIER.to(language)} {sold.cashier}"
    lines += map(Line, sides(_RECEIPT.to(language), sold.fact.receipt, columns))
    lines += map(Line, sides(when, cashier, columns))
    if sold.fact.customer:
        lines += map(Line, sides(_CUSTOMER.to(language), sold.fact.customer, columns))
    return lines


def _item(item: SaleLine, currency: str, language: Language, columns: int) -> list[str]:
    unit = Unit(item.unit)
    amount = Money(item.total_minor + item.discount_minor, currency).plain
    price = Money(item.unit_price_minor, currency).plain
    many = item.quantity != ONE or unit.is_measured
    detail = f"  {plain(item.quantity, unit)} {unit.label.to(language)} x {price}"
    name = folded(item.name, columns)
    if not many and width_cols(name[-1]) + width_cols(amount) < columns:
        lines = [*name[:-1], *sides(name[-1], amount, columns)]
    else:
        lines = [*name, *sides(detail, amount, columns)]
    by_code = code_price_of(item, currency)
    if by_code is not None:
        lines += folded(f"  {by_code.to(language)}", columns)
    if item.discount_minor:
        off = Money(-item.discount_minor, currency).plain
        why = f" · {item.discount_reason}" if item.discount_by_rule else ""
        lines += sides(f"  {_DISCOUNT.to(language)}{why}", off, columns)
    return lines


def _sums(sold: Sold, settings: StoreSettings, columns: int) -> list[Line]:
    fact, language = sold.fact, settings.language
    pieces = sum(item.quantity for item in fact.lines if item.unit == Unit.PIECE) // ONE
    total = sides(_TOTAL.to(language), Money(fact.total_minor, fact.currency).plain, columns // 2)
    lines = [
        *map(Line, sides(_PIECES.to(language), str(pieces), columns)),
        *(Line(text, bold=True, large=True) for text in total),
    ]

    def add(label: Text, minor: int, *, bold: bool = False) -> None:
        amount = Money(minor, fact.currency).plain
        lines.extend(Line(text, bold) for text in sides(label.to(language), amount, columns))

    if rounding := sum(tender.rounding_minor for tender in fact.tenders):
        add(_ROUNDING, rounding)
    for tender in fact.tenders:
        add(settings.tender_label(tender.name), tender.given_minor)
    if fact.change_minor:
        add(_CHANGE, fact.change_minor, bold=True)
    if taxes := _taxes(fact.lines):
        lines.append(Line("-" * columns))
    for label, tax in taxes:
        add(label, tax)
    return lines


def _taxes(items: tuple[SaleLine, ...]) -> list[tuple[Text, int]]:
    sums: dict[tuple[int, bool], int] = {}
    for item in items:
        key = (item.tax.rate_ppm, item.tax.included)
        sums[key] = sums.get(key, 0) + item.tax_minor
    return [
        ((_TAX_INCLUDED if included else _TAX).filled(rate=f"{rate_ppm / 10_000:g}"), tax)
        for (rate_ppm, included), tax in sorted(sums.items())
        if rate_ppm
    ]
