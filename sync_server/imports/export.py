"""Products written out in the shape that an import reads: CSV, gzipped or not, Parquet or Excel.

What is written and imported again are the same products.
"""

import csv
import gzip
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from retail.catalogue import Pack, Product
from retail.language import Text
from retail.money import Money
from retail.quantity import plain
from retail.refusals import Refusal
from retail.tax import Tax
from sync_server.imports import lists
from sync_server.imports.cells import guarded, percent_text
from sync_server.imports.products import ProductRow

COLUMNS = (
    *("product_id", "name", "price", "currency", "barcodes", "unit", "tax_rate", "tax_code"),
    *("tax_included", "spec", "brand", "category", "mnemonic", "other_names", "prices", "packs"),
    *("cost", "opening_stock"),
)
_ROWS_AT_ONCE = 8_192
#: a sheet has no more rows (ECMA-376), one of them names the columns
SHEET_ROWS_MAX = 1_048_576 - 1

Rows = Iterator[list[str]]


class TooManyForASheet(Refusal):
    code = "too_many_for_a_sheet"
    sentence = Text("An Excel sheet has no more than {most} rows.", "Excel 工作表最多 {most} 行。")
    way_on = Text("Write a .csv.gz or .parquet file.", "请导出为 .csv.gz 或 .parquet 文件。")


def export_products(rows: Iterable[ProductRow], out: Path) -> int:
    """Write products to `out`, a CSV file unless it ends in .csv.gz, .parquet or .xlsx; returns
    how many. An older file is replaced when all are written. Raises TooManyForASheet or
    OSError."""
    told = map(cells, rows)
    write = _WRITERS.get(out.suffix.lower(), _write_csv)
    with _replacing(out) as growing:
        return write(told, growing)


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    growing = out.with_name(f"{out.name}.new")
    try:
        yield growing
        growing.replace(out)
    except BaseException:
        with suppress(OSError):
            growing.unlink()
        raise


def _write_csv(rows: Rows, out: Path) -> int:
    """With a byte order mark, by which Excel knows UTF-8."""
    with out.open("w", encoding="utf-8-sig", newline="") as stream:
        return _write_lines(rows, csv.writer(stream).writerow)


def _write_gzip(rows: Rows, out: Path) -> int:
    with gzip.open(out, "wt", encoding="utf-8-sig", newline="") as stream:
        return _write_lines(rows, csv.writer(stream).writerow)


def _write_excel(rows: Rows, out: Path) -> int:
    from openpyxl import Workbook  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet("products")
    count = _write_lines(islice(rows, SHEET_ROWS_MAX), sheet.append)
    if next(rows, None):
        sheet.close()
        raise TooManyForASheet(most=SHEET_ROWS_MAX)
    book.save(out)
    return count


def _write_lines(rows: Rows, write: Callable[[list[str]], object]) -> int:
    write(list(COLUMNS))
    count = 0
    for row in rows:
        write(row)
        count += 1
    return count


def _write_parquet(rows: Rows, out: Path) -> int:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    count = 0
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        while some := list(islice(rows, _ROWS_AT_ONCE)):
            columns = [list(column) for column in zip(*some, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            count += len(some)
    return count


_WRITERS = {".gz": _write_gzip, ".parquet": _write_parquet, ".xlsx": _write_excel}


def cells(row: ProductRow) -> list[str]:
    """A product as cells under COLUMNS."""
    product = row.product
    return [
        guarded(cell)
        for cell in (
            product.product_id,
            product.name,
            product.price.plain,
            product.currency,
            " ".join(product.codes) or "-",
            product.unit.value,
            *_tax(product.tax),
            product.spec,
            product.brand,
            product.category,
            product.mnemonic,
            lists.written(product.other_names),
            lists.written(
                [
                    f"{name}={Money(minor, product.currency).plain}"
                    for name, minor in product.prices.items()
                ]
            ),
            lists.written([_pack(product, pack) for pack in product.packs]),
            "" if row.cost_minor is None else Money(row.cost_minor, product.currency).plain,
            "" if row.opening_stock is None else plain(row.opening_stock, product.unit),
        )
    ]


def _tax(tax: Tax) -> tuple[str, str, str]:
    if tax == Tax():
        return "", "", ""
    return f"{percent_text(tax.rate_ppm)}%", tax.code, "yes" if tax.included else "no"


def _pack(product: Product, pack: Pack) -> str:
    holds = f"{pack.code}={plain(pack.quantity, product.unit)}"
    if pack.price_minor is None:
        return holds
    return f"{holds}@{Money(pack.price_minor, product.currency).plain}"
