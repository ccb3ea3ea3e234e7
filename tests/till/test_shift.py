"""Opening, reading and closing a shift: the business date, the drawer, the numbers."""

from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from pos_client.shift.service import BusinessDateUnexpected
from pos_client.till import Till
from retail.catalogue import StoreSettings
from retail.facts import DenominationCount
from tests.builders import SteppedClock, open_till, publish
from tests.till.counter import (
    COLA,
    PEN,
    assert_in_order,
    begin,
    counted_by_hand,
    did,
    do,
    other_program,
    recorded,
    refused,
    sell,
    shifts,
)

TODAY = date(2026, 6, 3)


def close(till: Till) -> None:
    did(till, "close_shift", counted=till.shift.figures().expected_cash_minor)


def drawer(till: Till) -> int:
    with other_program(till) as other:
        (amount,) = other.execute(
            "SELECT coalesce(sum(amount), 0) FROM money_ledger WHERE account = 'drawer'"
        ).fetchone()
    return int(amount)


def test_the_first_shift_takes_todays_date_of_the_store(tmp_path: Path) -> None:
    clock = SteppedClock(SteppedClock().at.replace(hour=17))  # 01:00 of the next day in Shanghai
    with closing(open_till(tmp_path, clock=clock)) as till:
        opened = did(till, "open_shift", cashier="1001")["shift"]
    assert opened["business_date"] == "2026-06-04"


@pytest.mark.parametrize("days", [0, 1])
def test_the_last_business_date_and_the_next_day_are_not_asked_about(till: Till, days: int) -> None:
    begin(till)
    close(till)
    chosen = TODAY + timedelta(days=days)
    assert did(till, "open_shift", cashier="1001", business_date=chosen.isoformat())


@pytest.mark.parametrize("days", [-3650, -1, 2, 7, 3650])
def test_any_other_date_is_asked_about_and_taken_when_confirmed(till: Till, days: int) -> None:
    begin(till)
    close(till)
    chosen = (TODAY + timedelta(days=days)).isoformat()
    code = refused(till, "open_shift", cashier="1001", business_date=chosen)
    assert code == "business_date_unexpected"
    answer = do(till, "open_shift", cashier="1001", business_date=chosen)
    assert chosen in answer["refusal"]["say"]
    assert "2026-06-03" in answer["refusal"]["say"]
    opened = did(till, "open_shift", cashier="1001", business_date=chosen, confirm=True)
    assert opened["shift"]["business_date"] == chosen


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_ten_years_off_is_asked_about_and_does_not_stop_selling(
    tmp_path: Path, years: int
) -> None:
    clock = SteppedClock()
    with closing(open_till(tmp_path, clock=clock)) as till:
        begin(till)
        sell(till)
        clock.at = clock.at.replace(year=clock.at.year + years)
        sell(till)
        close(till)
        assert refused(till, "open_shift", cashier="1001") == "business_date_unexpected"
        did(till, "open_shift", cashier="1001", business_date="2026-06-04")
        sold = sell(till)
        assert sold["business_date"] == "2026-06-04"
        assert sold["at"].startswith(f"{2026 + years}-06-03T")
        clock.at = clock.at.replace(year=2026)
        sell(till)
        close(till)
        order = [envelope.seq for envelope, _ in recorded(till)]
        assert order == sorted(order)
        assert_in_order(till)


def test_the_calendar_has_an_end_and_the_till_does_not_stumble_there(till: Till) -> None:
    did(till, "open_shift", cashier="1001", business_date="9999-12-31", confirm=True)
    close(till)
    assert refused(till, "open_shift", cashier="1001") == "business_date_unexpected"
    begun = did(till, "open_shift", cashier="1001", business_date="2026-06-03", confirm=True)
    assert begun["shift"]["number"] == 2


@pytest.mark.parametrize("counted", [50_000 + 350, 50_000, 0, 60_000])
def test_the_drawer_is_empty_after_closing_and_the_difference_is_booked(
    till: Till, counted: int
) -> None:
    begin(till)
    sell(till, COLA)
    sell(till, PEN, tender="card")
    assert drawer(till) == 50_350
    closed = did(till, "close_shift", counted=counted)["closed"]
    assert closed["expected"] == 50_350
    assert closed["difference"] == counted - 50_350
    assert drawer(till) == 0
    with other_program(till) as other:
        rows = other.execute("SELECT account, sum(amount) FROM money_ledger GROUP BY account")
        amounts = dict(rows.fetchall())
    assert amounts["over_short"] == 50_350 - counted
    assert amounts["safe"] == counted - 50_000
    assert_in_order(till)


def test_shift_numbers_follow_each_other_and_figures_start_afresh(till: Till) -> None:
    for number in (1, 2, 3):
        opened = did(till, "open_shift", cashier="1001", float=100 * number)["shift"]
        assert opened["number"] == number
        sell(till)
        x = did(till, "x_report")["x"]
        assert (x["sales"], x["float"]) == (1, 100 * number)
        assert x["expected_cash"] == 100 * number + 350
        assert till.shift.figures() == counted_by_hand(till)
        close(till)
    assert [fact.number for fact in shifts(till)] == [1, 1, 2, 2, 3, 3]
    assert_in_order(till)


def test_an_open_shift_is_open_again_after_a_restart(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        sell(till)
        before = till.shift.current, till.shift.figures()
    with closing(open_till(tmp_path)) as till:
        assert (till.shift.current, till.shift.figures()) == before
        assert refused(till, "open_shift", cashier="1001") == "shift_already_open"
        close(till)
    with closing(open_till(tmp_path)) as till:
        assert till.shift.current is None


def test_the_date_that_opens_unasked_is_known_before(tmp_path: Path) -> None:
    clock = SteppedClock()
    with closing(open_till(tmp_path, clock=clock)) as till:
        assert till.catalogue.today() == TODAY
        till.shift.check_date(TODAY)
        with pytest.raises(BusinessDateUnexpected):
            till.shift.check_date(TODAY + timedelta(days=1))
        begin(till)
        close(till)
        till.shift.check_date(TODAY + timedelta(days=1))
        clock.move(timedelta(days=2))
        assert till.catalogue.today() == TODAY + timedelta(days=2)
        with pytest.raises(BusinessDateUnexpected):
            till.shift.check_date(till.catalogue.today())
        assert refused(till, "open_shift", cashier="1001") == "business_date_unexpected"


def test_cash_may_be_counted_note_by_note(till: Till) -> None:
    notes = [{"value": 10_000, "number": 3}, {"value": 100, "number": 2}]
    none = {"value": 5000, "number": 0}
    did(till, "open_shift", cashier="1001", float=30_200, counts=[*notes, none])
    coin = {"value": 100, "number": 1}
    closed = did(till, "close_shift", counted=30_300, counts=[*notes, coin])["closed"]
    assert closed["counts"] == [*notes, coin]
    there = (DenominationCount(10_000, 3), DenominationCount(100, 2))
    opening, closing_ = shifts(till)
    assert opening.counts == there
    assert closing_.counts == (*there, DenominationCount(100, 1))
    assert_in_order(till)


def test_x_reads_and_changes_nothing(till: Till) -> None:
    begin(till)
    sell(till)
    head = till.recorder.head
    assert did(till, "x_report") == did(till, "x_report")
    assert till.recorder.head == head


def test_facts_carry_the_shift_they_belong_to(till: Till) -> None:
    did(till, "receive", reference="DN", lines=[{"code": COLA, "quantity": 1000}])
    begin(till)
    sell(till)
    close(till)
    told = [(each.type, each.shift, each.cashier, each.bdate) for each, _ in recorded(till)]
    mine = ("000001-1", "1001", "2026-06-03")
    assert told == [
        ("stock.received", "", "", ""),
        ("shift.opened", *mine),
        ("sale.completed", *mine),
        ("shift.closed", *mine),
    ]


def test_cash_is_rounded_to_the_smallest_coin_and_the_books_still_balance(till: Till) -> None:
    publish(till, settings=StoreSettings(cash_step_minor=5))
    begin(till)
    did(till, "scan", code=COLA)
    did(till, "line_price", total=352, reason="label")
    assert did(till, "pay")["sale"]["total"] == 352
    did(till, "scan", code=COLA)
    did(till, "line_price", total=353, reason="label")
    assert did(till, "pay", amount=500)["change"] == 145
    assert till.shift.figures() == counted_by_hand(till)
    assert till.shift.figures().rounding_minor == 0
    assert till.shift.figures().expected_cash_minor == 50_000 + 350 + 355
    assert_in_order(till)
