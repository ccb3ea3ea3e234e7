"""The doors of a simulated locker, whatever board drives them: springs, contacts, hands, trouble.

Owns what is true of each door and which pulses were given. Refuses to own the bytes: a kind of
board in `hardware.simulator.locker.boards` does.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from hardware.locker.board import Feedback
from hardware.simulator.machine import Machine

SILENCE_S: Final = 0.025
"""A pause as long ends a command, whole or not."""
HELD_BYTES: Final = 256
SPRING_S: Final = 0.2
"""From the pulse until the door has sprung open."""
ANSWER_S: Final = 0.7
"""From the order to open until it is answered."""


@dataclass(slots=True)
class Door:
    """What is true of it; `openings` counts how often it ever opened, by whatever."""

    is_open: bool = False
    jammed: bool = False
    occupied: bool = False
    openings: int = 0


class SimulatedLocker(Machine):
    """Boards on one wire. Doors are numbered from 1, board after board, as the driver does.

    `pulses` has every one that was given, as (board, lock). A silent board says nothing and does
    all the same what it is told: nobody can know from here.
    """

    usual_number: ClassVar[int] = 1

    def __init__(
        self,
        *,
        boards: Sequence[int] = (),
        locks: Sequence[int] = (12,),
        feedback: Feedback = Feedback.CLOSED_WHEN_LOCKED,
        spring_s: float = SPRING_S,
        answer_s: float = ANSWER_S,
        tells: bool = False,
    ) -> None:
        """`locks` of each board, or one number for all; `tells`: it tells unasked when a door
        moves. `ValueError` when they do not fit each other."""
        super().__init__()
        numbers = tuple(boards) or (self.usual_number,)
        if len(set(numbers)) != len(numbers):
            raise ValueError("a board is named twice")
        counts = tuple(locks) * (len(numbers) if len(locks) == 1 else 1)
        self.boards: Final = dict(zip(numbers, counts, strict=True))
        self.places: Final = [
            (board, lock) for board, count in self.boards.items() for lock in range(1, count + 1)
        ]
        self.doors: Final = {place: Door() for place in self.places}
        self.feedback = feedback
        self.tells = tells
        self.echo = False
        self.silent: set[int] = set()
        self.pulses: list[tuple[int, int]] = []
        self._leads_to: dict[tuple[int, int], tuple[int, int]] = {}
        self._spring_s, self._answer_s = spring_s, answer_s
        self._tear_after: int | None = None
        self._heard = bytearray()
        self._heard_at = 0.0
        self._power_cuts = 0

    # ---- of each kind of board

    @abstractmethod
    def _act(self, heard: bytes) -> int:
        """Do the command that `heard` begins with; how many bytes it takes, or how many are no
        command; 0 while it is not whole."""

    def _moved(self, board: int, lock: int) -> bytes:  # noqa: ARG002
        """What it tells unasked when that door moved."""
        return b""

    # ---- the wire

    def feed(self, data: bytes) -> int:
        if not self.powered:
            return len(data)
        if self.echo:
            self._say(data)
        now = asyncio.get_running_loop().time()
        if now - self._heard_at >= SILENCE_S:
            self._heard.clear()
        self._heard_at = now
        self._heard += data
        while self._heard and (used := self._act(bytes(self._heard))):
            del self._heard[:used]
        del self._heard[:-HELD_BYTES]
        return len(data)

    def options(self) -> dict[str, object]:
        counts = list(self.boards.values())
        same = len(set(counts)) == 1
        return {
            "boards": ",".join(map(str, self.boards)),
            "locks": ",".join(map(str, counts[:1] if same else counts)),
            "feedback": self.feedback,
        }

    def power_off(self) -> None:
        self._power_cuts += 1
        self._heard.clear()
        super().power_off()

    # ---- what boards do

    def _answer(self, board: int, answer: Callable[[], bytes], after_s: float = 0.0) -> None:
        """Say what `answer` gives by then, unless the power went meanwhile."""
        powered_since = self._power_cuts

        def say() -> None:
            if powered_since != self._power_cuts or board in self.silent:
                return
            said, self._tear_after = answer()[: self._tear_after], None
            self._say(said)

        self._later(after_s, say)

    def _pulse(self, board: int, lock: int) -> None:
        """The coil pulls; the door springs open unless it is jammed."""
        place = (board, lock)
        self.pulses.append(place)
        self._told(f"pulse board {board} lock {lock}")
        self._changed()
        door = self.doors[self._leads_to.get(place, place)]
        if not door.jammed:
            self._later(self._spring_s, lambda: self._move(door, is_open=True))

    def _closed(self, board: int, lock: int) -> bool:
        """The contact at the door, not the door."""
        locked = not self.doors[board, lock].is_open
        return locked == (self.feedback is Feedback.CLOSED_WHEN_LOCKED)

    def _move(self, door: Door, *, is_open: bool) -> None:
        if door.is_open == is_open:
            return
        door.is_open = is_open
        door.openings += is_open
        place = next(place for place, each in self.doors.items() if each is door)
        self._told(f"door {self.places.index(place) + 1} {'open' if is_open else 'closed'}")
        if self.tells and (told := self._moved(*place)):
            self._answer(place[0], lambda: told)
        self._changed()

    # ---- hands and trouble

    def door(self, number: int) -> Door:
        """`ValueError` when there is none."""
        if not 1 <= number <= len(self.places):
            raise ValueError(f"no door {number}")
        return self.doors[self.places[number - 1]]

    def open_by_hand(self, number: int) -> None:
        """With the mechanical key, or with force."""
        self._move(self.door(number), is_open=True)

    def close_by_hand(self, number: int) -> None:
        self._move(self.door(number), is_open=False)

    def jam(self, number: int, *, jammed: bool = True) -> None:
        """Something holds the door shut."""
        self.door(number).jammed = jammed
        self._changed()

    def cross(self, ordered: int, opens: int) -> None:
        """The wire of one lock goes to another's door."""
        self.door(ordered), self.door(opens)
        self._leads_to[self.places[ordered - 1]] = self.places[opens - 1]

    def tear(self, after_bytes: int) -> None:
        """The next answer breaks off."""
        self._tear_after = after_bytes

    def turn_knob(self, words: str) -> None:  # noqa: C901  one case a knob
        """Beside those of every machine: jam 3, free 3, open 3, close 3, put 3, take 3, wrong 3 5
        (the order for 3 opens 5), silent, speak, silent 2 (board 2), speak 2, echo on|off,
        tell on|off, tear 4, polarity closed_when_locked|closed_when_open."""
        match words.split():
            case ["jam" | "free" as act, door]:
                self.jam(int(door), jammed=act == "jam")
            case ["open", door]:
                self.open_by_hand(int(door))
            case ["close", door]:
                self.close_by_hand(int(door))
            case ["put" | "take" as act, door]:
                self.door(int(door)).occupied = act == "put"
            case ["wrong", ordered, opens]:
                self.cross(int(ordered), int(opens))
            case ["silent", *boards]:
                self.silent.update(map(int, boards) if boards else self.boards)
            case ["speak", *boards]:
                self.silent.difference_update(map(int, boards) if boards else self.boards)
            case ["echo", "on" | "off" as state]:
                self.echo = state == "on"
            case ["tell", "on" | "off" as state]:
                self.tells = state == "on"
            case ["tear", count]:
                self.tear(int(count))
            case ["polarity", wired]:
                self.feedback = Feedback(wired)
            case _:
                super().turn_knob(words)
