"""The line at the top: who sells where, and how till, printer and scanner stand.

Silent when all is well; otherwise in words and in shape, not only in colour.
"""

from datetime import datetime
from typing import NamedTuple

from hardware.device import Health
from pos_client.catalogue.service import InForce
from pos_client.screen import prices, words
from pos_client.screen.page import Desk
from pos_client.screen.rows import Ink, Row, Span, clip, row, row_width, sides, width
from pos_client.sync.line import in_words
from pos_client.sync.service import SyncState
from retail.clocks import age, clock_off
from retail.language import Text

_IN_STEP = Text("● in step", "● 同步")
_SENDING = Text("◐ {waiting} records to send", "◐ {waiting} 条待传")
_OFFLINE = Text("○ offline", "○ 离线")
_OFFLINE_WAITING = Text(
    "○ offline · {waiting} to send · oldest {age}", "○ 离线 · {waiting} 条待传 · 最久 {age}"
)
_FORKED = Text("▲ two histories: call support", "▲ 记录分叉：请联系支持")
_PROBLEM = Text("▲ {problem}", "▲ {problem}")
_PROBLEM_WAITING = Text("▲ {problem} · {waiting} to send", "▲ {problem} · {waiting} 条待传")
_STUCK = Text(
    "▲ nothing gets through · {waiting} to send · oldest {age}",
    "▲ 传送停滞 · {waiting} 条待传 · 最久 {age}",
)
_CLOCK = Text("◷ clock {off}", "◷ 时钟{off}")
_PRINTER = Text("▤ ready", "▤ 就绪")
_PRINTER_UNKNOWN = Text("▤ …", "▤ …")
_NO_PRINTER = Text("▤ none", "▤ 无")
_SCANNER = Text("‖ scanner", "‖ 扫描枪")
_SCANNER_KEYS = Text("‖ keyboard", "‖ 键盘")
_SCANNER_GONE = Text("‖ scanner unplugged", "‖ 扫描枪未连接")
_TILL = Text("Till {till}", "{till} 号机")
_NO_SHIFT = Text("no shift", "未开班")

_PRINTER_SHORT = {
    "printer.out_of_paper": Text("▤ no paper", "▤ 缺纸"),
    "printer.paper_low": Text("▤ paper low", "▤ 纸将尽"),
    "printer.cutter_jammed": Text("▤ cutter", "▤ 切刀卡住"),
    "printer.head_hot": Text("▤ too hot", "▤ 过热"),
    "printer.cover_open": Text("▤ cover open", "▤ 机盖未合"),
    "printer.unplugged": Text("▤ unplugged", "▤ 未连接"),
    "printer.link_lost": Text("▤ unplugged", "▤ 未连接"),
    "printer.no_reply": Text("▤ silent", "▤ 无应答"),
    "printer.unconfirmed": Text("▤ silent", "▤ 无应答"),
}
#: what the hub says is wrong is cut to what the line has room for, and never to less
_TITLE_COLUMNS_MAX = 60
_TITLE_COLUMNS_MIN = 12
#: from so many columns on there is room for words where all is well
WIDE = 96
_PRINTER_TROUBLE = Text("▤ error", "▤ 故障")


class Lamp(NamedTuple):
    """One thing that stands well or not."""

    text: Text
    well: bool


def sync_lamp(
    state: SyncState | None, now: datetime, title_columns: int = _TITLE_COLUMNS_MAX
) -> Lamp:
    """How the till stands with the hub, and since when the oldest fact waits; what the hub says is
    wrong in so many columns."""
    if state is not None and state.forked:
        return Lamp(_FORKED, well=False)
    if state is None or not (state.online or state.waiting):
        return Lamp(_OFFLINE, well=False)
    if state.waiting and (state.stuck or not state.online):
        waited = age(datetime.fromisoformat(state.waiting_since), now)
        said = _OFFLINE_WAITING if not state.online else _STUCK
        return Lamp(said.filled(waiting=state.waiting, age=waited), well=False)
    if state.problem:
        title = _title(state)
        short = Text(clip(title.en, title_columns), clip(title.zh, title_columns))
        said = _PROBLEM_WAITING if state.waiting else _PROBLEM
        return Lamp(said.filled(problem=short, waiting=state.waiting), well=False)
    waiting = _SENDING.filled(waiting=state.waiting)
    return Lamp(waiting if state.waiting else _IN_STEP, well=True)


def _title(state: SyncState) -> Text:
    """What is wrong, without the mark that ends a sentence."""
    title = in_words(state.said)[0] if state.said else Text(state.problem, state.problem)
    return Text(title.en.rstrip("."), title.zh.rstrip("。."))


def _sync_lamp_within(desk: Desk, state: SyncState | None, now: datetime, columns: int) -> Lamp:
    """In so many columns, where the hub's words can give way."""
    lamp = sync_lamp(state, now)
    over = width(desk.say(lamp.text)) - columns
    if state is None or over <= 0:
        return lamp
    title_columns = min(width(desk.say(_title(state))), _TITLE_COLUMNS_MAX) - over
    return sync_lamp(state, now, max(title_columns, _TITLE_COLUMNS_MIN))


def clock_lamps(state: SyncState | None) -> list[Lamp]:
    """Nothing while this till's clock is right, or nobody knows better."""
    if state is None or not state.clock_off_s:
        return []
    return [Lamp(_CLOCK.filled(off=clock_off(state.clock_off_s)), well=False)]


def printer_lamp(state: Health | None) -> Lamp:
    if state is None:
        return Lamp(_NO_PRINTER, well=True)
    if state.fault is not None:
        return Lamp(_PRINTER_SHORT.get(state.fault.code, _PRINTER_TROUBLE), well=False)
    return Lamp(_PRINTER if state.known else _PRINTER_UNKNOWN, well=True)


def scanner_lamp(state: Health | None) -> Lamp:
    if state is None:
        return Lamp(_SCANNER_KEYS, well=True)
    if state.fault is not None:
        return Lamp(_SCANNER_GONE, well=False)
    return Lamp(_SCANNER, well=True)


def status_row(
    desk: Desk, sync: SyncState | None, in_force: InForce, cashier: str, columns: int
) -> Row:
    """The whole line; the lamps are never cut off. On a narrow screen what is well is a mark, and
    which prices are in force stands where there is room for it."""
    till = desk.till
    now = till.recorder.clock.read().at.astimezone(till.recorder.zone)
    narrow = columns < WIDE

    def spans_of(*lamps: Lamp) -> list[Span]:
        return [_span(desk, lamp, narrow=narrow) for lamp in lamps]

    who = Span(" " + _who(desk, cashier, narrow=narrow), Ink.BAR)
    clock = spans_of(*clock_lamps(sync))
    devices = spans_of(printer_lamp(till.counter.printer), scanner_lamp(till.counter.scanner))
    room = columns - row_width((who, *clock, *devices)) - 4
    spans = [*clock, *spans_of(_sync_lamp_within(desk, sync, now, room)), *devices]
    room = columns - width(who.text) - row_width(tuple(spans)) - 3
    sold_by = next((said for said in prices.lamps(desk, in_force, now) if width(said) < room), "")
    if sold_by:
        spans.insert(0, Span(f"  {sold_by}", Ink.BAR))
    return sides(row(who), row(*spans, Span(" ", Ink.BAR)), columns)


def _span(desk: Desk, lamp: Lamp, *, narrow: bool) -> Span:
    said = desk.say(lamp.text)
    if narrow and lamp.well:
        said = said.split(" ")[0]
    return Span(f"  {said}", Ink.BAR if lamp.well else Ink.BAR_ATTEND)


def _who(desk: Desk, cashier: str, *, narrow: bool) -> str:
    till = desk.till
    store = till.catalogue.settings.store_name or till.who.store
    number = till.who.till.rpartition("-")[2]
    shift = till.shift.current
    if shift is None:
        rest = [desk.say(_NO_SHIFT)]
    else:
        day = datetime.fromisoformat(shift.context.business_date).date()
        rest = [cashier, words.day(day, desk.language)]
    return " · ".join([*([] if narrow else [store]), desk.say(_TILL, till=number), *rest])
