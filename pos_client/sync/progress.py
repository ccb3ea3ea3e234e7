"""Whether sync gets anywhere, which is another thing than whether the line is up: facts wait,
somebody answers, and nothing is acknowledged."""


class Progress:
    """Since when nothing has moved, by the till's monotonic clock."""

    def __init__(self, stuck_after_s: float) -> None:
        self._stuck_after_ms = stuck_after_s * 1000
        self._still_since_ms: int | None = None
        #: facts wait and have not moved for so long
        self.stuck = False

    def moved(self) -> None:
        """A fact was acknowledged, or none waits."""
        self._still_since_ms = None
        self.stuck = False

    def stood(self, now_ms: int) -> bool:
        """An exchange moved nothing though facts wait -> whether it is stuck since just now."""
        if self._still_since_ms is None:
            self._still_since_ms = now_ms
        before = self.stuck
        self.stuck = now_ms - self._still_since_ms >= self._stuck_after_ms
        return self.stuck and not before
