"""The customer display as it looks: two lines of twenty glowing characters."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Vertical

from hardware.fault import Kind
from hardware.simulator.counter import SimulatedCounter
from hardware.simulator.view.controls import Label, Lamp, Part, Plugs, Row, show_lamp, trouble_of
from hardware.simulator.view.words import Language, Words

DISPLAY: Final = Words("Display", "客显屏")


class DisplayPart(Part):
    """The display and its plugs."""

    DEFAULT_CSS: ClassVar[str] = """
    DisplayPart { layout: horizontal; height: 4; }
    DisplayPart #glass { width: 24; height: 4; padding: 0 1; margin-right: 2; background: #04211f;
                         color: #7df9e6; border: round #3d5a57; text-wrap: nowrap; }
    DisplayPart #glass.-dark { color: #04211f; }
    DisplayPart > Vertical { height: 4; padding-top: 1; }
    """

    def __init__(self, counter: SimulatedCounter) -> None:
        super().__init__(counter, id="display")
        self._glass = Label(id="glass")
        self._title = Label(id="display-title", classes="title")
        self._lamp = Lamp(id="display-lamp")
        self._plugs = Plugs(counter, Kind.DISPLAY)

    def compose(self) -> ComposeResult:
        yield self._glass
        with Vertical():
            with Row():
                yield self._title
                yield self._lamp
            yield self._plugs

    def show(self, language: Language) -> None:
        display = self.counter.display
        self._title.say(DISPLAY.to(language))
        show_lamp(self._lamp, trouble_of(display), language)
        self._plugs.show(language)
        self._glass.set_class(not display.powered, "-dark")
        self._glass.say("\n".join(display.lines))
