"""Pictures for receipts, as the black and white dots that a print head has: a logo, a code for a
printer that cannot draw one, a line in characters that a printer does not know."""

import zlib
from dataclasses import replace
from pathlib import Path
from typing import Final

import segno
from PIL import Image, ImageOps

from hardware.fault import Fault
from hardware.printer.barcode import QUIET_MODULES, Barcode, Hri
from hardware.printer.bars import modules
from hardware.printer.encoding import Encoding, width_cols
from hardware.printer.glyphs import GLYPH_ROWS, NoFont, cells, glyph
from hardware.printer.parts import COLUMN_DOTS, QR_MODULE_DOTS, Line, Part, Picture, Qr
from hardware.printer.profile import Profile

LOGO_ROWS_MAX: Final = 200
"""A taller logo is made smaller: 25 mm."""
LOGO_FILE_BYTES_MAX: Final = 8_000_000
LOGO_PIXELS_MAX: Final = 25_000_000

_WHITE = 255
_LINE_ROWS = GLYPH_ROWS + 2
_AIR_ROWS = 10
_HRI_GAP_ROWS = 2
_HALF = 128
_GREYS = range(64, 192)
_GREYS_SHARE_OF_A_PHOTOGRAPH = 0.2


class NotAPicture(Fault):
    """The file cannot be read as a PNG picture; `detail` says why."""

    code = "device.not_a_picture"
    retryable = False
    say_en = "The file is not a PNG picture that can be printed."
    say_zh = "该文件不是可打印的 PNG 图片。"
    remedy_en = "Give a PNG file of at most 8 MB and 25 million pixels."
    remedy_zh = "请使用不超过 8 MB、2500 万像素的 PNG 文件。"


def logo(file: Path, columns: int) -> Picture:
    """The picture in a PNG file, no wider than paper of so many columns and no larger than drawn.
    Line art keeps its edges, what has many greys becomes a pattern of dots. Raises NotAPicture."""
    try:
        if file.exists() and not file.is_file():  # reading a pipe would wait for its writer
            raise NotAPicture(f"{file}: no file")
        if file.stat().st_size > LOGO_FILE_BYTES_MAX:
            raise NotAPicture(f"{file}: more than {LOGO_FILE_BYTES_MAX} bytes")
        with Image.open(file, formats=("PNG",)) as image:
            if image.width * image.height > LOGO_PIXELS_MAX:
                raise NotAPicture(f"{file}: {image.width} × {image.height} pixels")
            shown = image.convert("RGBA")
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        zlib.error,
        Image.DecompressionBombError,
    ) as no:
        raise NotAPicture(f"{file}: {no}") from None
    paper = Image.new("RGBA", shown.size, "white")
    grey = Image.alpha_composite(paper, shown).convert("L")
    room = (columns * COLUMN_DOTS, LOGO_ROWS_MAX)
    if grey.width > room[0] or grey.height > room[1]:
        grey = ImageOps.contain(grey, room, Image.Resampling.LANCZOS)
    greys = sum(grey.histogram()[_GREYS.start : _GREYS.stop])
    if greys > _GREYS_SHARE_OF_A_PHOTOGRAPH * grey.width * grey.height:
        return _picture(grey.convert("1", dither=Image.Dither.FLOYDSTEINBERG))
    return _picture(grey.point(lambda light: _WHITE if light >= _HALF else 0))


def qr(code: Qr) -> Picture:
    """The symbol with its quiet zone, as large as a printer draws it."""
    symbol = segno.make_qr(code.data, error="m", boost_error=False)
    rows = [list(row) for row in symbol.matrix_iter(scale=QR_MODULE_DOTS, border=4)]
    image = Image.new("L", (len(rows[0]), len(rows)))
    image.putdata([0 if dark else _WHITE for row in rows for dark in row])
    return _picture(image)


def line(written: Line, columns: int) -> Picture:
    """The line as a picture, each character over its columns, of as many as fit the paper. Raises
    NoFont."""
    scale = 2 if written.large else 1
    image = Image.new("L", (columns * COLUMN_DOTS, _LINE_ROWS * scale), _WHITE)
    _write(image, written.text, 0, 0, bold=written.bold, scale=scale)
    return _picture(image)


def barcode(code: Barcode, paper_dots: int) -> Picture:
    """The bars with white round them and their characters, as wide as a printer draws them.
    Raises NoFont when characters are wanted."""
    module_dots = code.module_dots(paper_dots)
    assert module_dots is not None
    bars = modules(code)
    bars_dots = len(bars) * module_dots
    above = _LINE_ROWS if code.hri in (Hri.ABOVE, Hri.BOTH) else 0
    below = _LINE_ROWS if code.hri in (Hri.BELOW, Hri.BOTH) else 0
    text_dots = len(code.data) * COLUMN_DOTS
    width = max(bars_dots + 2 * QUIET_MODULES * module_dots, min(text_dots, paper_dots))
    top = _AIR_ROWS + above
    bottom = top + code.height_dots
    image = Image.new("L", (width, bottom + below + _AIR_ROWS), _WHITE)
    left = (width - bars_dots) // 2
    for place, dark in enumerate(bars):
        if dark == "1":
            begin = left + place * module_dots
            image.paste(0, (begin, top, begin + module_dots, bottom))
    for row in [_AIR_ROWS] * bool(above) + [bottom + _HRI_GAP_ROWS] * bool(below):
        _write(image, code.data, max(0, (width - text_dots) // 2), row)
    return _picture(image)


def drawn(part: Part, profile: Profile) -> Part:
    """The part, or a picture of it where that printer has no characters for it or cannot draw a
    code. A line stays as it is (unknown characters print as `?`) when there is no font here; a bar
    code that is wider than the paper becomes the line of its characters."""
    match part:
        case Line():
            return _drawn_line(part, profile)
        case Qr(native=native):
            draws = profile.draws_qr if native is None else native
            return part if draws else qr(part)
        case Barcode():
            return _drawn_barcode(part, profile)
        case Picture():
            return part


def _drawn_line(part: Line, profile: Profile) -> Line | Picture:
    encoding = profile.encoding if part.cjk is None else Encoding(part.cjk, profile.pages)
    if encoding.has(part.text):
        return part
    try:
        return line(part, profile.columns)
    except NoFont:
        return part


def _drawn_barcode(part: Barcode, profile: Profile) -> Line | Barcode | Picture:
    if part.module_dots(profile.dots) is None:
        room = profile.columns - width_cols(part.data)
        return Line(" " * max(0, room // 2) + part.data)
    if profile.draws_barcodes if part.native is None else part.native:
        return part
    try:
        return barcode(part, profile.dots)
    except NoFont:
        return barcode(replace(part, hri=Hri.NONE), profile.dots)


def _write(
    image: Image.Image, text: str, left: int, top: int, *, bold: bool = False, scale: int = 1
) -> None:
    """Black characters on the picture, each over its columns, until its right edge."""
    for cell in cells(text):
        right = left + cell.cols * COLUMN_DOTS * scale
        if right > image.width and not cell.is_run:
            return
        if cell.cols and not cell.text.isspace():
            shape = glyph(cell.text, cell.cols, bold=bold, wide=scale, high=scale)
            image.paste(0, (left, top), shape)
        left = right


def _picture(image: Image.Image) -> Picture:
    """Black and white to dots; the bits that fill a row's last byte stay white."""
    inverted = ImageOps.invert(image.convert("L")).convert("1", dither=Image.Dither.NONE)
    return Picture((image.width + 7) // 8, inverted.tobytes())
