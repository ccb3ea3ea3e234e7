"""What scales say, whatever their protocol: readings, units, and the frames they come in.

Owns the words that the codecs (`toledo`, `cas`, `aclas`) and the device (`scale`) share. Refuses to
own a protocol's bytes, and which readings make a weight that may be sold.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from hardware.dialogue import Parser
from hardware.driver import SerialDefaults

GAP_S: Final = 0.2
"""A pause as long ends an answer that broke off; within one, bytes come 1 ms apart."""
NOISE_KEPT_BYTES: Final = 64

_GRAMS: Final = {"KG": Decimal(1000), "G": Decimal(1), "LB": Decimal("453.59237")}
"""By unit as scales write it; the pound is the international avoirdupois pound, exactly."""


def grams_of(number: str, unit: str) -> int | None:
    """Whole grams of a decimal number of `unit` (kg, g or lb, in either case); None for any other
    unit. A pound, and a scale that shows less than a gram, are rounded half to even.

    >>> grams_of("0.655", "kg"), grams_of("1.00", "LB"), grams_of("23.1", "OZ")
    (655, 454, None)
    """
    factor = _GRAMS.get(unit.strip().upper())
    if factor is None:
        return None
    return int((Decimal(number) * factor).to_integral_value(ROUND_HALF_EVEN))


class Condition(StrEnum):
    """How the scale is with what lies on it."""

    WEIGHT = "weight"
    """At rest, and above zero."""
    MOVING = "moving"
    EMPTY = "empty"
    """At rest at zero."""
    OVERLOAD = "overload"
    BELOW_ZERO = "below_zero"
    NOT_READY = "not_ready"
    """It gives no weight: it could not find its zero, or says no and no reason."""
    DEFECT = "defect"
    """Its own tests failed: memory, program or calibration."""
    NO_UNIT = "no_unit"
    """It sent a number and no unit, and the set-up does not say which."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer. `grams` is there for a weight, and where a scale tells one that still moves."""

    condition: Condition
    grams: int | None = None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The scale is there and heard the question: ask on."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What came and was no answer: the first bytes of it."""

    data: bytes


Heard: TypeAlias = Reading | Acknowledged | Noise


def at_rest(grams: int) -> Reading:
    """The reading of a number that does not move."""
    return Reading(Condition.WEIGHT, grams) if grams > 0 else Reading(Condition.EMPTY, 0)


@dataclass(frozen=True, slots=True)
class ScaleProtocol:
    """How one family of scales is spoken with.

    `greeting` is sent once on a fresh link and need not be answered. Each of the `questions` is
    sent when the one before was acknowledged; the last is answered with a reading.
    """

    serial: SerialDefaults
    parser: Callable[[], Parser[Heard]]
    questions: tuple[bytes, ...]
    greeting: bytes = b""


class Frame(NamedTuple):
    """A whole frame within what is held: where it begins and ends, and what it says."""

    begin: int
    end: int
    heard: Heard


class FrameParser(ABC):
    """Bytes in, what was heard out, in order; any bytes at all do no harm. What stands between
    frames is `Noise`; line ends there are not worth a word."""

    longest_bytes: int
    """No frame is longer; what is held is bounded by it."""

    def __init__(self) -> None:
        self._held = bytearray()
        self.gap_s = GAP_S

    @abstractmethod
    def _first(self, held: bytes) -> Frame | None:
        """The first whole frame in what is held."""

    @property
    def begun(self) -> bool:
        """Something came that is not whole yet."""
        return bool(self._held)

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes complete."""
        self._held += data
        heard: list[Heard] = []
        while frame := self._first(bytes(self._held)):
            heard += self._noise(frame.begin)
            heard.append(frame.heard)
            del self._held[: frame.end - frame.begin]
        return heard + self._noise(len(self._held) - self.longest_bytes)

    def gap(self) -> list[Heard]:
        """Half an answer is none."""
        return self._noise(len(self._held))

    def broken(self) -> list[Heard]:
        """The link broke."""
        return self.gap()

    def _noise(self, size: int) -> list[Heard]:
        """Take so many bytes off, if any."""
        data = bytes(self._held[: max(size, 0)])
        del self._held[: len(data)]
        return [Noise(data[:NOISE_KEPT_BYTES])] if data.strip(b"\r\n") else []
