"""Pictures for receipts, as the black and white dots that a print head has: a logo, a QR code
for a printer that cannot draw one, a line in characters that a printer does not know."""

import zlib
from pathlib import Path
from typing import Final

import segno
from PIL import Image, ImageOps

from hardware.device import Fault
from hardware.glyphs import GLYPH_ROWS, NoFont, glyph
from hardware.receipt_bytes import (
    COLUMN_DOTS,
    QR_MODULE_DOTS,
    Line,
    Part,
    Picture,
    Qr,
    is_encodable,
    width_cols,
)

LOGO_ROWS_MAX: Final = 200
"""A taller logo is made smaller: 25 mm."""
LOGO_FILE_BYTES_MAX: Final = 8_000_000
LOGO_PIXELS_MAX: Final = 25_000_000

_WHITE = 255
_LINE_ROWS = GLYPH_ROWS + 2
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
    left = 0
    for char in written.text:
        cols = width_cols(char)
        right = left + cols * COLUMN_DOTS * scale
        if right > image.width:
            break
        if cols and not char.isspace():
            shape = glyph(char, cols, bold=written.bold, wide=scale, high=scale)
            image.paste(0, (left, 0), shape)
        left = right
    return _picture(image)


def _picture(image: Image.Image) -> Picture:
    """Black and white to dots; the bits that fill a row's last byte stay white."""
    inverted = ImageOps.invert(image.convert("L")).convert("1", dither=Image.Dither.NONE)
    return Picture((image.width + 7) // 8, inverted.tobytes())


def drawn(part: Part, columns: int, *, qr_as_picture: bool) -> Part:
    """The part, or a picture of it where the printer has no characters for it or cannot draw a QR
    code. A line stays as it is (unknown characters print as `?`) when there is no font here."""
    if isinstance(part, Qr) and qr_as_picture:
        return qr(part)
    if isinstance(part, Line) and not is_encodable(part.text):
        try:
            return line(part, columns)
        except NoFont:
            return part
    return part
