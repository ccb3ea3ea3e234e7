"""Parquet, read by batches of records; a row's line is its number."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from retail.language import Text
from sync_server.imports.cells import number_text
from sync_server.imports.rows import BadFile, Row

#: rows decoded at a time
_BATCH_ROWS = 8_192


class ParquetTable:
    """A Parquet file of one level; a list in a cell is its items with `;` between. Raises
    BadFile."""

    encoding = ""
    ragged = False

    def __init__(self, path: Path) -> None:
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError):
            why = Text("it is no whole Parquet file", "不是完整的 Parquet 文件")
            raise BadFile(why) from None
        self._read = 0

    @property
    def progress(self) -> tuple[int, int | None]:
        """Rows."""
        return self._read, self._file.metadata.num_rows

    def close(self) -> None:
        self._file.close()

    def sheets(self) -> Iterator[Iterator[Row]]:
        yield self._rows()

    def _rows(self) -> Iterator[Row]:
        yield Row(0, [field.name for field in self._file.schema_arrow])
        try:
            for batch in self._file.iter_batches(_BATCH_ROWS):
                columns = [_cells(column) for column in batch.columns]
                for line, cells in enumerate(zip(*columns, strict=True), start=self._read + 1):
                    yield Row(line, cells)
                self._read += batch.num_rows
        except (pa.ArrowException, OSError):
            why = f"it is damaged after row {self._read}", f"第 {self._read} 行之后已损坏"
            raise BadFile(Text(*why)) from None


def _cells(column: Any) -> list[str]:
    """A column's cells as text; nothing where there is no value."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_floating(kind):
        return ["" if cell is None else number_text(cell) for cell in column.to_pylist()]
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_null(kind):
        return [_text(cell) for cell in column.to_pylist()]
    cells: list[str] = column.cast(pa.large_string()).fill_null("").to_pylist()
    return cells


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, list):
        return ";".join(str(item) for item in cell if item is not None)
    if isinstance(cell, bytes):
        return cell.decode(errors="replace")
    return str(cell)
