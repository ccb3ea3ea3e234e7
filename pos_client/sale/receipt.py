"""A sale as paper, laid out by the columns a printer gives each character: Chinese takes two."""

import re
from collections.abc import Sequence
from datetime import datetime

from hardware.printer import dots
from hardware.printer.barcode import Barcode, Symbology
from hardware.printer.dots import NotAPicture
from hardware.printer.encoding import width_cols
from hardware.printer.parts import Line, Part, Picture, Qr
from pos_client.sale.lines import code_price_of
from pos_client.sale.sold import Sold
from pos_client.settings import FILE, PREFIX, TillSettings, WrongSetting
from retail.catalogue import StoreSettings
from retail.facts import SaleLine
from retail.language import Language, Text, breakable
from retail.money import Money
from retail.quantity import ONE, Unit, plain
from retail.receipt import Block, BlockRow, ReceiptNumber, RuleRow, TemplateRow, TextRow

_COPY = Text("*** COPY {count} ***", "*** 副本 COPY {count} ***")
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
    """The text in lines of at most that many columns, broken where it may be; a piece that is wider
    than the paper alone is cut."""
    lines: list[str] = []
    line = ""
    for piece in breakable(_CONTROL.sub(" ", text)):
        if line and width_cols(line) + width_cols(piece.rstrip(" ")) > columns:
            lines.append(line.rstrip(" "))
            line = piece.lstrip(" ")
        else:
            line += piece
        while width_cols(line.rstrip(" ")) > columns:
            part = clipped(line, columns)
            lines.append(part)
            line = line[len(part) :]
    return [*lines, line.rstrip(" ")] if line or not lines else lines


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
    """The receipt of one sale by the store's template, `columns` wide, with `logo` where that has
    its place. `copy` above 0 marks a reprint, on top, whatever the template says."""
    parts: list[Part] = []
    if copy:
        marked = centred(_COPY.to(settings.language).format(count=copy), columns)
        parts += [Line(text, bold=True) for text in marked]
    layout = _Layout(sold, settings, columns, logo)
    has_words = False
    for each in settings.receipt_layout().rows:
        laid = layout.row(each)
        lines = [part for part in laid if isinstance(part, Line)]
        if laid and (has_words or len(lines) < len(laid) or any(line.text for line in lines)):
            parts += laid
            has_words = has_words or any(line.text for line in lines)
    return parts


def as_text(parts: Sequence[Part], columns: int) -> str:
    """The receipt to read on a screen: what is large spread as wide as it prints, a QR code as
    `[QR its text]`, bars as `|their text|`."""
    lines = []
    for part in parts:
        match part:
            case Line(text=text, large=large):
                lines.append(_spread(text, columns) if large else text)
            case Qr(text=text):
                lines.append(_marked(f"[QR {text}]", columns))
            case Barcode(data=data):
                lines.append(_marked(f"|{data}|", columns))
            case Picture():
                lines.append(_marked("[picture]", columns))
    return "\n".join(lines)


def _spread(text: str, columns: int) -> str:
    """A line of half the columns on all of them: in the middle, or at both edges, as it was."""
    left, gap, right = text.rpartition("  ")
    if gap and width_cols(text) == columns // 2:
        return sides(left.rstrip(" "), right.lstrip(" "), columns)[0]
    return _marked(text.strip(" "), columns) if text.startswith(" ") else text


def _marked(mark: str, columns: int) -> str:
    return " " * ((columns - width_cols(mark)) // 2) + mark


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


class _Layout:
    """One sale for paper of so many columns, row by row of a template."""

    def __init__(
        self, sold: Sold, settings: StoreSettings, columns: int, logo: Picture | None
    ) -> None:
        self._sold = sold
        self._settings = settings
        self._columns = columns
        self._logo = logo
        self._values = _values(sold, settings)

    def row(self, row: TemplateRow) -> list[Part]:
        """What a row comes to; nothing where a field of it is empty."""
        if isinstance(row, RuleRow):
            return [Line(row.sign * self._columns)]
        if not all(self._values[field] for field in row.fields):
            return []
        return [*self._text(row)] if isinstance(row, TextRow) else self._block(row)

    def _text(self, row: TextRow) -> list[Line]:
        columns = self._columns // 2 if row.large else self._columns
        left = row.left.filled(self._values)
        if row.right is not None:
            laid = sides(left, row.right.filled(self._values), columns)
        else:
            laid = centred(left, columns) if row.centred else folded(left, columns)
        return [Line(text, row.bold, row.large) for text in laid]

    def _block(self, row: BlockRow) -> list[Part]:
        match row.block:
            case Block.LOGO:
                return [self._logo, Line("")] if self._logo else []
            case Block.ITEMS:
                return [*self._items(with_codes=row.codes)]
            case Block.TENDERS:
                return [*self._tenders()]
            case Block.TAXES:
                return [*self._taxes()]
            case Block.QR | Block.BARCODE:
                return self._to_scan(row.block, row.words.filled(self._values))

    def _to_scan(self, block: Block, words: str) -> list[Part]:
        """A code of these words; as words where no code on this paper can hold them."""
        try:
            code = Qr(words) if block is Block.QR else Barcode(Symbology.CODE128, words)
        except ValueError:
            return [*map(Line, centred(words, self._columns))]
        return [code]

    def _items(self, *, with_codes: bool) -> list[Line]:
        fact, language = self._sold.fact, self._settings.language
        lines = []
        for item in fact.lines:
            code = item.code if with_codes else ""
            lines += _item(item, code, fact.currency, language, self._columns)
        return [*map(Line, lines)]

    def _tenders(self) -> list[Line]:
        fact = self._sold.fact
        lines: list[Line] = []
        if rounding := sum(tender.rounding_minor for tender in fact.tenders):
            lines += self._amount(_ROUNDING, rounding)
        for tender in fact.tenders:
            lines += self._amount(self._settings.tender_label(tender.name), tender.given_minor)
        if fact.change_minor:
            lines += self._amount(_CHANGE, fact.change_minor, bold=True)
        return lines

    def _taxes(self) -> list[Line]:
        lines: list[Line] = []
        for label, tax in _taxes(self._sold.fact.lines):
            lines += self._amount(label, tax)
        return [Line("-" * self._columns), *lines] if lines else []

    def _amount(self, label: Text, minor: int, *, bold: bool = False) -> list[Line]:
        amount = Money(minor, self._sold.fact.currency).plain
        laid = sides(label.to(self._settings.language), amount, self._columns)
        return [Line(text, bold) for text in laid]


def _values(sold: Sold, settings: StoreSettings) -> dict[str, str]:
    """What each field of a template puts in; empty where the sale has nothing to say of it."""
    fact = sold.fact
    number = ReceiptNumber.read(fact.receipt)
    assert number is not None
    at = datetime.fromisoformat(sold.at)
    pieces = sum(item.quantity for item in fact.lines if item.unit == Unit.PIECE) // ONE
    saved = sum(item.discount_minor for item in fact.lines)
    return {
        "store": settings.store_name,
        "till": number.till_id,
        "receipt": fact.receipt,
        "date": at.strftime("%Y-%m-%d"),
        "time": at.strftime("%H:%M:%S"),
        "business_date": sold.business_date,
        "cashier": sold.cashier,
        "customer": fact.customer or "",
        "pieces": str(pieces),
        "total": Money(fact.total_minor, fact.currency).plain,
        "currency": fact.currency,
        "saved": Money(saved, fact.currency).plain if saved else "",
    }


def _item(item: SaleLine, code: str, currency: str, language: Language, columns: int) -> list[str]:
    unit = Unit(item.unit)
    amount = Money(item.total_minor + item.discount_minor, currency).plain
    price = Money(item.unit_price_minor, currency).plain
    many = item.quantity != ONE or unit.is_measured
    detail = f"  {plain(item.quantity, unit)} {unit.label.to(language)} x {price}"
    name = folded(item.name, columns)
    beside = not many and width_cols(name[-1]) + width_cols(amount) < columns
    lines = [*name[:-1], *sides(name[-1], amount, columns)] if beside else name
    if code:
        lines += folded(f"  {code}", columns)
    if not beside:
        lines += sides(detail, amount, columns)
    by_code = code_price_of(item, currency)
    if by_code is not None:
        lines += folded(f"  {by_code.to(language)}", columns)
    if item.discount_minor:
        off = Money(-item.discount_minor, currency).plain
        why = f" · {item.discount_reason}" if item.discount_by_rule else ""
        lines += sides(f"  {_DISCOUNT.to(language)}{why}", off, columns)
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
