"""The devices of this till: how each stands and what to do about it; new ones found, set up, and
tried."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from hardware.device import Health, State
from hardware.discovery import Found, find
from hardware.fault import Fault, Kind
from pos_client.counter.faults import words
from pos_client.counter.places import Placed
from pos_client.screen.page import ESC, MOVES, Desk, KeyLabel, Page, Size, function_number
from pos_client.screen.question import Question
from pos_client.screen.rows import BLANK, Ink, Row, Span, fit, folded, mark, row
from retail.language import Text

KINDS: Final = {
    Kind.PRINTER: Text("▤ Printer", "▤ 打印机"),
    Kind.SCANNER: Text("‖ Scanner", "‖ 扫描枪"),
    Kind.DISPLAY: Text("▭ Display", "▭ 客显屏"),
    Kind.SCALE: Text("⚖ Scale", "⚖ 电子秤"),
    Kind.LOCKER: Text("▦ Locker", "▦ 自提柜"),
}
STATES: Final = {
    State.CLOSED: Text("not in use", "未启用"),
    State.CONNECTING: Text("connecting …", "连接中 …"),
    State.READY: Text("ready", "就绪"),
    State.BUSY: Text("busy", "工作中"),
    State.DEGRADED: Text("▲ needs you", "▲ 需处理"),
    State.OFFLINE: Text("○ offline", "○ 未连接"),
}
_TITLE = Text("Devices", "设备")
_NONE = Text(
    "No device is set up; F3 finds what is plugged in.", "尚未设置设备，按 F3 查找已连接的设备。"
)
_WELL = Text("All is well.", "工作正常。")
_WAITING = Text(
    "{count} receipts wait; F4 stops waiting.", "{count} 张小票等待打印，按 F4 停止等待。"
)
_TRIED = Text("Tried: {name}. Look what it does.", "已测试：{name}，请查看设备动作。")
_SCAN_NOW = Text("Scan anything: it is shown here.", "请随便扫一个码，结果显示在这里。")
_ASKED = Text("The printer is asked what it can do.", "正在询问打印机的能力。")
_CAN = Text("It can: {options}", "支持：{options}")
_STOPPED = Text("The receipt is no longer waited for.", "已停止等待小票。")
_REMOVED = Text("{name} is no longer used.", "已停用 {name}。")
_FIND = Text("Find devices", "查找设备")
_NOTHING = Text("Nothing new was found.", "未发现新设备。")
_NOTHING_WAY = Text(
    "Check plug and power; F5 looks again, or type an address.",
    "请检查插头和电源；按 F5 重新查找，或直接输入设备地址。",
)
_SET = Text("{name} is set up: {url}", "已设置{name}：{url}")
_SET_WAY = Text("F2 tries it.", "按 F2 测试。")
_WHAT = Text("What is it?", "这是什么设备？")

_PLUGGED = Text("Plugged in: {what}, {name}.", "已接入：{what} {name}。")
_PLUGGED_WAY = Text("Ctrl+D, F3 sets it up.", "按 Ctrl+D、F3 进行设置。")
_SOMETHING = Text("a device", "设备")

_NAME_COLUMNS = 14
_STATE_COLUMNS = 14


def name_of(desk: Desk, placed: Placed) -> str:
    """The device's name, with its number where there are several."""
    number = placed.name.removeprefix(placed.device.kind)
    return desk.say(KINDS[placed.device.kind]) + (f" {number}" if number else "")


def tell_plugged(desk: Desk, kind: Kind | None, name: str) -> None:
    """Say what was plugged in, and how to use it."""
    what = desk.say(KINDS[kind]) if kind else desk.say(_SOMETHING)
    desk.tell(desk.say(_PLUGGED, what=what, name=name), desk.say(_PLUGGED_WAY))


class DevicesPage(Page):
    """Every device of the till, the one marked explained below. A scan goes on selling."""

    title = _TITLE
    ask = Text("F2 tries the marked one, F3 finds others", "F2 测试所选设备，F3 查找新设备")
    shows_total = False

    def __init__(self, desk: Desk, open_locker: Callable[[], object]) -> None:
        super().__init__(desk)
        self._open_locker = open_locker
        self._place = 0

    @property
    def _devices(self) -> tuple[Placed, ...]:
        return self.till.counter.places.devices

    @property
    def _chosen(self) -> Placed | None:
        devices = self._devices
        self._place = min(self._place, max(0, len(devices) - 1))
        return devices[self._place] if devices else None

    def rows(self, size: Size) -> list[Row]:
        chosen = self._chosen
        if chosen is None:
            return [self.heading(), BLANK, row("  ", Span(self.say(_NONE), Ink.FAINT))]
        rows = [self.heading(), BLANK]
        rows += [self._row(placed, size, chosen=placed is chosen) for placed in self._devices]
        return [*rows, BLANK, *self._explained(chosen, size)]

    def _row(self, placed: Placed, size: Size, *, chosen: bool) -> Row:
        health = placed.device.health
        well = health.ready or not health.known
        name = fit(name_of(self.desk, placed), _NAME_COLUMNS)
        state = fit(self.say(STATES[health.state]), _STATE_COLUMNS)
        where = fit(placed.url, max(0, size.columns - _NAME_COLUMNS - _STATE_COLUMNS - 4))
        return row(
            mark(chosen=chosen),
            Span(name, Ink.STRONG if chosen else Ink.TEXT),
            Span(state, Ink.TEXT if well else Ink.ATTEND),
            Span(where, Ink.FAINT),
        )

    def _explained(self, placed: Placed, size: Size) -> list[Row]:
        """What is wrong with it, what to do, and the detail for whoever mends it."""
        room = max(20, size.columns - 4)
        health = placed.device.health
        rows: list[Row] = []
        for text, ink in self._sentences(health):
            rows += [row("  ", Span(line, ink)) for line in folded(text, room)]
        waiting = self.till.counter.receipts_waiting
        if placed.device.kind is Kind.PRINTER and waiting and health.fault is not None:
            rows.append(row("  ", Span(self.say(_WAITING, count=waiting), Ink.ATTEND)))
        return rows

    def _sentences(self, health: Health) -> list[tuple[str, Ink]]:
        if health.fault is None:
            return [(self.say(_WELL), Ink.FAINT)] if health.ready else []
        say, remedy = words(health.fault)
        said = [(self.say(say), Ink.ATTEND), (self.say(remedy), Ink.TEXT)]
        detail = health.fault.detail
        return [*said, (detail, Ink.FAINT)] if detail else said

    def told(self, name: str, values: dict[str, Any]) -> bool:
        if name != "printer.probed":
            return False
        if "options" in values:
            options = " ".join(f"{name}={value}" for name, value in values["options"].items())
            self.desk.tell(self.say(_CAN, options=options))
        if "say" in values:
            self.desk.attend(values["say"], values["remedy"])
        return True

    def keys(self) -> Sequence[KeyLabel]:
        return (
            ESC,
            KeyLabel("↑↓", Text("Choose", "选择"), 2),
            KeyLabel("F2", Text("Try it", "测试")),
            KeyLabel("F3", Text("Find", "查找")),
            KeyLabel("F4", Text("Stop waiting", "停止等待"), 3),
            KeyLabel("F5", Text("Ask it", "询问能力"), 5),
            KeyLabel("F6", Text("Locker", "自提柜"), 1),
            KeyLabel("F8", Text("Remove", "移除"), 4),
        )

    def enter(self, text: str) -> None:
        self.desk.go_home()
        if text:
            self.desk.page.enter(text)

    def press(self, key: str, entry: str) -> bool:  # noqa: ARG002
        chosen = self._chosen
        match key:
            case "up" | "down" | "pageup" | "pagedown":
                last = max(0, len(self._devices) - 1)
                self._place = min(max(self._place + MOVES[key], 0), last)
            case "f2" if chosen is not None:
                self._try(chosen)
            case "f3":
                self.desk.open(FindPage(self.desk))
            case "f4":
                self.till.counter.stop_waiting()
                self.desk.tell(self.say(_STOPPED))
            case "f5" if chosen is not None and chosen.device.kind is Kind.PRINTER:
                self.till.devices.probe()
                self.desk.tell(self.say(_ASKED))
            case "f6":
                self._open_locker()
            case "f8" if chosen is not None:
                self._remove(chosen)
            case _:
                return False
        return True

    def _try(self, placed: Placed) -> None:
        if placed.device.kind is Kind.LOCKER:
            self._open_locker()
        elif placed.device.kind is Kind.SCANNER:
            self.desk.open(ScanTrialPage(self.desk))
        elif placed.device.kind is Kind.PRINTER:
            self.till.devices.try_out(placed)
            self.desk.open(ProofQuestion(self.desk, placed))
        else:
            self.till.devices.try_out(placed)
            self.desk.tell(self.say(_TRIED, name=name_of(self.desk, placed)))

    def _remove(self, placed: Placed) -> None:
        self.till.devices.remove(placed)
        self.desk.tell(self.say(_REMOVED, name=name_of(self.desk, placed)))


class ProofQuestion(Question):
    """Which numbers of the test page came out well: so the printer is spoken to from now on."""

    title = Text("Test page", "测试页")
    ask = Text(
        "Numbers that look right, such as 1 5 9 11; Enter alone: as before",
        "印得正确的编号，例如 1 5 9 11；直接回车则不变",
    )
    _wrong = Text("{text} is no number of the test page.", "{text} 不是测试页上的编号。")
    _way = Text("Write them with blanks between.", "请用空格分隔编号。")
    _noted = Text("Noted: {url}", "已保存：{url}")

    def __init__(self, desk: Desk, placed: Placed) -> None:
        super().__init__(desk)
        self._placed = placed

    def about(self) -> list[tuple[str, str]]:
        return [("", self._placed.url)]

    def enter(self, text: str) -> None:
        words = text.replace(",", " ").replace("，", " ").split()
        wrong = next((word for word in words if not word.isdecimal() or len(word) > 2), None)
        if wrong is not None:
            self.desk.refuse(self.say(self._wrong, text=wrong), self.say(self._way))
            return
        if words:
            self.till.devices.note_proofs(self._placed, [int(word) for word in words])
        self.desk.close()
        if words:
            url = next(
                one.url
                for one in self.till.counter.places.devices
                if one.device.kind is Kind.PRINTER
            )
            self.desk.tell(self.say(self._noted, url=url))


class ScanTrialPage(Question):
    """What a scanner reads, shown and not sold."""

    title = Text("Try the scanner", "测试扫描枪")
    ask = _SCAN_NOW

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._read: list[str] = []

    def takes(self, code: str) -> bool:
        self._read.append(code)
        return True

    def about(self) -> list[tuple[str, str]]:
        return [(str(number), code) for number, code in enumerate(self._read[-8:], start=1)]

    def enter(self, text: str) -> None:
        if text:
            self._read.append(text)
        else:
            self.desk.close()


class FindPage(Page):
    """What is plugged in and not yet used; Enter sets it up. An address can be typed."""

    title = _FIND
    ask = Text("Enter sets it up; or type an address", "回车设置，或直接输入设备地址")
    shows_total = False

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._place = 0
        self._look()

    def _look(self) -> None:
        places = self.till.counter.places
        self._found = [one for one in find() if not places.uses(one)]
        self._place = min(self._place, max(0, len(self._found) - 1))

    def rows(self, size: Size) -> list[Row]:
        if not self._found:
            nothing, way_on = self.say(_NOTHING), self.say(_NOTHING_WAY)
            said = [*folded(nothing, size.columns - 4), *folded(way_on, size.columns - 4)]
            return [self.heading(), BLANK, *(row("  ", Span(line, Ink.FAINT)) for line in said)]
        rows = [self.heading(), BLANK]
        for place, found in enumerate(self._found[: max(1, (size.rows - 2) // 2)]):
            rows += self._rows_of(found, size, chosen=place == self._place)
        return rows

    def _rows_of(self, found: Found, size: Size, *, chosen: bool) -> list[Row]:
        marked = mark(chosen=chosen)
        kind = self.say(KINDS[found.kind]) if found.kind else self.say(_WHAT)
        name = fit(f"{kind}  {found.name}", size.columns - 2)
        where = fit(f"{found.url}  {found.why}", size.columns - 4)
        return [
            row(marked, Span(name, Ink.STRONG if chosen else Ink.TEXT)),
            row(marked, "  ", Span(where, Ink.FAINT)),
        ]

    def keys(self) -> Sequence[KeyLabel]:
        return (
            ESC,
            KeyLabel("↑↓", Text("Choose", "选择"), 1),
            KeyLabel("Enter", Text("Set up", "设置")),
            KeyLabel("F5", Text("Look again", "重新查找")),
        )

    def press(self, key: str, entry: str) -> bool:  # noqa: ARG002
        if key in MOVES:
            last = max(0, len(self._found) - 1)
            self._place = min(max(self._place + MOVES[key], 0), last)
        elif key == "f5":
            self._look()
        else:
            return False
        return True

    def told(self, name: str, values: dict[str, Any]) -> bool:  # noqa: ARG002
        if not name.startswith("device."):
            return False
        self._look()
        return True

    def enter(self, text: str) -> None:
        if text:
            set_up(self.desk, text)
        elif self._found:
            found = self._found[self._place]
            if found.kind is None:
                self.desk.open(WhatQuestion(self.desk, found))
            else:
                set_up(self.desk, found.url)


#: what can be at the end of a serial cable: what it is, and how it is spoken to
SPEAKS: Final = (
    (Text("Receipt printer (ESC/POS)", "小票打印机（ESC/POS）"), "escpos", ""),
    (Text("Scanner", "扫描枪"), "scan", ""),
    (Text("Scale, CAS", "电子秤（CAS）"), "scale", "protocol=cas"),
    (Text("Scale, Toledo", "电子秤（托利多）"), "scale", "protocol=toledo"),
    (Text("Scale, Aclas OS2", "电子秤（Aclas OS2）"), "scale", "protocol=aclas"),
    (Text("Customer display CD5220", "客显屏（CD5220）"), "display", "protocol=cd5220"),
    (Text("Customer display ESC/POS", "客显屏（ESC/POS）"), "display", "protocol=escpos"),
    (Text("Locker board 8A/80", "自提柜锁控板（8A/80）"), "lock8a", "board=1&locks=24"),
    (Text("Locker board Kerong", "自提柜锁控板（Kerong）"), "kerong", "board=0&locks=16"),
)


class WhatQuestion(Question):
    """What is at the end of that cable: a serial adapter does not say."""

    title = _WHAT
    ask = Text("A key says what it is", "请按键选择设备类型")

    def __init__(self, desk: Desk, found: Found) -> None:
        super().__init__(desk)
        self._found = found

    def about(self) -> list[tuple[str, str]]:
        return [("", self._found.name), ("", self._found.path)]

    def choices(self, size: Size) -> list[Row]:  # noqa: ARG002
        return [
            row("  ", Span(fit(f"F{place}", 5), Ink.KEY), self.say(says))
            for place, (says, _, _) in enumerate(SPEAKS, start=1)
        ]

    def press(self, key: str, entry: str) -> bool:  # noqa: ARG002
        number = function_number(key)
        if not 1 <= number <= len(SPEAKS):
            return False
        _, driver, options = SPEAKS[number - 1]
        url = f"{driver}+{self._found.url}"
        self.desk.close()
        set_up(self.desk, f"{url}?{options}" if options else url)
        return True


def set_up(desk: Desk, url: str) -> None:
    """Use the device at that address from now on, and keep it in the settings."""
    try:
        placed = desk.till.devices.add(url)
    except Fault as fault:
        desk.refuse(*map(desk.say, words(fault)))
        return
    desk.close()
    name = name_of(desk, placed) if placed else desk.say(KINDS[Kind.SCANNER])
    desk.tell(desk.say(_SET, name=name, url=url), desk.say(_SET_WAY))
