"""Files that tests write, and what an import makes of them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import openpyxl

from retail.catalogue import Product
from sync_server.imports.columns import key
from sync_server.imports.incoming import ImportFile, products
from sync_server.imports.products import ProductRow
from sync_server.imports.rows import BadRow, GoodRow

Line = Sequence[str | int | float | None]


class Read(NamedTuple):
    """What came of a file."""

    rows: list[ProductRow]
    bad: list[BadRow]
    mapping: dict[str, str]

    @property
    def products(self) -> list[Product]:
        return [row.product for row in self.rows]

    @property
    def only(self) -> ProductRow:
        assert self.bad == []
        (row,) = self.rows
        return row

    @property
    def why(self) -> str:
        """Why the only bad row is one, in English."""
        (bad,) = self.bad
        assert bad.why.zh
        return bad.why.en


def read(
    file: Path,
    currency: str = "CNY",
    default_price: str | None = None,
    given: dict[str, str] | None = None,
    encoding: str | None = None,
) -> Read:
    """All rows of a file of products."""
    by_key = {key(theirs): ours for theirs, ours in (given or {}).items()}
    with ImportFile(file, products(currency, default_price), by_key, encoding) as opened:
        rows = list(opened)
        mapping = {opened.columns[at]: ours for at, ours in opened.mapping.ours.items()}
    good = [row.value for row in rows if isinstance(row, GoodRow)]
    return Read(good, [row for row in rows if isinstance(row, BadRow)], mapping)


def text_file(
    file: Path, lines: Iterable[Line], encoding: str = "utf-8", between: str = ","
) -> Path:
    """A file of lines without quotes."""
    text = "\n".join(between.join("" if c is None else str(c) for c in line) for line in lines)
    file.write_bytes(f"{text}\n".encode(encoding))
    return file


def excel_file(file: Path, *sheets: Iterable[Line]) -> Path:
    """A workbook; numbers stay numbers."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for lines in sheets:
        sheet = book.create_sheet()
        for line in lines:
            sheet.append(list(line))
    book.save(file)
    return file
