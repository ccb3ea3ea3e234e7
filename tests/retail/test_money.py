"""Money: any currency of ISO 4217, sums that add up, rounding as a shopkeeper does it."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail import money
from retail.money import (
    AMOUNT_MAX,
    CurrencyMismatch,
    Money,
    UnknownCurrency,
    exponent,
    rounded_quotient,
    scaled,
)

CURRENCIES = sorted(money._CODES)
amounts = st.integers(-AMOUNT_MAX, AMOUNT_MAX)
currencies = st.sampled_from(CURRENCIES)


def half_away_from_zero(value: Fraction) -> int:
    """The rule in exact fractions: what tests hold the product to."""
    size = abs(value)
    whole = floor(size) + (size - floor(size) >= Fraction(1, 2))
    return whole if value >= 0 else -whole


# Currencies


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [
        *[(code, 2) for code in ("CNY", "EUR", "USD", "CHF", "HKD", "TWD", "XCG", "MRU")],
        *[(code, 0) for code in ("JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "XPF", "UYI")],
        *[(code, 3) for code in ("KWD", "BHD", "OMR", "TND", "JOD", "IQD", "LYD")],
        *[(code, 4) for code in ("CLF", "UYW")],
    ],
)
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


@pytest.mark.parametrize("code", ["XXX", "cny", "RMB", "", "CNY ", "\u5143"])
def test_what_iso_4217_does_not_list_is_no_currency(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        exponent(code)


@given(amounts, currencies)
def test_an_amount_is_read_back_as_it_was_written(minor: int, currency: str) -> None:
    amount = Money(minor, currency)
    assert Money.parse(amount.plain, currency) == amount
    _, point, decimals = amount.plain.partition(".")
    assert len(decimals) == exponent(currency)
    assert bool(point) == (exponent(currency) > 0)


@pytest.mark.parametrize(
    ("minor", "currency", "grouped"),
    [
        (1_234_560, "CNY", "12,345.60"),
        (-1_234_560, "CNY", "-12,345.60"),
        (99_999, "CNY", "999.99"),
        (-5, "CNY", "-0.05"),
        (0, "CNY", "0.00"),
        (-1_234_567, "JPY", "-1,234,567"),
        (1_234_567, "KWD", "1,234.567"),
    ],
)
def test_a_readers_amount_has_its_thousands_set_apart(
    minor: int, currency: str, grouped: str
) -> None:
    assert Money(minor, currency).grouped == grouped


@pytest.mark.parametrize(
    ("minor", "currency", "plain"),
    [
        (1280, "CNY", "12.80"),
        (-5, "CNY", "-0.05"),
        (0, "CNY", "0.00"),
        (1280, "JPY", "1280"),
        (5, "KWD", "0.005"),
        (-12345, "CLF", "-1.2345"),
    ],
)
def test_an_amount_is_written_with_its_currencys_decimals(
    minor: int, currency: str, plain: str
) -> None:
    assert Money(minor, currency).plain == plain


# Reading


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("12.80", 1280),
        ("12.8", 1280),
        (" 1,280 ", 128_000),
        ("1,234,567.89", 123_456_789),
        ("-0.05", -5),
        ("+3", 300),
        (".5", 50),
        ("7.", 700),
        ("1.000", 100),
        ("００12.80", 1280),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, minor: int) -> None:
    assert Money.parse(text, "CNY") == Money(minor, "CNY")


@pytest.mark.parametrize(
    "text",
    [
        *[
            "",
            " ",
            ".",
            "-",
            "+.",
            "abc",
            "1 2",
            "0x10",
            "--1",
            "1.2.3",
            "1_000",
            "NaN",
            "Infinity",
        ],
        *["1e2", "1e400", "1e999999999", "12,80", "1,28", ",1", "1,,000", "1.005", "0.001", "\x00"],
        *["1.0000000000000000000000000000000000001", "9" * 5000, "0." + "0" * 5000],
        "1000000000000.01",
    ],
)
def test_what_is_no_amount_is_told_and_never_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r"is (not a number|finer than|more than any shop has)"):
        Money.parse(text, "CNY")


@given(st.text() | st.text("0123456789.,+-eE_ "), st.integers(0, 4))
def test_any_text_is_a_number_or_a_value_error(text: str, decimals: int) -> None:
    try:
        count = scaled(text, decimals)
    except ValueError:
        return
    assert Fraction(text.strip().replace(",", "")) == Fraction(count, 10**decimals)
    assert abs(count) <= AMOUNT_MAX


# Rounding and splitting


@given(amounts, st.integers(1, AMOUNT_MAX))
def test_a_quotient_is_rounded_half_away_from_zero(numerator: int, denominator: int) -> None:
    expected = half_away_from_zero(Fraction(numerator, denominator))
    assert rounded_quotient(numerator, denominator) == expected


@pytest.mark.parametrize(
    ("minor", "step", "rounded"),
    [
        *[(1, 5, 0), (2, 5, 0), (3, 5, 5), (7, 5, 5), (8, 5, 10), (-2, 5, 0), (-3, 5, -5)],
        *[(5, 10, 10), (-5, 10, -10), (4, 10, 0), (149, 100, 100), (150, 100, 200), (7, 1, 7)],
    ],
)
def test_cash_is_rounded_to_the_nearest_coin(minor: int, step: int, rounded: int) -> None:
    assert Money(minor, "CNY").rounded_to(step) == Money(rounded, "CNY")


@given(amounts, st.integers(1, 10_000))
def test_a_rounded_amount_is_coins_and_less_than_one_away(minor: int, step: int) -> None:
    rounded = Money(minor, "CHF").rounded_to(step).minor
    assert rounded % step == 0
    assert abs(rounded - minor) * 2 <= step


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=20).filter(any))
def test_a_split_adds_up_and_no_part_is_a_unit_off(minor: int, weights: list[int]) -> None:
    parts = Money(minor, "CNY").share(weights)
    assert sum(part.minor for part in parts) == minor
    assert {part.currency for part in parts} == {"CNY"}
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor - Fraction(minor * weight, sum(weights))) < 1
        assert weight or not part


@given(amounts, st.integers(1, 12))
def test_equal_parts_differ_by_at_most_a_unit_and_the_larger_come_first(
    minor: int, count: int
) -> None:
    parts = [abs(part.minor) for part in Money(minor, "CNY").share([1] * count)]
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


def test_the_largest_remainder_is_served_first() -> None:
    parts = Money(100, "CNY").share([333, 333, 334])
    assert [part.minor for part in parts] == [33, 33, 34]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1], [-1]])
def test_a_split_without_a_weight_or_with_a_negative_one_is_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="a split needs weights"):
        Money(100, "CNY").share(weights)


# Arithmetic


@given(amounts, amounts)
def test_sums_and_comparisons_are_those_of_the_minor_units(one: int, other: int) -> None:
    left, right = Money(one, "CNY"), Money(other, "CNY")
    assert (left + right).minor == one + other
    assert (left - right).minor == one - other
    assert (-left).minor == -one
    assert bool(left) == (one != 0)
    assert (left < right, left <= right) == (one < other, one <= other)
    assert (left > right, left >= right) == (one > other, one >= other)
    assert (left == right) == (one == other)


def test_two_currencies_never_meet_in_one_sum() -> None:
    yuan, yen = Money(1, "CNY"), Money(1, "JPY")
    for meet in (
        lambda: yuan + yen,
        lambda: yuan - yen,
        lambda: yuan < yen,
        lambda: yuan <= yen,
        lambda: yuan > yen,
        lambda: yuan >= yen,
    ):
        with pytest.raises(CurrencyMismatch):
            meet()
    assert yuan != yen


def test_nothing_comes_to_nothing() -> None:
    assert Money.zero("KWD") == Money(0, "KWD")
