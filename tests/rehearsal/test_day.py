"""The store day is played as a reader would play it, from outside, and once more cut short."""

import io
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from rich.cells import cell_len

from pos_client.database import DATABASE_FILE
from rehearsal.books import AGREE, hub_books, merged, till_books
from rehearsal.demo import demo_rows
from rehearsal.processes import Child, ChildEnded, wait_until
from rehearsal.shop import INTERRUPTED
from rehearsal.store_day.closing import close_books
from rehearsal.store_day.day import CHAPTERS, play
from rehearsal.store_day.telling import WIDTH_COLS, Telling

DAY = [sys.executable, "-m", "rehearsal.store_day"]
DAY_S = 300.0


class Played(NamedTuple):
    """A day that was played: its exit code, what it told, and the folder it kept."""

    exit_code: int
    told: list[str]
    folder: Path

    @property
    def till_files(self) -> list[Path]:
        return sorted(self.folder.glob(f"*/{DATABASE_FILE}"))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """One day without a terminal, its databases kept."""
    folder = tmp_path_factory.mktemp("day") / "kept"
    ended = subprocess.run(
        [*DAY, "--keep", str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DAY_S,
        check=False,
    )
    assert not ended.stderr, ended.stderr
    return Played(ended.returncode, ended.stdout.splitlines(), folder)


@pytest.mark.slow
def test_a_store_day_ends_with_books_that_agree(played: Played) -> None:
    assert (played.exit_code, played.told[-1]) == (0, AGREE), "\n".join(played.told)
    chapters = [line for line in played.told if line[:3].strip().isdigit()]
    assert chapters == [f" {number}  {title}" for number, (title, _) in enumerate(CHAPTERS, 1)]


@pytest.mark.slow
def test_a_day_without_a_terminal_is_plain_text_of_80_columns(played: Played) -> None:
    for line in played.told:
        assert "\x1b" not in line
        assert cell_len(line) <= WIDTH_COLS, line
        assert line == line.rstrip(), f"{line!r} has blanks at its end"


@pytest.mark.slow
def test_the_receipt_stands_straight_in_its_box(played: Played) -> None:
    boxed = [line for line in played.told if line.lstrip()[:1] in {"┌", "│", "└"} and line.strip()]
    assert len(boxed) > 10
    assert len({cell_len(line) for line in boxed}) == 1
    assert any("合  计" in line for line in boxed)


@pytest.mark.slow
def test_the_day_tells_what_the_reader_came_for(played: Played) -> None:
    told = "\n".join(played.told)
    for told_of in (
        "cut the reply to POST /v1/push",
        "facts waiting since",
        "ended by SIGKILL",
        "paid by wechat",
        "voided: 顾客离开",
        "-0.50 difference",
        "closed, in step",
        "recounted, all agree",
    ):
        assert told_of in told, told


@pytest.mark.slow
def test_a_tampered_hub_is_named_and_the_books_do_not_agree(played: Played, tmp_path: Path) -> None:
    for file in played.folder.glob("hub.db*"):
        if file.is_file():
            shutil.copy(file, tmp_path)
    with closing(sqlite3.connect(tmp_path / "hub.db", isolation_level=None)) as hub:
        hub.execute(
            "UPDATE money_ledger SET amount = amount - 100"
            " WHERE till = 'S02-1' AND account = 'sales'"
        )
    tampered = f"sqlite:///{tmp_path / 'hub.db'}"
    command = [sys.executable, "-m", "rehearsal.books", tampered, *map(str, played.till_files)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=DAY_S, check=False)
    assert ended.returncode == 1
    difference, goods, account, last = ended.stdout.splitlines()
    assert difference.startswith("takings of S02-1 ")
    assert goods.startswith("goods of S02-1 ")
    assert account.startswith("accounts of money S02 S02-1 ")
    assert last == "the books differ in 3 places"

    out = io.StringIO()
    tills = merged(map(till_books, played.till_files))
    assert not close_books(tills, hub_books(tampered), Telling(out))
    told = out.getvalue().splitlines()
    assert told[-1] == last
    assert [line[:16].split() for line in told if line.endswith("≠")] == [["hub"]]
    assert difference in told[-4]
    assert goods in told[-3]
    assert account in told[-2]


def day_told_until(sign: str) -> Child:
    """A day that plays, told as far as the line that begins with `sign`."""
    day = Child(DAY)
    while not day.read_line(DAY_S).strip().startswith(sign):
        pass
    return day


def descendants(day: Child) -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process(day.pid).children(recursive=True)
    return found


def rest_told(day: Child) -> list[str]:
    """What is still told until the day ends."""
    lines = []
    try:
        while True:
            lines.append(day.read_line(DAY_S))
    except ChildEnded:
        return lines


@pytest.mark.slow
def test_ctrl_c_ends_the_day_and_all_its_programs() -> None:
    with day_told_until("S02-1    DN-") as day:
        programs = descendants(day)
        assert len(programs) >= 4  # a hub and three tills
        day.send_signal(signal.SIGINT)
        assert day.wait(DAY_S) == INTERRUPTED
        wait_until(lambda: not any(map(psutil.Process.is_running, programs)), 60, "all had ended")
        assert rest_told(day)[-1] == "stopped · 已中断"
        assert not day.stderr_tail


@pytest.mark.slow
def test_a_till_that_dies_unasked_stops_the_day_with_a_sentence() -> None:
    with day_told_until("S02-1    DN-") as day:
        for program in descendants(day):
            if "--headless" in program.cmdline():
                os.kill(program.pid, signal.SIGKILL)
        told = rest_told(day)
        assert day.wait(DAY_S) == 1
        assert not day.stderr_tail
        assert told[-2].startswith("The day stopped in chapter 3: pos_client was ended by SIGKILL")
        assert told[-1].startswith("演示在第 3 章中断")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_text("somebody's")
    out = io.StringIO()
    assert play(Telling(out), tmp_path) == 1
    told = out.getvalue().splitlines()
    assert told[-2] == f"The day stopped: {tmp_path} holds something already; give an empty folder."
    assert [file.name for file in tmp_path.iterdir()] == ["hub.db"]


def test_the_demo_products_have_valid_check_digits() -> None:
    for row in demo_rows("products"):
        code = row["barcodes"].split()[0]
        # GS1 General Specifications, section 7.9.1: weights 3 and 1 from the right
        weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(code[-2::-1]))
        assert (weighted + int(code[-1])) % 10 == 0, row
        # 952 is GS1's prefix for examples, 2x are numbers of the store's own
        assert code.startswith("21" if row["unit"] == "kg" else "952"), row
        assert len(code) == 13


def test_the_demo_cashiers_work_in_the_demo_stores() -> None:
    stores = {row["store_id"] for row in demo_rows("stores")}
    assert {row["store_id"] for row in demo_rows("cashiers")} == stores
