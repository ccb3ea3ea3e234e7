"""Scanners as HID devices: one that speaks HID-POS, made by uhid, and one that types.

Owns the far ends: the events of /dev/uhid (the kernel's Documentation/hid/uhid.rst and
include/uapi/linux/uhid.h) and the reports of a boot keyboard (HID 1.11, appendix B.1; usages of
page 07 by the HID Usage Tables).
"""

import os
import string
import struct
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_CREATE2, _DESTROY, _INPUT2 = 11, 1, 12
_BUS_USB: Final = 3
_CREATE: Final = struct.Struct("<I128s64s64sHHIIII4096s")
_INPUT: Final = struct.Struct("<IH4096s")
POS_DESCRIPTOR: Final = bytes.fromhex("068c000902a1018502150026ff007508953f09fe8102c0")
"""Usage page 8C, application 02, report 02 of 63 bytes: a POS scanner that says no more."""


class UhidScanner:
    """A HID-POS scanner; plugged in as long as it is entered."""

    def __init__(self, vendor: int, product: int, serial: str) -> None:
        self._ids = (vendor, product)
        self._serial = serial
        self._file = -1

    def __enter__(self) -> Self:
        self._file = os.open("/dev/uhid", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        os.write(
            self._file,
            _CREATE.pack(
                _CREATE2,
                b"Simulated scanner",
                b"",
                self._serial.encode(),
                len(POS_DESCRIPTOR),
                _BUS_USB,
                *self._ids,
                0,
                0,
                POS_DESCRIPTOR,
            ),
        )
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _raised: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        os.write(self._file, struct.pack("<I", _DESTROY))
        os.close(self._file)

    def send(self, reports: bytes, report_bytes: int) -> None:
        for at in range(0, len(reports), report_bytes):
            report = reports[at : at + report_bytes]
            os.write(self._file, _INPUT.pack(_INPUT2, len(report), report))


_USAGES: Final = {
    **{char: (0x04 + at, 0) for at, char in enumerate(string.ascii_lowercase)},
    **{char: (0x04 + at, 2) for at, char in enumerate(string.ascii_uppercase)},
    **{char: (0x1E + at, 0) for at, char in enumerate("1234567890")},
    "\r": (0x28, 0),
    "]": (0x30, 0),
    "\x1d": (0x30, 1),  # GS is Ctrl+]
}


def type_into(file: str, text: str) -> None:
    """As a keyboard scanner does: each key down and up, at /dev/hidg0."""
    keyboard = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        for char in text:
            usage, modifiers = _USAGES[char]
            os.write(keyboard, bytes((modifiers, 0, usage, 0, 0, 0, 0, 0)))
            os.write(keyboard, bytes(8))
    finally:
        os.close(keyboard)


def keyboard_file() -> Path | None:
    """The keyboard's event file, by a name that stays."""
    return next(Path("/dev/input/by-id").glob("usb-*-event-kbd"), None)
