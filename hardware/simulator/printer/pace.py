"""So much and no more a second: bytes of a slow wire, rows of dots of a slow print head."""

from collections.abc import Callable
from typing import Final

STEP_S: Final = 0.02
"""What may be done in a second is done in steps of so long."""


class Pace:
    """As fast as it can until it is limited; a limit needs a running loop. `later` does something
    after so many seconds, `go_on` is called when there is some left again."""

    def __init__(
        self, later: Callable[[float, Callable[[], None]], None], go_on: Callable[[], object]
    ) -> None:
        self._later, self._go_on = later, go_on
        self._step: int | None = None
        self._left = 0
        self._is_timed = False

    @property
    def left(self) -> int | None:
        """How much may be done in this step, less than nothing when that was overdone; None without
        a limit."""
        return None if self._step is None else self._left

    def limit(self, per_s: int) -> None:
        """From now on so much a second; 0 for as fast as it can."""
        self._step = max(1, round(per_s * STEP_S)) if per_s else None
        self._left = self._step or 0
        self._go_on()

    def spend(self, amount: int) -> None:
        """So much was done."""
        if self._step is not None:
            self._left -= amount
            self._time_next_step()

    def _time_next_step(self) -> None:
        if not self._is_timed and self._step is not None and self._left < self._step:
            self._is_timed = True
            self._later(STEP_S, self._next_step)

    def _next_step(self) -> None:
        self._is_timed = False
        if self._step is not None:
            self._left = min(self._step, self._left + self._step)
            self._time_next_step()
        if self.left is None or self.left > 0:
            self._go_on()
