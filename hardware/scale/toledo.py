r"""Scales asked with `W<CR>`: the NCI "ECR" protocol, and the Toledo 8217 that it grew from.

    W CR ──▶   LF 01.234KG CR LF S00 CR ETX      a weight, and its status
               LF S10 CR ETX                     status alone: it moves, is over, is below zero …
               LF ? CR ETX                       the command is not known
               STX 01.234 CR                     8217: a weight at rest, without its unit
               STX ? s CR                        8217: no weight, s says why

Sources: Ohaus Aviator 7000 service manual, "NCI-ECR", pages 47 to 49, and Mettler Toledo DIVA
service manual 72191202, 6.1.3 and 6.1.4 (frames, status bits, 7E1, 200 ms between commands);
NCI 6702 user manual, page 14 (`^`, `_` and `-` fill the field when there is no weight); Salter
Brecknell 3700LP user manual, page 11 (the same without the letter S, units in small letters);
Rice Lake BenchPro operation manual, page 26 (8217 with a unit).

What no source confirms: what an 8217 makes of the CR behind its W (the manuals have W alone; a
second answer to it does no harm here), and whether a clean 8217 status after a weight means "the
same as before". Some scales are said to tell each weight only once and then that status; they
cannot be used here, because a weight must come twice (see `scale`).

No checksum: the parity bit sees one flipped bit in a character and never two, and serial drivers
hand over a character with wrong parity all the same.
"""

import re
from functools import partial
from typing import Final

from hardware.driver import SerialDefaults
from hardware.scale.reading import (
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

_LONGEST_BYTES: Final = 40
_FRAME: Final = re.compile(rb"\x02[^\x02\x03\r\n]{1,14}\r|[\r\n][^\x02\x03]{0,38}\x03")
_ECR: Final = re.compile(
    rb"[\r\n]+(?:([-+^_ 0-9.]{3,9})([A-Za-z]{1,2}) ?[\r\n]+)?S?([0-?][p-\x7f]{0,2}[0-?])[\r\n]+\x03"
)
_UNKNOWN_COMMAND: Final = re.compile(rb"[\r\n]+\?[\r\n]+\x03")
_8217_WEIGHT: Final = re.compile(rb"\x02([ 0-9.]{4,9})([A-MO-Za-mo-z]{0,2}) ?N?\r")
_8217_STATUS: Final = re.compile(rb"\x02\?([@-\x7f])\r")
_NUMBER: Final = re.compile(r" *(\d{1,6}(?:\.\d{1,4})?)")

_MOVES, _AT_ZERO, _MEMORY = 0x1, 0x2, 0xC
"""First status byte of ECR; bits 4 and 5 are always set, and bit 6 of it never."""
_BELOW, _OVER, _PROGRAM = 0x1, 0x2, 0xC
"""Second status byte; bit 6 says that another follows."""
_NO_ZERO: Final = 0x8
"""Third status byte: it could not find its zero when it was switched on."""
_8217_MOVES, _8217_OVER, _8217_BELOW, _8217_AT_ZERO = 0x1, 0x2, 0x4, 0x10
"""Bit 6 is always set; bits 3 (too far from zero to zero it) and 5 (net) are no trouble."""


class ToledoParser(FrameParser):
    """Both dialects at once: they cannot be taken for each other. `unit` is what a number without
    one means, None when nobody said so."""

    longest_bytes = _LONGEST_BYTES

    def __init__(self, unit: str | None = None) -> None:
        super().__init__()
        self._unit = unit

    def _first(self, held: bytes) -> Frame | None:
        frame = _FRAME.search(held)
        return frame and Frame(frame.start(), frame.end(), self._heard(frame.group()))

    def _heard(self, frame: bytes) -> Heard:
        if ecr := _ECR.fullmatch(frame):
            number, unit, status = ecr.groups()
            if number is None:
                return _status_alone(status)
            return _with_status(number.decode(), unit.decode(), status) or _noise(frame)
        if status_8217 := _8217_STATUS.fullmatch(frame):
            return _8217_reading(status_8217[1][0])
        if _UNKNOWN_COMMAND.fullmatch(frame):
            return Reading(Condition.NOT_READY)
        if weight := _8217_WEIGHT.fullmatch(frame):
            return self._without_status(weight[1].decode(), weight[2].decode()) or _noise(frame)
        return _noise(frame)

    def _without_status(self, text: str, named: str) -> Heard | None:
        """An 8217 sends a number only when it is at rest."""
        number = _NUMBER.fullmatch(text)
        if number is None:
            return None
        unit = named or self._unit
        if not number[1].strip("0."):
            return at_rest(0)
        if unit is None or (not named and "." not in text):  # whole grams have no point
            return Reading(Condition.NO_UNIT)
        grams = grams_of(number[1], unit)
        return None if grams is None else at_rest(grams)


def _noise(frame: bytes) -> Noise:
    return Noise(frame.strip(b"\r\n"))


def _trouble(status: bytes) -> Condition | None:
    """What keeps a scale of ECR from a weight, the worst first."""
    first, second, third = status[0], status[1], status[2] if len(status) > 2 else 0
    if first & _MEMORY or second & _PROGRAM:
        return Condition.DEFECT
    if third & _NO_ZERO:
        return Condition.NOT_READY
    if second & _OVER:
        return Condition.OVERLOAD
    if second & _BELOW:
        return Condition.BELOW_ZERO
    return Condition.MOVING if first & _MOVES else None


def _status_alone(status: bytes) -> Reading:
    trouble = _trouble(status)
    if trouble is None and status[0] & _AT_ZERO:
        return at_rest(0)
    return Reading(trouble or Condition.NOT_READY)


def _with_status(text: str, unit: str, status: bytes) -> Reading | None:
    """None when the number is none."""
    trouble = _trouble(status)
    number = _NUMBER.fullmatch(text)
    if number is None:
        instead = trouble or _filled(text)
        return Reading(instead) if instead else None
    grams = grams_of(number[1], unit)
    if grams is None:
        return None
    if trouble is Condition.MOVING:
        return Reading(trouble, grams)
    if trouble is not None:
        return Reading(trouble)
    return at_rest(0 if status[0] & _AT_ZERO else grams)


def _filled(text: str) -> Condition | None:
    """A field with no weight in it, or one below zero."""
    match set(text.strip()):
        case marks if marks == {"^"}:
            return Condition.OVERLOAD
        case marks if marks == {"_"}:
            return Condition.BELOW_ZERO
        case marks if marks == {"-"}:
            return Condition.NOT_READY
        case _:
            below = _NUMBER.fullmatch(text.strip().removeprefix("-"))
            return Condition.BELOW_ZERO if below and text.strip()[0] == "-" else None


def _8217_reading(status: int) -> Reading:
    if status & _8217_OVER:
        return Reading(Condition.OVERLOAD)
    if status & _8217_BELOW:
        return Reading(Condition.BELOW_ZERO)
    if status & _8217_MOVES:
        return Reading(Condition.MOVING)
    return at_rest(0) if status & _8217_AT_ZERO else Reading(Condition.NOT_READY)


def protocol(unit: str | None = None) -> ScaleProtocol:
    """`unit`: what the numbers of an 8217 mean, which names none; only a person can know."""
    return ScaleProtocol(
        serial=SerialDefaults(baud=9600, framing="7E1"),
        parser=partial(ToledoParser, unit),
        questions=(b"W\r",),
    )
