"""A shift: the date it books to, the figures it reads off the ledger, the receipts it numbers."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.stream import StreamId
from retail.facts import Fact, SaleCompleted, ShiftClosed, ShiftOpened
from retail.postings import MONEY, postings
from retail.receipt import ReceiptNumber
from retail.shift import Balance, Figures, figures, is_expected
from tests.retail.goods import sales

TUESDAY = date(2026, 6, 2)
FLOAT_MINOR = 50_000


def day(days_after_tuesday: int) -> date:
    return TUESDAY + timedelta(days=days_after_tuesday)


# The business date


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [(-365, False), (-1, False), (0, True), (1, True), (2, False), (30, False), (1461, False)],
)
@pytest.mark.parametrize("today", [-365, 0, 1, 2, 30, 1461])
def test_after_a_first_shift_only_its_day_or_the_next_is_expected_whatever_the_clock_says(
    chosen: int, expected: bool, today: int
) -> None:
    assert is_expected(day(chosen), TUESDAY, day(today)) is expected


def test_a_till_without_history_expects_today() -> None:
    assert is_expected(TUESDAY, None, TUESDAY)
    assert not is_expected(day(1), None, TUESDAY)
    assert not is_expected(day(-1), None, TUESDAY)


def test_the_day_after_the_last_of_a_month_is_the_first_of_the_next() -> None:
    assert is_expected(date(2028, 2, 29), date(2028, 2, 28), date(2028, 2, 29))
    assert is_expected(date(2027, 1, 1), date(2026, 12, 31), date(2026, 12, 31))
    assert not is_expected(date(2027, 3, 2), date(2027, 2, 28), date(2027, 3, 2))
    assert is_expected(date.max, date.max, date.max)


# The figures


def balances(facts: Iterable[Fact]) -> list[Balance]:
    """The money ledger of one shift: sums and how many postings went in."""
    sums: dict[str, list[int]] = {}
    for fact in facts:
        for entry in postings(fact):
            if entry.book == MONEY:
                row = sums.setdefault(entry.account, [0, 0])
                row[0] += entry.amount
                row[1] += 1
    return [Balance(account, *row) for account, row in sums.items()]


def opened(float_minor: int = FLOAT_MINOR) -> ShiftOpened:
    return ShiftOpened(1, "1001", TUESDAY, "CNY", float_minor)


@given(st.lists(sales(), max_size=4))
@settings(max_examples=30)
def test_the_figures_of_a_shift_are_those_of_its_sales(sold: list[SaleCompleted]) -> None:
    report = figures(balances([opened(), *sold]), FLOAT_MINOR, "CNY")
    tenders = [tender for sale in sold for tender in sale.tenders]
    cash = sum(tender.amount_minor for tender in tenders if tender.is_cash)
    card = sum(tender.amount_minor for tender in tenders if not tender.is_cash)
    assert report.sales == len(sold)
    assert report.net_minor + sum(report.taxes.values()) == sum(sale.total_minor for sale in sold)
    assert report.takings_minor == cash + card
    assert report.takings_minor - report.rounding_minor == sum(sale.total_minor for sale in sold)
    assert report.rounding_minor == sum(tender.rounding_minor for tender in tenders)
    assert report.tenders.get("card", 0) == card
    assert report.tenders["cash"] == cash
    assert report.expected_cash_minor == FLOAT_MINOR + cash


def test_cash_that_moves_without_a_sale_is_neither_takings_nor_a_cash_payment() -> None:
    rows = [
        Balance("drawer", FLOAT_MINOR + 350 - 20_000, 3),
        Balance("safe", 20_000 - FLOAT_MINOR, 2),
        Balance("sales", -350, 1),
    ]
    report = figures(rows, FLOAT_MINOR, "CNY")
    assert (report.takings_minor, report.tenders) == (350, {"cash": 350})
    assert report.expected_cash_minor == FLOAT_MINOR + 350 - 20_000


def test_a_shift_that_sold_nothing_has_its_float_in_the_drawer() -> None:
    report = figures(balances([opened()]), FLOAT_MINOR, "CNY")
    assert report == Figures(0, 0, 0, {}, 0, {"cash": 0}, FLOAT_MINOR, FLOAT_MINOR, "CNY")


def test_a_shift_that_opened_without_a_posting_has_an_empty_drawer() -> None:
    assert figures([], 0, "CNY").expected_cash_minor == 0


def test_tenders_and_taxes_are_told_by_name() -> None:
    rows = [
        Balance("drawer", 51_000, 3),
        Balance("tender:wechat", 700, 1),
        Balance("tender:card", 300, 1),
        Balance("sales", -1_800, 2),
        Balance("tax:VAT9", -80, 1),
        Balance("tax:VAT13", -120, 2),
        Balance("rounding", 0, 2),
        Balance("safe", -50_000, 1),
    ]
    report = figures(rows, FLOAT_MINOR, "CNY")
    assert list(report.tenders.items()) == [("cash", 1_000), ("card", 300), ("wechat", 700)]
    assert list(report.taxes.items()) == [("VAT13", 120), ("VAT9", 80)]
    assert (report.sales, report.net_minor, report.takings_minor) == (2, 1_800, 2_000)


@given(st.lists(sales(), max_size=2), st.integers(0, 200_000))
@settings(max_examples=30)
def test_a_counted_drawer_is_empty_after_the_close(sold: list[SaleCompleted], counted: int) -> None:
    report = figures(balances([opened(), *sold]), FLOAT_MINOR, "CNY")
    closed = ShiftClosed(1, "CNY", report.expected_cash_minor, counted, report.sales)
    after = {row.account: row.amount_minor for row in balances([opened(), *sold, closed])}
    assert after["drawer"] == 0
    assert after["safe"] == counted - FLOAT_MINOR
    assert after["over_short"] == -closed.difference_minor == report.expected_cash_minor - counted


# Receipt numbers


def test_a_receipt_number_names_till_incarnation_and_count() -> None:
    stream = StreamId("S01-2", "K7Q2XM9A00000000000000000Z")
    assert str(ReceiptNumber(stream.till, stream.short, 123)) == "S01-2-K7Q2XM-000123"
    assert str(ReceiptNumber(stream.till, stream.short, 1_234_567)) == "S01-2-K7Q2XM-1234567"


numbers = st.builds(
    ReceiptNumber,
    st.sampled_from(["S01-1", "S01-11", "S1-1", "S0-11"]),
    st.sampled_from(["K7Q2XM", "7Q2XMK", "000001", "111111"]),
    st.integers(1, 10**7) | st.integers(1, 12),
)


@given(numbers, numbers)
def test_no_two_tills_incarnations_or_counts_share_a_receipt_number(
    one: ReceiptNumber, other: ReceiptNumber
) -> None:
    assert (str(one) == str(other)) == (one == other)
