"""Grams propose everything that has a part, and little else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricebook.search import grams

texts = st.text("ab可乐12_", min_size=1, max_size=9).map(lambda word: f" {word}")


@pytest.mark.parametrize(
    ("part", "inside"),
    [
        ("牛奶", ["奶牛"]),
        ("纯牛奶", ["奶牛", "牛纯"]),
        (" 可乐", ["乐可", "可_", "乐可_"]),
        (" cola", ["alo", "loc", "oc_", "c_", "loc_"]),
        ("a4纸", ["纸4"]),
        ("纸a4", ["4a纸"]),
        *[("co", []), ("奶", []), ("", [])],
    ],
)
def test_a_part_has_these_grams(part: str, inside: list[str]) -> None:
    assert grams.of(part) == inside


@given(texts, texts, st.data())
def test_every_part_of_a_text_is_proposed(one: str, other: str, data: st.DataObject) -> None:
    text = one + other
    word = data.draw(st.sampled_from([one, one[1:], other, other[1:]]))
    begin = data.draw(st.integers(0, len(word) - 1))
    part = word[begin : data.draw(st.integers(begin + 1, len(word)))]
    ends = [gram for gram in grams.of(text) if gram.startswith(grams.backwards(part))]
    assert set(grams.of(part)) <= set(grams.of(text))
    assert grams.of(part) or ends or part == " "
