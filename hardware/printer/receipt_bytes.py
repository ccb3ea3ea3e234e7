"""The command bytes that a receipt printer understands (ESC/POS), and the receipt made of them.

Owns every byte we send to a printer but text itself (`hardware.printer.encoding`). Refuses to own
what stands on a receipt and how its columns are laid out, and when to send what.

A print job is made by `pieces` alone, which has nothing to open a drawer with: no receipt and no
copy of one can carry a kick. `KICK` and `KICK_NOW` are orders of their own.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from hardware.printer.barcode import Barcode, Symbology, code_128_runs
from hardware.printer.dots import drawn
from hardware.printer.encoding import Encoding
from hardware.printer.parts import QR_MODULE_DOTS, Line, Part, Picture, Qr
from hardware.printer.profile import Cut, Profile

INIT: Final = b"\x1b@"
"""ESC @: forget a half-received line, back to power-up settings."""
KICK: Final = b"\x1bp\x00\x19\xfa"
"""ESC p: pulse to drawer pin 2, 50 ms on, 500 ms off; waits its turn in the buffer."""
KICK_NOW: Final = b"\x10\x14\x01\x00\x01"
"""DLE DC4: the same pulse (100 ms) at once, even while the printer is offline."""
BUFFER_FENCE: Final = b"\x1dr\x01"
"""GS r 1: answered by one byte when the buffer was processed up to here."""
AUTOMATIC_STATUS: Final = b"\x1da\x0f"
"""GS a 15: from now on four bytes at every change of drawer, online, error, paper."""
NO_AUTOMATIC_STATUS: Final = b"\x1da\x00"
CUTS: Final = {
    Cut.PARTIAL: b"\x1bd\x06\x1dV\x01",
    Cut.FULL: b"\x1bd\x06\x1dV\x00",
    Cut.NONE: b"\x1bd\x06",
}
"""ESC d 6: feed past the cutter, or to where paper is torn off; GS V."""

BAND_ROWS: Final = 128
"""Rows of a picture sent by one command, at most."""
BAND_BYTES: Final = 2048
"""And bytes: the least buffer that printers are sold with is 4 KiB."""

_BOLD_ON, _BOLD_OFF = b"\x1bE\x01", b"\x1bE\x00"
_LARGE_ON, _LARGE_OFF = b"\x1d!\x11", b"\x1d!\x00"  # GS !, for ESC ! leaves hanzi small on some
_LINE_FEED = b"\n"
_AIR = b"\x1bJ\x0a"
_CENTRE, _LEFT = b"\x1ba\x01", b"\x1ba\x00"
_SPOILT_ROWS = 48  # GS v 0 of a height of 48 or 96 is rubbish on some
_REAL_TIME_BEGIN = re.compile(rb"\x10[\x04\x05\x14]")
#: m of GS k in its function A, data ended by NUL; Code 128 has only function B
_GS_K = {
    Symbology.UPCA: b"\x00",
    Symbology.EAN13: b"\x02",
    Symbology.EAN8: b"\x03",
    Symbology.CODE39: b"\x04",
    Symbology.ITF: b"\x05",
}


def ask_status(which: Literal[1, 2, 3, 4]) -> bytes:
    """DLE EOT n: 1 printer, 2 cause of offline, 3 cause of error, 4 paper; answered at once."""
    return bytes((0x10, 0x04, which))


def ask_identity(number: int) -> bytes:
    """GS I n: 65 firmware, 66 maker, 67 model, 68 serial number."""
    return bytes((0x1D, 0x49, number))


def process_id(number: int) -> bytes:
    """A job number as the 4 bytes (0x20 to 0x7E) that GS ( H carries; comes round after 10,000."""
    return b"%04d" % (number % 10_000)


def process_id_fence(ident: bytes) -> bytes:
    """GS ( H, function 48: the printer answers with `ident` when printing is finished."""
    return b"\x1d(H\x06\x0000" + ident


def pieces(
    parts: Sequence[Part], profile: Profile, *, behind_a_torn_one: bool = False
) -> Iterator[bytes]:
    """A whole receipt for one printer: settings, `parts`, cut. Between two pieces a fence may
    stand, within one nothing; each leaves no style behind. `behind_a_torn_one`: what lies in the
    printer is cut off first, so that nobody is handed the half of another's receipt."""
    encoding = profile.encoding
    yield INIT + AUTOMATIC_STATUS if profile.asb else INIT  # which ESC @ switches off
    if behind_a_torn_one:
        yield CUTS[profile.cut]
    for part in parts:
        if isinstance(part, Line):
            data, is_whole = _spelt(part, encoding)
            if is_whole:
                yield data
                continue
        match drawn(part, profile):
            case Line() as line:
                yield encode_line(line, encoding)
            case Qr() as code:
                yield encode_qr(code)
            case Barcode() as code:
                yield encode_barcode(code, profile.dots)
            case Picture() as picture:
                yield from encode_picture(picture)
    yield CUTS[profile.cut]


def receipt(parts: Sequence[Part], profile: Profile | None = None) -> bytes:
    """The pieces as one, for a printer that is told nothing in between."""
    return b"".join(pieces(parts, profile or Profile()))


def encode_line(line: Line, encoding: Encoding) -> bytes:
    """The line's text between its styles, ended by LF; some air (ESC J) below a large one, which
    else would touch the next. One that is sent its own way begins in the modes of power-up."""
    return _spelt(line, encoding)[0]


def _spelt(line: Line, encoding: Encoding) -> tuple[bytes, bool]:
    """Its bytes, and whether the printer has all its characters."""
    if line.cjk is None:
        text, is_whole = encoding.spell(line.text)
    else:
        text, is_whole = Encoding(line.cjk, encoding.pages).spell(line.text)
    data = text + _LINE_FEED
    if line.large:
        data = _LARGE_ON + data + _LARGE_OFF + _AIR
    if line.bold:
        data = _BOLD_ON + data + _BOLD_OFF
    return (data if line.cjk is None else INIT + data), is_whole


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


def encode_barcode(code: Barcode, paper_dots: int) -> bytes:
    """GS k, with height (GS h), module width (GS w), font (GS f) and place (GS H) of its
    characters: printers keep these from one code to the next."""
    module_dots = code.module_dots(paper_dots)
    assert module_dots is not None
    if code.kind is Symbology.CODE128:
        data = b"".join(run.data for run in code_128_runs(code.data))
        bars = b"\x1dk\x49" + bytes((len(data),)) + data
    else:
        bars = b"\x1dk" + _GS_K[code.kind] + code.data.encode("ascii") + b"\x00"
    settings = b"\x1dh%c\x1dw%c\x1df\x00\x1dH%c" % (code.height_dots, module_dots, code.hri.value)
    return _AIR + _CENTRE + settings + bars + _LEFT + _AIR


def encode_picture(picture: Picture) -> Iterator[bytes]:
    """GS v 0 in bands, for cheap printers lose rows of a taller one.

    A band of a height that some spoil gets 8 white rows more. What would read as the beginning of
    a real-time command (DLE EOT, ENQ, DC4) gets one black dot more.
    """
    dots = _REAL_TIME_BEGIN.sub(lambda found: b"\x18" + found.group()[1:], picture.dots)
    step = _band_rows(picture.row_bytes) * picture.row_bytes
    for begin in range(0, len(dots), step):
        band = dots[begin : begin + step]
        if len(band) // picture.row_bytes % _SPOILT_ROWS == 0:
            band += bytes(8 * picture.row_bytes)
        rows = len(band) // picture.row_bytes
        size = picture.row_bytes.to_bytes(2, "little") + rows.to_bytes(2, "little")
        yield _CENTRE + b"\x1dv0\x00" + size + band + _LEFT


def _band_rows(row_bytes: int) -> int:
    rows = max(1, min(BAND_ROWS, BAND_BYTES // row_bytes))
    return rows - 1 if rows % _SPOILT_ROWS == 0 else rows
