"""Streams: the short form in receipt numbers, and heads that a database can hold."""

import msgspec
import pytest

from journal.stream import Head, Name, StreamId, Word

HASH = "0" * 64


def test_the_short_form_opens_the_incarnation() -> None:
    assert StreamId("S01-1", "K7Q2XM9ABCDEFGHJKMNPQRSTVW").short == "K7Q2XM"


@pytest.mark.parametrize("seq", [-1, 2**63, 10**30, -(10**30)])
def test_a_place_that_no_database_holds_is_none(seq: int) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"seq":%d,"hash":"%s"}' % (seq, HASH.encode()), type=Head)


def test_the_first_and_the_last_place_are_places() -> None:
    for seq in (0, 2**63 - 1):
        head = Head(seq, HASH)
        assert msgspec.json.decode(msgspec.json.encode(head), type=Head) == head


@pytest.mark.parametrize("word", ["a\nb", "a\n", "\x00", "收", "x" * 65, "\x7f"])
def test_a_word_is_short_printable_and_one_line(word: str) -> None:
    for kind in (Word, Name):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(msgspec.json.encode(word), type=kind)


def test_only_a_name_needs_to_say_something() -> None:
    assert msgspec.json.decode(b'""', type=Word) == ""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'""', type=Name)
