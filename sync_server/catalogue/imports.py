"""CSV files of stores, cashiers and products: good rows go in, bad ones go to a file beside.

The first line names the columns; the order is free, unknown columns are ignored. A row is a line.
Reading is streaming; a row is bad alone: FILE.rejects.csv says its line, why, and what it said.
"""

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from retail import money, quantity
from retail.catalogue import Cashier, Product, StoreSettings
from retail.language import Language, Text
from retail.money import Money
from retail.quantity import Unit
from retail.refusals import Refusal
from retail.tax import PER_MILLION, Tax

T = TypeVar("T")

#: a longer cell is none that anyone typed
CELL_CHARACTERS_MAX = 10_000
#: product ids, barcodes, tax codes and cashier numbers are no longer
KEY_CHARACTERS_MAX = 100
#: a longer line is no row; so much of it is shown
LINE_BYTES_MAX = 1024 * 1024
#: amounts and quantities above this are slips of the hand, in minor units and 1/1000
NUMBER_MAX = 10**12
#: no currency has more decimals (ISO 4217 list one)
_COIN_DECIMALS = 4
#: what no printed text holds: control characters, and the mark of bytes that were not UTF-8
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")
#: an id is part of file names, receipt numbers and addresses
_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
#: what a rejects file says of a row, before the row itself
_TOLD = ["line", "reason"]
_TRUE = {"1", "true", "yes", "y", "是"}
_FALSE = {"0", "false", "no", "n", "否"}


class UnreadableFile(Refusal):
    code = "unreadable_file"
    sentence = Text("{file} cannot be read: {why}", "无法读取 {file}：{why}")
    way_on = Text(
        "Give a CSV file in UTF-8 whose first line names the columns: {columns}.",
        "请提供 UTF-8 编码的 CSV 文件，首行为列名：{columns}。",
    )


class BadRow(NamedTuple):
    """A row that stays out: its line in the file, what stood there, and why."""

    line: int
    row: list[str]
    why: str


class GoodRow(NamedTuple, Generic[T]):
    """A row that was understood."""

    line: int
    row: list[str]
    value: T


class UnfittingCashStep(Refusal):
    code = "unfitting_cash_step"
    sentence = Text(
        "cash_step {step} is not an amount of {currency}.",
        "cash_step {step} 不是 {currency} 金额。",
    )
    way_on = Text(
        "Name in the file what the smallest coin of {currency} is.",
        "请在文件中填写 {currency} 的最小找零单位。",
    )


class StoreRow(NamedTuple):
    """One store of a file; None is what the file does not say."""

    store_id: str
    name: str
    timezone: str | None = None
    currency: str | None = None
    language: Language | None = None
    #: an amount as it was typed, of the currency that the store has then
    cash_step: str | None = None
    quantity_max: int | None = None

    def onto(self, before: StoreSettings) -> StoreSettings:
        """The store's settings with what the file says put in. Raises UnfittingCashStep."""
        said = {
            "store_name": self.name,
            "timezone": self.timezone,
            "currency": self.currency,
            "language": self.language,
            "quantity_max": self.quantity_max,
        }
        told = {name: value for name, value in said.items() if value is not None}
        after = msgspec.structs.replace(before, **told)
        return msgspec.structs.replace(after, cash_step_minor=self._cash_step_minor(before, after))

    def _cash_step_minor(self, before: StoreSettings, after: StoreSettings) -> int:
        step, currency = self.cash_step, after.currency
        if step is not None:
            try:
                return Money.parse(step, currency).minor
            except ValueError:
                raise UnfittingCashStep(step=step, currency=currency) from None
        minor = before.cash_step_minor
        if currency != before.currency and minor != StoreSettings().cash_step_minor:
            known = f"{Money(minor, before.currency).plain} {before.currency}"
            raise UnfittingCashStep(step=known, currency=currency)
        return minor


class CashierRow(NamedTuple):
    """One cashier of a file."""

    store_id: str
    cashier: Cashier


Cells = dict[str, str]


class CsvFile(Generic[T]):
    """The rows of a file, each understood by `parse` or not; read once, as they come."""

    def __init__(self, file: Path, required: tuple[str, ...], parse: Callable[[Cells], T]) -> None:
        self.file = file
        self._required = required
        self._parse = parse
        #: what the first line says, once it was read
        self.columns: list[str] = []

    def __iter__(self) -> Iterator[GoodRow[T] | BadRow]:
        """Raises UnreadableFile."""
        try:
            with self.file.open("rb") as stream:
                rows = _rows(stream)
                first = next(rows, None)
                header = _header(self.file, first, self._required)
                self.columns = first.cells if first else []
                for row in rows:
                    yield _understood(row, header, self._parse)
        except OSError as fault:
            why, columns = fault.strerror or str(fault), ", ".join(self._required)
            raise UnreadableFile(file=self.file.name, why=why, columns=columns) from None

    def write_rejects(self, bad: list[BadRow]) -> Path | None:
        """Write the bad rows beside the file, under its own columns, so that they can be mended
        there and imported; none: an old rejects file goes."""
        rejects = self.file.with_name(self.file.name + ".rejects.csv")
        if not bad:
            rejects.unlink(missing_ok=True)
            return None
        # The file may have been one of rejects itself.
        told = len(_TOLD) if self.columns[: len(_TOLD)] == _TOLD else 0
        with rejects.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow([*_TOLD, *self.columns[told:]])
            writer.writerows([row.line, row.why, *row.row[told:]] for row in bad)
        return rejects


class _Row(NamedTuple):
    """A row as it stands at a line of the file; `why` says what makes it none."""

    line: int
    cells: list[str]
    why: Text | None = None


def _rows(stream: BinaryIO) -> Iterator[_Row]:
    """Rows that are not empty. A row is a line, so that a torn quote or a bad byte spoils its own
    line alone: with cells of several lines it would swallow what follows."""
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    for line, data in enumerate(_lines(stream), start=1):
        text = data.decode("utf-8-sig" if line == 1 else "utf-8", errors="replace")
        try:
            (cells,) = csv.reader([text], strict=True)
        except csv.Error as fault:
            why = Text(f"not a line of CSV: {fault}", f"不是 CSV 行：{fault}")
            yield _Row(line, [text.rstrip("\r\n")], why)
            continue
        if _NOT_TEXT.search(text):
            yield _Row(line, cells, Text("not UTF-8 text", "不是 UTF-8 文本"))
        elif cells:
            yield _Row(line, cells)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines, of one that is too long the beginning."""
    while line := stream.readline(LINE_BYTES_MAX):
        rest = line
        while len(rest) == LINE_BYTES_MAX and not rest.endswith(b"\n"):
            rest = stream.readline(LINE_BYTES_MAX)
        yield line


def _header(file: Path, first: _Row | None, required: tuple[str, ...]) -> list[str]:
    """The names of the columns. Raises UnreadableFile."""
    names = [name.strip().lower() for name in first.cells] if first else []
    missing = [name for name in required if name not in names]
    twice = [name for name in names if name and names.count(name) > 1]
    why = None
    if first is None:
        why = Text("it is empty", "文件为空")
    elif first.why:
        why = Text("its first line is {what}", "首行{what}").filled(what=first.why)
    elif missing:
        why = Text(f"no column {', '.join(missing)}", f"缺少列 {', '.join(missing)}")
    elif twice:
        why = Text(f"column {twice[0]} stands there twice", f"列 {twice[0]} 重复")
    if why:
        raise UnreadableFile(file=file.name, why=why, columns=", ".join(required))
    return names


def _understood(row: _Row, header: list[str], parse: Callable[[Cells], T]) -> GoodRow[T] | BadRow:
    if row.why:
        return BadRow(row.line, row.cells, row.why.en)
    if len(row.cells) != len(header):
        why = f"{len(row.cells)} cells where the first line names {len(header)}"
        return BadRow(row.line, row.cells, why)
    cells = {name: cell.strip() for name, cell in zip(header, row.cells, strict=True)}
    try:
        return GoodRow(row.line, row.cells, parse(cells))
    except ValueError as fault:
        return BadRow(row.line, row.cells, str(fault))


PRODUCT_COLUMNS = ("product_id", "name", "price")
CASHIER_COLUMNS = ("store_id", "cashier_id", "name")
STORE_COLUMNS = ("store_id", "name")


def product(cells: Cells, currency: str) -> Product:
    """A product: product_id, name, price; barcodes (space or `;` between; the product id else),
    unit, tax_rate in percent, tax_code, tax_included, currency. ValueError says what is wrong."""
    currency = (cells.get("currency") or currency).upper()
    product_id = _key(_needed(cells, "product_id"))
    barcodes = cells.get("barcodes", "").replace(";", " ").split() or [product_id]
    price = Money.parse(_needed(cells, "price"), currency)
    if not 0 <= price.minor <= NUMBER_MAX:
        raise ValueError(f"price {cells['price']} is not between 0 and {_most(currency)}")
    return Product(
        product_id=product_id,
        name=_needed(cells, "name"),
        price_minor=price.minor,
        currency=currency,
        codes=tuple(dict.fromkeys(map(_key, barcodes))),
        unit=_unit(cells.get("unit") or Unit.PIECE),
        tax=_tax(cells),
    )


def cashier(cells: Cells) -> CashierRow:
    who = Cashier(_key(_needed(cells, "cashier_id")), _needed(cells, "name"))
    return CashierRow(_id(cells, "store_id"), who)


def store(cells: Cells) -> StoreRow:
    """A store: store_id, name; timezone, currency, language, cash_step (an amount),
    quantity_max (whole units)."""
    return StoreRow(
        _id(cells, "store_id"),
        _needed(cells, "name"),
        _said(cells, "timezone", _timezone),
        _said(cells, "currency", _currency),
        _said(cells, "language", _language),
        _said(cells, "cash_step", _amount),
        _said(cells, "quantity_max", _quantity),
    )


def _said(cells: Cells, name: str, parse: Callable[[str], T]) -> T | None:
    """What a cell says, None when it is empty."""
    cell = cells.get(name)
    return parse(cell) if cell else None


def _needed(cells: Cells, name: str) -> str:
    value = " ".join(cells.get(name, "").split())
    if not value:
        raise ValueError(f"{name} is empty")
    return value


def _key(value: str) -> str:
    if len(value) > KEY_CHARACTERS_MAX:
        raise ValueError(f"{value[:20]}… is longer than {KEY_CHARACTERS_MAX} characters")
    return value


def _id(cells: Cells, name: str) -> str:
    value = _needed(cells, name)
    if not _ID.fullmatch(value):
        raise ValueError(f"{name} {value!r} is not of 1 to 32 letters, digits, dots, _ and -")
    return value


def _most(currency: str) -> str:
    return Money(NUMBER_MAX, currency).plain


def _timezone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (LookupError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone of the IANA list") from None


def _language(text: str) -> Language:
    try:
        return Language(text.lower())
    except ValueError:
        raise ValueError(f"language {text!r} is none of {', '.join(Language)}") from None


def _currency(text: str) -> str:
    money.exponent(text.upper())
    return text.upper()


def _amount(text: str) -> str:
    """An amount of some currency; which one is not known here."""
    _above_0("cash_step", money.scaled(text, _COIN_DECIMALS))
    return text


def _quantity(text: str) -> int:
    return _above_0("quantity_max", quantity.parse(text))


def _above_0(name: str, number: int) -> int:
    if not 0 < number <= NUMBER_MAX:
        raise ValueError(f"{name} must be above 0, and no slip of the hand")
    return number


def _unit(text: str) -> Unit:
    try:
        return Unit(text.lower())
    except ValueError:
        raise ValueError(f"unit {text!r} is none of {', '.join(Unit)}") from None


def _tax(cells: Cells) -> Tax:
    included = _yes(cells.get("tax_included") or "yes")
    percent = cells.get("tax_rate", "").removesuffix("%")
    if not percent:
        return Tax()
    rate_ppm = quantity.parse(percent) * (PER_MILLION // 100) // quantity.ONE
    if not 0 <= rate_ppm <= PER_MILLION:
        raise ValueError(f"tax_rate {percent} % is not between 0 and 100")
    code = (
        _key(cells.get("tax_code", ""))
        or f"VAT{percent.rstrip('0').rstrip('.') if '.' in percent else percent}"
    )
    return Tax(code, rate_ppm, included)


def _yes(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(f"{text!r} is neither yes nor no")
