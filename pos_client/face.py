"""The till's face without its glass: keys, scans and news go in, rows of text come out.

Everything that a cashier sees and does is here and in the pages; a terminal (`app`), a test or a
kiosk of another make only carries keys in and rows out.
"""

import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from hardware.fault import Kind
from hardware.scanner.wedge import Wedge
from pos_client.catalogue.service import InForce
from pos_client.counter.screen import DevicesPage, tell_plugged
from pos_client.help_pages import Command, CommandsPage, HelpPage
from pos_client.locker.screen import LockerPage, tell_end
from pos_client.sale.paper import ReceiptPage
from pos_client.sale.screen import SalePage
from pos_client.sale.total import total_rows
from pos_client.screen import colours, prices
from pos_client.screen.frame import Frame, Parts, foot, frame
from pos_client.screen.keys import Input, Keys, Pressed, Scanned
from pos_client.screen.page import Desk, Note, Page, Size
from pos_client.screen.rows import Ink, Row
from pos_client.screen.status import status_row
from pos_client.shift.screen import FiguresPage, OpenShiftPage, close_shift
from pos_client.sync.service import CLOCK_REMEDY, CLOCK_WRONG, SyncState
from pos_client.till import Till
from retail.clocks import clock_off
from retail.facts import DoorOutcome
from retail.language import Language, Text
from retail.refusals import Refusal

_BUG = Text("The till met a fault of its own: {fault}", "程序故障：{fault}")
_BUG_REMEDY = Text(
    "What was recorded is safe. Go on; give {report} to support.",
    "已记录的数据是安全的。可继续使用；请将 {report} 交给技术支持。",
)
_REPORT = "omnitill-screen-fault.txt"
_STOPPED = Text("Ctrl+C does nothing here.", "Ctrl+C 在此无效。")
_OPEN_SHIFT = Text(
    "The shift stays open, and so does an unfinished sale.", "班次不会结束，未完成的销售会保留。"
)
_LEAVE_AGAIN = Text("Ctrl+Q again leaves the program.", "再按一次 Ctrl+Q 退出程序。")
#: what the hub says often, and the status line is enough for: it has too much to do just now
_MENDS_ITSELF = "busy"
_WITHOUT_PAPER = Text(
    "The printer is back. Receipts that did not come out: {count}.",
    "打印机已恢复。未印出的小票：{count} 张。",
)
_SEE_PAPER = Text("F7 shows them.", "按 F7 查看。")
_LEAVE = Text("Ctrl+Q leaves the program.", "按 Ctrl+Q 退出程序。")


class Face:
    """One till's face. `leave` ends the program, `bell` rings, `wear` changes the colours."""

    def __init__(
        self,
        till: Till,
        leave: Callable[[], object],
        bell: Callable[[], object],
        wear: Callable[[colours.Name], object],
    ) -> None:
        self.till = till
        self.leave = leave
        self.wear = wear
        #: how the till stood with the hub when it was last asked
        self.sync: SyncState | None = None
        #: faults of this program that a page met; none is the promise
        self.faults: list[BaseException] = []
        self._sale: SalePage | None = None
        self._opening: OpenShiftPage | None = None
        self._cashier = ("", "")
        self._in_force = InForce("", "", "")
        self._leaving = False
        self.desk = Desk(till, self._home)
        self.desk.on_bell = bell
        self.desk.everywhere = {
            "f1": self._help,
            "ctrl+p": self._list_acts,
            "ctrl+d": self._devices,
            "ctrl+q": self._leave,
            "ctrl+c": lambda: self.desk.attend(self.desk.say(_STOPPED), self.desk.say(_LEAVE)),
        }
        self._keys = Keys(till.counter.places.wedge or Wedge())

    # In

    def key(self, name: str, char: str | None, at_s: float) -> bool:
        """A key of the terminal, read at that time of a steady clock, in seconds. Whether more
        changed than what stands in the entry."""
        changed = False
        for given in self._keys.key(name, char, at_s):
            self._take(given)
            changed = changed or self.desk.changed
        return changed

    def pasted(self, text: str) -> None:
        """A bracketed paste."""
        for given in self._keys.pasted(text):
            self._take(given)

    def told(self, name: str, values: dict[str, Any]) -> None:
        """What a device or the hub had to say (`Till.start`): a code, or a receipt's trouble, which
        is said once; the status line keeps showing how the device stands."""
        if name == "scanner.scan":
            self._take(Scanned(values.get("aim", "") + values["code"]))
            return
        if not self._page_told(name, values):
            self._note(name, values)
        self._ask_for_paper()

    def _note(self, name: str, values: dict[str, Any]) -> None:
        """What no page took becomes the note; a refusal that stands there is not talked over, and
        what is only good to know covers no warning."""
        desk = self.desk
        ink = desk.note.ink if desk.note else Ink.GOOD
        match name:
            case "locker.opened":
                tell_end(
                    desk, DoorOutcome(values["outcome"]), values["compartment"], values["others"]
                )
            case "sync.clock" if off_s := values["ahead_s"]:
                desk.attend(desk.say(CLOCK_WRONG, off=clock_off(off_s)), desk.say(CLOCK_REMEDY))
            case "drawer.left_open" | "sync.too_old":
                desk.attend(values["say"], values["remedy"])
            case "sync.refused" if ink is Ink.GOOD and values["code"] != _MENDS_ITSELF:
                desk.attend(values["say"], values["remedy"])
            case "device.plugged" if ink is Ink.GOOD:
                kind = Kind(values["kind"]) if values["kind"] else None
                tell_plugged(desk, kind, values["name"])
            case "printer.state" if values["ready"] and ink is not Ink.BAD:
                if many := len(self.till.sale.without_paper):
                    desk.attend(desk.say(_WITHOUT_PAPER, count=many), desk.say(_SEE_PAPER))
            case _ if "receipt" in values and "say" in values and ink is not Ink.BAD:
                desk.attend(values["say"], values["remedy"])

    def _page_told(self, name: str, values: dict[str, Any]) -> bool:
        try:
            return self.desk.page.told(name, values)
        except Refusal as no:
            self.desk.refused(no)
        except Exception as fault:
            self._met(fault)
        return True

    def _take(self, given: Input) -> None:
        if given != Pressed("ctrl+q"):
            self._leaving = False
        try:
            self.desk.take(given)
            self._ask_for_paper()
        except Exception as fault:  # the next customer is waiting; support gets the report
            self._met(fault)

    def _ask_for_paper(self) -> None:
        """Bring a receipt forward of which nobody knows what it became, once nobody is being
        served, the newest first: its customer may still be there. One that was put off waits for
        F7."""
        desk, sale = self.desk, self.till.sale
        if desk.page is not self._sale or desk.entry or sale.is_open() or not sale.asked_about:
            return
        desk.open(ReceiptPage(desk, sale.asked_about[-1], asked=True))

    def _met(self, fault: Exception) -> None:
        if isinstance(fault, Refusal):  # of a disk, while something is drawn
            self.desk.refused(fault)
            return
        self.faults.append(fault)
        report = Path(gettempdir()) / _REPORT
        with suppress(OSError):
            report.write_text("".join(traceback.format_exception(fault)), encoding="utf-8")
        say = self.desk.say
        self.desk.refuse(say(_BUG, fault=repr(fault)), say(_BUG_REMEDY, report=report))

    # Out

    def frame(self, size: Size) -> Frame:
        """The whole screen, drawn for that size."""
        parts = Parts(self._status, self._total, self._banner)
        try:
            return frame(self.desk, parts, size)
        except Exception as fault:
            self._met(fault)
            self.desk.go_home()
            return frame(self.desk, parts, size)

    def foot(self, columns: int) -> list[Row]:
        """The rows below the work area alone."""
        return foot(self.desk, columns)

    def _status(self, columns: int) -> Row:
        shift = self.till.shift.current
        number = shift.context.cashier if shift else ""
        if number != self._cashier[0]:
            name = number
            with suppress(Refusal):
                name = self.till.catalogue.cashier(number).name or number
            self._cashier = (number, name)
        return status_row(self.desk, self.sync, self._prices(), self._cashier[1], columns)

    def _prices(self) -> InForce:
        """What is sold by; asked afresh when it is another revision, else `look` does."""
        if self._in_force.name != self.till.catalogue.seen:
            with suppress(Refusal):  # the next act says what is wrong with the disk
                self._in_force = self.till.catalogue.in_force
        return self._in_force

    def _banner(self) -> str:
        days = self.till.catalogue.settings.prices_old_after_days
        said = prices.banner(self._prices(), days, self.till.recorder.clock.read().at)
        return self.desk.say(said) if said else ""

    def _total(self, size: Size) -> list[Row]:
        if self._sale is None or not self.desk.page.shows_total:
            now = self.till.recorder.clock.read().at.astimezone(self.till.recorder.zone)
            return prices.rows(self.desk, self._prices(), now, size)
        return total_rows(self.desk, self._sale, size)

    def look(self) -> None:
        """Ask how the till stands with the hub, and when its prices were last compared."""
        with suppress(Refusal):
            self.sync = self.till.sync.state()
            self._in_force = self.till.catalogue.in_force
            self._ask_for_paper()

    # What is in front

    def _home(self, desk: Desk) -> Page:
        if self.till.shift.current is None:
            self._sale = None
            self._opening = self._opening or OpenShiftPage(desk)
            return self._opening
        self._opening = None
        self._sale = self._sale or SalePage(desk)
        return self._sale

    def _leave(self) -> None:
        """At once when nothing is open; else a second time, for it lies next to other keys."""
        if self._leaving or self.till.shift.current is None:
            self.leave()
            return
        self._leaving = True
        say = self.desk.say
        self.desk.note = Note(say(_OPEN_SHIFT), say(_LEAVE_AGAIN), Ink.ATTEND)

    def _help(self) -> None:
        if not isinstance(self.desk.page, HelpPage):
            self.desk.open(HelpPage(self.desk, self.desk.page, lambda: self.sync))

    def _list_acts(self) -> None:
        if not isinstance(self.desk.page, CommandsPage):
            self.desk.open(CommandsPage(self.desk, self.commands()))

    def _devices(self) -> None:
        if not isinstance(self.desk.page, DevicesPage):
            self.desk.open(DevicesPage(self.desk, self._locker))

    def _locker(self) -> None:
        self.till.shift.required()
        if not isinstance(self.desk.page, LockerPage):
            self.desk.open(LockerPage(self.desk))

    def _figures(self) -> None:
        self.till.shift.required()
        self.desk.open(FiguresPage(self.desk))

    def _change_language(self) -> None:
        english = self.desk.language is Language.ENGLISH
        self.desk.chosen_language = Language.CHINESE if english else Language.ENGLISH

    def commands(self) -> list[Command]:
        """Every act by name, with its key."""
        return [
            *(self._selling(self._sale) if self._sale and self.desk.is_free else []),
            Command(Text("中文 / English", "English / 中文"), "", self._change_language, "yuyan"),
            *(
                Command(
                    Text("Theme: {name}", "主题：{name}").filled(name=says),
                    "",
                    partial(self.wear, name),
                    "zhuti",
                )
                for name, says in colours.NAMES.items()
            ),
            Command(
                Text("Devices: state, set-up", "设备状态与设置"), "Ctrl+D", self._devices, "shebei"
            ),
            *(
                [Command(Text("Pickup locker", "自提柜"), "", self._locker, "zitigui")]
                if self.till.counter.places.locker
                else []
            ),
            Command(Text("Help", "帮助"), "F1", self._help, "bangzhu"),
            Command(Text("Leave the program", "退出程序"), "Ctrl+Q", self._leave, "tuichu"),
        ]

    def _selling(self, sale: SalePage) -> list[Command]:
        def pressed(key: str) -> Callable[[], object]:
            def press() -> None:
                self.desk.go_home()
                sale.press(key, "")

            return press

        return [
            Command(
                Text("Close the shift: count the drawer", "交班：清点钱箱"),
                "",
                partial(close_shift, self.desk),
                "jiaoban",
            ),
            Command(
                Text("X report: takings of this shift", "X 报表：本班营业额"),
                "",
                self._figures,
                "yingyee",
            ),
            Command(Text("Take payment", "收款"), "F12", pressed("f12"), "shoukuan"),
            Command(Text("Exact cash", "现金整收"), "F11", pressed("f11"), "xianjin"),
            Command(Text("Undo the last act", "撤销上一步"), "F10", pressed("f10"), "chexiao"),
            Command(Text("Change quantity", "修改数量"), "F2", pressed("f2"), "shuliang"),
            Command(Text("Change price or discount", "改价或优惠"), "F3", pressed("f3"), "gaijia"),
            Command(Text("Take the marked line out", "删除当前行"), "F4", pressed("f4"), "shanchu"),
            Command(Text("Void the whole sale", "整单作废"), "Shift+F4", sale.void, "zuofei"),
            Command(Text("Park, or resume", "挂单，取单"), "F6", pressed("f6"), "guadan"),
            Command(Text("Customer", "顾客"), "F5", pressed("f5"), "guke"),
            Command(
                Text("Last receipt, print a copy", "最近小票，补打副本"),
                "F7",
                pressed("f7"),
                "xiaopiao",
            ),
            Command(Text("Find a product by name", "查找商品"), "F8", pressed("f8"), "chazhao"),
            Command(
                Text("Check a price, see a product", "查价，商品资料"), ".", sale.check, "chajia"
            ),
            Command(Text("Open the drawer", "开钱箱"), "F9", pressed("f9"), "qianxiang"),
        ]
