"""Cells as people and programs write them: amounts, units, taxes, codes, packs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.catalogue import Pack
from retail.quantity import Unit
from retail.tax import Tax
from sync_server.imports import cells, codes, lists
from sync_server.imports.rows import BadCell
from tests.hub.imports.reading import Read, read, text_file

#: EAN-13, EAN-8, UPC-A, GTIN-14, and a UPC-E that is no EAN-8
EAN, EAN_8, UPC, CASE, UPC_E = (
    *("6901028075022", "96385074", "042100005264", "16901028075029", "04252614"),
)


def one(file: Path, currency: str = "CNY", **said: str) -> Read:
    """A file of one product with these cells."""
    row = {"product_id": "1", "name": "n", "price": "1"} | said
    return read(text_file(file / "a.csv", [list(row), list(row.values())], between="\t"), currency)


@pytest.mark.parametrize(
    ("cell", "minor"),
    [
        *[
            (cell, 350)
            for cell in ("3.50", "3.5", " 3.5 ", "¥3.50", "￥3.50", "3.50元", "３．５０")
        ],
        *[(cell, 350) for cell in ("$3.50", "3.50 €", "RMB 3.50", "+3.5", "3.5000")],
        *[("1,234.50", 123_450), ("0", 0), ("¥ 1,000", 100_000)],
    ],
)
def test_a_price_is_read_as_it_is_written(tmp_path: Path, cell: str, minor: int) -> None:
    assert one(tmp_path, price=cell).only.product.price_minor == minor


@pytest.mark.parametrize(
    "cell", ["-1", "3,50", "1.005", "面议", "1e3", "99999999999", "nan", "3.5.0"]
)
def test_a_price_that_is_none_is_refused(tmp_path: Path, cell: str) -> None:
    lines = [["product_id", "name", "price"], ["0", "n", "1.50"], ["1", "n", cell]]
    came = read(text_file(tmp_path / "a.csv", lines, between="\t"))
    assert len(came.products) == 1
    assert came.why


def test_decimal_commas_are_known_where_no_price_has_a_point(tmp_path: Path) -> None:
    lines = [["product_id", "name", "price"], ["1", "n", "3,50"], ["2", "n", "1.234,5"]]
    lines += [["3", "n", "7"], ["4", "n", "€ 0,05"]]
    came = read(text_file(tmp_path / "a.csv", lines, between=";"), "EUR")
    assert [product.price_minor for product in came.products] == [350, 123_450, 700, 5]
    late = [["product_id", "name", "price"], *([str(n), "n", "3,50"] for n in range(300))]
    came = read(text_file(tmp_path / "b.csv", [*late, ["x", "n", "3.50"]], between=";"), "EUR")
    assert len(came.products) == 300
    assert "decimal comma" in came.why


@pytest.mark.parametrize(
    ("unit", "pricing", "sold", "minor"),
    [
        *[
            (unit, "", Unit.PIECE, 100)
            for unit in ("", "个", "瓶", "袋", "盒", "包", "支", "EA", "pcs.")
        ],
        *[
            (unit, "", Unit.KILOGRAM, 100)
            for unit in ("kg", "KG", "公斤", "千克", "元/公斤", "kg.")
        ],
        *[("斤", "", Unit.KILOGRAM, 200), ("500g", "", Unit.KILOGRAM, 200)],
        *[("100g", "", Unit.KILOGRAM, 1000), ("两", "", Unit.KILOGRAM, 2000)],
        *[("g", "", Unit.KILOGRAM, 100_000), ("克", "", Unit.KILOGRAM, 100_000)],
        *[("升", "", Unit.LITRE, 100), ("ml", "", Unit.LITRE, 100_000)],
        *[("米", "", Unit.METRE, 100), ("cm", "", Unit.METRE, 10_000)],
        *[("个", "计重", Unit.KILOGRAM, 100), ("斤", "称重", Unit.KILOGRAM, 200)],
        *[("", "1", Unit.KILOGRAM, 100), ("", "Weighed", Unit.KILOGRAM, 100)],
        *[("kg", "普通", Unit.PIECE, 100), ("斤", "计件", Unit.PIECE, 100)],
        *[("哪吒", "0", Unit.PIECE, 100), ("kg", "2", Unit.PIECE, 100)],
    ],
)
def test_a_unit_says_what_the_price_is_for(
    tmp_path: Path, unit: str, pricing: str, sold: Unit, minor: int
) -> None:
    product = one(tmp_path, unit=unit, pricing=pricing).only.product
    assert (product.unit, product.price_minor) == (sold, minor)


def test_a_price_per_jin_takes_all_amounts_with_it_and_halves_the_stock(tmp_path: Path) -> None:
    row = {"进价": "1.255", "会员价": "2", "库存": "7", "单位": "斤"}
    came = one(tmp_path, **row).only
    assert (came.cost_minor, came.opening_stock) == (251, 3500)
    assert came.product.prices == {"member": 400}


def test_a_header_may_name_the_unit(tmp_path: Path) -> None:
    lines = [["编码", "品名", "售价（元/斤）"], ["1", "苹果", "3"]]
    product = read(text_file(tmp_path / "a.csv", lines)).only.product
    assert (product.unit, product.price_minor) == (Unit.KILOGRAM, 600)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"unit": "lb"}, "unit 'lb'"),
        ({"unit": "斤", "currency": "TWD"}, "another weight"),
        ({"pricing": "随便"}, "neither piece nor weighed"),
        ({"tax_rate": "130"}, "between 0 and 100"),
        ({"tax_rate": "13.00001%"}, "finer"),
        ({"箱码": CASE}, "how many"),
        ({"箱码": CASE, "箱规": "0"}, "no number of pieces"),
        ({"箱码": CASE, "箱规": "1.5"}, "no number of pieces"),
        ({"箱码": EAN, "箱规": "24", "barcodes": EAN}, "of one and of a case"),
        ({"箱码": "16901028075020", "箱规": "24"}, "check digit"),
        ({"prices": "vip"}, "name=1"),
        ({"进价": "-1"}, "not between 0"),
        ({"库存": "much"}, "not a number"),
        ({"库存": "9999999999"}, "more than any shop"),
    ],
)
def test_a_cell_that_cannot_be_right_spoils_its_row(
    tmp_path: Path, said: dict[str, str], why: str
) -> None:
    assert why in one(tmp_path, **said).why


@pytest.mark.parametrize(
    ("cell", "tax"),
    [
        *[(cell, Tax("VAT13", 130_000)) for cell in ("13%", "0.13", "13", "13％", "13.00", "13 %")],
        *[("1", Tax("VAT1", 10_000)), ("0.5%", Tax("VAT0.5", 5_000)), ("0", Tax("VAT0", 0))],
        *[("", Tax()), ("免税", Tax()), ("100", Tax("VAT100", 1_000_000))],
        ("7.6875", Tax("VAT7.6875", 76_875)),
    ],
)
def test_a_tax_rate_is_read_in_percent_or_as_a_fraction(
    tmp_path: Path, cell: str, tax: Tax
) -> None:
    assert one(tmp_path, tax_rate=cell).only.product.tax == tax


@pytest.mark.parametrize("between", [" ", ";", ",", "/", "|", "、", "，", " ; "])
def test_several_barcodes_stand_in_one_cell(tmp_path: Path, between: str) -> None:
    came = one(tmp_path, barcodes=between.join((EAN, EAN_8, EAN)))
    assert came.only.product.codes == (EAN, EAN_8)


@pytest.mark.parametrize("cell", [f'="{EAN}"', f"'{EAN}", f"{EAN}.0", "６９０１０２８０７５０２２"])
def test_a_barcode_is_freed_from_what_spreadsheets_do_to_it(tmp_path: Path, cell: str) -> None:
    assert codes.codes(cell) == [EAN]


@pytest.mark.parametrize(
    "cell", [EAN, EAN_8, UPC, CASE, UPC_E, "1", "0012", "A-17", "690102807502"[:9]]
)
def test_a_barcode_that_is_right_or_the_shops_own_is_taken(cell: str) -> None:
    assert codes.codes(cell) == [cell]


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("6901028075023", "its check digit is 3, by its other digits it is 2"),
        ("96385075", "by its other digits it is 4"),
        ("042100005265", "by its other digits it is 4"),
        ("16901028075020", "by its other digits it is 9"),
        ("42100005264", "lost its leading zero: 042100005264"),
        ("6.90103E+12", "destroyed by Excel"),
        ("6.90103e12", "destroyed by Excel"),
        ("9" * 101, "longer"),
    ],
)
def test_a_barcode_that_is_wrong_says_how(cell: str, why: str) -> None:
    with pytest.raises(BadCell, match=r".") as no:
        codes.codes(cell)
    assert why in no.value.why.en
    assert no.value.why.zh


def test_an_article_number_of_eight_digits_is_the_shops_own(tmp_path: Path) -> None:
    assert one(tmp_path, product_id="10000001").only.product.codes == ("10000001",)
    assert "check digit" in one(tmp_path, product_id="6901028075023").why


def test_a_case_has_its_own_barcode_and_price(tmp_path: Path) -> None:
    came = one(tmp_path, 箱码=CASE, 箱规="1*24", 箱价="79.9", barcodes=EAN)
    assert came.only.product.packs == (Pack(CASE, 24_000, 7990),)
    assert one(tmp_path, 箱码=CASE, 箱规="12瓶/箱").only.product.packs == (Pack(CASE, 12_000),)
    assert one(tmp_path, 箱规="24").only.product.packs == ()


def test_a_category_is_a_path(tmp_path: Path) -> None:
    product = one(
        tmp_path, 大类="食品", 类别="饮料 > 碳酸", 英文名="Cola", 品牌="可口"
    ).only.product
    assert (product.category, product.brand) == ("食品/饮料/碳酸", "可口")
    assert product.other_names == ("Cola",)


def test_rows_of_one_product_that_differ_in_barcodes_are_one_product(tmp_path: Path) -> None:
    header = ["货号", "品名", "售价", "条码", "库存"]
    same = [["7", "茶", "2", code, "5"] for code in (EAN, EAN_8, UPC)]
    came = read(text_file(tmp_path / "a.csv", [header, *same, ["8", "水", "1", CASE, "1"]]))
    assert [product.codes for product in came.products[2:]] == [(EAN, EAN_8, UPC), (CASE,)]
    came = read(text_file(tmp_path / "a.csv", [header, same[0], ["7", "茶", "3", EAN_8, "5"]]))
    assert came.products[-1].codes == (EAN_8,)
    came = read(text_file(tmp_path / "a.csv", [header, same[0], ["7", "茶", "2", EAN_8, "6"]]))
    assert came.products[-1].codes == (EAN_8,)


@given(st.lists(st.text("a;\"=；'@ ", min_size=1).map(str.strip).filter(lambda t: " " not in t)))
def test_a_list_in_a_cell_is_read_back(items: list[str]) -> None:
    items = [item for item in items if item]
    assert lists.many(cells.guarded(lists.written(items))) == items


@given(st.text(" '=+-@1.,a\t", max_size=8))
def test_what_is_guarded_is_no_formula_and_is_read_back(cell: str) -> None:
    told = cells.guarded(cell)
    assert cells.unguarded(told) == cell
    number = told[1:].replace(".", "").replace(",", "").isdigit()
    assert told[:1] not in "=@\t" or not told
    assert told[:1] not in ("+", "-") or number or not told[1:].strip(".,")
