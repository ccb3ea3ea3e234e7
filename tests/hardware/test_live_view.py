"""The live view of the simulated counter: what a click does, what shows, whose keys it leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Button, Static

from hardware.printer import EscposPrinter, Outcome, Printed
from hardware.receipt_bytes import Line, Qr
from hardware.registry import open_printer
from hardware.simulator.counter import Shelf, SimulatedCounter, TornOff
from hardware.simulator.live_view import Chip, CounterApp, CounterView, drawn_qr, fitted
from tests.hardware.test_serial import reading
from tests.hardware.wires import PATIENT

SHELF = Shelf([("可口可乐 330ml", "6901028075022"), ("苹果", "2100001")])
SIZE = (60, 40)


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
async def shown(counter: SimulatedCounter) -> AsyncIterator[Pilot[None]]:
    async with counter, CounterApp(counter).run_test(size=SIZE) as pilot:
        await pilot.pause()
        yield pilot


def read(pilot: Pilot[None], which: str) -> str:
    return str(pilot.app.query_one(f"#{which}", Static).render())


async def until_read(pilot: Pilot[None], which: str, words: str) -> None:
    async with asyncio.timeout(60):
        while words not in read(pilot, which):
            await pilot.pause()


@asynccontextmanager
async def at_printer(counter: SimulatedCounter) -> AsyncIterator[EscposPrinter]:
    printer = open_printer(counter.printer_url, limits=PATIENT)
    try:
        yield printer
    finally:
        await printer.close()


def test_a_click_on_the_shelf_is_a_scan_at_the_real_driver() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter(SHELF)
        async with shown(counter) as pilot, reading(counter.scanner, "?suffix=cr") as reader:
            await reader.until_ready()
            for chip in pilot.app.query(Chip):
                assert await pilot.click(chip)
            assert await reader.until_scanned(2) == [code for _, code in SHELF.products]
            await pilot.click("#scanner-knob")
            await until_read(pilot, "scanner-lamp", "已拔出")
            await reader.until(lambda: not reader.scanner.state.ready)
            await pilot.click("#scanner-knob")
            await until_read(pilot, "scanner-lamp", "已连接")
            await reader.until_ready()

    asyncio.run(scenario())


def test_the_paper_comes_out_is_torn_off_and_the_drawer_shuts_by_a_click() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter(SHELF)
        async with shown(counter) as pilot, at_printer(counter) as printer:
            for total in ("9.00", "12.00"):
                printed = await printer.print([Line(f"Total {total}")], kick_drawer=True)
                assert printed == Printed(Outcome.PRINTED)
            await until_read(pilot, "strip", "Total 12.00")
            lines = [line.strip() for line in read(pilot, "strip").splitlines()]
            assert [line[0] for line in lines] == ["T", "✂", "T", "✂"]
            assert "已开" in read(pilot, "drawer-says")
            await pilot.click("#drawer")
            await until_read(pilot, "drawer-says", "已关")
            assert not counter.drawer_open

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("knob", "lamp", "code"),
    [
        ("paper-knob", "缺纸", "printer.out_of_paper"),
        ("cover-knob", "机盖打开", "printer.cover_open"),
        ("power-knob", "断电", "printer.unplugged"),
    ],
)
def test_a_knob_makes_the_printer_fail_and_mends_it(knob: str, lamp: str, code: str) -> None:
    async def scenario() -> None:
        counter = SimulatedCounter()
        async with shown(counter) as pilot, at_printer(counter) as printer:
            await pilot.click(f"#{knob}")
            await until_read(pilot, "printer-lamp", lamp)
            failed = await printer.print([Line("1")])
            assert failed.reason is not None
            assert failed.reason.code == code
            await pilot.click(f"#{knob}")
            await until_read(pilot, "printer-lamp", "就绪")
            while (printed := await printer.print([Line("1")])).reason is not None:
                assert printed.reason.code == "printer.unplugged"  # until its path is there again

    asyncio.run(scenario())


def test_nothing_of_it_ever_takes_the_focus() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter(SHELF)
        async with counter, Beside(counter).run_test(size=(100, 40)) as pilot:
            mine, view = pilot.app.query_one(Button), pilot.app.query_one(CounterView)
            everything: list[Widget] = [view, *view.query(Widget)]
            assert [one for one in everything if one.can_focus] == []
            mine.focus()
            for which in ("#paper-knob", "#drawer", "#strip", "#scanner-knob", Chip):
                await pilot.click(which)
                await pilot.press("tab")
                assert pilot.app.focused is mine

    asyncio.run(scenario())


def test_both_languages_and_themes_at_any_size() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter(SHELF)
        async with shown(counter) as pilot:
            await pilot.press("l")
            await until_read(pilot, "printer-title", "Receipt printer")
            assert read(pilot, "printer-lamp") == "● ready"
            for width, height in ((40, 24), (54, 50), (160, 30), (20, 10)):
                await pilot.resize_terminal(width, height)
                await pilot.press("d")
            await pilot.press("l")
            await until_read(pilot, "printer-title", "小票打印机")

    asyncio.run(scenario())


def test_views_may_come_and_go_the_counter_keeps_what_was_seen() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter(SHELF)
        async with counter, at_printer(counter) as printer:
            await printer.print([Line("first")])
            for _ in range(2):
                async with Beside(counter).run_test(size=(100, 40)) as pilot:
                    await until_read(pilot, "strip", "first")
            assert counter.on_change == []

    asyncio.run(scenario())


def test_the_strip_is_bounded_and_marks_each_cut() -> None:
    counter = SimulatedCounter()
    counter.printer.feed(b"x\n" * 5_000 + b"\n\n\x1dV\x01")
    counter.close()
    assert len(counter.strip) <= 1_000
    assert counter.strip[-2] == "x"
    assert isinstance(counter.strip[-1], TornOff)


def test_a_shelf_is_read_from_csv_and_what_is_none_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "shelf.csv"
    file.write_text(
        "\ufeff可乐,6901028075022\n只有名称\n空, \n坏,1\x1b2\n苹果 , 2100001,x\n", "utf-8"
    )
    assert Shelf.read(file).products == [("可乐", "6901028075022"), ("苹果", "2100001")]


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


def test_the_view_draws_the_qr_code_of_a_receipt() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter()
        async with shown(counter) as pilot, at_printer(counter) as printer:
            await printer.print([Qr("S01-1-716RNN-000001")])
            await until_read(pilot, "strip", drawn_qr("S01-1-716RNN-000001", 48)[3].strip())

    asyncio.run(scenario())
