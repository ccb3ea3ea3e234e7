"""Opening, counting and closing by keys."""

from datetime import timedelta
from pathlib import Path

import pytest

from pos_client.screen.frame import COLUMNS_MIN, ROWS_MIN
from pos_client.screen.page import Size
from pos_client.till import Till
from retail.catalogue import Cashier as Person
from retail.catalogue import StoreSettings
from retail.facts import DenominationCount
from tests.builders import SteppedClock, open_till, publish
from tests.screen.cashier import SMALL, Cashier
from tests.till.counter import APPLES, COLA, PEN, shifts


@pytest.fixture
def starter(till: Till) -> Cashier:
    """Nobody has signed in."""
    return Cashier(till)


def test_a_shift_opens_by_number_and_float(till: Till, starter: Cashier) -> None:
    assert "开班" in starter.text
    starter.type("1001", "enter")
    assert "王芳" in starter.text
    starter.type("500", "enter")
    assert not _is_open(till)
    assert "500.00" in starter.text
    starter.press("enter")
    assert till.shift.current is not None
    assert till.shift.current.float_minor == 50_000
    assert "王芳 · 6月3日 周三" in starter.lines[0]


def test_a_scan_before_the_shift_is_refused_aloud(starter: Cashier) -> None:
    starter.scan(COLA)
    starter.scan_by_serial(COLA)
    assert starter.bells == 2
    assert "开班" in starter.text
    assert starter.entry == ""


def test_an_unknown_cashier_is_a_sentence(starter: Cashier) -> None:
    starter.type("7", "enter")
    assert starter.bells == 1
    assert "不是本店收银员" in starter.note


def test_the_float_is_counted_by_denomination(till: Till, starter: Cashier) -> None:
    starter.type("1001", "enter", "f2")
    starter.type("2", "enter")
    starter.type("3", "f12", "enter")
    assert till.shift.current is not None
    assert till.shift.current.float_minor == 2 * 10_000 + 3 * 5_000


def test_an_unexpected_day_is_asked_about(tmp_path: Path) -> None:
    clock = SteppedClock()
    till = open_till(tmp_path, clock=clock)
    till.shift.open("1001", 0)
    till.shift.close(0)
    clock.move(timedelta(days=5))
    starter = Cashier(till)
    starter.type("1001", "enter", "enter")
    assert not _is_open(till)
    assert "2026-06-08" in starter.note
    starter.press("enter")
    assert _is_open(till)
    till.close()


def _is_open(till: Till) -> bool:
    return till.shift.current is not None


def _close(cashier: Cashier) -> None:
    cashier.press("ctrl+p")
    cashier.type("交班", "enter")


def test_the_drawer_is_counted_blind_and_the_difference_shown_after(cashier: Cashier) -> None:
    till = cashier.face.till
    cashier.scan(COLA)
    cashier.press("f11")
    _close(cashier)
    cashier.type("5", "enter")
    assert "503.50" not in cashier.text
    cashier.press("f12")
    assert "503.50" not in cashier.text
    cashier.press("f12")  # twice by a slip
    assert _is_open(till)
    cashier.press("enter")
    assert not _is_open(till)
    assert "503.50" in cashier.text
    assert "-3.50" in cashier.text
    cashier.press("enter")
    assert "开班" in cashier.text


def test_the_counts_go_with_the_fact(cashier: Cashier) -> None:
    _close(cashier)
    cashier.type("4", "enter")
    cashier.type("2", "enter")
    cashier.press("f12", "enter")
    closed = shifts(cashier.face.till)[-1]
    assert closed.counts == (DenominationCount(10_000, 4), DenominationCount(5_000, 2))


def test_a_scan_during_the_count_is_refused_aloud_and_typed_nowhere(cashier: Cashier) -> None:
    _close(cashier)
    cashier.scan(COLA)
    assert cashier.bells == 1
    assert cashier.entry == ""
    assert "清点" in cashier.text


@pytest.mark.parametrize("typed", ["x", "1.5", "-3", "99999999", "１２"])
def test_what_is_no_count_is_said(cashier: Cashier, typed: str) -> None:
    _close(cashier)
    cashier.type(typed, "enter")
    assert cashier.bells == 1


def test_an_unfinished_sale_keeps_the_shift_open(cashier: Cashier) -> None:
    cashier.scan(COLA)
    _close(cashier)
    assert "未完成的销售" in cashier.note


@pytest.mark.parametrize("currency", ["JPY", "EUR", "KWD", "VND", "XAF"])
def test_every_currency_can_be_counted(tmp_path: Path, currency: str) -> None:
    till = open_till(tmp_path)
    publish(till, products=[], settings=StoreSettings(currency=currency))
    till.shift.open("1001", 0)
    cashier = Cashier(till, SMALL)
    _close(cashier)
    for _ in range(20):
        cashier.type("1", "enter")
        assert any(line.startswith("▌") for line in cashier.lines)
    cashier.press("f12", "enter")
    assert till.shift.current is None
    till.close()


def test_a_count_that_must_be_a_slip_is_asked_about_blindly(cashier: Cashier) -> None:
    _close(cashier)
    cashier.type("1", "f12")
    assert "相差较大" in cashier.note
    assert "500.00" not in cashier.text
    cashier.press("escape")
    assert _is_open(cashier.face.till)


def test_a_count_is_not_given_up_by_one_slip(cashier: Cashier) -> None:
    _close(cashier)
    cashier.type("3", "enter", "escape")
    assert "× 3" in cashier.text
    cashier.press("escape")
    assert "× 3" not in cashier.text


def test_a_float_is_corrected_before_it_counts(till: Till, starter: Cashier) -> None:
    starter.type("1001", "enter")
    starter.type("50000000", "enter", "escape")
    starter.type("500", "enter", "enter")
    assert till.shift.current is not None
    assert till.shift.current.float_minor == 50_000


def test_a_scanner_of_cr_lf_opens_no_shift_by_itself(till: Till, starter: Cashier) -> None:
    starter.scan("1001")
    starter.face.key("ctrl+j", "\n", starter.at_s + 0.001)
    assert not _is_open(till)
    assert "备用金" in starter.text
    starter.face.key("ctrl+j", "\n", starter.at_s + 1)
    assert "…" in starter.text


def test_no_drawer_holds_a_float_that_no_fact_could_close(till: Till, starter: Cashier) -> None:
    starter.type("1001", "enter")
    starter.type("1000000000000", "enter", "enter")
    assert not _is_open(till)
    assert starter.bells == 1


def test_the_day_that_was_shown_is_the_day_that_opens(tmp_path: Path) -> None:
    clock = SteppedClock()
    till = open_till(tmp_path, clock=clock)
    starter = Cashier(till)
    starter.type("1001", "enter")
    starter.type("500", "enter")
    clock.move(timedelta(days=400))
    starter.press("enter")
    assert till.shift.current is not None
    assert till.shift.current.context.business_date == "2026-06-03"
    till.close()


def test_a_float_of_the_former_currency_is_asked_for_anew(till: Till, starter: Cashier) -> None:
    starter.type("1001", "enter")
    starter.type("500", "enter")
    publish(till, products=[], settings=StoreSettings(currency="JPY"))
    starter.press("enter")
    assert not _is_open(till)
    assert "币种" in starter.note


def test_a_number_belongs_to_the_piece_it_was_typed_for(cashier: Cashier) -> None:
    _close(cashier)
    cashier.type("12", "down")
    cashier.type("x", "down")
    assert cashier.bells == 1
    cashier.press("backspace")
    cashier.type("5", "up", "f12", "enter")
    closed = shifts(cashier.face.till)[-1]
    assert closed.counts == (DenominationCount(10_000, 12), DenominationCount(5_000, 5))


def test_what_came_out_of_the_count_is_seen_in_the_smallest_window(cashier: Cashier) -> None:
    for key in ("f1", "f2", "f3", "f4"):
        cashier.scan(COLA, PEN, APPLES)
        cashier.type("100", "enter", "f12", key, "enter")
    cashier.size = Size(COLUMNS_MIN, ROWS_MIN)
    _close(cashier)
    cashier.type("5", "f12", "enter")
    for label in ("应有现金", "清点现金", "长短款"):
        assert label in cashier.text


def test_a_database_that_fails_between_count_and_close_is_a_sentence(cashier: Cashier) -> None:
    driver = cashier.face.till.database.driver
    _close(cashier)
    cashier.type("5", "enter")
    driver.execute("ALTER TABLE money_ledger RENAME TO gone")
    cashier.press("f12")
    assert "程序故障" not in cashier.text
    assert cashier.bells == 1
    assert cashier.face.faults == []
    driver.execute("ALTER TABLE gone RENAME TO money_ledger")
    cashier.press("enter")
    assert not _is_open(cashier.face.till)


def test_a_float_typed_anew_forgets_the_pieces_counted_before(till: Till, starter: Cashier) -> None:
    starter.type("1001", "enter", "f2")
    starter.type("5", "f12", "escape")
    starter.type("300", "enter", "enter")
    assert till.shift.current is not None
    assert till.shift.figures().float_minor == 30_000


def test_a_count_that_went_on_is_not_given_up_by_the_next_slip(cashier: Cashier) -> None:
    _close(cashier)
    cashier.type("3", "enter", "escape", "down", "escape")
    assert "× 3" in cashier.text
    cashier.type("2", "enter", "escape")
    assert "× 3" in cashier.text


def test_a_count_far_above_is_asked_about_too(cashier: Cashier) -> None:
    _close(cashier)
    cashier.type("50", "f12")
    assert "相差较大" in cashier.note


def test_a_new_shift_begins_without_the_last_sale_of_the_one_before(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.press("f11")
    assert "找零" in cashier.text
    _close(cashier)
    cashier.type("5", "f12", "enter", "enter")
    cashier.type("1001", "enter")
    cashier.type("0", "enter", "enter")
    assert _is_open(cashier.face.till)
    assert "找零" not in cashier.text


def test_the_name_above_is_of_whoever_opened_this_shift(till: Till, starter: Cashier) -> None:
    publish(till, cashiers=[Person("1001", "王芳"), Person("1002", "李雷")])
    till.shift.open("1001", 0)
    assert "王芳" in starter.lines[0]
    till.shift.close(0)
    assert "王芳" not in starter.lines[0]
    till.shift.open("1002", 0)
    assert "李雷" in starter.lines[0]
