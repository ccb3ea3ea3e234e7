"""The storm itself: cables pulled after so many bytes, the hub killed or held still, the lines bad.

Tills are killed by their own cashiers, who know what they were doing.
"""

import threading
from collections.abc import Sequence
from random import Random
from time import monotonic

from rehearsal.bad_line import BadLine
from rehearsal.chaos.told import Told
from rehearsal.shop import Shop, TillHome

BADNESS = 0.25
"""Of all exchanges so many meet a trouble."""
CUT_EVERY_S = 2.5
HUB_KILLED_EVERY_S = 8.0
AWAY_S = 0.2, 4.0
"""How long a cable or the hub is away."""
LOOK_S = 0.02
REQUEST_BYTES, REPLY_BYTES = (1, 20_000), (1, 700)
"""A cut on the way to the hub, or back, comes within so many bytes."""
UNMET_S = 3.0
"""A cut that found nothing to cut in that time is made at once."""


def about(chance: Random, seconds: float) -> float:
    """When something comes next that comes about so often."""
    return seconds * chance.uniform(0.4, 1.6)


class Storm:
    """Over one shop, on a thread of its own."""

    def __init__(
        self, shop: Shop, homes: Sequence[TillHome], line: BadLine, seed: int, told: Told
    ) -> None:
        self._shop = shop
        self._homes = homes
        self._line = line
        self._told = told
        self._chance = Random(f"storm {seed}")
        self._stop = threading.Event()
        self._fault: BaseException | None = None
        #: when each thing that is away comes back, and what was cut before
        self._out: dict[TillHome, float] = {}
        self._armed: dict[TillHome, tuple[float, int]] = {}
        self._hub_back_s: float | None = None
        self._cut_at_s = self._killed_at_s = 0.0
        self._thread = threading.Thread(target=self._blow, name="storm", daemon=True)

    def begin(self) -> None:
        self._line.badness = BADNESS
        now_s = monotonic()
        self._cut_at_s = now_s + about(self._chance, CUT_EVERY_S)
        self._killed_at_s = now_s + about(self._chance, HUB_KILLED_EVERY_S)
        self._thread.start()

    def end(self) -> None:
        """Put everything back. Raises what went wrong meanwhile."""
        self._stop.set()
        self._thread.join()
        if self._fault is not None:
            raise self._fault
        if self._hub_back_s is not None:
            self._shop.start_hub()
        for home in self._homes:
            home.cable.pull()  # who is armed is no more
            home.cable.plug()
        self._line.calm()

    def _blow(self) -> None:
        try:
            while not self._stop.wait(LOOK_S):
                self._cables(monotonic())
                self._hub(monotonic())
        except BaseException as fault:  # told by whoever ends us
            self._fault = fault

    # Cables

    def _cables(self, now_s: float) -> None:
        for home in [home for home, back_s in self._out.items() if back_s <= now_s]:
            del self._out[home]
            home.cable.plug()
        for home, (late_s, known) in list(self._armed.items()):
            if not home.cable.pulled and late_s <= now_s:
                home.cable.pull()
            if home.cable.pulled:
                del self._armed[home]
                self._out[home] = now_s + self._within(*AWAY_S)
                cut = home.cable.interrupted[known:]
                self._told.note("cable pulled", _state(cut), f"{home.till_id} {'; '.join(cut)}")
        if self._cut_at_s <= now_s:
            self._cut_at_s = now_s + about(self._chance, CUT_EVERY_S)
            self._arm(self._chance.choice(self._homes), now_s)

    def _arm(self, home: TillHome, now_s: float) -> None:
        if home in self._out or home in self._armed:
            return
        self._armed[home] = now_s + UNMET_S, len(home.cable.interrupted)
        if self._chance.random() < 0.6:
            home.cable.pull_after(bytes_to_hub=int(self._within(*REQUEST_BYTES)))
        else:
            home.cable.pull_after(bytes_to_till=int(self._within(*REPLY_BYTES)))

    def _within(self, least: float, most: float) -> float:
        """Mostly near the least."""
        return float(least * (most / least) ** self._chance.random())

    # The hub

    def _hub(self, now_s: float) -> None:
        if self._hub_back_s is not None:
            if self._hub_back_s <= now_s:
                self._hub_back_s = None
                self._shop.start_hub()
                self._killed_at_s = monotonic() + about(self._chance, HUB_KILLED_EVERY_S)
        elif self._killed_at_s <= now_s:
            under_way = [said for home in self._homes for said in home.cable.under_way()]
            self._shop.kill_hub()
            self._hub_back_s = now_s + self._within(*AWAY_S)
            self._told.note("hub killed", _state(under_way), "; ".join(under_way) or "at rest")


def _state(under_way: Sequence[str]) -> str:
    """What passed just then, in short; a push before all else."""
    told = " ".join(under_way)
    for words, state in (
        ("request POST /v1/push", "in a push"),
        ("reply to POST /v1/push", "before the answer to a push"),
        ("GET /v1/feed before", "before a page of the feed"),
        ("GET /v1/feed after", "in a page of the feed"),
        ("/v1/feed/wait", "while it waits for news"),
    ):
        if words in told:
            return state
    return "in something else" if told else "at rest"
