"""The live view of the simulated counter: what a click does, what shows, whose keys it leaves."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import copy
from decimal import Decimal
from itertools import product

import pytest
import zxingcpp
from PIL import Image
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.events import Click
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Button, Digits, Static

from hardware.fault import Kind
from hardware.printer.parts import Line, Qr
from hardware.printer.printer import Outcome
from hardware.registry import open_printer, open_scanner
from hardware.scanner.scanner import Scanner
from hardware.simulator.counter import Goods, Shelf, SimulatedCounter
from hardware.simulator.live_view import TABS, CounterApp, CounterView, Language
from hardware.simulator.printer.condition import Paper, Trouble
from hardware.simulator.scale import State
from hardware.simulator.view.controls import Knob, Lamp, Scroll
from hardware.simulator.view.paper import drawn_qr, fitted
from hardware.simulator.view.shelf import Chip
from tests.hardware.readers import reading

COLA = Goods("可口可乐 330ml", "6901028075022")
APPLES = Goods("苹果", "2100001", Decimal("0.655"))
SHELF = Shelf([COLA, APPLES])
MANY = Shelf([Goods(f"商品 {number:03}", f"{number:08}") for number in range(40)])
BESIDE_A_TILL = (54, 40)
OTHERS = [(54, 24), (80, 24), (140, 60), (160, 45)]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


class Beside(App[None]):
    """An app of somebody else, with the counter docked in it."""

    def __init__(self, counter: SimulatedCounter) -> None:
        super().__init__()
        self._counter = counter

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Button("mine")
            yield CounterView(self._counter)


@asynccontextmanager
async def shown(
    counter: SimulatedCounter, size: tuple[int, int] = BESIDE_A_TILL, language: Language = "zh"
) -> AsyncIterator[Pilot[None]]:
    async with counter, CounterApp(counter, language).run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


def read(pilot: Pilot[None], which: str) -> str:
    widget = pilot.app.query_one(f"#{which}")
    if isinstance(widget, Digits):
        return widget.value
    assert isinstance(widget, Static)
    return str(widget.render())


async def until(pilot: Pilot[None], is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():
            await pilot.pause(0)


async def until_read(pilot: Pilot[None], which: str, words: str) -> None:
    await until(pilot, lambda: words in read(pilot, which))


async def press(pilot: Pilot[None], which: str, **how: bool | int) -> None:
    """Click there as `Pilot.click` does, without its rests: the widget must be what lies on top."""
    widget = pilot.app.query_one(f"#{which}")
    x, y = widget.region.x + widget.region.width // 2, widget.region.y
    found, _ = pilot.app.screen.get_widget_at(x, y)
    assert found is widget
    button, ctrl = int(how.get("button", 1)), bool(how.get("ctrl"))
    click = Click(widget, 1, 0, 0, 0, button, False, False, ctrl, x, y)
    widget.post_message(click.stop())  # it is nobody else's, and so never late


async def pick(pilot: Pilot[None], tab: str) -> None:
    await press(pilot, f"{tab}-tab")
    await until(pilot, lambda: pilot.app.query_one(f"#{tab}").region.height > 0)


def kind_of(knob: str) -> Kind:
    part = knob.partition("-")[0]
    return Kind({"paper": "printer", "drawer": "printer"}.get(part, part))


# ---- knobs

Turned = Callable[[SimulatedCounter], object]

KNOBS: list[tuple[str, Turned, object, str, str]] = [
    ("paper-near", lambda c: c.roll, Paper.NEAR_END, "printer-lamp", "▲ 纸将用完"),
    ("paper-out", lambda c: c.printer.paper_out, True, "printer-lamp", "▲ 缺纸"),
    ("printer-cover", lambda c: c.printer.cover_open, True, "printer-lamp", "▲ 机盖打开"),
    ("printer-cutter", lambda c: c.troubles, {Trouble.CUTTER_JAMMED}, "printer-lamp", "▲ 切刀卡住"),
    ("printer-power", lambda c: c.printer.powered, False, "printer-lamp", "▲ 断电"),
    ("printer-plug", lambda c: c.printer.plugged, False, "printer-lamp", "▲ 已拔出"),
    ("drawer", lambda c: c.drawer_open, True, "drawer-says", "钱箱 · 已开"),
    ("scanner-power", lambda c: c.scanner.powered, False, "scanner-lamp", "▲ 断电"),
    ("scanner-plug", lambda c: c.scanner.plugged, False, "scanner-lamp", "▲ 已拔出"),
    ("display-power", lambda c: c.display.powered, False, "display-lamp", "▲ 断电"),
    ("display-plug", lambda c: c.display.plugged, False, "display-lamp", "▲ 已拔出"),
    ("scale-bag", lambda c: c.scale.shown, Decimal("0.655"), "digits", "0.655"),
    ("scale-handful", lambda c: c.scale.shown, Decimal("0.100"), "digits", "0.100"),
    ("scale-unstable", lambda c: c.scale.state, State.UNSTABLE, "scale-lamp", "▲ 未稳"),
    ("scale-overload", lambda c: c.scale.state, State.OVERLOAD, "scale-lamp", "▲ 超载"),
    ("scale-silent", lambda c: c.scale.state, State.SILENT, "scale-lamp", "▲ 无应答"),
    ("scale-power", lambda c: c.scale.powered, False, "scale-lamp", "▲ 断电"),
    ("scale-plug", lambda c: c.scale.plugged, False, "scale-lamp", "▲ 已拔出"),
    ("locker-mute", lambda c: c.locker.silent, {1}, "locker-lamp", "▲ 无应答"),
    ("locker-power", lambda c: c.locker.powered, False, "locker-lamp", "▲ 断电"),
    ("locker-plug", lambda c: c.locker.plugged, False, "locker-lamp", "▲ 已拔出"),
]
BACK = {"paper-near": "paper-in", "paper-out": "paper-in"} | dict.fromkeys(
    ("scale-bag", "scale-handful"), "scale-empty"
)
USUAL = {
    Kind.PRINTER: ("paper in", "cover closed", "cutter free", "drawer closed"),
    Kind.SCALE: ("weight 0.000",),
    Kind.LOCKER: ("speak",),
}


TABLE = pytest.mark.parametrize("kind", Kind)


def knobs_of(kind: Kind) -> list[tuple[str, Turned, object, str, str]]:
    return [row for row in KNOBS if kind_of(row[0]) is kind]


@TABLE
def test_a_knob_moves_its_device_shows_it_and_moves_it_back(kind: Kind) -> None:
    async def scenario() -> None:
        counter = SimulatedCounter()
        async with shown(counter) as pilot:
            if kind in TABS:
                await pick(pilot, kind)
            for knob, what, value, where, words in knobs_of(kind):
                usual, fine = copy(what(counter)), read(pilot, where)
                await press(pilot, knob)
                await until_read(pilot, where, words)
                assert what(counter) == value
                await press(pilot, BACK.get(knob, knob))
                await until(pilot, lambda: read(pilot, where) == fine)  # noqa: B023
                assert what(counter) == usual

    asyncio.run(scenario())


TURNED = {
    "drawer": "drawer open",
    "printer-cover": "cover open",
    "printer-cutter": "cutter jam",
    "scale-bag": "weight 0.655",
    "scale-handful": "weight 0.100",
}


@TABLE
def test_a_device_that_was_moved_by_somebody_else_is_shown_so(kind: Kind) -> None:
    async def scenario() -> None:
        counter = SimulatedCounter()
        async with shown(counter) as pilot:
            for knob, what, value, where, words in knobs_of(kind):
                part, _, which = knob.partition("-")
                given = {"power": "power off", "plug": "unplug", "mute": "silent"}.get(which, which)
                turned = f"paper {which}" if part == "paper" else TURNED.get(knob, given)
                counter.machines[kind].turn_knob(turned)
                if kind is Kind.LOCKER:  # whose boards tell of nothing but what they say
                    counter.on_change[0]()
                await until_read(pilot, where, words)
                assert what(counter) == value
                for back in ("power on", "plug", *USUAL.get(kind, ())):
                    counter.machines[kind].turn_knob(back)

    asyncio.run(scenario())


def test_a_weight_too_much_is_an_overload() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter()
        async with shown(counter) as pilot:
            await pick(pilot, "scale")
            counter.scale.put(Decimal("15.000"))
            await press(pilot, "scale-handful")
            await until_read(pilot, "digits", "-----")
            assert counter.scale.state is State.OVERLOAD

    asyncio.run(scenario())


# ---- doors


def test_a_click_shuts_an_open_door_and_picks_a_shut_one_for_the_knobs() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter()
        locker = counter.locker
        async with shown(counter) as pilot:
            await pick(pilot, "locker")
            locker.open_by_hand(12)
            await until_read(pilot, "door-12", "12 XL 已开")
            await press(pilot, "door-12")
            await until_read(pilot, "door-12", "12 XL 已关")
            assert not locker.door(12).is_open
            await press(pilot, "door-3")
            await until_read(pilot, "door-says", "3 号门 · 已关")
            await press(pilot, "door-jam")
            await until_read(pilot, "door-3", " 3 S 卡住")
            assert locker.door(3).jammed
            await press(pilot, "door-jam")
            await until_read(pilot, "door-3", " 3 S 已关")
            assert not locker.door(3).jammed
            await press(pilot, "door-force")
            await until_read(pilot, "door-3", " 3 S 已开")
            assert locker.door(3).is_open
            await press(pilot, "door-force")
            await until_read(pilot, "door-3", " 3 S 已关")

    asyncio.run(scenario())


@pytest.mark.parametrize(("button", "ctrl"), [(3, False), (1, True)])
def test_another_click_jams_a_door_at_once_and_frees_it(button: int, ctrl: bool) -> None:
    async def scenario() -> None:
        counter = SimulatedCounter()
        async with shown(counter) as pilot:
            await pick(pilot, "locker")
            for jammed, words in ((True, "卡住"), (False, "已关")):
                await press(pilot, "door-9", button=button, ctrl=ctrl)
                await until_read(pilot, "door-9", words)
                assert counter.locker.door(9).jammed is jammed

    asyncio.run(scenario())


# ---- paper, shelf, display


def test_a_click_on_the_shelf_is_a_scan_at_the_real_driver_and_lays_what_is_weighed() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter(SHELF)
        scanner = open_scanner(counter.scanner_url)
        assert isinstance(scanner, Scanner)
        async with shown(counter) as pilot, reading(scanner) as reader:
            await reader.until_ready()
            for chip in pilot.app.query(Chip):
                assert await pilot.click(chip)
            assert await reader.until_scanned(2) == [COLA.code, APPLES.code]
            await until_read(pilot, "digits", "0.655")
            await pilot.click("#scanner-plug")
            await until_read(pilot, "scanner-lamp", "已拔出")
            await reader.until(lambda: not reader.ready)
            await pilot.click(Chip)
            await pilot.click("#scanner-plug")
            await until_read(pilot, "scanner-lamp", "就绪")
            await reader.until_ready()
            assert reader.codes == [COLA.code, APPLES.code]

    asyncio.run(scenario())


def test_the_paper_comes_out_is_torn_off_and_shows_its_code() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter(SHELF)
        printer = open_printer(counter.printer_url)
        async with shown(counter) as pilot, printer:
            for total in ("9.00", "12.00"):
                printed = await printer.print([Line(f"Total {total}")])
                assert printed.outcome is Outcome.CONFIRMED
            await until_read(pilot, "strip", "Total 12.00")
            lines = [line.strip() for line in read(pilot, "strip").splitlines()]
            assert [line[0] for line in lines] == ["T", "✂", "T", "✂"]
            await printer.print([Qr("S01-1-716RNN-000001")])
            await until_read(pilot, "strip", drawn_qr("S01-1-716RNN-000001", 48)[3].strip())

    asyncio.run(scenario())


def test_the_end_of_the_paper_stays_in_sight_and_who_reads_back_is_left_alone() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter()
        async with shown(counter) as pilot:
            paper = pilot.app.query_one("#paper", Scroll)
            counter.printer.feed(b"".join(b"%d\n" % number for number in range(60)))
            await until_read(pilot, "strip", "59")
            for tab in ("locker", "printer", "addresses"):
                await pick(pilot, tab)
                await pilot.pause()
                assert paper.scroll_y == paper.max_scroll_y > 0
            paper.scroll_to(y=3, animate=False)
            await pilot.pause()
            counter.turn(Kind.PRINTER, "drawer open")
            await pick(pilot, "locker")
            await pilot.pause()
            assert paper.scroll_y == 3
            counter.printer.feed(b"60\n")
            await until_read(pilot, "strip", "60")
            await pilot.pause()
            assert paper.scroll_y == paper.max_scroll_y

    asyncio.run(scenario())


def test_the_display_shows_two_lines_of_twenty_whatever_comes() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter()
        async with shown(counter) as pilot:
            counter.display.feed(b"\x1bQATOTAL          12.00\r\x1bQBTHANK YOU          \r")
            await until_read(pilot, "glass", "TOTAL          12.00\nTHANK YOU")
            assert [cell_len(line) for line in read(pilot, "glass").split("\n")] == [20, 20]

    asyncio.run(scenario())


def test_an_address_is_copied_by_a_click() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter()
        async with shown(counter) as pilot:
            await pick(pilot, "addresses")
            for kind, url in counter.urls.items():
                await press(pilot, f"{kind}-url")
                await until(pilot, lambda: kind in pilot.app.clipboard)  # noqa: B023
                assert pilot.app.clipboard == f'{kind}="{url}"'

    asyncio.run(scenario())


# ---- the view


def test_a_folded_part_says_that_it_wants_to_be_seen() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter()
        async with shown(counter) as pilot:
            for tab, kind, words in (
                ("printer", Kind.PRINTER, "drawer open"),
                ("scale", Kind.SCALE, "unstable"),
                ("locker", Kind.LOCKER, "open 3"),
            ):
                assert "▲" not in read(pilot, f"{tab}-tab")
                counter.machines[kind].turn_knob(words)
                await until_read(pilot, f"{tab}-tab", "▲")

    asyncio.run(scenario())


def test_nothing_of_it_ever_takes_the_focus() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter(SHELF)
        async with counter, Beside(counter).run_test(size=(100, 40)) as pilot:
            mine, view = pilot.app.query_one(Button), pilot.app.query_one(CounterView)
            mine.focus()
            everything: list[Widget] = [view, *view.query(Widget)]
            assert [one for one in everything if one.can_focus] == []
            for which in ("#drawer", "#strip", "#scanner-plug", "#scale-tab", "#digits", Chip):
                await pilot.click(which)
                await pilot.press("tab")
                assert pilot.app.focused is mine

    asyncio.run(scenario())


def cut_off(view: CounterView) -> list[Widget]:
    """Knobs and lamps to be seen, but not wholly: beyond their row, or with words that have no
    room."""
    cut = []
    for widget in (*view.query(Knob), *view.query(Lamp)):
        assert isinstance(widget.parent, Widget)
        words = max(cell_len(line) for line in str(widget.render()).split("\n"))
        whole = widget.parent.region.contains_region(widget.region)
        if widget.is_on_screen and not (whole and words <= widget.content_size.width):
            cut.append(widget)
    return cut


@pytest.mark.parametrize(
    "size",
    [(54, 40), *(pytest.param(size, marks=pytest.mark.slow) for size in OTHERS)],
    ids=str,
)
def test_every_knob_has_its_room_and_the_paper_is_always_seen(size: tuple[int, int]) -> None:
    async def scenario() -> None:
        counter = SimulatedCounter(MANY)
        async with shown(counter, size) as pilot:
            view = pilot.app.query_one(CounterView)
            for kind in Kind:
                counter.turn(kind, "unplug")
            for words in ("cover open", "cutter jam", "drawer open", "paper out"):
                counter.turn(Kind.PRINTER, words)
            for words in ("silent", "jam 7", "open 3", "open 12"):
                counter.turn(Kind.LOCKER, words)
            for language, tab in product(LANGUAGES, TABS):
                view.language = language
                view.pick(tab)
                await pilot.pause()
                await pilot.pause()
                assert cut_off(view) == []
                assert pilot.app.query_one("#paper").region.height >= 6
                assert pilot.app.query_one("#glass").region.height >= 2
                assert pilot.app.query_one("#shelf").region.height >= 3
                room = pilot.app.query_one("#rest").region
                assert view.region.contains_region(room)
                if tab != "addresses":  # which can be scrolled
                    assert room.contains_region(pilot.app.query_one(f"#{tab}").region)

    asyncio.run(scenario())


def test_both_languages_and_themes_at_any_size() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter(SHELF)
        async with shown(counter) as pilot:
            await pilot.press("l")
            await until_read(pilot, "printer-title", "Receipt printer")
            assert read(pilot, "printer-lamp") == "● ready"
            for width, height in ((40, 24), (54, 50), (160, 30), (20, 10), (1, 1)):
                await pilot.resize_terminal(width, height)
                await pilot.press("d")
            await pilot.press("l")
            await until_read(pilot, "printer-title", "小票打印机")

    asyncio.run(scenario())


def test_views_may_come_and_go_the_counter_keeps_what_was_seen() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter(SHELF)
        async with counter, open_printer(counter.printer_url) as printer:
            await printer.print([Line("first")])
            for _ in range(2):
                async with Beside(counter).run_test(size=(100, 40)) as pilot:
                    await until_read(pilot, "strip", "first")
            assert counter.on_change == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("line", "width", "narrow"),
    [
        ("Total        12.00", 12, "Total  12.00"),
        ("可乐      3.50", 10, "可乐  3.50"),
        ("------------", 5, "-----"),
        ("short", 10, "short"),
        ("1234567890", 5, "1234567890"),
    ],
)
def test_in_a_narrow_view_the_gaps_give_way(line: str, width: int, narrow: str) -> None:
    assert fitted(line, width) == narrow


def test_a_qr_code_on_the_paper_is_one_that_can_be_read() -> None:
    text = "S01-1-716RNN-000001"
    rows = drawn_qr(text, 48)
    wide = max(map(len, rows))
    picture = Image.new("L", (wide, 2 * len(rows)), 255)
    for y, row in enumerate(rows):
        for x, block in enumerate(row):
            above, below = divmod(" ▄▀█".index(block), 2)
            picture.putpixel((x, 2 * y), 255 * (1 - above))
            picture.putpixel((x, 2 * y + 1), 255 * (1 - below))
    enlarged = picture.resize((8 * picture.width, 8 * picture.height), Image.Resampling.NEAREST)
    assert [found.text for found in zxingcpp.read_barcodes(enlarged)] == [text]
    assert drawn_qr("x" * 3_000, 48) == drawn_qr("x" * 500, 48) == []
