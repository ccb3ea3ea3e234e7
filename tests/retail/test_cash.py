"""Cash: which pieces there are, and what a customer is likely to hand over."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.cash import Denomination, Kind, denominations, suggestions
from retail.money import AMOUNT_MAX, Money, UnknownCurrency

MAIN = ("CNY", "TWD", "HKD", "MOP", "USD", "EUR", "GBP", "JPY", "KRW", "SGD", "MYR", "THB")
OTHER = ("SEK", "CLP", "KWD", "CLF")  # two decimals, none, three, four
STEPS = st.sampled_from([1, 5, 10, 25, 100])


def plain(pieces: tuple[Denomination, ...], kind: Kind) -> str:
    return " ".join(piece.value.plain for piece in pieces if piece.kind is kind)


def suggested(due: str, currency: str = "CNY", step: int = 10, most: int = 9) -> str:
    sums = suggestions(Money.parse(due, currency), step, most)
    return " ".join(each.plain for each in sums)


# Pieces


def test_yuan_come_in_six_notes_and_three_coins() -> None:
    pieces = denominations("CNY")
    assert plain(pieces, Kind.NOTE) == "100.00 50.00 20.00 10.00 5.00 1.00"
    assert plain(pieces, Kind.COIN) == "1.00 0.50 0.10"
    assert [piece.kind for piece in pieces][5:7] == [Kind.NOTE, Kind.COIN]


def test_yen_have_no_minor_unit() -> None:
    pieces = denominations("JPY")
    assert plain(pieces, Kind.NOTE) == "10000 5000 2000 1000"
    assert plain(pieces, Kind.COIN) == "500 100 50 10 5 1"


@pytest.mark.parametrize("currency", [*MAIN, *OTHER])
def test_the_largest_come_first_and_each_is_there_once(currency: str) -> None:
    pieces = denominations(currency)
    assert len(set(pieces)) == len(pieces)
    assert {piece.value.currency for piece in pieces} == {currency}
    for larger, smaller in pairwise(pieces):
        assert larger.value >= smaller.value > Money(0, currency)
        assert larger.value > smaller.value or smaller.kind is Kind.COIN


@pytest.mark.parametrize(
    ("currency", "largest", "smallest_note", "smallest"),
    [
        ("SEK", "500.00", "5.00", "0.01"),
        ("CLP", "50000", "1000", "1"),
        ("KWD", "500.000", "5.000", "0.001"),
    ],
)
def test_any_other_currency_comes_in_one_two_and_five(
    currency: str, largest: str, smallest_note: str, smallest: str
) -> None:
    pieces = denominations(currency)
    notes = plain(pieces, Kind.NOTE).split()
    assert (notes[0], notes[-1], pieces[-1].value.plain) == (largest, smallest_note, smallest)
    assert {str(piece.value.minor).rstrip("0") for piece in pieces} == {"1", "2", "5"}


def test_nothing_is_smaller_than_the_stores_smallest_coin() -> None:
    assert plain(denominations("CNY", 50), Kind.COIN) == "1.00 0.50"
    assert plain(denominations("CHF", 5), Kind.COIN).endswith(" 0.05")


def test_what_is_no_currency_has_no_cash() -> None:
    with pytest.raises(UnknownCurrency):
        denominations("ABC")


# What is handed over


@pytest.mark.parametrize(
    ("due", "currency", "sums"),
    [
        ("57.60", "CNY", "57.60 58.00 60.00 70.00 100.00"),
        ("57.63", "CNY", "57.60 58.00 60.00 70.00 100.00"),
        ("3.60", "CNY", "3.60 4.00 5.00 10.00 20.00 50.00 100.00"),
        ("100.00", "CNY", "100.00"),
        ("157.60", "CNY", "157.60 158.00 160.00 170.00 200.00"),
        ("840", "JPY", "840 850 900 1000 2000 5000 10000"),
        ("12000", "JPY", "12000 15000 20000"),
        ("0.00", "CNY", "0.00"),
        ("0.04", "CNY", "0.00"),
    ],
)
def test_the_exact_sum_comes_first_then_the_next_that_notes_make(
    due: str, currency: str, sums: str
) -> None:
    assert suggested(due, currency) == sums


def test_where_there_are_too_many_those_of_few_pieces_are_named() -> None:
    assert suggested("57.60", most=4) == "57.60 60.00 70.00 100.00"
    assert suggested("3.60", most=5) == "3.60 5.00 10.00 20.00 50.00"
    assert suggested("3.60", most=1) == "3.60"


def fewest_with_each_needed(sum_minor: int, due_minor: int, values: list[int]) -> bool:
    """Whether pieces make the sum so that without any one of them it would not be enough."""
    for place, smallest in enumerate(values):
        if sum_minor - smallest >= due_minor:
            continue
        if payable(sum_minor - smallest, values[: place + 1]):
            return True
    return False


def payable(minor: int, values: list[int]) -> bool:
    """Whether these pieces make the sum, by trying all of them."""
    made = {0}
    for value in values:
        made = {low + count * value for low in made for count in range((minor - low) // value + 1)}
    return minor in made


@given(
    currency=st.sampled_from([*MAIN, *OTHER]),
    pieces=st.integers(0, 300),
    step=STEPS,
    most=st.integers(1, 8),
)
def test_every_sum_is_enough_and_none_of_its_pieces_is_one_too_many(
    currency: str, pieces: int, step: int, most: int
) -> None:
    values = sorted({each.value.minor for each in denominations(currency, step)}, reverse=True)
    due = Money(pieces * max(values[-1], step), currency)
    sums = [each.minor for each in suggestions(due, step, most)]
    exact = due.rounded_to(step).minor
    assert sums[0] == exact
    assert sums == sorted(set(sums))
    assert len(sums) <= most
    assert all(each % step == 0 for each in sums)
    assert all(fewest_with_each_needed(each, exact, values) for each in sums[1:])


@given(due=st.integers(0, AMOUNT_MAX), step=STEPS, currency=st.sampled_from([*MAIN, *OTHER]))
def test_any_amount_has_suggestions_up_to_one_note_above_it(
    due: int, step: int, currency: str
) -> None:
    sums = suggestions(Money(due, currency), step, most=20)
    largest = denominations(currency, step)[0].value
    assert sums[-1] < sums[0] + largest or sums == sums[:1]
    assert len(sums) > 1 or sums[0].minor % largest.minor == 0
