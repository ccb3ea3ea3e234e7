"""The till's own disk is full, or held by another program: a sentence, nothing half-written, and
the till goes on when the disk does."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from pos_client import identity
from pos_client.database import DATABASE_FILE, DatabaseBusy
from pos_client.folder import DiskFull
from pos_client.till import Till, look_into, open_database
from rehearsal.processes import Child
from tests.builders import enrol_till, open_till, till_settings
from tests.till.counter import (
    COLA,
    PEN,
    Reply,
    assert_in_order,
    begin,
    database_file,
    did,
    do,
    kept_basket,
    refused,
    says_why,
    sell,
)

NOBODY = 65534


# Full


@contextmanager
def small_disk(size_bytes: int) -> Iterator[Path]:
    """A file system of its own, of that size."""
    with tempfile.TemporaryDirectory() as name:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", name],
            capture_output=True,
            text=True,
            check=False,
        )
        if mounted.returncode:
            pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", name], check=True)


def fill(disk: Path, leave_bytes: int = 0) -> Path:
    """Take all space that is left, but for a little."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as out, suppress(OSError):
        while True:
            out.write(bytes(4096))
    os.truncate(ballast, max(0, ballast.stat().st_size - leave_bytes))
    return ballast


needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount a small disk"
)


@needs_root
@pytest.mark.parametrize("leave_bytes", [0, 4096, 8192, 20_480])
def test_on_a_full_disk_a_sale_is_refused_whole_and_sold_when_there_is_room(
    leave_bytes: int,
) -> None:
    with small_disk(4 * 1024 * 1024) as disk, closing(open_till(disk)) as till:
        begin(till)
        sell(till)
        did(till, "scan", code=PEN)
        ballast = fill(disk, leave_bytes)
        answer = _sell_until_refused(till)
        assert answer["refusal"]["code"] == "disk_full"
        head, basket, sales = till.recorder.head, till.sale.basket, till.shift.figures().sales
        for act in ("pay", "void"):
            if basket.lines:
                assert do(till, act, **({"reason": "r"} if act == "void" else {}))["ok"] is False
        assert (till.recorder.head, till.sale.basket) == (head, basket)
        ballast.unlink()
        did(till, "scan", code=COLA)
        did(till, "pay")
        assert till.shift.figures().sales == sales + 1
        assert_in_order(till)


def _sell_until_refused(till: Till) -> Reply:
    for _ in range(500):
        for act, fields in (("scan", {"code": COLA}), ("pay", {})):
            answer = do(till, act, **fields)
            if not answer["ok"]:
                return answer
    pytest.fail("the disk was never full")


@needs_root
def test_a_till_on_a_full_disk_is_refused_at_its_start_and_opens_when_there_is_room() -> None:
    with small_disk(4 * 1024 * 1024) as disk:
        enrol_till(disk)
        ballast = fill(disk)
        with pytest.raises(DiskFull) as refusal:
            open_till(disk)
        assert says_why(refusal.value)
        ballast.unlink()
        with closing(open_till(disk)) as till:
            assert_in_order(till)


@needs_root
def test_a_disk_too_full_to_be_enrolled_on_keeps_nothing_half() -> None:
    with small_disk(1024 * 1024) as disk:
        ballast = fill(disk, 8192)
        with pytest.raises(DiskFull):
            enrol_till(disk)
        ballast.unlink()
        with closing(open_database(till_settings(disk))) as database:
            assert identity.load(database) is None
        enrol_till(disk)
        with closing(open_till(disk)) as till:
            assert_in_order(till)


def test_a_database_that_may_not_grow_refuses_and_recovers(till: Till) -> None:
    """The same by SQLite's own limit, where nothing can be mounted."""
    begin(till)
    (pages,) = till.database.driver.execute("PRAGMA page_count").fetchone()
    till.database.driver.execute(f"PRAGMA max_page_count = {pages}")
    answer = _sell_until_refused(till)
    assert answer["refusal"]["code"] == "disk_full"
    assert "磁盘已满" in answer["refusal"]["say"]
    assert kept_basket(till) == till.sale.basket
    till.database.driver.execute("PRAGMA max_page_count = 1000000")
    did(till, "scan", code=COLA)
    did(till, "pay")
    assert_in_order(till)


# Held by another program

HOLDER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
for statement in sys.argv[2:]:
    database.execute(statement).fetchall()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_by_another(file: Path, *statements: str) -> Iterator[None]:
    """Another process holds the file; it is killed in the end."""
    with Child([sys.executable, "-I", "-S", "-c", HOLDER, str(file), *statements]) as holder:
        assert holder.read_line() == "held"
        yield


@pytest.mark.slow
def test_a_database_that_another_process_holds_refuses_and_goes_on(tmp_path: Path) -> None:
    with closing(open_till(tmp_path, database_wait_s=0.1)) as till:
        begin(till)
        did(till, "scan", code=COLA)
        with held_by_another(database_file(till), "BEGIN IMMEDIATE"):
            assert refused(till, "pay") == "database_busy"
            assert refused(till, "scan", code=COLA) == "database_busy"
            assert did(till, "price_check", code=COLA)["product"]["unit_price"] == 350
            assert did(till, "x_report")["x"]["sales"] == 0
            assert did(till, "status")["sync"]["waiting"] == 2
        did(till, "pay")
        assert_in_order(till)


@pytest.mark.slow
def test_a_till_whose_database_is_held_is_refused_at_its_start(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    file = tmp_path / "data" / DATABASE_FILE
    exclusively = ("PRAGMA locking_mode=EXCLUSIVE", "BEGIN EXCLUSIVE", "SELECT * FROM identity")
    with held_by_another(file, *exclusively):
        for opening in (
            lambda: open_till(tmp_path, database_wait_s=0.1),
            lambda: look_into(till_settings(tmp_path, database_wait_s=0.1)),
        ):
            with pytest.raises(DatabaseBusy) as refusal:
                opening()
            assert says_why(refusal.value)
    open_till(tmp_path).close()
