"""The paper as a picture: columns on one edge, codes that a scanner reads, ink where it belongs."""

from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hardware.fault import Fault
from hardware.printer import glyphs
from hardware.printer.encoding import width_cols
from hardware.printer.glyphs import NoFont
from hardware.printer.parts import Line, Part, Picture, Qr
from hardware.printer.receipt_bytes import receipt
from hardware.registry import open_printer
from hardware.simulator.printer.drawing import MARGIN_DOTS
from hardware.simulator.printer.keeping import PictureFolder
from hardware.simulator.printer.machine import SimulatedPrinter
from hardware.simulator.printer.print_head import STRIPS_KEPT
from tests.hardware.test_simulated_printer import STREAMS, fed

CUT = b"\x1dV\x01"


def has_font() -> bool:
    try:
        glyphs.find_font()
    except NoFont:
        return False
    return True


needs_font = pytest.mark.skipif(not has_font(), reason="no font with Chinese is installed here")


def printed(*parts: Part, columns: int = 48) -> SimulatedPrinter:
    printer = SimulatedPrinter(columns=columns)
    printer.feed(receipt(parts))
    assert printer.unknown == []
    return printer


def ink(image: Image.Image) -> tuple[int, int, int, int]:
    """The box round all black dots, without the cutter's edge: left, top, right, bottom."""
    box = image.crop((0, 0, image.width, image.height - 16)).point(lambda dot: 255 - dot).getbbox()
    assert box is not None
    return box


def rows_of(image: Image.Image, line: int) -> Image.Image:
    """One line of text of single height, counted from 0."""
    top = MARGIN_DOTS + 30 * line
    return image.crop((0, top, image.width, top + 30))


@needs_font
@pytest.mark.parametrize(("columns", "dots"), [(48, 576), (42, 504), (32, 384)])
def test_columns_of_a_chinese_receipt_stand_on_one_edge(columns: int, dots: int) -> None:
    names = ["可口可乐 330ml", "Stabilo Boss 荧光笔", "菜籽油（散装）", "Brötchen", "王䶮"]
    lines = [name + " " * (columns - width_cols(name) - 4) + "8.90" for name in names]
    image = printed(*map(Line, lines), columns=columns).picture()
    assert image.width == dots + 2 * MARGIN_DOTS
    edges = [ink(pad(rows_of(image, place))) for place in range(len(names))]
    assert len({right for _left, _top, right, _bottom in edges}) == 1
    right_edge = MARGIN_DOTS + dots
    for left, _top, right, _bottom in edges:
        assert MARGIN_DOTS <= left < MARGIN_DOTS + 8
        assert right_edge - 8 < right <= right_edge


def pad(image: Image.Image) -> Image.Image:
    """With room below, where `ink` expects the edge."""
    roomy = Image.new("L", (image.width, image.height + 16), 255)
    roomy.paste(image)
    return roomy


@needs_font
def test_a_hanzi_is_as_wide_as_two_letters_and_large_is_twice_bold_is_darker() -> None:
    def one(line: Line) -> Image.Image:
        return printed(line).picture()

    left, top, right, bottom = ink(one(Line("国")))
    assert 18 <= right - left <= 24
    assert 18 <= bottom - top <= 26
    left, top, right, bottom = ink(one(Line("国", large=True)))
    assert 40 <= right - left <= 48
    assert 40 <= bottom - top <= 52
    light, dark = (one(Line("合计", bold=bold)).histogram()[0] for bold in (False, True))
    assert light < dark < 2 * light


@needs_font
@pytest.mark.parametrize("columns", [48, 32])
@pytest.mark.parametrize(
    "text", ["S01-1-716RNN-000001", "小票 https://example.org/?a=1&b=2", "x" * 180]
)
def test_a_qr_code_on_the_paper_is_read_back(text: str, columns: int) -> None:
    printer = printed(Line("谢谢惠顾" * 4), Qr(text), Line("S01-1-716RNN-000001"), columns=columns)
    image = printer.picture()
    assert [code.text for code in read(image)] == [text]
    codes = read(image)
    corners = (codes[0].position.top_left.x, codes[0].position.top_right.x)
    assert abs(sum(corners) / 2 - image.width / 2) < 8  # in the middle


def read(image: Image.Image) -> list[Any]:
    return list(zxingcpp.read_barcodes(image))


@needs_font
def test_a_picture_comes_out_dot_by_dot_in_the_middle() -> None:
    rows = [bytes((0b1000_0001, 0b0000_0001))] * 130
    image = printed(Picture(2, b"".join(rows))).picture()
    left, top, right, bottom = ink(image)
    assert (right - left, top, bottom - top) == (16, MARGIN_DOTS, 130)
    assert left == MARGIN_DOTS + (576 - 16) // 2
    black = [image.getpixel((left + place, top + 60)) == 0 for place in range(16)]
    assert [place for place, dot in enumerate(black) if dot] == [0, 7, 15]


def drawn(stream: bytes) -> Image.Image:
    printer = fed(stream + CUT)
    assert printer.unknown == []
    return printer.picture()


def ink_of(stream: bytes) -> tuple[int, int, int, int]:
    """The box round what the stream prints, from the print head's left end and the first row."""
    left, top, right, bottom = ink(drawn(stream + b"\x1bJ\x20"))
    return left - MARGIN_DOTS, top - MARGIN_DOTS, right - MARGIN_DOTS, bottom - MARGIN_DOTS


@needs_font
def test_margins_positions_and_alignment_are_in_dots() -> None:
    bar = b"\x1b*\x21\x01\x00\xff\xff\xff"
    assert ink_of(bar + b"\n") == (0, 0, 1, 24)
    assert ink_of(b"\x1dL\x40\x00" + bar + b"\n") == (64, 0, 65, 24)
    assert ink_of(b"\x1dL\x40\x00\x1b$\x0a\x00" + bar + b"\n") == (74, 0, 75, 24)
    assert ink_of(b"\x1ba\x02" + bar + b"\n") == (575, 0, 576, 24)
    assert ink_of(b"\x1dW\x40\x01\x1ba\x02" + bar + b"\n") == (319, 0, 320, 24)
    assert ink_of(b"\x1d!\x11A\x1b!\x00" + bar + b"\n")[3] == 42  # on one base line
    assert ink_of(b"\x1b{\x01" + bar + b"\n") == (575, 0, 576, 24)


@needs_font
def test_pictures_in_columns_and_in_rows_are_the_same_picture() -> None:
    rows = b"\x1dv0\x00\x01\x00\x08\x00" + bytes((0xFF, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x81))
    columns = b"\xff\x80\x80\x80\x80\x80\x80\x81"
    for other in (
        b"\x1d*\x01\x01" + columns + b"\x1d/\x00",
        b"\x1cq\x01\x01\x00\x01\x00" + columns + b"\x1cp\x01\x00",
        b"\x1dQ0\x00\x08\x00\x01\x00" + columns,
        b"\x1d(L\x12\x000q0\x01\x011\x08\x00\x08\x00" + columns + b"\x1d(L\x02\x0002",
    ):
        assert drawn(other).tobytes() == drawn(rows).tobytes()


@needs_font
def test_reverse_is_white_on_black_and_an_underline_runs_below_its_words() -> None:
    black = drawn(b"\x1dB\x01  \x1dB\x00\n").histogram()[0]
    assert black == 24 * 24
    assert 0 < drawn(b"\x1dB\x01A\x1dB\x00\n").histogram()[0] < 24 * 12
    assert ink_of(b"\x1b-\x02   \n") == (0, 24, 36, 26)
    assert ink_of(b"\x1b-\x01\x1b \x04   \n") == (0, 24, 48, 25)


@needs_font
def test_turned_letters_lie_and_small_ones_are_small() -> None:
    left, top, right, bottom = ink_of(b"\x1bV\x01H\n")
    assert 14 <= right - left <= 24
    assert 5 <= bottom - top <= 12
    left, _top, right, _bottom = ink_of(b"\x1bM\x01HHHH\n")
    assert 30 <= right - left <= 36
    large = ink_of(b"\x1d!\x77g\n")
    assert large[3] <= 24 * 8 + 4  # what hangs down does not touch the next line


@needs_font
@pytest.mark.parametrize("direction", [0, 1, 2, 3])
def test_a_page_is_turned_as_a_whole(direction: int) -> None:
    qr = b"\x1d(k\x03\x001C\x04\x1d(k\x05\x001P0S1\x1d(k\x03\x001Q0"
    box = b"\x1bW\x64\x00\x0a\x00\x90\x01\x2c\x01"
    page = b"\x1bL" + box + b"\x1bT" + bytes((direction,)) + b"\x1d$\x64\x00" + qr + b"\x0c"
    image = drawn(page)
    (code,) = read(image)
    assert code.text == "S1"
    left, top, right, bottom = (edge - MARGIN_DOTS for edge in ink(image))
    size = right - left
    corners = {0: (100, 110 - size), 1: (200 - size, 310 - size),
               2: (500 - size, 210), 3: (400, 10)}  # fmt: skip
    assert (left, top) == corners[direction]
    assert bottom - top == size


@needs_font
def test_what_is_fed_back_is_printed_over() -> None:
    once = drawn(b"AAAA\n\n")
    twice = drawn(b"AAAA\n\x1bK\x1e____\n\n")
    assert twice.height == once.height
    assert twice.histogram()[0] > once.histogram()[0]


@needs_font
def test_codes_that_are_not_drawn_here_stand_in_a_box_with_their_name() -> None:
    assert ink_of(b"\x1d(k\x04\x000P0a\x1d(k\x03\x000Q0") == (0, 0, 240, 80)
    assert ink_of(b"\x1ba\x01\x1cp\x09\x00") == (168, 0, 408, 80)
    wrong = ink_of(b"\x1dk\x02123\x00")
    assert 0 < wrong[2] - wrong[0] < 200  # its words, for there are no such bars


@needs_font
def test_the_newest_receipts_can_be_drawn_each_by_its_place() -> None:
    printer = SimulatedPrinter()
    for number in range(STRIPS_KEPT + 3):
        printer.feed(b"\n" * (number % 3) + b"A\n" + CUT)
    assert printer.picture().height == printer.picture(STRIPS_KEPT - 1).height
    assert printer.picture(0).height - printer.picture(2).height == 30 * (3 % 3 - 5 % 3)
    with pytest.raises(IndexError):
        printer.picture(STRIPS_KEPT)


@needs_font
def test_what_prints_for_metres_is_drawn_from_its_end() -> None:
    printer = SimulatedPrinter()
    printer.feed(b"A\n" * 20_000 + b"\x1d!\x77B\n" + CUT)
    assert printer.picture().height <= 20_000 + 2 * MARGIN_DOTS


@needs_font
@given(st.one_of(STREAMS, st.binary(max_size=600)), st.sampled_from([48, 42, 32]))
@settings(deadline=None, max_examples=60)
def test_no_bytes_crash_the_drawing(stream: bytes, columns: int) -> None:
    printer = SimulatedPrinter(columns=columns)
    printer.feed(stream + b"\x00" * 300 + CUT + CUT)
    for place in range(len(printer.strips)):
        assert printer.picture(place).width == columns * 12 + 2 * MARGIN_DOTS


@needs_font
def test_a_folder_gets_each_receipt_and_keeps_those_of_before(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "pictures"
    for _ in range(2):
        printer = SimulatedPrinter()
        printer.listeners.append(PictureFolder(folder, printer))
        printer.feed(b"A\n" + CUT + b"B\n" + CUT)
    names = sorted(file.name for file in folder.iterdir())
    assert names == [f"receipt-{number:06}.png" for number in (1, 2, 3, 4)]
    with Image.open(folder / "receipt-000004.png") as image:
        assert image.size == printer.picture().size


def test_a_folder_that_cannot_be_made_is_refused_with_the_address(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Fault):
        open_printer(f"sim://printer?pictures={tmp_path}/file/pictures")


@pytest.mark.usefixtures("no_font")
def test_without_a_font_it_says_what_to_install(tmp_path: Path) -> None:
    printer = printed(Line("A"))
    assert printer.receipts == ["A"]
    with pytest.raises(NoFont, match="fonts-noto-cjk"):
        printer.picture()
    with pytest.raises(NoFont):
        open_printer(f"sim://printer?pictures={tmp_path}")
