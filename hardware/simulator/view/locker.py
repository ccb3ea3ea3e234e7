"""The locker as a grid of doors: a click shuts an open one and picks any for the knobs below."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Click

from hardware.fault import Kind
from hardware.locker.compartment import Size
from hardware.simulator.counter import SIZES, SimulatedCounter
from hardware.simulator.view.controls import (
    Knob,
    Label,
    Lamp,
    Part,
    Plugs,
    Row,
    show_lamp,
    trouble_of,
)
from hardware.simulator.view.words import MUTE, OPEN, SHUT, SPEAK, Language, Words

_RIGHT_BUTTON: Final = 3

LOCKER: Final = Words("Pickup locker", "自提柜")
HINT: Final = Words("Click shuts a door; right click jams it", "点击关门；右键卡住")
PICKED: Final = Words("Door {} · {}", "{} 号门 · {}")
JAM: Final = Words("jam", "卡住")
FREE: Final = Words("free", "松开")
JAMMED: Final = Words("jam", "卡住")
FORCE: Final = Words("force open", "撬开")
CLOSE: Final = Words("shut", "关上")


class Door(Knob):
    """A door of the cabinet; `press_other` is for the right button, or Ctrl."""

    def __init__(
        self,
        number: int,
        size: Size,
        press: Callable[[], object],
        press_other: Callable[[], object],
    ) -> None:
        super().__init__(press, id=f"door-{number}")
        self.door_size = size
        self._press_other = press_other
        self.add_class(f"size-{size}", "-odd" if number % 2 else "-even")

    def on_click(self, event: Click) -> None:
        if event.ctrl or event.button == _RIGHT_BUTTON:
            self._press_other()
        else:
            self._press()


class LockerPart(Part):
    """The cabinet, and its knobs."""

    DEFAULT_CSS: ClassVar[str] = """
    LockerPart #cabinet { height: auto; background: $background; padding: 0 1; }
    LockerPart .tower { width: 1fr; height: auto; margin-right: 1; }
    LockerPart .tower:last-child { margin-right: 0; }
    LockerPart #locker-lamp { margin-right: 1; }
    LockerPart Door { width: 1fr; margin: 0; padding: 0; content-align: center middle;
                      background: $foreground 14%; }
    LockerPart Door.-even { background: $foreground 20%; }
    LockerPart Door.-on { background: #04211f; color: #7df9e6; }
    LockerPart Door.-jam { background: $error-muted; color: $text-error; }
    LockerPart Door.-picked { text-style: bold underline; }
    LockerPart Door:hover { background: $accent; color: $text; }
    LockerPart .size-M { height: 2; } LockerPart .size-L { height: 3; }
    LockerPart .size-XL { height: 6; }
    """

    def __init__(self, counter: SimulatedCounter) -> None:
        super().__init__(counter, id="locker")
        self._title = Label(id="locker-title", classes="title")
        self._lamp = Lamp(id="locker-lamp")
        self._mute = self.knob(
            Kind.LOCKER, lambda: "speak" if counter.locker.silent else "silent", "mute"
        )
        self._plugs = Plugs(counter, Kind.LOCKER)
        self.doors: Final = {
            number: Door(number, size, partial(self._shut, number), partial(self._jam_it, number))
            for number, size in enumerate(SIZES, 1)
        }
        self._picked: int | None = None
        self._says = Label(id="door-says", classes="title")
        self._jam = Knob(self._turn_jam, id="door-jam")
        self._force = Knob(self._turn_door, id="door-force")

    def compose(self) -> ComposeResult:
        with Row():
            yield self._title
            yield self._lamp
            yield self._mute
            yield self._plugs
        with Horizontal(id="cabinet"):
            for size in Size:
                with Vertical(classes="tower"):
                    yield from (door for door in self.doors.values() if door.door_size is size)
        with Row():
            yield self._says
            yield self._jam
            yield self._force

    # ---- hands

    def _shut(self, number: int) -> None:
        self._picked = number
        self.counter.turn(Kind.LOCKER, f"close {number}")

    def _jam_it(self, number: int) -> None:
        self._picked = number
        self._turn_jam()

    def _turn_jam(self) -> None:
        if self._picked is not None:
            jammed = self.counter.locker.door(self._picked).jammed
            self.counter.turn(Kind.LOCKER, f"{'free' if jammed else 'jam'} {self._picked}")

    def _turn_door(self) -> None:
        if self._picked is not None:
            is_open = self.counter.locker.door(self._picked).is_open
            self.counter.turn(Kind.LOCKER, f"{'close' if is_open else 'open'} {self._picked}")

    # ---- to be seen

    @property
    def is_unusual(self) -> bool:
        locker = self.counter.locker
        some = any(door.is_open or door.jammed for door in locker.doors.values())
        return some or bool(locker.silent) or trouble_of(locker) is not None

    def show(self, language: Language) -> None:
        locker = self.counter.locker
        self._title.say(LOCKER.to(language))
        mute = bool(locker.silent)
        show_lamp(self._lamp, trouble_of(locker) or (MUTE if mute else None), language)
        self._mute.show((SPEAK if mute else MUTE).to(language), is_on=mute)
        self._plugs.show(language)
        for number, door in self.doors.items():
            one = locker.door(number)
            door.set_class(one.jammed and not one.is_open, "-jam")
            door.set_class(number == self._picked, "-picked")
            door.show(
                f"{number:>2} {door.door_size} {self._state(number).to(language)}",
                is_on=one.is_open,
            )
        self._show_picked(language)

    def _state(self, number: int) -> Words:
        door = self.counter.locker.door(number)
        return OPEN if door.is_open else JAMMED if door.jammed else SHUT

    def _show_picked(self, language: Language) -> None:
        for knob in (self._jam, self._force):
            knob.display = self._picked is not None
        if self._picked is None:
            self._says.say(HINT.to(language))
            return
        door = self.counter.locker.door(self._picked)
        state = self._state(self._picked).to(language)
        self._says.say(PICKED.to(language).format(self._picked, state))
        self._jam.show((FREE if door.jammed else JAM).to(language), is_on=door.jammed)
        self._force.show((CLOSE if door.is_open else FORCE).to(language), is_on=door.is_open)
