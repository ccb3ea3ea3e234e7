"""What a printer cannot draw itself arrives as dots: a logo, rare characters, codes."""

from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps, features

from hardware.printer import dots, glyphs
from hardware.printer.dots import LOGO_ROWS_MAX, NotAPicture, drawn
from hardware.printer.encoding import Cjk, width_cols
from hardware.printer.glyphs import NoFont
from hardware.printer.parts import Line, Part, Picture, Qr
from hardware.printer.profile import Profile
from hardware.printer.receipt_bytes import receipt
from hardware.simulator.printer.machine import SimulatedPrinter


def has_font() -> bool:
    try:
        glyphs.find_font()
    except NoFont:
        return False
    return True


needs_font = pytest.mark.skipif(not has_font(), reason="no font with Chinese is installed here")


def black(picture: Picture) -> int:
    return sum(byte.bit_count() for byte in picture.dots)


def right_edge(picture: Picture) -> int:
    """Dots from the left to behind the last black one."""
    image = Image.frombytes("1", (picture.row_bytes * 8, picture.rows), picture.dots)
    box = image.getbbox()
    return box[2] if box else 0


def saved(image: Image.Image, folder: Path, name: str = "logo.png") -> Path:
    file = folder / name
    image.save(file)
    return file


def test_a_small_logo_keeps_its_size_and_its_edges(tmp_path: Path) -> None:
    image = Image.new("RGB", (20, 10), "white")
    ImageDraw.Draw(image).rectangle((0, 0, 4, 9), fill="navy")
    logo = dots.logo(saved(image, tmp_path), 48)
    assert (logo.row_bytes, logo.rows) == (3, 10)
    assert logo.dots == bytes((0b1111_1000, 0, 0)) * 10


def test_what_is_transparent_stays_white(tmp_path: Path) -> None:
    assert black(dots.logo(saved(Image.new("RGBA", (16, 16), (0, 0, 0, 0)), tmp_path), 48)) == 0
    assert black(dots.logo(saved(Image.new("LA", (16, 16), (0, 255)), tmp_path), 48)) == 256


@pytest.mark.parametrize("size", [(3000, 100), (100, 3000), (3000, 3000)])
@pytest.mark.parametrize("columns", [48, 32])
def test_a_large_logo_is_made_to_fit_the_paper(
    tmp_path: Path, size: tuple[int, int], columns: int
) -> None:
    logo = dots.logo(saved(Image.new("1", size), tmp_path), columns)
    assert logo.row_bytes * 8 <= columns * 12
    assert logo.rows <= LOGO_ROWS_MAX
    assert black(logo) > 0


def test_a_photograph_becomes_a_pattern_as_dark_as_itself(tmp_path: Path) -> None:
    logo = dots.logo(saved(Image.new("L", (160, 160), 128), tmp_path), 48)
    assert 0.4 < black(logo) / 160**2 < 0.6


def damaged(folder: Path) -> list[Path]:
    whole = saved(Image.effect_noise((64, 64), 50), folder, "whole.png").read_bytes()
    files = {
        "cut.png": whole[: len(whole) // 2],
        "turned.png": whole[:60] + bytes(40) + whole[100:],
        "empty.png": b"",
        "words.png": "不是图片".encode(),
        "huge.png": b"\x00" * (dots.LOGO_FILE_BYTES_MAX + 1),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    jpeg = saved(Image.new("L", (9, 9)), folder, "photo.jpg")
    many = saved(Image.new("1", (6000, 6000)), folder, "many.png")
    return [*(folder / name for name in files), jpeg, many, folder, folder / "none.png"]


def test_what_is_no_png_is_refused_with_a_remedy(tmp_path: Path) -> None:
    for file in damaged(tmp_path):
        with pytest.raises(NotAPicture, match="PNG") as refused:
            dots.logo(file, 48)
        assert str(file) in refused.value.detail


# ---- lines in characters that a printer does not have

RARE = [
    "王䶮",
    "𠮷野家",
    "5.00 €",
    "안녕",
    "会员😀",
    "ｶﾅ",
    "สวัสดี",
    "مرحبا بك",
    "e\u0301te\u0301",
    "ā",
]


@needs_font
@pytest.mark.parametrize("text", RARE)
def test_a_line_with_characters_no_printer_has_is_drawn_over_the_same_columns(text: str) -> None:
    part = drawn(Line(text), Profile())
    assert isinstance(part, Picture)
    assert (part.row_bytes, part.rows) == (72, 30)
    assert black(part) > 30
    assert right_edge(part) <= width_cols(text) * 12 + 1
    bold = drawn(Line(text, bold=True, large=True), Profile())
    assert isinstance(bold, Picture)
    assert (bold.row_bytes, bold.rows) == (72, 60)
    assert black(bold) > 3 * black(part)


@needs_font
@pytest.mark.parametrize("text", RARE)
def test_what_stands_behind_it_keeps_its_column(text: str) -> None:
    line = dots.line(Line(text + " " * (47 - width_cols(text)) + "8"), 48)
    assert 47 * 12 < right_edge(line) <= 48 * 12


@needs_font
def test_a_drawn_line_ends_where_the_paper_does() -> None:
    assert dots.line(Line("䶮" * 16), 32) == dots.line(Line("䶮" * 17), 32)
    assert dots.line(Line("䶮" * 8, large=True), 32) == dots.line(Line("䶮" * 9, large=True), 32)
    assert 29 * 12 < right_edge(dots.line(Line("a" + "䶮" * 16), 32)) <= 31 * 12
    assert right_edge(dots.line(Line("سلام" * 40), 32)) <= 384


@needs_font
def test_half_of_a_surrogate_pair_is_drawn_as_what_it_is_not() -> None:
    assert dots.line(Line("\ud800"), 32) == dots.line(Line("?"), 32)


@needs_font
@pytest.mark.parametrize(
    ("text", "cjk", "goes_as_dots"),
    [
        ("会员积分 café", Cjk.FS_GB18030, False),
        ("会员积分 café", Cjk.RAW_GB18030, True),
        ("会员积分", Cjk.RAW_GB18030, False),
        ("会员积分", Cjk.UTF8, False),
        ("2×3", Cjk.UTF8, True),
        ("会员积分", Cjk.RASTER, True),
        ("café", Cjk.RASTER, False),
        ("Total", Cjk.RASTER, False),
    ],
)
def test_a_line_is_dots_for_the_printers_that_cannot_read_it(
    text: str, cjk: Cjk, goes_as_dots: bool
) -> None:
    assert isinstance(drawn(Line(text), Profile(cjk=cjk)), Picture) is goes_as_dots
    # or where the line itself says so
    assert isinstance(drawn(Line(text, cjk=cjk), Profile()), Picture) is goes_as_dots


@needs_font
def test_hanzi_as_dots_look_as_the_same_character_twice_as_large() -> None:
    small, large = (dots.line(Line("国", large=large), 32) for large in (False, True))
    assert 18 <= right_edge(small) <= 24
    assert 36 <= right_edge(large) <= 48


@needs_font
@given(st.text(st.characters(exclude_categories=()), max_size=30), st.booleans())
@settings(deadline=None)
def test_any_text_can_be_drawn(text: str, large: bool) -> None:
    line = dots.line(Line(text, large=large), 32)
    assert (line.row_bytes, line.rows) == (48, 60 if large else 30)


@given(st.text(st.characters(exclude_categories=())))
@settings(deadline=None)
def test_cells_are_as_wide_as_the_text(text: str) -> None:
    assert sum(cell.cols for cell in glyphs.cells(text)) == width_cols(text)


@needs_font
def test_letters_that_join_are_drawn_together_and_a_gap_parts_them() -> None:
    assert [cell.text for cell in glyphs.cells("مرحبا بك  12")] == ["مرحبا بك", " ", " ", "1", "2"]
    assert [cell.text for cell in glyphs.cells("e\u0301a️👨\u200d")] == ["é", "a", "👨"]


@needs_font
@pytest.mark.skipif(not features.check("raqm"), reason="this Pillow cannot join Arabic")
def test_arabic_is_joined() -> None:
    """Joined letters are narrower than the same ones alone."""
    face = glyphs._face("سلام", 24)
    if not glyphs._has(face, "س"):
        pytest.skip("no font with Arabic is installed here")
    assert face.getlength("سلام") < sum(map(face.getlength, "سلام"))


def test_what_a_printer_can_print_itself_stays_as_it_is() -> None:
    for part in (Line("会员积分 café"), Qr("S01"), Picture(1, b"\xff")):
        assert drawn(part, Profile()) is part


@pytest.mark.usefixtures("no_font")
def test_a_rare_character_is_a_question_mark_where_there_is_no_font() -> None:
    assert drawn(Line("王䶮"), Profile()) == Line("王䶮")
    assert receipt([Line("王䶮")]).count(b"?") == 2


def test_a_printer_that_draws_no_qr_code_gets_one_as_a_picture() -> None:
    profile = Profile(columns=32, dots=384, draws_qr=False)
    parts: list[Part] = [Line("A"), Qr("S01-1-716RNN-000001"), Line("B")]
    assert drawn(parts[1], profile) == dots.qr(Qr("S01-1-716RNN-000001"))
    assert drawn(Qr("S01", native=True), profile) == Qr("S01", native=True)
    assert isinstance(drawn(Qr("S01", native=False), Profile()), Picture)
    printer = SimulatedPrinter(columns=32)
    printer.feed(receipt(parts, profile))
    assert printer.receipts == ["A\n           [picture]\nB"]


@pytest.mark.parametrize("text", ["S01-1-716RNN-000001", "小票 https://example.org/?a=1&b=2"])
def test_a_qr_code_of_dots_is_read_back(text: str) -> None:
    picture = dots.qr(Qr(text))
    bits = Image.frombytes("1", (picture.row_bytes * 8, picture.rows), picture.dots)
    found = zxingcpp.read_barcodes(ImageOps.invert(bits.convert("L")))
    assert [code.text for code in found] == [text]
