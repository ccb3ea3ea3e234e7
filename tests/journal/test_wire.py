"""Messages: bounded before they are unpacked, and nothing but a verdict for what is none."""

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.stream import Head
from journal.wire import (
    BACKOFF_MS_MAX,
    MESSAGE_BYTES_MAX,
    Challenge,
    Declared,
    EnrolReply,
    EnrolRequest,
    FeedChange,
    FeedPage,
    FeedRow,
    MessageTooLarge,
    NotAMessage,
    Problem,
    PushReply,
    PushRequest,
    Snapshot,
    TokenReply,
    TokenRequest,
    Verdict,
    VerdictCode,
    pack,
    read,
    unpack,
)
from tests.journal.streams import STREAM, a_chain

HEAD = Head(3, "f" * 64)
FACTS = a_chain(2).facts
PUSH = PushRequest(
    *STREAM, HEAD, [msgspec.Raw(data) for data in FACTS], Declared(5, "e" * 64, "2026"), "sig", "e1"
)
MESSAGES: list[msgspec.Struct] = [
    PUSH,
    PushReply("e1", HEAD, "sig", 2, (Verdict(3, VerdictCode.WAITING, "why"),), 250),
    Problem("gap", "t", "缺", "r", "补", "e1", HEAD, "sig", 2),
    EnrolRequest("CODE", "A" * 43 + "=", "INC", "sig", "S01-1"),
    EnrolReply("S01", "S01-1", "A" * 43 + "=", "e1"),
    Challenge("nonce"),
    TokenRequest("S01-1", "nonce", "sig"),
    TokenReply("token", 43_200),
    FeedPage(
        "e1",
        "cursor",
        [FeedRow("catalogue", "product", "cola", msgspec.Raw(b"{}"))],
        True,
        {"S01-1": 7},
    ),
    FeedChange(("catalogue",)),
    Snapshot("e1", "cursor", "1.1", 7, "0" * 64, 4, ["1" * 64, "2" * 64], "sig"),
]
each = pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)


def zipped(text: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(text)


# There and back


@each
def test_a_message_comes_out_as_it_went_in(message: msgspec.Struct) -> None:
    back = unpack(pack(message), type(message))
    assert msgspec.json.encode(back) == msgspec.json.encode(message)
    assert read(msgspec.json.encode(message), type(message)).__class__ is type(message)


def test_facts_travel_as_the_bytes_they_were_stored_as() -> None:
    assert [bytes(fact) for fact in unpack(pack(PUSH), PushRequest).facts] == FACTS


@each
def test_a_newer_sides_fields_are_left_out(message: msgspec.Struct) -> None:
    text = msgspec.json.encode(message)[:-1] + b',"from_the_future":[{"x":1}]}'
    assert msgspec.json.encode(read(text, type(message))) == msgspec.json.encode(message)


@each
@given(data=st.data())
def test_a_message_may_come_in_several_frames(message: msgspec.Struct, data: st.DataObject) -> None:
    text = msgspec.json.encode(message)
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=3).map(sorted))
    frames = [zipped(text[a:b]) for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert msgspec.json.encode(unpack(b"".join(frames), type(message))) == text


# Bounds


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zipped(b'"' + b"x" * (64 * 1024 * 1024) + b'"')
    assert len(bomb) < 10_000
    with pytest.raises(MessageTooLarge):
        unpack(bomb, str)


def test_a_message_of_the_largest_size_is_read_and_one_byte_more_is_not() -> None:
    largest = zipped(b'"' + b"x" * (MESSAGE_BYTES_MAX - 2) + b'"')
    assert len(unpack(largest, str)) == MESSAGE_BYTES_MAX - 2
    with pytest.raises(MessageTooLarge):
        unpack(zipped(b'"' + b"x" * (MESSAGE_BYTES_MAX - 1) + b'"'), str)
    with pytest.raises(MessageTooLarge):
        unpack(pack(PUSH), PushRequest, bytes_max=100)
    with pytest.raises(MessageTooLarge):
        unpack(zipped(b'"') + zipped(b"x" * MESSAGE_BYTES_MAX) + zipped(b'"'), str)


def test_a_frame_that_asks_for_much_memory_is_not_unpacked() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    greedy = packer.compress(b'"x"') + packer.flush()
    with pytest.raises(NotAMessage, match="memory"):
        unpack(greedy, str)


# Noise


@each
@pytest.mark.parametrize("data", [b"", b"\x00", b"<html>log in to the free Wi-Fi</html>", b"{}"])
def test_what_a_portal_or_proxy_says_is_no_message(message: msgspec.Struct, data: bytes) -> None:
    for noise in (data, zipped(data)):
        with pytest.raises(NotAMessage):
            unpack(noise, type(message))
    with pytest.raises(NotAMessage):
        read(data, type(message))


@each
def test_half_a_body_is_no_message(message: msgspec.Struct) -> None:
    whole = pack(message)
    for length in range(len(whole) // 2):
        with pytest.raises(NotAMessage):
            unpack(whole[:length], type(message))


@given(st.binary(max_size=200), st.sampled_from(MESSAGES))
def test_any_bytes_are_no_message(data: bytes, message: msgspec.Struct) -> None:
    for noise in (data, zipped(data)):
        with pytest.raises(NotAMessage):
            unpack(noise, type(message))


@given(st.sampled_from(MESSAGES), st.data())
@settings(max_examples=200)
def test_a_damaged_message_is_a_message_or_none(
    message: msgspec.Struct, data: st.DataObject
) -> None:
    body = bytearray(msgspec.json.encode(message))
    place = data.draw(st.integers(0, len(body) - 1))
    body[place : place + 1] = data.draw(st.binary(max_size=3))
    for packed in (bytes(body), zipped(bytes(body))):
        try:
            back = unpack(packed, type(message))
        except NotAMessage:
            continue
        assert isinstance(back, type(message))


@each
def test_a_message_that_nests_without_end_is_none(message: msgspec.Struct) -> None:
    deep = b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(NotAMessage):
        read(msgspec.json.encode(message)[:-1] + deep, type(message))


def test_text_that_is_not_utf_8_is_no_message() -> None:
    with pytest.raises(NotAMessage):
        read(b'{"nonce":"\xff"}', Challenge)


# Values that would hurt later


@pytest.mark.parametrize(
    ("message", "place"),
    [
        *[(PUSH, ("base", "seq")), (PUSH, ("declared", "seq"))],
        *[(MESSAGES[1], ("head", "seq")), (MESSAGES[1], ("safe_seq",))],
        *[(MESSAGES[1], ("backoff_ms",)), (MESSAGES[2], ("safe_seq",))],
    ],
)
@pytest.mark.parametrize("number", [10**30, -1, 2**63])
def test_a_number_that_no_database_or_clock_holds_is_no_message(
    message: msgspec.Struct, place: tuple[str, ...], number: int
) -> None:
    raw = msgspec.json.decode(msgspec.json.encode(message))
    inner = raw
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = msgspec.Raw(str(number).encode())
    with pytest.raises(NotAMessage):
        read(msgspec.json.encode(raw), type(message))


@pytest.mark.parametrize(
    ("message", "place"),
    [
        *[(PUSH, ("till",)), (PUSH, ("inc",)), (PUSH, ("base", "hash"))],
        *[(PUSH, ("declared", "hash")), (PUSH, ("declared", "waiting_since"))],
        *[
            (MESSAGES[3], ("inc",)),
            (MESSAGES[3], ("till",)),
            (MESSAGES[6], ("till",)),
            (MESSAGES[1], ("head", "hash")),
        ],
    ],
)
@pytest.mark.parametrize("word", ["a\x00", "a\nb", "收", "x" * 5_000], ids=lambda word: word[:4])
def test_a_word_that_no_database_or_signed_line_holds_is_no_message(
    message: msgspec.Struct, place: tuple[str, ...], word: str
) -> None:
    raw = msgspec.json.decode(msgspec.json.encode(message))
    inner = raw
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = word
    with pytest.raises(NotAMessage):
        read(msgspec.json.encode(raw), type(message))


def test_a_hub_may_ask_for_an_hour_and_no_more() -> None:
    for backoff_ms in (0, BACKOFF_MS_MAX):
        reply = PushReply("e1", HEAD, "sig", backoff_ms=backoff_ms)
        assert unpack(pack(reply), PushReply).backoff_ms == backoff_ms
    with pytest.raises(NotAMessage):
        unpack(pack(PushReply("e1", HEAD, "sig", backoff_ms=BACKOFF_MS_MAX + 1)), PushReply)
