"""Chinese characters are found as they are typed."""

from importlib.resources import files

import pytest

from pricebook.search.pinyin import typed
from tests.pricebook.search.dictionary import readings, table


def test_the_table_of_readings_is_what_the_library_says() -> None:
    """Where this fails the library has learnt: make the table anew, and count VERSION up."""
    kept = files("pricebook.search").joinpath("readings.txt").read_text(encoding="utf-8")
    assert kept == table()


def test_every_reading_is_letters_and_the_commonest_comes_first() -> None:
    known = readings()
    assert all(each.isascii() and each.islower() for way in known.values() for each in way)
    assert known["重"] == ["zhong", "chong"]
    assert known["绿"] == ["lv"]
    assert known["牛"] == ["niu"]


@pytest.mark.parametrize(
    ("word", "ways"),
    [
        ("牛奶", {"niunai", "nn"}),
        ("重庆", {"zhongqing", "chongqing", "zq", "cq"}),
        ("ad钙奶2", {"adgainai2", "adgn2"}),
        ("女", {"nv", "n"}),
        ("milk", set()),
        ("カレー", set()),
    ],
)
def test_a_word_is_typed_by_syllables_and_by_their_first_letters(word: str, ways: set[str]) -> None:
    assert set(typed(word)) == ways
