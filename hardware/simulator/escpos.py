"""Where one ESC/POS command ends and the next begins. Sans-IO.

Written from the command descriptions of Epson's and Citizen's manuals. A command that is not in
these tables counts as its two first bytes.
"""

from collections.abc import Callable
from typing import Final

Bytes = bytes | bytearray

#: parameters of a fixed size, in bytes, after the two of the command
_PARAMETER_BYTES: Final = {
    b"\x1b": {0: b"@2LSim<\x0c", 1: b" !-3=?%EGJKMRTUVadert{", 2: b"$\\c", 3: b"p", 8: b"W"},
    b"\x1c": {0: b"&.", 1: b"!-CW", 2: b"Sp", 74: b"2"},
    b"\x1d": {0: b":\x0c", 1: b"!/BEHITabfhrw", 2: b"$LPW\\", 3: b"^"},
}
_FIXED: Final = {
    prefix + bytes((letter,)): size
    for prefix, sizes in _PARAMETER_BYTES.items()
    for size, letters in sizes.items()
    for letter in letters
}
_ENDLESS_BYTES: Final = 255
"""Data that ends with NUL and has none for so long is none."""


def _blocks(length_at: int, length_bytes: int = 2) -> Callable[[Bytes], int]:
    """As many bytes follow the length as it says."""

    def size(data: Bytes) -> int:
        begin = length_at + length_bytes
        if len(data) < begin:
            return 0
        return begin + int.from_bytes(data[length_at:begin], "little")

    return size


def _raster(data: Bytes) -> int:
    """GS v 0 m xL xH yL yH: x bytes a row, y rows."""
    if len(data) < 8:
        return 0
    return 8 + int.from_bytes(data[4:6], "little") * int.from_bytes(data[6:8], "little")


def _columns(data: Bytes) -> int:
    """ESC * m nL nH: n columns of one byte, or of three where m asks for 24 dots."""
    if len(data) < 5:
        return 0
    return 5 + int.from_bytes(data[3:5], "little") * (3 if data[2] & 0x20 else 1)


def _picture_of_squares(data: Bytes) -> int:
    """GS * x y: x times y squares of 8 × 8 dots."""
    return 4 + data[2] * data[3] * 8 if len(data) >= 4 else 0


def _cut(data: Bytes) -> int:
    """GS V m, or GS V m n where m is a letter."""
    if len(data) < 3:
        return 0
    return 4 if data[2] >= 0x41 else 3


def _barcode(data: Bytes) -> int:
    """GS k m d … NUL for m up to 6, GS k m n d … from 65."""
    if len(data) < 4:
        return 0
    if data[2] >= 65:
        return 4 + data[3]
    return _until_nul(data, 3)


def _tabs(data: Bytes) -> int:
    """ESC D n … NUL."""
    return _until_nul(data, 2)


def _until_nul(data: Bytes, begin: int) -> int:
    end = data.find(0, begin, begin + _ENDLESS_BYTES)
    if end >= 0:
        return end + 1
    return begin if len(data) >= begin + _ENDLESS_BYTES else 0


_MEASURED: Final[dict[bytes, Callable[[Bytes], int]]] = {
    b"\x1b(": _blocks(3), b"\x1c(": _blocks(3), b"\x1d(": _blocks(3), b"\x1d8": _blocks(3, 4),
    b"\x1dv": _raster, b"\x1dQ": _raster, b"\x1b*": _columns, b"\x1d*": _picture_of_squares,
    b"\x1dV": _cut, b"\x1dk": _barcode, b"\x1bD": _tabs,
}  # fmt: skip


def size_bytes(data: Bytes) -> int:
    """How long the command is that begins `data`, more of which may have to arrive; 0 when that
    too must arrive first."""
    prefix = bytes(data[:2])
    if len(prefix) < 2:
        return 0
    if (measure := _MEASURED.get(prefix)) is not None:
        return measure(data)
    return 2 + _FIXED.get(prefix, 0)
