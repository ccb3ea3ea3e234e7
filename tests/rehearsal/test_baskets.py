"""Files of baskets as they come: Parquet and CSV, columns of every type, rows to set aside."""

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from rehearsal.replay.baskets import (
    COLUMNS,
    Article,
    Basket,
    Line,
    UnreadableBaskets,
    articles,
    expected_books,
    read,
    till_number,
)

ROWS = [
    (date(2000, 11, 2), "01104905", "4710199010372", 2, 30),
    (date(2000, 11, 1), "00418683", "0029000016019", 1, 46),
    (date(2000, 11, 2), "01104905", "4710199010372", 1, 14),
    (date(2000, 11, 1), "01104905", "20000004", 1200, 70589),
]
BASKETS = [
    Basket(date(2000, 11, 1), "00418683", (Line("0029000016019", 1_000, 4_600),)),
    Basket(date(2000, 11, 1), "01104905", (Line("20000004", 1_200_000, 7_058_900),)),
    Basket(
        date(2000, 11, 2),
        "01104905",
        (Line("4710199010372", 2_000, 3_000), Line("4710199010372", 1_000, 1_400)),
    ),
]


def a_csv(file: Path, rows: Sequence[Sequence[object]], head: Sequence[str] = COLUMNS) -> Path:
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([head, *rows])
    return file


def a_parquet(file: Path, rows: Sequence[Sequence[Any]], **types: pa.DataType) -> Path:
    columns = {
        name: pa.array(list(cells), type=types.get(name))
        for name, cells in zip(COLUMNS, zip(*rows, strict=True), strict=True)
    }
    pa_parquet.write_table(pa.table({"ROW_ID": range(len(rows)), **columns}), file)
    return file


def why_aside(file: Path) -> dict[str, tuple[int, int]]:
    return {aside.why: (aside.rows, aside.first) for aside in read(file, "TWD").set_aside}


def test_a_basket_is_one_day_and_one_customer_and_days_come_in_order(tmp_path: Path) -> None:
    source = read(a_parquet(tmp_path / "rows.parquet", ROWS), "TWD")
    assert (source.rows, source.baskets, source.set_aside) == (4, BASKETS, [])
    assert source.first(2).baskets == BASKETS[:2]
    assert source.first(None).baskets == BASKETS


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%Y%m%d", "%Y-%m-%d %H:%M"])
def test_a_csv_with_days_written_in_any_way_holds_the_same_baskets(
    tmp_path: Path, form: str
) -> None:
    rows = [(day.strftime(form), *rest) for day, *rest in ROWS]
    assert read(a_csv(tmp_path / "rows.csv", rows), "TWD").baskets == BASKETS


def test_a_csv_may_have_other_columns_spellings_and_delimiters(tmp_path: Path) -> None:
    lines = [f"{day};x;{who};{what};{many};{total}" for day, who, what, many, total in ROWS]
    head = "transaction_dt;PIN_CODE;Customer_ID; PRODUCT_ID ;amount;SALES_PRICE"
    file = tmp_path / "rows.txt"
    file.write_text("\n".join([head, *lines]), encoding="utf-8-sig")
    assert read(file, "TWD").baskets == BASKETS


@pytest.mark.parametrize(
    ("column", "convert", "type_"),
    [
        (
            "TRANSACTION_DT",
            lambda day: datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC),
            "ns",
        ),
        ("TRANSACTION_DT", date.isoformat, "string"),
        ("TRANSACTION_DT", lambda day: int(day.strftime("%Y%m%d")), "int64"),
        ("CUSTOMER_ID", str, "dictionary"),
        ("AMOUNT", float, "float64"),
        ("AMOUNT", str, "string"),
        ("SALES_PRICE", Decimal, "decimal"),
        ("SALES_PRICE", lambda total: f"{total:,}.00", "string"),
        ("SALES_PRICE", float, "float32"),
    ],
)
def test_columns_of_any_sensible_type_hold_the_same_baskets(
    tmp_path: Path, column: str, convert: Any, type_: str
) -> None:
    types = {
        "ns": pa.timestamp("ns", tz="UTC"),
        "string": pa.large_string(),
        "int64": pa.int64(),
        "float32": pa.float32(),
        "float64": pa.float64(),
        "decimal": pa.decimal128(12, 2),
        "dictionary": pa.dictionary(pa.int8(), pa.string()),
    }
    place = COLUMNS.index(column)
    rows = [(*row[:place], convert(row[place]), *row[place + 1 :]) for row in ROWS]
    file = a_parquet(tmp_path / "rows.parquet", rows, **{column: types[type_]})
    assert read(file, "TWD").baskets == BASKETS


@pytest.mark.parametrize("type_", [pa.int64(), pa.float64()])
def test_numbers_as_ids_are_read_as_whole_numbers(tmp_path: Path, type_: pa.DataType) -> None:
    rows = [(date(2000, 11, 1), 1104905, 4710199010372, 1, 30)]
    file = a_parquet(tmp_path / "rows.parquet", rows, CUSTOMER_ID=type_, PRODUCT_ID=type_)
    [basket] = read(file, "TWD").baskets
    assert (basket.customer, basket.lines[0].product) == ("1104905", "4710199010372")


def test_rows_without_customer_are_one_basket_a_day(tmp_path: Path) -> None:
    rows = [("2000-11-01", who, "1", 1, 5) for who in ("", "7", "")] + [("2000-11-02", "", 1, 1, 5)]
    baskets = read(a_csv(tmp_path / "rows.csv", rows), "TWD").baskets
    counted = [(basket.day.day, basket.customer, len(basket.lines)) for basket in baskets]
    assert counted == [(1, None, 2), (1, "7", 1), (2, None, 1)]


def test_more_lines_than_a_cashier_takes_at_once_are_several_sales(tmp_path: Path) -> None:
    rows = [("2000-11-01", "7", str(number), 1, 5) for number in range(1_200)]
    baskets = read(a_csv(tmp_path / "rows.csv", rows), "TWD").baskets
    assert [len(basket.lines) for basket in baskets] == [500, 500, 200]
    assert [basket.lines[0].product for basket in baskets] == ["0", "500", "1000"]
    assert {basket.customer for basket in baskets} == {"7"}


def test_a_list_price_never_makes_a_line_dearer_than_a_till_takes(tmp_path: Path) -> None:
    rows = [("2000-11-01", "7", "gold", 1, 900_000_000), ("2000-11-01", "7", "gold", 9_000_000, 1)]
    source = read(a_csv(tmp_path / "rows.csv", rows), "TWD")
    [gold] = articles(source.baskets)
    assert gold.price_minor * 9_000_000 <= 10**12 < (gold.price_minor + 1) * 9_000_000


def test_decimal_prices_and_weights_are_read_to_the_last_digit(tmp_path: Path) -> None:
    rows = [("2000-11-01", "7", "apple", "0.655", "8.38"), ("2000-11-01", "7", "apple", 2, 25.6)]
    source = read(a_csv(tmp_path / "rows.csv", rows), "CNY")
    assert source.baskets[0].lines == (Line("apple", 655, 838), Line("apple", 2_000, 2_560))
    assert articles(source.baskets) == [Article("apple", 1_279, measured=True)]
    noisy = [(date(2000, 11, 1), "7", "apple", 1.1 + 2.2, 0.1 + 0.2)]
    [basket] = read(a_parquet(tmp_path / "rows.parquet", noisy), "CNY").baskets
    assert basket.lines == (Line("apple", 3_300, 30),)


def test_a_row_that_cannot_be_sold_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    good = ("2000-11-01", "7", "1", "1", "5")
    bad = [
        (("yesterday", "7", "1", "1", "5"), "TRANSACTION_DT is not a day"),
        (("2000-02-30", "7", "1", "1", "5"), "TRANSACTION_DT is not a day"),
        (("", "7", "1", "1", "5"), "TRANSACTION_DT is empty"),
        (("2000-11-01", "7", " ", "1", "5"), "PRODUCT_ID is empty"),
        (("2000-11-01", "7", "a\x07b", "1", "5"), "PRODUCT_ID is no number that a scanner reads"),
        (("2000-11-01", "7" * 101, "1", "1", "5"), "CUSTOMER_ID is no number that a scanner reads"),
        (("2000-11-01", "7", "1", "-2", "-10"), "AMOUNT is not above 0"),
        (("2000-11-01", "7", "1", "0", "5"), "AMOUNT is not above 0"),
        (("2000-11-01", "7", "1", "0.0005", "5"), "AMOUNT is finer than 1/1000"),
        (("2000-11-01", "7", "1", "two", "5"), "AMOUNT is not a number"),
        (("2000-11-01", "7", "1", "1e300", "5"), "AMOUNT is more than anybody carries"),
        (("2000-11-01", "7", "1", "1", "-5"), "SALES_PRICE is below 0"),
        (("2000-11-01", "7", "1", "1", "0.005"), "SALES_PRICE is finer than the smallest coin"),
        (("2000-11-01", "7", "1", "1", ""), "SALES_PRICE is empty"),
    ]
    for row, why in bad:
        file = a_csv(tmp_path / "rows.csv", [good, row, good])
        [(said, where)] = why_aside(file).items()
        assert (said.startswith(why), where) == (True, (1, 2)), row
        assert [len(basket.lines) for basket in read(file, "TWD").baskets] == [2], row


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it has no column TRANSACTION_DT, CUSTOMER_ID, PRODUCT_ID, AMOUNT, SALES_PRICE"),
        (b"TRANSACTION_DT,CUSTOMER_ID,PRODUCT_ID,AMOUNT\n1,2,3,4\n", "no column SALES_PRICE"),
        (b"PAR1 and then something else", "Parquet"),
        (b"PK\x03\x04 a spreadsheet", "no column"),
        (",".join(COLUMNS).encode() + b"\n2000-11-01,1\n", "Expected 5 columns, got 2"),
        (",".join(COLUMNS).encode() + b"\n2000-11-01,\xb0\xa1,1,1,1\n", "UTF8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_remedy(
    tmp_path: Path, content: bytes, why: str
) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(content)
    with pytest.raises(UnreadableBaskets) as refused:
        read(file, "TWD")
    assert why in refused.value.say.en
    assert "SALES_PRICE" in refused.value.remedy.en
    assert "SALES_PRICE" in refused.value.remedy.zh


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableBaskets, match="No such file"):
        read(tmp_path / "rows.csv", "TWD")


def test_a_baskets_till_follows_from_day_and_customer_alone() -> None:
    assert [till_number(basket, 8) for basket in BASKETS] == [2, 5, 6]
    assert {till_number(basket, 1) for basket in BASKETS} == {0}


def test_the_books_are_expected_at_the_baskets_tills() -> None:
    one, other, third = ("S01-3", "2000-11-01"), ("S01-6", "2000-11-01"), ("S01-7", "2000-11-02")
    books = expected_books(BASKETS, [f"S01-{number}" for number in range(1, 9)])
    assert books.sales == {one: 1, other: 1, third: 1}
    assert books.takings == {one: 4_600, other: 7_058_900, third: 4_400}
    assert books.goods == books.takings
    assert books.sold == {"0029000016019": 1_000, "20000004": 1_200_000, "4710199010372": 3_000}
