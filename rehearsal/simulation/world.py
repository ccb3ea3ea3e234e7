"""What all of one simulated chain share: the time, chance drawn from one seed, and the trace.

The trace names things by what they are called here (till A, fact 12), and hashes of facts' bytes,
which hold nothing that chance outside the seed has made. So the same seed gives the same trace.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

from journal.clock import CROCKFORD, Reading

#: where the store is, and when it starts: some minutes before its clocks change, if they do
_CALENDARS = (
    ("Asia/Shanghai", datetime(2026, 6, 3, 1, 0, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 0, 52, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 3, 29, 0, 55, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 14, 50, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 3, 54, tzinfo=UTC)),  # midnight; clocks at 2
)
_INCARNATION_LENGTH = 26


class Died(BaseException):
    """A program was killed here; `who` says which. No code of the product may catch it."""

    def __init__(self, who: str) -> None:
        super().__init__(who)
        self.who = who


class Broken(AssertionError):
    """Something that must never be was seen."""


class World:
    """Of one seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.folder = folder
        self.now_s = 0.0
        self.zone, self.start = self.chance("calendar").choice(_CALENDARS)
        self.trace: list[str] = []
        self.covered: Counter[tuple[str, str]] = Counter()
        #: whether a copy was made that no marker can tell from the original
        self.has_perfect_copies = False
        #: since when nothing goes wrong any more
        self.calm_since_s = float("inf")

    def chance(self, name: str) -> Random:
        """A source for each who draws, so that one more draw here moves nothing there."""
        return Random(f"{self.seed}/{name}")

    @property
    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.now_s)

    def note(self, who: str, what: str) -> None:
        self.trace.append(f"{self.now_s:10.3f}  {who:<6} {what}")

    def met(self, fault: str, states: Sequence[str]) -> None:
        """Count that a fault found its victim in these states, all at once."""
        self.covered.update((fault, state) for state in states)

    @property
    def fingerprint(self) -> str:
        """Of the whole trace."""
        return sha256("\n".join(self.trace).encode()).hexdigest()[:16]


class MachineClock:
    """A machine's clock, which may be wrong; time since boot is right."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.ahead = timedelta(0)
        self.boots = 1

    def read(self) -> Reading:
        mono_ms = int(self._world.now_s * 1000)
        return Reading(self._world.now + self.ahead, mono_ms, f"boot-{self.boots}")


class MachineIds:
    """Ids that a machine makes, from the seed."""

    def __init__(self, chance: Random, place: str) -> None:
        self._chance = chance
        self._place = place

    def fact_id(self) -> str:
        return f"{self._chance.getrandbits(128):032x}"

    def incarnation(self) -> str:
        return "".join(self._chance.choices(CROCKFORD, k=_INCARNATION_LENGTH))

    def place(self, file: Path) -> str:  # noqa: ARG002  a copied file is told by its machine alone
        return self._place
