"""What goes wrong in a replay, and when: decided by the seed before it begins.

Owns the plan and the hand that pulls cables and kills the hub while the tills sell. Tills are
killed by their own cashiers (`errands`), who know what was in flight. When things happen is told in
baskets sold, never in seconds, so that a plan is the same on every machine.
"""

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from rehearsal.processes import wait_until
from rehearsal.shop import Shop, TillHome

CUTS_MAX = 24
TILL_KILLS_MAX = 24
HUB_KILLS_MAX = 6
BASKETS_PER_CUT = 50
"""A short run has a cut, and a till's kill, for so many baskets; at least one of each."""
BASKETS_PER_HUB_KILL = 200
BASKETS_MIN = 20
"""A run of fewer baskets goes undisturbed."""
REQUEST_BYTES = 250, 20_000
"""A cut on the way to the hub comes so soon, or so late: a push's head is about as long as the
first, its body mostly shorter than the second."""
REPLY_BYTES = 50, 700
"""The same for the way back: a reply to a push, or the next one's."""
PUSH_COMES_S = 45.0
"""How long a kill of the hub waits for a push to interrupt: longer than any back-off."""
PUSH_STAYS_LOOKS = 3
"""A push that a frozen hub has not answered in so many looks is one it never answers."""
HUB_GONE_S = 10.0
"""How long the cables may take to see that the hub is gone."""
QUIET_BYTES = 300
"""When nothing is sold any more, only a till's greetings pass: cuts then come within so many."""
LOOK_EVERY_S = 0.02
TRAFFIC_COMES_S = 90.0
"""How long a cut that is due at the end may wait for something to cut: longer than any back-off."""


class Cut(NamedTuple):
    """A till's cable, cut after so many more bytes that way, and out while so many are sold."""

    at: int
    till: int
    to_hub: bool
    after_bytes: int
    out_for: int


class HubKill(NamedTuple):
    """The hub, killed and away while so many baskets are sold."""

    at: int
    away_for: int


class TillKill(NamedTuple):
    """A till, killed in the `errand`-th thing it does, when `share` of its answers were heard."""

    till: int
    errand: int
    share: float


class Plan(NamedTuple):
    """Everything that will go wrong, in order."""

    cuts: tuple[Cut, ...]
    hub_kills: tuple[HubKill, ...]
    till_kills: tuple[TillKill, ...]


def planned(seed: int, errands: Sequence[int], baskets: int) -> Plan:
    """The plan for tills with so many errands each, which sell so many baskets in all."""
    chance = Random(f"replay {seed}")
    busy = [till for till, count in enumerate(errands) if count]
    cuts = [_cut(chance, busy, baskets) for _ in range(_scaled(baskets, BASKETS_PER_CUT, CUTS_MAX))]
    hub_kills = [
        HubKill(at, _span(chance, baskets))
        for at in _spread(chance, baskets, _scaled(baskets, BASKETS_PER_HUB_KILL, HUB_KILLS_MAX))
    ]
    kills = {}
    for _ in range(_scaled(baskets, BASKETS_PER_CUT, TILL_KILLS_MAX)):
        till = chance.choice(busy)
        errand = chance.randrange(errands[till])
        kills[till, errand] = TillKill(till, errand, chance.random())
    return Plan(tuple(sorted(cuts)), tuple(hub_kills), tuple(sorted(kills.values())))


def _scaled(baskets: int, per: int, most: int) -> int:
    return min(most, max(1, baskets // per)) if baskets >= BASKETS_MIN else 0


def _cut(chance: Random, tills: Sequence[int], baskets: int) -> Cut:
    to_hub = chance.random() < 0.6
    least, most = REQUEST_BYTES if to_hub else REPLY_BYTES
    after_bytes = int(least * (most / least) ** chance.random())
    at = chance.randrange(int(baskets * 0.85) + 1)
    return Cut(at, chance.choice(tills), to_hub, after_bytes, _span(chance, baskets))


def _span(chance: Random, baskets: int) -> int:
    """How long something is away: mostly short, at times a twelfth of everything."""
    return max(1, int(baskets * 0.0005 * 160 ** chance.random()))


def _spread(chance: Random, baskets: int, count: int) -> list[int]:
    """Moments that do not crowd: one in each of `count` equal parts of the first 85 %."""
    part = baskets * 0.85 / max(count, 1)
    return [int(part * (number + chance.random() * 0.8)) for number in range(count)]


@dataclass(slots=True)
class Score:
    """How many baskets are sold, as the cashiers count them; any thread may look."""

    sold: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def one_more(self) -> None:
        with self._lock:
            self.sold += 1


class Told:
    """What went wrong, told as it happens and counted."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self.cuts = self.till_kills = self.hub_kills = 0

    def cut(self, story: str) -> None:
        with self._lock:
            self.cuts += 1
            self._tell(f"cut {self.cuts}: {story}")

    def till_killed(self, story: str) -> None:
        with self._lock:
            self.till_kills += 1
            self._tell(f"till kill {self.till_kills}: {story}")

    def hub_killed(self, story: str) -> None:
        with self._lock:
            self.hub_kills += 1
            self._tell(f"hub kill {self.hub_kills}: {story}")


class Trouble:
    """Pulls the cables and kills the hub, by the plan, on a thread of its own."""

    def __init__(self, plan: Plan, shop: Shop, homes: Sequence[TillHome], told: Told) -> None:
        self.score = Score()
        self.told = told
        #: set when somebody failed: everybody stops
        self.stop = threading.Event()
        self._shop = shop
        self._homes = homes
        self._cuts = list(plan.cuts)
        self._hub_kills = list(plan.hub_kills)
        self._armed: dict[int, tuple[Cut, int]] = {}
        self._out: dict[int, int] = {}
        self._hub_back_at: int | None = None
        self._selling_ends = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="trouble", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Nothing more is sold: do what is still due, put everything back. Raises what failed."""
        self._selling_ends.set()
        self._thread.join()
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            while not self._selling_ends.wait(LOOK_EVERY_S):
                self._look(self.score.sold)
            self._finish()
        except Exception as fault:
            self._fault = fault
            self.stop.set()

    def _look(self, sold: int) -> None:
        self._hub(sold)
        self._arm(sold)
        self._see_cuts(sold)
        for till in [till for till, until in self._out.items() if sold >= until]:
            del self._out[till]
            self._homes[till].cable.plug()

    def _finish(self) -> None:
        """All that is left, as if everything were sold; then every cable in, the hub up."""
        late = [*self._cuts, *(cut for cut, _ in self._armed.values())]
        self._cuts = [cut._replace(after_bytes=min(cut.after_bytes, QUIET_BYTES)) for cut in late]
        self._armed.clear()
        end = max([self.score.sold, *(cut.at for cut in late)])

        def done() -> bool:
            self._look(end)
            self._out = dict.fromkeys(self._out, end)
            self._hub_back()
            return not (self._cuts or self._hub_kills or self._armed or self._out)

        if not self.stop.is_set():
            with contextlib.suppress(TimeoutError):  # a till with nothing to say cannot be cut
                wait_until(done, TRAFFIC_COMES_S, "every cut has met something to cut")
        self._hub_back()
        for home in self._homes:
            home.cable.plug()

    # Cables

    def _arm(self, sold: int) -> None:
        for cut in [cut for cut in self._cuts if cut.at <= sold]:
            if cut.till not in self._armed and cut.till not in self._out:
                cable = self._homes[cut.till].cable
                self._cuts.remove(cut)
                self._armed[cut.till] = cut, len(cable.interrupted)
                if cut.to_hub:
                    cable.pull_after(bytes_to_hub=cut.after_bytes)
                else:
                    cable.pull_after(bytes_to_till=cut.after_bytes)

    def _see_cuts(self, sold: int) -> None:
        for till, (cut, known) in list(self._armed.items()):
            home = self._homes[till]
            if home.cable.pulled:
                del self._armed[till]
                self._out[till] = sold + cut.out_for
                self.told.cut(
                    f"cable of {home.till_id}, out while {cut.out_for:,} baskets are sold;"
                    f" interrupted {_all(home.cable.interrupted[known:])}"
                )

    # The hub

    def _hub(self, sold: int) -> None:
        if self._hub_back_at is not None:
            if sold >= self._hub_back_at:
                self._hub_back()
        elif self._hub_kills and self._hub_kills[0].at <= sold:
            self._kill_hub(self._hub_kills.pop(0), sold)

    def _kill_hub(self, kill: HubKill, sold: int) -> None:
        with contextlib.suppress(TimeoutError):  # nobody has anything to say: it dies idle
            self._freeze_hub_in_a_push()
        known = [len(home.cable.broken_off) for home in self._homes]
        self._shop.kill_hub()
        wait_until(lambda: not self._under_way(), HUB_GONE_S, "the cables saw the hub's end")
        broken = [
            f"{home.till_id} {said}"
            for home, before in zip(self._homes, known, strict=True)
            for said in home.cable.broken_off[before:]
        ]
        self._hub_back_at = sold + kill.away_for
        self.told.hub_killed(
            f"away while {kill.away_for:,} baskets are sold; interrupted {_all(broken)}"
        )

    def _freeze_hub_in_a_push(self) -> None:
        """Between a look and a kill a push may end. A frozen hub ends nothing: neither the push
        that was seen, wherever it got, nor else the next one."""
        wait_until(self._push_under_way, PUSH_COMES_S, "a push is under way")
        self._shop.freeze_hub()
        wait_until(self._push_stays, PUSH_COMES_S, "a push waits for the frozen hub")

    def _push_stays(self) -> bool:
        return all(
            self._push_under_way() and not self.stop.wait(LOOK_EVERY_S)
            for _ in range(PUSH_STAYS_LOOKS)
        )

    def _under_way(self) -> list[str]:
        return [said for home in self._homes for said in home.cable.under_way()]

    def _push_under_way(self) -> bool:
        return any(" /v1/push" in said for said in self._under_way())

    def _hub_back(self) -> None:
        if self._hub_back_at is not None:
            self._hub_back_at = None
            self._shop.start_hub()


def _all(said: Sequence[str]) -> str:
    return "; ".join(said) or "nothing"
