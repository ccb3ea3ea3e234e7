"""How long to wait after a failure: full jitter, so that a thousand tills do not knock at once.

The hub's Retry-After is a floor that jitter doubles at most; without it the wait is uniform
between 0 and 2ⁿ seconds. Both are capped: nobody can send a till to sleep.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

WAIT_S_MAX = 30.0
#: the longest Retry-After that is heeded
RETRY_AFTER_S_MAX = 600.0
#: 2ⁿ grows no further
_DOUBLINGS_MAX = 10


class Backoff:
    """Counts failures in a row; chance is handed in."""

    def __init__(self, chance: "Random", wait_s_max: float = WAIT_S_MAX) -> None:
        self._chance = chance
        self._wait_s_max = wait_s_max
        self.failures = 0

    def succeeded(self) -> None:
        self.failures = 0

    def failed(self, retry_after_s: float | None = None) -> float:
        """Note a failure; returns the seconds to wait."""
        self.failures += 1
        if retry_after_s is not None and retry_after_s > 0:  # which NaN is not either
            floor_s = min(retry_after_s, RETRY_AFTER_S_MAX)
            return floor_s + self._chance.uniform(0, floor_s)
        doubled_s = 2.0 ** min(self.failures, _DOUBLINGS_MAX)
        return self._chance.uniform(0, min(self._wait_s_max, doubled_s))
