"""What a printer cannot draw itself arrives as dots: a logo, rare characters, a QR code."""

import asyncio
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from hardware import dots
from hardware.dots import LOGO_ROWS_MAX, NotAPicture, drawn
from hardware.printer import EscposPrinter, Outcome
from hardware.receipt_bytes import Line, Picture, Qr
from hardware.simulator.port import in_process
from hardware.simulator.printer import SimulatedPrinter
from tests.hardware.test_drawing import needs_font
from tests.hardware.wires import PATIENT


def black(picture: Picture) -> int:
    return sum(byte.bit_count() for byte in picture.dots)


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


@needs_font
@pytest.mark.parametrize("text", ["王䶮", "𠮷野家", "5.00 €", "안녕"])
def test_a_line_with_characters_no_printer_has_is_drawn_over_the_same_columns(text: str) -> None:
    part = drawn(Line(text), 48, qr_as_picture=False)
    assert isinstance(part, Picture)
    assert part.row_bytes == 72
    assert black(part) > 100
    bold = drawn(Line(text, bold=True, large=True), 48, qr_as_picture=False)
    assert isinstance(bold, Picture)
    assert black(bold) > 3 * black(part)


def test_what_a_printer_can_print_itself_stays_as_it_is() -> None:
    for part in (Line("会员积分 café"), Qr("S01"), Picture(1, b"\xff")):
        assert drawn(part, 48, qr_as_picture=False) is part


@pytest.mark.usefixtures("no_font")
def test_a_rare_character_is_a_question_mark_where_there_is_no_font() -> None:
    assert drawn(Line("王䶮"), 48, qr_as_picture=False) == Line("王䶮")


@needs_font
def test_a_printer_that_draws_no_qr_code_gets_one_as_a_picture() -> None:
    simulated = SimulatedPrinter(columns=32)

    async def scenario() -> None:
        connect = in_process(simulated, write_s=PATIENT.write_s)
        printer = EscposPrinter(connect, columns=32, limits=PATIENT, draws_qr=False)
        result = await printer.print([Line("A"), Qr("S01-1-716RNN-000001"), Line("B")])
        assert result.outcome is Outcome.PRINTED
        await printer.close()

    asyncio.run(scenario())
    assert simulated.receipts == ["A\n           [picture]\nB"]
    found = zxingcpp.read_barcodes(simulated.picture())
    assert [code.text for code in found] == ["S01-1-716RNN-000001"]
