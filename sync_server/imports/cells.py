"""What a cell says: text, amounts, quantities, units, taxes, codes, yes or no.

Cells are read as people and programs write them: `¥3.50`, `3,50` where the file has decimal
commas, full-width digits, `13%`, `="6901028075022"`. What is not understood is BadCell.
"""

import math
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from retail import money
from retail.money import Money, rounded_quotient
from retail.quantity import Unit
from retail.tax import PER_MILLION, Tax
from sync_server.imports.rows import BadCell

#: product ids, barcodes, tax codes and cashier numbers are no longer
KEY_CHARACTERS_MAX = 100
#: amounts and quantities above this are slips of the hand, in minor units and 1/1000
NUMBER_MAX = 10**12
#: cells that repeat are read once
_CACHED = 1 << 14
#: a float holds so many digits; a longer number has lost some
_FLOAT_DIGITS = 15
QUANTITY_DECIMALS = 3
#: of what goods cost, beyond the currency's own; the amount is rounded
_COST_DECIMALS = 2
#: of a rate, so that it is whole in millionths
_PERCENT_DECIMALS = 4
_FRACTION_DECIMALS = 6

#: what a spreadsheet would take for a formula; a number with a sign is none
_FORMULA = re.compile(r"'*(?:[=@\t\r]|[+-](?![\d.,]+$))")
_CURRENCY_SIGNS = re.compile(
    r"^(?:RMB|CNY|HK\$|[¥$€£])|(?:元|圆|圓|RMB|CNY|[¥$€£])$", re.IGNORECASE
)
_COMMA = re.compile(r"-?(?:\d+|\d{1,3}(?:\.\d{3})+),\d{1,2}")
_POINT = re.compile(r"-?[\d,]*\.\d{1,2}")
_GROUPED = re.compile(r"([+-]?)(\d+|\d{1,3}(?:\.\d{3})+)(?:,(\d*))?")
_TRUE = {"1", "true", "yes", "y", "是"}
_FALSE = {"0", "false", "no", "n", "否"}
_UNTAXED = {"免税", "不征税", "exempt"}


def guarded(cell: str) -> str:
    """The cell as a spreadsheet takes it for text: `=1+1` with an apostrophe before it (OWASP,
    CSV injection)."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """What was guarded."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell[1:]) else cell


def text(cell: str) -> str:
    """Words with one space between."""
    words = " ".join(cell.split())
    return unguarded(words) if words[0:1] == "'" else words


def key(value: str) -> str:
    if len(value) > KEY_CHARACTERS_MAX:
        raise BadCell(
            f"{value[:20]}… is longer than {KEY_CHARACTERS_MAX} characters",
            f"{value[:20]}… 超过 {KEY_CHARACTERS_MAX} 个字符",
        )
    return value


def plain(cell: str) -> str:
    """The cell in half-width characters."""
    return (cell if cell.isascii() else unicodedata.normalize("NFKC", cell)).strip()


def number_text(value: float) -> str:
    """A number of a spreadsheet in digits: 6901028075022.0 is `6901028075022`. One that has lost
    digits reads `6.90103E+17`, and is no code."""
    if not math.isfinite(value):
        return "" if math.isnan(value) else str(value)
    if abs(value) >= 10**_FLOAT_DIGITS:
        return f"{value:.5E}"
    if value == int(value):
        return str(int(value))
    return f"{value:.{_FLOAT_DIGITS}g}"


def has_decimal_commas(cells: Iterable[str]) -> bool:
    """Whether amounts are written `3,50`: some are, and none is written `3.50`."""
    amounts = [_amount_digits(cell) for cell in cells]
    return any(map(_COMMA.fullmatch, amounts)) and not any(map(_POINT.fullmatch, amounts))


def _amount_digits(cell: str) -> str:
    return _CURRENCY_SIGNS.sub("", plain(cell).replace(" ", "")).strip()


def scaled(name: str, digits: str, decimals: int, *, comma: bool = False, cut: bool = False) -> int:
    """A number as a count of its last decimal; a finer one is `cut` there, or refused. Raises
    BadCell."""
    try:
        digits = _with_point(digits) if comma else digits
        if cut:
            whole, point, part = digits.partition(".")
            digits = f"{whole}{point}{part[:decimals]}" if part.isdigit() else digits
        return money.scaled(digits, decimals)
    except ValueError as fault:
        zh = f"{name} {digits[:40]!r} 不是数字，或小数超过 {decimals} 位，或过大"
        raise BadCell(str(fault), zh) from None


def _with_point(digits: str) -> str:
    """A number with a decimal comma in the way of those with a point."""
    found = _GROUPED.fullmatch(digits)
    if found is None:
        raise ValueError(f"{digits[:40]!r} is not a number with a decimal comma as others here")
    return f"{found[1]}{found[2].replace('.', '')}.{found[3] or 0}"


@lru_cache(_CACHED)
def price(name: str, cell: str, currency: str, comma: bool, times: int = 1) -> int:
    """An amount from 0, in minor units, for `times` as much as the cell speaks of. Raises
    BadCell."""
    digits = _amount_digits(cell)
    minor = scaled(name, digits, money.exponent(currency), comma=comma) * times
    return _from_0(name, cell, minor, currency)


@lru_cache(_CACHED)
def cost(name: str, cell: str, currency: str, comma: bool, times: int = 1) -> int:
    """What goods cost, in minor units: half a unit is rounded up, for suppliers reckon finer than
    a currency is. Raises BadCell."""
    decimals = money.exponent(currency) + _COST_DECIMALS
    finer = scaled(name, _amount_digits(cell), decimals, comma=comma, cut=True) * times
    minor = rounded_quotient(finer, 10**_COST_DECIMALS)
    return _from_0(name, cell, minor, currency)


def _from_0(name: str, cell: str, minor: int, currency: str) -> int:
    if not 0 <= minor <= NUMBER_MAX:
        most = Money(NUMBER_MAX, currency).plain
        raise BadCell(
            f"{name} {cell} is not between 0 and {most}", f"{name} {cell} 不在 0 与 {most} 之间"
        )
    return minor


@lru_cache(_CACHED)
def quantity(name: str, cell: str, comma: bool) -> int:
    """A quantity of either sign in 1/1000. Raises BadCell."""
    milli = scaled(name, plain(cell), QUANTITY_DECIMALS, comma=comma)
    if abs(milli) > NUMBER_MAX:
        raise BadCell(f"{name} {cell} is more than any shop has", f"{name} {cell} 过大")
    return milli


def yes(cell: str) -> bool:
    said = plain(cell).lower()
    if said in _TRUE:
        return True
    if said in _FALSE:
        return False
    raise BadCell(f"{cell!r} is neither yes nor no", f"{cell!r} 既不是“是”也不是“否”")


def currency_of(cell: str) -> str:
    try:
        money.exponent(cell.upper())
    except ValueError as fault:
        raise BadCell(str(fault), f"{cell!r} 不是 ISO 4217 货币") from None
    return cell.upper()


def tax(rate: str, code: str, included: str) -> Tax:
    """`13%` and `13` are 13 percent, and so is a bare number below one, `0.13`: a rate below one
    percent needs its sign. The code is VAT and the rate where none is given. Raises BadCell."""
    is_included = yes(included or "yes")
    digits = plain(rate)
    percent = digits.removesuffix("%").strip()
    if not percent or percent in _UNTAXED:
        return Tax()
    ppm = scaled("tax_rate", percent, _FRACTION_DECIMALS)
    if percent != digits or ppm >= PER_MILLION:
        ppm = scaled("tax_rate", percent, _PERCENT_DECIMALS)
    if not 0 <= ppm <= PER_MILLION:
        raise BadCell(
            f"tax_rate {rate} is not between 0 and 100 %", f"税率 {rate} 不在 0 与 100% 之间"
        )
    return Tax(key(code) or f"VAT{percent_text(ppm)}", ppm, is_included)


def percent_text(rate_ppm: int) -> str:
    """A rate in percent without the sign: 130,000 is `13`."""
    whole, part = divmod(rate_ppm, PER_MILLION // 100)
    return f"{whole}.{part:0{_PERCENT_DECIMALS}d}".rstrip("0") if part else str(whole)


class Measure(NamedTuple):
    """A unit as it is written: `per` of it make one of ours, so two 斤 make a kilogram."""

    unit: Unit
    per: int = 1


_BY_WEIGHT = "计重 称重 称重商品 散称 散装 weighed weight byweight scale 1"
_BY_PIECE = "计件 计数 普通 普通商品 标准 定量 piece count each normal 0 2"
_MEASURES = {
    Measure(Unit.PIECE): (
        "piece pieces pc pcs ea each unit item bottle can box bag pack pk case ctn carton set pair"
        " dozen doz roll sheet bar jar tub tube cup tray bundle 个 件 瓶 袋 盒 包 支 只 条 罐 桶 箱"
        " 提 双 套 本 张 把 块 片 卷 枚 粒 台 根 杯 听 板 排 对 副 床 打 组 份 串 头 朵 棵 盆 筒 管"
        " 扎 束 碗 盘 篮 筐 匹 顶 部 颗 册 辆 架 幅 扇 节 捆 抽 帖 贴 隻 個 雙 條 張 顆"
    ),
    Measure(Unit.KILOGRAM): "kg kgs kgm kilo kilogram kilograms 公斤 千克",
    Measure(Unit.KILOGRAM, 2): "斤 市斤 jin 500g 500克",
    Measure(Unit.KILOGRAM, 10): "100g 100克",
    Measure(Unit.KILOGRAM, 20): "两 兩 50g 50克",
    Measure(Unit.KILOGRAM, 1000): "g gr grm gram grams 克",
    Measure(Unit.LITRE): "l ltr litre litres liter liters 升 公升",
    Measure(Unit.LITRE, 1000): "ml mlt 毫升",
    Measure(Unit.METRE): "m mtr metre metres meter meters 米 公尺",
    Measure(Unit.METRE, 100): "cm cmt 厘米",
}
_UNITS = {word: measure for measure, words in _MEASURES.items() for word in words.split()}
_WEIGHED = {True: set(_BY_WEIGHT.split()), False: set(_BY_PIECE.split())}
#: a 斤 is 500 g in the mainland alone (600 g in Taiwan, 604.79 g in Hong Kong)
_JIN = {"斤", "市斤", "jin", "两", "兩"}


def measure(unit: str, mode: str, currency: str) -> Measure:
    """What one price is for. The mode (计价方式) counts: by the piece the unit is a label, by
    weight a unit that is none of weight is a kilogram. Raises BadCell."""
    by_weight = is_weighed(mode)
    if by_weight is False:
        return Measure(Unit.PIECE)
    word = re.sub(r"^(?:元|¥)?/|[\s.]", "", plain(unit).lower())
    known = _UNITS.get(word) if word else Measure(Unit.PIECE)
    if by_weight and (known is None or known.unit is not Unit.KILOGRAM):
        return Measure(Unit.KILOGRAM)
    if known is None:
        ours = ", ".join(Unit)
        raise BadCell(
            f"unit {unit!r} is none of {ours}, nor a known word for one; how it is sold"
            " (pricing: piece or weighed) can be said in a column of its own",
            f"单位 {unit!r} 不是 {ours}，也不是已知的写法；可另设“计价方式”列（计件或计重）",
        )
    if word in _JIN and currency != "CNY":
        raise BadCell(
            f"unit {unit!r} is of another weight where {currency} is paid; give prices per kg",
            f"在使用 {currency} 的地区 {unit!r} 重量不同，请改为每千克价格",
        )
    return known


def is_weighed(mode: str) -> bool | None:
    """Whether a thing is sold by weight or by the piece; None when the cell does not say."""
    word = re.sub(r"[\s_-]", "", plain(mode).lower())
    if not word:
        return None
    for weighed, words in _WEIGHED.items():
        if word in words:
            return weighed
    raise BadCell(
        f"pricing {mode!r} is neither piece nor weighed", f"计价方式 {mode!r} 既不是计件也不是计重"
    )
