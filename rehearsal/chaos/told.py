"""What a storm did, counted by the state that it met, and told as it happens."""

import threading
from collections import Counter
from collections.abc import Callable


class Told:
    """Any thread may tell."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self.met = Counter[tuple[str, str]]()
        """(what happened, in which state) -> how often."""

    def note(self, what: str, state: str, story: str) -> None:
        """It happened, to somebody in that state; the story names who."""
        with self._lock:
            self.met[what, state] += 1
            self._tell(f"{what}, {state}: {story}")
