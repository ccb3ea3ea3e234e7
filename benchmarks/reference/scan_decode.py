"""The least that makes codes of a scanner's bytes: no framing but the one it is told, no checks."""

import struct
from collections.abc import Callable, Iterable

from hardware.scanner.keyboard import ENTER, PLAIN

Decode = Callable[[Iterable[bytes]], list[str]]
_EVENT = struct.Struct("llHHi")


def lines(reads: Iterable[bytes]) -> list[str]:
    """Codes with CR behind, as they come from a serial port."""
    codes: list[str] = []
    held = b""
    for read in reads:
        *whole, held = (held + read).split(b"\r")
        codes += [code.decode() for code in whole]
    return codes


def reports(reads: Iterable[bytes]) -> list[str]:
    """A report a code."""
    return [read[5 : 5 + read[1]].decode() for read in reads]


def keys(reads: Iterable[bytes]) -> list[str]:
    """Keys without Shift, Enter behind each code."""
    codes: list[str] = []
    held = ""
    for read in reads:
        for _, _, kind, code, value in _EVENT.iter_unpack(read):
            if kind == 1 and value == 1:
                if code == ENTER:
                    codes.append(held)
                    held = ""
                else:
                    held += PLAIN[code]
    return codes
