"""From a receipt printer's bytes to characters: code pages, countries, kanji mode, UTF-8. Sans-IO.

Owns which character a byte is in the mode the printer is in; how it looks and where it stands is
`hardware.simulator.printer.typesetting`'s. Pages are numbered as Epson does (ESC t).
"""

import re
from enum import StrEnum
from typing import Final, NamedTuple

from wcwidth import wcwidth

REPLACEMENT: Final = "\ufffd"
"""Stands for bytes that are no character of the mode."""

_RUN_LIMIT: Final = 256
"""Characters of two bytes taken at once, so that a wrong one among them costs no more."""
_ASCII_RUN: Final = re.compile(rb"[\x20-\x7f]+")
_HIGH_RUN: Final = re.compile(rb"[\x80-\xff]+")

_PAGES: Final = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 14: "cp737",
    15: "iso8859_7", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 20: "cp874",
    21: "cp874", 26: "cp874", 32: "cp720", 33: "cp775", 34: "cp855", 35: "cp861", 36: "cp862",
    37: "cp864", 38: "cp869", 39: "iso8859_2", 40: "iso8859_15", 44: "cp1125", 45: "cp1250",
    46: "cp1251", 47: "cp1253", 48: "cp1254", 49: "cp1255", 50: "cp1256", 51: "cp1257",
    52: "cp1258", 53: "kz1048",
}  # fmt: skip
_PAGES_WITHOUT_CODEC: Final = frozenset(
    {6, 7, 8, 9, 10, 11, 12, *range(22, 26), *range(27, 32), *range(41, 44)}
    | {*range(54, 97), 254, 255}
)
_KATAKANA_PAGE: Final = 1
_KATAKANA: Final = (
    "▁▂▃▄▅▆▇█▏▎▍▌▋▊▉┼┴┬┤├▔─│▕┌┐└┘╭╮╰╯"
    + bytes(range(0xA0, 0xA1)).decode("latin-1")
    + bytes(range(0xA1, 0xE0)).decode("cp932")
    + "═╞╪╡◢◣◥◤♠♥♦♣●○╱╲╳円年月日時分秒〒市区町村人▒ "
)
"""JIS X 0201 with the signs that Epson put round it."""

_REPLACED: Final = "#$@[\\]^`{|}~"
_COUNTRIES: Final = {
    1: "#$à°ç§^`éùè¨",
    2: "#$§ÄÖÜ^`äöüß",
    3: "£$@[\\]^`{|}~",
    4: "#$@ÆØÅ^`æøå~",
    5: "#¤ÉÄÖÅÜéäöåü",
    6: "#$@°\\é^ùàòèì",
    7: "₧$@¡Ñ¿^`¨ñ}~",
    8: "#$@[¥]^`{|}~",
    9: "#¤ÉÆØÅÜéæøåü",
    10: "#$ÉÆØÅÜéæøåü",
    11: "#$á¡Ñ¿é`íñóú",
    12: "#$á¡Ñ¿éüíñóú",
    13: "#$@[₩]^`{|}~",
    14: "#$ŽŠĐĆČžšđćč",
    15: "#¥@[\\]^`{|}~",
    16: "#₫@[\\]^`{|}~",
}
"""ESC R n: what 12 characters of ASCII become in each country; 0 leaves them."""


class Charset(StrEnum):
    """The characters of more than one byte that a printer knows."""

    GB18030 = "gb18030"
    GBK = "gbk"
    BIG5 = "big5"
    SHIFT_JIS = "shift_jis"
    EUC_KR = "euc_kr"
    UTF8 = "utf8"
    NONE = "none"


class _Coding(NamedTuple):
    """Which bytes begin a character of two bytes, and whole runs of such characters."""

    codec: str
    lead: re.Pattern[bytes]
    runs: re.Pattern[bytes]
    has_four_bytes: bool = False


def _coding(codec: str, lead: bytes, trail: bytes, *, four: bytes = b"") -> _Coding:
    pair = b"[" + lead + b"][" + trail + b"]"
    run = b"(?:" + pair + (b"|" + four if four else b"") + b"){1,%d}" % _RUN_LIMIT
    return _Coding(codec, re.compile(b"[" + lead + b"]"), re.compile(run), bool(four))


_CODINGS: Final = {
    Charset.GB18030: _coding(
        *("gb18030", rb"\x81-\xfe", rb"\x40-\x7e\x80-\xfe"),
        four=rb"[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]",
    ),
    Charset.GBK: _coding("gbk", rb"\x81-\xfe", rb"\x40-\x7e\x80-\xfe"),
    Charset.BIG5: _coding("big5", rb"\x81-\xfe", rb"\x40-\x7e\xa1-\xfe"),
    Charset.SHIFT_JIS: _coding("cp932", rb"\x81-\x9f\xe0-\xfc", rb"\x40-\x7e\x80-\xfc"),
    Charset.EUC_KR: _coding("cp949", rb"\x81-\xfe", rb"\x41-\x5a\x61-\x7a\x81-\xfe"),
}
_UTF8_SIZES: Final = ((0xC2, 0xDF, 2), (0xE0, 0xEF, 3), (0xF0, 0xF4, 4))


class Characters(NamedTuple):
    """Characters that begin what was given, all of one kind: `cols` 1 or 2, and the bytes that
    they took."""

    text: str
    cols: int
    size_bytes: int


class CharacterModes:
    """Which characters bytes are; `charset` is what the printer has in its memory."""

    def __init__(self, charset: Charset) -> None:
        self._charset_at_start = charset
        self.reset()

    def reset(self) -> None:
        """As at power-up: kanji mode is on in a printer that has any."""
        self.charset = self._charset_at_start
        self.kanji = True
        self._page: str = _decoded_page("cp437")
        self._country: dict[int, int] = {}

    def select_page(self, number: int) -> None:
        """ESC t; a number that means nothing changes nothing."""
        if number == _KATAKANA_PAGE:
            self._page = _KATAKANA
        elif number in _PAGES:
            self._page = _decoded_page(_PAGES[number])
        elif number in _PAGES_WITHOUT_CODEC:
            self._page = REPLACEMENT * 128

    def select_country(self, number: int) -> None:
        """ESC R."""
        signs = _COUNTRIES.get(number, _REPLACED)
        self._country = str.maketrans(_REPLACED, signs) if signs != _REPLACED else {}

    def use_utf8(self, *, on: bool) -> None:
        """FS ( C, until the next reset."""
        self.charset = Charset.UTF8 if on else self._charset_at_start

    def read(self, data: bytes | bytearray) -> Characters | None:
        """The characters that begin `data`, whose first byte is 0x20 or above; None when more bytes
        must arrive to tell the first."""
        if run := _ASCII_RUN.match(data):
            text = run.group().decode("ascii").replace("\x7f", " ")
            return Characters(text.translate(self._country), 1, run.end())
        if self.charset is Charset.UTF8:
            return _utf8(data)
        coding = _CODINGS.get(self.charset) if self.kanji else None
        if coding is not None:
            return self._of_two_bytes(coding, data)
        run = _HIGH_RUN.match(data)
        assert run is not None
        return Characters("".join(self._page[byte - 0x80] for byte in run.group()), 1, run.end())

    def _of_two_bytes(self, coding: _Coding, data: bytes | bytearray) -> Characters | None:
        if run := coding.runs.match(data):
            return _decoded(coding, run.group())
        if not coding.lead.match(data):
            return Characters(self._lone(coding, data[0]), 1, 1)
        return _broken(coding, data)

    def _lone(self, coding: _Coding, byte: int) -> str:
        """A byte above ASCII that begins no character of two: katakana in Shift JIS, else of the
        page."""
        if coding.codec == "cp932" and 0xA1 <= byte <= 0xDF:
            return bytes((byte,)).decode("cp932")
        return self._page[byte - 0x80]


def _decoded(coding: _Coding, run: bytes) -> Characters:
    try:
        return Characters(run.decode(coding.codec), 2, len(run))
    except UnicodeDecodeError as wrong:
        if wrong.start:
            return Characters(run[: wrong.start].decode(coding.codec), 2, wrong.start)
        size_bytes = 4 if coding.has_four_bytes and 0x30 <= run[1] <= 0x39 else 2
        return Characters(REPLACEMENT, 2, size_bytes)


def _broken(coding: _Coding, data: bytes | bytearray) -> Characters | None:
    """Half a character: it takes what follows with it, as printers do, unless that is a control
    character, which they obey."""
    if len(data) < 2:
        return None
    if data[1] < 0x20:
        return Characters(REPLACEMENT, 2, 1)
    may_have_four = coding.has_four_bytes and 0x30 <= data[1] <= 0x39
    if may_have_four and (len(data) < 3 or (len(data) < 4 and coding.lead.match(data, 2))):
        return None
    return Characters(REPLACEMENT, 2, 2)


def _utf8(data: bytes | bytearray) -> Characters | None:
    head = data[0]
    size_bytes = next((size for low, high, size in _UTF8_SIZES if low <= head <= high), 0)
    begun = data[1:size_bytes]
    whole = all(0x80 <= byte <= 0xBF for byte in begun)
    if size_bytes == 0 or not whole:
        return Characters(REPLACEMENT, 1, 1)
    if len(data) < size_bytes:
        return None
    try:
        char = bytes(data[:size_bytes]).decode()
    except UnicodeDecodeError:
        return Characters(REPLACEMENT, 1, 1)
    return Characters(char, 2 if wcwidth(char) == 2 else 1, size_bytes)


def _decoded_page(codec: str) -> str:
    return bytes(range(0x80, 0x100)).decode(codec, errors="replace")
