"""The replay is replayed: small files of baskets, real tills and hubs, cuts and kills."""

import csv
import re
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from rehearsal import bad_line
from rehearsal.cable import Cable
from rehearsal.postgresql import NoPostgreSQL, PostgreSQL
from rehearsal.processes import Child, ChildEnded, HeadlessTill
from rehearsal.replay.baskets import COLUMNS, Basket, Line, read
from rehearsal.replay.errands import (
    Cashier,
    Closing,
    Opening,
    Post,
    Selling,
    WrongTill,
    going_on_from,
    receipts_of,
)
from rehearsal.replay.faults import TillKill, Told, Trouble, planned
from rehearsal.replay.receipts import expected_receipts, receipt_differences, till_receipts
from rehearsal.shop import Shop, TillHome
from retail.money import Money
from tests.builders import open_till

ROOT = Path(__file__).parents[2]
PATIENCE_S = 240.0
DAY = date(2000, 11, 1)
BASKETS, TILLS = 200, 3


# --- what goes wrong, and when


def test_a_full_run_has_enough_of_everything_and_a_seed_always_the_same() -> None:
    plan = planned(1, [11_000] * 8, 88_527)
    assert len(plan.cuts) >= 20
    assert len(plan.till_kills) >= 20
    assert len(plan.hub_kills) >= 5
    assert planned(1, [11_000] * 8, 88_527) == plan
    assert planned(2, [11_000] * 8, 88_527) != plan


@pytest.mark.parametrize("baskets", [200, 500, 1_000, 5_000])
def test_a_short_run_has_at_least_one_of_each_and_a_tiny_one_none(baskets: int) -> None:
    plan = planned(1, [baskets // 2, baskets // 2, 0], baskets)
    assert min(map(len, plan)) >= 1
    assert {cut.till for cut in plan.cuts} | {kill.till for kill in plan.till_kills} <= {0, 1}
    assert all(len(events) == 0 for events in planned(1, [5, 5], 10))


# --- what a till that was killed had done


BASKET = Basket(DAY, "7", (Line("a", 2_000, 30), Line("a", 2_000, 30), Line("b", 1_000, 9)))


def ready(lines: Sequence[tuple[str, int, int]], customer: str | None, receipt: str | None) -> Any:
    shown = [{"code": code, "quantity": many, "total": total} for code, many, total in lines]
    basket = {"lines": shown, "customer": customer, "tenders": []}
    return {"basket": basket, "last_receipt": receipt, "shift": {"business_date": "2000-11-01"}}


@pytest.mark.parametrize(
    ("lines", "customer", "receipt", "done"),
    [
        ([], None, "S01-1-K7Q2XM-000041", 0),
        ([], "7", "S01-1-K7Q2XM-000041", 1),
        ([("a", 2_000, 28)], "7", "S01-1-K7Q2XM-000041", 2),
        ([("a", 2_000, 30)], "7", "S01-1-K7Q2XM-000041", 3),
        ([("a", 2_000, 30), ("a", 2_000, 28)], "7", "S01-1-K7Q2XM-000041", 4),
        ([("a", 2_000, 30), ("a", 2_000, 30), ("b", 1_000, 9)], "7", "S01-1-K7Q2XM-000041", 7),
        ([], None, "S01-1-K7Q2XM-000042", 8),
    ],
)
def test_the_till_itself_tells_how_far_a_sale_got(
    lines: list[tuple[str, int, int]], customer: str | None, receipt: str, done: int
) -> None:
    assert Selling(BASKET, 42).done(ready(lines, customer, receipt)) == done


def test_the_newest_line_is_priced_again_because_its_list_price_may_be_the_same() -> None:
    acts = Selling(BASKET, 42).acts
    assert [going_on_from(acts, done) for done in range(9)] == [0, 1, 2, 2, 4, 4, 6, 6, 8]


@pytest.mark.parametrize(
    ("lines", "customer", "receipt"),
    [
        ([], None, "S01-1-K7Q2XM-000043"),
        ([], "8", "S01-1-K7Q2XM-000041"),
        ([("a", 2_000, 30)], None, "S01-1-K7Q2XM-000041"),
        ([("b", 2_000, 30)], "7", "S01-1-K7Q2XM-000041"),
        ([("a", 4_000, 60)], "7", "S01-1-K7Q2XM-000041"),
        ([("a", 2_000, 28), ("a", 2_000, 30)], "7", "S01-1-K7Q2XM-000041"),
    ],
)
def test_a_basket_that_nobody_filled_is_no_beginning_of_a_sale(
    lines: list[tuple[str, int, int]], customer: str | None, receipt: str
) -> None:
    with pytest.raises(WrongTill, match="came back with"):
        Selling(BASKET, 42).done(ready(lines, customer, receipt))


def test_a_shift_tells_by_its_day_whether_it_was_opened_and_closed() -> None:
    open_ = ready([], None, None)
    closed = {**open_, "shift": None}
    assert (Opening(DAY, "1001", 0).done(open_), Closing(DAY, 0).done(open_)) == (1, 0)
    assert (Opening(DAY, "1001", 0).done(closed), Closing(DAY, 0).done(closed)) == (0, 1)
    assert Opening(DAY + timedelta(1), "1001", 0).done(open_) == 0
    assert receipts_of(None) == 0


@pytest.mark.parametrize(
    ("other", "story"),
    [
        (BASKET._replace(customer=None), "3 lines sold to nobody on 2000-11-01 at S01-1"),
        (BASKET._replace(day=DAY + timedelta(1)), "3 lines sold to 7 on 2000-11-02 at S01-1"),
        (
            BASKET._replace(lines=(*BASKET.lines[:2], Line("b", 1_001, 9))),
            "3 lines sold to 7 on 2000-11-01 at S01-1",
        ),
    ],
)
def test_a_sale_of_the_wrong_customer_day_or_line_is_named(other: Basket, story: str) -> None:
    right = expected_receipts([BASKET], ["S01-1"])
    wrong = expected_receipts([BASKET, other], ["S01-1"])
    assert receipt_differences(right, right, ("file", "hub")) == []
    assert receipt_differences(right, wrong, ("file", "hub")) == [f"{story}: file 0, hub 1 times"]
    twice = expected_receipts([BASKET, BASKET], ["S01-1"])
    assert len(receipt_differences(right, twice, ("file", "hub"))) == 1


def test_receipts_are_read_afresh_from_a_tills_journal(tmp_path: Path) -> None:
    till = open_till(tmp_path)
    till.shift.open("1001", 0)
    till.sale.set_customer("7")
    till.sale.scan("6901028075022", 2_000)
    till.sale.set_line_price(Money(30, "CNY"), "as in the file")
    till.sale.pay("cash")
    day = till.catalogue.today()
    till.close()
    sold = Basket(day, "7", (Line("cola", 2_000, 30),))
    assert till_receipts(tmp_path / "data" / "till.db") == expected_receipts([sold], ["S01-1"])


@pytest.mark.slow
def test_a_cashier_sells_every_line_once_whenever_the_till_is_killed(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    bought = (Line("6901028075022", 2_000, 700), Line("6901028075022", 1_000, 350))
    baskets = [Basket(DAY, str(number), bought) for number in range(6)]
    home = TillHome("S01-1", tmp_path / "data", tmp_path / "state", Cable("127.0.0.1", 9))

    def start(home: TillHome, day: date) -> HeadlessTill:
        return HeadlessTill([sys.executable, "-m", "pos_client", "--headless", *home.options])

    stories: list[str] = []
    trouble = Trouble(planned(1, [0], 0), Shop(tmp_path, ""), [home], Told(stories.append))
    kills = [TillKill(0, 1 + number, number / 6) for number in range(6)]
    kills += [TillKill(0, 0, 0.0), TillKill(0, 8, 0.0)]
    cashier = Cashier(Post(home, "1001", 50_000, DAY, baskets), start, kills, trouble)
    try:
        cashier.greet()
        cashier.sell_all()
        assert cashier.till.act("status")["shift"] is None
    finally:
        cashier.till.close()
        home.cable.close()
    assert trouble.score.sold == 6
    assert [story.partition(";")[0] for story in stories] == [
        "till kill 1: S01-1 in opening 2000-11-01",
        *(
            f"till kill {2 + number}: S01-1 in basket of {number} on 2000-11-01, 2 lines"
            for number in range(6)
        ),
        "till kill 8: S01-1 in closing 2000-11-01",
    ]
    as_cola = [
        basket._replace(lines=tuple(line._replace(product="cola") for line in bought))
        for basket in baskets
    ]
    sold = till_receipts(tmp_path / "data" / "till.db")
    assert sold == expected_receipts(as_cola, ["S01-1"])


# --- the whole, with everything that goes wrong


def some_rows(baskets: int) -> Iterator[tuple[object, ...]]:
    """Three days of small baskets, in any order: members and others, a product twice, weights,
    gifts, more than a store's default limit, and returns, which are to be set aside."""
    chance = Random(7)
    for number in range(baskets):
        day = DAY + timedelta(chance.randrange(3))
        customer = None if number % 100 == 99 else f"{number:08d}"
        for _ in range(chance.choice((1, 2, 3))):
            product = chance.randrange(40)
            amount = chance.randrange(1, 2_000) / 1000 if product < 3 else chance.choice((1, 2, 9))
            yield day, customer, f"{product:013d}", amount, chance.randrange(0, 9_900) / 100
        yield day, customer, f"{40 + number % 3:013d}", 1, 12
        yield day, customer, f"{40 + number % 3:013d}", 1_200 if number == 5 else 1, 12
        if number % 50 == 0:
            yield day, customer, "0000000000041", -1, -12


def a_csv(file: Path, rows: Iterator[tuple[object, ...]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([COLUMNS, *rows])
    return file


def a_parquet(file: Path, rows: Iterator[tuple[object, ...]]) -> Path:
    columns = zip(*rows, strict=True)
    table = pa.table(dict(zip(COLUMNS, map(list, columns), strict=True)))
    pa_parquet.write_table(table, file)
    return file


def replaying(data: Path, *options: str) -> Child:
    argv = [sys.executable, "-m", "rehearsal.replay", str(data), *options]
    return Child(argv, cwd=ROOT, env={"COLUMNS": "120"})


def said(child: Child, until: str = "") -> list[str]:
    """What it says, up to a line with `until`, else to its end."""
    lines: list[str] = []
    try:
        while not until or until not in "".join(lines[-1:]):
            lines.append(child.read_line(PATIENCE_S))
    except ChildEnded:
        assert not until, (lines, child.stderr_tail)
    return lines


def count(lines: list[str], begin: str) -> int:
    return sum(1 for line in lines if re.match(rf"{begin} \d+: ", line))


@pytest.mark.slow
def test_a_row_that_somebody_put_into_the_hubs_books_is_the_one_difference(tmp_path: Path) -> None:
    data = a_csv(tmp_path / "rows.csv", some_rows(BASKETS))
    place = tmp_path / "place"
    baskets = len(read(data, "TWD").baskets)
    assert BASKETS - 3 <= baskets <= BASKETS
    with replaying(data, "--tills", str(TILLS), "--keep", str(place)) as replay:
        lines = said(replay, until="tills are ready")
        with sqlite3.connect(place / "hub.db", timeout=30) as hub:
            hub.execute("INSERT INTO stock_ledger VALUES ('S01', 'ghost', 'sold', 1000, 1)")
        hub.close()
        lines += said(replay)
        assert replay.wait() == 1
        assert f"The books are in {place}" in replay.stderr_tail
    assert f"set aside: {BASKETS // 50} rows, from row" in lines[0]
    assert min(count(lines, "cut"), count(lines, "till kill"), count(lines, "hub kill")) >= 1
    kills = [line for line in lines if line.startswith("hub kill")]
    assert all(" /v1/push " in line for line in kills), kills
    agree = [line for line in lines if " agree " in line]
    assert [line.split()[1] for line in agree] == ["sales", "money", "tills", "facts"]
    assert agree[0].split()[3::2] == [str(baskets)] * 3 + ["agree"]
    assert lines[-5:-1] == [
        "sold of ghost: file 0, hub 1000",
        "sold of ghost: tills 0, hub 1000",
        "accounts of stock S01 ghost sold: tills none, hub 1000 in 1 postings",
        "the books differ in 3 places",
    ]


@pytest.mark.slow
def test_what_tills_sold_is_at_a_hub_on_postgresql_too(tmp_path: Path) -> None:
    try:
        PostgreSQL(tmp_path).close()
    except NoPostgreSQL as reason:
        pytest.skip(str(reason))
    data = a_parquet(tmp_path / "rows.parquet", some_rows(BASKETS))
    options = ("--hub", "postgresql", "--seed", "5", "--bad", "0.2")
    with replaying(data, "--tills", str(TILLS), *options) as replay:
        lines = said(replay)
        assert replay.wait() == 0, (lines[-8:], replay.stderr_tail)
    assert lines[-2] == "the books agree"
    assert any(f" {trouble}: " in line for trouble in bad_line.Trouble for line in lines), lines
    assert min(count(lines, "cut"), count(lines, "till kill"), count(lines, "hub kill")) >= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "options", "why"),
    [
        ("PRODUCT_ID\n1\n", [], "no column TRANSACTION_DT"),
        (",".join(COLUMNS) + "\n2000-11-01,7,1,-1,-5\n", [], "No row of this file can be sold."),
        (",".join(COLUMNS) + "\n2000-11-01,7,1,1,5\n", ["--currency", "XXX"], "not a currency"),
        (",".join(COLUMNS) + "\n2000-11-01,7,1,1,5\n", ["--limit", "some"], "'some' is no limit"),
        (",".join(COLUMNS) + "\n2000-11-01,7,1,1,5\n", ["--timezone", "Mars"], "no time zone"),
    ],
)
def test_a_wrong_file_or_option_ends_with_a_sentence_and_2(
    tmp_path: Path, content: str, options: list[str], why: str
) -> None:
    data = tmp_path / "rows.csv"
    data.write_text(content, encoding="utf-8")
    with replaying(data, *options) as replay:
        said(replay)
        assert replay.wait() == 2
        assert why in replay.stderr_tail
        assert "Traceback" not in replay.stderr_tail
