"""`python -m hardware` as a person and a script drive it."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hardware.simulator.printer.keeping import CUT_MARK

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
async def simulating(*knobs: str, kind: str = "printer") -> AsyncIterator[tuple[Process, str]]:
    async with running("simulate", kind, *knobs, "--port", "0") as found:
        yield found


def test_a_simulated_printer_prints_is_kicked_and_fails_on_demand(tmp_path: Path) -> None:
    keep = tmp_path / "paper.txt"

    async def scenario() -> None:
        async with simulating(f"keep={keep}") as (simulator, url):
            assert url.startswith("escpos+tcp://127.0.0.1:")
            assert await finished("print-test", url) == (0, "confirmed\n", "")
            assert await line_of(simulator) == "printed receipt 1"
            assert await finished("kick", url) == (0, "kicked\n", "")
            assert await line_of(simulator) == "drawer kicked"

            assert await turn(simulator, "power off") == "power off"
            code, out, err = await finished("kick", url)
            assert (code, out) == (1, "")
            assert err.startswith("The receipt printer cannot be reached.")
            assert await turn(simulator, "power on") == "power on"
            assert await turn(simulator, "stall 0") == "stall 0"
            assert await turn(simulator, "resume") == "resume"
            assert await finished("print-test", url) == (0, "confirmed\n", "")

    asyncio.run(scenario())
    first, second, end = keep.read_text("utf-8").split(CUT_MARK)
    assert (first.strip(), end) == (second.strip(), "\n")


def test_a_test_page_waits_for_paper_until_there_is_some() -> None:
    async def scenario() -> None:
        async with simulating("paper=out") as (simulator, url):
            printing = await start("print-test", url)
            assert "out of paper" in await error_of(printing)
            assert await turn(simulator, "paper in") == "paper in"
            out, _err = await asyncio.wait_for(printing.communicate(), PATIENCE_S)
            assert (printing.returncode, out) == (0, b"confirmed\n")

    asyncio.run(scenario())


def test_a_power_cut_inside_the_test_page_is_reported_as_unknown() -> None:
    async def scenario() -> None:
        async with simulating("power_cut_at=60") as (simulator, url):
            code, out, err = await finished("print-test", url)
            assert (code, out) == (1, "")
            assert err.startswith("unknown\nThe link to the receipt printer broke")
            assert await line_of(simulator) == "power off"

    asyncio.run(scenario())


def test_a_probe_says_what_a_printer_can_do_and_how_to_write_it() -> None:
    async def scenario() -> None:
        async with simulating("dialect=cheap") as (_simulator, url):
            code, out, _err = await finished("probe", url)
            assert code == 0
            assert out.splitlines()[-1] == "fence=gs_r&status=yes&asb=no"
        async with simulating("identity=EPSON/TM-T88V") as (_simulator, url):
            code, out, _err = await finished("probe", url)
            assert "model TM-T88V" in out.splitlines()
            assert out.splitlines()[-1] == "fence=process_id&status=yes&asb=yes"
        code, _out, err = await finished("probe", url)
        assert code == 1
        assert err.startswith("The receipt printer cannot be reached.")

    asyncio.run(scenario())


def test_a_lockers_door_is_unlocked_once_and_its_state_told() -> None:
    async def scenario() -> None:
        async with simulating("locks=6", "jam=3", kind="locker") as (simulator, url):
            code, out, err = await finished("unlock", url, "2")
            assert (code, out, err) == (0, "2 opened\n", "")
            assert await line_of(simulator) == "pulse board 1 lock 2"
            assert await line_of(simulator) == "door 2 open"
            code, out, err = await finished("unlock", url, "3")
            assert (code, out) == (1, "3 jammed\n")
            assert "没有弹开" in err
            assert (await finished("unlock", url, "7"))[0] == 2
            code, out, _err = await finished("probe", url)
            assert out.splitlines()[1:4] == ["1 M closed", "2 M open", "3 M closed"]

    asyncio.run(scenario())


def test_a_full_or_closed_stdout_undoes_nothing_and_ends_a_watch(tmp_path: Path) -> None:
    async def scenario() -> None:
        for where in ("/dev/full", "&-"):
            command = f"{sys.executable} -m hardware kick sim://printer > {where}"
            if where == "&-":
                command = f"{sys.executable} -m hardware kick sim://printer >&-"
            process = await asyncio.create_subprocess_shell(command, stderr=PIPE)
            _out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
            assert (process.returncode, err) == (0, b"")
        url = "sim://scanner?codes=1,2,3&every_ms=10"
        command = f"{sys.executable} -m hardware watch '{url}' | head -1"
        process = await asyncio.create_subprocess_shell(command, stdout=PIPE, stderr=PIPE)
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert out == b"1\n"
        assert b"Traceback" not in err

    asyncio.run(scenario())


def test_wrong_usage_is_exit_code_2_and_a_taken_port_1_without_a_traceback() -> None:
    async def scenario() -> None:
        code, _out, err = await finished("kick", "coffee://")
        assert code == 2
        assert "escpos+tcp://10.0.0.5:9100" in err
        for wrong in ("paper=maybe", "papre=out", "keep=no/such/folder/f", "paper"):
            assert (await finished("simulate", "printer", wrong))[0] == 2
        assert (await finished("simulate", "coffee"))[0] == 2
        assert (await finished("simulate", "printer", "--port", "1000000"))[0] == 2
        assert (await finished("kick", "sim://locker?locks=3"))[0] == 2
        async with simulating() as (_simulator, url):
            port = url.partition("?")[0].rpartition(":")[2]
            for kind in ("printer", "counter"):
                code, _out, err = await finished("simulate", kind, "--port", port)
                assert code == 1
                assert "Choose another" in err
                assert "Traceback" not in err

    asyncio.run(scenario())


def test_a_simulated_scanner_scans_lines_and_is_unplugged_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "scanner"

    async def scenario() -> None:
        async with running("simulate", "scanner", "--pty", str(path)) as (scanner, url):
            assert url.partition("?")[0] == f"scan+serial://{path}"
            async with running("watch", url, first="err") as (watcher, ready):
                assert ready == "ready"
                assert await turn(scanner, "]E06901028075022") == "scanned ]E06901028075022"
                assert await line_of(watcher) == "]E0 6901028075022"
                assert await turn(scanner, "unplug") == "unplug"
                assert (await error_of(watcher)).startswith("The scanner cannot be reached.")
                assert await turn(scanner, "1") == "nobody reads 1"
                assert await turn(scanner, "plug") == "plug"
                assert "扫描枪" in await error_of(watcher)
                assert await error_of(watcher) == "ready"
                assert await turn(scanner, "2100001") == "scanned 2100001"
                assert await line_of(watcher) == "2100001"
        assert not path.is_symlink()

    asyncio.run(scenario())


def test_a_simulated_printer_at_a_serial_port(tmp_path: Path) -> None:
    path = tmp_path / "printer"

    async def scenario() -> None:
        async with running("simulate", "printer", "--pty", str(path)) as (simulator, url):
            assert url.partition("?")[0] == f"escpos+serial://{path}"
            assert await finished("print-test", url) == (0, "confirmed\n", "")
            assert await line_of(simulator) == "printed receipt 1"
            assert await finished("kick", url) == (0, "kicked\n", "")

    asyncio.run(scenario())


def test_what_cannot_be_watched_or_simulated_is_wrong_usage(tmp_path: Path) -> None:
    async def scenario() -> None:
        for url in ("scan+wedge://", "scan+serial://x"):
            assert (await finished("watch", url))[0] == 2
        missing = str(tmp_path / "no" / "scanner")
        code, _out, err = await finished("simulate", "scanner", "--pty", missing)
        assert code == 1
        assert "Traceback" not in err
        assert (await finished("simulate", "counter", f"shelf={missing}"))[0] == 2
        note = tmp_path / "note.txt"
        note.write_text("keep me", encoding="utf-8")
        assert (await finished("simulate", "scanner", "--pty", str(note)))[0] == 1
        assert note.read_text(encoding="utf-8") == "keep me"

    asyncio.run(scenario())
