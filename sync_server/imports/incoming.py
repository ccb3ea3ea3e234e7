"""A file being read: its columns first, then its rows, good ones and bad ones, as they come.

    with ImportFile(path, products("CNY")) as file:
        for row in file:
            ...                                   # GoodRow or BadRow

Memory is bounded whatever the size: nothing but the first rows is held.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Generic, NamedTuple, TypeVar

from retail.language import Language, Text
from sync_server.imports import cells, columns
from sync_server.imports import products as of_products
from sync_server.imports import stores as of_stores
from sync_server.imports.columns import Column, Found
from sync_server.imports.products import ProductReader, ProductRow
from sync_server.imports.rejects import Rejects
from sync_server.imports.rows import BadCell, BadFile, BadRow, GoodRow, Row, Table, UnreadableFile
from sync_server.imports.stores import CashierReader, CashierRow, StoreReader, StoreRow
from sync_server.imports.tables import opened

T = TypeVar("T")

#: above the line that names the columns a title may stand
_TITLE_ROWS_MAX = 10
#: rows by which decimal commas are told, and examples found
_SAMPLE_ROWS = 200

Sample = Sequence[Sequence[str]]


class Kind(NamedTuple, Generic[T]):
    """What rows a file may hold: the columns, which of them are missing in a header, and what
    understands a row once they are found."""

    columns: tuple[Column, ...]
    needed: tuple[str, ...]
    missing: Callable[[Mapping[str, int]], list[str]]
    reader: Callable[[Found, Sample], Callable[[Sequence[str]], T]]


def _uneven(cells: int, columns: int) -> Text:
    return Text(
        f"{cells} cells where the first line names {columns}",
        f"有 {cells} 个单元格，首行有 {columns} 列",
    )


def _padded(rows: Iterator[Row], width: int) -> Iterator[Row]:
    for row in rows:
        yield row._replace(cells=[*row.cells, *[""] * (width - len(row.cells))])


def products(currency: str, default_price: str | None = None) -> Kind[ProductRow]:
    """Products, priced in `currency` where no column says otherwise; those without a price at
    `default_price`, an amount. Raises BadCell where one of these is none."""
    cells.currency_of(currency)
    if default_price is not None:
        cells.price("default_price", default_price, currency, False)
    return Kind(
        of_products.COLUMNS,
        ("product_id", "name", "price"),
        lambda at: of_products.missing(at, default_price),
        lambda found, sample: ProductReader(found, sample, currency, default_price),
    )


def cashiers() -> Kind[CashierRow]:
    return _people(
        of_stores.CASHIER_COLUMNS,
        ("store_id", "cashier_id", "name"),
        lambda found, _: CashierReader(found),
    )


def stores() -> Kind[StoreRow]:
    return _people(
        of_stores.STORE_COLUMNS, ("store_id", "name"), lambda found, _: StoreReader(found)
    )


def _people(
    known: tuple[Column, ...],
    needed: tuple[str, ...],
    reader: Callable[[Found, Sample], Callable[[Sequence[str]], T]],
) -> Kind[T]:
    return Kind(known, needed, lambda at: [name for name in needed if name not in at], reader)


class ImportFile(Generic[T]):
    """The rows of a file, each understood or not; read once. Close it. Raises UnreadableFile, also
    while the rows come. `given` says which column is which (`columns.read_map`)."""

    def __init__(
        self,
        file: Path,
        kind: Kind[T],
        given: Mapping[str, str] | None = None,
        encoding: str | None = None,
    ) -> None:
        self.file = file
        self._kind = kind
        with self._told():
            self._table = opened(file, encoding)
        try:
            with self._told():
                self.mapping, rows = self._found(self._table, given or {})
                width = len(self.columns)
                self._rows = _padded(rows, width) if self._table.ragged else rows
                first = list(islice(self._rows, _SAMPLE_ROWS))
        except BaseException:
            self._table.close()
            raise
        self._rows = chain(first, self._rows)
        self._sample = [row.cells for row in first if not row.why and len(row.cells) == width]
        self._understand = kind.reader(self.mapping, self._sample)

    def __enter__(self) -> "ImportFile[T]":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._table.close()

    @property
    def columns(self) -> tuple[str, ...]:
        """What the file itself calls its columns."""
        return self.mapping.theirs

    @property
    def encoding(self) -> str:
        """How the text is written; empty for Parquet and Excel."""
        return self._table.encoding

    @property
    def progress(self) -> tuple[int, int | None]:
        """How much is read and how much there is, in bytes of text or in rows."""
        return self._table.progress

    def shown_mapping(self) -> Iterator[str]:
        """Which column is which, as the lines of a file that `--map` takes."""
        return self.mapping.shown(self._sample)

    def write_rejects(self, language: Language = Language.ENGLISH) -> Rejects:
        """Where bad rows are written to as they are found."""
        return Rejects(self.file, self.columns, language)

    def __iter__(self) -> Iterator[GoodRow[T] | BadRow]:
        width, understand = len(self.columns), self._understand
        with self._told():
            for line, cells, why in self._rows:
                if why or len(cells) != width:
                    yield BadRow(line, cells, why or _uneven(len(cells), width))
                    continue
                try:
                    value = understand(cells)
                except BadCell as no:
                    yield BadRow(line, cells, no.why)
                else:
                    yield GoodRow(line, cells, value)

    def _found(self, table: Table, given: Mapping[str, str]) -> tuple[Found, Iterator[Row]]:
        """The columns and the rows below them, in the first sheet that has what is needed."""
        first: Row | None = None
        for rows in table.sheets():
            for row in islice(rows, _TITLE_ROWS_MAX):
                first = first or row
                found = columns.found(row.cells, self._kind.columns, given)
                if not row.why and not self._kind.missing(found.at):
                    self._check(found, given)
                    return found, rows
        raise BadFile(self._lacking(first, given))

    def _check(self, found: Found, given: Mapping[str, str]) -> None:
        absent = set(given) - set(map(columns.key, found.theirs))
        if found.twice:
            what = found.twice
            raise BadFile(Text(f"column {what} stands there twice", f"列 {what} 重复"))
        if absent:
            what = min(absent)
            raise BadFile(
                Text(
                    f"the mapping names a column {what}, it has none", f"没有对应关系中的列 {what}"
                )
            )

    def _lacking(self, first: Row | None, given: Mapping[str, str]) -> Text:
        if first is None:
            return Text("it is empty", "文件为空")
        if first.why:
            return Text("its first line is {what}", "首行{what}").filled(what=first.why)
        found = columns.found(first.cells, self._kind.columns, given)
        missing = self._kind.missing(found.at)
        names = ", ".join(missing)
        if missing == ["price"]:
            return Text(
                "no column price (--default-price 9.90 gives all of them one)",
                "缺少列 price（可用 --default-price 9.90 统一定价）",
            )
        return Text(f"no column {names}", f"缺少列 {names}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What is wrong with the file becomes its sentence."""
        try:
            yield
        except BadFile as fault:
            raise self._unreadable(fault.why) from None
        except (EOFError, zlib.error):
            why = Text("it is damaged, or ends in the middle", "文件已损坏或不完整")
            raise self._unreadable(why) from None
        except OSError as fault:
            raise self._unreadable(fault.strerror or str(fault)) from None

    def _unreadable(self, why: Text | str) -> UnreadableFile:
        return UnreadableFile(file=self.file.name, why=why, columns=", ".join(self._kind.needed))
