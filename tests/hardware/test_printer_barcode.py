"""Bar codes for paper: what they may hold, Code 128's code sets, and that drawn ones scan."""

import itertools
import re

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from hardware.printer import dots
from hardware.printer.barcode import Barcode, Hri, Symbology, check_digit, code_128_runs
from hardware.printer.parts import Line, Picture
from hardware.printer.profile import Profile
from hardware.printer.receipt_bytes import encode_barcode

PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
DIGITS = "0123456789"
EAN8 = st.text(DIGITS, min_size=7, max_size=7).map(lambda text: text + check_digit(text))
EAN13 = st.text(DIGITS, min_size=12, max_size=12).map(lambda text: text + check_digit(text))
UPCA = st.text(DIGITS, min_size=11, max_size=11).map(lambda text: text + check_digit(text))
#: without the four that the full ASCII form of Code 39 begins its pairs with; six digits alone
#: would be a Code 32
CODE39 = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.", max_size=8).map("A".__add__)
ITF = st.integers(3, 7).flatmap(
    lambda pairs: st.text(DIGITS, min_size=2 * pairs, max_size=2 * pairs)
)
CODE128 = st.text(PRINTABLE, min_size=1, max_size=16) | st.text(DIGITS, min_size=1, max_size=30)
DATA = {
    Symbology.EAN8: EAN8,
    Symbology.EAN13: EAN13,
    Symbology.UPCA: UPCA,
    Symbology.CODE39: CODE39,
    Symbology.ITF: ITF,
    Symbology.CODE128: CODE128,
}
BARCODES = st.sampled_from(Symbology).flatmap(
    lambda kind: st.builds(
        Barcode, st.just(kind), DATA[kind], st.integers(30, 120), st.sampled_from(Hri)
    )
)


def scanned(picture: Picture) -> list[tuple[str, str]]:
    """What a scanner reads off the picture, as symbology and text. UPC-A reads as the EAN-13 that
    it is, with a nought in front."""
    bits = Image.frombytes("1", (picture.row_bytes * 8, picture.rows), picture.dots)
    paper = ImageOps.expand(ImageOps.invert(bits.convert("L")), 40, fill=255)
    return [(str(code.format), code.text) for code in zxingcpp.read_barcodes(paper)]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Symbology.EAN13, "6901028075022"),
        (Symbology.EAN13, "4006381333931"),
        (Symbology.EAN8, "96385074"),
        (Symbology.UPCA, "012345678905"),
        (Symbology.CODE39, "AB-12 $%+./Z"),
        (Symbology.ITF, "15400141288763"),
        (Symbology.CODE128, "S01-1-716RNN-000001"),
        (Symbology.CODE128, "{a} ~^"),
        (Symbology.CODE128, "160416051620"),
        (Symbology.CODE128, "9912345"),
    ],
)
@pytest.mark.parametrize("hri", Hri)
def test_bars_drawn_here_are_read_back(kind: Symbology, data: str, hri: Hri) -> None:
    codes = scanned(dots.barcode(Barcode(kind, data, hri=hri), 576))
    assert [text.lstrip("0") for _kind, text in codes] == [data.lstrip("0")]


@given(BARCODES)
@settings(deadline=None, max_examples=60)
def test_any_bars_drawn_here_are_read_back(code: Barcode) -> None:
    found = [text for _kind, text in scanned(dots.barcode(code, 576))]
    assert [text.lstrip("0") for text in found] == [code.data.lstrip("0")]


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        (Symbology.EAN13, "6901028075023", "is 2"),
        (Symbology.EAN13, "690102807502", "13 digits"),
        (Symbology.EAN13, "６901028075022", "13 digits"),
        (Symbology.EAN13, "", "13 digits"),
        (Symbology.EAN8, "96385075", "is 4"),
        (Symbology.UPCA, "012345678900", "is 5"),
        (Symbology.UPCA, "6901028075022", "12 digits"),
        (Symbology.CODE39, "abc", "cannot hold"),
        (Symbology.CODE39, "*TEXT*", "cannot hold"),
        (Symbology.CODE39, "", "cannot hold"),
        (Symbology.CODE39, "A" * 16, "wider"),
        (Symbology.ITF, "123", "cannot hold"),
        (Symbology.ITF, "12A4", "cannot hold"),
        (Symbology.ITF, "", "cannot hold"),
        (Symbology.CODE128, "", "cannot hold"),
        (Symbology.CODE128, "会员", "cannot hold"),
        (Symbology.CODE128, "A\x10\x04\x01", "cannot hold"),
        (Symbology.CODE128, "A\n", "cannot hold"),
        (Symbology.CODE128, "x" * 40, "wider"),
    ],
)
def test_what_is_no_such_code_is_refused_when_it_is_made(
    kind: Symbology, data: str, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        Barcode(kind, data)


@pytest.mark.parametrize("height", [0, 256, -1])
def test_a_height_that_gs_h_cannot_say_is_refused(height: int) -> None:
    with pytest.raises(ValueError, match="high"):
        Barcode(Symbology.EAN8, "96385074", height)


@pytest.mark.parametrize(
    ("digits", "expected"),
    [("629104150021", "3"), ("690102807502", "2"), ("01234567890", "5"), ("9638507", "4")],
)
def test_a_check_digit_is_that_of_gs1(digits: str, expected: str) -> None:
    assert check_digit(digits) == expected


@pytest.mark.parametrize(
    ("data", "runs"),
    [
        ("ABC", ["B:ABC"]),
        ("12", ["B:12"]),
        ("1234", ["C:1234"]),
        ("12345", ["C:1234", "B:5"]),
        ("A12345", ["B:A1", "C:2345"]),
        ("A12345B", ["B:A12345B"]),
        ("A123456B", ["B:A", "C:123456", "B:B"]),
        ("S01-1-716RNN-000001", ["B:S01-1-716RNN-", "C:000001"]),
        ("160401", ["C:16", "B:04", "C:01"]),
        ("A1605", ["B:A", "C:16", "B:05"]),
        ("16201620", ["C:16", "B:20", "C:16", "B:20"]),
        ("16161604", ["C:161616", "B:04"]),
        ("1603", ["C:1603"]),
    ],
)
def test_code_128_changes_its_code_set_where_that_is_shorter_or_safer(
    data: str, runs: list[str]
) -> None:
    assert [f"{run.code_set}:{run.text}" for run in code_128_runs(data)] == runs


@given(CODE128 | st.text("160452", min_size=2, max_size=30))
def test_the_code_sets_together_hold_the_data_and_no_real_time_command(data: str) -> None:
    runs = code_128_runs(data)
    assert "".join(run.text for run in runs) == data
    assert all(one.code_set != two.code_set for one, two in itertools.pairwise(runs))
    sent = b"".join(run.data for run in runs)
    assert not re.search(rb"\x10[\x04\x05\x14]", sent)


@given(BARCODES)
@settings(deadline=None, max_examples=60)
def test_the_announced_width_is_that_of_the_bars(code: Barcode) -> None:
    picture = dots.barcode(code, 576)
    module_dots = code.module_dots(576)
    assert module_dots is not None
    assert picture.row_bytes * 8 <= 576
    bars = code.modules * module_dots
    assert picture.row_bytes * 8 >= bars
    begin, end = _inked(picture, code)
    if code.kind in (Symbology.CODE39, Symbology.ITF, Symbology.CODE128):
        assert end - begin <= bars  # a printer may draw them wider than we do
    else:
        assert end - begin == bars


def _inked(picture: Picture, code: Barcode) -> tuple[int, int]:
    """From the first black dot to behind the last, in the middle row of the bars."""
    above = 30 if code.hri in (Hri.ABOVE, Hri.BOTH) else 0
    row = 10 + above + code.height_dots // 2
    bits = picture.dots[row * picture.row_bytes :][: picture.row_bytes]
    black = f"{int.from_bytes(bits):0{picture.row_bytes * 8}b}"
    return black.index("1"), black.rindex("1") + 1


def test_a_printer_that_draws_none_gets_dots_and_one_that_does_its_command() -> None:
    code = Barcode(Symbology.EAN13, "6901028075022")
    assert dots.drawn(code, Profile()) is code
    assert dots.drawn(code, Profile(draws_barcodes=False)) == dots.barcode(code, 576)
    forced = Barcode(Symbology.EAN13, "6901028075022", native=False)
    assert dots.drawn(forced, Profile()) == dots.barcode(code, 576)
    forced = Barcode(Symbology.EAN13, "6901028075022", native=True)
    assert dots.drawn(forced, Profile(draws_barcodes=False)) is forced


def test_a_code_that_is_wider_than_this_paper_is_the_line_of_its_characters() -> None:
    code = Barcode(Symbology.CODE128, "S01-1-716RNN-000001")
    narrow = Profile(columns=32, dots=384)
    assert dots.drawn(code, narrow) == Line("      S01-1-716RNN-000001")
    assert encode_barcode(code, 576)


@pytest.mark.usefixtures("no_font")
def test_without_a_font_the_bars_stand_alone() -> None:
    code = Barcode(Symbology.EAN13, "6901028075022", hri=Hri.BOTH)
    drawn = dots.drawn(code, Profile(draws_barcodes=False))
    assert isinstance(drawn, Picture)
    assert [text for _kind, text in scanned(drawn)] == ["6901028075022"]
