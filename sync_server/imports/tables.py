"""A file opened as what it is: its first bytes decide, not its name."""

from io import BufferedReader
from pathlib import Path
from typing import cast

from retail.language import Text
from sync_server.imports.rows import BadFile, Table
from sync_server.imports.text import SAMPLE_BYTES, TextTable

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_PARQUET = b"PAR1"
_OLE = b"\xd0\xcf\x11\xe0"
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<meta", b"<?xml")
_MAGIC_BYTES = 16


def opened(path: Path, encoding: str | None) -> Table:
    """The file as a table. Raises BadFile or OSError."""
    file = cast("BufferedReader", path.open("rb", buffering=SAMPLE_BYTES))
    try:
        table = _table(path, file, encoding)
    except BaseException:
        file.close()
        raise
    return table


def _table(path: Path, file: BufferedReader, encoding: str | None) -> Table:
    start = file.peek(_MAGIC_BYTES)[:_MAGIC_BYTES]
    if start.startswith(_OLE):
        raise BadFile(
            Text(
                "it is an Excel file of before 2007 (.xls); save it as .xlsx or CSV",
                "这是旧版 Excel 文件（.xls），请另存为 .xlsx 或 CSV",
            )
        )
    if start.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_MARKUP):
        raise BadFile(
            Text(
                "it is a web page, whatever its name; open it in Excel and save it as .xlsx",
                "这是网页格式的文件，请用 Excel 打开后另存为 .xlsx",
            )
        )
    if start.startswith(_PARQUET):
        file.close()
        # Loading pyarrow and openpyxl takes longest; most files need neither.
        from sync_server.imports.parquet import ParquetTable  # noqa: PLC0415

        return ParquetTable(path)
    if start.startswith(_ZIP):
        file.close()
        from sync_server.imports.excel import ExcelTable  # noqa: PLC0415

        return ExcelTable(path)
    return TextTable(file, is_gzip=start.startswith(_GZIP), encoding=encoding)
