"""`python -m hardware` as a person and a script drive it."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hardware.simulator.port import CUT_MARK

pytestmark = pytest.mark.slow

PATIENCE_S = 60


async def start(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hardware", *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )


async def finished(*arguments: str) -> tuple[int | None, str, str]:
    process = await start(*arguments)
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    return process.returncode, out.decode(), err.decode()


async def line_of(process: Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)).decode().strip()


async def error_of(process: Process) -> str:
    assert process.stderr is not None
    return (await asyncio.wait_for(process.stderr.readline(), PATIENCE_S)).decode().strip()


async def turn(process: Process, knob: str) -> str:
    assert process.stdin is not None
    process.stdin.write(f"{knob}\n".encode())
    await process.stdin.drain()
    return await line_of(process)


@asynccontextmanager
async def running(*arguments: str, first: str = "out") -> AsyncIterator[tuple[Process, str]]:
    """The process and the first line that it says."""
    process = await start(*arguments)
    try:
        yield process, await (line_of(process) if first == "out" else error_of(process))
    finally:
        process.send_signal(signal.SIGTERM)
        _out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert (process.returncode, err) == (0, b"")


@asynccontextmanager
async def simulating(*options: str) -> AsyncIterator[tuple[Process, str]]:
    async with running("simulate", "printer", "--port", "0", *options) as found:
        yield found


def test_a_simulated_printer_prints_is_kicked_and_fails_on_demand(tmp_path: Path) -> None:
    keep = tmp_path / "paper.txt"

    async def scenario() -> None:
        async with simulating("--keep", str(keep)) as (simulator, url):
            assert url.startswith("escpos+tcp://127.0.0.1:")
            assert await finished("print-test", url) == (0, "printed\n", "")
            assert await line_of(simulator) == "printed receipt 1"
            assert await finished("kick", url) == (0, "kicked\n", "")
            assert await line_of(simulator) == "drawer kicked"

            assert await turn(simulator, "paper out") == "paper out"
            code, out, err = await finished("print-test", url)
            assert (code, out) == (1, "")
            assert err.startswith("not_printed\nThe receipt printer is out of paper.")
            assert "缺纸" in err
            assert await turn(simulator, "paper in") == "paper in"

            assert await turn(simulator, "power off") == "power off"
            code, out, err = await finished("kick", url)
            assert (code, out) == (1, "")
            assert err.startswith("The receipt printer cannot be reached.")
            assert await turn(simulator, "power on") == "power on"
            assert await turn(simulator, "stall 0") == "stalled"
            assert await turn(simulator, "resume") == "resumed"
            assert await finished("print-test", url) == (0, "printed\n", "")
            assert await line_of(simulator) == "printed receipt 2"

    asyncio.run(scenario())
    first, second, end = keep.read_text("utf-8").split(CUT_MARK)
    assert "会员积分（副本）café 咖啡" in first
    assert (first.strip(), end) == (second.strip(), "\n")


def test_a_power_cut_inside_the_test_page_is_reported_as_unknown() -> None:
    async def scenario() -> None:
        async with simulating("--power-cut-at", "40") as (simulator, url):
            code, out, err = await finished("print-test", url)
            assert (code, out) == (1, "")
            assert err.startswith("unknown\nThe link to the receipt printer broke")
            assert await line_of(simulator) == "power off"

    asyncio.run(scenario())


def test_wrong_usage_is_exit_code_2_and_a_taken_port_1_without_a_traceback() -> None:
    async def scenario() -> None:
        code, _out, err = await finished("kick", "coffee://")
        assert code == 2
        assert "escpos+tcp://10.0.0.5:9100" in err
        assert (await finished("simulate", "printer", "--paper", "maybe"))[0] == 2
        assert (await finished("simulate", "printer", "--keep", "no/such/folder/f"))[0] == 2
        async with simulating() as (_simulator, url):
            port = url.partition("?")[0].rpartition(":")[2]
            code, _out, err = await finished("simulate", "printer", "--port", port)
            assert code == 1
            assert "Choose another --port" in err
            assert "Traceback" not in err
            code, _out, err = await finished("simulate", "counter", "--port", port)
            assert code == 1
            assert "Choose another --port" in err
            assert "Traceback" not in err

    asyncio.run(scenario())


def test_a_simulated_scanner_scans_lines_and_is_unplugged_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "scanner"

    async def scenario() -> None:
        async with running("simulate", "scanner", "--pty", str(path)) as (scanner, url):
            assert url == f"scan+serial://{path}"
            async with running("watch", url, first="err") as (watcher, ready):
                assert ready.startswith("Scanner ready.")
                assert await turn(scanner, "]E06901028075022") == "scanned ]E06901028075022"
                assert await line_of(watcher) == "]E0 6901028075022"
                assert await turn(scanner, "unplug") == "unplugged"
                assert (await error_of(watcher)).startswith("The scanner cannot be reached.")
                assert await turn(scanner, "1") == "nobody reads 1"
                assert await turn(scanner, "plug") == "plugged"
                assert "扫描枪" in await error_of(watcher)
                assert (await error_of(watcher)).startswith("Scanner ready.")
                assert await turn(scanner, "2100001") == "scanned 2100001"
                assert await line_of(watcher) == "2100001"
        assert not path.is_symlink()

    asyncio.run(scenario())


def test_a_simulated_printer_at_a_serial_port(tmp_path: Path) -> None:
    path = tmp_path / "printer"

    async def scenario() -> None:
        async with running("simulate", "printer", "--pty", str(path)) as (simulator, url):
            assert url == f"escpos+serial://{path}?cols=48"
            assert await finished("print-test", url) == (0, "printed\n", "")
            assert await line_of(simulator) == "printed receipt 1"
            assert await finished("kick", url) == (0, "kicked\n", "")

    asyncio.run(scenario())


def test_a_scanner_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    async def scenario() -> None:
        for url in ("scan+wedge://", "sim://printer", "scan+serial://x"):
            assert (await finished("watch", url))[0] == 2
        missing = str(tmp_path / "no" / "scanner")
        code, _out, err = await finished("simulate", "scanner", "--pty", missing)
        assert code == 2
        assert "Traceback" not in err
        assert (await finished("simulate", "counter", "--shelf", missing))[0] == 2
        note = tmp_path / "note.txt"
        note.write_text("keep me", encoding="utf-8")
        assert (await finished("simulate", "scanner", "--pty", str(note)))[0] == 2
        assert note.read_text(encoding="utf-8") == "keep me"

    asyncio.run(scenario())
