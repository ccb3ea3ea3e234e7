"""The simulated paper as a picture, dot by dot as a print head would make it."""

from typing import Final

import segno
from PIL import Image, ImageDraw

from hardware.glyphs import CHARACTER_ROWS, GLYPH_ROWS, glyph
from hardware.receipt_bytes import COLUMN_DOTS
from hardware.simulator.paper import Align, Dots, Feed, Printed, QrCode, Strip, Text

MARGIN_DOTS: Final = 32
"""Paper beside the reach of the print head, above the first line and below the last."""
_PAPER, _INK, _EDGE = 255, 0, 160
_EDGE_STEP_DOTS = 8
_UNDERLINE_ROWS = 2


def draw(strip: Strip, columns: int) -> Image.Image:
    """The strip in shades of grey, a pixel for each dot, down to the cutter's edge. Raises
    NoFont."""
    wide = columns * COLUMN_DOTS
    pieces = [_ink(printed, wide) for printed in strip]
    heights = [
        printed.rows if isinstance(printed, Text) else piece.height
        for printed, piece in zip(strip, pieces, strict=True)
    ]
    paper = Image.new("L", (wide + 2 * MARGIN_DOTS, sum(heights) + 2 * MARGIN_DOTS), _PAPER)
    top = MARGIN_DOTS
    for piece, height in zip(pieces, heights, strict=True):
        paper.paste(_INK, (MARGIN_DOTS, top), piece)
        top += height
    _cut(paper)
    return paper


def _ink(printed: Printed, wide: int) -> Image.Image:
    """A mask as wide as the print head, 255 where it burns."""
    match printed:
        case Text():
            return _text(printed, wide)
        case Feed():
            return Image.new("L", (wide, printed.rows))
        case QrCode():
            return _placed(_symbol(printed), printed.align, wide)
        case Dots():
            rows = len(printed.bits) // printed.row_bytes
            dots = Image.frombytes("1", (printed.row_bytes * 8, rows), printed.bits).convert("L")
            grown = dots.resize((dots.width * printed.wide, printed.rows), Image.Resampling.NEAREST)
            return _placed(grown, printed.align, wide)


def _text(line: Text, wide: int) -> Image.Image:
    high = max((cell.style.high for cell in line.cells), default=1)
    mask = Image.new("L", (wide, max(line.rows, GLYPH_ROWS * high)))
    left = _indent(line.align, wide - line.cols * COLUMN_DOTS)
    for char, cols, style in line.cells:
        right = left + cols * style.wide * COLUMN_DOTS
        top = CHARACTER_ROWS * (high - style.high)  # all stand on one baseline
        if char != " ":
            shape = glyph(char, cols, bold=style.bold, wide=style.wide, high=style.high)
            mask.paste(255, (left, top), shape)
        if style.underline:
            below = CHARACTER_ROWS * high
            mask.paste(255, (left, below, right, below + _UNDERLINE_ROWS))
        left = right
    return mask


def _symbol(code: QrCode) -> Image.Image:
    """The QR code without a quiet zone; nothing when it holds more than any symbol can."""
    try:
        symbol = segno.make_qr(code.data, error=code.level, boost_error=False)
    except segno.DataOverflowError:
        return Image.new("L", (1, 1))
    rows = [bytes(255 * dark for dark in row) for row in symbol.matrix]
    image = Image.frombytes("L", (len(rows[0]), len(rows)), b"".join(rows))
    return image.resize(
        (image.width * code.module_dots, image.height * code.module_dots),
        Image.Resampling.NEAREST,
    )


def _placed(ink: Image.Image, align: Align, wide: int) -> Image.Image:
    mask = Image.new("L", (wide, ink.height))
    mask.paste(ink, (_indent(align, wide - ink.width), 0))
    return mask


def _indent(align: Align, room_dots: int) -> int:
    return int(align.value * max(0, room_dots))


def _cut(paper: Image.Image) -> None:
    """The jagged edge that a cutter leaves."""
    bottom, step = paper.height - 1, _EDGE_STEP_DOTS
    edge = [
        (left, bottom - (step if place % 2 else 0))
        for place, left in enumerate(range(0, paper.width + step, step))
    ]
    ImageDraw.Draw(paper).line(edge, fill=_EDGE, width=2)
