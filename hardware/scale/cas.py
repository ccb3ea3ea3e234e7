"""CAS scales, and Ohaus Aviator and others that speak like one.

    ENQ 05 ──▶   ACK 06                    or NAK 15: not now
    DC1 11 ──▶   01 02 STA SIGN weight unit BCC 03 04

STA is S at rest, U moving, F over its range; SIGN a space, `-`, or F over its range (the weight
is then all F). The weight has five to seven characters, the unit two.

Sources: Ohaus Aviator service manual, page 36; CAS PD-II manual, page 23 ("Type 6"); CAS AP-1
protocol sheet (9600 8N1; BCC = XOR from STA to the unit; S after half a second at rest);
r_keeper 7, supported scales, "CAS Scales" (the same XOR, weights of six and seven characters).

What no source confirms: why a scale says NAK.
"""

import re
from functools import reduce
from operator import xor
from typing import Final

from hardware.driver import SerialDefaults
from hardware.scale.reading import (
    Acknowledged,
    Condition,
    Frame,
    FrameParser,
    Heard,
    Noise,
    Reading,
    ScaleProtocol,
    at_rest,
    grams_of,
)

ENQ, ACK, NAK, DC1 = b"\x05", b"\x06", b"\x15", b"\x11"

_HEAD: Final = b"\x01\x02"
_LONGEST_BYTES: Final = 16
_FRAME: Final = re.compile(
    rb"\x01\x02(([SUF])([ F-])([ 0-9.F]{5,7})([A-Za-z]{2}| [A-Za-z]|[A-Za-z] ))(.)\x03\x04",
    re.DOTALL,
)
_START: Final = re.compile(rb"[\x06\x15]|\x01\x02")
_NUMBER: Final = re.compile(r" *(\d{1,6}(?:\.\d{1,4})?)")


def check_of(frame: bytes) -> int:
    """The BCC over these bytes."""
    return reduce(xor, frame, 0)


class CasParser(FrameParser):
    """Frames whose BCC is wrong are noise."""

    longest_bytes = _LONGEST_BYTES

    def _first(self, held: bytes) -> Frame | None:
        for start in _START.finditer(held):
            begin = start.start()
            match start.group():
                case b"\x06":
                    return Frame(begin, begin + 1, Acknowledged())
                case b"\x15":
                    return Frame(begin, begin + 1, Reading(Condition.NOT_READY))
            if frame := _FRAME.match(held, begin):
                return Frame(begin, frame.end(), self._reading(frame))
            if len(held) - begin < _LONGEST_BYTES:
                return None
        return None

    def _checked(self, body: bytes, check: int) -> bool:
        """Whether the BCC is that of `body`, which is all from STA to the unit."""
        return check == check_of(body)

    def _reading(self, frame: re.Match[bytes]) -> Heard:
        body, state, sign, weight, unit, check = frame.groups()
        if not self._checked(body, check[0]):
            return Noise(frame.group())
        if sign == b"-":
            return Reading(Condition.BELOW_ZERO)
        if b"F" in state + sign:
            return Reading(Condition.OVERLOAD)
        number = _NUMBER.fullmatch(weight.decode())
        grams = grams_of(number[1], unit.decode()) if number else None
        if grams is None:
            return Noise(frame.group())
        return at_rest(grams) if state == b"S" else Reading(Condition.MOVING, grams)


PROTOCOL: Final = ScaleProtocol(
    serial=SerialDefaults(baud=9600, framing="8N1"),
    parser=CasParser,
    questions=(ENQ, DC1),
)
