"""Characters as dots, from a font of this computer: what printers have in their memory.

The simulated paper is drawn with them, and a line that a printer has no characters for. Looks a
font up by the names under which Linux, Windows and macOS ship one with Chinese.
"""

from functools import lru_cache
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFont

from hardware.device import Fault
from hardware.receipt_bytes import COLUMN_DOTS

CHARACTER_ROWS: Final = 24
"""Height of a character of single height; hanzi are 24 × 24 dots."""
GLYPH_ROWS: Final = 28
"""Rows in which a character of single height may have ink: a `g` hangs into the gap below."""

_BASELINE_ROWS = 21
_INK = 255
_DARK_ENOUGH = 110
_FONTS = (
    *("NotoSansCJK-Regular.ttc", "NotoSansMonoCJKsc-Regular.otf", "NotoSansCJKsc-Regular.otf"),
    *("wqy-zenhei.ttc", "wqy-microhei.ttc", "SourceHanSansSC-Regular.otf", "uming.ttc"),
    *("simsun.ttc", "msyh.ttc", "simhei.ttf"),
    *("PingFang.ttc", "Hiragino Sans GB.ttc", "STHeiti Medium.ttc", "Songti.ttc"),
)
_FACES_MAX = 16


class NoFont(Fault):
    """This computer has no font from which characters can be drawn; `detail` names those sought."""

    code = "device.no_font"
    retryable = False
    say_en = "This computer has no font with Chinese, so the paper cannot be drawn."
    say_zh = "本机没有中文字体，无法绘制小票图像。"
    remedy_en = "Install one, for example the package fonts-noto-cjk or fonts-wqy-zenhei."
    remedy_zh = "请安装一种中文字体，例如软件包 fonts-noto-cjk 或 fonts-wqy-zenhei。"


@lru_cache(maxsize=1)
def find_font() -> tuple[str, int]:
    """The first font found, and which of its faces has Latin of half the width of hanzi. Raises
    NoFont."""
    for name in _FONTS:
        try:
            found = ImageFont.truetype(name, CHARACTER_ROWS)
        except OSError:
            continue
        path = str(found.path)
        for face in range(_FACES_MAX):
            try:
                family = ImageFont.truetype(path, CHARACTER_ROWS, index=face).getname()[0] or ""
            except OSError:
                break
            if family in ("Noto Sans Mono CJK SC", "WenQuanYi Zen Hei Mono", "NSimSun"):
                return path, face
        return path, 0
    raise NoFont(", ".join(_FONTS))


@lru_cache(maxsize=8)
def font(size_px: int) -> ImageFont.FreeTypeFont:
    """The font found, so large. Raises NoFont."""
    path, face = find_font()
    # Each character has its own cell: shaping would only find fault with odd ones.
    return ImageFont.truetype(path, size_px, index=face, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def glyph(char: str, cols: int, *, bold: bool = False, wide: int = 1, high: int = 1) -> Image.Image:
    """A character in its cell of `cols` columns, `wide` and `high` times as large: a mask of mode
    L, ink 255, `GLYPH_ROWS` high times `high`, the baseline where the printer has it. Raises
    NoFont."""
    scale = max(wide, high)
    face = font(CHARACTER_ROWS * scale)
    cell = cols * COLUMN_DOTS * scale
    advance = max(1, round(face.getlength(char)))
    mask = Image.new("L", (max(cell, advance), GLYPH_ROWS * scale))
    draw = ImageDraw.Draw(mask)
    left = max(0, cell - advance) / 2
    draw.text((left, _BASELINE_ROWS * scale), char, fill=_INK, font=face, anchor="ls")
    mask = mask.resize((cols * COLUMN_DOTS * wide, GLYPH_ROWS * high))
    if bold:  # struck twice, a dot apart, as print heads do
        twice = Image.new("L", mask.size)
        twice.paste(mask, (1, 0))
        mask = ImageChops.lighter(mask, twice)
    return mask.point(lambda ink: _INK if ink > _DARK_ENOUGH else 0)
