"""CSV, Parquet and Excel files: known by their content, read to the digit, whatever their name."""

import datetime
import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from retail.catalogue import Product
from retail.quantity import Unit
from retail.tax import Tax
from sync_server.imports.incoming import ImportFile, products
from sync_server.imports.text import encoding_of
from tests.hub.imports.reading import Line, excel_file, read, text_file

EAN = "6901028075022"
#: the columns of two Chinese systems of the kind that most shops come from
WIDE: list[Line] = [
    [
        *("货号", "自编码", "品名", "类别", "品牌", "规格", "单位", "计价方式", "进货价", "零售价"),
        *("会员价", "批发价", "销项税率", "产地", "助记码", "库存数量", "箱规", "主供应商"),
    ],
    [
        *(EAN, "1001", "可乐", "饮料/碳酸", "可口", "330ml", "听", "普通", "1.8", "3.50"),
        *("3.2", "2.5", "13%", "上海", "KL", "48", "24", "甲"),
    ],
    [
        *("22001", "1002", "苹果", "生鲜/水果", "", "", "斤", "计重", "2.5", "4.98"),
        *("4.5", "", "9%", "烟台", "PG", "20", "", "乙"),
    ],
]
NARROW: list[Line] = [
    ["名称", "分类", "条码", "库存量", "进货价", "销售价", "会员价", "单位", "拼音码", "商品状态"],
    ["可乐", "饮料", EAN, "48", "1.8", "3.50", "3.2", "瓶", "kl", "启用"],
]
COLA = Product(
    *(EAN, "可乐", 350, "CNY", (EAN,), Unit.PIECE, Tax("VAT13", 130_000)),
    spec="330ml",
    brand="可口",
    category="饮料/碳酸",
    mnemonic="KL",
    prices={"member": 320, "wholesale": 250},
)


@pytest.mark.parametrize("between", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_of_other_systems_is_read_in_its_encoding(
    tmp_path: Path, encoding: str, between: str
) -> None:
    came = read(text_file(tmp_path / "商品.txt", WIDE, encoding, between))
    assert came.bad == []
    cola, apple = came.rows
    assert cola == (COLA, 180, 48_000)
    assert (apple.cost_minor, apple.opening_stock) == (500, 10_000)
    assert (apple.product.unit, apple.product.price_minor) == (Unit.KILOGRAM, 996)
    assert came.mapping["货号"] == "product_id"
    assert "自编码" not in came.mapping


def test_a_file_without_article_numbers_is_known_by_its_barcodes(tmp_path: Path) -> None:
    came = read(text_file(tmp_path / "a.csv", NARROW, "gb18030"))
    product = came.only.product
    assert (product.product_id, product.codes, product.mnemonic) == (EAN, (EAN,), "kl")
    assert came.only[1:] == (180, 48_000)


def test_a_workbook_is_read_like_text(tmp_path: Path) -> None:
    numbers = [[float(EAN), 1001, *WIDE[1][2:8], 1.8, 3.5, 3.2, 2.5, "13%", "", "KL", 48, 24, None]]
    file = excel_file(tmp_path / "a.xlsx", [["商品资料"], [], WIDE[0], *numbers])
    assert read(file).only == (COLA, 180, 48_000)


def test_the_sheet_with_the_columns_is_read(tmp_path: Path) -> None:
    file = excel_file(tmp_path / "a.csv", [["说明"], ["请勿修改"]], NARROW, [["名称"], ["x"]])
    assert read(file).only.product.name == "可乐"


def test_a_number_that_excel_has_cut_is_no_code(tmp_path: Path) -> None:
    lines: list[Line] = [
        ["sku", "name", "price"],
        [123456789012345678, "n", 1],
        [0.1 + 0.2, "m", 1],
    ]
    came = read(excel_file(tmp_path / "a.xlsx", lines))
    assert "destroyed by Excel" in came.why
    assert [product.product_id for product in came.products] == ["0.3"]
    assert came.bad[0].line == 2


def test_a_row_of_parquet_has_its_number_and_its_digits(tmp_path: Path) -> None:
    table = pa.table(
        {
            "sku": pa.array([1, None, 3], pa.int64()),
            "name": pa.array(["a", "b", "c"]).dictionary_encode(),
            "price": pa.array([1.5, 2.0, None], pa.float64()),
            "barcode": pa.array([[EAN, "96385074"], [], None], pa.list_(pa.string())),
            "day": [datetime.date(2026, 1, 1), None, None],
        }
    )
    pq.write_table(table, tmp_path / "a.csv")
    came = read(tmp_path / "a.csv")
    assert came.products == [Product("1", "a", 150, "CNY", (EAN, "96385074"))]
    assert [(bad.line, bad.row[0], bad.why.en) for bad in came.bad] == [
        (2, "", "product_id is empty"),
        (3, "3", "price is empty"),
    ]


def test_a_gzipped_file_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    plain = text_file(tmp_path / "a.csv", WIDE, "gb18030")
    packed = tmp_path / "a.dat"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read(packed) == read(plain)


def test_the_encoding_is_shown_and_can_be_given(tmp_path: Path) -> None:
    file = text_file(tmp_path / "a.csv", [["sku", "name", "price"], ["1", "Crème", "1"]], "cp1252")
    with ImportFile(file, products("CNY"), encoding="cp1252") as opened:
        assert opened.encoding == "cp1252"
        assert [row.row[1] for row in opened] == ["Crème"]
    file = text_file(file, WIDE, "gb18030")
    with ImportFile(file, products("CNY")) as opened:
        assert opened.encoding == "GB18030"


@pytest.mark.parametrize(
    ("sample", "encoding"),
    [
        (b"", "UTF-8"),
        (b"plain\n", "UTF-8"),
        ("品名\n".encode(), "UTF-8"),
        ("品名\n".encode("gbk"), "GB18030"),
        ("品名,价\n一\n二".encode("gbk") + b"\xd2", "GB18030"),
        ("品名\n茶\n".encode() + "水\n".encode("gbk"), "UTF-8"),
        ("品名\n茶\n".encode("gbk") + "水\n".encode(), "GB18030"),
        (bytes(range(128, 256)) + b"\n", "UTF-8"),
    ],
)
def test_an_encoding_is_told_by_most_lines(sample: bytes, encoding: str) -> None:
    assert encoding_of(sample) == encoding


def test_a_spoiled_line_of_gb18030_is_bad_alone(tmp_path: Path) -> None:
    lines = [line.encode("gb18030") for line in ("货号,品名,售价", "1,可乐,1", "3,茶,1")]
    spoiled = b"2,\xff\xd2,1"
    torn = "4,茶".encode("gb18030")[:-1]
    (tmp_path / "a.csv").write_bytes(b"\n".join([*lines[:2], spoiled, lines[2], torn, lines[2]]))
    came = read(tmp_path / "a.csv")
    assert [product.name for product in came.products] == ["可乐", "茶", "茶"]
    assert [bad.line for bad in came.bad] == [3, 5]
    assert came.bad[0].why.en == "not GB18030 text"


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet", "xlsx"])
def test_progress_ends_where_the_file_does(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a.{suffix}"
    lines: list[Line] = [["sku", "name", "price"], *([f"A{n}", "茶", "1"] for n in range(3000))]
    if suffix == "xlsx":
        excel_file(file, lines)
    elif suffix == "parquet":
        names, *rows = lines
        pq.write_table(pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))), file)
    else:
        text = text_file(tmp_path / "a.txt", lines).read_bytes()
        file.write_bytes(gzip.compress(text) if suffix == "csv.gz" else text)
    with ImportFile(file, products("CNY")) as opened:
        assert len(list(opened)) == 3000
        read_so_far, total = opened.progress
    assert total is not None
    assert read_so_far == total
