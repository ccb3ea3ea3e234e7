"""CSV files of stores, cashiers and products: good rows go in, bad ones go to a file beside.

The first line names the columns; the order is free, unknown columns are ignored. Reading is
streaming; a row is bad alone, and FILE.rejects.csv says its line and why.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, NamedTuple, TextIO, TypeVar

import msgspec

from retail import money, quantity
from retail.catalogue import Cashier, Product, StoreSettings
from retail.language import Language, Text
from retail.money import Money
from retail.quantity import Unit
from retail.refusals import Refusal
from retail.tax import PER_MILLION, Tax

T = TypeVar("T")

#: a cell above this is a torn quote that swallowed the rest of the file
CELL_CHARACTERS_MAX = 10_000
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
        with file.open(encoding="utf-8-sig", newline="") as stream:
            yield from _rows(file, stream, required, parse)
    except OSError as fault:
        raise UnreadableFile(
            file=file.name, why=fault.strerror, columns=", ".join(required)
        ) from None


def _rows(
    file: Path, stream: TextIO, required: tuple[str, ...], parse: Callable[[Cells], T]
) -> Iterator[GoodRow[T] | BadRow]:
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    reader = csv.reader(stream, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
    except (csv.Error, UnicodeDecodeError) as fault:
        raise UnreadableFile(file=file.name, why=fault, columns=", ".join(required)) from None
    missing = [name for name in required if name not in header]
    if missing:
        why = f"no column {', '.join(missing)}"
        raise UnreadableFile(file=file.name, why=why, columns=", ".join(required))
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as fault:
            yield BadRow(line, [], f"not CSV: {fault}")
            continue
        except UnicodeDecodeError as fault:
            yield BadRow(line, [], f"not UTF-8 from here on: {fault.reason}")
            return
        if row is None:
            return
        if not row:
            continue
        if len(row) != len(header):
            yield BadRow(line, row, f"{len(row)} cells where the first line names {len(header)}")
            continue
        try:
            cells = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
            yield GoodRow(line, row, parse(cells))
        except ValueError as fault:
            yield BadRow(line, row, str(fault))


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
    currency = cells.get("currency") or currency
    product_id = _needed(cells, "product_id")
    barcodes = cells.get("barcodes", "").replace(";", " ").split() or [product_id]
    price = Money.parse(_needed(cells, "price"), currency)
    if price.minor < 0:
        raise ValueError(f"price {price.plain} is below 0")
    return Product(
        product_id=product_id,
        name=_needed(cells, "name"),
        price_minor=price.minor,
        currency=currency,
        codes=tuple(dict.fromkeys(barcodes)),
        unit=_unit(cells.get("unit") or Unit.PIECE),
        tax=_tax(cells),
    )


def cashier(cells: Cells) -> CashierLine:
    who = Cashier(_needed(cells, "cashier_id"), _needed(cells, "name"))
    return CashierLine(_needed(cells, "store_id"), who)


def store(cells: Cells) -> StoreLine:
    """A store: store_id, name; timezone, currency, language, cash_step (an amount),
    quantity_max (whole units)."""
    currency = cells.get("currency") or "CNY"
    step = Money.parse(cells["cash_step"], currency).minor if cells.get("cash_step") else 1
    most = quantity.parse(cells["quantity_max"]) if cells.get("quantity_max") else 999_000
    money.exponent(currency)
    if step < 1 or most < 1:
        raise ValueError("cash_step and quantity_max must be above 0")
    return StoreLine(
        _needed(cells, "store_id"),
        _needed(cells, "name"),
        cells.get("timezone") or "Asia/Shanghai",
        currency,
        Language(cells.get("language") or "zh"),
        step,
        most,
    )


def _needed(cells: Cells, name: str) -> str:
    value = cells.get(name, "")
    if not value:
        raise ValueError(f"{name} is empty")
    return value


def _unit(text: str) -> Unit:
    try:
        return Unit(text.lower())
    except ValueError:
        raise ValueError(f"unit {text!r} is none of {', '.join(Unit)}") from None


def _tax(cells: Cells) -> Tax:
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
    return Tax(code, rate_ppm, included=_yes(cells.get("tax_included") or "yes"))


def _yes(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(f"{text!r} is neither yes nor no")
