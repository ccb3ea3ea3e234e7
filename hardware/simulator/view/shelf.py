"""The scanner, and a shelf of goods that are held before it by a click."""

import asyncio
from collections.abc import Callable
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import ItemGrid
from textual.content import Content

from hardware.fault import Kind
from hardware.simulator.counter import Goods, SimulatedCounter
from hardware.simulator.view.controls import (
    Label,
    Lamp,
    Part,
    Plugs,
    Row,
    Scroll,
    show_lamp,
    trouble_of,
)
from hardware.simulator.view.words import Language, Words

SCANNER: Final = Words("Scanner", "扫描枪")
CLICK: Final = Words("Scanner: click to scan", "扫描枪：点击扫码")
NOT_READ: Final = Words("nobody reads", "无人接收")


class Chip(Label):
    """A product on the shelf; what is sold by weight is marked."""

    DEFAULT_CSS: ClassVar[str] = """
    Chip { height: 1; padding: 0 1; background: $foreground 8%; text-wrap: nowrap;
           text-overflow: ellipsis; pointer: pointer; }
    Chip:hover { background: $accent; color: $text; }
    Chip.-beep { background: $success-muted; color: $text-success; }
    """

    def __init__(self, goods: Goods, pick: Callable[[Goods], object]) -> None:
        super().__init__()
        self.goods = goods
        self._pick = pick
        if goods.weight_kg is None:
            self.say(goods.name)
            self.tooltip = goods.code
        else:
            self.say(Content.assemble(("kg ", "$text-accent"), goods.name))
            self.tooltip = f"{goods.code} · {goods.weight_kg} kg"

    def on_click(self) -> None:
        self._pick(self.goods)


class ShelfPart(Part):
    """How the scanner is, its plugs, and the shelf."""

    DEFAULT_CSS: ClassVar[str] = """
    ShelfPart #scanner-lamp { margin-right: 1; }
    ShelfPart #shelf { height: auto; max-height: 6; }
    ShelfPart #chips { height: auto; grid-gutter: 0 1; }
    """

    def __init__(self, counter: SimulatedCounter, told: Callable[[], object]) -> None:
        """`told` is called when a scan has ended, read or not."""
        super().__init__(counter, id="shelving")
        self._told = told
        self._title = Label(id="scanner-title", classes="title")
        self._lamp = Lamp(id="scanner-lamp")
        self._plugs = Plugs(counter, Kind.SCANNER)
        self._unheard = False
        self._scanning: set[asyncio.Task[None]] = set()

    def compose(self) -> ComposeResult:
        with Row():
            yield self._title
            yield self._lamp
            yield self._plugs
        if self.counter.shelf.products:
            with Scroll(id="shelf"), ItemGrid(id="chips", min_column_width=17):
                for goods in self.counter.shelf.products:
                    yield Chip(goods, self.pick)

    def pick(self, goods: Goods) -> None:
        """Take it from the shelf and scan it."""
        task = asyncio.create_task(self._picked(goods))
        self._scanning.add(task)
        task.add_done_callback(self._scanning.discard)

    async def _picked(self, goods: Goods) -> None:
        read = await self.counter.pick(goods)
        self._unheard = not read and trouble_of(self.counter.scanner) is None
        for chip in self.query(Chip):
            if read and chip.goods == goods:
                chip.flash("-beep")
        self._told()

    def show(self, language: Language) -> None:
        self._title.say((CLICK if self.counter.shelf.products else SCANNER).to(language))
        trouble = trouble_of(self.counter.scanner) or (NOT_READ if self._unheard else None)
        show_lamp(self._lamp, trouble, language)
        self._plugs.show(language)
