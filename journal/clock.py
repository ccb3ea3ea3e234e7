"""Time and ids as they are handed in. Nobody orders, expires or dedupes by a till's wall clock:
a reading is evidence, kept beside the fact (monotonic time and boot id tell when it was wrong).
"""

from datetime import datetime
from typing import NamedTuple, Protocol


class Reading(NamedTuple):
    """One look at the clocks: wall time with offset, milliseconds since boot, and which boot."""

    at: datetime
    mono_ms: int
    boot: str


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
