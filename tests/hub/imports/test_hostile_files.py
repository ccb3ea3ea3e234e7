"""Files that are broken or made to break: a sentence each, in little memory and without a trace."""

import gzip
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sync_server.imports.incoming import ImportFile, products
from sync_server.imports.rows import UnreadableFile
from tests.hub.imports.reading import Line, excel_file, read, text_file

LINES: list[Line] = [["sku", "name", "price"], *([f"A{n}", f"n{n * n}", "1"] for n in range(500))]
#: less than what is unpacked
MEMORY_MAX = 24 * 1024**2


def as_text(file: Path) -> None:
    text_file(file, LINES)


def as_gzip(file: Path) -> None:
    as_text(file)
    file.write_bytes(gzip.compress(file.read_bytes()))


def as_excel(file: Path) -> None:
    excel_file(file, LINES)


def as_parquet(file: Path) -> None:
    names, *rows = LINES
    columns = [list(column) for column in zip(*rows, strict=True)]
    pq.write_table(pa.table(columns, names=[str(name) for name in names]), file)


def refused(file: Path, encoding: str | None = None) -> str:
    with pytest.raises(UnreadableFile) as no:
        read(file, encoding=encoding)
    assert file.name in no.value.say.zh
    return no.value.say.en


@pytest.mark.parametrize("write", [as_gzip, as_excel, as_parquet])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9, 0.999])
def test_a_file_that_ends_in_the_middle_is_a_sentence(
    tmp_path: Path, write: Callable[[Path], None], kept: float
) -> None:
    file = tmp_path / "a.csv"
    write(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * kept)])
    assert refused(file)


@pytest.mark.parametrize("write", [as_gzip, as_excel, as_parquet])
def test_a_file_with_a_spoiled_middle_is_read_or_is_a_sentence(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    file = tmp_path / "a.csv"
    write(file)
    whole = file.read_bytes()
    for place in range(20, len(whole) - 40, len(whole) // 8):
        file.write_bytes(whole[:place] + b"\x00\xff\x55" * 10 + whole[place + 30 :])
        with suppress(UnreadableFile):
            read(file)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), ".xlsx"),
        (b"<html><table><tr><td>1</td></tr></table>", "web page"),
        (b"\xef\xbb\xbf\r\n <TABLE>", "web page"),
        (b"PK\x03\x04" + bytes(64), "no whole Excel workbook"),
        (b"PAR1" + bytes(64) + b"PAR1", "no whole Parquet file"),
        (b"\x1f\x8b\x08" + bytes(64), ""),
        (bytes(range(256)) * 1000, "its first line"),
        (b"\x00" * 4096, "its first line"),
    ],
)
def test_what_is_no_table_is_a_sentence(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "products.csv"
    file.write_bytes(content)
    assert why in refused(file)


def test_a_zip_that_is_no_workbook_is_a_sentence(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as parts:
        parts.writestr("readme.txt", "hello")
    assert "no whole Excel workbook" in refused(tmp_path / "a.xlsx")


def test_a_workbook_made_to_fill_the_memory_is_not_unpacked(tmp_path: Path) -> None:
    file = excel_file(tmp_path / "a.xlsx", LINES[:3])
    with (
        zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as parts,
        parts.open("xl/more.xml", "w") as part,
    ):
        for _ in range(32):
            part.write(bytes(1024**2))
    assert "too large" in refused(file)


def test_a_folder_and_a_missing_file_are_sentences(tmp_path: Path) -> None:
    assert "directory" in refused(tmp_path).lower()
    assert "No such file" in refused(tmp_path / "none.xlsx")


@pytest.mark.parametrize("encoding", ["klingon", "rot13", "hex"])
def test_an_encoding_that_is_none_is_a_sentence(tmp_path: Path, encoding: str) -> None:
    assert "is no encoding of text" in refused(text_file(tmp_path / "a.csv", LINES), encoding)


def test_a_line_of_ten_megabytes_is_bad_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    long = b"1," + b"x" * 10 * 1024**2 + b",1"
    file.write_bytes(b"sku,name,price\n0,a,1\n" + long + b'\n2,"b",1\n3,b\0b,1\n')
    came = read(file)
    assert [product.product_id for product in came.products] == ["0", "2"]
    assert [(bad.line, bad.why.en) for bad in came.bad] == [
        (3, "longer than any row"),
        (5, "not UTF-8 text"),
    ]


@pytest.mark.parametrize("line", [b"\0" * 1024**2, b"1,n,1\n" * 1000])
def test_a_gzip_bomb_is_read_in_little_memory(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "a.csv.gz"
    with gzip.open(file, "wb") as out:
        out.write(b"sku,name,price\n")
        for _ in range(48):
            out.write(line)
    tracemalloc.start()
    with ImportFile(file, products("CNY")) as opened:
        count = sum(1 for _ in opened)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count > 0
    assert peak < MEMORY_MAX
