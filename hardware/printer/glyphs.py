"""Characters as dots, from a font of this computer: what printers have in their memory.

The simulated paper is drawn with them, and a line that a printer has no characters for. Looks a
font up by the names under which Linux, Windows and macOS ship one with Chinese.
"""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Final, NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageFont, features

from hardware.fault import Fault
from hardware.printer.encoding import width_cols
from hardware.printer.parts import COLUMN_DOTS

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
_FONTS_OF_OTHER_SCRIPTS = (
    *("DejaVuSans.ttf", "NotoSans-Regular.ttf", "NotoSansThai-Regular.ttf"),
    *("NotoSansArabic-Regular.ttf", "NotoNaskhArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf"),
    *("NotoSansDevanagari-Regular.ttf", "NotoSansSymbols2-Regular.ttf", "NotoEmoji-Regular.ttf"),
    *("FreeSans.ttf", "Loma.ttf", "Garuda.ttf", "unifont.ttf"),
    *("tahoma.ttf", "LeelawUI.ttf", "segoeui.ttf", "seguisym.ttf", "Nirmala.ttf", "simsunb.ttf"),
    *("Arial Unicode.ttf", "Thonburi.ttc", "GeezaPro.ttc", "Apple Symbols.ttf"),
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


@lru_cache(maxsize=8)
def _others(size_px: int) -> tuple[ImageFont.FreeTypeFont, ...]:
    """The fonts of this computer for what a Chinese one lacks, so large."""
    found = []
    for name in _FONTS_OF_OTHER_SCRIPTS:
        with suppress(OSError):
            found.append(ImageFont.truetype(name, size_px, layout_engine=_layout()))
    return tuple(found)


@lru_cache(maxsize=1)
def _layout() -> ImageFont.Layout:
    """Whether this Pillow can join Arabic and stack Thai."""
    has_raqm = features.check("raqm")
    return ImageFont.Layout.RAQM if has_raqm else ImageFont.Layout.BASIC


class Cell(NamedTuple):
    """Characters that are drawn together over `cols` columns: one with its marks, or (`is_run`) a
    stretch of a script whose letters join, stack or run from right to left."""

    text: str
    cols: int
    is_run: bool = False


#: Hebrew to Khmer, and the Arabic forms; one space between two of them goes along
_RUN: Final = "[\u0590-\u10ff\u1780-\u18af\u1900-\u1cff\ua800-\uabff\ufb1d-\ufdff\ufe70-\ufefe]"
#: accents and tone marks, enclosing marks, forms of an emoji, joiners
_MARKS: Final = (
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\u200c\u200d]*"
)
_CELLS: Final = re.compile(rf"({_RUN}+(?: {_RUN}+)*)|(.{_MARKS})", re.DOTALL)
_RIGHT_TO_LEFT: Final = ("R", "AL")
#: ask for a form of a character, or join two: nothing to draw
_UNSEEN: Final = re.compile("[\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]")


def cells(text: str) -> Iterator[Cell]:
    """The text in pieces that are drawn one beside the other."""
    for run, char in _CELLS.findall(text):
        base = run or unicodedata.normalize("NFC", _UNSEEN.sub("", char))
        if base:
            yield Cell(base, width_cols(base), is_run=bool(run))


@lru_cache(maxsize=4096)
def glyph(text: str, cols: int, *, bold: bool = False, wide: int = 1, high: int = 1) -> Image.Image:
    """A character, or a cell of several, over `cols` columns, `wide` and `high` times as large: a
    mask of mode L, ink 255, `GLYPH_ROWS` high times `high`, the baseline where the printer has it.
    Raises NoFont."""
    scale = max(wide, high)
    text = text.encode("utf-8", errors="replace").decode()  # half of a surrogate pair is no text
    face = _face(text, CHARACTER_ROWS * scale)
    if face.layout_engine is ImageFont.Layout.BASIC and _runs_from_right(text):
        text = text[::-1]
    cell = cols * COLUMN_DOTS * scale
    advance = max(1, round(face.getlength(text)))
    above, below = _BASELINE_ROWS * scale, (GLYPH_ROWS - _BASELINE_ROWS) * scale
    if len(text) > 1:  # what stacks is made to fit; a lone character's overhang is cut off
        _left, top, _right, bottom = face.getbbox(text, anchor="ls")
        above, below = max(above, -int(top)), max(below, int(bottom))
    mask = Image.new("L", (max(cell, advance), above + below))
    left = max(0, cell - advance) / 2
    ImageDraw.Draw(mask).text((left, above), text, fill=_INK, font=face, anchor="ls")
    mask = mask.resize((cols * COLUMN_DOTS * wide, GLYPH_ROWS * high))
    if bold:  # struck twice, a dot apart, as print heads do
        twice = Image.new("L", mask.size)
        twice.paste(mask, (1, 0))
        mask = ImageChops.lighter(mask, twice)
    return mask.point(lambda ink: _INK if ink > _DARK_ENOUGH else 0)


def _face(text: str, size_px: int) -> ImageFont.FreeTypeFont:
    """The first font that has all of it; the Chinese one when none has. Raises NoFont."""
    first = font(size_px)
    if len(text) == 1 and _has(first, text):
        return first
    for face in (first, *_others(size_px)):
        if all(_has(face, char) for char in text if not char.isspace() and width_cols(char)):
            return face
    return first


def _has(face: ImageFont.FreeTypeFont, char: str) -> bool:
    """Whether the font has the character: else it draws what stands for none."""
    return _looks(face, char) != _no_character(face)


@lru_cache(maxsize=64)
def _no_character(face: ImageFont.FreeTypeFont) -> tuple[float, bytes]:
    return _looks(face, "\uffff")


def _looks(face: ImageFont.FreeTypeFont, char: str) -> tuple[float, bytes]:
    side = 2 * int(face.size)
    image = Image.new("1", (side, side))
    ImageDraw.Draw(image).text((0, side // 2), char, fill=1, font=face, anchor="ls")
    return face.getlength(char), image.tobytes()


def _runs_from_right(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text)
