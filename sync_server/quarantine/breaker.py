"""Whether what comes in fails so often that the hub itself must be at fault: a window over the last
facts that this process took in. It stops nothing by itself (`quarantine.service`)."""

from collections import Counter, deque
from typing import NamedTuple

from sync_server.settings import HubSettings


class Failing(NamedTuple):
    """Of so many facts so many came to quarantine, from these tills; `spoke` are all tills that
    were heard."""

    facts: int
    quarantined: int
    tills: frozenset[str]
    spoke: frozenset[str]


class _Run(NamedTuple):
    """A run of facts of one till."""

    till_id: str
    facts: int
    quarantined: int


class Window:
    """The last `breaker_window_facts` facts, to the run; a run of none is left out, so that there
    are never more runs than that."""

    def __init__(self, settings: HubSettings) -> None:
        self._facts_max = settings.breaker_window_facts
        self._facts_min = settings.breaker_facts_min
        self._share = settings.breaker_share
        self._runs: deque[_Run] = deque()
        self._facts = 0
        self._quarantined = 0

    def clear(self) -> None:
        """Begin anew: what failed before is known and dealt with."""
        self._runs.clear()
        self._facts = self._quarantined = 0

    def note(self, till_id: str, facts: int, quarantined: int) -> Failing | None:
        """Take in a run of facts -> what is failing, when it is too much to go on: more than the
        share, also without the till of which most fails, where more than that one was heard. What
        one till alone does stops nothing, whatever else fails now and then."""
        if facts:
            self._count(_Run(till_id, facts, quarantined), 1)
            while self._facts - self._runs[0].facts >= self._facts_max:
                self._count(self._runs[0], -1)
        if not quarantined or self._facts < self._facts_min:
            return None
        if self._quarantined <= self._share * self._facts:
            return None
        spoke: Counter[str] = Counter()
        failed: Counter[str] = Counter()
        for run in self._runs:
            spoke[run.till_id] += run.facts
            failed[run.till_id] += run.quarantined
        ((worst, its_failed),) = failed.most_common(1)
        others_failed, of_others = self._quarantined - its_failed, self._facts - spoke[worst]
        if len(spoke) > 1 and others_failed <= self._share * of_others:
            return None
        tills = frozenset(till_id for till_id in spoke if failed[till_id])
        return Failing(self._facts, self._quarantined, tills, frozenset(spoke))

    def _count(self, run: _Run, sign: int) -> None:
        self._facts += sign * run.facts
        self._quarantined += sign * run.quarantined
        if sign > 0:
            self._runs.append(run)
        else:
            self._runs.popleft()
