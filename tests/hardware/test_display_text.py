"""What a customer display can show of a text, and how it is fitted into its columns."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.display import text as display_text
from hardware.display.text import Charset, clipped, cols_of, sides, spelled


@pytest.mark.parametrize(
    ("charset", "text", "shown"),
    [
        (Charset.ASCII, "可口可乐 330ml", " 330ml"),
        (Charset.ASCII, "可口可乐 cola", " cola"),
        (Charset.ASCII, "¥１２．００", "Y12.00"),
        (Charset.ASCII, "（５００ｍｌ）", "(500ml)"),
        (Charset.ASCII, "café ßäÅ", "cafe ssaA"),
        (Charset.ASCII, "5㎏×2", "5kgx2"),
        (Charset.ASCII, "½", ""),
        (Charset.ASCII, "😀", ""),
        (Charset.ASCII, "a\x00b\x1b\u202e\u200bc\n", "abc"),
        (Charset.GBK, "\x1b@\x0cx\n", "@x"),
    ],
)
def test_what_a_display_has_no_characters_for_becomes_what_looks_like_it_or_goes(
    charset: Charset, text: str, shown: str
) -> None:
    assert spelled(text, charset) == shown


@given(st.text(), st.text(max_size=12), st.integers(8, 40))
def test_an_amount_is_never_cut_and_nothing_is_wider_than_the_display(
    left: str, right: str, columns: int
) -> None:
    left, right = spelled(left, Charset.GBK), clipped(spelled(right, Charset.GBK), columns)
    line = sides(left, right, columns)
    assert cols_of(line) == columns
    assert line.endswith(right)


def test_the_examples_of_the_module_are_true() -> None:
    assert doctest.testmod(display_text).failed == 0
