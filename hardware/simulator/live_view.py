"""The simulated counter to look at and to play with: paper, drawer, lamps, doors, a shelf to scan.

A Textual widget for the mouse alone: nothing in it ever takes the focus, so a till's screen beside
it keeps every key. Colours come from the theme of the app around it. Owns how the parts of
`hardware.simulator.view` are laid out in the room there is.
"""

from functools import partial
from typing import ClassVar, Final

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ItemGrid, Vertical
from textual.reactive import reactive

from hardware.simulator.counter import SimulatedCounter
from hardware.simulator.view.addresses import AddressesPart
from hardware.simulator.view.controls import Knob, Label, Part, Row, Scroll
from hardware.simulator.view.display import DisplayPart
from hardware.simulator.view.drawer import DrawerPart
from hardware.simulator.view.locker import LockerPart
from hardware.simulator.view.paper import PaperPart
from hardware.simulator.view.scale import ScalePart
from hardware.simulator.view.shelf import ShelfPart
from hardware.simulator.view.words import Language, Words

__all__ = ["CounterApp", "CounterView", "Language"]

MEDIUM_COLUMNS: Final = 78
"""The shelf stands beside the paper from here on."""
WIDE_COLUMNS: Final = 114
"""Everything is seen at once from here on."""
PART_COLUMNS: Final = 51
"""What a part takes that was not folded."""
SHORT_ROWS: Final = 34
TALL_ROWS: Final = 46

TABS: Final = {
    "printer": Words("Printer·drawer", "打印机·钱箱"),
    "scale": Words("Scale", "电子秤"),
    "locker": Words("Locker", "自提柜"),
    "addresses": Words("Addresses", "地址"),
}


class CounterView(Vertical, can_focus=False):
    """A view of one counter, at least 40 columns wide; whoever embeds it serves the counter.

    Paper, shelf and customer display are always seen; of the rest what its tab picks, or all of
    it where there is room.
    """

    DEFAULT_CSS: ClassVar[str] = """
    CounterView { background: $surface; color: $foreground; padding: 0 1; }
    CounterView #front { height: 1fr; }
    CounterView #side { height: auto; }
    CounterView #display, CounterView #tabs, CounterView #shelving { margin-top: 1; }
    CounterView .tab { margin: 0 1 0 0; }
    CounterView .tab.-picked { background: $foreground 85%; color: $background;
                               text-style: bold; }
    CounterView #rest { height: auto; }
    CounterView #parts { height: auto; grid-gutter: 1 2; }
    CounterView #parts > Part { display: none; }
    CounterView #parts > Part.-picked { display: block; }

    CounterView.-short #display, CounterView.-short #tabs, CounterView.-short #shelving
        { margin: 0; }
    CounterView.-short #display, CounterView.-short #display > Vertical { height: 2; padding: 0; }
    CounterView.-short #glass { height: 2; border: none; padding: 0 2; }
    CounterView.-short #shelf { max-height: 3; }
    CounterView.-short #rest { max-height: 8; }

    CounterView.-tall .size-S { height: 2; } CounterView.-tall .size-M { height: 4; }
    CounterView.-tall .size-L { height: 6; } CounterView.-tall .size-XL { height: 12; }
    CounterView.-tall Door { border-bottom: hkey $background; }

    CounterView.-medium #front, CounterView.-wide { layout: horizontal; }
    CounterView.-medium #printing { width: 52; margin-right: 1; }
    CounterView.-medium #shelving { height: 1fr; margin: 0; }
    CounterView.-medium #shelf { height: 1fr; max-height: 100%; }
    CounterView.-medium #shelving > Row
        { layout: grid; grid-size: 2; grid-columns: 1fr auto; height: 2; }
    CounterView.-medium #shelving > Row > Plugs { column-span: 2; }
    CounterView.-medium #scanner-lamp { margin: 0; }

    CounterView.-wide #front { width: 51; margin-right: 2; }
    CounterView.-wide #shelf { max-height: 10; }
    CounterView.-wide #side { width: 1fr; height: 1fr; }
    CounterView.-wide #display { width: 51; margin: 0 0 1 0; }
    CounterView.-wide #tabs { display: none; }
    CounterView.-wide #rest { height: 1fr; max-height: 100%; }
    CounterView.-wide #parts > Part { display: block; }
    """

    language: reactive[Language] = reactive[Language]("zh")

    def __init__(
        self,
        counter: SimulatedCounter,
        language: Language = "zh",
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.counter = counter
        self.set_reactive(CounterView.language, language)
        self._stale = False
        self._paper = PaperPart(counter)
        self._shelf = ShelfPart(counter, self._changed)
        self._display = DisplayPart(counter)
        folded = DrawerPart(counter), ScalePart(counter), LockerPart(counter)
        self._folded: dict[str, Part] = {str(part.id): part for part in folded}
        self._folded["addresses"] = AddressesPart(counter)
        self._tabs = {name: Knob(partial(self.pick, name), id=f"{name}-tab") for name in TABS}
        self._picked = next(iter(TABS))

    def compose(self) -> ComposeResult:
        with Vertical(id="front"):
            yield self._paper
            yield self._shelf
        with Vertical(id="side"):
            yield self._display
            with Row(id="tabs"):
                for tab in self._tabs.values():
                    tab.add_class("tab")
                    yield tab
            with Scroll(id="rest"), ItemGrid(id="parts", min_column_width=PART_COLUMNS):
                yield from self._folded.values()

    def pick(self, tab: str) -> None:
        """Show that part, where there is no room for all."""
        self._picked = tab
        self._show()

    def on_mount(self) -> None:
        self.counter.on_change.append(self._changed)
        self._show()

    def on_unmount(self) -> None:
        self.counter.on_change.remove(self._changed)

    def on_resize(self) -> None:
        self.make_room(*self.outer_size)
        self.call_after_refresh(self._show)

    def make_room(self, columns: int, rows: int) -> None:
        """Arrange the parts for so much room. It does that by itself when it is given another; who
        is about to show it says so beforehand, or what is clicked at moves away."""
        self.set_class(MEDIUM_COLUMNS <= columns < WIDE_COLUMNS, "-medium")
        self.set_class(columns >= WIDE_COLUMNS, "-wide")
        self.set_class(rows < SHORT_ROWS, "-short")
        self.set_class(rows >= TALL_ROWS or columns >= WIDE_COLUMNS, "-tall")

    def watch_language(self) -> None:
        if self.is_mounted:
            self._show()

    def _changed(self) -> None:
        """Many lines may come out between two frames: they are drawn once."""
        if not self._stale:
            self._stale = True
            self.call_after_refresh(self._show)

    def _show(self) -> None:
        self._stale = False
        if not self.is_mounted:
            return
        for part in (self._paper, self._shelf, self._display, *self._folded.values()):
            part.show(self.language)
        for name, tab in self._tabs.items():
            part = self._folded[name]
            part.set_class(name == self._picked, "-picked")
            tab.set_class(name == self._picked, "-picked")
            mark = " ▲" if part.is_unusual else ""
            tab.show(TABS[name].to(self.language) + mark, is_on=part.is_unusual)


_KEYS: Final = Words("q quit  l 中文  d light/dark", "q 退出  l English  d 明暗")


class CounterApp(App[None]):
    """The counter alone, filling a terminal; q ends it. Whoever runs it serves the counter
    meanwhile."""

    CSS: ClassVar[str] = """
    #keys { height: 1; padding: 0 1; background: $panel; color: $text-muted; }
    """
    ENABLE_COMMAND_PALETTE: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit"),
        Binding("l", "language", "language"),
        Binding("d", "dark", "dark or light"),
    ]

    def __init__(self, counter: SimulatedCounter, language: Language = "zh") -> None:
        super().__init__()
        self._view = CounterView(counter, language)
        self._keys = Label(id="keys")

    def compose(self) -> ComposeResult:
        yield self._view
        yield self._keys

    def on_mount(self) -> None:
        self._view.make_room(self.size.width, self.size.height - 1)
        self._keys.say(_KEYS.to(self._view.language))

    def action_language(self) -> None:
        self._view.language = "en" if self._view.language == "zh" else "zh"
        self._keys.say(_KEYS.to(self._view.language))

    def action_dark(self) -> None:
        self.theme = "textual-light" if self.theme == "textual-dark" else "textual-dark"
