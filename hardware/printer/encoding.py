"""How text becomes bytes that a printer reads as characters: Chinese and what stands between it.

Owns the four ways that printers take Chinese, the single-byte pages, and how many columns a text
prints over, which is the same for every printer. Refuses to own type sizes and layout.

A character that an encoding does not have prints as `?` over its columns; `has` says so before, so
that its line can go out as dots instead (`hardware.printer.dots`). Control characters print as
nothing, so no text can smuggle in a command.

    >>> Encoding().encode("（副本）").hex(" ")
    '1c 26 a3 a8 b8 b1 b1 be a3 a9 1c 2e'
    >>> Encoding(Cjk.RAW_GB18030).encode("（副本）").hex(" ")
    'a3 a8 b8 b1 b1 be a3 a9'
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from functools import lru_cache
from typing import Final

from wcwidth import wcwidth


class Cjk(StrEnum):
    """How a printer takes Chinese. Names say nothing of it (a Chinese TM-T88V and a European one
    are the same model): the test page finds out."""

    FS_GB18030 = "fs_gb18030"
    """GB 18030 in two bytes between FS & (kanji mode on) and FS . (off); assumes nothing about the
    mode the printer is in. Most Chinese models."""
    RAW_GB18030 = "raw_gb18030"
    """The same bytes alone: kanji mode is on at power-up and FS & is not understood. A single-byte
    page would be read as half a hanzi, so there is none."""
    UTF8 = "utf8"
    """A printer that was set to UTF-8."""
    RASTER = "raster"
    """No Chinese in the printer: every such line goes out as dots."""


@dataclass(frozen=True, slots=True)
class Page:
    """A single-byte page of characters: its number for ESC t, and the Python codec of it."""

    number: int
    codec: str


PAGE_437: Final = Page(0, "cp437")
"""The page at power-up of all of them."""


class _Kind(Enum):
    NOTHING = auto()
    """Controls, and marks of direction and joining: no dot on paper."""
    HANZI = auto()
    """What kanji mode prints over two columns: GBK without its Latin letters."""
    NARROW = auto()
    """All else."""


@dataclass(frozen=True, slots=True)
class _Way:
    """`codec` of hanzi, None where the printer has none; `on` before them, `off` behind."""

    codec: str | None
    on: bytes = b""
    off: bytes = b""
    has_pages: bool = False


_WAYS: Final = {
    Cjk.FS_GB18030: _Way("gbk", on=b"\x1c&", off=b"\x1c.", has_pages=True),
    Cjk.RAW_GB18030: _Way("gbk"),
    Cjk.UTF8: _Way("utf-8"),
    # A printer without kanji mode throws FS . away (Epson TM-T88IIP specification, 6.3.2).
    Cjk.RASTER: _Way(None, off=b"\x1c.", has_pages=True),
}
#: U+00A5 is four bytes in GB 18030, rubbish on GBK printers; its full-width twin is not. The
#: spaces that number formats use are spaces.
_STANDS_FOR: Final = {"¥": "￥"} | dict.fromkeys(
    "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f", " "
)
#: ASCII; hanzi and full-width forms, all of them in GBK and wide beyond doubt; what has to be
#: looked up
_PIECES: Final = re.compile(r"([ -~]+)|([\u4e00-\u9fa5\uff01-\uff5e\u3001\u3002]+)|(.)", re.DOTALL)
_HANZI_MODE: Final = -1


@lru_cache(maxsize=8192)
def _kind(char: str) -> tuple[_Kind, int]:
    """What a character is, and over how many columns it prints.

    Latin letters that GBK has too (é) stay narrow, as the pages have them.
    """
    char = _STANDS_FOR.get(char, char)
    category = unicodedata.category(char)
    if category in ("Cc", "Cf", "Zl", "Zp"):
        return _Kind.NOTHING, 0
    is_latin = unicodedata.name(char, "").startswith("LATIN")
    if not is_latin and len(char.encode("gbk", errors="ignore")) == 2:
        return _Kind.HANZI, 2
    return _Kind.NARROW, max(0, wcwidth(char))


def width_cols(text: str) -> int:
    """Columns that `text` takes on paper, as characters or as dots; hanzi take two, `×` and `…`
    too, combining marks none."""
    if text.isascii() and text.isprintable():
        return len(text)
    cols = 0
    for plain, hanzi, other in _PIECES.findall(text):
        if plain:
            cols += len(plain)
        elif hanzi:
            cols += 2 * len(hanzi)
        else:
            cols += _kind(other)[1]
    return cols


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a printer reads: its way with Chinese, and its single-byte pages by preference."""

    cjk: Cjk = Cjk.FS_GB18030
    pages: tuple[Page, ...] = (PAGE_437,)

    def has(self, text: str) -> bool:
        """Whether it has a character for each of the text's; else some print as `?`."""
        return self.spell(text)[1]

    def encode(self, text: str) -> bytes:
        """The bytes of `text`, which leave no kanji mode on that was not on at power-up."""
        return self.spell(text)[0]

    def spell(self, text: str) -> tuple[bytes, bool]:
        """Both, in one go."""
        if text.isascii() and text.isprintable():
            return text.encode("ascii"), True
        way = _WAYS[self.cjk]
        out = bytearray()
        mode: int | None = None
        whole = True
        for plain, hanzi, other in _PIECES.findall(text):
            if plain:
                out += plain.encode("ascii")
            elif hanzi and way.codec:
                if mode != _HANZI_MODE:
                    out += way.on
                    mode = _HANZI_MODE
                out += hanzi.encode(way.codec)
            else:
                for char in hanzi or other:
                    spelt = _spelling(self, char)
                    whole = whole and spelt is not None
                    wanted, data = spelt or (None, b"?" * _kind(char)[1])
                    if wanted is not None and wanted != mode:
                        is_hanzi = wanted == _HANZI_MODE
                        out += way.on if is_hanzi else way.off + b"\x1bt" + bytes((wanted,))
                        mode = wanted
                    out += data
        if mode == _HANZI_MODE:
            out += way.off
        return bytes(out), whole


@lru_cache(maxsize=8192)
def _spelling(encoding: Encoding, char: str) -> tuple[int | None, bytes] | None:
    """The bytes of one character beside ASCII, and the page it must be in, `_HANZI_MODE`, or None
    where any will do; None when the encoding does not have it."""
    way = _WAYS[encoding.cjk]
    kind = _kind(char)[0]
    char = _STANDS_FOR.get(char, char)
    match kind:
        case _Kind.NOTHING:
            return None, b""
        case _Kind.NARROW if char == " ":
            return None, b" "
        case _Kind.HANZI if way.codec and not _is_doubtful(encoding.cjk, char):
            return _HANZI_MODE, char.encode(way.codec)
        case _Kind.NARROW if way.has_pages:
            for page in encoding.pages:
                single = char.encode(page.codec, errors="ignore")
                if single:
                    return page.number, single
    return None


def _is_doubtful(cjk: Cjk, char: str) -> bool:
    """Whether one printer prints it over one column and the next over two: what East Asian Width
    calls ambiguous, where a printer chooses its font by the character and not by its mode."""
    return cjk is Cjk.UTF8 and unicodedata.east_asian_width(char) not in "WF"
