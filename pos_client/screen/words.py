"""Dates, amounts and entries as a cashier reads and types them."""

from datetime import date
from typing import Final

from hardware.scanner.scan import Scan
from retail.barcode import payment_code
from retail.language import Language, Text
from retail.money import AMOUNT_MAX, Money
from retail.quantity import Unit, parse
from retail.refusals import Refusal
from retail.tax import PER_MILLION

_DAYS_ZH: Final = "一二三四五六日"
_DAYS_EN: Final = "Mon Tue Wed Thu Fri Sat Sun".split()
_MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

_TEN_MILLI: Final = 10_000
#: the amount that shows how one is typed, in minor units
_LIKE_MINOR: Final = 57_60
#: as much of a code as a sentence shows
_CODE_CHARACTERS_MAX: Final = 40


_TYPE_LIKE = Text("Type it like {example}.", "请按此格式输入：{example}。")


class NotAnAmount(Refusal):
    code = "not_an_amount"
    sentence = Text("{text} is not an amount.", "“{text}” 不是金额。")
    way_on = _TYPE_LIKE


class NotAQuantity(Refusal):
    code = "not_a_quantity"
    sentence = Text("{text} is not a quantity.", "“{text}” 不是数量。")
    way_on = _TYPE_LIKE


def day(of: date, language: Language, *, year: bool = False) -> str:
    """`6月3日 周三`, `Wed 3 Jun`; with the year where the wrong one would matter."""
    if language is Language.CHINESE:
        before = f"{of.year}年" if year else ""
        return f"{before}{of.month}月{of.day}日 周{_DAYS_ZH[of.weekday()]}"
    after = f" {of.year}" if year else ""
    return f"{_DAYS_EN[of.weekday()]} {of.day} {_MONTHS[of.month - 1]}{after}"


def month_day(of: date, language: Language) -> str:
    """`6月3日`, `3 Jun`."""
    if language is Language.CHINESE:
        return f"{of.month}月{of.day}日"
    return f"{of.day} {_MONTHS[of.month - 1]}"


def code(scan: str) -> str:
    """A code as a sentence shows it: of a customer's payment code the first and last digits, of a
    long one the beginning."""
    paid = payment_code(scan)
    return paid.masked if paid else Scan.read(scan).code[:_CODE_CHARACTERS_MAX]


def money_of(text: str, currency: str) -> Money:
    """What was typed as an amount. Raises NotAnAmount."""
    try:
        return Money.parse(text, currency)
    except ValueError:
        example = Money(_LIKE_MINOR, currency).plain
        raise NotAnAmount(text=code(text), example=example) from None


def quantity_of(text: str, unit: Unit) -> int:
    """`3` or `0.655` of the unit as 1/1000. Raises NotAQuantity when it is none above 0."""
    try:
        quantity = parse(text)
    except ValueError:
        quantity = 0
    if quantity <= 0:
        raise NotAQuantity(text=code(text), example="0.655" if unit.is_measured else "3")
    return quantity


def grams_of(text: str) -> int:
    """`655` as it stands. Raises NotAQuantity when it is no whole number in plain digits."""
    return whole_of(text, AMOUNT_MAX, "655")


def whole_of(text: str, most: int, example: str) -> int:
    """`12` as it stands. Raises NotAQuantity when it is no whole number in plain digits, or above
    `most`."""
    if not (text.isascii() and text.isdigit()) or int(text) > most:
        raise NotAQuantity(text=code(text), example=example)
    return int(text)


def rate_of(text: str) -> int:
    """`10%` off, or `9折` and `85折` (nine tenths, 85 hundredths are paid), as millionths off.
    ValueError when it is no such rate."""
    if text.endswith("折"):
        paid = parse(text[:-1])
        tenths = paid if paid <= _TEN_MILLI else paid // 10
        if not 0 < tenths < _TEN_MILLI:
            raise ValueError(f"{text!r} is no rate")
        return PER_MILLION - tenths * PER_MILLION // _TEN_MILLI
    if not text.endswith(("%", "％")):
        raise ValueError(f"{text!r} is no rate")
    percent_milli = parse(text[:-1])
    return percent_milli * PER_MILLION // 100_000
