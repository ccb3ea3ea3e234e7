"""Where one ESC/POS command ends and the next begins. Sans-IO.

Written from the command descriptions of Epson's, Citizen's and Chinese makers' manuals. A command
that is not in these tables counts as its two first bytes.
"""

from collections.abc import Callable
from typing import Final

Bytes = bytes | bytearray

ESC, FS, GS, DLE, DC2 = 0x1B, 0x1C, 0x1D, 0x10, 0x12
PREFIXES: Final = frozenset((ESC, FS, GS, DLE, DC2))
"""Bytes that begin a command of more than one."""

#: parameters of a fixed size, in bytes, after the two of the command
_PARAMETER_BYTES: Final[dict[bytes, dict[int, bytes]]] = {
    b"\x1b": {
        0: b"@2LSimov<\x0c", 1: b" !%-3=?AEGJKMRTUVadejkrtu{+9", 2: b"$\\cfB8", 3: b"p7C", 8: b"W",
    },
    b"\x1c": {0: b"&.c", 1: b"!-CWr", 2: b"Sp?", 74: b"2"},
    b"\x1d": {
        0: b":<c\x0c", 1: b"!/BEGHITabfhjrw|", 2: b"$LPW\\A", 3: b"^z", 4: b"g",
    },
    b"\x10": {1: b"\x05"},
    b"\x12": {0: b"T", 1: b"#"},
}  # fmt: skip
_FIXED: Final = {
    prefix + bytes((letter,)): 2 + size
    for prefix, sizes in _PARAMETER_BYTES.items()
    for size, letters in sizes.items()
    for letter in letters
}
_TEXT_BYTES: Final = 255
"""Data that ends with NUL and has none for so long is none."""
_COUNTER_BYTES: Final = 40
"""No longer is the counter that GS C ; writes out in digits."""
_GRAPHICS_HEADER_BYTES: Final = 15
_CUT_WITH_FEED: Final = 0x41
_QR_OF_GS_K: Final = 97
_LENGTH_OF_GS_K: Final = 65
_REAL_TIME_EXTENDED: Final = (7, 8, 18)
_PULSES: Final = {1: 5, 2: 5, 3: 8, 7: 4, 8: 10}


def _word(data: Bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _blocks(length_at: int, length_bytes: int = 2) -> Callable[[Bytes], int]:
    """As many bytes follow the length as it says."""

    def needed(data: Bytes) -> int:
        begin = length_at + length_bytes
        if len(data) < begin:
            return begin
        return begin + int.from_bytes(data[length_at:begin], "little")

    return needed


def _gs_block(data: Bytes) -> int:
    """GS ( and a letter, pL pH. A picture of more than 64 KiB (GS ( L 112) overflows that length:
    python-escpos sends such, and then its own width and height say how long it is."""
    needed = _blocks(3)(data)
    if data[2:3] != b"L" or data[5:7] != b"0p" or needed < _GRAPHICS_HEADER_BYTES:
        return needed
    if len(data) < _GRAPHICS_HEADER_BYTES:
        return _GRAPHICS_HEADER_BYTES
    dots_bytes = (_word(data, 11) + 7) // 8 * _word(data, 13)
    whole = _GRAPHICS_HEADER_BYTES + dots_bytes
    return whole if whole > needed and (whole - needed) % 0x10000 == 0 else needed


def _raster(data: Bytes) -> int:
    """GS v 0 m xL xH yL yH, GS Q 0 the same: x times y bytes."""
    return 8 if len(data) < 8 else 8 + _word(data, 4) * _word(data, 6)


def _columns(data: Bytes) -> int:
    """ESC * m nL nH: n columns of one byte, or of three where m asks for 24 dots."""
    if len(data) < 5:
        return 5
    return 5 + _word(data, 3) * (3 if data[2] & 0x20 else 1)


def _small_picture(data: Bytes) -> int:
    """DC2 * r n: r rows of n bytes."""
    return 4 if len(data) < 4 else 4 + data[2] * data[3]


def _tall_picture(data: Bytes) -> int:
    """DC2 V nL nH: n rows of 48 bytes."""
    return 4 if len(data) < 4 else 4 + _word(data, 2) * 48


def _picture_of_squares(data: Bytes) -> int:
    """GS * x y: x times y squares of 8 × 8 dots."""
    return 4 if len(data) < 4 else 4 + data[2] * data[3] * 8


def _logos(data: Bytes) -> int:
    """FS q n, then n times xL xH yL yH and x times y squares of 8 × 8 dots."""
    needed = 3
    for _ in range(data[2] if len(data) > 2 else 0):
        if len(data) < needed + 4:
            return needed + 4
        needed += 4 + _word(data, needed) * _word(data, needed + 2) * 8
    return needed


def _bitmap_file(data: Bytes) -> int:
    """GS D m fn a kc1 kc2 b c and a BMP file, which says its own length."""
    if len(data) < 15:
        return 15
    return 9 + max(6, int.from_bytes(data[11:15], "little"))


def _characters(data: Bytes) -> int:
    """ESC & y c1 c2, then for each character its width x and x columns of y bytes."""
    needed = 5
    if len(data) < needed:
        return needed
    for _ in range(data[3], data[4] + 1):
        if len(data) <= needed:
            return needed + 1
        needed += 1 + data[2] * data[needed]
    return needed


def _cut(data: Bytes) -> int:
    """GS V m, or GS V m n where m is a letter."""
    return 3 if len(data) < 3 or data[2] < _CUT_WITH_FEED else 4


def _barcode(data: Bytes) -> int:
    """GS k m d … NUL for m up to 10; GS k m n d … from 65; GS k 97 v r nL nH d … for a QR code."""
    if len(data) < 4:
        return 4
    if data[2] == _QR_OF_GS_K:
        return _blocks(5)(data)
    if data[2] >= _LENGTH_OF_GS_K:
        return 4 + data[3]
    return _until_nul(data, 3) if data[2] <= 10 else 3


def _tabs(data: Bytes) -> int:
    """ESC D n … NUL."""
    return _until_nul(data, 2)


def _until_nul(data: Bytes, begin: int) -> int:
    end = data.find(0, begin, begin + _TEXT_BYTES)
    if end >= 0:
        return end + 1
    return begin if len(data) >= begin + _TEXT_BYTES else len(data) + 1


def _counter(data: Bytes) -> int:
    """GS C 0 m n, GS C 1 and 6 bytes, GS C 2 nL nH, GS C ; and five numbers each ended by ;."""
    if len(data) < 3 or data[2] != ord(";"):
        return {b"0": 5, b"1": 9, b"2": 5}.get(bytes(data[2:3]), 3)
    end = 2
    for _ in range(5):
        end = data.find(b";", end + 1, _COUNTER_BYTES)
        if end < 0:
            return 3 if len(data) >= _COUNTER_BYTES else len(data) + 1
    return end + 1


def _user_memory(data: Bytes) -> int:
    """FS g 1 m a1 … a4 nL nH and n bytes; FS g 2 without them."""
    if len(data) < 10:
        return 10
    return 10 + (_word(data, 8) if data[2] == ord("1") else 0)


def _cheque(data: Bytes) -> int:
    """FS a 0 n, FS a 1, FS a 2."""
    return 4 if data[2:3] in (b"0", b"\x00") else 3


def _status(data: Bytes) -> int:
    """DLE EOT n, with one byte more for ink, cheques and interfaces."""
    return 4 if data[2:3] and data[2] in _REAL_TIME_EXTENDED else 3


def _pulse(data: Bytes) -> int:
    """DLE DC4 fn and what belongs to the function."""
    return _PULSES.get(data[2], 2) if len(data) > 2 else 3


_MEASURED: Final[dict[bytes, Callable[[Bytes], int]]] = {
    b"\x1b(": _blocks(3), b"\x1c(": _blocks(3), b"\x1d(": _gs_block, b"\x1d8": _blocks(3, 4),
    b"\x1dv": _raster, b"\x1dQ": _raster, b"\x1b*": _columns, b"\x1d*": _picture_of_squares,
    b"\x1dV": _cut, b"\x1dk": _barcode, b"\x1bD": _tabs, b"\x1b&": _characters,
    b"\x1cq": _logos, b"\x1dD": _bitmap_file, b"\x1dC": _counter, b"\x1cg": _user_memory,
    b"\x1ca": _cheque, b"\x1bZ": _blocks(5), b"\x10\x04": _status, b"\x10\x14": _pulse,
    b"\x12*": _small_picture, b"\x12V": _tall_picture,
}  # fmt: skip


def needed_bytes(data: Bytes) -> int:
    """How many bytes the command that begins `data` has, as far as those say: when `data` is
    shorter, so many must arrive before it is whole or can say more."""
    prefix = bytes(data[:2])
    if len(prefix) < 2:
        return 2
    if (measure := _MEASURED.get(prefix)) is not None:
        return measure(data)
    if prefix in _FIXED:
        return _FIXED[prefix]
    if prefix[1] in PREFIXES or prefix[0] in (DLE, DC2):
        return 1  # half a command, and then another
    return 2
