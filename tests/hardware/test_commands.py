"""`python -m hardware` as a person and a script drive it."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
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


async def walked_through(url: str, acts: dict[str, str], simulator: Process) -> Process:
    """Commission it by these acts at the simulated locker, by the sentence that asks for them."""
    process = await start("commission", url)
    assert process.stdin is not None
    for sentence, act in acts.items():
        assert (await error_of(process)).startswith(sentence)
        if act:
            await turn(simulator, act)
        process.stdin.write(b"\n")
        await process.stdin.drain()
    return process


def test_a_new_locker_is_commissioned_by_hand_door_after_door() -> None:
    async def scenario() -> None:
        async with simulating("locks=2", kind="locker") as (simulator, url):
            acts = {
                "Close all doors. 请关好": "",
                "Open door 1 with the key.": "open 1",
                "Close door 1.": "close 1",
                "Open door 2 with the key.": "open 2",
                "Close door 2.": "close 2",
            }
            walked = await walked_through(url, acts, simulator)
            out, err = await asyncio.wait_for(walked.communicate(), PATIENCE_S)
            assert (walked.returncode, out, err) == (0, b"feedback=closed_when_locked\n", b"")

            acts["Open door 2 with the key."] = acts["Close door 2."] = ""
            walked = await walked_through(url, acts, simulator)
            out, err = await asyncio.wait_for(walked.communicate(), PATIENCE_S)
            assert (walked.returncode, out) == (1, b"feedback=closed_when_locked\n")
            assert err.decode().splitlines() == [
                "Door 2: its contact never changed. Check its plug and its wire.",
                "2 号门：触点没有变化，请检查插头与接线。",
            ]

            walked = await walked_through(url, {"Close all doors.": ""}, simulator)
            assert walked.stdin is not None
            walked.stdin.close()
            _out, err = await asyncio.wait_for(walked.communicate(), PATIENCE_S)
            assert walked.returncode == 1
            assert "begin anew" in err.decode()

    asyncio.run(scenario())


@asynccontextmanager
async def at_a_port(
    device: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A device of the test's own, until its host hangs up; its place."""
    hosts: list[asyncio.Task[None]] = []

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                await device(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hosts.append(asyncio.create_task(attend(reader, writer)))

    async with await asyncio.start_server(welcome, "127.0.0.1") as server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"
        await asyncio.wait_for(asyncio.gather(*hosts), PATIENCE_S)


async def stopped(process: Process, how: signal.Signals) -> tuple[int | None, str, str]:
    process.send_signal(how)
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def that_only_listens() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A device that says nothing: where it is, and whether it was asked anything."""
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(1)
        asked.set()
        await reader.read()

    async with at_a_port(silent) as place:
        yield place, asked


on_every_signal = pytest.mark.parametrize(
    "how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name
)


@on_every_signal
def test_an_unlock_that_is_stopped_after_its_pulse_says_that_nobody_knows(
    how: signal.Signals,
) -> None:
    async def scenario() -> None:
        async with simulating("locks=6", "jam=3", kind="locker") as (simulator, url):
            unlocking = await start("unlock", url, "3")
            assert await line_of(simulator) == "pulse board 1 lock 3"
            code, out, err = await stopped(unlocking, how)
            assert (code, out) == (1, "3 unknown\n")
            assert err.startswith("It is not known whether door 3 opened. Look at the door")
            assert "Traceback" not in err

    asyncio.run(scenario())


@on_every_signal
def test_an_unlock_that_is_stopped_before_its_pulse_says_that_none_was_given(
    how: signal.Signals,
) -> None:
    async def scenario() -> None:
        async with that_only_listens() as (place, asked):
            unlocking = await start("unlock", f"lock8a+tcp://{place}?board=1&locks=6", "3")
            await asyncio.wait_for(asked.wait(), PATIENCE_S)
            code, out, err = await stopped(unlocking, how)
            assert (code, out) == (1, "3 not_tried\n")
            assert err.startswith("Stopped before the lock was told to open.\n已中止")
            assert "Traceback" not in err

    asyncio.run(scenario())


@on_every_signal
@pytest.mark.parametrize(
    ("knob", "said", "outcome"), [("stall_at=60", "out", "unknown"), ("paper=out", "err", "failed")]
)
def test_a_test_page_that_is_stopped_says_whether_anything_of_it_was_sent(
    how: signal.Signals, knob: str, said: str, outcome: str
) -> None:
    async def scenario() -> None:
        async with simulating(knob) as (simulator, url):
            printing = await start("print-test", url)
            if said == "out":
                assert await line_of(simulator) == "stalled"
            else:
                assert "out of paper" in await error_of(printing)
                assert "缺纸" in await error_of(printing)
            code, out, err = await stopped(printing, how)
            assert (code, out) == (1, "")
            assert err.startswith(f"{outcome}\nThe receipt was no longer waited for.")
            assert "Traceback" not in err

    asyncio.run(scenario())


@on_every_signal
def test_a_kick_that_is_stopped_says_to_look(how: signal.Signals) -> None:
    async def scenario() -> None:
        async with that_only_listens() as (place, asked):
            kicking = await start("kick", f"escpos+tcp://{place}")
            await asyncio.wait_for(asked.wait(), PATIENCE_S)
            code, out, err = await stopped(kicking, how)
            assert (code, out) == (1, "")
            assert err.startswith("Stopped. Look what the device did")
            assert "Traceback" not in err

    asyncio.run(scenario())


SENT = "Nothing tells whether the drawer opened: look at it.\n无法得知钱箱是否弹开，请查看钱箱。\n"


@pytest.mark.parametrize("said", [b"\x12\x16", b"\x16\x12\x12", b"\x12", b"\x16"])
def test_on_a_line_that_babbles_like_a_printer_a_kick_is_sent_and_no_more_is_known(
    said: bytes,
) -> None:
    async def babbling(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(said)
            await writer.drain()
            await asyncio.sleep(0.001)

    async def scenario() -> None:
        async with at_a_port(babbling) as place:
            url = f"escpos+tcp://{place}"
            assert await finished("kick", url) == (0, "sent\n", SENT)
            assert await finished("kick", f"{url}?drawer=high") == (0, "sent\n", SENT)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("knobs", "options", "known"),
    [
        (["drawer_pin=5"], "", False),  # the pulse goes to pin 2: nothing moves
        (["mute=yes"], "?status=no", False),
        ([], "?status=no", False),
        (["drawer_open_is=low"], "", True),
        (["drawer_open_is=low"], "?drawer=low", True),
    ],
)
def test_a_drawer_is_kicked_when_its_sensor_says_so(
    knobs: list[str], options: str, known: bool
) -> None:
    async def scenario() -> None:
        async with simulating(*knobs) as (simulator, url):
            found = await finished("kick", url.partition("?")[0] + options)
            assert found == ((0, "kicked\n", "") if known else (0, "sent\n", SENT))
            assert await line_of(simulator) == "drawer kicked"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("display", "A display cannot answer: look at it, it was cleared just now."),
        ("scanner", "A scanner cannot answer: scan something while `watch` runs."),
    ],
)
def test_a_device_that_cannot_answer_is_not_said_to_be_ready(kind: str, sentence: str) -> None:
    async def scenario() -> None:
        async with simulating(kind=kind) as (_simulator, url):
            code, out, err = await finished("probe", url)
            assert (code, out) == (0, f"{kind} port opens\n")
            assert err.splitlines()[0] == sentence
        code, out, err = await finished("probe", url)
        assert (code, out) == (1, f"{kind} offline\n")
        assert "cannot be reached" in err

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
