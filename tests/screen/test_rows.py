"""Rows are exact to the column, whatever stands in them."""

from hypothesis import given
from hypothesis import strategies as st

from pos_client.screen.rows import (
    Ink,
    Row,
    Span,
    cells,
    changed,
    clip,
    fit,
    folded,
    right,
    row,
    row_width,
    sides,
    sized,
    text_of,
    width,
)

_WORDS = st.text(alphabet="ab 1.可口，（）é€😀\t\x1b\x00", max_size=30)
_ROWS = st.lists(st.tuples(_WORDS, st.sampled_from(list(Ink))), max_size=5).map(
    lambda pairs: tuple(Span(text, ink) for text, ink in pairs)
)
_COLUMNS = st.integers(0, 60)


@given(_WORDS, _COLUMNS)
def test_a_text_is_fitted_to_the_column_and_never_ends_in_half_a_character(
    text: str, columns: int
) -> None:
    assert width(clip(text, columns)) <= columns
    assert width(fit(text, columns)) == columns
    assert width(right(text, columns)) == columns


def test_what_was_cut_off_is_marked() -> None:
    assert clip("可口可乐", 7) == "可口可…"
    assert clip("可口可乐", 6) == "可口…"
    assert clip("可口可乐", 8) == "可口可乐"


@given(_WORDS)
def test_no_name_moves_the_cursor(text: str) -> None:
    assert clip(text, 1000).isprintable()


@given(_ROWS, _COLUMNS)
def test_a_row_is_sized_to_the_column(of: Row, columns: int) -> None:
    assert row_width(sized(of, columns)) == columns


@given(_ROWS, _ROWS, _COLUMNS)
def test_both_ends_of_a_row_are_flush(left: Row, at_right: Row, columns: int) -> None:
    at_right = sized(at_right, min(columns, row_width(at_right)))
    made = sides(left, at_right, columns)
    assert row_width(made) == columns
    assert text_of(made).endswith(text_of(at_right))


@given(_ROWS, _ROWS, st.integers(1, 40))
def test_repainting_what_changed_makes_the_new_row(one: Row, other: Row, columns: int) -> None:
    before, after = sized(one, columns), sized(other, columns)
    span = changed(before, after)
    old, new = cells(before), cells(after)
    if span is None:
        assert old == new
        return
    start, end = span
    assert old[:start] + new[start:end] + old[end:] == new
    for edge in (start, end):
        assert edge == len(new) or (new[edge][0] and old[edge][0])


def test_only_the_columns_between_the_first_and_the_last_change_are_repainted() -> None:
    assert changed(row("应付 12.50"), row("应付 12.80")) == (8, 9)
    assert changed(row("可口"), row("可乐")) == (2, 4)
    assert changed(row("same"), row("same")) is None


def test_no_line_begins_with_a_mark_that_closes() -> None:
    assert folded("请查看纸上内容：完整，补打", 16) == ["请查看纸上内容：", "完整，补打"]
    assert folded("请查看纸上内容：完整，补打", 14) == ["请查看纸上内", "容：完整，补打"]


@given(_WORDS, st.integers(2, 30))
def test_a_folded_sentence_keeps_its_words_and_its_width(text: str, columns: int) -> None:
    for line in folded("".join(text.split()), columns):
        assert width(line) <= columns or " " not in line


def test_a_character_that_asks_for_a_wider_picture_does_not_shift_its_row() -> None:
    assert width(fit("❤\ufe0f 1\ufe0f\u20e3 x", 12)) == 12
    assert "\ufe0f" not in fit("❤\ufe0f", 12)
