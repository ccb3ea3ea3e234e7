"""Which fault comes when, and to whom."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from rehearsal.simulation.disk import Condition
from rehearsal.simulation.line import Cut, Trouble
from rehearsal.simulation.machine import Machine

if TYPE_CHECKING:
    from rehearsal.simulation.play import Play

_EVERY_S = 8.0, 60.0
_MACHINES_MAX = 5
_COMMITS = 12
_MENDED_AFTER_S = 10.0, 180.0
_BAD = 0.3
_CLOCK_JUMPS = (
    timedelta(days=3653),
    timedelta(days=-3653),
    timedelta(hours=-1),
    timedelta(hours=1),
    timedelta(minutes=-5),
    timedelta(seconds=90),
)

#: all faults: of lines, of tills, of the hub
FAULTS = [
    *(trouble.value for trouble in Trouble),
    *(cut.value for cut in Cut if cut is not Cut.NONE),
    "bad line",
    "line cut",
    "till killed",
    "till dies at a commit",
    "till disk full",
    "till disk read-only",
    "till copied",
    "till put back",
    "till put back whole",
    "power cut, tail lost",
    "till cloned",
    "golden image",
    "till cloned with its machine",
    "till replaced",
    "till clock jumps",
    "hub killed",
    "hub dies at a commit",
    "hub disk full",
    "hub disk read-only",
    "hub copied",
    "hub put back",
    "hub put back whole",
]

Fault = Callable[[Machine], None]


class Gremlin:
    """What goes wrong in a world."""

    def __init__(self, play: "Play") -> None:
        self.play = play
        self.chance: Random = play.world.chance("gremlin")
        self.next_s = self.chance.uniform(*_EVERY_S)
        #: what will be mended, and when
        self._mends: list[tuple[float, Callable[[], None]]] = []
        self._faults: dict[str, tuple[int, Fault]] = {
            "bad line": (6, self._bad_line),
            "line cut": (6, self._cut),
            "till killed": (4, self._kill),
            "till dies at a commit": (6, self._doom),
            "till disk full": (3, lambda at: self._disk(at, Condition.FULL)),
            "till disk read-only": (2, lambda at: self._disk(at, Condition.READ_ONLY)),
            "till copied": (5, self._copy),
            "till put back": (4, lambda at: self._put_back(at, whole=False)),
            "till put back whole": (4, lambda at: self._put_back(at, whole=True)),
            "power cut, tail lost": (3, self._lose_tail),
            "till cloned": (2, lambda at: self._clone(at, whole=False, same=False)),
            "golden image": (2, lambda at: self._clone(at, whole=True, same=False)),
            "till cloned with its machine": (2, lambda at: self._clone(at, whole=True, same=True)),
            "till replaced": (2, self._replace),
            "till clock jumps": (4, self._jump),
            "hub killed": (4, self._kill_hub),
            "hub dies at a commit": (6, self._doom_hub),
            "hub disk full": (2, lambda at: self._hub_disk(at, Condition.FULL)),
            "hub disk read-only": (1, lambda at: self._hub_disk(at, Condition.READ_ONLY)),
            "hub copied": (5, self._copy_hub),
            "hub put back": (2, lambda at: self._put_hub_back(at, whole=False)),
            "hub put back whole": (2, lambda at: self._put_hub_back(at, whole=True)),
        }

    def act(self) -> None:
        """Mend what is due; now and then let something go wrong."""
        now_s = self.play.world.now_s
        due = [mend for at_s, mend in self._mends if at_s <= now_s]
        self._mends = [(at_s, mend) for at_s, mend in self._mends if at_s > now_s]
        for mend in due:
            mend()
        if now_s >= self.next_s:
            self.next_s = now_s + self.chance.uniform(*_EVERY_S)
            weights = [weight for weight, _ in self._faults.values()]
            (name,) = self.chance.choices(list(self._faults), weights)
            victim = self.chance.choice(self.play.machines)
            states = self.play.server.states if name.startswith("hub") else victim.states
            self._faults[name][1](victim)
            self.play.world.met(name, states)

    def mend_all(self) -> None:
        """No more faults: everything that can be mended is."""
        for _, mend in self._mends:
            mend()
        self._mends.clear()
        for machine in self.play.machines:
            machine.line.cut, machine.line.bad = Cut.NONE, 0.0
            machine.disk.condition = Condition.FINE
            machine.disk.spare()
            self._up(machine)
        self.play.server.disk.condition = Condition.FINE
        self.play.server.disk.spare()
        self._hub_up()

    def _later(self, mend: Callable[[], None]) -> None:
        at_s = self.play.world.now_s + self.chance.uniform(*_MENDED_AFTER_S)
        self._mends.append((at_s, mend))

    def _note(self, who: str, what: str) -> None:
        self.play.world.note(who, what)

    # Lines

    def _bad_line(self, at: Machine) -> None:
        at.line.bad = _BAD
        self._note(at.name, "has a bad line")
        self._later(lambda: setattr(at.line, "bad", 0.0))

    def _cut(self, at: Machine) -> None:
        at.line.cut = self.chance.choice([cut for cut in Cut if cut is not Cut.NONE])
        self._note(at.name, f"has {at.line.cut.value}")
        self._later(lambda: setattr(at.line, "cut", Cut.NONE))

    # Tills

    def _up(self, at: Machine) -> None:
        if at.till is None and not at.scrapped:
            self.play.boot(at)

    def _down(self, at: Machine) -> None:
        if at.till is not None:
            at.dies()

    def _kill(self, at: Machine) -> None:
        self._down(at)
        self._later(lambda: self._up(at))

    def _doom(self, at: Machine) -> None:
        at.disk.doom(self.chance.randint(1, _COMMITS), last_is_made=self.chance.random() < 0.5)
        self._later(lambda: self._up(at))

    def _disk(self, at: Machine, condition: Condition) -> None:
        at.disk.condition = condition
        self._note(at.name, condition.value)

        def mend() -> None:
            at.disk.condition = Condition.FINE
            self._up(at)

        self._later(mend)

    def _copy(self, at: Machine) -> None:
        at.take_image()

    def _put_back(self, at: Machine, *, whole: bool) -> None:
        if at.images:
            self.play.put_back(at, self.chance.choice(at.images), whole=whole)
            self._later(lambda: self._up(at))

    def _lose_tail(self, at: Machine) -> None:
        """The disk had said that it was safe, and it was not: what came after a moment of this
        same run is gone. The marker is as it was, for it turns at a start only."""
        now = [image for image in at.images if image.boot == at.clock.boots]
        if now and at.till is not None:
            self.play.put_back(at, self.chance.choice(now), whole=True)
            self._up(at)

    def _clone(self, at: Machine, *, whole: bool, same: bool) -> None:
        if len(self.play.machines) < _MACHINES_MAX:
            self.play.clone(at, whole=whole, same=same)

    def _replace(self, at: Machine) -> None:
        if self.play.server.hub is not None and len(self.play.machines) > 1:
            self.play.replace(at)
            self._later(self.play.bring_in_old_disks)

    def _jump(self, at: Machine) -> None:
        at.jump_clock(self.chance.choice(_CLOCK_JUMPS))

    # The hub

    def _hub_up(self) -> None:
        if self.play.server.hub is None:
            self.play.server.boot()

    def _kill_hub(self, _at: Machine) -> None:
        if self.play.server.hub is not None:
            self.play.server.dies()
        self._later(self._hub_up)

    def _doom_hub(self, _at: Machine) -> None:
        commits, made = self.chance.randint(1, _COMMITS), self.chance.random() < 0.5
        self.play.server.disk.doom(commits, last_is_made=made)
        self._later(self._hub_up)

    def _hub_disk(self, _at: Machine, condition: Condition) -> None:
        self.play.server.disk.condition = condition
        self._note("hub", condition.value)

        def mend() -> None:
            self.play.server.disk.condition = Condition.FINE
            self._hub_up()

        self._later(mend)

    def _copy_hub(self, _at: Machine) -> None:
        self.play.server.take_image()

    def _put_hub_back(self, _at: Machine, *, whole: bool) -> None:
        server = self.play.server
        if server.images:
            self.play.put_hub_back(self.chance.randrange(len(server.images)), whole=whole)
            self._later(self._hub_up)
