"""What other programs print is read to the last byte: streams of escpos-php, of esc-pos-preview
and of python-escpos, none of which knows of this printer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from escpos.printer import Dummy
from PIL import Image

from hardware.simulator.printer.characters import Charset
from hardware.simulator.printer.machine import SimulatedPrinter
from hardware.simulator.printer.paper import Dots
from tests.hardware.test_drawing import needs_font
from tests.hardware.test_simulated_printer import CUT, fed

FOLDER = Path(__file__).parents[3] / "shared/data/escpos"
STREAMS = sorted(FOLDER.glob("bin/*.bin"))
CASES_FILE = FOLDER / "escpos_php_operation_bytes.json"
CASES: list[dict[str, Any]] = (
    json.loads(CASES_FILE.read_text("utf-8"))["cases"] if CASES_FILE.is_file() else []
)

needs_streams = pytest.mark.skipif(
    not STREAMS or not CASES, reason=f"{FOLDER} is not there: streams of other programs"
)

#: words that must stand on the paper of each stream
WORDS = {
    "esc-pos-preview__formatting": [
        "                 CENTER ALIGNED",
        "Bold + Underline",
        "Double",
    ],
    "esc-pos-preview__minimal": ["Hello, World!", "This is a test."],
    "esc-pos-preview__receipt": [
        *("THERMAL PRINTER TEST", "Item 2 with a long name         $25.50", "TOTAL: $41.49"),
        *("Special chars: @#$%^&*()", "www.example.com"),
    ],
    "escpos-php__barcode": [
        *("[CODE39 ABC]", "[UPCA 012345678905]", "[UPCE 01234565]", "[EAN13 0123456789012]"),
        *("[EAN8 01234565]", "[CODE39 $%+-./]", "[ITF 0123456789]", "[CODABAR A012$+-./:A]"),
        *("[CODE93 012abcd]", "[CODE128 012ABCDabcd]", "[CODE128 213243]"),
    ],
    "escpos-php__margins-and-spacing": ["          left margin 128", "       page width 256"],
    "escpos-php__text-size": ["12345678", "The quick brown fox jumps over the lazy dog.", "world!"],
}

#: what the cases that print something print; the others only set something
PRINTED = {
    "testTextChinese": "示例文本打印机!",
    "testTextRaw": "鈧\ufffd",  # UTF-8 that a Chinese printer reads as GBK
    "testTextString": "String1231.2",
    "testBarcodeUpcaNumeric11Char": "[UPCA 012345678905]",
    "testBarcodeUpcaNumeric12Char": "[UPCA 012345678901]",
    "testBarcodeUpceNumeric6Char": "[UPCE 01234565]",
    "testBarcodeUpceNumeric7Char": "[UPCE 01234565]",
    "testBarcodeUpceNumeric12Char": "[UPCE 012345678901]",
    "testBarcodeCode39AsDefault": "[CODE39 1234]",
    "testBarcodeCode39Asterisks": "[CODE39 *TEXT*]",
    "testBarcodeCode93Valid": "[CODE93 012abcd]",
    "testBarcodeCode128ValidA": "[CODE128 012ABCD]",
    "testBarcodeCode128ValidB": "[CODE128 012ABCDabcd]",
    "testPdf417CodeChangeErrorCorrection": "[PDF417 1234]",
    "testPdf417CodeChangeOption": "[PDF417 1234]",
    "testQRCodeDefaults": "[QR 1234]",
}


@needs_streams
@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.stem)
def test_streams_of_other_programs_are_read_to_the_last_byte(stream: Path) -> None:
    data = stream.read_bytes()
    printer = fed(data)
    assert (printer.unknown, printer.receipts_cut, printer.begun_line) == ([], 1, "")
    receipt = printer.receipts[0]
    assert "\ufffd" not in receipt
    for words in WORDS[stream.stem]:
        assert words in receipt
    in_bytes = SimulatedPrinter()
    for byte in data:
        in_bytes.feed(bytes((byte,)))
    assert in_bytes.strips == printer.strips


@needs_streams
@needs_font
@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.stem)
def test_streams_of_other_programs_are_drawn(stream: Path) -> None:
    image = fed(stream.read_bytes()).picture()
    assert image.width == 640
    black = image.histogram()[0]
    assert 0.005 < black / (image.width * image.height) < 0.3


@needs_streams
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["test"])
def test_every_call_of_escpos_php_is_understood_and_prints_what_it_says(
    case: dict[str, Any],
) -> None:
    printer = fed(bytes.fromhex(case["bytes_hex"]))
    assert printer.unknown == []
    words = [line for line in (*printer.paper, printer.begun_line) if line]
    assert words == ([PRINTED[case["test"]]] if case["test"] in PRINTED else [])
    assert printer.kicks == case["test"].startswith("testPulse")


@needs_streams
def test_all_cases_are_there() -> None:
    assert len(CASES) == 53
    assert set(PRINTED) <= {case["test"] for case in CASES}


def test_utf8_reads_right_on_a_printer_that_is_set_to_it() -> None:
    printer = SimulatedPrinter(charset=Charset.UTF8)
    printer.feed(bytes.fromhex("1b40e282ac0a"))
    assert printer.paper == ["€"]


# ---- python-escpos


def of_dummy(use: Callable[[Any], None], profile: str | None = None) -> SimulatedPrinter:
    dummy = Dummy(profile=profile) if profile else Dummy()
    use(dummy)
    return fed(dummy.output)


def _all_styles(dummy: Any) -> None:
    for bold in (True, False):
        for invert in (True, False):
            for size in (1, 2, 8):
                dummy.set(
                    align="center", font="b", bold=bold, underline=2, custom_size=True, width=size,
                    height=size, density=5, invert=invert, smooth=True, flip=False,
                )  # fmt: skip
                dummy.textln("style")
    dummy.set_with_default(double_width=True, double_height=True)
    dummy.textln("style")


def _controls(dummy: Any) -> None:
    for control in ("LF", "FF", "CR", "HT", "VT"):
        dummy.control(control)
    for hardware in ("INIT", "SELECT", "RESET"):
        dummy.hw(hardware)
    dummy.line_spacing(40)
    dummy.line_spacing(20, divisor=60)
    dummy.line_spacing(90, divisor=360)
    dummy.line_spacing()
    dummy.panel_buttons(enable=False)
    dummy.panel_buttons()
    dummy.buzzer()
    dummy.print_and_feed(3)
    dummy.target("SLIP")
    dummy.target("ROLL")
    dummy.use_slip_only()
    dummy.hw("INIT")
    dummy.eject_slip()
    dummy.print_and_eject_slip()
    dummy.ln(2)


def test_text_and_styles_of_python_escpos() -> None:
    printer = of_dummy(_all_styles)
    assert printer.unknown == []
    assert {line.strip() for line in printer.paper} == {"style"}


def test_controls_of_python_escpos() -> None:
    printer = of_dummy(_controls)
    assert (printer.unknown, set(printer.paper) - {""}) == ([], set())


def test_text_of_python_escpos_in_many_scripts() -> None:
    def use(dummy: Any) -> None:
        dummy.textln("Total 12.00")
        dummy.textln("会员积分")
        dummy.block_text("The quick brown fox jumps over the lazy dog", columns=20)

    printer = of_dummy(use)
    assert printer.unknown == []
    assert printer.paper[:2] == ["Total 12.00", "会员积分"]

    def western(dummy: Any) -> None:
        for words in ("café", "Привет", "Ελλάδα", "Łódź", "Ğüş", "10 €"):
            dummy.textln(words)

    dummy = Dummy(profile="TM-T88V")
    western(dummy)
    european = SimulatedPrinter(charset=Charset.NONE)
    european.feed(dummy.output)
    assert european.unknown == []
    assert european.paper == ["café", "Привет", "Ελλάδα", "Łódź", "Ğüş", "10 €"]


@pytest.mark.parametrize("how", ["bitImageRaster", "graphics", "bitImageColumn"])
def test_pictures_of_python_escpos(how: str) -> None:
    image = Image.new("1", (576, 1200), 1)
    image.paste(0, (8, 8, 300, 1100))

    def use(dummy: Any) -> None:
        dummy.image(image, impl=how, fragment_height=960)
        dummy.image(image.crop((0, 0, 96, 48)), impl=how, center=False, high_density_vertical=False)
        dummy.cut()

    printer = of_dummy(use)
    assert printer.unknown == []
    assert set(printer.receipts[0].split("\n")) <= {"[picture]", ""}
    if how != "bitImageColumn":
        dots = b"".join(piece.bitmap.bits for piece in printer.strips[0] if isinstance(piece, Dots))
        assert dots.startswith(bytes(72 * 8) + b"\x00" + b"\xff" * 36)


def test_codes_of_python_escpos() -> None:
    def use(dummy: Any) -> None:
        dummy.qr("https://example.org", native=True, size=6)
        dummy.qr("https://example.org", native=True, ec=3, model=2, center=False)
        for code, data in (
            *(("EAN13", "4006381333931"), ("EAN8", "12345670"), ("UPC-A", "036000291452")),
            *(("UPC-E", "04252614"), ("CODE39", "ABC-1"), ("ITF", "123456"), ("NW7", "A1234B")),
        ):
            dummy.barcode(data, code, height=64, width=2, pos="BELOW", font="A", function_type="A")
            dummy.barcode(data, code, function_type="B", pos="BOTH", font="B")
        dummy.barcode("{B012ABCD", "CODE128", function_type="B")
        dummy.barcode("{B0106901", "GS1-128", function_type="B")
        dummy.barcode("1234567890123", "GS1 DATABAR OMNIDIRECTIONAL", function_type="B")
        dummy.barcode("(01)1234567", "GS1 DATABAR EXPANDED", function_type="B")
        dummy.barcode("CODE93", "CODE93", function_type="B")

    printer = of_dummy(use, "TM-T88V")
    assert printer.unknown == []
    words = [line.strip() for line in printer.paper if line]
    assert words[:4] == [
        *("[QR https://example.org]", "[QR https://example.org]"),
        *("[EAN13 4006381333931]", "[EAN13 4006381333931]"),
    ]
    assert words[-5:] == [
        *("[CODE128 012ABCD]", "[GS1-128 0106901]", "[DATABAR 1234567890123]"),
        *("[DATABAR (01)1234567]", "[CODE93 CODE93]"),
    ]


def test_drawer_cutter_and_display_of_python_escpos() -> None:
    def use(dummy: Any) -> None:
        dummy.cashdraw(2)
        dummy.cashdraw(5)
        dummy.cashdraw([0x1B, 0x70, 0x00, 25, 250])
        dummy.linedisplay("Total 12.00")
        dummy.text("A")
        dummy.cut()
        dummy.text("B")
        dummy.cut(mode="PART")
        dummy.text("C")
        dummy.cut(feed=False)

    printer = of_dummy(use)
    assert (printer.receipts, printer.kicks, printer.unknown) == (["A", "B", "C"], 3, [])


def test_software_codes_of_python_escpos_are_pictures() -> None:
    def use(dummy: Any) -> None:
        dummy.qr("https://example.org", size=6)
        dummy.barcode("123456", "CODE39", force_software="bitImageRaster")

    printer = of_dummy(use)
    assert (printer.unknown, {line.strip() for line in printer.paper}) == ([], {"[picture]", ""})


def test_a_cut_ends_what_was_begun() -> None:
    assert fed(b"A" + CUT).receipts == ["A"]
