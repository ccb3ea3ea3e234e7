"""Text to ESC/POS: the vectors of real printers, and that no text can smuggle in a command."""

import doctest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware import receipt_bytes
from hardware.receipt_bytes import (
    BAND_ROWS,
    BUFFER_FENCE,
    QR_LIMIT_BYTES,
    Line,
    Picture,
    Qr,
    ask_status,
    encode,
    encode_line,
    encode_text,
    is_encodable,
    process_id,
    process_id_fence,
    receipt,
    width_cols,
)
from hardware.simulator.printer import SimulatedPrinter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("会员积分", "1C 26 BB E1 D4 B1 BB FD B7 D6 1C 2E"),
        (
            "会员积分 ¥12.00",
            "1C 26 BB E1 D4 B1 BB FD B7 D6 20 A3 A4 31 32 2E 30 30 1C 2E",
        ),
        ("café 咖啡", "63 61 66 1C 2E 1B 74 00 82 20 1C 26 BF A7 B7 C8 1C 2E"),
        ("（副本）", "1C 26 A3 A8 B8 B1 B1 BE A3 A9 1C 2E"),
        ("Total 1.00", "54 6F 74 61 6C 20 31 2E 30 30"),
        ("：，。", "1C 26 A3 BA A3 AC A1 A3 1C 2E"),
        ("×℃", "1C 26 A1 C1 A1 E6 1C 2E"),
        ("£5", "1C 2E 1B 74 00 9C 35"),
        ("茶é", "1C 26 B2 E8 1C 2E 1B 74 00 82"),
    ],
)
def test_text_becomes_the_bytes_that_printers_read(text: str, expected: str) -> None:
    assert encode_text(text) == bytes.fromhex(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("䶮", b"??"), ("𠮷", b"??"), ("😀", b"??"), ("€", b"?"), ("ā", b"?"), ("\ud800", b"?")],
)
def test_what_cannot_be_encoded_keeps_its_width_in_question_marks(
    text: str, expected: bytes
) -> None:
    assert encode_text(text) == expected
    assert width_cols(text) == len(expected)


def test_a_text_is_encodable_when_no_character_of_it_has_to_be_a_question_mark() -> None:
    for text in ("", "Really?", "会员 ¥5 café"):
        assert is_encodable(text)
    for text in ("王䶮", "𠮷野家", "5 €", "会员😀", "ありがとう？€"):
        assert not is_encodable(text)


def test_a_qr_code_is_drawn_by_the_printer_in_the_middle_with_white_round_it() -> None:
    assert encode(Qr("S01")).hex(" ").upper() == (
        "1B 4A 18 1B 61 01"
        " 1D 28 6B 04 00 31 41 32 00"  # model 2
        " 1D 28 6B 03 00 31 43 06"  # a module of six dots
        " 1D 28 6B 03 00 31 45 31"  # error correction M
        " 1D 28 6B 06 00 31 50 30 53 30 31"
        " 1D 28 6B 03 00 31 51 30"
        " 1B 61 00 1B 4A 18"
    )


def test_a_qr_code_holds_something_that_fits_the_paper_and_no_commands() -> None:
    assert Qr("小票\x10\x04\x01\n1").data == "小票1".encode()
    for text in ("", "\n", "x" * (QR_LIMIT_BYTES + 1)):
        with pytest.raises(ValueError, match="bytes"):
            Qr(text)


@pytest.mark.parametrize(
    ("rows", "heights"),
    [
        (1, [1]),
        (BAND_ROWS, [128]),
        (BAND_ROWS + 1, [128, 1]),
        (48, [56]),
        (BAND_ROWS + 96, [128, 104]),
    ],
)
def test_a_picture_goes_out_in_bands_of_heights_that_print(rows: int, heights: list[int]) -> None:
    data = encode(Picture(2, b"\xaa\x55" * rows))
    bands = data.removeprefix(b"\x1ba\x01").removesuffix(b"\x1ba\x00")
    for height in heights:
        head = b"\x1dv0\x00\x02\x00" + height.to_bytes(2, "little")
        assert bands.startswith(head)
        bands = bands[len(head) + 2 * height :]
    assert bands == b""


@given(st.integers(1, 9), st.lists(st.sampled_from(b"\x10\x04\x05\x14\x01\x00\xff"), max_size=900))
@settings(deadline=None)
def test_no_picture_smuggles_in_a_command(row_bytes: int, dots: list[int]) -> None:
    bits = bytes(dots[: len(dots) // row_bytes * row_bytes])
    printer = SimulatedPrinter()
    printer.feed(b"\x1b@" + encode(Picture(row_bytes, bits)) + b"A\n")
    assert printer.paper == (["                   [picture]"] if bits else []) + ["A"]
    assert (printer.kicks, printer.unknown, printer.take_answers()) == (0, [], b"")


def test_control_characters_in_a_text_print_as_nothing() -> None:
    assert encode_text("A\x1bp\x00\x19\xfaB\n\x10\x14\x7f") == b"Ap" + encode_text("ú") + b"B"


def test_a_styled_line_leaves_no_style_behind() -> None:
    assert encode_line(Line("A", bold=True)) == b"\x1bE\x01A\n\x1bE\x00"
    assert encode_line(Line("A", large=True)) == b"\x1d!\x11A\n\x1d!\x00\x1bJ\x0a"
    assert encode_line(Line("A")) == b"A\n"


def test_a_job_is_drawer_text_cut_and_fence_in_this_order() -> None:
    fence = process_id_fence(process_id(7))
    assert fence.hex(" ") == "1d 28 48 06 00 30 30 30 30 30 37"
    assert receipt([Line("A")], kick_drawer=True, fence=fence) == (
        b"\x1bp\x00\x19\xfa" + b"\x1b@" + b"A\n" + b"\x1bd\x06\x1dV\x01" + fence
    )
    assert receipt([], kick_drawer=False, fence=BUFFER_FENCE) == (
        b"\x1b@" + b"\x1bd\x06\x1dV\x01" + b"\x1dr\x01"
    )


def test_status_is_asked_in_real_time() -> None:
    assert [ask_status(n).hex(" ") for n in (1, 2, 4)] == ["10 04 01", "10 04 02", "10 04 04"]


@given(st.integers(min_value=0))
def test_a_process_id_is_always_four_printable_bytes(number: int) -> None:
    ident = process_id(number)
    assert len(ident) == 4
    assert all(0x20 <= byte <= 0x7E for byte in ident)


@given(st.text(st.characters(codec="gb18030")))
@settings(deadline=None)
def test_any_text_prints_as_one_line_of_the_announced_width_and_does_nothing_else(
    text: str,
) -> None:
    printer = SimulatedPrinter(columns=max(1, width_cols(text)))
    printer.feed(b"\x1b@" + encode_line(Line(text)))
    assert len(printer.paper) == 1
    assert (printer.kicks, printer.unknown, printer.take_answers()) == (0, [], b"")


@given(st.text("会员积分（副本），。：￥×℃° AZaz09+-/éüñ£«█"))
@settings(deadline=None)
def test_what_can_be_encoded_comes_back_from_the_paper(text: str) -> None:
    printer = SimulatedPrinter(columns=1000)
    printer.feed(encode_line(Line(text)))
    assert printer.paper == [text]


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(receipt_bytes).failed == 0
