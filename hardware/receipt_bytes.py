"""From lines of text to the bytes a receipt printer understands (ESC/POS). Sans-IO.

Owns the command bytes we send and the encoding of Chinese. Refuses to own what stands on a receipt
and how its columns are laid out, but says how wide a text prints: `width_cols`.

A character that no rule below can encode prints as `?` over its display width, where no font was
there to draw its line as dots (`hardware.dots`); control characters print as nothing, so no text
can smuggle in a command.

    >>> encode_text("（副本）").hex(" ")
    '1c 26 a3 a8 b8 b1 b1 be a3 a9 1c 2e'
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Final, Literal

from wcwidth import wcwidth

INIT: Final = b"\x1b@"
"""ESC @: forget a half-received line, back to power-up settings."""
KICK: Final = b"\x1bp\x00\x19\xfa"
"""ESC p: pulse to drawer pin 2, 50 ms on, 500 ms off; waits its turn in the buffer."""
KICK_NOW: Final = b"\x10\x14\x01\x00\x01"
"""DLE DC4: the same pulse (100 ms) at once, even while the printer is offline."""
FEED_AND_CUT: Final = b"\x1bd\x06\x1dV\x01"
"""ESC d 6, GS V 1: feed past the cutter, partial cut."""
BUFFER_FENCE: Final = b"\x1dr\x01"
"""GS r 1: answered by one byte when the buffer was processed up to here."""

QR_MODULE_DOTS: Final = 6
"""Side of a QR module: three quarters of a millimetre, which every phone reads."""
QR_LIMIT_BYTES: Final = 180
"""More would be wider than paper of 58 mm."""
COLUMN_DOTS: Final = 12
"""How wide a column prints: 48 columns are 576 dots, 32 are 384."""
BAND_ROWS: Final = 128
"""Rows of a picture sent by one command."""

_BOLD_ON, _BOLD_OFF = b"\x1bE\x01", b"\x1bE\x00"
_LARGE_ON, _LARGE_OFF = b"\x1d!\x11", b"\x1d!\x00"  # GS !, for ESC ! leaves hanzi small on some
_KANJI_ON, _KANJI_OFF = b"\x1c&", b"\x1c."
_PAGE_437 = b"\x1bt\x00"
_LINE_FEED = b"\n"
_AIR = b"\x1bJ\x0a"
_CENTRE, _LEFT = b"\x1ba\x01", b"\x1ba\x00"
_CONTROL = re.compile("[\\x00-\\x1f\\x7f]")
_REAL_TIME_BEGIN = re.compile(rb"\x10[\x04\x05\x14]")


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line; `large` is double width and height, so it takes twice the columns."""

    text: str
    bold: bool = False
    large: bool = False


@dataclass(frozen=True, slots=True)
class Qr:
    """A QR code in the middle of the paper, with its quiet zone. `text` without its control
    characters is 1 to 180 bytes of UTF-8, else `ValueError`."""

    text: str

    def __post_init__(self) -> None:
        if not 0 < len(self.data) <= QR_LIMIT_BYTES:
            raise ValueError(f"a QR code of {len(self.data)} bytes")

    @property
    def data(self) -> bytes:
        """What the symbol holds. A control character could begin a real-time command, which
        printers obey inside any data."""
        return _CONTROL.sub("", self.text).encode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class Picture:
    """Dots in the middle of the paper, row by row from the top: each row `row_bytes` long, the
    highest bit of a byte leftmost, 1 is black. 8 dots are a millimetre on most printers."""

    row_bytes: int
    dots: bytes

    @property
    def rows(self) -> int:
        return len(self.dots) // self.row_bytes


Part = Line | Qr | Picture
"""What a receipt is made of, from top to bottom."""


class _Script(Enum):
    """The mode a printer must be in to read a character's bytes."""

    ANY = auto()
    KANJI = auto()
    PAGE = auto()


def ask_status(which: Literal[1, 2, 3, 4]) -> bytes:
    """DLE EOT n: 1 printer, 2 cause of offline, 3 cause of error, 4 paper; answered at once."""
    return bytes((0x10, 0x04, which))


def process_id(number: int) -> bytes:
    """A job number as the 4 bytes (0x20 to 0x7E) that GS ( H carries; comes round after 10,000."""
    return b"%04d" % (number % 10_000)


def process_id_fence(ident: bytes) -> bytes:
    """GS ( H, function 48: the printer answers with `ident` when printing is finished."""
    return b"\x1d(H\x06\x0000" + ident


@lru_cache(maxsize=8192)
def _glyph(char: str) -> tuple[_Script, bytes]:
    """Encoder rules 1 to 4 for one character.

    The yen sign becomes its full-width twin because U+00A5 is four bytes in GB18030, rubbish on
    GBK printers. Latin letters that GBK also has (é) stay narrow, from the single-byte page.
    """
    if " " <= char <= "~":
        return _Script.ANY, char.encode("ascii")
    if char == "¥":
        char = "￥"
    if not unicodedata.name(char, "").startswith("LATIN"):
        kanji = char.encode("gbk", errors="ignore")
        if len(kanji) == 2:
            return _Script.KANJI, kanji
    single = char.encode("cp437", errors="ignore")
    if single >= b"\x80":
        return _Script.PAGE, single
    return _Script.ANY, b"?" * max(0, wcwidth(char))


def is_encodable(text: str) -> bool:
    """Whether a printer has a character for each of the text's; else some print as `?`."""
    return not any(char != "?" and _glyph(char)[1][:1] == b"?" for char in text)


def width_cols(text: str) -> int:
    """Columns that `text` takes on paper; kanji-mode characters take two, `×` and `…` too."""
    return sum(len(data) for _script, data in map(_glyph, text))


def encode_text(text: str) -> bytes:
    """The bytes of `text`, with FS & … FS . round kanji runs and FS . ESC t 0 before page 437.

    Assumes nothing about the mode the printer is in: Chinese models power up in kanji mode.
    """
    out = bytearray()
    mode = _Script.ANY
    for char in text:
        script, data = _glyph(char)
        if script not in (mode, _Script.ANY):
            out += _KANJI_ON if script is _Script.KANJI else _KANJI_OFF + _PAGE_437
            mode = script
        out += data
    if mode is _Script.KANJI:
        out += _KANJI_OFF
    return bytes(out)


def encode_line(line: Line) -> bytes:
    """The line's text between its styles, ended by LF; some air (ESC J) below a large one, which
    else would touch the next."""
    data = encode_text(line.text) + _LINE_FEED
    if line.large:
        data = _LARGE_ON + data + _LARGE_OFF + _AIR
    if line.bold:
        data = _BOLD_ON + data + _BOLD_OFF
    return data


def encode_qr(code: Qr) -> bytes:
    """GS ( k, functions 165, 167, 169, 180, 181: model 2, size of a module, level M, data, print.

    Paper is fed round it (ESC J), for a symbol needs four modules of white on every side.
    """
    quiet = b"\x1bJ" + bytes((4 * QR_MODULE_DOTS,))
    symbol = b"".join(
        b"\x1d(k" + len(block).to_bytes(2, "little") + block
        for block in (
            b"1A2\x00",
            b"1C" + bytes((QR_MODULE_DOTS,)),
            b"1E1",
            b"1P0" + code.data,
            b"1Q0",
        )
    )
    return quiet + _CENTRE + symbol + _LEFT + quiet


def encode_picture(picture: Picture) -> bytes:
    """GS v 0 in bands, for cheap printers lose rows of a taller one.

    A band of 48 or 96 rows prints as rubbish on some, so it gets 8 white ones more. What would
    read as the beginning of a real-time command (DLE EOT, ENQ, DC4) gets one black dot more.
    """
    dots = _REAL_TIME_BEGIN.sub(lambda found: b"\x18" + found.group()[1:], picture.dots)
    out = bytearray(_CENTRE)
    for begin in range(0, picture.rows, BAND_ROWS):
        band = dots[begin * picture.row_bytes :][: BAND_ROWS * picture.row_bytes]
        if len(band) // picture.row_bytes % 48 == 0:
            band += bytes(8 * picture.row_bytes)
        rows = len(band) // picture.row_bytes
        out += b"\x1dv0\x00" + picture.row_bytes.to_bytes(2, "little")
        out += rows.to_bytes(2, "little") + band
    return bytes(out + _LEFT)


def encode(part: Part) -> bytes:
    """The bytes that print one part and leave no style behind."""
    match part:
        case Line():
            return encode_line(part)
        case Qr():
            return encode_qr(part)
        case Picture():
            return encode_picture(part)


def receipt(parts: Sequence[Part], *, kick_drawer: bool, fence: bytes) -> bytes:
    """A whole job in one buffer: drawer first (cash waits), parts, cut, and the fence last."""
    body = b"".join(map(encode, parts))
    return (KICK if kick_drawer else b"") + INIT + body + FEED_AND_CUT + fence
