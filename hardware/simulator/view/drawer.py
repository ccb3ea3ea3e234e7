"""What a hand does to the printer: paper, lid, cutter, power, plug; and the drawer behind it."""

from functools import partial
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Vertical

from hardware.fault import Kind
from hardware.simulator.counter import SimulatedCounter
from hardware.simulator.printer.condition import Paper, Trouble
from hardware.simulator.view.controls import Knob, Label, Part, Plugs, Row
from hardware.simulator.view.paper import printer_trouble
from hardware.simulator.view.words import Language, Words

_SHUT: Final = "▄▄▄▄▄▄▄▄▄▄▄▄▄▄\n█▌    ──    ▐█\n▀▀▀▀▀▀▀▀▀▀▀▀▀▀"
_OPEN: Final = "▄▄▄▄▄▄▄▄▄▄▄▄▄▄\n█▌▒▒▒│▒▒▒│▒▒▐█\n█▌ ●●│ ●●│●●▐█\n▀▀▀▀▀▀▀▀▀▀▀▀▀▀"

SHUT_DRAWER: Final = Words("Drawer · shut", "钱箱 · 已关")
OPEN_DRAWER: Final = Words("Drawer · open (click to shut)", "钱箱 · 已开（点击关上）")
ROLL: Final = Words("Paper", "纸卷")
ROLLS: Final = {
    Paper.IN: Words("in", "有纸"),
    Paper.NEAR_END: Words("near end", "将尽"),
    Paper.OUT: Words("out", "用完"),
}
OPEN_LID: Final = Words("open lid", "打开机盖")
SHUT_LID: Final = Words("shut lid", "合上机盖")
JAM: Final = Words("jam cutter", "卡住切刀")
FREE: Final = Words("free cutter", "清理切刀")


class DrawerPart(Part):
    """The drawer as it stands, and the printer's knobs."""

    DEFAULT_CSS: ClassVar[str] = """
    DrawerPart { layout: horizontal; height: 4; }
    DrawerPart #drawer { height: 4; padding: 0; margin-right: 2; background: transparent;
                         color: $foreground-muted; }
    DrawerPart #drawer:hover { color: $accent; }
    DrawerPart #drawer.-on { color: $text-accent; }
    DrawerPart #drawer-says { height: 1; text-wrap: nowrap; }
    DrawerPart #drawer-says.-open { color: $text-accent; text-style: bold; }
    DrawerPart #roll { width: auto; margin-right: 1; color: $text-muted; }
    DrawerPart .rolls > Knob { margin: 0; }
    DrawerPart Knob.-is { background: $foreground 85%; color: $background; }
    DrawerPart Knob.-is.-on { background: $warning-muted; color: $text-warning; }
    """

    def __init__(self, counter: SimulatedCounter) -> None:
        super().__init__(counter, id="printer")
        printer = counter.printer
        self._drawer = Knob(
            lambda: counter.turn(
                Kind.PRINTER, "drawer closed" if printer.drawer_open else "drawer open"
            ),
            id="drawer",
        )
        self._says = Label(id="drawer-says")
        self._roll = Label(id="roll")
        self._rolls = {
            roll: Knob(partial(counter.turn, Kind.PRINTER, f"paper {roll}"), id=f"paper-{roll}")
            for roll in Paper
        }
        self._lid = self.knob(
            Kind.PRINTER, lambda: "cover closed" if printer.cover_open else "cover open", "cover"
        )
        self._cutter = self.knob(
            Kind.PRINTER, lambda: "cutter free" if self._jammed else "cutter jam", "cutter"
        )
        self._plugs = Plugs(counter, Kind.PRINTER)

    def compose(self) -> ComposeResult:
        yield self._drawer
        with Vertical():
            yield self._says
            with Row(classes="rolls"):
                yield self._roll
                yield from self._rolls.values()
            with Row():
                yield self._lid
                yield self._cutter
            yield self._plugs

    @property
    def _jammed(self) -> bool:
        return Trouble.CUTTER_JAMMED in self.counter.troubles

    @property
    def is_unusual(self) -> bool:
        return self.counter.drawer_open or printer_trouble(self.counter) is not None

    def show(self, language: Language) -> None:
        is_open, lid_open = self.counter.drawer_open, self.counter.printer.cover_open
        self._drawer.show(_OPEN if is_open else _SHUT, is_on=is_open)
        self._says.set_class(is_open, "-open")
        self._says.say((OPEN_DRAWER if is_open else SHUT_DRAWER).to(language))
        self._roll.say(ROLL.to(language))
        for roll, knob in self._rolls.items():
            is_so = roll is self.counter.roll
            knob.set_class(is_so, "-is")
            knob.show(ROLLS[roll].to(language), is_on=is_so and roll is not Paper.IN)
        self._lid.show((SHUT_LID if lid_open else OPEN_LID).to(language), is_on=lid_open)
        self._cutter.show((FREE if self._jammed else JAM).to(language), is_on=self._jammed)
        self._plugs.show(language)
