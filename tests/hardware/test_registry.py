"""Addresses of devices: what opens, and what is refused."""

import asyncio
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from hardware import registry
from hardware.driver import Driver
from hardware.fault import Kind, NoXonXoff, UnknownDevice
from hardware.link import Connect
from hardware.printer.faults import CoverOpen, OutOfPaper
from hardware.printer.printer import Outcome, Printed, Printer, TimeLimits
from hardware.registry import kind_of, open_device, open_printer, open_scanner
from hardware.scanner.wedge import Wedge
from hardware.simulator.printer.keeping import CUT_MARK
from hardware.simulator.printer.machine import SimulatedPrinter
from hardware.simulator.wire import serve_tcp
from hardware.url import DeviceUrl
from tests.hardware.wires import LINES, TEXT

CONFIRMED = Printed(Outcome.CONFIRMED)


def printed_at(url: str, jobs: int = 1, limits: TimeLimits | None = None) -> list[Printed]:
    async def scenario() -> list[Printed]:
        printer = open_printer(url)
        printer.limits = limits or printer.limits
        async with printer:
            return [await printer.print(LINES) for _ in range(jobs)]

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    "url",
    [
        *("", "printer", "laser://10.0.0.5", "sim://coffee", "sim://", "escpos+tcp://"),
        *("escpos+tcp://h:port", "escpos+tcp://h:70000", "escpos+tcp://h?cols=47"),
        *("sim://printer?paper=maybe", "sim://printer?stall_at=x", "sim://printer?papre=out"),
        *("escpos+tcp://h?paper=out", "escpos+tcp://h?cjk=big5", "escpos+tcp://h?cols"),
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


def test_a_wedge_is_no_device_and_has_its_framing_from_the_address() -> None:
    assert open_scanner("scan+wedge://") == Wedge("", "enter")
    assert open_scanner("scan+wedge://?prefix=%02&suffix=tab") == Wedge("\x02", "tab")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("escpos+usb://04b8:0e15?cols=48&cjk=fs_gb18030", Kind.PRINTER),
        ("escpos+serial:///dev/serial/by-id/usb-x?baud=38400", Kind.PRINTER),
        ("escpos+tcp://10.0.0.5:9100", Kind.PRINTER),
        ("escpos+lp:///dev/usb/lp0", Kind.PRINTER),
        ("scan+serial:///dev/ttyACM0", Kind.SCANNER),
        ("scan+wedge://?suffix=enter", Kind.SCANNER),
        ("scan+hidpos://0c2e:0901", Kind.SCANNER),
        ("display+serial:///dev/ttyUSB2?protocol=cd5220", Kind.DISPLAY),
        ("scale+serial:///dev/ttyUSB3?protocol=cas", Kind.SCALE),
        (
            "lock8a+serial:///dev/ttyUSB0?board=1&locks=24&feedback=closed_when_locked",
            Kind.LOCKER,
        ),
        ("kerong+serial:///dev/ttyUSB1?board=0&locks=16&baud=19200", Kind.LOCKER),
        ("sim://printer?paper=out", Kind.PRINTER),
        ("sim://locker?locks=12&jam=3", Kind.LOCKER),
        ("sim://scanner", Kind.SCANNER),
        ("sim://scale", Kind.SCALE),
        ("sim://display", Kind.DISPLAY),
    ],
)
def test_every_address_of_the_contract_opens_without_touching_a_wire(url: str, kind: Kind) -> None:
    assert kind_of(url) is kind


def test_another_package_brings_a_driver_by_an_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    here = EntryPoint("parrot", "tests.hardware.test_registry:PARROT", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [here])
    printer = open_device("parrot+tcp://10.0.0.5?cols=32")
    assert isinstance(printer, Printer)
    assert printer.columns == 32
    with pytest.raises(UnknownDevice):
        open_device("parrot+serial:///dev/x")


def test_ours_cannot_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    here = EntryPoint("escpos", "tests.hardware.test_registry:PARROT", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [here])
    assert registry.schemes()["escpos"].value.startswith("hardware.")


def _open_parrot(url: DeviceUrl, connect: Connect) -> Printer:
    assert url.one_of("cols", "32") == "32"
    return open_printer("sim://printer?cols=32")


PARROT = Driver(Kind.PRINTER, _open_parrot, links=("tcp",))


def test_the_columns_come_from_the_address() -> None:
    assert open_printer("sim://printer").columns == 48
    assert open_printer("escpos+tcp://10.0.0.5?cols=42&fence=gs_r").columns == 42
    assert open_printer("escpos+tcp://10.0.0.5:9101?cols=32&cjk=fs_gb18030").columns == 32


def test_the_simulated_printer_keeps_what_it_prints_in_a_file(tmp_path: Path) -> None:
    keep = tmp_path / "纸 卷.txt"
    assert printed_at(f"sim://printer?keep={keep}", jobs=2) == [CONFIRMED] * 2
    assert keep.read_text("utf-8") == f"{TEXT}\n{CUT_MARK}\n" * 2


def test_half_a_receipt_before_a_power_cut_is_in_the_file_too(tmp_path: Path) -> None:
    keep = tmp_path / "paper.txt"
    [printed] = printed_at(f"sim://printer?power_cut_at=38&keep={keep}")
    assert printed.outcome is Outcome.UNKNOWN
    assert keep.read_text("utf-8") == "会员积分\n"


@pytest.mark.parametrize(
    ("option", "reason"), [("paper=out", OutOfPaper), ("cover=open", CoverOpen)]
)
def test_the_simulated_printer_starts_in_trouble_when_asked(
    option: str, reason: type[Exception]
) -> None:
    async def scenario() -> None:
        async with open_printer(f"sim://printer?{option}") as printer:
            assert type((await printer.reached()).fault) is reason

    asyncio.run(scenario())


def test_the_simulated_printer_stalls_when_asked() -> None:
    limits = TimeLimits(status_s=0.05, fence_s=0.05, line_s=0, poll_s=0.01, look_s=0)
    [printed] = printed_at("sim://printer?stall_at=21", limits=limits)
    assert printed.outcome is Outcome.UNKNOWN


def test_a_network_printer_is_found_at_its_address() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter(columns=32)
        async with await serve_tcp(simulated) as server, open_printer(server.url) as printer:
            assert printer.columns == 32
            assert await printer.print(LINES) == CONFIRMED
        assert simulated.receipts == [TEXT]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("url", "baud", "flow"),
    [
        ("scan+serial:///dev/ttyACM0?baud=115200", 115_200, "none"),
        ("escpos+serial:///dev/ttyUSB0?flow=rtscts&baud=19200", 19_200, "rtscts"),
        ("escpos+serial:///dev/ttyUSB0?flow=xonxoff", 38_400, "xonxoff"),
        ("kerong+serial:///dev/ttyUSB1?board=0&locks=16&flow=rtscts", 19_200, "rtscts"),
    ],
)
def test_speed_and_flow_control_come_from_the_address(url: str, baud: int, flow: str) -> None:
    device = open_device(url)
    assert not isinstance(device, Wedge)
    connect = device.connect
    assert isinstance(connect, partial)
    assert (connect.keywords["baud"], connect.keywords["flow"]) == (baud, flow)


@pytest.mark.parametrize(
    "url",
    [
        *("scan+serial:///dev/x?", "display+serial:///dev/x?protocol=cd5220&"),
        *(f"scale+serial:///dev/x?protocol={one}&" for one in ("toledo", "cas", "aclas")),
        *(f"{board}+serial:///dev/x?board=1&locks=8&" for board in ("lock8a", "kerong", "wkly")),
        "modbuslock+serial:///dev/x?board=1&locks=8&",
    ],
)
def test_no_device_whose_data_may_hold_them_is_held_back_by_xon_and_xoff(url: str) -> None:
    open_device(url.rstrip("?&"))
    with pytest.raises(NoXonXoff) as refused:
        open_device(f"{url}flow=xonxoff")
    assert url in refused.value.detail


@pytest.mark.parametrize("url", ["escpos+tcp://h?flow=xonxoff", "sim://printer?flow=xonxoff"])
def test_flow_control_is_of_serial_ports_alone(url: str) -> None:
    with pytest.raises(UnknownDevice, match="unknown option flow"):
        open_device(url)
