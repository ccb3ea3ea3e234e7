"""The scale: what it shows, and what a hand lays on it."""

from decimal import Decimal
from functools import partial
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Digits

from hardware.fault import Kind
from hardware.simulator.counter import SimulatedCounter
from hardware.simulator.scale import State
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
from hardware.simulator.view.words import MUTE, SPEAK, Language, Words

HANDFUL_KG: Final = Decimal("0.100")
BAG_KG: Final = Decimal("0.655")
_BARS: Final = "-----"

SCALE: Final = Words("Scale", "电子秤")
EMPTY: Final = Words("empty", "清空")
HANDFUL: Final = Words("+100 g", "+100 克")
BAG: Final = Words("655 g", "655 克")
WOBBLE: Final = Words("wobble", "晃动")
REST: Final = Words("rest", "静止")
OVERLOAD: Final = Words("overload", "超载")
LIGHTEN: Final = Words("lighten", "卸载")
STATES: Final = {
    State.STABLE: Words("stable", "稳定"),
    State.UNSTABLE: Words("moving", "未稳"),
    State.OVERLOAD: Words("overload", "超载"),
    State.NEGATIVE: Words("below zero", "低于零"),
    State.SILENT: Words("mute", "无应答"),
}


class ScalePart(Part):
    """The scale's own display, and its knobs."""

    DEFAULT_CSS: ClassVar[str] = """
    ScalePart { layout: horizontal; height: 4; }
    ScalePart #led { width: 22; height: 4; padding: 0 1; margin-right: 2; background: #1c0b06;
                     color: #ff6a3d; }
    ScalePart #digits { width: 1fr; height: 3; text-align: right; color: #ff6a3d; }
    ScalePart #led-says { height: 1; width: 1fr; text-align: right; color: #b04a2c; }
    ScalePart #led.-dark #digits, ScalePart #led.-dark #led-says { color: #1c0b06; }
    """

    def __init__(self, counter: SimulatedCounter) -> None:
        super().__init__(counter, id="scale")
        self._digits = Digits(id="digits")
        self._led_says = Label(id="led-says")
        self._led = Vertical(self._digits, self._led_says, id="led")
        self._title = Label(id="scale-title", classes="title")
        self._lamp = Lamp(id="scale-lamp")
        self._empty = self.knob(Kind.SCALE, lambda: "weight 0.000", "empty")
        self._handful = Knob(lambda: counter.add_weight(HANDFUL_KG), id="scale-handful")
        self._bag = self.knob(Kind.SCALE, lambda: f"weight {BAG_KG}", "bag")
        self._toggles = {
            state: self.knob(Kind.SCALE, partial(self._toggled, state), state)
            for state in (State.UNSTABLE, State.OVERLOAD, State.SILENT)
        }
        self._plugs = Plugs(counter, Kind.SCALE)

    def compose(self) -> ComposeResult:
        yield self._led
        with Vertical():
            with Row():
                yield self._title
                yield self._lamp
            with Row():
                yield self._empty
                yield self._handful
                yield self._bag
            with Row():
                yield from self._toggles.values()
            yield self._plugs

    def _toggled(self, state: State) -> str:
        return State.STABLE if self.counter.scale.state is state else state

    @property
    def is_unusual(self) -> bool:
        scale = self.counter.scale
        return trouble_of(scale) is not None or scale.state is not State.STABLE

    def show(self, language: Language) -> None:
        scale = self.counter.scale
        state = scale.state
        trouble = trouble_of(scale) or (STATES[state] if state is not State.STABLE else None)
        self._title.say(SCALE.to(language))
        show_lamp(self._lamp, trouble, language, STATES[State.STABLE])
        self._led.set_class(not scale.powered, "-dark")
        sign = "-" if state is State.NEGATIVE else ""
        shown = _BARS if state is State.OVERLOAD else f"{sign}{scale.shown}"
        if shown != self._digits.value:
            self._digits.update(shown)
        self._led_says.say(f"{'~ ' if state is State.UNSTABLE else ''}{scale.unit}")
        self._empty.show(EMPTY.to(language), is_on=False)
        self._handful.show(HANDFUL.to(language), is_on=False)
        self._bag.show(BAG.to(language), is_on=False)
        for each, (on, off) in {
            State.UNSTABLE: (WOBBLE, REST),
            State.OVERLOAD: (OVERLOAD, LIGHTEN),
            State.SILENT: (MUTE, SPEAK),
        }.items():
            is_so = state is each
            self._toggles[each].show((off if is_so else on).to(language), is_on=is_so)
        self._plugs.show(language)
