"""CSV and its kin: cells between `,` `;` `|` or tabs, in UTF-8, UTF-16 or GB18030, gzipped or not.

A row is a line, so that a torn quote or a bad byte spoils its own line alone: with cells of
several lines it would swallow what follows.
"""

import codecs
import csv
import gzip
import os
import re
import stat
from collections.abc import Iterator
from io import BufferedReader, RawIOBase, TextIOWrapper
from typing import cast

from retail.language import Text
from sync_server.imports.rows import BadFile, Row

#: a longer cell is none that anyone typed
CELL_CHARACTERS_MAX = 10_000
#: a longer line is no row
LINE_CHARACTERS_MAX = 1024 * 1024
#: by so much of the beginning encoding and delimiter are told
SAMPLE_BYTES = 256 * 1024
_DELIMITERS = ",;\t|"
#: what no printed text holds: control characters, and the mark of bytes that were no text
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF_8 = "UTF-8"
_GB = "GB18030"
#: in our words: those of the library are for programmers
_NO_CSV = Text(
    "not a line of CSV: a quote or an end of line stands where none may, or a cell is too long",
    "不是 CSV 行：引号或换行的位置不对，或单元格过长",
)


class TextTable:
    """Lines of text as rows. `file` has a buffer of SAMPLE_BYTES. Raises BadFile."""

    ragged = False

    def __init__(self, file: BufferedReader, *, is_gzip: bool, encoding: str | None) -> None:
        self._file = file
        stream = _unpacked(file) if is_gzip else file
        sample = stream.peek(SAMPLE_BYTES)
        self.encoding = encoding or encoding_of(sample)
        codec = "utf-8-sig" if self.encoding == _UTF_8 else self.encoding
        try:
            self._text = TextIOWrapper(stream, codec, errors="replace", newline="\n")
            self._delimiter = _delimiter_of(sample.decode(codec, errors="replace"))
        except (LookupError, UnicodeError):
            why = f"{encoding!r} is no encoding of text", f"{encoding!r} 不是文字编码"
            raise BadFile(Text(*why)) from None

    @property
    def progress(self) -> tuple[int, int | None]:
        """Bytes of the file."""
        status = os.fstat(self._file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return 0, None
        return self._file.tell(), status.st_size

    def close(self) -> None:
        self._text.close()
        self._file.close()

    def sheets(self) -> Iterator[Iterator[Row]]:
        yield self._rows()

    def _rows(self) -> Iterator[Row]:
        csv.field_size_limit(CELL_CHARACTERS_MAX)
        not_text = Text(f"not {self.encoding} text", f"不是 {self.encoding} 文本")
        delimiter, nothing = self._delimiter, f"{self._delimiter} \t"
        for line, text in enumerate(self._lines(), start=1):
            if not text.strip(nothing):
                continue
            why = not_text if _NOT_TEXT.search(text) else None
            if '"' in text or "\r" in text or len(text) > CELL_CHARACTERS_MAX:
                yield self._quoted(line, text, why)
            else:
                yield Row(line, text.split(delimiter), why)

    def _quoted(self, line: int, text: str, why: Text | None) -> Row:
        if len(text) >= LINE_CHARACTERS_MAX:
            why = Text("longer than any row", "超出一行的长度上限")
            return Row(line, [text[:CELL_CHARACTERS_MAX]], why)
        try:
            (cells,) = csv.reader([text], delimiter=self._delimiter, strict=True)
        except csv.Error:
            return Row(line, [text], _NO_CSV)
        return Row(line, cells, why)

    def _lines(self) -> Iterator[str]:
        """The lines without their ends, of one that is too long the beginning."""
        while line := self._text.readline(LINE_CHARACTERS_MAX):
            rest = line
            while len(rest) == LINE_CHARACTERS_MAX and not rest.endswith("\n"):
                rest = self._text.readline(LINE_CHARACTERS_MAX)
            yield line.rstrip("\r\n")


def _unpacked(file: BufferedReader) -> BufferedReader:
    return BufferedReader(cast("RawIOBase", gzip.GzipFile(fileobj=file)), SAMPLE_BYTES)


def encoding_of(sample: bytes) -> str:
    """UTF-16 by its mark; else UTF-8 or GB18030 by what more of the lines that are not plain
    ASCII can be: the two seldom look alike, and a line that is spoiled does not decide alone."""
    if sample.startswith(_UTF_16):
        return "UTF-16"
    whole = sample.rpartition(b"\n")[0] or sample
    lines = [line for line in whole.split(b"\n") if not line.isascii()]
    utf_8, gb = (sum(_fits(line, encoding) for line in lines) for encoding in (_UTF_8, _GB))
    return _GB if gb > utf_8 and 2 * gb >= len(lines) else _UTF_8


def _fits(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter_of(sample: str) -> str:
    """What stands most often in the first line that has any of them."""
    for line in sample.split("\n"):
        best = max(_DELIMITERS, key=line.count)
        if best in line:
            return best
    return ","
