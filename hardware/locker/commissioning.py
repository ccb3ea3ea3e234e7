"""Finding out how the contacts of a new locker are wired: each door is opened and closed by hand.

    >>> steps = Commissioning([1, 2])
    >>> steps.step
    Step(act=<Act.CLOSE_ALL: 'close_all'>, door=None)
    >>> steps.read({1: True, 2: True})

and so on: a person does what `step` says, the contacts are read (`Locker.contacts`) and handed to
`read`, until `step` is None and `verdict` is there. Refuses to own the reading and the screen.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hardware.locker.board import Feedback


class Act(StrEnum):
    """What the person at the locker does."""

    CLOSE_ALL = "close_all"
    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Step:
    """One act, at `door` or at all."""

    act: Act
    door: int | None = None

    @property
    def say_en(self) -> str:
        return _SAY[self.act][0].format(door=self.door)

    @property
    def say_zh(self) -> str:
        return _SAY[self.act][1].format(door=self.door)


_SAY = {
    Act.CLOSE_ALL: ("Close all doors.", "请关好所有柜门。"),
    Act.OPEN: ("Open door {door} with the key.", "请用钥匙打开 {door} 号门。"),
    Act.CLOSE: ("Close door {door}.", "请关好 {door} 号门。"),
}


class Wiring(StrEnum):
    """What is wrong with the contact of a door."""

    DEAD = "dead"
    """Nothing changed when it was opened."""
    INVERTED = "inverted"
    """It changed the other way than most do."""
    CROSSED = "crossed"
    """The contact of another door changed in its place."""
    SHARED = "shared"
    """The contacts of other doors changed with it."""
    UNSTEADY = "unsteady"
    """Closed again, it was not as before."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A door that is wired wrongly; `moved` are the doors whose contacts changed instead or too."""

    wiring: Wiring
    moved: tuple[int, ...] = ()

    def say_en(self, door: int) -> str:
        """What is wrong with that door, and what to do."""
        return _WRONG[self.wiring][0].format(door=door, moved=", ".join(map(str, self.moved)))

    def say_zh(self, door: int) -> str:
        """The same in Chinese."""
        return _WRONG[self.wiring][1].format(door=door, moved="、".join(map(str, self.moved)))


_WRONG = {
    Wiring.DEAD: (
        "Door {door}: its contact never changed. Check its plug and its wire.",
        "{door} 号门：触点没有变化，请检查插头与接线。",
    ),
    Wiring.INVERTED: (
        "Door {door}: its contact is wired the other way than most. Swap its wires.",
        "{door} 号门：触点接法与多数柜门相反，请调换接线。",
    ),
    Wiring.CROSSED: (
        "Door {door}: the contact of {moved} changed instead. Swap their plugs.",
        "{door} 号门：变化的是 {moved} 号门的触点，请对调插头。",
    ),
    Wiring.SHARED: (
        "Door {door}: the contact of {moved} changed too. Part their wires.",
        "{door} 号门：{moved} 号门的触点同时变化，请分开接线。",
    ),
    Wiring.UNSTEADY: (
        "Door {door}: closed again, its contact was not as before. Adjust or replace it.",
        "{door} 号门：关好后触点未复原，请调整或更换。",
    ),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`feedback` for the URL, None when no door's contact told; `misfits` by door."""

    feedback: Feedback | None
    misfits: Mapping[int, Misfit]

    @property
    def sound(self) -> bool:
        return self.feedback is not None and not self.misfits


@dataclass(slots=True)
class _Seen:
    """What a door's opening changed: contacts by door, and whether closing undid it."""

    moved: dict[int, bool]
    undone: bool = False


class Commissioning:
    """The steps for these doors, in this order."""

    def __init__(self, doors: Sequence[int]) -> None:
        self._steps = [Step(Act.CLOSE_ALL)]
        for door in doors:
            self._steps += [Step(Act.OPEN, door), Step(Act.CLOSE, door)]
        self._done = 0
        self._before: Mapping[int, bool] = {}
        self._seen: dict[int, _Seen] = {}

    @property
    def step(self) -> Step | None:
        """What to do next; None at the end."""
        return self._steps[self._done] if self._done < len(self._steps) else None

    def read(self, contacts: Mapping[int, bool]) -> None:
        """The contacts (closed?) of all doors after the step was done."""
        step = self.step
        if step is None:
            raise ValueError("all steps are done")
        if step.door is None:
            self._before = dict(contacts)
        elif step.act is Act.OPEN:
            moved = {door: now for door, now in contacts.items() if now != self._before[door]}
            self._seen[step.door] = _Seen(moved)
        else:
            self._seen[step.door].undone = contacts == self._before
            self._before = dict(contacts)
        self._done += 1

    @property
    def verdict(self) -> Verdict | None:
        """Once all steps are done."""
        if self.step is not None:
            return None
        told = Counter(now for seen in self._seen.values() for now in seen.moved.values())
        if not told:
            return Verdict(None, {door: _misfit(door, self._seen[door]) for door in self._seen})
        closed_when_open = told[True] > told[False]
        misfits = {
            door: _misfit(door, seen)
            for door, seen in self._seen.items()
            if seen.moved != {door: closed_when_open} or not seen.undone
        }
        wired = Feedback.CLOSED_WHEN_OPEN if closed_when_open else Feedback.CLOSED_WHEN_LOCKED
        return Verdict(wired, misfits)


def _misfit(door: int, seen: _Seen) -> Misfit:
    others = tuple(other for other in seen.moved if other != door)
    if not seen.moved:
        return Misfit(Wiring.DEAD)
    if others:
        return Misfit(Wiring.SHARED if door in seen.moved else Wiring.CROSSED, others)
    return Misfit(Wiring.INVERTED if seen.undone else Wiring.UNSTEADY)
