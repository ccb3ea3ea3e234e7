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
#: product ids, barcodes and cashier numbers are no longer
KEY_CHARACTERS_MAX = 100
#: a longer line is read in pieces, and then none of them is a row
LINE_BYTES_MAX = 1024 * 1024
#: amounts and quantities above this are slips of the hand, in minor units and 1/1000
NUMBER_MAX = 10**12
#: what no printed text holds: control characters, and the mark of bytes that were not UTF-8
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")
#: an id is part of file names, receipt numbers and addresses
_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
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


class StoreLine(NamedTuple):
    """One store of a file."""

    store_id: str
    name: str
    timezone: str
    currency: str
    language: Language
    cash_step_minor: int
    quantity_max: int

    def onto(self, settings: StoreSettings) -> StoreSettings:
        """The store's settings with what the file says put in."""
        return msgspec.structs.replace(
            settings,
            store_name=self.name,
            timezone=self.timezone,
            currency=self.currency,
            language=self.language,
            cash_step_minor=self.cash_step_minor,
            quantity_max=self.quantity_max,
        )


class CashierLine(NamedTuple):
    """One cashier of a file."""

    store_id: str
    cashier: Cashier


Cells = dict[str, str]


def read(
    file: Path, required: tuple[str, ...], parse: Callable[[Cells], T]
) -> Iterator[GoodRow[T] | BadRow]:
    """The rows of a file, each understood by `parse` or not. Raises UnreadableFile."""
    try:
        with file.open("rb") as stream:
            rows = _rows(stream)
            header = _header(file, next(rows, None), required)
            for line, row, why in rows:
                yield _understood(line, row, why, header, parse)
    except OSError as fault:
        why = fault.strerror or str(fault)
        raise UnreadableFile(file=file.name, why=why, columns=", ".join(required)) from None


class _Row(NamedTuple):
    """A row as it stands at a line of the file; `why` says what makes it none."""

    line: int
    cells: list[str]
    why: str = ""


def _rows(stream: BinaryIO) -> Iterator[_Row]:
    """Rows that are not empty. A row is a line, so that a torn quote or a bad byte spoils its own
    line alone: with cells of several lines it would swallow what follows."""
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    lines = iter(lambda: stream.readline(LINE_BYTES_MAX), b"")
    for line, data in enumerate(lines, start=1):
        text = data.decode("utf-8-sig" if line == 1 else "utf-8", errors="replace")
        try:
            (cells,) = csv.reader([text], strict=True)
        except csv.Error as fault:
            yield _Row(line, [text.rstrip("\r\n")], f"not a line of CSV: {fault}")
            continue
        if _NOT_TEXT.search(text):
            yield _Row(line, cells, "not UTF-8 text")
        elif cells:
            yield _Row(line, cells)


def _header(file: Path, first: _Row | None, required: tuple[str, ...]) -> list[str]:
    """The names of the columns. Raises UnreadableFile."""
    names = [name.strip().lower() for name in first.cells] if first else []
    missing = [name for name in required if name not in names]
    twice = [name for name in names if name and names.count(name) > 1]
    why = ""
    if first is None:
        why = "it is empty"
    elif first.why:
        why = f"its first line is {first.why}"
    elif missing:
        why = f"no column {', '.join(missing)}"
    elif twice:
        why = f"column {twice[0]} stands there twice"
    if why:
        raise UnreadableFile(file=file.name, why=why, columns=", ".join(required))
    return names


def _understood(
    line: int, row: list[str], why: str, header: list[str], parse: Callable[[Cells], T]
) -> GoodRow[T] | BadRow:
    if not why and len(row) != len(header):
        why = f"{len(row)} cells where the first line names {len(header)}"
    if why:
        return BadRow(line, row, why)
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
    try:
        return GoodRow(line, row, parse(cells))
    except ValueError as fault:
        return BadRow(line, row, str(fault))


def write_rejects(file: Path, bad: list[BadRow]) -> Path | None:
    """Write the bad rows beside the file; none: an old rejects file goes."""
    rejects = file.with_name(file.name + ".rejects.csv")
    if not bad:
        rejects.unlink(missing_ok=True)
        return None
    with rejects.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["line", "reason", "row"])
        writer.writerows([row.line, row.why, *row.row] for row in bad)
    return rejects


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


def cashier(cells: Cells) -> CashierLine:
    who = Cashier(_key(_needed(cells, "cashier_id")), _needed(cells, "name"))
    return CashierLine(_id(cells, "store_id"), who)


def store(cells: Cells) -> StoreLine:
    """A store: store_id, name; timezone, currency, language, cash_step (an amount),
    quantity_max (whole units)."""
    currency = (cells.get("currency") or "CNY").upper()
    step = Money.parse(cells["cash_step"], currency).minor if cells.get("cash_step") else 1
    most = quantity.parse(cells["quantity_max"]) if cells.get("quantity_max") else 999_000
    money.exponent(currency)
    if not (0 < step <= NUMBER_MAX and 0 < most <= NUMBER_MAX):
        raise ValueError("cash_step and quantity_max must be above 0, and no slips of the hand")
    return StoreLine(
        _id(cells, "store_id"),
        _needed(cells, "name"),
        _timezone(cells.get("timezone") or "Asia/Shanghai"),
        currency,
        _language(cells.get("language") or Language.CHINESE),
        step,
        most,
    )


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
        cells.get("tax_code")
        or f"VAT{percent.rstrip('0').rstrip('.') if '.' in percent else percent}"
    )
    return Tax(code, rate_ppm, included)


def _yes(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(f"{text!r} is neither yes nor no")
