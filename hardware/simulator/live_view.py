"""The simulated counter to look at and to play with: paper, drawer, lamps, and a shelf to scan.

A Textual widget for the mouse alone: nothing in it ever takes the focus, so a till's screen beside
it keeps every key. Colours come from the theme of the app around it.
"""

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import ClassVar, Final, Literal, NamedTuple

import segno
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, ItemGrid, Vertical, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from hardware.simulator.counter import SimulatedCounter, TornOff

Language = Literal["zh", "en"]

_QR: Final = re.compile(r"\[QR (.+)\]")
_PAPER_SHOWN: Final = 300
_SHUT: Final = "▄▄▄▄▄▄▄▄▄▄▄▄▄▄\n█▌    ──    ▐█\n▀▀▀▀▀▀▀▀▀▀▀▀▀▀"
_OPEN: Final = "▄▄▄▄▄▄▄▄▄▄▄▄▄▄\n█▌▒▒▒│▒▒▒│▒▒▐█\n█▌ ●●│ ●●│●●▐█\n▀▀▀▀▀▀▀▀▀▀▀▀▀▀"


class Words(NamedTuple):
    """A label in both languages."""

    en: str
    zh: str


PAPER: Final = Words("Receipt printer", "小票打印机")
SCANNER: Final = Words("Scanner", "扫描枪")
DRAWER: Final = Words("Drawer", "钱箱")
SHELF: Final = Words("Shelf: click to scan", "货架：点击即扫码")
SHUT: Final = Words("shut", "已关")
OPEN: Final = Words("open (click)", "已开（点击关上）")
READY: Final = Words("ready", "就绪")
NO_POWER: Final = Words("no power", "断电")
LID: Final = Words("lid open", "机盖打开")
NO_PAPER: Final = Words("no paper", "缺纸")
PLUGGED: Final = Words("plugged in", "已连接")
UNPLUGGED: Final = Words("unplugged", "已拔出")
NOT_READ: Final = Words("nobody reads", "无人接收")
BLANK: Final = Words("Receipts come out here.", "小票从这里出来。")


class Knob(Static, can_focus=False):
    """Something to click; `is_on` marks what is out of the ordinary."""

    is_on: reactive[bool] = reactive(False)

    def __init__(self, press: Callable[[], object], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._press = press

    def watch_is_on(self, is_on: bool) -> None:
        self.set_class(is_on, "-on")

    def on_click(self) -> None:
        self._press()


class Chip(Static, can_focus=False):
    """A product on the shelf."""

    def __init__(self, name: str, code: str, scan: Callable[[str], object]) -> None:
        super().__init__(Content(name))
        self.code = code
        self._scan = scan
        self.tooltip = code

    def on_click(self) -> None:
        self._scan(self.code)


class Scroll(VerticalScroll, can_focus=False):
    """Scrolls by the wheel and its bar."""


class CounterView(Vertical, can_focus=False):
    """A view of one counter, at least 40 columns wide; whoever embeds it serves the counter."""

    DEFAULT_CSS: ClassVar[str] = """
    CounterView { background: $surface; color: $foreground; padding: 0 1; }
    CounterView Scroll { scrollbar-size-vertical: 1; scrollbar-background: $surface;
                         scrollbar-background-hover: $surface; scrollbar-color: $foreground 30%; }
    CounterView .row { height: 1; }
    CounterView .title { width: 1fr; color: $text-muted; }
    CounterView .lamp { width: auto; color: $text-success; }
    CounterView .lamp.-bad { color: $text-error; text-style: bold; }
    CounterView .knobs { height: 1; margin-bottom: 1; }
    CounterView Knob { width: auto; padding: 0 1; margin-right: 1; background: $foreground 12%;
                       color: $foreground; pointer: pointer; }
    CounterView Knob:hover { background: $accent; color: $text; }
    CounterView Knob.-on { background: $warning-muted; color: $text-warning; text-style: bold; }
    CounterView Knob.-on:hover { background: $warning; color: $text; }
    CounterView #slot { height: 1; color: $foreground-muted; }
    CounterView #paper { height: 1fr; min-height: 5; align-horizontal: center;
                         background: $surface; }
    CounterView #strip { width: auto; max-width: 100%; padding: 0 1; background: #f7f4ea;
                         color: #26241f; }
    CounterView .under { height: auto; margin-top: 1; }
    CounterView #drawer { width: auto; height: 4; background: transparent; color: $foreground-muted;
                          padding: 0; margin-right: 2; }
    CounterView #drawer.-on { color: $text-accent; background: transparent; }
    CounterView #drawer:hover { background: transparent; color: $accent; }
    CounterView .beside { width: 1fr; height: 4; }
    CounterView #drawer-says { height: 1; margin-bottom: 1; }
    CounterView #drawer-says.-bad { color: $text-accent; text-style: bold; }
    CounterView #shelf-title { height: 1; color: $text-muted; margin-top: 1; }
    CounterView #shelf { height: auto; max-height: 9; }
    CounterView #chips { height: auto; grid-gutter: 0 1; }
    CounterView Chip { height: 1; padding: 0 1; background: $foreground 8%; text-wrap: nowrap;
                       text-overflow: ellipsis; pointer: pointer; }
    CounterView Chip:hover { background: $accent; color: $text; }
    CounterView Chip.-beep { background: $success-muted; color: $text-success; }
    CounterView.-short #shelf { max-height: 4; }
    CounterView.-short .under, CounterView.-short #shelf-title,
    CounterView.-short .knobs { margin: 0; }
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
        self._unheard = False
        self._strip_drawn = (-1, 0, language)
        self._scanning: set[asyncio.Task[None]] = set()

    def compose(self) -> ComposeResult:
        printer, scanner = self.counter.printer, self.counter.scanner
        with Horizontal(classes="row"):
            yield Static(id="printer-title", classes="title")
            yield Static(id="printer-lamp", classes="lamp")
        with Horizontal(classes="knobs"):
            for knob, turn in (
                ("paper", lambda: "in" if printer.paper_out else "out"),
                ("cover", lambda: "closed" if printer.cover_open else "open"),
                ("power", lambda: "off" if printer.powered else "on"),
            ):
                yield Knob(partial(self._turn, knob, turn), id=f"{knob}-knob")
        yield Static(id="slot")
        with Scroll(id="paper"):
            yield Static(id="strip")
        with Horizontal(classes="under"):
            yield Knob(self.counter.close_drawer, id="drawer")
            with Vertical(classes="beside"):
                yield Static(id="drawer-says")
                with Horizontal(classes="row"):
                    yield Static(id="scanner-title", classes="title")
                    yield Static(id="scanner-lamp", classes="lamp")
                yield Knob(
                    lambda: scanner.unplug() if scanner.plugged else scanner.plug(),
                    id="scanner-knob",
                )
        if self.counter.shelf.products:
            yield Static(id="shelf-title")
            with Scroll(id="shelf"), ItemGrid(id="chips", min_column_width=17):
                for name, code in self.counter.shelf.products:
                    yield Chip(name, code, self.scan)

    def on_mount(self) -> None:
        self.counter.on_change.append(self._changed)
        self._show()

    def on_unmount(self) -> None:
        self.counter.on_change.remove(self._changed)

    def on_resize(self) -> None:
        self.set_class(self.size.height < 34, "-short")
        self._show()

    def watch_language(self) -> None:
        if self.is_mounted:
            self._show()

    def scan(self, code: str) -> None:
        """Hold that code before the scanner."""
        task = asyncio.create_task(self._beep(code))
        self._scanning.add(task)
        task.add_done_callback(self._scanning.discard)

    async def _beep(self, code: str) -> None:
        self._unheard = not await self.counter.scan(code) and self.counter.scanner.plugged
        self._changed()
        for chip in self.query(Chip):
            if chip.code == code and not self._unheard and self.counter.scanner.plugged:
                chip.add_class("-beep")
                chip.set_timer(0.3, partial(chip.remove_class, "-beep"))

    def _turn(self, knob: str, to: Callable[[], str]) -> None:
        self.counter.printer.turn_knob(f"{knob} {to()}")

    def _changed(self) -> None:
        """Many lines may come out between two frames: they are drawn once."""
        if not self._stale:
            self._stale = True
            self.call_after_refresh(self._show)

    def _show(self) -> None:
        self._stale = False
        if not self.is_mounted:
            return
        self._show_printer()
        self._show_drawer_and_scanner()
        width = min(self.counter.printer.columns, max(self.size.width - 3, 20))
        if (self.counter.pieces_out, width, self.language) == self._strip_drawn:
            return  # and whoever has scrolled back goes on reading
        self._strip_drawn = self.counter.pieces_out, width, self.language
        self.query_one("#strip", Static).update(self._strip_text(width))
        self.query_one("#paper", Scroll).scroll_end(animate=False)

    def _show_printer(self) -> None:
        printer = self.counter.printer
        self._write("printer-title", PAPER)
        troubles = ((not printer.powered, NO_POWER), (printer.cover_open, LID),
                    (printer.paper_out, NO_PAPER))  # fmt: skip
        trouble = next((words for is_so, words in troubles if is_so), None)
        self._lamp("printer-lamp", trouble or READY, bad=trouble is not None)
        self._knob("paper-knob", Words("take paper", "取走纸卷"), Words("load paper", "装入纸卷"),
                   is_on=printer.paper_out)  # fmt: skip
        self._knob("cover-knob", Words("open lid", "打开机盖"), Words("shut lid", "合上机盖"),
                   is_on=printer.cover_open)  # fmt: skip
        self._knob("power-knob", Words("off", "关机"), Words("on", "开机"),
                   is_on=not printer.powered)  # fmt: skip
        self.query_one("#slot", Static).update("▄" * self.size.width)

    def _show_drawer_and_scanner(self) -> None:
        is_open, scanner = self.counter.drawer_open, self.counter.scanner
        drawer = self.query_one("#drawer", Knob)
        drawer.is_on = is_open
        drawer.update(_OPEN if is_open else _SHUT)
        says = self.query_one("#drawer-says", Static)
        says.set_class(is_open, "-bad")
        says.update(f"{self._in(DRAWER)} · {self._in(OPEN if is_open else SHUT)}")
        self._write("scanner-title", SCANNER)
        fine = PLUGGED if not self._unheard else NOT_READ
        self._lamp("scanner-lamp", fine if scanner.plugged else UNPLUGGED,
                   bad=not scanner.plugged or self._unheard)  # fmt: skip
        self._knob("scanner-knob", Words("unplug", "拔出"), Words("plug in", "插回"),
                   is_on=not scanner.plugged)  # fmt: skip
        if self.counter.shelf.products:
            self._write("shelf-title", SHELF)

    def _strip_text(self, width: int) -> Content:
        lines: list[Content] = []
        for piece in list(self.counter.strip)[-_PAPER_SHOWN:]:
            if isinstance(piece, TornOff):
                lines.append(Content.styled("✂" + " ╌" * ((width - 1) // 2), "#a09a88"))
                continue
            code = _QR.fullmatch(piece.strip())
            rows = drawn_qr(code.group(1), width) if code else []
            rows = rows or [fitted(piece, width)]
            lines += [Content(line + " " * (width - cell_len(line))) for line in rows]
        return Content("\n").join(lines or [Content.styled(self._in(BLANK), "#8a8474")])

    def _in(self, words: Words) -> str:
        return words.zh if self.language == "zh" else words.en

    def _write(self, which: str, words: Words) -> None:
        self.query_one(f"#{which}", Static).update(self._in(words))

    def _lamp(self, which: str, words: Words, *, bad: bool) -> None:
        lamp = self.query_one(f"#{which}", Static)
        lamp.set_class(bad, "-bad")
        lamp.update(f"{'▲' if bad else '●'} {self._in(words)}")

    def _knob(self, which: str, fine: Words, odd: Words, *, is_on: bool) -> None:
        knob = self.query_one(f"#{which}", Knob)
        knob.is_on = is_on
        knob.update(self._in(odd if is_on else fine))


def drawn_qr(text: str, width: int) -> list[str]:
    """A QR code in half blocks, in the middle of `width` columns; nothing when it has no room."""
    try:
        code = segno.make_qr(text, error="l")
    except ValueError:  # more than any symbol holds
        return []
    bits = [list(row) for row in code.matrix_iter(border=1)]
    if len(bits) > width:
        return []
    left = " " * ((width - len(bits)) // 2)
    pairs = zip(bits[::2], [*bits[1::2], [0] * len(bits)], strict=False)
    return [
        left + "".join(" ▄▀█"[2 * above + below] for above, below in zip(*pair, strict=True))
        for pair in pairs
    ]


def fitted(line: str, width: int) -> str:
    """A line of wider paper for a narrow view: the widest gap or rule gives way first, so that
    amounts stay at the right edge; what has no gap stays as long as it is.

    >>> fitted("Total        12.00", 12)
    'Total  12.00'
    """
    excess = cell_len(line) - width
    if excess <= 0:
        return line
    gaps = sorted(re.finditer(r"([ =*─-])\1+", line), key=lambda gap: len(gap.group()))
    if gaps:
        begin, end = gaps[-1].span()
        line = line[: begin + max(1, end - begin - excess)] + line[end:]
    return line


_KEYS = Words("q quit  l 中文  d light/dark", "q 退出  l English  d 明暗")


class CounterApp(App[None]):
    """The counter alone, filling a terminal: its addresses above, q ends it. Whoever runs it serves
    the counter meanwhile."""

    CSS: ClassVar[str] = """
    #urls { height: auto; padding: 0 2; background: $panel; color: $text-muted; }
    CounterView { padding: 1 2; }
    """
    ENABLE_COMMAND_PALETTE: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit"),
        Binding("l", "language", "language"),
        Binding("d", "dark", "dark or light"),
    ]

    def __init__(self, counter: SimulatedCounter, language: Language = "zh") -> None:
        super().__init__()
        self._counter = counter
        self._language: Language = language

    def compose(self) -> ComposeResult:
        yield Static(id="urls")
        yield CounterView(self._counter, self._language)

    def on_mount(self) -> None:
        self._show_urls()

    def _show_urls(self) -> None:
        view = self.query_one(CounterView)
        lines = (self._counter.printer_url, self._counter.scanner_url, view._in(_KEYS))
        self.query_one("#urls", Static).update(Content("\n".join(lines)))

    def action_language(self) -> None:
        view = self.query_one(CounterView)
        view.language = "en" if view.language == "zh" else "zh"
        self._show_urls()

    def action_dark(self) -> None:
        self.theme = "textual-light" if self.theme == "textual-dark" else "textual-dark"
