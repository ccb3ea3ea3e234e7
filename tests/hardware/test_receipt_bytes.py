"""Receipts to ESC/POS: the commands of real printers, and that nothing that is printed can order
anything."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.printer import receipt_bytes
from hardware.printer.barcode import Barcode, Hri, Symbology
from hardware.printer.encoding import Cjk, Encoding, width_cols
from hardware.printer.parts import QR_LIMIT_BYTES, Line, Part, Picture, Qr
from hardware.printer.profile import Cut, Profile
from hardware.printer.receipt_bytes import (
    BAND_BYTES,
    BAND_ROWS,
    INIT,
    ask_identity,
    ask_status,
    encode_barcode,
    encode_line,
    encode_picture,
    encode_qr,
    pieces,
    process_id,
    process_id_fence,
    receipt,
)
from hardware.simulator.printer.machine import SimulatedPrinter

CHINESE = Encoding()


# ---- every command of the reference


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (INIT, "1B 40"),
        (receipt_bytes.KICK, "1B 70 00 19 FA"),
        (receipt_bytes.KICK_NOW, "10 14 01 00 01"),
        (receipt_bytes.CUTS[Cut.FULL], "1B 64 06 1D 56 00"),
        (receipt_bytes.CUTS[Cut.PARTIAL], "1B 64 06 1D 56 01"),
        (receipt_bytes.CUTS[Cut.NONE], "1B 64 06"),
        (receipt_bytes.BUFFER_FENCE, "1D 72 01"),
        (process_id_fence(process_id(7)), "1D 28 48 06 00 30 30 30 30 30 37"),
        (receipt_bytes.AUTOMATIC_STATUS, "1D 61 0F"),
        (receipt_bytes.NO_AUTOMATIC_STATUS, "1D 61 00"),
        (ask_status(1), "10 04 01"),
        (ask_status(2), "10 04 02"),
        (ask_status(3), "10 04 03"),
        (ask_status(4), "10 04 04"),
        (ask_identity(67), "1D 49 43"),
        (encode_line(Line("A"), CHINESE), "41 0A"),
        (encode_line(Line("A", bold=True), CHINESE), "1B 45 01 41 0A 1B 45 00"),
        (encode_line(Line("A", large=True), CHINESE), "1D 21 11 41 0A 1D 21 00 1B 4A 0A"),
    ],
)
def test_a_command_is_these_bytes(sent: bytes, expected: str) -> None:
    assert sent == bytes.fromhex(expected)


def test_a_qr_code_is_drawn_by_the_printer_in_the_middle_with_white_round_it() -> None:
    assert encode_qr(Qr("S01")) == bytes.fromhex(
        "1B 4A 18 1B 61 01"
        " 1D 28 6B 04 00 31 41 32 00"  # model 2
        " 1D 28 6B 03 00 31 43 06"  # a module of six dots
        " 1D 28 6B 03 00 31 45 31"  # error correction M
        " 1D 28 6B 06 00 31 50 30 53 30 31"
        " 1D 28 6B 03 00 31 51 30"
        " 1B 61 00 1B 4A 18"
    )


@pytest.mark.parametrize(
    ("code", "bars"),
    [
        (Barcode(Symbology.EAN13, "6901028075022"), "02 36 39 30 31 30 32 38 30 37 35 30 32 32 00"),
        (Barcode(Symbology.EAN8, "96385074"), "03 39 36 33 38 35 30 37 34 00"),
        (Barcode(Symbology.UPCA, "012345678905"), "00 30 31 32 33 34 35 36 37 38 39 30 35 00"),
        (Barcode(Symbology.CODE39, "AB-1"), "04 41 42 2D 31 00"),
        (Barcode(Symbology.ITF, "1234"), "05 31 32 33 34 00"),
        (Barcode(Symbology.CODE128, "A1"), "49 04 7B 42 41 31"),
        (Barcode(Symbology.CODE128, "S{}"), "49 06 7B 42 53 7B 7B 7D"),
        (Barcode(Symbology.CODE128, "S01990001"), "49 09 7B 42 53 7B 43 01 63 00 01"),
    ],
)
def test_a_bar_code_sets_all_that_printers_keep_from_the_last_one(code: Barcode, bars: str) -> None:
    settings_of_it = "1D 68 40 1D 77 03 1D 66 00 1D 48 02"
    assert encode_barcode(code, 576) == bytes.fromhex(
        f"1B 4A 0A 1B 61 01 {settings_of_it} 1D 6B {bars} 1B 61 00 1B 4A 0A"
    )


def test_a_bar_code_has_its_height_its_characters_and_modules_that_fit_the_paper() -> None:
    code = Barcode(Symbology.CODE128, "S01-716RNN", height_dots=100, hri=Hri.NONE)
    assert b"\x1dh\x64\x1dw\x03\x1df\x00\x1dH\x00" in encode_barcode(code, 576)
    assert b"\x1dh\x64\x1dw\x02\x1df\x00\x1dH\x00" in encode_barcode(code, 384)


@pytest.mark.parametrize(
    ("rows", "heights"),
    [
        (0, []),
        (1, [1]),
        (BAND_ROWS, [128]),
        (BAND_ROWS + 1, [128, 1]),
        (48, [56]),
        (BAND_ROWS + 96, [128, 104]),
    ],
)
def test_a_picture_goes_out_in_bands_of_heights_that_print(rows: int, heights: list[int]) -> None:
    bands = list(encode_picture(Picture(2, b"\xaa\x55" * rows)))
    assert len(bands) == len(heights)
    for band, height in zip(bands, heights, strict=True):
        head = b"\x1ba\x01\x1dv0\x00\x02\x00" + height.to_bytes(2, "little")
        assert band.startswith(head)
        assert band.endswith(b"\x1ba\x00")
        assert len(band) == len(head) + 2 * height + 3


@given(st.integers(1, 100), st.integers(1, 400))
def test_no_band_fills_a_small_buffer_or_has_a_height_that_some_spoil(
    row_bytes: int, rows: int
) -> None:
    heights = []
    for band in encode_picture(Picture(row_bytes, b"\xff" * row_bytes * rows)):
        height = int.from_bytes(band[9:11], "little")
        assert height % 48 != 0
        assert height * row_bytes <= BAND_BYTES + 8 * row_bytes
        heights.append(height)
    assert 0 <= sum(heights) - rows <= 8


# ---- the whole receipt


def test_a_receipt_is_settings_parts_and_cut() -> None:
    parts: list[Part] = [Line("A"), Line("合计", bold=True)]
    assert list(pieces(parts, Profile())) == [
        b"\x1b@",
        b"A\n",
        b"\x1bE\x01\x1c&\xba\xcf\xbc\xc6\x1c.\n\x1bE\x00",
        b"\x1bd\x06\x1dV\x01",
    ]
    assert receipt(parts) == b"".join(pieces(parts, Profile()))
    assert receipt([], Profile(cut=Cut.NONE)) == b"\x1b@\x1bd\x06"


@pytest.mark.parametrize(
    ("cjk", "expected"),
    [
        (Cjk.FS_GB18030, b"\x1c&\xba\xcf\xbc\xc6\x1c."),
        (Cjk.RAW_GB18030, b"\xba\xcf\xbc\xc6"),
        (Cjk.UTF8, "合计".encode()),
    ],
)
def test_each_printer_gets_chinese_its_way_and_a_line_may_have_its_own(
    cjk: Cjk, expected: bytes
) -> None:
    assert (
        receipt([Line("合计")], Profile(cjk=cjk)) == b"\x1b@" + expected + b"\n\x1bd\x06\x1dV\x01"
    )
    # begun in the modes of power-up, whatever stood before
    assert receipt([Line("合计", cjk=cjk)], Profile(cjk=Cjk.RASTER)) == (
        b"\x1b@\x1b@" + expected + b"\n\x1bd\x06\x1dV\x01"
    )


def test_a_qr_code_holds_something_that_fits_the_paper_and_no_commands() -> None:
    assert Qr("小票\x10\x04\x01\n1").data == "小票1".encode()
    for text in ("", "\n", "x" * (QR_LIMIT_BYTES + 1)):
        with pytest.raises(ValueError, match="bytes"):
            Qr(text)


@given(st.integers(min_value=0))
def test_a_process_id_is_always_four_printable_bytes(number: int) -> None:
    ident = process_id(number)
    assert len(ident) == 4
    assert all(0x20 <= byte <= 0x7E for byte in ident)


# ---- whatever is printed, nothing is ordered

TEXT = st.text(st.characters(exclude_categories=()))
LINES = st.builds(Line, TEXT, st.booleans(), st.booleans(), st.none() | st.sampled_from(Cjk))
CODES = st.builds(
    Barcode,
    st.just(Symbology.CODE128),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=10)
    | st.text("160452", min_size=1, max_size=16),
    native=st.none() | st.booleans(),
)
QRS = st.builds(Qr, st.text(min_size=1, max_size=40).map("A".__add__), st.none() | st.booleans())
TROUBLE = st.sampled_from(b"\x10\x04\x05\x14\x01\x00\xff\x1b\x1d")
PICTURES = st.builds(
    lambda row_bytes, dots: Picture(row_bytes, bytes(dots[: len(dots) // row_bytes * row_bytes])),
    st.integers(1, 9),
    st.lists(TROUBLE, max_size=900),
)
PARTS = st.lists(LINES | CODES | QRS | PICTURES, max_size=6)
PROFILES = st.builds(
    Profile,
    cjk=st.sampled_from(Cjk),
    draws_qr=st.booleans(),
    draws_barcodes=st.booleans(),
    cut=st.sampled_from(Cut),
)
#: our commands, as one pattern each; what they leave over is text
COMMANDS = re.compile(
    rb"\x1b@|\x1b[EJadt].|\x1c[&.]|\x1d[!hwfHV].|\x1dk[\x00-\x05][^\x00]*\x00|\n", re.DOTALL
)


def words_of(data: bytes) -> bytes:
    """What is left when our commands, by their sizes, are taken away."""
    left = bytearray()
    while data:
        size = 0
        if data.startswith(b"\x1d(k"):
            size = 5 + int.from_bytes(data[3:5], "little")
        elif data.startswith(b"\x1dk\x49"):
            size = 4 + data[3]
        elif data.startswith(b"\x1dv0\x00"):
            size = 8 + int.from_bytes(data[4:6], "little") * int.from_bytes(data[6:8], "little")
        elif found := COMMANDS.match(data):
            size = found.end()
        if size == 0:
            left.append(data[0])
        data = data[size or 1 :]
    return bytes(left)


@given(PARTS, PROFILES)
@settings(deadline=None)
def test_no_receipt_holds_a_control_character_but_our_own_commands(
    parts: list[Part], profile: Profile
) -> None:
    data = receipt(parts, profile)
    assert not re.search(rb"[\x00-\x1f\x7f]", words_of(data))


@given(PARTS, PROFILES)
@settings(deadline=None)
def test_no_receipt_holds_a_real_time_command_or_opens_a_drawer(
    parts: list[Part], profile: Profile
) -> None:
    data = receipt(parts, profile)
    assert not re.search(rb"\x10[\x04\x05\x14]", data)
    printer = SimulatedPrinter(columns=48)
    printer.feed(data)
    assert (printer.kicks, printer.take_answers()) == (0, b"")


@given(PARTS.filter(lambda parts: all(part != Line("") for part in parts)), PROFILES)
@settings(deadline=None)
def test_a_chinese_printer_understands_every_receipt(parts: list[Part], profile: Profile) -> None:
    for piece in pieces(parts, profile):
        printer = SimulatedPrinter(columns=48)
        printer.feed(piece)
        assert printer.unknown == []


@given(TEXT, st.booleans(), st.sampled_from([Cjk.FS_GB18030, Cjk.RAW_GB18030]))
@settings(deadline=None)
def test_any_text_prints_as_one_line_of_the_announced_width(
    text: str, large: bool, cjk: Cjk
) -> None:
    columns = max(1, width_cols(text)) * (2 if large else 1)
    printer = SimulatedPrinter(columns=columns)
    printer.feed(INIT + encode_line(Line(text, large=large), Encoding(cjk)))
    assert len(printer.paper) == 1
    assert (printer.kicks, printer.unknown, printer.take_answers()) == (0, [], b"")


@given(st.text(min_size=1, max_size=80), st.booleans(), st.sampled_from([32, 42, 48]))
@settings(deadline=None)
def test_a_line_of_dots_is_never_wider_than_the_paper(text: str, large: bool, columns: int) -> None:
    profile = Profile(columns=columns, dots=columns * 12, cjk=Cjk.RASTER)
    for piece in pieces([Line(text, large=large)], profile):
        if (at := piece.find(b"\x1dv0\x00")) >= 0:
            assert int.from_bytes(piece[at + 4 : at + 6], "little") * 8 <= columns * 12
