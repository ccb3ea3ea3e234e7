"""Excel workbooks (.xlsx), read row by row; a number is written out with all its digits."""

import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

import openpyxl

from retail.language import Text
from sync_server.imports.cells import number_text
from sync_server.imports.rows import BadFile, Row

#: no sheet of 1,048,576 rows is larger when unpacked, nor are all other parts together
_SHEET_BYTES_MAX = 2 * 1024**3
_PARTS_BYTES_MAX = 256 * 1024**2
#: text that people typed does not shrink more; a part that does is made to fill a memory
_SHRUNK_MAX = 200
_SMALL_BYTES = 16 * 1024**2
#: what openpyxl raises for what is no workbook, or half of one
_FAULTS = (
    BadZipFile,
    ParseError,
    zlib.error,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    NotImplementedError,
)


class ExcelTable:
    """A workbook; every sheet may be the one. Raises BadFile."""

    encoding = ""
    ragged = True

    def __init__(self, path: Path) -> None:
        self._row, self._rows_told = 0, 0
        self._file = path.open("rb")
        try:
            with ZipFile(self._file) as parts:
                _bounded(parts)
            with warnings.catch_warnings(action="ignore"):  # of styles that it does not know
                # Of a path openpyxl would want the right suffix.
                self._book = openpyxl.load_workbook(self._file, read_only=True, data_only=True)
        except _FAULTS:
            self._file.close()
            raise BadFile(_damaged(0)) from None
        except BaseException:
            self._file.close()
            raise

    @property
    def progress(self) -> tuple[int, int | None]:
        """Rows of the sheet, as many as it says it has."""
        return self._row, max(self._row, self._rows_told) if self._rows_told > 1 else None

    def close(self) -> None:
        self._book.close()
        self._file.close()

    def sheets(self) -> Iterator[Iterator[Row]]:
        for sheet in self._book.worksheets:
            yield self._rows(sheet)

    def _rows(self, sheet: Any) -> Iterator[Row]:
        self._row, self._rows_told = 0, sheet.max_row or 0
        sheet.reset_dimensions()  # some programs write a wrong one, and cells would be missing
        try:
            for self._row, values in enumerate(sheet.iter_rows(values_only=True), start=1):
                cells = [_text(value) for value in values]
                while cells and not cells[-1]:
                    cells.pop()
                if cells:
                    yield Row(self._row, cells)
        except _FAULTS:
            raise BadFile(_damaged(self._row)) from None


def _bounded(parts: ZipFile) -> None:
    """A part says how large it is unpacked, and no more than that is ever unpacked."""
    rest = 0
    for part in parts.infolist():
        is_sheet = part.filename.startswith("xl/worksheets/")
        rest += 0 if is_sheet else part.file_size
        shrunk = part.file_size > _SMALL_BYTES + _SHRUNK_MAX * part.compress_size
        if shrunk or rest > _PARTS_BYTES_MAX or part.file_size > _SHEET_BYTES_MAX:
            why = f"{part.filename} in it is too large", f"其中 {part.filename} 过大"
            raise BadFile(Text(*why))


def _damaged(row: int) -> Text:
    if row:
        return Text(f"it is damaged after row {row}", f"第 {row} 行之后已损坏")
    return Text("it is no whole Excel workbook", "不是完整的 Excel 工作簿")


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number_text(value)
    return str(value).strip()
