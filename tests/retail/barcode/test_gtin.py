"""GTINs and UPC-E: one number, whatever zeros it is written with."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.barcode import families, gtin
from retail.barcode.gtin import (
    canonical,
    check_digit,
    check_digit_ok,
    equal_forms,
    is_gtin,
    is_upce,
    upce_expanded,
    upce_of,
)

DIGITS = "0123456789"
payloads = st.sampled_from((7, 11, 12, 13)).flatmap(
    lambda length: st.text(DIGITS, min_size=length, max_size=length)
)


def with_check_digit(payload: str) -> str:
    """By the standard's own table: from the right, weights 3 and 1 in turn."""
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(payload)))
    return payload + str((10 - total % 10) % 10)


gtins = payloads.map(with_check_digit)
upces = st.builds(
    lambda system, six: with_check_digit(upce_expanded(f"{system}{six}0")[:-1]),
    st.sampled_from("01"),
    st.text(DIGITS, min_size=6, max_size=6),
)


@pytest.mark.parametrize("module", [gtin, families])
def test_the_examples_of_a_module_come_out(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@given(st.text(DIGITS, min_size=1, max_size=40))
def test_a_check_digit_is_that_of_the_standard(payload: str) -> None:
    whole = with_check_digit(payload)
    assert str(check_digit(payload)) == whole[-1]
    assert check_digit_ok(whole)


@given(gtins, st.data())
def test_one_wrong_digit_is_found(number: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(number) - 1))
    digit = data.draw(st.sampled_from([each for each in DIGITS if each != number[place]]))
    assert not check_digit_ok(number[:place] + digit + number[place + 1 :])


@given(gtins)
def test_a_gtin_is_the_14_digits_with_its_leading_zeros(number: str) -> None:
    assert canonical(number) == number.zfill(14)
    assert is_gtin(number)


@given(upces)
def test_a_upce_comes_back_from_the_number_it_stands_for(gtin_12: str) -> None:
    short = upce_of(gtin_12)
    assert short is not None
    assert is_upce(short)
    assert upce_expanded(short) == gtin_12


@pytest.mark.parametrize(
    ("upce", "gtin_12"),
    [
        ("04252614", "042100005264"),
        ("02345147", "023450000017"),
        ("06397126", "063200009716"),
        ("08679339", "086700000939"),
        ("14252611", "142100005261"),
        ("01234558", "012345000058"),
    ],
)
def test_a_upce_stands_for_its_gtin_12(upce: str, gtin_12: str) -> None:
    assert upce_expanded(upce) == gtin_12
    assert upce_of(gtin_12) == upce


def test_an_importer_accepts_a_upce_whose_check_digit_is_right_only_when_expanded() -> None:
    assert not check_digit_ok("04252614")
    assert canonical("04252614") == "00042100005264"


def test_8_digits_that_are_both_are_imported_as_an_ean_8() -> None:
    assert is_upce("01234565")
    assert canonical("01234565") == "00000001234565"


@pytest.mark.parametrize(
    "text",
    ["", "4011", "6901028075023", "690102807502", "６９０１０２８０７５０２２", "²" * 13, "x" * 13],
)
def test_what_is_no_gtin_has_no_canonical_form(text: str) -> None:
    assert canonical(text) is None
    assert not is_gtin(text)


@pytest.mark.parametrize("text", ["24252614", "0425261", "0425261x", "", "٠٤٢٥٢٦١٤"])
def test_what_is_no_upce_is_not_expanded(text: str) -> None:
    assert not is_upce(text)
    with pytest.raises(ValueError, match="not a UPC-E"):
        upce_expanded(text)


@given(gtins)
def test_every_form_is_the_same_number(number: str) -> None:
    gtin_14 = number.zfill(14)
    forms = equal_forms(gtin_14)
    assert number in forms
    for form in forms:
        assert form.zfill(14) == gtin_14 or upce_expanded(form).zfill(14) == gtin_14


def test_a_package_is_never_taken_for_the_piece_in_it() -> None:
    assert equal_forms("16901028075029") == ("16901028075029",)


@given(upces)
def test_a_form_that_is_another_products_ean_8_is_left_out(gtin_12: str) -> None:
    eight = [form for form in equal_forms(gtin_12.zfill(14)) if len(form) == 8]
    assert all(form.zfill(14) == gtin_12.zfill(14) or not check_digit_ok(form) for form in eight)
