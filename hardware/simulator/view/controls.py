"""What the parts are made of: labels, lamps, knobs. All for the mouse, none takes the focus."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Click
from textual.widgets import Static

from hardware.fault import Kind
from hardware.simulator.counter import SimulatedCounter
from hardware.simulator.machine import Machine
from hardware.simulator.view.words import (
    NO_POWER,
    PLUG,
    READY,
    SWITCH_OFF,
    SWITCH_ON,
    UNPLUG,
    UNPLUGGED,
    Language,
    Words,
)

FLASH_S: Final = 0.3


class Label(Static, can_focus=False):
    """Text that is laid out anew only when it has changed."""

    _said: Content | None = None

    def say(self, text: str | Content) -> None:
        content = Content(text) if isinstance(text, str) else text
        if content != self._said:
            self._said = content
            self.update(content)

    def flash(self, name: str) -> None:
        """Be of that class for a moment: what was clicked has worked."""
        self.add_class(name)
        self.set_timer(FLASH_S, partial(self.remove_class, name))


class Knob(Label):
    """Something to click; `-on` marks what is out of the ordinary."""

    DEFAULT_CSS: ClassVar[str] = """
    Knob { width: auto; height: 1; padding: 0 1; margin-right: 1; background: $foreground 12%;
           color: $foreground; text-wrap: nowrap; text-overflow: clip; pointer: pointer; }
    Knob:hover { background: $accent; color: $text; }
    Knob.-on { background: $warning-muted; color: $text-warning; text-style: bold; }
    Knob.-on:hover { background: $warning; color: $text; }
    """

    def __init__(self, press: Callable[[], object], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._press = press

    def show(self, text: str, *, is_on: bool) -> None:
        self.set_class(is_on, "-on")
        self.say(text)

    def on_click(self, event: Click) -> None:  # noqa: ARG002  some look at it
        self._press()


class Lamp(Label):
    """Whether something is in order, in a word."""

    DEFAULT_CSS: ClassVar[str] = """
    Lamp { width: auto; height: 1; color: $text-success; text-wrap: nowrap;
           text-overflow: clip; }
    Lamp.-bad { color: $text-error; text-style: bold; }
    """

    def show(self, text: str, *, is_bad: bool) -> None:
        self.set_class(is_bad, "-bad")
        self.say(f"{'▲' if is_bad else '●'} {text}")


class Scroll(VerticalScroll, can_focus=False):
    """Scrolls by the wheel and its bar."""

    DEFAULT_CSS: ClassVar[str] = """
    Scroll { scrollbar-size-vertical: 1; scrollbar-background: $surface;
             scrollbar-background-hover: $surface; scrollbar-color: $foreground 30%; }
    """


class Row(Horizontal, can_focus=False):
    """One line of labels and knobs."""

    DEFAULT_CSS: ClassVar[str] = """
    Row { height: 1; width: 1fr; }
    Row > .title { width: 1fr; height: 1; color: $text-muted; text-wrap: nowrap;
                   text-overflow: ellipsis; }
    """


class Part(Vertical, can_focus=False):
    """One or several devices to look at. A part is told when to look again."""

    DEFAULT_CSS: ClassVar[str] = """
    Part { height: auto; }
    """

    def __init__(
        self,
        counter: SimulatedCounter,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.counter = counter

    def show(self, language: Language) -> None:
        """Look at the devices and say in that language how they are."""
        raise NotImplementedError

    @property
    def is_unusual(self) -> bool:
        """Something about them wants to be seen."""
        return False

    def knob(self, kind: Kind, words: Callable[[], str], name: str) -> Knob:
        """One that turns a knob of that device; `words` are asked for when it is clicked."""
        return Knob(lambda: self.counter.turn(kind, words()), id=f"{kind}-{name}")


class Plugs(Row):
    """Power and plug of one device."""

    DEFAULT_CSS: ClassVar[str] = """
    Plugs { width: auto; }
    Plugs > Knob:last-child { margin-right: 0; }
    """

    def __init__(self, counter: SimulatedCounter, kind: Kind) -> None:
        super().__init__()
        self._machine = machine = counter.machines[kind]
        self._power = Knob(
            lambda: counter.turn(kind, "power off" if machine.powered else "power on"),
            id=f"{kind}-power",
        )
        self._plug = Knob(
            lambda: counter.turn(kind, "unplug" if machine.plugged else "plug"), id=f"{kind}-plug"
        )

    def compose(self) -> ComposeResult:
        yield self._power
        yield self._plug

    def show(self, language: Language) -> None:
        powered, plugged = self._machine.powered, self._machine.plugged
        self._power.show((SWITCH_OFF if powered else SWITCH_ON).to(language), is_on=not powered)
        self._plug.show((UNPLUG if plugged else PLUG).to(language), is_on=not plugged)


def trouble_of(machine: Machine) -> Words | None:
    """Why nobody can speak with it."""
    if not machine.powered:
        return NO_POWER
    return None if machine.plugged else UNPLUGGED


def show_lamp(lamp: Lamp, trouble: Words | None, language: Language, fine: Words = READY) -> None:
    lamp.show((trouble or fine).to(language), is_bad=trouble is not None)
