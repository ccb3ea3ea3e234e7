"""The simulated counter behind real ptys: real drivers talk with each of its devices."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hardware.device import BackOff, Device
from hardware.display.display import Display
from hardware.fault import Kind, Unplugged
from hardware.locker.compartment import DoorState, Size
from hardware.locker.locker import Locker
from hardware.locker.orders import Outcome
from hardware.printer.parts import Line
from hardware.printer.printer import Outcome as PaperOutcome
from hardware.printer.printer import Printer
from hardware.registry import open_device
from hardware.scale.faults import Overloaded
from hardware.scale.scale import Scale, Weight
from hardware.scanner.scanner import Scanned, Scanner
from hardware.simulator.counter import Goods, Shelf, SimulatedCounter, TornOff
from tests.hardware.wires import until

SOON = BackOff(0.01, 0.02)
COLA = Goods("可口可乐 330ml", "6901028075022")
APPLES = Goods("苹果", "2100001", Decimal("0.655"))


@asynccontextmanager
async def at(counter: SimulatedCounter, kind: Kind) -> AsyncIterator[Device[Any]]:
    """The real driver of one of its devices, served and ready."""
    device = open_device(counter.urls[kind])
    assert isinstance(device, Device)
    assert device.kind is kind
    device._back_off = SOON
    async with device:
        await until(device, lambda: device.health.ready)
        yield device


def test_it_has_a_file_and_an_address_for_each_device_before_anything_runs(tmp_path: Path) -> None:
    with closing(SimulatedCounter(folder=tmp_path / "new")) as counter:
        assert sorted(os.listdir(tmp_path / "new")) == sorted(Kind)  # noqa: PTH208
        assert {Kind(kind): open_device(url).__class__ for kind, url in counter.urls.items()} == {
            Kind.PRINTER: Printer,
            Kind.SCANNER: Scanner,
            Kind.DISPLAY: Display,
            Kind.SCALE: Scale,
            Kind.LOCKER: Locker,
        }
        assert counter.printer_url == counter.urls["printer"]
        assert counter.scanner_url == counter.urls["scanner"]
    assert os.listdir(tmp_path / "new") == []  # noqa: PTH208


def test_a_folder_of_its_own_goes_with_it() -> None:
    with closing(SimulatedCounter()) as counter:
        folders = {Path(urlsplit(url).path).parent for url in counter.urls.values()}
        assert [folder.is_dir() for folder in folders] == [True]
    assert [folder.exists() for folder in folders] == [False]


def test_a_folder_with_an_odd_name_is_found_all_the_same(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with SimulatedCounter(folder=tmp_path / "柜台 #1 100%?") as counter:
            for kind in Kind:
                async with at(counter, kind):
                    pass

    asyncio.run(scenario())


def test_where_no_file_can_be_had_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "scanner").mkdir()
    before = os.listdir("/dev/fd")  # noqa: PTH208
    with pytest.raises(OSError):  # noqa: PT011  whatever the system calls it
        SimulatedCounter(folder=tmp_path)
    assert os.listdir(tmp_path) == ["scanner"]  # noqa: PTH208
    assert len(os.listdir("/dev/fd")) == len(before)  # noqa: PTH208


def test_the_printer_may_listen_at_a_port_instead_and_says_at_which() -> None:
    async def scenario() -> None:
        async with SimulatedCounter(tcp_port=0, columns=32) as counter:
            assert counter.printer_url.startswith("escpos+tcp://127.0.0.1:")
            assert urlsplit(counter.printer_url).port
            async with at(counter, Kind.PRINTER) as printer:
                assert isinstance(printer, Printer)
                assert printer.columns == 32
                assert (await printer.print([Line("1")])).outcome is PaperOutcome.CONFIRMED
            taken = urlsplit(counter.printer_url).port
            with pytest.raises(OSError):  # noqa: PT011
                async with SimulatedCounter(tcp_port=taken):
                    pass

    asyncio.run(scenario())


def test_a_receipt_and_an_open_drawer_are_seen_from_both_sides() -> None:
    async def scenario() -> None:
        async with SimulatedCounter() as counter, at(counter, Kind.PRINTER) as printer:
            assert isinstance(printer, Printer)
            for line in ("first", "second"):
                printed = await printer.print([Line(line)])
                assert printed.outcome is PaperOutcome.CONFIRMED
            pieces = [piece if isinstance(piece, str) else "✂" for piece in counter.strip]
            assert [piece.strip() for piece in pieces] == ["first", "✂", "second", "✂"]
            assert counter.pieces_out >= 4
            assert not counter.drawer_open
            assert await printer.kick() is None
            await printer.check()
            assert (counter.drawer_open, printer.drawer_open) == (True, True)
            counter.close_drawer()
            await printer.check()
            assert (counter.drawer_open, printer.drawer_open) == (False, False)

    asyncio.run(scenario())


def test_goods_from_the_shelf_are_scanned_and_weighed_if_they_are_sold_so() -> None:
    async def scenario() -> None:
        counter = SimulatedCounter(Shelf([COLA, APPLES]))
        async with (
            counter,
            at(counter, Kind.SCANNER) as scanner,
            at(counter, Kind.SCALE) as scale,
        ):
            assert isinstance(scale, Scale)
            codes: list[str] = []
            scanner.listeners.append(
                lambda event: codes.append(event.scan.code) if isinstance(event, Scanned) else None
            )
            for goods in counter.shelf.products:
                assert await counter.pick(goods)
            await until(scanner, lambda: len(codes) == 2)
            assert codes == [COLA.code, APPLES.code]
            assert await scale.weigh() == Weight(655)

    asyncio.run(scenario())


def test_more_is_laid_on_the_scale_until_it_is_too_much() -> None:
    async def scenario() -> None:
        async with SimulatedCounter() as counter, at(counter, Kind.SCALE) as scale:
            assert isinstance(scale, Scale)
            counter.add_weight(Decimal("0.100"))
            counter.add_weight(Decimal("14.900"))
            assert await scale.weigh() == Weight(15_000)
            counter.add_weight(Decimal("0.100"))
            with pytest.raises(Overloaded):
                await scale.weigh()

    asyncio.run(scenario())


def test_the_customer_reads_what_the_till_shows() -> None:
    async def scenario() -> None:
        async with SimulatedCounter() as counter, at(counter, Kind.DISPLAY) as display:
            assert isinstance(display, Display)
            shown = asyncio.Event()
            counter.on_change.append(
                lambda: shown.set() if "12.00" in counter.display.lines[1] else None
            )
            display.show("COLA", "TOTAL 12.00")
            async with asyncio.timeout(60):
                await shown.wait()
            assert counter.display.lines[0].strip() == "COLA"

    asyncio.run(scenario())


def test_a_door_of_the_locker_opens_and_is_shut_by_hand() -> None:
    async def scenario() -> None:
        async with SimulatedCounter() as counter, at(counter, Kind.LOCKER) as locker:
            assert isinstance(locker, Locker)
            sizes = [door.size for door in locker.doors]
            assert sizes == [Size.S] * 6 + [Size.M] * 3 + [Size.L] * 2 + [Size.XL]
            opened = await locker.open(12, order_id="1")
            assert opened.outcome is Outcome.OPENED
            assert counter.locker.door(12).is_open
            counter.turn(Kind.LOCKER, "close 12")
            await until(locker, lambda: locker.doors[11].state is DoorState.CLOSED)

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(("gone", "back"), [("unplug", "plug"), ("power off", "power on")])
def test_a_device_that_is_gone_is_missed_and_comes_back(kind: Kind, gone: str, back: str) -> None:
    async def scenario() -> None:
        async with SimulatedCounter() as counter, at(counter, kind) as device:
            for _ in range(2):
                counter.turn(kind, gone)
                await until(device, lambda: isinstance(device.health.fault, Unplugged))
                counter.turn(kind, back)
                await until(device, lambda: device.health.ready)

    asyncio.run(scenario())


def test_a_code_that_nobody_takes_is_said_to_be_lost() -> None:
    async def scenario() -> None:
        async with SimulatedCounter() as counter:
            counter.turn(Kind.SCANNER, "unplug")
            assert not await counter.scan(COLA.code)

    asyncio.run(scenario())


def test_the_strip_is_bounded_and_marks_each_cut() -> None:
    with closing(SimulatedCounter()) as counter:
        counter.printer.feed(b"x\n" * 5_000 + b"\n\n\x1dV\x01")
        assert len(counter.strip) <= 1_000
        assert counter.strip[-2] == "x"
        assert isinstance(counter.strip[-1], TornOff)


def test_a_shelf_is_read_from_csv_and_what_is_none_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "shelf.csv"
    lines = (
        "可乐,6901028075022",
        "只有名称",
        "空, ",
        "坏,1\x1b2",
        "苹果 , 2100001, 0.655",
        "梨,2100002,x",
    )
    file.write_text("\ufeff" + "\n".join(lines), "utf-8")
    assert Shelf.read(file).products == [
        Goods("可乐", "6901028075022"),
        Goods("苹果", "2100001", Decimal("0.655")),
        Goods("梨", "2100002"),
    ]
