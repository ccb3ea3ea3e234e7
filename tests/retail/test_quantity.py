"""Quantities: thousandths of a unit, read and written without a float."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.money import AMOUNT_MAX
from retail.quantity import Unit, parse, plain


@given(st.integers(-AMOUNT_MAX, AMOUNT_MAX), st.sampled_from(Unit))
def test_a_quantity_is_read_back_as_it_was_written(quantity: int, unit: Unit) -> None:
    assert parse(plain(quantity, unit)) == quantity


@pytest.mark.parametrize(
    ("quantity", "unit", "written"),
    [
        (3000, Unit.PIECE, "3"),
        (-1000, Unit.PIECE, "-1"),
        (1500, Unit.PIECE, "1.500"),
        (655, Unit.KILOGRAM, "0.655"),
        (2000, Unit.LITRE, "2.000"),
        (-5, Unit.METRE, "-0.005"),
    ],
)
def test_pieces_are_written_whole_and_measures_with_three_decimals(
    quantity: int, unit: Unit, written: str
) -> None:
    assert plain(quantity, unit) == written


@pytest.mark.parametrize("text", ["", "abc", "0.0001", "1e3", "NaN", "9" * 400, "1.2.3"])
def test_what_is_no_quantity_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"is (not a number|finer than 1/1000|more than)"):
        parse(text)


def test_only_pieces_are_counted() -> None:
    assert [unit for unit in Unit if not unit.is_measured] == [Unit.PIECE]
    assert all(unit.label.en and unit.label.zh for unit in Unit)
