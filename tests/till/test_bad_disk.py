"""The till's own disk fails: full, held by others, damaged, not ours. Each time a sentence, nothing
half-written, and the till goes on when the disk does."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from pos_client import identity
from pos_client.database import Database
from pos_client.till import DATABASE_FILE, NotEnrolled, Till, look_into, open_database
from rehearsal.processes import Child
from retail.refusals import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseNewer,
    DiskFull,
    DiskUnusable,
    Refusal,
)
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
    other_program,
    refused,
    sell,
)

NOBODY = 65534


def says_why(refusal: Refusal) -> bool:
    """A sentence and a remedy in both languages."""
    texts = (*refusal.say, *refusal.remedy)
    return all(texts) and not any("{" in text for text in texts)


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


# Damaged, or another program's


def a_shops_file(folder: Path, sales: int = 30) -> Path:
    """A database that has been sold on, closed in order."""
    with closing(open_till(folder)) as till:
        begin(till)
        for _ in range(sales):
            sell(till)
        return database_file(till)


def overwrite(file: Path, at: int, data: bytes) -> None:
    with file.open("r+b") as out:
        out.seek(at)
        out.write(data)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"this is no database, but long enough to be one" * 100, "no database"),
        (b"\0" * 8192, "no database"),
        (b"SQLite format 3\0" + b"\xff" * 8192, "no database"),
    ],
)
def test_a_file_that_is_no_database_is_named_as_one(
    tmp_path: Path, content: bytes, words: str
) -> None:
    file = a_shops_file(tmp_path, 1)
    file.write_bytes(content)
    for opening in (lambda: open_till(tmp_path), lambda: look_into(till_settings(tmp_path))):
        with pytest.raises(DatabaseDamaged) as refusal:
            opening()
        assert says_why(refusal.value)
    assert file.read_bytes() == content


def test_an_empty_file_is_a_till_that_is_not_enrolled(tmp_path: Path) -> None:
    file = a_shops_file(tmp_path, 1)
    file.write_bytes(b"")
    with pytest.raises(NotEnrolled):
        open_till(tmp_path)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    file = a_shops_file(tmp_path)
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(DatabaseDamaged) as refusal:
        open_till(tmp_path).close()
    assert says_why(refusal.value)


def test_bytes_overwritten_anywhere_never_come_out_as_anything_but_a_refusal(
    tmp_path: Path,
) -> None:
    """Page by page: the till opens and does its acts, or says a sentence; it never stumbles."""
    file = a_shops_file(tmp_path)
    whole = file.read_bytes()
    refusals = 0
    for at in range(4096, len(whole), 4096):
        file.write_bytes(whole)
        overwrite(file, at, b"\xa5" * 4096)
        refusals += not _opens_and_acts(tmp_path)
    assert refusals > 3


def _opens_and_acts(folder: Path) -> bool:
    try:
        with closing(open_till(folder)) as till:
            _do_everything(till)
    except Refusal as refusal:
        if not says_why(refusal):
            raise
        return False
    return True


def _do_everything(till: Till) -> None:
    for act, fields in (
        ("status", {}),
        ("x_report", {}),
        ("last_receipt", {}),
        ("price_check", {"code": COLA}),
        ("scan", {"code": COLA}),
        ("pay", {}),
        ("receive", {"reference": "DN", "lines": [{"code": COLA, "quantity": 1000}]}),
        ("close_shift", {"counted": 1}),
        ("open_shift", {"cashier": "1001"}),
    ):
        answer = do(till, act, **fields)
        assert answer["ok"] or answer["refusal"]["say"]
    till.sync._declared()


@pytest.mark.parametrize(
    ("table", "column", "act", "fields"),
    [
        ("product", "body", "scan", {"code": COLA}),
        ("product", "body", "price_check", {"code": COLA}),
        ("journal", "data", "last_receipt", {}),
    ],
)
def test_a_row_that_is_not_what_was_written_is_refused_by_the_act_that_reads_it(
    till: Till, table: str, column: str, act: str, fields: dict[str, object]
) -> None:
    begin(till)
    sell(till)
    with other_program(till) as other:
        other.execute(f"UPDATE {table} SET {column} = X'7B22'")
    assert refused(till, act, **fields) == "database_damaged"


def test_a_receipt_that_was_changed_on_the_disk_is_not_shown_as_one(till: Till) -> None:
    begin(till)
    sell(till)
    with other_program(till) as other:
        other.execute(
            "UPDATE journal SET data = CAST(replace(data, ':350', ':950') AS BLOB)"
            " WHERE type = 'sale.completed'"
        )
    assert refused(till, "last_receipt") == "database_damaged"


def test_settings_that_nobody_could_sell_by_are_refused_at_the_start(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till, other_program(till) as other:
        other.execute(
            "UPDATE published SET body = json_set(body, '$.timezone', 'Asia/Shanghaj')"
            " WHERE kind = 'settings'"
        )
    with pytest.raises(DatabaseDamaged) as refusal:
        open_till(tmp_path)
    assert says_why(refusal.value)


@pytest.mark.parametrize("table", ["open_line", "open_sale", "published"])
def test_a_row_that_is_needed_at_the_start_is_refused_there(tmp_path: Path, table: str) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        did(till, "scan", code=COLA)
        with other_program(till) as other:
            column = "header" if table == "open_sale" else "body"
            other.execute(f"UPDATE {table} SET {column} = X'7B22'")
    with pytest.raises(DatabaseDamaged) as refusal:
        open_till(tmp_path)
    assert says_why(refusal.value)


def test_a_till_without_a_stream_is_damaged(tmp_path: Path) -> None:
    file = a_shops_file(tmp_path, 1)
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA foreign_keys=OFF")
        other.execute("DELETE FROM stream")
        other.commit()
    with pytest.raises(DatabaseDamaged):
        open_till(tmp_path)


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    file = a_shops_file(tmp_path, 1)
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA user_version = 999")
    before = file.read_bytes()
    for opening in (lambda: open_till(tmp_path), lambda: look_into(till_settings(tmp_path))):
        with pytest.raises(DatabaseNewer) as refusal:
            opening()
        assert says_why(refusal.value)
    assert file.read_bytes() == before


def test_a_migration_that_fails_leaves_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "till.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE published (mine TEXT)")  # in the way of the first migration
    with pytest.raises(DatabaseDamaged):
        Database(file)
    with closing(sqlite3.connect(file)) as other:
        tables = other.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        assert tables == [("published",)]
        assert other.execute("PRAGMA user_version").fetchone() == (0,)


# Not ours


@contextmanager
def as_somebody_else() -> Iterator[Path]:
    """A folder anyone may enter, and for root another user's rights."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    folder = Path(tempfile.mkdtemp())
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        for entry in [folder, *folder.rglob("*")]:
            entry.chmod(0o700)
        shutil.rmtree(folder)


unix_only = pytest.mark.skipif(not hasattr(os, "seteuid"), reason="rights are POSIX rights here")


@unix_only
@pytest.mark.parametrize(
    ("what", "mode"),
    [
        ("data", 0o000),
        ("data", 0o555),
        ("data/till.db", 0o000),
        ("data/till.db", 0o444),
        ("data/till.key", 0o000),
        ("data/till.lock", 0o000),
        ("state", 0o000),
        ("state/S01-1.marker", 0o000),
    ],
)
def test_a_folder_or_file_that_is_not_ours_is_a_sentence(what: str, mode: int) -> None:
    with as_somebody_else() as folder:
        open_till(folder).close()
        settings = till_settings(folder)
        (folder / what).chmod(mode)
        with pytest.raises(DiskUnusable) as refusal:
            Till.open(settings, sync=False)
        assert says_why(refusal.value)
        (folder / what).chmod(0o700)
        for left in folder.rglob("till.db*"):  # SQLite's own files take after the database
            left.chmod(0o600)
        with closing(open_till(folder)) as till:
            begin(till)
            assert_in_order(till)


@unix_only
def test_a_place_where_no_folder_can_be_made_is_a_sentence() -> None:
    with as_somebody_else() as folder:
        (folder / "data").write_text("a file in its place")
        with pytest.raises(DiskUnusable) as refusal:
            open_till(folder)
        assert says_why(refusal.value)
        folder.chmod(0o555)
        with pytest.raises(DiskUnusable):
            enrol_till(folder / "deeper")


@pytest.mark.parametrize("content", [None, b"", b"short", bytes(31), bytes(33), b"x" * 4096])
def test_a_key_that_is_missing_or_damaged_is_a_sentence_and_stays_as_it_is(
    tmp_path: Path, content: bytes | None
) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        sell(till)
    key = tmp_path / "data" / identity.KEY_FILE
    kept = key.read_bytes()
    key.unlink() if content is None else key.write_bytes(content)
    with pytest.raises(identity.KeyUnusable) as refusal:
        open_till(tmp_path)
    assert says_why(refusal.value)
    assert str(key) in refusal.value.say.en
    assert (key.read_bytes() if key.exists() else None) == content
    key.write_bytes(kept)
    with closing(open_till(tmp_path)) as till:
        sell(till)
        assert_in_order(till)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX modes")
def test_the_key_and_the_marker_are_their_owners_alone(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    for file in (tmp_path / "data/till.key", tmp_path / "state/S01-1.marker"):
        assert file.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.rglob("*.new"))


def test_a_data_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "what? 50% off & more #1 数据"
    with closing(open_till(folder)) as till:
        begin(till)
        assert (folder / "data" / DATABASE_FILE).exists()
        assert_in_order(till)


def test_a_journal_belongs_to_one_till(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    with closing(open_database(till_settings(tmp_path))) as database:
        who = identity.load(database)
        assert who is not None
        with pytest.raises(identity.OtherTill) as refusal:
            identity.enrol(database, who._replace(till="S01-2"), "Z" * 26, tmp_path / "state")
        assert says_why(refusal.value)
        identity.enrol(database, who._replace(epoch="epoch-2"), "Z" * 26, tmp_path / "state")
    with closing(open_till(tmp_path)) as till:
        assert till.recorder.writer.stream.incarnation == "Z" * 26
        assert_in_order(till)
