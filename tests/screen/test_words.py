"""What a cashier types is an amount or a quantity, or a sentence that shows how to type one."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_client.screen import words
from pos_client.screen.words import NotAnAmount, NotAQuantity
from retail.money import AMOUNT_MAX, Money
from retail.quantity import ONE, Unit, plain
from retail.refusals import Refusal

PAYMENT_CODES = (
    "134567890123456789",
    "2534567890123456",
    "303456789012345678901234",
    "6212345678901234567",
)
_CURRENCIES = st.sampled_from(["CNY", "JPY", "KWD"])


@given(st.integers(0, AMOUNT_MAX), _CURRENCIES)
def test_an_amount_is_typed_as_it_is_shown(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert words.money_of(money.plain, currency) == money


@given(st.integers(1, 10**6), st.sampled_from(Unit))
def test_a_quantity_is_typed_as_it_is_shown(count: int, unit: Unit) -> None:
    quantity = count if unit.is_measured else count * ONE
    assert words.quantity_of(plain(quantity, unit), unit) == quantity


@given(_CURRENCIES, st.sampled_from(Unit))
def test_the_example_of_a_refusal_can_be_typed(currency: str, unit: Unit) -> None:
    amount = _example(lambda: words.money_of("x", currency))
    assert words.money_of(amount, currency).minor
    assert words.quantity_of(_example(lambda: words.quantity_of("x", unit)), unit)
    assert words.grams_of(_example(lambda: words.grams_of("x")))


def _example(refused: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as no:
        refused()
    return str(no.value.values["example"])


@pytest.mark.parametrize("text", ["", "x", "1.234", "1e3", "--1"])
def test_what_is_no_amount_is_said_in_its_own_words(text: str) -> None:
    with pytest.raises(NotAnAmount) as no:
        words.money_of(text, "CNY")
    assert no.value.say.en == f"{text} is not an amount."


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "0.0001"])
def test_nothing_and_less_than_nothing_are_no_quantity(text: str) -> None:
    with pytest.raises(NotAQuantity):
        words.quantity_of(text, Unit.KILOGRAM)


# Payment codes


def _written(digits: str) -> list[str]:
    """The same digits as people and scanners write them."""
    fours = [digits[place : place + 4] for place in range(0, len(digits), 4)]
    wide = "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in digits)
    return [digits, " ".join(fours), "-".join(fours), "\u3000".join(fours), wide, f"]C0{digits}"]


@pytest.mark.parametrize("typed", [typed for code in PAYMENT_CODES for typed in _written(code)])
def test_of_a_payment_code_the_ends_are_said_however_it_was_written(typed: str) -> None:
    ends = {f"{digits[:4]}…{digits[-4:]}" for digits in PAYMENT_CODES}
    assert words.code(typed) in ends
    refused: list[Callable[[], object]] = [
        lambda: words.money_of(typed, "JPY"),
        lambda: words.quantity_of(typed, Unit.KILOGRAM),
        lambda: words.quantity_of(typed, Unit.PIECE),
        lambda: words.grams_of(typed),
    ]
    for parse in refused:
        with pytest.raises((NotAnAmount, NotAQuantity)) as no:
            parse()
        assert no.value.values["text"] in ends


def test_any_other_code_is_said_as_it_came_and_a_long_one_by_its_beginning() -> None:
    assert words.code("]E06901028075022") == "6901028075022"
    assert words.code("0000 1234") == "0000 1234"
    assert words.code("7" * 300) == "7" * 40


@pytest.mark.parametrize("text", ["", "0.655", "-1", "６５５", "1 000"])
def test_grams_are_whole_and_in_plain_digits(text: str) -> None:
    with pytest.raises(NotAQuantity):
        words.grams_of(text)
