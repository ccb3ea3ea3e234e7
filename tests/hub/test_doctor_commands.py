"""`sync-server doctor` and `periods`: what a person reads, and by what a script goes."""

from pathlib import Path

import pytest
from sqlalchemy import text

from tests.hand_till import DAY, HandTill, a_delivery, a_sale, reply_of
from tests.hub.test_commands import Head
from tests.hub.test_periods import A_DAY, a_day_of_sales, declares
from tests.served_hub import ServedHub


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What the database is asked is tested on both elsewhere."""
    return sqlite_url


@pytest.fixture
def head(hub: ServedHub, tmp_path: Path) -> Head:
    return Head(tmp_path, hub.settings.database)


@pytest.fixture
def sold(hub: ServedHub, till: HandTill) -> HandTill:
    """A till whose day is over, and which spoke since."""
    a_day_of_sales(till)
    hub.clock.move(A_DAY)
    declares(till)
    return till


def test_the_doctor_exits_0_when_all_holds_and_1_with_what_to_do_when_not(
    head: Head, hub: ServedHub, sold: HandTill
) -> None:
    well = head.runs("doctor")
    assert well.code == 0
    assert "holds\tchains\t5 facts followed, none missing\t\t5 条逐条核对，无缺失\t" in well.out
    hub.write(lambda c: c.execute(text("UPDATE stock_ledger SET amount = 7")))
    ill = head.runs("doctor", "--store", "S01")
    assert ill.code == 1
    lines = [line.split("\t") for line in ill.out.splitlines()]
    wrong = [line for line in lines if line[0] == "wrong"]
    assert {line[1] for line in wrong} == {"stock"}
    assert all("sync-server restore" in line[3] and "备份" in line[5] for line in wrong)
    assert head.runs("doctor", "--store", "S99").code == 1


def test_periods_are_previewed_closed_and_listed(head: Head, sold: HandTill) -> None:
    seen = head.runs("periods", "preview", "S01", DAY)
    assert (seen.code, f"{DAY}\tCNY 7.00 in 2 sales" in seen.out) == (0, True)
    assert head.runs("periods", "close", "S01", DAY, "--by", "王敏").out.endswith(
        f"\nstore S01 is closed up to {DAY}\n门店 S01 已日结至 {DAY}\n"
    )
    listed = head.runs("periods", "list").out.split("\t")
    assert listed[:5] == ["S01", "上海静安店", DAY, DAY, "王敏"]
    assert "王敏\tclosed\tS01/2026-06-03" in head.runs("products", "log").out
    again = head.runs("periods", "close", "S01", DAY)
    assert (again.code, "王敏" in again.err) == (1, True)


def test_one_that_is_not_complete_names_the_till_and_closes_with_a_reason(
    head: Head, hub: ServedHub, sold: HandTill
) -> None:
    declares(sold, 2)
    assert head.runs("periods", "preview", "S01", DAY).code == 1
    no = head.runs("periods", "close", "S01", DAY)
    assert no.code == 1
    assert "S01-1: 2 facts outstanding since" in no.err
    assert "S01-1：" in no.err
    assert head.runs("periods", "close", "S01", DAY, "--reason", "burnt").code == 1
    assert head.runs("periods", "close", "S01", DAY, "--incomplete").code == 1
    assert head.runs("periods", "close", "S01", "soon").code == 1
    done = head.runs("periods", "close", "S01", DAY, "--incomplete", "--reason", "burnt")
    assert done.code == 0
    assert head.runs("periods", "list").out.strip().endswith("burnt")


def test_what_came_late_is_listed_posting_by_posting(head: Head, sold: HandTill) -> None:
    head.runs("periods", "close", "S01", DAY)
    sold.record(a_sale(receipt="R7"))
    sold.record(a_delivery())
    sold.record_bytes(b'{"reason":"change"}', "drawer.opened", 1)
    reply_of(sold.push(5))
    assert "no store S99" in head.runs("periods", "late", "--store", "S99").err
    late = head.runs("periods", "late", "--store", "S01")
    rows = [line.split("\t") for line in late.out.splitlines()]
    amounts = {(row[5], row[7], row[8]): row[9] for row in rows}
    assert amounts[("sale.completed", "drawer", "CNY")] == "3.50"
    assert amounts[("sale.completed", "store", "cola")] == "-1"
    assert amounts[("stock.received", "store", "cola")] == "24"
    assert {row[2] for row in rows} == {DAY}
    assert "1 fact more moved neither money nor stock" in late.err
    assert "and 1 fact more: --limit" in head.runs("periods", "late", "--limit", "1").err
