"""Scanners at serial ports: nothing lost, nothing doubled, and back after an unplug."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from hardware.device import BackOff
from hardware.fault import Forbidden, Taken, UnknownDevice, Unplugged
from hardware.link import READ_LIMIT_BYTES
from hardware.registry import kind_of, open_scanner
from hardware.scanner.parser import Framing, ScanParser
from hardware.scanner.scan import Noise, Scan
from hardware.scanner.scanner import Scanner
from hardware.scanner.wedge import Wedge
from hardware.simulator.pty import SerialPort
from hardware.simulator.scanner import ROOM_BYTES, Form, SimulatedScanner
from hardware.simulator.wire import serve_tcp, serving_serial
from hardware.url import DeviceUrl
from tests.hardware.readers import PATIENCE_S, Reader, reading

COLA = "6901028075022"


@asynccontextmanager
async def at_a_port(simulated: SimulatedScanner) -> AsyncIterator[str]:
    with closing(SerialPort(name="scanner")) as port:
        async with serving_serial(simulated, port) as url:
            yield url


@asynccontextmanager
async def read_at_a_port(simulated: SimulatedScanner, options: str = "") -> AsyncIterator[Reader]:
    async with at_a_port(simulated) as url, reading(url + options) as reader:
        await reader.until_ready()
        yield reader


async def scan_all(simulated: SimulatedScanner, codes: list[str]) -> None:
    for code in codes:
        assert simulated.scan(code)
        assert await simulated.gone_out()


def test_ten_thousand_scans_at_full_speed_are_all_there_once() -> None:
    async def scenario() -> None:
        simulated = SimulatedScanner()
        codes = [f"69{number:011d}" for number in range(10_000)]
        async with read_at_a_port(simulated, "?suffix=cr") as reader:
            await scan_all(simulated, codes)
            assert await reader.until_scanned(len(codes)) == codes
            assert reader.noise == []

    asyncio.run(scenario())


@pytest.mark.parametrize("form", Form)
def test_a_scanner_over_tcp_is_read_whatever_comes_out_of_its_cable(form: Form) -> None:
    async def scenario() -> None:
        simulated = SimulatedScanner(form=form)
        codes = [f"]E0{COLA}", "会员-Ab~!", "x" * 200]
        async with await serve_tcp(simulated) as server, reading(server.url) as reader:
            await reader.until(lambda: simulated.connected > 0 and reader.ready)
            await scan_all(simulated, codes)
            await reader.until_scanned(3)
            assert reader.scans == [Scan(COLA, "]E0"), Scan("会员-Ab~!"), Scan("x" * 200)]

    asyncio.run(scenario())


def test_two_scans_back_to_back_are_two() -> None:
    async def scenario() -> None:
        simulated = SimulatedScanner()
        async with read_at_a_port(simulated) as reader:
            assert [simulated.scan(code) for code in ("]E069010280", "2")] == [True, True]
            assert await reader.until_scanned(2) == ["69010280", "2"]
            assert [scan.aim for scan in reader.scans] == ["]E0", ""]

    asyncio.run(scenario())


def test_a_gs1_element_string_comes_through_a_port_intact() -> None:
    async def scenario() -> None:
        simulated = SimulatedScanner()
        async with read_at_a_port(simulated) as reader:
            simulated.scan("]C1010952123454321310ABC\x1d17261231")
            await reader.until_scanned(1)
            assert reader.scans == [Scan("010952123454321310ABC\x1d17261231", "]C1")]

    asyncio.run(scenario())


def test_a_scanner_without_a_suffix_is_read_by_its_pauses() -> None:
    async def scenario() -> None:
        simulated = SimulatedScanner(prefix=b"\x02", suffix=b"")
        async with read_at_a_port(simulated, "?prefix=%02&baud=115200") as reader:
            simulated.scan(COLA)
            assert await reader.until_scanned(1) == [COLA]

    asyncio.run(scenario())


def test_an_unplugged_scanner_is_missed_and_comes_back_by_itself() -> None:
    async def scenario() -> None:
        simulated = SimulatedScanner()
        async with read_at_a_port(simulated) as reader:
            for round_ in range(1, 6):
                simulated.scan(f"{round_}")
                await reader.until_scanned(round_)
                simulated.turn_knob("unplug")
                assert not simulated.scan("lost")
                await reader.until(lambda: not reader.ready)
                assert isinstance(reader.scanner.health.fault, Unplugged)
                simulated.turn_knob("plug")
                await reader.until_ready()
            assert reader.codes == list("12345")
            assert [ready for ready, _ in reader.stood] == [True, *([False, True] * 5)]

    asyncio.run(scenario())


def test_a_scanner_without_power_is_none_and_with_it_reads_again() -> None:
    async def scenario() -> None:
        simulated = SimulatedScanner()
        async with read_at_a_port(simulated) as reader:
            simulated.turn_knob("power off")
            assert not simulated.scan("lost")
            await reader.until(lambda: not reader.ready)
            simulated.turn_knob("power on")
            await reader.until_ready()
            simulated.turn_knob("scan 1")
            assert await reader.until_scanned(1) == ["1"]

    asyncio.run(scenario())


def test_unplugged_in_the_middle_of_scanning_no_code_is_doubled_or_made_up() -> None:
    async def scenario() -> None:
        simulated = SimulatedScanner()
        async with read_at_a_port(simulated) as reader:
            for round_ in range(5):
                await reader.until_ready()
                for number in range(200):
                    simulated.scan(f"{round_}-{number:03}")
                    await simulated.gone_out()
                simulated.unplug()
                await reader.until(lambda: not reader.ready)
                simulated.plug()
            sent = [f"{round_}-{number:03}" for round_ in range(5) for number in range(200)]
            assert set(reader.codes) <= set(sent)
            assert reader.codes == sorted(set(reader.codes))

    asyncio.run(scenario())


def test_a_scanner_belongs_to_one_program() -> None:
    async def scenario() -> None:
        simulated = SimulatedScanner()
        async with at_a_port(simulated) as url, reading(url) as first:
            await first.until_ready()
            async with reading(url) as second:
                await second.until(lambda: second.scanner.health.known)
                assert isinstance(second.scanner.health.fault, Taken)
                simulated.scan("1")
                assert await first.until_scanned(1) == ["1"]
                assert second.scans == []

    asyncio.run(scenario())


def test_several_scanners_at_once_are_several_devices() -> None:
    async def scenario() -> None:
        one, other = SimulatedScanner(), SimulatedScanner()
        async with read_at_a_port(one) as left, read_at_a_port(other) as right:
            one.scan("left")
            other.scan("right")
            assert (await left.until_scanned(1), await right.until_scanned(1)) == (
                ["left"],
                ["right"],
            )

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["file", "missing", "."])
def test_a_port_that_is_no_port_is_a_fault_and_not_a_crash(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a port")

    async def scenario() -> None:
        async with reading(f"scan+serial://{tmp_path / name}") as reader:
            await reader.until(lambda: reader.scanner.health.known)
            fault = reader.scanner.health.fault
            assert isinstance(fault, Unplugged)
            assert not isinstance(fault, Taken | Forbidden)

    asyncio.run(scenario())


class _HalfACode:
    """A link that breaks in the middle of a code."""

    def __init__(self) -> None:
        self._data = [b"69010"]

    async def write(self, data: bytes) -> None:
        raise ConnectionResetError

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        if not self._data:
            raise ConnectionResetError
        return self._data.pop()

    async def close(self) -> None:
        pass


def test_half_a_code_of_a_port_that_went_is_no_code_and_the_port_is_tried_for_ever() -> None:
    async def scenario() -> None:
        tried = 0
        often = asyncio.Event()

        async def connect() -> _HalfACode:
            nonlocal tried
            tried += 1
            if tried == 1:
                return _HalfACode()
            if tried == 20:  # were each wait twice the one before, an hour from now
                often.set()
            raise FileNotFoundError

        scanner = Scanner(connect, lambda: ScanParser(Framing()), back_off=BackOff(0.01, 0.02))
        async with reading(scanner) as reader:
            async with asyncio.timeout(PATIENCE_S):
                await often.wait()
            assert (reader.scans, reader.noise) == ([], [Noise(b"69010")])

    asyncio.run(scenario())


def test_a_simulated_scanner_nobody_reads_loses_its_codes_and_says_so() -> None:
    async def scenario() -> None:
        simulated = SimulatedScanner()
        assert not simulated.scan(COLA)
        simulated.connected = 1
        beeps = 0
        while simulated.scan(COLA):
            beeps += 1
        assert ROOM_BYTES // 14 <= beeps <= ROOM_BYTES // 14 + 1
        assert simulated.take_answers() == f"{COLA}\r".encode() * beeps
        assert simulated.scan(COLA)

    asyncio.run(scenario())


def test_what_goes_out_when_the_plug_is_pulled_is_not_said_to_be_out() -> None:
    async def scenario() -> None:
        simulated = SimulatedScanner()
        simulated.connected = 1
        assert simulated.scan(COLA)
        waiting = asyncio.create_task(simulated.gone_out())
        await asyncio.sleep(0)
        simulated.unplug()
        assert not await waiting

    asyncio.run(scenario())


def test_a_scanner_in_this_process_scans_by_itself_what_its_address_says() -> None:
    async def scenario() -> None:
        for options in ("", "&form=hidpos", "&form=keys", "&prefix=%02", "&suffix=tab"):
            async with reading(f"sim://scanner?codes=1,22,333&every_ms=1{options}") as reader:
                assert (await reader.until_scanned(4))[:4] == ["1", "22", "333", "1"]

    asyncio.run(scenario())


@pytest.mark.parametrize("seed", range(1, 4))
def test_on_a_bad_wire_scanning_goes_on(seed: int) -> None:
    async def scenario() -> None:
        url = f"sim://scanner?codes={COLA}&every_ms=1&noise={seed}&noise_per_mille=50"
        async with reading(url) as reader:
            await reader.until(lambda: reader.codes.count(COLA) >= 20 and bool(reader.noise))

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "url",
    [
        *("sim://scanner?form=laser", "sim://scanner?every_ms=0", "scan+tcp://h?form=wedge"),
        *("scan+hidpos://0c2e", "scan+hidpos://0c2e:0901?layout=data", "scan+hidraw://x"),
        *("scan+hidpos://0c2e:0901?suffix=cr", "scan+hidraw:///dev/hidraw0?report=0"),
        *("scan+evdev:///dev/input/event0?suffix=cr", "scan+evdev://by-id", "scan+lp:///dev/x"),
    ],
)
def test_an_address_that_is_not_understood_is_refused_by_name(url: str) -> None:
    with pytest.raises(UnknownDevice) as refused:
        open_scanner(url)
    assert url in refused.value.detail


@pytest.mark.parametrize(
    "url",
    [
        *("scan+serial:///dev/ttyACM0", "scan+tcp://10.0.0.5", "scan+wedge://?suffix=tab"),
        *("scan+hidpos://0c2e:0901", "scan+hidpos://0C2E:0e15/A%2FB?layout=data:2,length:1"),
        *("scan+hidraw:///dev/hidraw0", "scan+evdev:///dev/input/by-id/usb-x-event-kbd"),
        *("scan+evdev:///dev/input/event0?suffix=tab&prefix=%5D", "sim://scanner"),
    ],
)
def test_each_way_to_a_scanner_opens(url: str) -> None:
    assert isinstance(open_scanner(url), Scanner | Wedge)
    assert kind_of(url) == "scanner"
    assert DeviceUrl.parse(url).text == url
