"""Our bytes beside those of two libraries with other authors: python-escpos and escpos-php."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hardware.printer.barcode import Barcode, Hri, Symbology
from hardware.printer.encoding import Cjk, Encoding
from hardware.printer.parts import Line, Picture, Qr
from hardware.printer.profile import Cut
from hardware.printer.receipt_bytes import (
    BUFFER_FENCE,
    CUTS,
    INIT,
    KICK,
    ask_status,
    encode_barcode,
    encode_line,
    encode_picture,
    encode_qr,
)

PHP = Path(__file__).parents[3] / "shared/data/escpos/escpos_php_operation_bytes.json"


# ---- python-escpos 3.1


@pytest.fixture(scope="module")
def sent_by() -> Callable[[Callable[[Any], object]], bytes]:
    """What python-escpos sends for some calls.

    It imports `cups` where it can: any folder of that name on the path breaks it, not only by an
    ImportError.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from escpos.printer import Dummy
    except Exception as broken:
        pytest.skip(f"python-escpos cannot be imported here: {broken!r}")

    def sent(calls: Callable[[Any], object]) -> bytes:
        printer = Dummy()
        calls(printer)
        return bytes(printer.output)

    return sent


Sent = Callable[[Callable[[Any], object]], bytes]


@pytest.mark.parametrize(
    ("calls", "ours"),
    [
        (lambda printer: printer.hw("INIT"), INIT),
        (lambda printer: printer.cut(), CUTS[Cut.FULL]),
        (lambda printer: printer.cut("PART"), CUTS[Cut.PARTIAL]),
        (lambda printer: printer.print_and_feed(6), CUTS[Cut.NONE]),
        (lambda printer: printer.cashdraw([0x1B, 0x70, 0, 25, 250]), KICK),
        (lambda printer: printer.textln("Total 1.00"), encode_line(Line("Total 1.00"), Encoding())),
        (
            lambda printer: (
                printer.set(bold=True),
                printer.textln("A"),
                printer.set(bold=False),
            ),
            encode_line(Line("A", bold=True), Encoding()),
        ),
        (
            lambda printer: (
                printer.set(custom_size=True, width=2, height=2),
                printer.textln("A"),
                printer.set(custom_size=True, width=1, height=1),
            ),
            encode_line(Line("A", large=True), Encoding()).removesuffix(b"\x1bJ\x0a"),
        ),
        (
            lambda printer: printer.text("会员积分\n"),
            encode_line(Line("会员积分"), Encoding(Cjk.RAW_GB18030)),
        ),
    ],
)
def test_python_escpos_sends_the_same(
    sent_by: Sent, calls: Callable[[Any], object], ours: bytes
) -> None:
    # it names page 437 before every text; we do where a character needs it
    assert sent_by(calls).replace(b"\x1bt\x00", b"") == ours


@pytest.mark.parametrize("text", ["S01-1-716RNN-000001", "小票 https://example.org/?a=1"])
def test_python_escpos_draws_the_same_qr_code(sent_by: Sent, text: str) -> None:
    theirs = sent_by(lambda printer: printer.qr(text, ec=1, size=6, native=True))
    quiet = b"\x1bJ\x18"
    assert encode_qr(Qr(text)) == quiet + b"\x1ba\x01" + theirs + b"\x1ba\x00" + quiet


@pytest.mark.parametrize(
    ("code", "name", "data", "place"),
    [
        (Barcode(Symbology.EAN13, "6901028075022"), "EAN13", "6901028075022", "BELOW"),
        (Barcode(Symbology.EAN8, "96385074", 80), "EAN8", "96385074", "BELOW"),
        (Barcode(Symbology.UPCA, "012345678905", hri=Hri.ABOVE), "UPC-A", "012345678905", "ABOVE"),
        (Barcode(Symbology.CODE39, "AB-12", hri=Hri.BOTH), "CODE39", "AB-12", "BOTH"),
        (Barcode(Symbology.ITF, "1234", hri=Hri.NONE), "ITF", "1234", "OFF"),
        (Barcode(Symbology.CODE128, "A-1"), "CODE128", "{BA-1", "BELOW"),
    ],
)
def test_python_escpos_draws_the_same_bar_code_and_forgets_to_go_back_to_the_left(
    sent_by: Sent, code: Barcode, name: str, data: str, place: str
) -> None:
    theirs = sent_by(
        lambda printer: printer.barcode(data, name, height=code.height_dots, pos=place)
    )
    assert encode_barcode(code, 576) == b"\x1bJ\x0a" + theirs + b"\x1ba\x00\x1bJ\x0a"


def test_python_escpos_sends_the_same_dots(sent_by: Sent) -> None:
    from PIL import Image

    image = Image.effect_noise((64, 40), 90).point(lambda grey: 255 * (grey > 128), "1")
    theirs = sent_by(lambda printer: printer.image(image, impl="bitImageRaster"))
    inverted = bytes(byte ^ 0xFF for byte in image.tobytes())
    (band,) = encode_picture(Picture(8, inverted))
    assert band == b"\x1ba\x01" + theirs + b"\x1ba\x00"


def test_python_escpos_asks_the_same(sent_by: Sent) -> None:
    from escpos import constants

    assert ask_status(1) == constants.RT_STATUS_ONLINE
    assert ask_status(4) == constants.RT_STATUS_PAPER


# ---- the expectations of escpos-php's own tests


def _php() -> list[dict[str, Any]]:
    try:
        cases: list[dict[str, Any]] = json.loads(PHP.read_bytes())["cases"]
    except OSError:
        return []
    return cases


def _line(text: str, cjk: Cjk = Cjk.FS_GB18030) -> bytes:
    return encode_line(Line(text), Encoding(cjk))


_FULL_QR = encode_qr(Qr("1234")).replace(b"1C\x06", b"1C\x03").replace(b"1E1", b"1E0")
_CODE_128 = encode_barcode(Barcode(Symbology.CODE128, "012ABCDabcd"), 576)
_UPC_A = encode_barcode(Barcode(Symbology.UPCA, "012345678905"), 576)
#: what of ours has to contain the bytes that they expect, after their ESC @
OURS: dict[str, bytes] = {
    "testTextString": _line("String1231.2"),
    "testFeedDefault": _line(""),
    "testSetEmphasisDefault": encode_line(Line("A", bold=True), Encoding()),
    "testSetEmphasisOn": encode_line(Line("A", bold=True), Encoding()),
    "testSetEmphasisOff": encode_line(Line("A", bold=True), Encoding()),
    "testSetJustificationDefault": encode_qr(Qr("1234")),
    "testSetJustificationLeft": encode_qr(Qr("1234")),
    "testSetJustificationCenter": encode_qr(Qr("1234")),
    "testSetBarcodeHeightDefault": encode_barcode(Barcode(Symbology.EAN8, "96385074", 8), 576),
    "testSetBarcodeWidthDefault": _UPC_A,
    "testSetBarcodeTextPositionDefault": encode_barcode(
        Barcode(Symbology.EAN8, "96385074", hri=Hri.NONE), 576
    ),
    "testSetBarcodeTextPositionBoth": encode_barcode(
        Barcode(Symbology.EAN8, "96385074", hri=Hri.BOTH), 576
    ),
    "testBarcodeCode128ValidB": _CODE_128,
    "testQRCodeDefaults": _FULL_QR.replace(b"\x1ba\x01", b"").replace(b"\x1ba\x00", b""),
}
#: where they choose otherwise, or test what a receipt never needs
OTHERWISE: dict[str, str] = {
    "testTextChinese": "compared below: their line feed stands inside kanji mode",
    "testTextRaw": "UTF-8 to a printer that does not read it",
    "testBarcodeUpcaNumeric11Char": "GS k function B, and no check digit",
    "testBarcodeUpcaNumeric12Char": "GS k function B, compared below; its check digit is wrong",
    "testBarcodeCode39AsDefault": "GS k function B, compared below",
    "testBarcodeCode39Asterisks": "printers put the asterisks there themselves",
    "testBarcodeCode128ValidA": "code set A is for control characters",
    "testBarcodeWidth1": "an eighth of a millimetre does not scan",
    "testPulseDefault": "a pulse of 120 ms where ours lasts 50",
    "testPulse1": "the second drawer",
    "testPulseOddMs": "a pulse of 2 ms",
    "testSetTextSizeWide": "four times the width; ours is two by two",
    "testSetTextSizeNarrow": "four times the height",
    "testSetTextSizeLarge": "four by four",
} | dict.fromkeys(
    (
        *("testSelectPrintModeDefault", "testSetUnderlineDefault", "testSetDoubleStrikeDefault"),
        *("testSetDoubleStrikeOn", "testSetFontDefault", "testSetFontAcceptedValues"),
        *("testSetJustificationRight", "testSetReverseColorsDefault", "testSetReverseColorsOn"),
        *("testSetReverseColorsOff", "testFeedForm", "testSetColorDefault"),
        *("testSetColorAlternative", "testSetLineSpacingDefault", "testSetLineSpacingSmaller"),
        *("testSetPrintWidthDefault", "testSetPrintWidthNarrow", "testSetPrintLeftMarginWide"),
        *("testSetUpsideDown", "testPdf417CodeEmpty", "testPdf417CodeChangeErrorCorrection"),
        *("testPdf417CodeChangeOption", "testBarcodeCode93Valid", "testBarcodeUpceNumeric6Char"),
        *("testBarcodeUpceNumeric7Char", "testBarcodeUpceNumeric12Char"),
    ),
    "we send no such command",
)


@pytest.mark.skipif(not PHP.exists(), reason="../shared is not there")
@pytest.mark.parametrize("case", _php(), ids=lambda case: case["test"])
def test_escpos_php_expects_the_same(case: dict[str, Any]) -> None:
    if case["test"] in OTHERWISE:
        pytest.skip(OTHERWISE[case["test"]])
    expected = bytes.fromhex(case["bytes_hex"])
    assert expected.startswith(INIT)
    assert expected.removeprefix(INIT) in OURS[case["test"]]


@pytest.mark.skipif(not PHP.exists(), reason="../shared is not there")
def test_escpos_php_sends_the_same_chinese_but_for_the_end_of_the_line() -> None:
    case = next(case for case in _php() if case["test"] == "testTextChinese")
    theirs = bytes.fromhex(case["bytes_hex"]).removeprefix(INIT)
    ours = _line("示例文本打印机!")
    assert theirs.replace(b"\n\x1c.", b"\x1c.\n") == ours


@pytest.mark.parametrize(
    ("code", "theirs"),
    [
        (Barcode(Symbology.CODE39, "1234"), "1d6b450431323334"),
        (Barcode(Symbology.UPCA, "012345678905"), "1d6b410c303132333435363738393035"),
    ],
)
def test_escpos_php_says_the_same_data_by_the_other_function_of_gs_k(
    code: Barcode, theirs: str
) -> None:
    kind, data = bytes.fromhex(theirs)[2], bytes.fromhex(theirs)[4:]
    assert b"\x1dk" + bytes((kind - 65,)) + data + b"\x00" in encode_barcode(code, 576)


def test_the_fence_is_python_escpos_s_paper_question() -> None:
    """GS r 1 asks for the paper sensor; we only want to know that it was reached."""
    assert BUFFER_FENCE == b"\x1dr\x01"
