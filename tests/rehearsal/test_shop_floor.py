"""The shop floor is played as a person would, in a terminal, to the end and cut short."""

import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from pos_client import identity
from pos_client.settings import load
from pos_client.till import look_into
from rehearsal.terminal import Terminal
from tests.terminal.seat import hung_up

FLOOR = [sys.executable, "-m", "rehearsal.shop_floor"]
COLA, BUTTER, APPLES = "9520417001212", "黄油", "kg 红富士"
START_S = 120.0
END_S = 60.0


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """The system's temporary folder of the program."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


def settings_of(temporary: Path) -> dict[str, str]:
    return {"TMPDIR": str(temporary), "OMNITILL_TILL_LANGUAGE": "zh"}


def floor(temporary: Path, *options: str, columns: int, rows: int) -> Terminal:
    env = settings_of(temporary)
    return Terminal([*FLOOR, *options], columns=columns, rows=rows, env=env)


@pytest.fixture(params=[(100, 30), (160, 40)], ids=["in turn", "side by side"])
def playing(request: pytest.FixtureRequest, temporary: Path) -> Iterator[Terminal]:
    columns, rows = request.param
    with floor(temporary, columns=columns, rows=rows) as terminal:
        terminal.wait_for("收银员 1001", START_S)
        terminal.wait_for("● 同步")
        yield terminal


def sign_in(terminal: Terminal) -> None:
    terminal.type("1001\r")
    terminal.wait_for(lambda rows: any(re.search(r"收银员 +1001", row) for row in rows))
    terminal.type("500\r")
    terminal.wait_for("按回车开班")
    terminal.press("enter")
    terminal.wait_for("收银员甲")


def click(terminal: Terminal, words: str) -> None:
    """The left button on the first place that shows these words (xterm, SGR mouse mode)."""
    rows = terminal.wait_for(words)
    y = next(y for y, row in enumerate(rows) if words in row)
    before = rows[y].partition(words)[0]
    x = sum(1 + (ord(char) >= 0x2E80) for char in before)
    terminal.type("".join(f"\x1b[<0;{x + 2};{y + 1}{end}" for end in "Mm"))


def family(pid: int) -> list[psutil.Process]:
    """The program and all it started."""
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def assert_nothing_is_left(processes: list[psutil.Process], temporary: Path) -> None:
    psutil.wait_procs(processes, timeout=END_S)
    living = [one for one in processes if one.is_running() and one.status() != "zombie"]
    assert living == []
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_a_person_sells_and_the_receipt_comes_out_beside_the_till(
    playing: Terminal, temporary: Path
) -> None:
    processes = family(playing.pid)
    assert len(processes) > 1
    sign_in(playing)
    playing.type(f"{COLA}\r")
    playing.wait_for("可乐 330ml Cola")
    playing.press("f11")
    playing.wait_for("已打印")
    if not any("小票打印机" in row for row in playing.screen()):
        playing.press("tab")
    playing.wait_for("钱箱 · 已开")
    playing.wait_for("✂")
    click(playing, BUTTER)
    playing.wait_for(f"{BUTTER} 227g Butter  ×1  29.90")
    click(playing, APPLES)
    playing.wait_for("红富士苹果 Fuji apples  ×0.655 千克  8.38")
    playing.press("ctrl+n")
    playing.wait_for("Ctrl+N 插回网线")
    playing.press("ctrl+n")
    playing.wait_for("Ctrl+N 拔网线")
    playing.press("escape")
    playing.wait_for("● 同步")
    playing.press("ctrl+q", "ctrl+q")
    assert playing.wait(END_S) == 0, playing.text()
    assert playing.traceback == ""
    assert "已全部关闭" in playing.text()
    assert_nothing_is_left(processes, temporary)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_of_it_in_order(number: signal.Signals, temporary: Path) -> None:
    with floor(temporary, columns=80, rows=24) as terminal:
        terminal.wait_for("收银员 1001", START_S)
        processes = family(terminal.pid)
        os.kill(terminal.pid, number)
        assert terminal.wait(END_S) == 0, terminal.text()
        assert terminal.traceback == ""
        assert_nothing_is_left(processes, temporary)


@pytest.mark.slow
def test_a_terminal_that_is_closed_takes_all_of_it_along(temporary: Path) -> None:
    with hung_up(FLOOR, "收银员 1001", START_S, **settings_of(temporary)) as program:
        processes = family(program.pid)
    assert_nothing_is_left(processes, temporary)


@pytest.mark.slow
def test_what_is_interrupted_while_it_starts_leaves_nothing(temporary: Path) -> None:
    with floor(temporary, columns=100, rows=30) as terminal:
        terminal.wait_for("总部服务启动", START_S)
        processes = family(terminal.pid)
        terminal.press("ctrl+c")
        assert terminal.wait(END_S) == 130, terminal.text()
        assert terminal.traceback == ""
        assert_nothing_is_left(processes, temporary)


@pytest.mark.slow
def test_a_kept_folder_is_gone_on_from(temporary: Path, tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    for start in range(2):
        with floor(temporary, "--keep", str(keep), columns=100, rows=30) as terminal:
            if start == 0:
                terminal.wait_for("收银员 1001", START_S)
                sign_in(terminal)
                terminal.type(f"{COLA}\r")
                terminal.wait_for("可乐 330ml Cola")
            else:
                terminal.wait_for("收银员甲", START_S)
                terminal.wait_for("可乐 330ml Cola")
            terminal.wait_for("● 同步")
            terminal.press("ctrl+q", "ctrl+q")
            assert terminal.wait(END_S) == 0, terminal.text()
    assert sorted(each.name for each in keep.glob("S01-*")) == ["S01-1", "S01-1.state"]
    with closing(look_into(load(data=keep / "S01-1", state=keep / "S01-1.state"))[0]) as database:
        who = identity.load(database)
        assert who is not None
        port = urlsplit(who.hub_url).port
    with (
        socket.create_server(("127.0.0.1", port)),
        floor(temporary, "--keep", str(keep), columns=100, rows=30) as terminal,
    ):
        assert terminal.wait(END_S) == 1
        assert f"端口 {port}" in terminal.text()
        assert "End what holds the port, or give a new folder." in terminal.text()


def test_a_folder_that_is_somebody_elses_is_left_alone(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with floor(temporary, "--keep", str(tmp_path), columns=100, rows=30) as terminal:
        assert terminal.wait(END_S) == 1
        assert "中已有其他内容。" in terminal.text().replace("\n", "")
        assert "Give an empty folder, or a new one." in terminal.text()
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_window_too_small_is_said_in_both_languages(temporary: Path) -> None:
    with floor(temporary, columns=50, rows=12) as terminal:
        assert terminal.wait(END_S) == 1
        said = terminal.text()
    assert "窗口只有 50 列 12 行。" in said
    assert "The window has 50 columns and 12 rows." in said
