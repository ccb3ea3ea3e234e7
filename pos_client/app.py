"""The till on a terminal: keys in, rows out. Everything between is the desk and its pages.

Keys are taken before the terminal library sends them anywhere: no field can lose, reorder or
swallow what a scanner types, and no dialog can stand in its way.
"""

import asyncio
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import Any, ClassVar, Final

from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.message import Message

from hardware.scanner import Scan
from pos_client.commands import Command, CommandsPage, HelpPage
from pos_client.sale.screen import SalePage
from pos_client.sale.total import total_rows
from pos_client.screen import colours
from pos_client.screen.frame import Frame, Parts, frame
from pos_client.screen.keys import ENTER, TAB, Input, Keys, Scanned
from pos_client.screen.page import Desk, Page, Size
from pos_client.screen.rows import Row
from pos_client.screen.sheet import Face
from pos_client.screen.status import status_row
from pos_client.shift.screen import FiguresPage, OpenShiftPage, close_shift
from pos_client.sync.service import SyncState
from pos_client.till import Till
from retail.language import Language, Text
from retail.refusals import Refusal

#: how often the status line looks at what waits for the hub
LOOK_S: Final = 1.0
_BUG = Text("The till met a fault of its own: {fault}", "程序故障：{fault}")
_BUG_REMEDY = Text(
    "What was recorded is safe. Go on; give {report} to support.",
    "已记录的数据是安全的。可继续使用；请将 {report} 交给技术支持。",
)
_REPORT = "omnitill-screen-fault.txt"


class TillApp(App[None]):
    """The screen of one open till. Runs until Ctrl+Q."""

    CSS = "Screen { background: $background; overflow: hidden; } Screen > * { min-width: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = []
    ENABLE_COMMAND_PALETTE = False

    class Told(Message):
        """A device or the hub has something to say."""

        def __init__(self, name: str, values: dict[str, Any]) -> None:
            super().__init__()
            self.event_name = name
            self.values = values

    class ScannedElsewhere(Message):
        """A serial scanner read a code."""

        def __init__(self, code: str) -> None:
            super().__init__()
            self.code = code

    def __init__(self, till: Till, theme: colours.Name = "dark") -> None:
        super().__init__()
        self.till = till
        self._theme_name: colours.Name = theme
        self._sale: SalePage | None = None
        self._opening: OpenShiftPage | None = None
        self._sync: SyncState | None = None
        self._cashier = ("", "")
        #: faults of this program that a page met; none is the promise
        self.faults: list[BaseException] = []
        self.desk = Desk(till, self._home)
        self.desk.on_bell = self.bell
        self.desk.everywhere = {
            "f1": lambda: self.desk.open(HelpPage(self.desk, self.desk.page)),
            "ctrl+p": lambda: self.desk.open(CommandsPage(self.desk, self.commands())),
            "ctrl+q": self.exit,
        }
        wedge = till.counter.wedge
        self._keys = Keys()
        if wedge is not None:
            self._keys = Keys(wedge.prefix, TAB if wedge.suffix == "tab" else ENTER)
        self._face = Face(self._frame)

    def compose(self) -> ComposeResult:
        yield self._face

    def on_mount(self) -> None:
        for theme in colours.themes():
            self.register_theme(theme)
        self._wear(self._theme_name)
        self.till.start(lambda name, values: self._post(self.Told(name, values)))
        self.till.counter.on_scan = self._scanner_read
        self.till.counter.on_state = lambda: self._post(self.Told("counter.state", {}))
        self.set_interval(LOOK_S, self._look)

    def _post(self, message: Message) -> None:
        """From any thread; a screen that has gone hears nothing."""
        with suppress(RuntimeError):
            self.post_message(message)

    def _scanner_read(self, scan: Scan) -> None:
        self._post(self.ScannedElsewhere(scan.code))

    # What is in front

    def _home(self, desk: Desk) -> Page:
        if self.till.shift.current is None:
            self._sale = None
            self._opening = self._opening or OpenShiftPage(desk)
            return self._opening
        self._opening = None
        self._sale = self._sale or SalePage(desk)
        return self._sale

    def _frame(self, size: Size) -> Frame:
        return frame(self.desk, Parts(self._status, self._total), size)

    def _status(self, columns: int) -> Row:
        shift = self.till.shift.current
        number = shift.context.cashier if shift else ""
        if number != self._cashier[0]:
            name = number
            with suppress(Refusal):
                name = self.till.catalogue.cashier(number).name or number
            self._cashier = (number, name)
        return status_row(self.desk, self._sync, self._cashier[1], columns)

    def _total(self, size: Size) -> list[Row]:
        return total_rows(self.desk, self._sale, size) if self._sale else []

    def commands(self) -> list[Command]:
        """Every act by name, with its key."""
        desk = self.desk
        selling: list[Command] = []
        if self._sale is not None:
            sale = self._sale

            def pressed(key: str) -> Callable[[], object]:
                return lambda: sale.press(key, "")

            selling = [
                Command(Text("Take payment", "收款"), "F12", pressed("f12")),
                Command(Text("Exact cash", "现金整收"), "F11", pressed("f11")),
                Command(Text("Undo the last act", "撤销上一步"), "F10", pressed("f10")),
                Command(Text("Change quantity", "修改数量"), "F2", pressed("f2")),
                Command(Text("Change price or discount", "改价或优惠"), "F3", pressed("f3")),
                Command(Text("Take the marked line out", "删除当前行"), "F4", pressed("f4")),
                Command(Text("Void the whole sale", "整单作废"), "Shift+F4", sale.void),
                Command(Text("Customer", "顾客"), "F5", pressed("f5")),
                Command(
                    Text("Last receipt, print a copy", "最近小票，补打副本"), "F7", pressed("f7")
                ),
                Command(Text("Check a price", "查价"), "F8", pressed("f8")),
                Command(Text("Open the drawer", "开钱箱"), "F9", pressed("f9")),
                Command(Text("X report", "X 报表"), "", self._figures),
                Command(Text("Close the shift", "交班"), "", lambda: close_shift(desk)),
            ]
        looks = [
            Command(
                Text("Theme: {name}", "主题：{name}").filled(name=says),
                "",
                partial(self._wear, name),
            )
            for name, says in colours.NAMES.items()
        ]
        return [
            *selling,
            Command(Text("中文 / English", "English / 中文"), "", self._change_language),
            *looks,
            Command(Text("Help", "帮助"), "F1", self.desk.everywhere["f1"]),
            Command(Text("Leave the program", "退出程序"), "Ctrl+Q", self.exit),
        ]

    def _figures(self) -> None:
        if self.desk.accepted(self.till.shift.figures):
            self.desk.open(FiguresPage(self.desk))

    def _change_language(self) -> None:
        english = self.desk.language is Language.ENGLISH
        self.desk.chosen_language = Language.CHINESE if english else Language.ENGLISH

    def _wear(self, theme: colours.Name) -> None:
        self.theme = f"omnitill-{theme}"
        self._face.wear(theme)

    # What comes in

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            for given in self._keys.key(event.key, event.character, event.time):
                self._take(given)
            return
        if isinstance(event, events.Paste) and not event.is_forwarded:
            for given in self._keys.pasted(event.text):
                self._take(given)
            return
        await super().on_event(event)

    def _take(self, given: Input) -> None:
        try:
            self.desk.take(given)
        except Exception as fault:  # the next customer is waiting; support gets the report
            self._met(fault)
        self._show()

    def _show(self) -> None:
        try:
            self._face.show()
        except Exception as fault:
            self._met(fault)
            self.desk.go_home()

    def _met(self, fault: Exception) -> None:
        self.faults.append(fault)
        report = Path(gettempdir()) / _REPORT
        with suppress(OSError):
            report.write_text("".join(traceback.format_exception(fault)), encoding="utf-8")
        self.desk.refuse(
            _BUG.filled(fault=repr(fault)).to(self.desk.language),
            _BUG_REMEDY.filled(report=report).to(self.desk.language),
        )

    def on_till_app_scanned_elsewhere(self, message: ScannedElsewhere) -> None:
        self._take(Scanned(message.code))

    def on_till_app_told(self, message: Told) -> None:
        """What went wrong with a device is said once; the status line keeps showing it."""
        if "receipt" in message.values and "say" in message.values:
            self.desk.attend(message.values["say"], message.values["remedy"])
        self._show()

    async def _look(self) -> None:
        with suppress(Refusal):
            self._sync = await asyncio.to_thread(self.till.sync.state)
        self._show()
