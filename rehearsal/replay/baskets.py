"""Real baskets out of a file: what was bought on which day, by whom, for how much.

Owns the reading of Parquet and CSV files with the columns of Ta Feng, the rule that makes baskets
of rows and gives each its till, and what the books must come to. It refuses to repair: a row that
this till cannot sell is set aside with its reason, and left out everywhere.

    TRANSACTION_DT  the day        date, time stamp, 2000-11-01, 2000/11/1, 11/1/2000, 20001101
    CUSTOMER_ID     the customer   text or number; none is allowed
    PRODUCT_ID      the barcode    text or number; leading zeros of text stay
    AMOUNT          how many       above 0, in units down to 1/1000
    SALES_PRICE     the line total from 0, down to the smallest coin of the currency

A basket is one day and one customer; all rows of a day without customer are one basket. What is
longer than `LINES_MAX` rows goes through the till in several sales.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple, TypeVar, cast
from zlib import crc32

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from rehearsal.books import Books
from retail.barcode import gtin
from retail.language import Text
from retail.money import exponent
from retail.refusals import Refusal

COLUMNS = ("TRANSACTION_DT", "CUSTOMER_ID", "PRODUCT_ID", "AMOUNT", "SALES_PRICE")
LINES_MAX = 500
"""A cashier begins a new sale after so many lines; the till itself takes twice as many."""
ID_CHARACTERS_MAX = 100
"""A longer id is no barcode and no card number."""
QUANTITY_MAX = 10**10
"""The most of one line, in 1/1000 of a unit. The till takes no basket above 10^14 minor units."""
TOTAL_MINOR_MAX = 10**11
"""The most a line may cost, in minor units, for the same reason."""
LISTED_MINOR_MAX = 10**12
"""The most a line may cost at list price, in minor units: so it stands until it is priced."""

HEAD_BYTES_MAX = 64 * 1024
"""How much of a CSV file is looked at for its first line."""

_PARQUET_BEGINS = b"PAR1"
_NOISE = Decimal("0.000001")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?")
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)")

T = TypeVar("T")
_Row = tuple[date, str | None, str, int, int]


class UnreadableBaskets(Refusal):
    code = "unreadable_baskets"
    sentence = Text("{file} cannot be replayed: {why}", "无法重放 {file}：{why}")
    way_on = Text(
        f"Give a Parquet file, or a CSV file in UTF-8, with the columns {', '.join(COLUMNS)}.",
        f"请提供 Parquet 或 UTF-8 编码的 CSV 文件，须含列：{', '.join(COLUMNS)}。",
    )


class Line(NamedTuple):
    """One row of a basket: `quantity` in 1/1000 of a unit, `total_minor` for all of it."""

    product: str
    quantity: int
    total_minor: int


class Basket(NamedTuple):
    """What one customer bought on one day, in the order of the file."""

    day: date
    customer: str | None
    lines: tuple[Line, ...]

    @property
    def total_minor(self) -> int:
        return sum(line.total_minor for line in self.lines)


class SetAside(NamedTuple):
    """Why rows are left out, how many, and the first of them, counted from 1 without the head."""

    why: str
    rows: int
    first: int


class Source(NamedTuple):
    """A file, understood: its baskets by day, then in the order they begin in the file."""

    file: Path
    rows: int
    baskets: list[Basket]
    set_aside: list[SetAside]

    def first(self, limit: int | None) -> "Source":
        """The same with no more than `limit` baskets."""
        return self._replace(baskets=self.baskets[:limit])


class Article(NamedTuple):
    """A product as the file knows it; its list price is that of its first line, as far as its
    longest line stays below `LISTED_MINOR_MAX`."""

    product: str
    price_minor: int
    measured: bool


def shelf_code(product: str) -> str:
    """What is scanned of a product: its number, unless that looks like a barcode and is none."""
    digits = gtin.is_digits(product) and len(product) >= min(gtin.LENGTHS)
    return f"SKU-{product}" if digits and gtin.canonical(product) is None else product


def till_number(basket: Basket, tills: int) -> int:
    """Which till, from 0, sells a basket: CRC-32 of "day customer", modulo the tills."""
    return crc32(f"{basket.day.isoformat()} {basket.customer or ''}".encode()) % tills


def expected_books(baskets: Iterable[Basket], tills: Sequence[str]) -> Books:
    """What the books must come to when every basket is sold once, at its till, for cash
    that is not rounded."""
    sales: Counter[tuple[str, str]] = Counter()
    goods: Counter[tuple[str, str]] = Counter()
    sold: Counter[str] = Counter()
    for basket in baskets:
        where = tills[till_number(basket, len(tills))], basket.day.isoformat()
        sales[where] += 1
        goods[where] += basket.total_minor
        for line in basket.lines:
            sold[line.product] += line.quantity
    cash = {(till, day, "cash"): amount for (till, day), amount in goods.items()}
    return Books(sales=sales, takings=goods, goods=goods, tenders=cash, sold=sold)


def articles(baskets: Iterable[Basket]) -> list[Article]:
    """Every product of the baskets, in the order they come; by measure if any row splits one."""
    prices: dict[str, int] = {}
    most: dict[str, int] = {}
    measured = set()
    for line in (line for basket in baskets for line in basket.lines):
        if line.product not in prices:
            unit_price = Decimal(line.total_minor) * 1000 / line.quantity
            prices[line.product] = int(unit_price.to_integral_value())
        most[line.product] = max(most.get(line.product, 0), line.quantity)
        if line.quantity % 1000:
            measured.add(line.product)
    return [
        Article(product, min(price, LISTED_MINOR_MAX * 1000 // most[product]), product in measured)
        for product, price in prices.items()
    ]


# --- reading


def read(file: Path, currency: str) -> Source:
    """The baskets of a file, amounts in minor units of `currency`. Raises UnreadableBaskets."""
    try:
        with file.open("rb") as opened:
            is_parquet = opened.read(len(_PARQUET_BEGINS)) == _PARQUET_BEGINS
        columns = (_parquet if is_parquet else _csv)(file)
        return _source(file, columns, exponent(currency))
    except OSError as fault:
        raise UnreadableBaskets(file=file, why=fault.strerror or fault) from None
    except pa.ArrowException as fault:
        raise UnreadableBaskets(file=file, why=str(fault).splitlines()[0]) from None


def _parquet(file: Path) -> list[pa.ChunkedArray]:
    with pa_parquet.ParquetFile(file) as opened:
        names = _chosen(file, opened.schema_arrow.names)
        table = opened.read(columns=names)
    return [_plain_type(table[name]) for name in names]


def _csv(file: Path) -> list[pa.ChunkedArray]:
    with pa.input_stream(file) as opened:
        head = opened.read(HEAD_BYTES_MAX).partition(b"\n")[0].decode("utf-8-sig", "replace")
    delimiter = max(",;\t|", key=head.count)
    names = _chosen(file, [cell.strip('"\r') for cell in head.split(delimiter)])
    table = pa_csv.read_csv(
        file,
        parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            include_columns=names,
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=True,
        ),
    )
    return [table[name] for name in names]


def _chosen(file: Path, names: list[str]) -> list[str]:
    """The file's own spelling of the columns."""
    spelt = {name.strip().upper(): name for name in reversed(names)}
    missing = [name for name in COLUMNS if name not in spelt]
    if missing:
        raise UnreadableBaskets(file=file, why=f"it has no column {', '.join(missing)}")
    return [spelt[name] for name in COLUMNS]


def _plain_type(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Values that Python knows: no dictionary, no billionths of a second."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    return column


def _source(file: Path, columns: list[pa.ChunkedArray], decimals: int) -> Source:
    parsers = (_day, _identifier, _identifier, _quantity, lambda value: _minor(value, decimals))
    cells = [_understood(column, parse) for column, parse in zip(columns, parsers, strict=True)]
    lines: defaultdict[tuple[date, str | None], list[Line]] = defaultdict(list)
    asides: Counter[str] = Counter()
    firsts: dict[str, int] = {}
    for number, row in enumerate(zip(*cells, strict=True), start=1):
        why = _why_not(row)
        if why:
            asides[why] += 1
            firsts.setdefault(why, number)
        else:
            day, customer, product, quantity, total = cast("_Row", row)
            lines[day, customer].append(Line(product, quantity, total))
    baskets = [
        Basket(*key, tuple(bought[begin : begin + LINES_MAX]))
        for key, bought in lines.items()
        for begin in range(0, len(bought), LINES_MAX)
    ]
    baskets.sort(key=lambda basket: basket.day)  # stable: within a day as they begin in the file
    set_aside = [SetAside(why, count, firsts[why]) for why, count in asides.most_common()]
    return Source(file, len(columns[0]), baskets, set_aside)


class _Unfit(ValueError):
    """A cell with which its row cannot be sold; says why."""


def _understood(column: pa.ChunkedArray, parse: Callable[[object], T]) -> list[T | _Unfit | None]:
    """Each cell parsed, each distinct value once; an unfit one is its reason."""

    def parsed(value: object) -> T | _Unfit | None:
        try:
            return None if value is None or value != value else parse(value)  # noqa: PLR0124  NaN
        except _Unfit as why:
            return why

    encoded = column.combine_chunks().dictionary_encode()
    values = [parsed(value) for value in encoded.dictionary.to_pylist()]
    return [None if place is None else values[place] for place in encoded.indices.to_pylist()]


def _why_not(row: tuple[object, ...]) -> str:
    """Why a row cannot be sold; empty if it can."""
    for name, cell in zip(COLUMNS, row, strict=True):
        if isinstance(cell, _Unfit):
            return f"{name} {cell}"
        if cell is None and name != "CUSTOMER_ID":
            return f"{name} is empty"
    return ""


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip()
    for form, order in ((_YEAR_FIRST, (0, 1, 2)), (_MONTH_FIRST, (2, 0, 1)), (_DIGITS, (0, 1, 2))):
        if found := form.fullmatch(text):
            year, month, day = (int(found.groups()[place]) for place in order)
            try:
                return date(year, month, day)
            except ValueError:
                break
    raise _Unfit("is not a day")


def _identifier(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = " ".join(str(value).split())
    if len(text) > ID_CHARACTERS_MAX or not text.isprintable() or "\ufffd" in text:
        raise _Unfit("is no number that a scanner reads")
    return text or None


def _quantity(value: object) -> int:
    quantity = _whole(value, 3, "is finer than 1/1000")
    if quantity <= 0:
        raise _Unfit("is not above 0: a return, which this till does not take yet")
    if quantity > QUANTITY_MAX:
        raise _Unfit("is more than anybody carries")
    return quantity


def _minor(value: object, decimals: int) -> int:
    minor = _whole(value, decimals, "is finer than the smallest coin")
    if minor < 0:
        raise _Unfit("is below 0")
    if minor > TOTAL_MINOR_MAX:
        raise _Unfit("is more than anybody pays")
    return minor


def _whole(value: object, decimals: int, finer: str) -> int:
    """A number of any type times 10^decimals; what a binary fraction is off by is forgiven."""
    try:
        number = Decimal(str(value).replace(",", "").strip()).scaleb(decimals)
        whole = int(number.to_integral_value())
    except (InvalidOperation, ValueError, OverflowError):
        raise _Unfit("is not a number") from None
    if abs(number - whole) > _NOISE:
        raise _Unfit(finer)
    return whole
