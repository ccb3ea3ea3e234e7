"""The cursor: opaque to the till, and nothing but an error for what is none."""

from base64 import urlsafe_b64encode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.cursor import Cursor

DEEP = b'{"epoch":"e","positions":{},"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}"


def packed(body: bytes) -> str:
    return urlsafe_b64encode(body).decode()


@given(st.text(), st.dictionaries(st.text(), st.integers(0, 2**63 - 1)))
def test_a_cursor_is_read_back_as_it_was_written(epoch: str, positions: dict[str, int]) -> None:
    cursor = Cursor(epoch, positions)
    assert Cursor.parse(cursor.text()) == cursor
    assert cursor.text().isascii()
    assert not set(cursor.text()) & set("+/ \n&?#")  # it is part of an address


@pytest.mark.parametrize(
    "text",
    [
        *["", "x", "====", "收银", "\x00", "null", packed(b"null"), packed(b"[]"), packed(b"{}")],
        *[packed(b'{"epoch":"e"}'), packed(b'{"epoch":1,"positions":{}}'), packed(b"\xff")],
        packed(b'{"epoch":"e","positions":{"catalogue":"1"}}'),
        packed(b'{"epoch":"e","positions":{"catalogue":-1}}'),
        packed(b'{"epoch":"e","positions":{"catalogue":%d}}' % 10**30),
        packed(b'{"epoch":"\xff","positions":{}}'),
        packed(DEEP),
        Cursor("e", {"catalogue": 7}).text()[:-9],
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_cursor_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a cursor$"):
        Cursor.parse(text)


@given(st.text() | st.binary().map(packed))
def test_any_text_is_a_cursor_or_a_value_error(text: str) -> None:
    try:
        cursor = Cursor.parse(text)
    except ValueError as fault:
        said = str(fault)
    else:
        assert isinstance(cursor, Cursor)
        return
    assert said == "not a cursor"


def test_fields_of_a_newer_hub_are_left_out() -> None:
    body = msgspec.json.encode({"epoch": "e", "positions": {"catalogue": 3}, "zone": 5})
    assert Cursor.parse(packed(body)) == Cursor("e", {"catalogue": 3})
