"""Codes on the simulated paper are read back from its picture by a reader of other authors."""

from typing import Any

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hardware.simulator.printer import barcodes
from hardware.simulator.printer.machine import SimulatedPrinter
from hardware.simulator.printer.paper import Barcode, QrCode, Symbol
from tests.hardware.test_drawing import needs_font
from tests.hardware.test_simulated_printer import CUT, answers_to, fed

Format = zxingcpp.BarcodeFormat

A_FORM = {"UPCA": 0, "UPCE": 1, "EAN13": 2, "EAN8": 3, "CODE39": 4, "ITF": 5, "CODABAR": 6}
B_FORM = {name: 65 + number for name, number in A_FORM.items()} | {
    "CODE93": 72,
    "CODE128": 73,
    "GS1-128": 74,
}


def read(image: Image.Image, kind: Any = None) -> list[Any]:
    """What a scanner reads there, of any kind or of one."""
    if kind is None:
        return list(zxingcpp.read_barcodes(image))
    return list(zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(kind)))


def printed(kind: str, data: bytes, settings_: bytes = b"") -> SimulatedPrinter:
    return fed(settings_ + b"\x1dk" + bytes((B_FORM[kind], len(data))) + data + CUT)


def bars_image(kind: str, data: bytes, module_dots: int = 2) -> Image.Image:
    """Only the bars, so that no font is needed, with white round them."""
    encoded = barcodes.encode(kind, data)
    assert encoded is not None, (kind, data)
    widths = barcodes.in_dots(encoded.widths, module_dots)
    image = Image.new("L", (sum(widths) + 80, 120), 255)
    left = 40
    for place, width in enumerate(widths):
        if place % 2 == 0:
            image.paste(0, (left, 20, left + width, 100))
        left += width
    return image


@pytest.mark.parametrize(
    ("kind", "data", "reader", "text"),
    [
        ("EAN13", b"6901028075022", Format.EAN13, "6901028075022"),
        ("EAN13", b"690102807502", Format.EAN13, "6901028075022"),
        ("EAN8", b"9638507", Format.EAN8, "96385074"),
        ("EAN8", b"96385074", Format.EAN8, "96385074"),
        ("UPCA", b"03600029145", Format.UPCA, "0036000291452"),
        ("UPCA", b"036000291452", Format.UPCA, "0036000291452"),
        ("UPCE", b"04252614", Format.UPCE, "0042100005264"),
        ("UPCE", b"425261", Format.UPCE, "0042100005264"),
        ("UPCE", b"04210000526", Format.UPCE, "0042100005264"),
        ("CODE39", b"ABC-123 $/+%.", Format.Code39, "ABC-123 $/+%."),
        ("CODE39", b"*TEXT*", Format.Code39, "TEXT"),
        ("ITF", b"0123456789", Format.ITF, "0123456789"),
        ("CODABAR", b"A012345$+-./:B", Format.Codabar, "A012345$+-./:B"),
        ("CODABAR", b"c0123d", Format.Codabar, "C0123D"),
        ("CODE93", b"012abcd", Format.Code93, "012abcd"),
        ("CODE128", b"{B012ABCDabcd", Format.Code128, "012ABCDabcd"),
        ("CODE128", b"{A012ABCD", Format.Code128, "012ABCD"),
        ("CODE128", b"{C\x15\x20\x2b", Format.Code128, "213243"),
        ("CODE128", b"{C\x15\x20{BNo. {{1{A\x1d{SaB", Format.Code128, "2132No. {1\x1daB"),
        ("CODE128", b"S01-1-716RNN-000001", Format.Code128, "S01-1-716RNN-000001"),
        ("GS1-128", b"(01)0690102807502*(10)ABC", Format.Code128, "010690102807502210ABC"),
        ("GS1-128", b"{C\x01\x06\x5a\x01\x1c\x07\x32\x16", Format.Code128, "0106900128075022"),
    ],
)
@needs_font
def test_a_barcode_is_read_back_from_the_picture(
    kind: str, data: bytes, reader: Any, text: str
) -> None:
    printer = printed(kind, data, b"\x1ba\x01\x1dw\x02\x1dH\x02\x1dh\x50")
    assert printer.unknown == []
    codes = read(printer.picture(), reader)
    assert [code.bytes.decode("ascii") for code in codes] == [text]


@pytest.mark.parametrize("kind", A_FORM)
def test_both_forms_of_the_command_print_the_same(kind: str) -> None:
    data = {"UPCA": b"03600029145", "UPCE": b"425261", "EAN13": b"690102807502",
            "EAN8": b"9638507", "CODABAR": b"A12B"}.get(kind, b"1234")  # fmt: skip
    one = fed(b"\x1dk" + bytes((A_FORM[kind],)) + data + b"\x00" + CUT)
    assert one.strips == printed(kind, data).strips
    assert one.receipts[0].startswith(f"[{kind} ")


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("EAN13", b"6901028075022", "[EAN13 6901028075022]"),
        ("EAN13", b"690102807502", "[EAN13 6901028075022]"),
        ("EAN13", b"6901028075029", "[EAN13 6901028075029]"),  # printed as sent
        ("CODE39", b"*TEXT*", "[CODE39 *TEXT*]"),
        ("CODE128", b"{B12", "[CODE128 12]"),
        ("GS1-128", b"(01)0690102807502*", "[GS1-128 (01)0690102807502*]"),
        ("EAN13", b"12", "[EAN13 12]"),
        ("ITF", b"123", "[ITF 123]"),
    ],
)
def test_a_barcode_reads_as_its_kind_and_its_data(kind: str, data: bytes, words: str) -> None:
    assert printed(kind, data).receipts == [words]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        *(("EAN13", b"12"), ("EAN13", b"69010280750x"), ("EAN8", b""), ("UPCA", b"0360002914520")),
        *(("UPCE", b"01234567890"), ("UPCE", b"24252614"), ("CODE39", b"abc"), ("CODE39", b"**")),
        *(("ITF", b"123"), ("ITF", b"12a4"), ("CODABAR", b"1234"), ("CODABAR", b"A12A3B")),
        *(("CODE93", b"\x80"), ("CODE128", b"{B\x80"), ("CODE128", b"{Aa"), ("CODE128", b"{C\x64")),
        *(
            ("CODE128", b"{Bab{"),
            ("CODE128", b"{Ba{9"),
            ("CODE128", b"{C\x01{S"),
            ("CODE128", b"\xff"),
        ),
        *(("GS1-128", b"(01)abc*"), ("DATABAR", b"0123456789012")),
    ],
)
def test_what_cannot_stand_in_a_code_is_no_code(kind: str, data: bytes) -> None:
    assert barcodes.encode(kind, data) is None


def test_a_code_too_wide_for_the_paper_is_not_printed() -> None:
    (code,) = printed("CODE39", b"A" * 40, b"\x1dw\x06").strips[0]
    assert isinstance(code, Barcode)
    assert (code.bars, code.text) == ((), "A" * 40)


DIGITS = st.text("0123456789", min_size=12, max_size=12)


@given(DIGITS, st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_any_ean_is_read_back(digits: str, module_dots: int) -> None:
    full = digits + barcodes.check_digit(digits)
    assert full in {code.text.rjust(13, "0") for code in
                    read(bars_image("EAN13", digits.encode(), module_dots))}  # fmt: skip
    seven = digits[:7]
    eight = seven + barcodes.check_digit(seven)
    assert eight in {code.text for code in read(bars_image("EAN8", seven.encode(), module_dots))}


@given(st.text(st.characters(max_codepoint=0x7F), min_size=1, max_size=20), st.integers(1, 3))
@settings(deadline=None, max_examples=60)
def test_any_text_is_read_back_from_code_128_and_code_93(text: str, module_dots: int) -> None:
    for kind in ("CODE128", "CODE93"):
        codes = read(bars_image(kind, text.encode("ascii"), module_dots))
        assert text in {code.bytes.decode("latin-1") for code in codes}


@given(
    st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. ", min_size=1, max_size=20).filter(
        lambda text: len(text) != 6  # a reader may take it for the Italian code of medicines
    )
)
@settings(deadline=None, max_examples=40)
def test_any_text_of_code_39_is_read_back(text: str) -> None:
    codes = read(bars_image("CODE39", text.encode()), Format.Code39)
    assert [code.bytes.decode() for code in codes] == [text]


@given(st.text("0123456789", min_size=3, max_size=10).map(lambda text: text + text))
@settings(deadline=None, max_examples=40)
def test_any_digits_of_itf_and_codabar_are_read_back(text: str) -> None:
    codes = read(bars_image("ITF", text.encode()), Format.ITF)
    assert [code.text for code in codes] == [text]
    codes = read(bars_image("CODABAR", f"A{text}D".encode()))
    assert f"A{text}D" in {code.text for code in codes}


@given(st.text("0123456789", min_size=6, max_size=6), st.sampled_from("01"))
@settings(deadline=None, max_examples=60)
def test_a_upc_e_stands_for_a_upc_a_that_has_zeros_to_leave_out(six: str, system: str) -> None:
    (code,) = read(bars_image("UPCE", (system + six).encode()), Format.UPCE)
    whole = code.text[-12:]
    assert whole[0] == system
    assert whole[-1] == barcodes.check_digit(whole[:11])
    for length in (11, 12):
        (again,) = read(bars_image("UPCE", whole[:length].encode()), Format.UPCE)
        assert again.text == code.text


@given(st.sampled_from(sorted(B_FORM)), st.binary(max_size=40))
@settings(deadline=None)
def test_no_data_crashes_an_encoder(kind: str, data: bytes) -> None:
    encoded = barcodes.encode(kind, data)
    assert encoded is None or (
        len(encoded.widths) % 2 == 1 and min(encoded.widths) >= barcodes.WIDE
    )


# ---- two dimensions


def block(*parts: bytes) -> bytes:
    return b"".join(b"\x1d(k" + len(part).to_bytes(2, "little") + part for part in parts)


@pytest.mark.parametrize("level", [48, 49, 50, 51])
@pytest.mark.parametrize(
    "text", ["S01-1-716RNN-000001", "小票 https://example.org/?a=1", "7" * 300]
)
@needs_font
def test_a_qr_code_is_read_back_from_the_picture(text: str, level: int) -> None:
    data = block(
        *(b"1A2\x00", b"1C\x04", b"1E" + bytes((level,)), b"1P0" + text.encode(), b"1Q0"),
    )
    printer = fed(data + CUT)
    assert (printer.receipts, printer.unknown) == ([f"[QR {text}]"], [])
    (code,) = read(printer.picture())
    assert (code.text, code.format) == (text, Format.QRCode)


@needs_font
def test_a_micro_qr_code_is_read_back() -> None:
    printer = fed(block(b"1A3\x00", b"1C\x06", b"1P01234", b"1Q0") + CUT)
    codes = read(printer.picture(), Format.MicroQRCode)
    assert [code.text for code in codes] == ["1234"]


@pytest.mark.parametrize(
    "stream",
    [b"\x1dka\x00\x02\x04\x00S001", b"\x1bZ\x00M\x05\x04\x00S001", block(b"1P0S001", b"1Q0")],
)
def test_qr_codes_of_cheap_printers_are_qr_codes_too(stream: bytes) -> None:
    printer = fed(stream + CUT)
    assert (printer.receipts, printer.unknown) == (["[QR S001]"], [])
    assert isinstance(printer.strips[0][0], QrCode)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        *((48, "PDF417"), (50, "MAXICODE"), (51, "DATABAR"), (52, "COMPOSITE")),
        *((53, "AZTEC"), (54, "DATAMATRIX")),
    ],
)
def test_other_symbols_stand_with_their_name_and_data(number: int, name: str) -> None:
    which = bytes((number,))
    printer = fed(block(which + b"P01234", which + b"Q0", which + b"Q0") + CUT)
    assert (printer.receipts, printer.unknown) == ([f"[{name} 1234]\n[{name} 1234]"], [])
    assert isinstance(printer.strips[0][0], Symbol)


def test_a_symbol_without_data_prints_nothing_and_esc_at_forgets_it() -> None:
    assert fed(block(b"1Q0")).paper == []
    assert fed(block(b"1P0abc") + b"\x1b@" + block(b"1Q0")).paper == []


def test_the_size_of_a_qr_code_can_be_asked() -> None:
    printer = fed(block(b"1C\x06", b"1P0S1"))
    assert answers_to(printer, block(b"1R0")) == b"\x37\x36126\x1f126\x1f1\x1f0\x00"
    printer.feed(block(b"1C\x10", b"1P0" + b"x" * 500))
    assert answers_to(printer, block(b"1R0")).endswith(b"\x1f1\x00")  # wider than the paper
