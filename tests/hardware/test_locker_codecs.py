"""Every frame of the boards' documents, in and out, at the driver's side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.locker.board import (
    HELD_BYTES,
    NOISE_KEPT_BYTES,
    Address,
    Codec,
    Contact,
    ContactChanged,
    Contacts,
    FrameParser,
    Noise,
    OrderAnswered,
    Refused,
    Reply,
)
from hardware.locker.kerong import Kerong
from hardware.locker.modbus import ModbusRelays, crc16
from hardware.locker.wkly import Wkly
from hardware.locker.xor_board import XorBoard
from tests.hardware.lockers import CODECS

XOR, KERONG, WKLY, MODBUS = XorBoard(), Kerong(), Wkly(), ModbusRelays()
ALL_CODECS: list[Codec] = [XOR, KERONG, WKLY, MODBUS]
codecs = st.sampled_from(ALL_CODECS)


def closed(total: int, *but: int) -> tuple[bool, ...]:
    """All contacts closed but those of these locks."""
    return tuple(lock not in but for lock in range(1, total + 1))


def only(total: int, *these: int) -> tuple[bool, ...]:
    """The contacts of these locks closed."""
    return tuple(lock in these for lock in range(1, total + 1))


def heard(codec: Codec, frame: str) -> list[Reply]:
    parser = FrameParser(codec)
    assert parser.feed(bytes.fromhex(frame)) == []
    return parser.gap()


@pytest.mark.parametrize(
    ("order", "frame"),
    [
        (XOR.open(1, 1), "8A 01 01 11 9B"),
        (XOR.open(1, 2), "8A 01 02 11 98"),
        (XOR.open(1, 12), "8A 01 0C 11 96"),
        (XOR.open(1, 24), "8A 01 18 11 82"),
        (XOR.open(2, 1), "8A 02 01 11 98"),
        (XOR.open(3, 12), "8A 03 0C 11 94"),
        (XOR.query_one(1, 1), "80 01 01 33 B3"),
        (XOR.query_one(1, 2), "80 01 02 33 B0"),
        (XOR.query_one(2, 1), "80 02 01 33 B0"),
        (XOR.query(1, 24), "80 01 00 33 B2"),
        (XOR.query(2, 24), "80 02 00 33 B1"),
        (XOR.roll_call(), "80 01 00 99 18"),
        (KERONG.query(0, 16), "02 00 30 03 35"),
        (KERONG.query(1, 16), "02 10 30 03 45"),
        (KERONG.open(0, 1), "02 00 31 03 36"),
        (KERONG.open(0, 2), "02 01 31 03 37"),
        (KERONG.open(0, 16), "02 0F 31 03 45"),
        (KERONG.open(1, 1), "02 10 31 03 46"),
        (KERONG.open(1, 16), "02 1F 31 03 55"),
        (KERONG.roll_call(), "02 F0 32 03 27"),
        (WKLY.open(0, 1), "57 4B 4C 59 09 00 82 01 83"),
        (WKLY.open(1, 2), "57 4B 4C 59 09 01 82 02 81"),
        (WKLY.query_one(0, 1), "57 4B 4C 59 09 00 83 01 82"),
        (WKLY.query(0, 24), "57 4B 4C 59 08 00 84 85"),
        (ModbusRelays(pulse_ms=700).open(1, 1), "01 05 02 00 00 07 8D B0"),
        (MODBUS.open(1, 1), "01 05 02 00 00 05 0C 71"),
        (ModbusRelays(pulse_ms=1000).open(1, 8), "01 05 02 07 00 0A FD B4"),
        (MODBUS.calm(1), "01 05 00 FF 00 00 FD FA"),
        (MODBUS.query(1, 8), "01 02 00 00 00 08 79 CC"),
    ],
)
def test_an_order_is_as_the_document_shows_it(order: bytes, frame: str) -> None:
    assert order == bytes.fromhex(frame)


@pytest.mark.parametrize(
    ("codec", "frame", "reply"),
    [
        (XOR, "8A 01 01 00 8A", OrderAnswered(1, 1, closed=False)),
        (XOR, "8A 01 01 11 9B", OrderAnswered(1, 1, closed=True)),
        (XOR, "80 01 01 00 80", Contact(1, 1, closed=False)),
        (XOR, "80 01 01 11 91", Contact(1, 1, closed=True)),
        (XOR, "80 01 00 00 00 33 B2", Contacts(1, only(24))),
        (XOR, "80 01 FF FF FF FF 33 B2", Contacts(1, closed(32))),
        (XOR, "80 01 80 00 05 33 37", Contacts(1, only(24, 1, 3, 24))),
        (XOR, "80 01 01 99 19", Address(1)),
        (XOR, "81 01 01 00 81", ContactChanged(1, 1, closed=False)),
        (XOR, "81 01 01 11 90", ContactChanged(1, 1, closed=True)),
        (XOR, "82 01 01 00 82", ContactChanged(1, 1, closed=False)),
        (KERONG, "02 00 35 FF FF 00 00 03 38", Contacts(0, closed(16), only(16))),
        (KERONG, "02 00 35 FE FF 00 00 03 37", Contacts(0, closed(16, 1), only(16))),
        (KERONG, "02 10 36 00 00 00 00 03 4B", Contacts(1, only(16), only(16))),
        (KERONG, "02 00 35 FF FF 01 80 03 B9", Contacts(0, closed(16), only(16, 1, 16))),
        (WKLY, "57 4B 4C 59 0B 00 82 00 01 00 81", OrderAnswered(0, 1, closed=False)),
        (WKLY, "57 4B 4C 59 0B 01 82 00 04 00 85", OrderAnswered(1, 4, closed=False)),
        (WKLY, "57 4B 4C 59 0A 00 81 00 01 83", OrderAnswered(0, 1)),
        (WKLY, "57 4B 4C 59 0B 00 83 00 01 00 80", Contact(0, 1, closed=False)),
        (WKLY, "57 4B 4C 59 0E 00 84 00 04 00 01 01 00 87", Contacts(0, only(4, 2, 3))),
        (WKLY, "57 4B 4C 59 22 00 84 00 18" + "00" * 24 + "B7", Contacts(0, only(24))),
        (WKLY, "57 4B 4C 59 0A 00 85 01 01 86", ContactChanged(0, 1, closed=True)),
        (WKLY, "57 4B 4C 59 0A 00 82 FF 63 1D", Refused(0, 0xFF)),
        (MODBUS, "01 05 02 00 00 07 8D B0", OrderAnswered(1, 1)),
        (MODBUS, "01 05 02 07 00 0A FD B4", OrderAnswered(1, 8)),
        (MODBUS, "01 05 00 FF 00 00 FD FA", OrderAnswered(1, None)),
        (MODBUS, "01 02 01 01 60 48", Contacts(1, only(8, 1))),
        (MODBUS, "01 82 02 C1 61", Refused(1, 2)),
    ],
)
def test_an_answer_is_read_as_the_document_explains_it(
    codec: Codec, frame: str, reply: Reply
) -> None:
    assert heard(codec, frame) == [reply]


@pytest.mark.parametrize(
    ("codec", "frame"),
    [
        (XOR, "8A 01 00 11 9A"),  # open all: never asked for, so never answered
        (XOR, "80 01 01 22 A2"),  # neither open nor closed
        (XOR, "80 01 80 00 05 33 36"),  # check
        (XOR, "33 80 01 01 00 80"),  # a byte before it
        (XOR, "80 01 01 00 80 00"),  # a byte behind it
        (KERONG, "02 00 35 FE FF 00 00 03 38"),
        (KERONG, "02 10 30 03 3E"),  # published somewhere, its sum is wrong
        (KERONG, "03 00 35 FF FF 00 00 02 38"),
        (KERONG, "02 00 35 FF FF 00 00 04 39"),
        (WKLY, "57 4B 4C 59 0E 00 84 00 04 00 01 01 02 85"),  # neither open nor closed
        (WKLY, "57 4B 4C 59 0E 00 84 00 05 00 01 01 00 86"),  # fewer than it says
        (WKLY, "57 4B 4C 59 0B 00 82 00 01 00 88"),  # XOR of what follows the length alone
        (WKLY, "57 4B 4C 59 00 00"),
        (MODBUS, "01 02 01 01 48 60"),
        (MODBUS, "01 02 00 21 60"),  # no input at all
        (MODBUS, "01 03 02 00 01 79 84"),  # another function
    ],
)
def test_what_is_no_answer_is_noise_altogether(codec: Codec, frame: str) -> None:
    assert heard(codec, frame) == [Noise(bytes.fromhex(frame))]


def test_frames_that_come_without_a_pause_are_told_apart() -> None:
    told = heard(XOR, "82 01 03 00 80  80 01 80 00 05 33 37  8A 01 01 00 8A")
    assert told == [
        ContactChanged(1, 3, closed=False),
        Contacts(1, only(24, 1, 3, 24)),
        OrderAnswered(1, 1, closed=False),
    ]


def test_what_can_be_read_in_two_ways_is_noise() -> None:
    """An answer about lock 1 and one about 24 locks, or one about 64."""
    both = "80 01 01 00 80  80 01 FF FF FF 33 4D"
    assert heard(XOR, both) == [Noise(bytes.fromhex(both))]


def test_a_frame_that_begins_like_a_shorter_one_is_read_whole() -> None:
    """Locks 17 and 8 of 24: its first five bytes are an answer about lock 1, check and all."""
    assert heard(XOR, "80 01 01 00 80 33 33") == [Contacts(1, only(24, 8, 17))]


def test_an_echo_is_known_when_a_query_of_one_lock_comes_back() -> None:
    parser = FrameParser(XOR)
    parser.sent(XOR.query_one(1, 1))
    parser.feed(bytes.fromhex("80 01 01 33 B3  80 01 01 11 91"))
    assert parser.gap() == [Contact(1, 1, closed=True)]
    assert parser.echoes


def test_of_an_answer_that_looks_like_the_order_one_echo_is_taken_off() -> None:
    parser = FrameParser(XOR)
    parser.sent(XOR.query_one(1, 1))
    parser.feed(XOR.query_one(1, 1))
    assert parser.gap() == []
    parser.sent(XOR.open(1, 1))
    parser.feed(XOR.open(1, 1))
    assert parser.gap() == []
    parser.feed(XOR.open(1, 1))
    assert parser.gap() == [OrderAnswered(1, 1, closed=True)]


def test_without_an_echo_an_answer_that_looks_like_the_order_stays() -> None:
    parser = FrameParser(XOR)
    parser.sent(XOR.open(1, 1))
    parser.feed(XOR.open(1, 1))
    assert parser.gap() == [OrderAnswered(1, 1, closed=True)]


def test_a_damaged_echo_spoils_what_came_with_it() -> None:
    parser = FrameParser(XOR)
    parser.sent(XOR.query_one(1, 1))
    parser.feed(bytes.fromhex("80 01 01 33 B2  80 01 01 11 91"))
    assert parser.gap() == [Noise(bytes.fromhex("80 01 01 33 B2 80 01 01 11 91"))]
    assert not parser.echoes


def test_an_answer_that_contains_the_question_is_no_echo() -> None:
    """Kerong: locks 2, 3, 5 and 6 open of the first eight, and so on; its end is the query."""
    parser = FrameParser(KERONG)
    parser.sent(KERONG.query(0, 16))
    parser.feed(bytes.fromhex("02 00 35 C9 02 00 30 03 35"))
    [contacts] = parser.gap()
    assert isinstance(contacts, Contacts)
    assert not parser.echoes


@given(codecs, st.data())
def test_an_order_that_comes_back_before_its_answer_is_taken_off(
    codec: Codec, data: st.DataObject
) -> None:
    board = data.draw(st.sampled_from(codec.numbers))
    query = codec.query(board, codec.usual_locks)
    if not codec.only_echo(query):
        return
    parser = FrameParser(codec)
    parser.sent(query)
    parser.feed(query)
    assert parser.gap() == []
    assert parser.echoes


@given(codecs, st.lists(st.binary(max_size=40)), st.binary(max_size=40))
def test_any_bytes_in_any_pieces_do_no_harm(
    codec: Codec, pieces: list[bytes], order: bytes
) -> None:
    parser = FrameParser(codec)
    if len(order) >= 4:
        parser.sent(order)
    for piece in pieces:
        assert parser.feed(piece) == []
        if len(piece) % 3 == 0:
            parser.gap()
            assert not parser.begun
    for reply in parser.gap():
        assert not isinstance(reply, Noise) or len(reply.data) <= NOISE_KEPT_BYTES
    assert parser.gap() == parser.broken() == []


@given(codecs, st.binary(min_size=HELD_BYTES + 1, max_size=3 * HELD_BYTES))
def test_a_line_that_babbles_is_noise_until_it_is_silent(codec: Codec, babble: bytes) -> None:
    parser = FrameParser(codec)
    for at in range(0, len(babble), 50):
        parser.feed(babble[at : at + 50])
    assert parser.gap() == [Noise(babble[:NOISE_KEPT_BYTES])]
    frame = {XOR: "80 01 01 00 80", KERONG: "02 00 35 FF FF 00 00 03 38"}.get(codec)
    if frame is not None:
        parser.feed(bytes.fromhex(frame))
        assert not isinstance(parser.gap()[0], Noise)


def test_a_line_that_babbles_whole_frames_is_noise_all_the_same() -> None:
    row = bytes.fromhex("01 05 02 00 00 07 8D B0") * (HELD_BYTES // 8 + 1)
    assert heard(MODBUS, row.hex()) == [Noise(row[:NOISE_KEPT_BYTES])]


def test_many_ways_to_read_a_row_of_frames_take_no_time() -> None:
    row = bytes.fromhex("80 01 00 33 B2") * (HELD_BYTES // 5)
    assert heard(XOR, row.hex()) == [Noise(row[:NOISE_KEPT_BYTES])]


@given(codecs, st.data())
def test_one_wrong_bit_never_passes(codec: Codec, data: st.DataObject) -> None:
    answers = {
        XOR: "80 01 80 00 05 33 37",
        KERONG: "02 00 35 FE FF 00 00 03 37",
        WKLY: "57 4B 4C 59 0E 00 84 00 04 00 01 01 00 87",
        MODBUS: "01 02 01 01 60 48",
    }
    frame = bytearray.fromhex(answers[codec])
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= 1 << data.draw(st.integers(0, 7))
    assert heard(codec, frame.hex()) == [Noise(bytes(frame))]


@given(st.binary(min_size=1, max_size=40))
def test_a_crc_behind_its_bytes_leaves_nothing(data: bytes) -> None:
    assert crc16(data + crc16(data)) == b"\0\0"


@pytest.mark.parametrize("protocol", CODECS)
def test_a_codec_is_a_value(protocol: str) -> None:
    assert CODECS[protocol]() == CODECS[protocol]()
