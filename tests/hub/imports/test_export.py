"""What is exported and imported again are the same products, in every format."""

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail.barcode.gtin import check_digit
from retail.catalogue import Pack, Product
from retail.quantity import ONE, Unit
from retail.tax import PER_MILLION, Tax
from sync_server.imports import export
from sync_server.imports.cells import NUMBER_MAX
from sync_server.imports.export import TooManyForASheet, export_products
from sync_server.imports.products import ProductRow
from sync_server.imports.totals import Totals
from tests.hub.imports.reading import read

FORMATS = ("csv", "csv.gz", "parquet", "xlsx")
#: what names hold, and what may stand between them
printed = st.sampled_from("茶水é'ß\";,=|@+-/😀Ａ１ 0a　")
awkward = st.sampled_from(["=1+1", "+a", "-", "@x", "'=x", "a;b", 'say "so"', "；", "1,5", "|"])
words = (st.text(printed, max_size=12) | awkward).map(lambda name: " ".join(name.split()))
names = words.filter(bool)
gtins = (
    st.integers(0, 10**12 - 1)
    .map(lambda number: f"{number:012d}")
    .map(lambda payload: payload + str(check_digit(payload)))
)
own = st.integers(0, 999).map("A-{}".format)
amounts = st.integers(0, NUMBER_MAX)
rates = st.integers(0, PER_MILLION)
taxes = st.just(Tax()) | st.builds(Tax, names, rates, st.booleans())


@st.composite
def rows(draw: st.DrawFn) -> ProductRow:
    unit = draw(st.sampled_from(Unit))
    codes = draw(st.lists(gtins | own, unique=True, max_size=4))
    some = st.integers(1, 1000) if unit.is_measured else st.integers(1, 1000).map(ONE.__mul__)
    prices = st.dictionaries(names, amounts, max_size=3)
    packs = st.builds(Pack, gtins.filter(lambda code: code not in codes), some, st.none() | amounts)
    product = Product(
        draw(own),
        draw(names),
        draw(amounts),
        draw(st.sampled_from(["CNY", "JPY", "KWD"])),
        tuple(codes),
        unit,
        draw(taxes),
        spec=draw(words),
        brand=draw(words),
        category="/".join(draw(st.lists(st.sampled_from(["饮料", "Tea & more"]), max_size=3))),
        mnemonic=draw(words),
        other_names=tuple(draw(st.lists(names, max_size=3))),
        prices=draw(prices),
        packs=tuple(draw(st.lists(packs, max_size=2))),
    )
    stock = draw(st.none() | st.integers(-NUMBER_MAX, NUMBER_MAX))
    return ProductRow(product, draw(st.none() | amounts), stock)


def unlike_each_other(products: list[ProductRow]) -> list[ProductRow]:
    """Rows of one product after each other would be one."""
    return list({row.product.product_id: row for row in products}.values())


@pytest.mark.parametrize("suffix", FORMATS)
@given(st.lists(rows(), max_size=6).map(unlike_each_other))
@settings(max_examples=25, deadline=None)
def test_products_come_back_as_they_went(suffix: str, products: list[ProductRow]) -> None:
    with TemporaryDirectory() as folder:
        out = Path(folder) / f"products.{suffix}"
        assert export_products(products, out) == len(products)
        came = read(out)
        assert [file.name for file in Path(folder).iterdir()] == [out.name]
    assert came.bad == []
    assert came.rows == products


COLA = ProductRow(Product("1", "=cmd|' /C calc'!A0", 350, "CNY", ("1",)), 180, 2_500)


def test_excel_finds_utf8_in_the_file_and_no_formula(tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    export_products([COLA], out)
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines())
    assert row["name"] == "'=cmd|' /C calc'!A0"


def test_an_export_that_fails_leaves_the_older_file(tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    export_products([COLA], out)
    before = out.read_bytes()
    with pytest.raises(OSError, match="torn"):
        export_products(_torn(), out)
    assert out.read_bytes() == before
    assert list(tmp_path.iterdir()) == [out]


def _torn() -> "list[ProductRow]":
    class Torn(list[ProductRow]):
        def __iter__(self):  # type: ignore[no-untyped-def]
            yield COLA
            raise OSError("torn")

    return Torn()


def test_a_sheet_that_is_full_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "SHEET_ROWS_MAX", 2)
    with pytest.raises(TooManyForASheet):
        export_products([COLA] * 3, tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_control_totals_add_up_what_a_file_holds() -> None:
    totals = Totals()
    packed = Product("2", "茶", 0, "CNY", ("2", "3"), category="茶", packs=(Pack("4", 6_000),))
    for row in (COLA, ProductRow(packed, None, 1_000), ProductRow(packed, 10, 3_000)):
        totals.add(row)
    assert [line.en for line in totals.lines()] == [
        "products 2",
        "rows of a product named just before 1",
        "barcodes 3",
        "packs 1",
        "sum of prices 3.50 CNY",
        "at a price of 0 1",
        "categories 1",
        "opening stock 5.500",
        "opening stock at cost 4.80 CNY",
    ]
    assert totals.stocked == 2
