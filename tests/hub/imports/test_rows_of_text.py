"""Text in our own columns: good rows go in, a bad one stays out alone, with its line, why, and
what it said."""

import csv
from pathlib import Path
from typing import Any

import pytest

from retail.catalogue import Product, StoreSettings
from retail.language import Language
from retail.quantity import Unit
from retail.tax import Tax
from sync_server.imports.incoming import ImportFile, products, stores
from sync_server.imports.rows import BadRow, GoodRow, UnreadableFile
from sync_server.imports.stores import StoreRow
from sync_server.imports.text import LINE_CHARACTERS_MAX
from tests.hub.imports.reading import read


def products_of(file: Path, content: str | bytes) -> tuple[list[Product], list[BadRow]]:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    came = read(file)
    return came.products, came.bad


def the_store(tmp_path: Path, **cells: str) -> StoreRow | str:
    """What comes of one store row: the store, or why not."""
    cells = {"store_id": "S01", "name": "静安店"} | cells
    file = tmp_path / "stores.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([cells.keys(), cells.values()])
    with ImportFile(file, stores()) as opened:
        (row,) = opened
    return row.value if isinstance(row, GoodRow) else row.why.en


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "products.csv"


def test_a_product_is_read_with_everything_it_says(file: Path) -> None:
    text = (
        "name,product_id,price,barcodes,unit,tax_rate,currency,colour\n"
        '"Apples, red",a1, 12.80 ,690 691;692,KG,9%,usd,red\n'
    )
    good, bad = products_of(file, text)
    assert bad == []
    tax = Tax("VAT9", 90_000, included=True)
    codes = ("690", "691", "692")
    assert good == [Product("a1", "Apples, red", 1280, "USD", codes, Unit.KILOGRAM, tax)]


def test_what_a_file_does_not_say_has_a_default(file: Path) -> None:
    (product,), _ = products_of(file, "product_id,name,price\r\n6901,可乐,3.5\r\n")
    assert product == Product("6901", "可乐", 350, "CNY", ("6901",))


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_byte_order_mark_and_blank_lines_are_no_rows(file: Path, start: str) -> None:
    good, bad = products_of(file, f"{start}product_id,name,price\n\n1,a,1\n\n\n2,b,2\n\n")
    assert ([product.product_id for product in good], bad) == (["1", "2"], [])


def test_a_row_may_hold_commas_and_quotes(file: Path) -> None:
    (product,), _ = products_of(file, 'product_id,name,price\n1,"a ""b"",  c",1\n')
    assert product.name == 'a "b", c'


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("1,a", "2 cells"),
        ("1,a,1,1", "4 cells"),
        (",a,1", "product_id is empty"),
        ("1,,1", "name is empty"),
        ("1,a,", "price is empty"),
        ("1,a,-1", "not between 0"),
        ("1,a,1.001", "finer"),
        ("1,a,ten", "not a number"),
        ("1,a,nan", "not a number"),
        ("1,a,1e3", "not a number"),
        ("1,a,99999999999", "not between 0"),
        (f"{'9' * 101},a,1", "longer"),
        ("1,a\0b,1", "not UTF-8"),
    ],
)
def test_a_bad_row_stays_out_alone(file: Path, row: str, why: str) -> None:
    good, bad = products_of(file, f"product_id,name,price\n0,x,1\n{row}\n9,y,1\n")
    assert [product.product_id for product in good] == ["0", "9"]
    (only,) = bad
    assert only.line == 3
    assert why in only.why.en
    assert only.why.zh
    assert ",".join(only.row) == row


@pytest.mark.parametrize(
    ("column", "cell", "why"),
    [
        ("unit", "pound", "unit 'pound'"),
        ("currency", "RMB", "RMB"),
        ("tax_rate", "101", "not between 0 and 100"),
        ("tax_rate", "-1", "not between 0 and 100"),
        ("tax_rate", "much", "not"),
        ("tax_included", "perhaps", "neither yes nor no"),
        ("barcodes", "9" * 101, "longer"),
        ("tax_rate,tax_code", f"13,{'9' * 101}", "longer"),
    ],
)
def test_a_cell_that_says_nothing_known_spoils_its_row(
    file: Path, column: str, cell: str, why: str
) -> None:
    good, (only,) = products_of(
        file, f"product_id,name,price,{column}\n1,a,1,{cell}\n2,b,2,{',' * cell.count(',')}\n"
    )
    assert [product.product_id for product in good] == ["2"]
    assert why in only.why.en
    assert only.why.zh


def test_a_torn_quote_spoils_its_own_line_and_no_other(file: Path) -> None:
    rows = "\n".join(f"{number},n{number},1" for number in range(2, 500))
    good, bad = products_of(file, f'product_id,name,price\n1,"torn,1\n{rows}\n500,"also,2\n')
    assert [int(product.product_id) for product in good] == list(range(2, 500))
    assert [(row.line, row.row) for row in bad] == [(2, ['1,"torn,1']), (501, ['500,"also,2'])]
    assert all("not a line of CSV" in row.why.en for row in bad)


def test_a_torn_quote_that_a_later_row_closes_swallows_nothing(file: Path) -> None:
    good, bad = products_of(file, 'product_id,name,price\n1,"a,1\n2,b,1\n3,c",1\n4,d,1\n')
    assert [product.product_id for product in good] == ["2", "3", "4"]
    assert good[1].name == 'c"'
    assert [(row.line, row.row) for row in bad] == [(2, ['1,"a,1'])]


def test_a_line_that_is_not_utf8_is_bad_alone(file: Path) -> None:
    text = "product_id,name,price\n1,可乐,1\n".encode()
    text += "2,可乐,1\n".encode("gb18030") + "3,水,1\n".encode() * 1
    good, (only,) = products_of(file, text)
    assert [product.product_id for product in good] == ["1", "3"]
    assert (only.line, only.why.en) == (3, "not UTF-8 text")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"product_id,name\n1,a\n", "no column price"),
        (b"1,a,1\n2,b,2\n", "no column product_id, name, price"),
        (b"product_id,name,price,name\n", "column name stands there twice"),
        (b'"product_id,name,price\n1,a,1\n', "its first line is not a line of CSV"),
        ("编号,名称\n".encode("gb18030"), "no column price"),
        (bytes(range(256)) * 64, "its first line is not"),
    ],
)
def test_a_file_without_its_columns_is_not_read_at_all(
    file: Path, content: bytes, why: str
) -> None:
    with pytest.raises(UnreadableFile) as no:
        products_of(file, content)
    assert why in no.value.say.en
    assert why not in no.value.say.zh
    assert "product_id, name, price" in no.value.remedy.en


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    for missing in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UnreadableFile):
            ImportFile(missing, products("CNY"))


def test_a_file_without_line_ends_does_not_fill_the_memory(file: Path) -> None:
    with file.open("wb") as out:
        out.write(b"product_id,name,price\n")
        out.truncate(3 * LINE_CHARACTERS_MAX)
    good, bad = products_of(file, file.read_bytes())
    assert good == []
    assert {row.line for row in bad}


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "Asia", "../etc/passwd", "/etc/localtime", "shanghai", "+08:00", "😀"]
)
def test_a_time_zone_must_be_of_the_iana_list(tmp_path: Path, zone: str) -> None:
    assert "no time zone" in str(the_store(tmp_path, timezone=zone))


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"language": "fr"}, "none of en, zh"),
        ({"currency": "XYZ"}, "XYZ"),
        ({"cash_step": "0"}, "above 0"),
        ({"cash_step": "-0.05"}, "above 0"),
        ({"quantity_max": "0"}, "above 0"),
        ({"quantity_max": "99999999999"}, "above 0"),
        ({"name": " "}, "name is empty"),
        ({"store_id": "../S01"}, "letters"),
        ({"store_id": "静安"}, "letters"),
        ({"store_id": "S|01"}, "letters"),
        ({"store_id": "S" * 33}, "letters"),
    ],
)
def test_a_store_that_could_not_sell_is_not_taken(
    tmp_path: Path, cells: dict[str, str], why: str
) -> None:
    assert why in str(the_store(tmp_path, **cells))


def test_a_store_is_read_with_everything_it_says(tmp_path: Path) -> None:
    cells: dict[str, Any] = {"timezone": "Europe/Zurich", "currency": "chf", "language": "EN"}
    told = the_store(tmp_path, **cells, cash_step="0.05", quantity_max="50")
    line = StoreRow("S01", "静安店", "Europe/Zurich", "CHF", Language.ENGLISH, "0.05", 50_000)
    assert told == line
    assert line.onto(StoreSettings()) == StoreSettings(
        store_name="静安店",
        timezone="Europe/Zurich",
        currency="CHF",
        language=Language.ENGLISH,
        cash_step_minor=5,
        quantity_max=50_000,
    )


def test_a_store_of_which_a_file_says_little_has_what_every_store_has(tmp_path: Path) -> None:
    told = the_store(tmp_path, timezone="", currency=" ", language="", quantity_max="")
    assert isinstance(told, StoreRow)
    assert told.onto(StoreSettings()) == StoreSettings(store_name="静安店")


def rejected(file: Path, content: str) -> Path | None:
    """The rejects file that an import of this content leaves."""
    file.write_text(content, encoding="utf-8")
    with ImportFile(file, products("CNY")) as opened:
        rejects = opened.write_rejects()
        rejects.write(row for row in opened if isinstance(row, BadRow))
        return rejects.finish(whole=True)


def test_rejects_stand_beside_the_file_and_go_when_all_is_well(file: Path) -> None:
    rejects = file.with_name("products.csv.rejects.csv")
    assert rejected(file, 'product_id,name,price\n1,"a",x\n2,b,-1\n') == rejects
    with rejects.open(newline="", encoding="utf-8-sig") as stream:
        lines = list(csv.reader(stream))
    assert lines[0] == ["line", "reason", "product_id", "name", "price"]
    assert [(line[0], line[2:]) for line in lines[1:]] == [
        ("2", ["1", "a", "x"]),
        ("3", ["2", "b", "-1"]),
    ]
    assert rejected(file, "product_id,name,price\n1,a,1.00\n") is None
    assert not rejects.exists()


def test_rejects_are_mended_in_their_file_and_imported_from_it(file: Path) -> None:
    rejects = rejected(file, "product_id,name,price\n1,a,x\n2,b,-1\n")
    assert rejects is not None
    mended = rejects.read_text(encoding="utf-8-sig").replace(",a,x", ",a,1.00")
    good, _ = products_of(rejects, mended)
    assert [product.product_id for product in good] == ["1"]
    again = rejected(rejects, mended)
    assert again is not None
    said = again.read_text(encoding="utf-8-sig").splitlines()
    assert said[0] == "line,reason,product_id,name,price"
    assert said[1].endswith(",2,b,-1")


def test_the_tail_of_a_line_that_is_too_long_is_no_row(file: Path) -> None:
    filler = b"q," * (LINE_CHARACTERS_MAX // 2)
    good, bad = products_of(
        file, b"product_id,name,price\n" + filler + b"evil,Evil,0.01\n2,b,1.00\n"
    )
    assert [product.product_id for product in good] == ["2"]
    assert [row.line for row in bad] == [2]
