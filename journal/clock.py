"""Time and ids as they are handed in. Nobody orders, expires or dedupes by a till's wall clock:
a reading is evidence, kept beside the fact (monotonic time and boot id tell when it was wrong).
"""

from datetime import datetime
from typing import Final, NamedTuple, Protocol


class Reading(NamedTuple):
    """One look at the clocks: wall time with offset, milliseconds since boot, and which boot."""

    at: datetime
    mono_ms: int
    boot: str


#: a clock is called wrong when it is off by more: an answer may be on its way for that long
CLOCK_TOLERANCE_S: Final = 60
#: what no clock that anybody set is off by: a thousand years
_AHEAD_S_MAX: Final = 1_000 * 366 * 86_400


def ahead_s(said: str, now: datetime) -> int | None:
    """By how many seconds the clock that `said` this (ISO 8601 with offset) is ahead of `now`, of
    another clock; negative behind it, None where it said nothing that can be read.

    >>> ahead_s("2026-06-03T11:03:00+08:00", datetime.fromisoformat("2026-06-03T01:00:00+00:00"))
    7380
    """
    try:
        seconds = (datetime.fromisoformat(said) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return round(min(max(seconds, -_AHEAD_S_MAX), _AHEAD_S_MAX))


class Clock(Protocol):
    """Where a program's time comes from."""

    def read(self) -> Reading: ...


class Ids(Protocol):
    """Where new identities come from."""

    def fact_id(self) -> str:
        """A UUIDv7 (RFC 9562) for the fact about to be recorded."""
        ...

    def incarnation(self) -> str:
        """A new incarnation: 26 characters of Crockford base32, 130 random bits."""
        ...


#: Crockford's base32: no I, L, O, U, so that a code can be read over the phone
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
