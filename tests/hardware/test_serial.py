"""Serial devices through real ptys: nothing lost, nothing blocked, and back after an unplug."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from hardware.device import DeviceState, Fault, ScannerTaken, ScannerUnplugged
from hardware.printer import EscposPrinter, Outcome, Printed, TimeLimits
from hardware.registry import open_printer, open_scanner
from hardware.scanner import Framing, Noise, Scan, SerialScanner
from hardware.serial_link import SerialLink
from hardware.simulator.printer import Event, SimulatedPrinter
from hardware.simulator.scanner import SimulatedScanner
from hardware.simulator.serial_port import SerialPort, serving_serial
from rehearsal.processes import wait_until
from tests.hardware.wires import LINES, PATIENT, TEXT, bell_for

PATIENCE_S = 60
SOON = (0.01, 0.02)


class Reader:
    """What a scanner of ours read, and how it stood."""

    def __init__(self, url: str) -> None:
        scanner = open_scanner(url)
        assert isinstance(scanner, SerialScanner)
        self.scanner = scanner
        self.scans: list[Scan] = []
        self.stood: list[DeviceState] = []
        self.moved = asyncio.Condition()
        scanner._back_off_s = SOON
        scanner.on_scan = lambda scan: self._note(lambda: self.scans.append(scan))
        scanner.on_state = lambda: self._note(lambda: self.stood.append(scanner.state))

    def _note(self, what: Callable[[], None]) -> None:
        what()
        self._told = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        async with self.moved:
            self.moved.notify_all()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self.moved:
            await self.moved.wait_for(is_so)

    async def until_ready(self) -> None:
        await self.until(lambda: self.scanner.state.ready)

    async def until_scanned(self, count: int) -> list[str]:
        await self.until(lambda: len(self.scans) >= count)
        return [scan.code for scan in self.scans]


@asynccontextmanager
async def reading(simulated: SimulatedScanner, options: str = "") -> AsyncIterator[Reader]:
    reader = Reader(simulated.url + options)
    serving = asyncio.create_task(reader.scanner.serve())
    try:
        yield reader
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@asynccontextmanager
async def serial_printer(simulated: SimulatedPrinter) -> AsyncIterator[str]:
    with closing(SerialPort(name="printer")) as port:
        async with serving_serial(simulated, port) as url:
            yield url


@asynccontextmanager
async def opened(url: str, limits: TimeLimits = PATIENT) -> AsyncIterator[EscposPrinter]:
    printer = open_printer(url, limits=limits)
    try:
        yield printer
    finally:
        await printer.close()


def test_ten_thousand_scans_at_full_speed_are_all_there_once() -> None:
    async def scenario() -> None:
        with closing(SimulatedScanner()) as simulated:
            async with reading(simulated, "?suffix=cr") as reader:
                await reader.until_ready()
                codes = [f"69{number:011d}" for number in range(10_000)]
                for code in codes:
                    assert await simulated.scan(code)
                assert await reader.until_scanned(len(codes)) == codes

    asyncio.run(scenario())


def test_two_scans_back_to_back_are_two() -> None:
    async def scenario() -> None:
        with closing(SimulatedScanner()) as simulated:
            async with reading(simulated) as reader:
                await reader.until_ready()
                both = await asyncio.gather(*map(simulated.scan, ("]E069010280", "2")))
                assert both == [True, True]
                assert await reader.until_scanned(2) == ["69010280", "2"]
                assert [scan.aim for scan in reader.scans] == ["]E0", ""]

    asyncio.run(scenario())


def test_a_scanner_without_a_suffix_is_read_by_its_pauses() -> None:
    async def scenario() -> None:
        with closing(SimulatedScanner(prefix=b"\x02", suffix=b"")) as simulated:
            async with reading(simulated, "?prefix=%02&baud=115200") as reader:
                await reader.until_ready()
                await simulated.scan("6901028075022")
                assert await reader.until_scanned(1) == ["6901028075022"]

    asyncio.run(scenario())


def test_an_unplugged_scanner_is_missed_and_comes_back_by_itself() -> None:
    async def scenario() -> None:
        with closing(SimulatedScanner()) as simulated:
            async with reading(simulated) as reader:
                await reader.until_ready()
                for round_ in range(1, 6):
                    await simulated.scan(f"{round_}")
                    await reader.until_scanned(round_)
                    simulated.unplug()
                    assert not await simulated.scan("lost")
                    await reader.until(lambda: not reader.scanner.state.ready)
                    assert isinstance(reader.scanner.state.fault, ScannerUnplugged)
                    simulated.plug()
                    await reader.until_ready()
                assert [scan.code for scan in reader.scans] == list("12345")
                assert [state.ready for state in reader.stood] == [True, *([False, True] * 5)]

    asyncio.run(scenario())


def test_unplugged_in_the_middle_of_scanning_no_code_is_doubled_or_made_up() -> None:
    async def scenario() -> None:
        with closing(SimulatedScanner()) as simulated:
            async with reading(simulated) as reader:
                for round_ in range(5):
                    await reader.until_ready()
                    for number in range(200):
                        await simulated.scan(f"{round_}-{number:03}")
                    simulated.unplug()
                    await reader.until(lambda: not reader.scanner.state.ready)
                    simulated.plug()
                codes = [scan.code for scan in reader.scans]
                sent = [f"{round_}-{number:03}" for round_ in range(5) for number in range(200)]
                assert set(codes) <= set(sent)
                assert codes == sorted(set(codes))

    asyncio.run(scenario())


def test_a_scanner_belongs_to_one_program() -> None:
    async def scenario() -> None:
        with closing(SimulatedScanner()) as simulated:
            async with reading(simulated) as first:
                await first.until_ready()
                async with reading(simulated) as second:
                    await second.until(lambda: second.scanner.state.known)
                    assert isinstance(second.scanner.state.fault, ScannerTaken)
                    await simulated.scan("1")
                    assert await first.until_scanned(1) == ["1"]
                    assert second.scans == []

    asyncio.run(scenario())


def test_a_port_that_is_no_port_is_a_fault_and_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a port")

    async def stands(path: Path) -> Fault | None:
        reader = Reader(f"scan+serial://{path}")
        serving = asyncio.create_task(reader.scanner.serve())
        await reader.until(lambda: reader.scanner.state.known)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return reader.scanner.state.fault

    for path in (tmp_path / "file", tmp_path / "missing", tmp_path):
        assert isinstance(asyncio.run(stands(path)), ScannerUnplugged)


def test_a_writer_nobody_reads_gives_up_in_time() -> None:
    async def scenario() -> None:
        with closing(SerialPort()) as port:
            link = await SerialLink.connect(str(port.path), write_s=0.05)
            with pytest.raises(TimeoutError):
                await link.write(b"x" * 1_000_000)
            await link.close()

    asyncio.run(scenario())


def test_what_nobody_asks_for_is_not_gathered_without_end() -> None:
    async def scenario() -> None:
        with closing(SerialPort()) as port:
            link = await SerialLink.connect(str(port.path), write_s=PATIENCE_S)
            device = port.plug()
            device._write_s = 0.5
            with pytest.raises(TimeoutError):
                await device.write(b"x" * 1_000_000)
            await link.close()

    asyncio.run(scenario())


def test_a_link_that_broke_says_so_at_read_and_write_and_closes_in_peace() -> None:
    async def scenario() -> None:
        with closing(SerialPort()) as port:
            link = await SerialLink.connect(str(port.path), write_s=PATIENCE_S)
            await port.plug().write(b"last words")
            heard = b""
            while heard != b"last words":  # in as many pieces as the wire likes
                heard += await link.read(PATIENCE_S)
            port.unplug()
            with pytest.raises(ConnectionError):
                await link.read(PATIENCE_S)
            with pytest.raises(ConnectionError):
                await link.write(b"anyone?")
            await link.close()
            await link.close()

    asyncio.run(scenario())


def test_closing_leaves_no_descriptor_behind() -> None:
    async def scenario() -> None:
        with closing(SerialPort()) as port:
            before = len(os.listdir("/dev/fd"))  # noqa: PTH208
            for _ in range(20):
                link = await SerialLink.connect(str(port.path), write_s=PATIENCE_S)
                await link.close()
            assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208

    asyncio.run(scenario())


def test_a_receipt_comes_out_of_a_serial_printer() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with (
            serial_printer(simulated) as url,
            opened(f"{url}?baud=115200&cols=32") as printer,
        ):
            assert printer.columns == 32
            for _ in range(3):
                assert await printer.print(LINES, kick_drawer=True) == Printed(Outcome.PRINTED)
        assert simulated.receipts == [TEXT] * 3
        assert simulated.kicks == 3

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("cut_at", "outcome", "code"),
    [(3, Outcome.NOT_PRINTED, "printer.unplugged"), (30, Outcome.UNKNOWN, "printer.link_lost")],
)
def test_a_serial_printer_unplugged_while_it_prints_comes_back(
    cut_at: int, outcome: Outcome, code: str
) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with serial_printer(simulated) as url, opened(url) as printer:
            assert await printer.print(LINES) == Printed(Outcome.PRINTED)
            simulated.power_cut_at(cut_at)
            cut = await printer.print(LINES)
            assert cut.reason is not None
            assert (cut.outcome, cut.reason.code) == (outcome, code)
            again = await printer.print(LINES)
            assert again.reason is not None
            assert again.reason.code == "printer.unplugged"
            simulated.power_on()
            while (back := await printer.print(LINES)).reason is not None:
                assert back.reason.code == "printer.unplugged"  # until the path is there again
            assert simulated.receipts[0] == TEXT
            assert simulated.receipts[-1].endswith(TEXT)  # below what hung out of it

    asyncio.run(scenario())


def test_a_serial_printer_that_stalls_blocks_nobody() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        stalled = bell_for(simulated, Event.STALLED)
        limits = TimeLimits(write_s=0.1, status_s=PATIENCE_S, fence_s=0.1, line_s=0, cause_s=0.1)
        async with serial_printer(simulated) as url, opened(url, limits) as printer:
            simulated.stall_at(20)
            printed = await printer.print(LINES * 5_000)
            assert printed.outcome is Outcome.UNKNOWN
            assert stalled.is_set()

    asyncio.run(scenario())


def test_what_arrived_before_the_port_went_is_still_handed_over() -> None:
    async def scenario() -> None:
        master, host_end = os.openpty()
        link = await SerialLink.connect(os.ttyname(host_end))
        os.write(master, b"6901")
        await asyncio.to_thread(wait_until, lambda: len(link._held) == 4, PATIENCE_S, "it came")
        os.close(host_end)
        os.close(master)
        await asyncio.to_thread(wait_until, lambda: bool(link._gone), PATIENCE_S, "it went")
        assert await link.read(PATIENCE_S) == b"6901"
        with pytest.raises(ConnectionResetError):
            await link.read(PATIENCE_S)
        await link.close()

    asyncio.run(scenario())


class _HalfACode:
    """A link that breaks in the middle of a code."""

    def __init__(self) -> None:
        self._data = [b"69010"]

    async def write(self, data: bytes) -> None:
        raise ConnectionResetError

    async def read(self, timeout_s: float | None, limit_bytes: int = 0) -> bytes:
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

        scanner = SerialScanner(connect, Framing(), back_off_s=SOON)
        heard: list[Scan | Noise] = []
        scanner.on_scan = scanner.on_noise = heard.append
        serving = asyncio.create_task(scanner.serve())
        async with asyncio.timeout(PATIENCE_S):
            await often.wait()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        assert heard == [Noise(b"69010")]

    asyncio.run(scenario())
