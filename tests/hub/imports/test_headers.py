"""Headers of other systems: known by their names, shown, and changed by a mapping."""

from pathlib import Path

import pytest

from sync_server.imports.columns import UnusableMap, found, key, read_map
from sync_server.imports.incoming import ImportFile, products
from sync_server.imports.products import COLUMNS
from sync_server.imports.rows import UnreadableFile
from tests.hub.imports.reading import read, text_file

ONE = "6901028075022"


def known(*header: str) -> dict[str, str]:
    """Theirs to ours."""
    return {header[place]: ours for place, ours in found(header, COLUMNS).ours.items()}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        *[
            (name, "barcodes")
            for name in ("商品条码", "条码", "国际条码", "Barcode", "UPC", "EAN-13")
        ],
        *[(name, "barcodes") for name in ("gtin", "Bar Code", "UPC Code", "条形码")],
        *[
            (name, "product_id")
            for name in ("货号", "商品编码", "自编码", "SKU", "Item Code", "PLU")
        ],
        *[
            (name, "name")
            for name in ("品名", "商品名称", "名称", "Item Name", "DESCRIPTION", "Title")
        ],
        *[
            (name, "price")
            for name in ("零售价", "售价", "零售价（元）", "售价(元/斤)", "Unit Price")
        ],
        *[(name, "price") for name in ("price", "Retail_Price", "selling-price", "Price1")],
        *[(name, "unit") for name in ("单位", "计量单位", "UOM", "Unit", "Unit of Measure")],
        *[(name, "pricing") for name in ("计价方式", "是否称重", "Pricing Method")],
        *[(name, "tax_rate") for name in ("税率", "销项税率(%)", "Tax", "VAT rate", "tax rate")],
        *[(name, "category") for name in ("类别", "分类", "品类", "商品分类", "Product Category")],
        *[(name, "department") for name in ("大类", "Department", "Dept")],
        *[(name, "spec") for name in ("规格", "规格型号", "Size", "Pack Size")],
        *[(name, "brand") for name in ("品牌", "Brand", "Manufacturer")],
        *[(name, "mnemonic") for name in ("助记码", "拼音码")],
        *[(name, "other_names") for name in ("英文名", "别名", "Short Name")],
        *[(name, "price:member") for name in ("会员价", "Member Price", "price:member")],
        *[(name, "price:wholesale") for name in ("批发价", "Wholesale Price")],
        *[(name, "cost") for name in ("进货价", "进价", "成本价", "Cost", "Unit Cost")],
        *[(name, "opening_stock") for name in ("库存", "期初库存", "Stock", "On Hand", "Qty")],
        *[(name, "pack_quantity") for name in ("箱规", "Case Pack", "units_per_case")],
        *[(name, "pack_code") for name in ("箱码", "Case UPC")],
        *[(column.name, column.name) for column in COLUMNS],
    ],
)
def test_a_column_is_known_by_what_others_call_it(theirs: str, ours: str) -> None:
    assert known(theirs) == {theirs: ours}
    assert known(f" {theirs.upper()} ") == {f" {theirs.upper()} ": ours}


def test_no_name_stands_for_two_columns() -> None:
    names = [name for column in COLUMNS for name in set(column.names) if name]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    "theirs", ["产地", "供应商", "保质期", "supplier", "valid_check", "", "()"]
)
def test_what_is_not_known_is_not_used(theirs: str) -> None:
    assert known(theirs) == {}


def test_the_better_name_wins_and_the_other_is_said_to_be_unused(tmp_path: Path) -> None:
    header = ["名称", "自编码", "国际条码", "条码", "零售价", "单价", "商品名称", "产地"]
    file = text_file(tmp_path / "a.csv", [header, ["短", "7", ONE, "1", "2", "9", "长名", "上海"]])
    came = read(file)
    assert came.mapping == {
        "商品名称": "name",
        "自编码": "product_id",
        "国际条码": "barcodes",
        "零售价": "price",
    }
    assert came.only.product.name == "长名"
    with ImportFile(file, products("CNY")) as opened:
        assert list(opened.shown_mapping()) == [
            '"名称" = ""  # 短 (name is another column)',
            '"自编码" = "product_id"  # 7',
            f'"国际条码" = "barcodes"  # {ONE}',
            '"条码" = ""  # 1 (barcodes is another column)',
            '"零售价" = "price"  # 2',
            '"单价" = ""  # 9 (price is another column)',
            '"商品名称" = "name"  # 长名',
            '"产地" = ""  # 上海',
        ]


def test_the_mapping_that_is_shown_is_one_that_can_be_given(tmp_path: Path) -> None:
    header = ["货号", "品名", "售价", 'say "so"', "a\\b"]
    file = text_file(tmp_path / "a.csv", [header, ["1", "茶", "2", "x", "y"]], between="\t")
    with ImportFile(file, products("CNY")) as opened:
        lines = list(opened.shown_mapping())
    # A quote in a header is a torn one unless it is doubled, so this one is shown from a list.
    shown = tmp_path / "map.toml"
    shown.write_text("\n".join(found(header, COLUMNS).shown([])), encoding="utf-8")
    assert read_map(shown, COLUMNS) == {
        "货号": "product_id",
        "品名": "name",
        "售价": "price",
        "sayso": "",
        "ab": "",
    }
    assert len(lines) == len(header)


@pytest.mark.parametrize("suffix", ["toml", "csv"])
def test_a_mapping_that_is_given_counts(tmp_path: Path, suffix: str) -> None:
    pairs = {"代号": "product_id", "条码": "", "单价": "price", "VIP": "price:vip"}
    line = '"{}" = "{}"\n' if suffix == "toml" else "{},{}\n"
    column_map = tmp_path / f"map.{suffix}"
    column_map.write_text("".join(line.format(*pair) for pair in pairs.items()), encoding="utf-8")
    header = ["代号", "条码", "品名", "零售价", "单价", "VIP"]
    file = text_file(tmp_path / "a.csv", [header, ["A1", "123", "茶", "9", "8", "7"]])
    given = read_map(column_map, COLUMNS)
    product = read(file, given=given).only.product
    assert (product.product_id, product.codes, product.price_minor) == ("A1", ("A1",), 800)
    assert product.prices == {"vip": 700}


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("map.toml", '"品名" = "colour"\n', "colour is no column of ours"),
        ("map.toml", '"品名" = "price:"\n', "price: is no column of ours"),
        ("map.toml", '"品名" = 3\n', "not like"),
        ("map.toml", "品名 = name\n", ""),
        ("map.csv", "品名\n", "not two columns"),
        ("none/map.toml", None, "No such file"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, name: str, text: str | None, why: str
) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableMap) as no:
        read_map(file, COLUMNS)
    assert why in no.value.say.en
    assert "product_id" in no.value.remedy.zh


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"品 名": "name", "别的": "brand"}, "names a column 别的"),
        ({"货号": "name", "品名": "name", "条码": "product_id"}, "column name stands there twice"),
    ],
)
def test_a_mapping_must_fit_the_file(tmp_path: Path, given: dict[str, str], why: str) -> None:
    file = text_file(tmp_path / "a.csv", [["货号", "条码", "品名", "售价"], ["1", ONE, "茶", "2"]])
    with pytest.raises(UnreadableFile) as no:
        read(file, given=given)
    assert why in no.value.say.en


def test_a_title_may_stand_above_the_columns(tmp_path: Path) -> None:
    lines = [
        ["商品资料导出"],
        ["导出时间：2026-01-01"],
        [],
        ["货号", "品名", "售价"],
        ["1", "茶", "2"],
    ]
    came = read(text_file(tmp_path / "a.csv", lines))
    assert [product.name for product in came.products] == ["茶"]


def test_a_file_without_prices_says_what_to_do(tmp_path: Path) -> None:
    file = text_file(tmp_path / "a.csv", [["gtin", "name"], [ONE, "茶"]])
    with pytest.raises(UnreadableFile) as no:
        read(file)
    assert "--default-price" in no.value.say.en
    assert "--default-price" in no.value.say.zh
    product = read(file, default_price="9.90").only.product
    assert (product.product_id, product.codes, product.price_minor) == (ONE, (ONE,), 990)


def test_a_name_is_known_whatever_stands_between_its_words() -> None:
    assert key("  Item_Name (en) ") == key("ITEM-NAME") == "itemname"
    assert key("零售价（元）") == key("零售价【元】") == key("零 售 价") == "零售价"
