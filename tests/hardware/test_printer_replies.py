"""Replies told apart in one stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.link.serial import XOFF, XON
from hardware.printer.replies import (
    AutomaticStatus,
    BufferStatus,
    FlowControl,
    Identity,
    Noise,
    ProcessDone,
    RealTimeStatus,
    Reply,
    ReplyParser,
)

REPLIES = {
    b"\x12": RealTimeStatus(0x12),
    b"\x1a": RealTimeStatus(0x1A),
    b"\x32": RealTimeStatus(0x32),
    b"\x7e": RealTimeStatus(0x7E),
    b"\x00": BufferStatus(0x00),
    b"\x0f": BufferStatus(0x0F),
    b"\x11": FlowControl(go=True),
    b"\x13": FlowControl(go=False),
    b"\x14\x00\x00\x00": AutomaticStatus(b"\x14\x00\x00\x00"),
    b"\x3c\x00\x00\x00": AutomaticStatus(b"\x3c\x00\x00\x00"),
    b"\x1c\x00\x0f\x00": AutomaticStatus(b"\x1c\x00\x0f\x00"),
    b"\x37\x220007\x00": ProcessDone(b"0007"),
    b"\x37\x22 ~!p\x00": ProcessDone(b" ~!p"),
    b"\x5fEPSON\x00": Identity("EPSON"),
    b"\x5f\x00": Identity(""),
    b"\x80": Noise(b"\x80"),
    b"\xff": Noise(b"\xff"),
}


def parsed(*chunks: bytes) -> list[Reply]:
    parser = ReplyParser()
    return [reply for chunk in chunks for reply in parser.feed(chunk)]


@given(st.lists(st.sampled_from(sorted(REPLIES))))
def test_replies_in_any_order_are_told_apart(raw: list[bytes]) -> None:
    assert parsed(b"".join(raw)) == [REPLIES[one] for one in raw]


@given(st.lists(st.binary()))
def test_how_the_stream_was_cut_into_reads_does_not_matter(chunks: list[bytes]) -> None:
    stream = b"".join(chunks)
    whole = parsed(stream)
    assert parsed(*chunks) == whole
    assert parsed(*(bytes((byte,)) for byte in stream)) == whole


@given(st.binary(), st.sampled_from(sorted(REPLIES)))
def test_after_any_rubbish_the_parser_finds_back(rubbish: bytes, raw: bytes) -> None:
    assert parsed(rubbish, b"\xff" * 7, raw)[-1] == REPLIES[raw]


@given(st.binary(), st.sampled_from(sorted(REPLIES)))
def test_a_pause_ends_what_has_begun(rubbish: bytes, raw: bytes) -> None:
    parser = ReplyParser()
    parser.feed(rubbish)
    parser.gap()
    assert not parser.begun
    assert parser.feed(raw) == [REPLIES[raw]]


@pytest.mark.parametrize("raw", sorted(REPLIES))
@pytest.mark.parametrize("byte", [XON, XOFF])
def test_no_answer_ever_holds_xon_or_xoff(raw: bytes, byte: bytes) -> None:
    streams = [raw[:place] + byte + raw[place + 1 :] for place in range(len(raw))]
    for reply in [reply for stream in streams for reply in parsed(stream)]:
        match reply:
            case RealTimeStatus(bits) | BufferStatus(bits):
                held = bytes((bits,))
            case ProcessDone(held) | AutomaticStatus(held):
                pass
            case Identity(text):
                held = text.encode()
            case _:
                continue
        assert not set(held) & set(XON + XOFF)


def test_an_identity_that_never_ends_is_noise_and_held_no_longer() -> None:
    parser = ReplyParser()
    heard = parser.feed(b"\x5f" + b"A" * 200)
    assert heard[0] == Noise(b"\x5f")
    assert not parser.begun or len(parser.gap()) < 90


def test_a_process_id_answer_without_its_end_is_none() -> None:
    assert not [r for r in parsed(b"\x37\x220007\x12\x00") if isinstance(r, ProcessDone)]


def test_a_broken_process_id_answer_is_noise_and_hides_nothing() -> None:
    assert parsed(b"\x37\x2200\x12") == [
        Noise(b"\x37"),
        BufferStatus(0x22),
        Noise(b"0"),
        Noise(b"0"),
        RealTimeStatus(0x12),
    ]
