"""The simulated paper as a picture, dot by dot as a print head would make it."""

from functools import lru_cache
from itertools import groupby
from typing import Final

import segno
from PIL import Image, ImageDraw

from hardware.printer.glyphs import find_font, glyph
from hardware.printer.parts import COLUMN_DOTS
from hardware.simulator.printer.paper import (
    FONT_B,
    HANG_ROWS,
    Barcode,
    Bitmap,
    Cell,
    Code,
    Dots,
    Feed,
    Page,
    Printed,
    QrCode,
    Run,
    Strip,
    Style,
    Symbol,
    Text,
    above_base,
)

MARGIN_DOTS: Final = 32
"""Paper beside the reach of the print head, above the first line and below the last."""

_PAPER, _INK, _EDGE = 255, 0, 160
_EDGE_STEP_DOTS = 8
_DARK_ENOUGH = 110
_QUARTERS: Final = {
    1: Image.Transpose.ROTATE_90,
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_270,
}


def draw(strip: Strip, columns: int) -> Image.Image:
    """The strip in shades of grey, a pixel for each dot, down to the cutter's edge. Raises
    NoFont."""
    find_font()
    wide = columns * COLUMN_DOTS
    masks = [_ink(printed, wide) for printed in strip]
    tops, rows = _stacked(strip, masks)
    paper = Image.new("L", (wide + 2 * MARGIN_DOTS, rows + 2 * MARGIN_DOTS), _PAPER)
    for mask, top in zip(masks, tops, strict=True):
        if mask is not None:
            paper.paste(_INK, (MARGIN_DOTS, MARGIN_DOTS + top), mask)
    _cut(paper)
    return paper


def _stacked(strip: Strip, masks: list[Image.Image | None]) -> tuple[list[int], int]:
    """Where each thing begins, one below the other, and how far all of it reaches."""
    tops: list[int] = []
    top = reach = 0
    for printed, mask in zip(strip, masks, strict=True):
        tops.append(top)
        rows = mask.height if mask is not None and not isinstance(printed, Text) else printed.rows
        top = max(0, top + rows)
        reach = max(reach, top)
    return tops, reach


def _ink(printed: Printed, wide: int) -> Image.Image | None:
    """A mask as wide as the print head, 255 where it burns; None for white paper."""
    match printed:
        case Feed():
            return None
        case Text():
            mask = _mask(wide, max(printed.rows, printed.ink_rows + HANG_ROWS))
            mask.paste(*_text(printed))
            return mask
        case Page():
            return _page(printed, wide)
        case _:
            drawn = _code(printed)
            mask = _mask(wide, drawn.height)
            mask.paste(drawn, (printed.place.start(drawn.width), 0))
            return mask


def _mask(width: int, rows: int) -> Image.Image:
    return Image.new("L", (max(1, width), max(1, rows)))


# ---- lines


def _text(line: Text) -> tuple[Image.Image, tuple[int, int]]:
    """The line's ink, as wide as its area where it is upside down, and where it stands."""
    rows = line.ink_rows + HANG_ROWS
    if not line.upside_down:
        start = line.place.start(line.width)
        return _line(line, line.width, rows), (start, 0)
    turned = _mask(max(line.place.width, line.width), rows)
    inside = line.place._replace(left=0).start(line.width)
    turned.paste(_line(line, line.width, rows), (inside, 0))
    ink = turned.crop((0, 0, turned.width, line.ink_rows)).transpose(Image.Transpose.ROTATE_180)
    return ink, (line.place.left, 0)


def _line(line: Text, width: int, rows: int) -> Image.Image:
    """All pieces on one base line."""
    mask = _mask(width, rows)
    base_rows = line.base_rows
    for piece in line.pieces:
        top = base_rows - above_base(piece.rows)
        if isinstance(piece, Run):
            _draw_run(mask, piece, top)
        else:
            dots = _bitmap(piece.bitmap, piece.wide, piece.high)
            mask.paste(255, (piece.left, top), dots)
    return mask


def _draw_run(mask: Image.Image, run: Run, top: int) -> None:
    style = run.style
    box = (run.left, top, run.right, top + run.rows)
    ink = 255
    if style.reverse:
        mask.paste(255, box)
        ink = 0
    for place, char in enumerate(run.text):
        if char != " ":
            left = run.left + place * run.step + run.lead
            mask.paste(ink, (left, top), _shape(char, run.cell, style))
    if style.underline and not style.turned and not style.reverse:
        below = top + run.rows
        mask.paste(255, (run.left, below, run.right, below + style.underline))


@lru_cache(maxsize=4096)
def _shape(char: str, cell: Cell, style: Style) -> Image.Image:
    """The character's dots, and `HANG_ROWS` for what hangs below its line."""
    wide, high = cell.width * style.wide, cell.rows * style.high + HANG_ROWS
    if cell == FONT_B:
        shape = glyph(char, 1, bold=style.bold, wide=style.wide * 2, high=style.high * 2)
    else:
        cols = cell.width // COLUMN_DOTS
        shape = glyph(char, cols, bold=style.bold, wide=style.wide, high=style.high)
    if shape.size != (wide, high):
        shape = shape.resize((wide, high), Image.Resampling.BOX)
        shape = shape.point(lambda ink: 255 if ink > _DARK_ENOUGH else 0)
    if style.turned:  # a quarter with the clock; it is enlarged as it lies
        upright = shape.crop((0, 0, wide, high - HANG_ROWS))
        return upright.transpose(Image.Transpose.ROTATE_270)
    return shape


# ---- codes and pictures


def _code(printed: Code) -> Image.Image:
    match printed:
        case QrCode():
            return _qr(printed)
        case Barcode():
            return _bars(printed)
        case Symbol():
            return _box(printed)
        case Dots():
            return _bitmap(printed.bitmap, printed.wide, printed.high)


def _bitmap(bitmap: Bitmap, wide: int, high: int) -> Image.Image:
    size = (bitmap.row_bytes * 8, bitmap.rows)
    dots = Image.frombytes("1", size, bitmap.bits[: bitmap.row_bytes * bitmap.rows]).convert("L")
    dots = dots.crop((0, 0, bitmap.width, bitmap.rows))
    if (wide, high) == (1, 1):
        return dots
    return dots.resize((dots.width * wide, dots.height * high), Image.Resampling.NEAREST)


def _qr(code: QrCode) -> Image.Image:
    """The QR code without a quiet zone; nothing when it holds more than any symbol can."""
    try:
        symbol = segno.make(code.data, error=code.level, boost_error=False, micro=code.micro)
    except (segno.DataOverflowError, ValueError):  # more than fits, or no such level there is
        return Image.new("L", (1, 1))
    rows = [bytes(255 * dark for dark in row) for row in symbol.matrix]
    image = Image.frombytes("L", (len(rows[0]), len(rows)), b"".join(rows))
    return image.resize(
        (image.width * code.module_dots, image.height * code.module_dots),
        Image.Resampling.NEAREST,
    )


def _bars(code: Barcode) -> Image.Image:
    """Bars with their words above or below; the name and the data in small type where the printer
    prints nothing, so that a person sees what was lost."""
    if not code.bars:
        return _words(f"[{code.kind} {code.text}]", FONT_B)
    words = _words(code.text, code.words_cell)
    above = words.height * code.words_above
    width, rows = max(code.width, words.width), code.bar_rows
    mask = _mask(width, above + rows + words.height * code.words_below)
    left = (width - code.width) // 2
    for place, bar in enumerate(code.bars):
        if place % 2 == 0:
            mask.paste(255, (left, above, left + bar, above + rows))
        left += bar
    for top, wanted in ((0, code.words_above), (above + rows, code.words_below)):
        if wanted:
            mask.paste(words, ((width - words.width) // 2, top))
    return mask


def _words(text: str, cell: Cell) -> Image.Image:
    run = Run(text, 0, cell.width, cell, Style())
    mask = _mask(run.right, cell.rows + HANG_ROWS)
    _draw_run(mask, run, 1)
    return mask


def _box(symbol: Symbol) -> Image.Image:
    """An empty box with a name in it."""
    words = _words(symbol.kind, FONT_B)
    mask = _mask(max(symbol.width, words.width + 8), symbol.rows)
    ImageDraw.Draw(mask).rectangle((0, 0, mask.width - 1, mask.height - 1), outline=255, width=2)
    mask.paste(words, ((mask.width - words.width) // 2, (mask.height - words.height) // 2))
    return mask


# ---- pages


def _page(page: Page, wide: int) -> Image.Image:
    """Each piece in its box, which is turned as a whole."""
    mask = _mask(wide, page.rows)
    for (box, quarters), pieces in groupby(page.pieces, key=lambda piece: piece[1:3]):
        content = _mask(*((box.width, box.rows) if quarters % 2 == 0 else (box.rows, box.width)))
        for piece in pieces:
            ink, base = _on_page(piece.what)
            content.paste(255, (piece.x, piece.bottom - base), ink)
        if quarters:
            content = content.transpose(_QUARTERS[quarters])
        mask.paste(255, (box.left, box.top), content)
    return mask


def _on_page(what: Text | Code) -> tuple[Image.Image, int]:
    """Its ink, and how much of that stands above its lower edge."""
    if isinstance(what, Text):
        return _line(what, what.width, what.ink_rows + HANG_ROWS), what.ink_rows
    ink = _code(what)
    return ink, ink.height


def _cut(paper: Image.Image) -> None:
    """The jagged edge that a cutter leaves."""
    bottom, step = paper.height - 1, _EDGE_STEP_DOTS
    edge = [
        (left, bottom - (step if place % 2 else 0))
        for place, left in enumerate(range(0, paper.width + step, step))
    ]
    ImageDraw.Draw(paper).line(edge, fill=_EDGE, width=2)
