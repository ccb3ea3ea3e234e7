"""Addresses of devices: what opens, and what is refused."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from hardware.device import CoverOpen, OutOfPaper, UnknownDevice
from hardware.printer import Outcome, Printed, TimeLimits
from hardware.registry import open_printer, open_scanner
from hardware.scanner import Framing, SerialScanner, Suffix, Wedge
from hardware.simulator.port import CUT_MARK, serve_tcp
from hardware.simulator.printer import SimulatedPrinter
from tests.hardware.wires import LINES, TEXT


def printed_at(url: str, jobs: int = 1, limits: TimeLimits | None = None) -> list[Printed]:
    async def scenario() -> list[Printed]:
        printer = open_printer(url, limits=limits)
        try:
            return [await printer.print(LINES) for _ in range(jobs)]
        finally:
            await printer.close()

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    "url",
    [
        *("", "printer", "laser://10.0.0.5", "sim://coffee", "sim://", "escpos+tcp://"),
        *("escpos+tcp://h:port", "escpos+tcp://h:70000", "escpos+tcp://h?cols=47"),
        *("sim://printer?paper=maybe", "sim://printer?stall_at=x", "sim://printer?papre=out"),
        *("escpos+tcp://h?paper=out", "escpos+tcp://h?cjk=utf8", "escpos+tcp://h?cols"),
        "escpos+tcp://10.0.0..5",
        "sim://printer?keep=no/such/folder/paper.txt",
    ],
)
def test_an_address_that_is_not_understood_is_refused_by_name(url: str) -> None:
    with pytest.raises(UnknownDevice) as refused:
        open_printer(url)
    assert url in refused.value.detail


@pytest.mark.parametrize(
    "url",
    [
        *("escpos+serial://", "escpos+serial:///", "escpos+serial://ttyS0"),
        *("escpos+serial:///dev/x?baud=9601", "escpos+serial:///dev/x?flow=maybe"),
    ],
)
def test_a_serial_printer_address_that_is_not_understood_is_refused(url: str) -> None:
    with pytest.raises(UnknownDevice) as refused:
        open_printer(url)
    assert url in refused.value.detail


@pytest.mark.parametrize(
    "url",
    [
        *("", "scan", "sim://printer", "scan+serial://", "scan+serial://ttyACM0", "scan+hid://"),
        *("scan+serial:///dev/x?suffix=enter", "scan+serial:///dev/x?sufix=cr"),
        *("scan+serial:///dev/x?cols=48", "scan+serial:///dev/x%00", "scan+wedge:///x"),
        *("scan+wedge://x", "scan+wedge://?suffix=cr", "scan+wedge://?baud=9600"),
    ],
)
def test_a_scanner_address_that_is_not_understood_is_refused_by_name(url: str) -> None:
    with pytest.raises(UnknownDevice) as refused:
        open_scanner(url)
    assert url in refused.value.detail


def test_a_scanners_framing_comes_from_the_address() -> None:
    assert open_scanner("scan+wedge://") == Wedge("", "enter")
    assert open_scanner("scan+wedge://?prefix=%02&suffix=tab") == Wedge("\x02", "tab")
    plain = open_scanner("scan+serial:///dev/ttyACM0?prefix=&baud=9600")
    assert isinstance(plain, SerialScanner)
    assert plain._framing == Framing(b"", Suffix.LINE)
    framed = open_scanner("scan+serial:///dev/ttyACM0?prefix=%02&suffix=crlf")
    assert isinstance(framed, SerialScanner)
    assert framed._framing == Framing(b"\x02", Suffix.CRLF)


def test_the_columns_come_from_the_address() -> None:
    assert open_printer("sim://printer").columns == 48
    assert open_printer("escpos+tcp://10.0.0.5?cols=42&fence=gs_r").columns == 42
    assert open_printer("escpos+tcp://10.0.0.5:9101?cols=32&cjk=fs_gb18030").columns == 32


def test_the_simulated_printer_keeps_what_it_prints_in_a_file(tmp_path: Path) -> None:
    keep = tmp_path / "纸 卷.txt"
    assert printed_at(f"sim://printer?keep={keep}", jobs=2) == [Printed(Outcome.PRINTED)] * 2
    assert keep.read_text("utf-8") == f"{TEXT}\n{CUT_MARK}\n" * 2


def test_half_a_receipt_before_a_power_cut_is_in_the_file_too(tmp_path: Path) -> None:
    keep = tmp_path / "paper.txt"
    [printed] = printed_at(f"sim://printer?power_cut_at=29&keep={keep}")
    assert printed.outcome is Outcome.UNKNOWN
    assert keep.read_text("utf-8") == "会员积分\n"


@pytest.mark.parametrize(
    ("option", "outcome", "reason"),
    [
        ("paper=out", Outcome.NOT_PRINTED, OutOfPaper),
        ("cover=open", Outcome.NOT_PRINTED, CoverOpen),
    ],
)
def test_the_simulated_printer_starts_in_trouble_when_asked(
    option: str, outcome: Outcome, reason: type[Exception]
) -> None:
    [printed] = printed_at(f"sim://printer?{option}")
    assert printed.outcome is outcome
    assert type(printed.reason) is reason


def test_the_simulated_printer_stalls_when_asked() -> None:
    limits = TimeLimits(status_s=60, fence_s=0.05, line_s=0, cause_s=0.05)
    [printed] = printed_at("sim://printer?stall_at=12", limits=limits)
    assert printed.outcome is Outcome.UNKNOWN


def test_a_network_printer_is_found_at_its_address() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter(columns=32)
        async with await serve_tcp(simulated) as server:
            printer = open_printer(server.url)
            assert printer.columns == 32
            assert await printer.print(LINES) == Printed(Outcome.PRINTED)
            await printer.close()
        assert simulated.receipts == [TEXT]

    asyncio.run(scenario())


def test_speed_and_flow_control_come_from_the_address() -> None:
    scanner = open_scanner("scan+serial:///dev/ttyACM0?baud=115200")
    assert isinstance(scanner, SerialScanner)
    printer = open_printer("escpos+serial:///dev/ttyUSB0?flow=rtscts&baud=19200")
    for device, baud, rtscts in ((scanner, 115_200, False), (printer, 19_200, True)):
        connect = device._connect
        assert isinstance(connect, partial)
        assert (connect.keywords["baud"], connect.keywords["rtscts"]) == (baud, rtscts)
