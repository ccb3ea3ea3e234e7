"""A cashier in the storm: sells, takes deliveries in, changes shifts, kills the till at any act.

Owns one till and what it promised: the receipts whose payment it answered with yes. Refuses to
judge: the reckoning does.
"""

import threading
from collections.abc import Mapping, Sequence
from random import Random
from time import monotonic
from typing import Any

from rehearsal.chaos.storm import about
from rehearsal.chaos.told import Told
from rehearsal.processes import ChildEnded, Refused, Reply
from rehearsal.shop import Shop, TillHome

TILL_STARTS_S = 120.0
KILLED_EVERY_S = 8.0
PAUSE_S = 0.25
"""The longest between two customers: faster than any cashier, slower than a processor."""
FLOAT_MINOR = 500_00
HURRIED: Mapping[str, Any] = {
    "heartbeat_s": 1,
    "hub_time_out_s": 2,
    "hub_answer_s": 2,
    "feed_wait_s": 4,
    "push_gather_s": 0.1,
}
"""A till that has less patience than in a shop meets more of a short storm."""

Act = Mapping[str, object]
_VOID: Act = {"do": "void", "reason": "顾客离开"}


class Cashier:
    """One till of a shop, on a thread of its own. Close it."""

    def __init__(
        self, shop: Shop, home: TillHome, cashier: str, codes: Sequence[str], seed: int, told: Told
    ) -> None:
        self.home = home
        self.promised: set[str] = set()
        """Receipts that the till said it gave out."""
        self.stop = threading.Event()
        self.fault: BaseException | None = None
        self._shop = shop
        self._cashier = cashier
        self._codes = codes
        self._chance = Random(f"cashier of {home.till_id} {seed}")
        self._told = told
        self._deliveries = 0
        self._start()
        self._killed_at_s = monotonic() + about(self._chance, KILLED_EVERY_S)
        self._thread = threading.Thread(target=self._work, name=home.till_id, daemon=True)

    def close(self) -> None:
        """Kill the till if it still runs."""
        self.stop.set()
        if self._thread.is_alive():
            self._thread.join(TILL_STARTS_S)
        self.till.close()

    def begin(self) -> None:
        """Go to work."""
        self._thread.start()

    def end(self) -> None:
        """Serve the last customer, and close the shift. Raises what went wrong meanwhile."""
        self.stop.set()
        self._thread.join()
        if self.fault is not None:
            raise self.fault
        if self._open_shift:
            self._say(self._closing())

    def _start(self) -> Reply:
        """Start the till -> where it stopped."""
        self.till = self._shop.till(self.home, **HURRIED)
        ready = self.till.next_event("ready", TILL_STARTS_S)
        self._open_shift = ready["shift"] is not None
        return ready

    def _work(self) -> None:
        try:
            while not self.stop.wait(self._chance.uniform(0, PAUSE_S)):
                self._serve()
        except BaseException as fault:  # told by whoever ends us
            self.fault = fault

    def _serve(self) -> None:
        acts = self._errand()
        if monotonic() < self._killed_at_s:
            self._say(acts)
            return
        self._say_and_kill(acts)
        self._killed_at_s = monotonic() + about(self._chance, KILLED_EVERY_S)

    # What a cashier does

    def _errand(self) -> list[Act]:
        if not self._open_shift:
            return [{"do": "open_shift", "cashier": self._cashier, "float": FLOAT_MINOR}]
        match self._chance.random():
            case chance if chance < 0.08:
                return [self._delivery()]
            case chance if chance < 0.12:
                return self._closing()
            case _:
                return self._sale()

    def _delivery(self) -> Act:
        self._deliveries += 1
        lines = [
            {"code": code, "quantity": 1000 * self._chance.randint(1, 40)}
            for code in self._chance.sample(self._codes, 3)
        ]
        return {"do": "receive", "reference": f"DN-{self._deliveries}", "lines": lines}

    def _closing(self) -> list[Act]:
        counted = FLOAT_MINOR + self._chance.randint(-300, 300)
        return [{"do": "x_report"}, {"do": "close_shift", "counted": counted}]

    def _sale(self) -> list[Act]:
        chance, acts = self._chance, list[Act]()
        for _ in range(chance.randint(1, 6)):
            code, pieces = chance.choice(self._codes), chance.randint(1, 3)
            acts.append({"do": "scan", "code": code, "quantity": 1000 * pieces})
            if chance.random() < 0.15:
                acts.append({"do": "line_discount", "rate_ppm": 100_000, "reason": "临期九折"})
            if chance.random() < 0.08:
                acts.append({"do": "remove_line"})
                acts.append({"do": "scan", "code": chance.choice(self._codes)})
        if chance.random() < 0.1:
            return [*acts, _VOID]
        if chance.random() < 0.3:
            acts.append({"do": "pay", "tender": "wechat", "amount": 10})
        return [*acts, {"do": "pay", "tender": chance.choice(("cash", "wechat"))}]

    # Saying it

    def _say(self, acts: Sequence[Act]) -> None:
        """Do it all. Raises Refused."""
        answers = self.till.answers(self.till.ask_all(acts))
        for act, answer in zip(acts, answers, strict=True):
            if answer["ok"] is not True:
                raise Refused.by(answer)
            self._heard(act, answer)

    def _heard(self, act: Act, answer: Reply) -> None:
        if "sale" in answer:
            self.promised.add(answer["sale"]["receipt"])
        if act["do"] in ("open_shift", "close_shift"):
            self._open_shift = act["do"] == "open_shift"

    def _say_and_kill(self, acts: Sequence[Act]) -> None:
        """Kill the till when some of the answers are heard, and start it again; whoever stands
        there pays, or goes."""
        heard = self._chance.randrange(len(acts))
        ids = self.till.ask_all(acts)
        self._hear(acts[:heard], ids[:heard])
        self.till.kill()
        last = heard + self._hear(acts[heard:], ids[heard:])
        doing = str(acts[last]["do"]) if last < len(acts) else "between two customers"
        self._told.note("till killed", doing, self.home.till_id)
        self.till.close()
        ready = self._start()
        if ready["basket"]["lines"] or ready["basket"]["tenders"]:
            self._see_off(ready["basket"])
        else:
            self._clear()

    def _hear(self, acts: Sequence[Act], ids: range) -> int:
        """-> how many of these acts were answered, as far as the till lived. Raises Refused."""
        for count, (act, act_id) in enumerate(zip(acts, ids, strict=True)):
            try:
                answer = self.till.answer(act_id)
            except (ChildEnded, ValueError):  # a line may be torn
                return count
            if answer["ok"] is not True:
                raise Refused.by(answer)
            self._heard(act, answer)
        return len(acts)

    def _see_off(self, basket: Reply) -> None:
        """Who stands there since before the till was killed."""
        pays = basket["tenders"] or self._chance.random() < 0.6
        self._say([{"do": "pay"} if pays else _VOID])

    def _clear(self) -> None:
        """A sale all of whose lines were taken out is open still, though nothing of it is seen;
        where there is none the till says no."""
        self.till.answers(self.till.ask_all([_VOID]))
