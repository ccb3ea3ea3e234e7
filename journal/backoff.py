"""How long to wait after a failure: full jitter, so that a thousand tills do not knock at once.

The hub's Retry-After is a floor that jitter doubles at most; without it the wait is uniform
between 0 and 2ⁿ seconds, capped.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

WAIT_S_MAX = 30.0


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
        if retry_after_s is not None:
            return retry_after_s + self._chance.uniform(0, retry_after_s)
        return self._chance.uniform(0, min(self._wait_s_max, 2.0 ** min(self.failures, 10)))
