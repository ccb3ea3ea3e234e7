"""The till's own disk is damaged, newer, or not ours: a sentence, and nothing is made worse."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pos_client import identity
from pos_client.clock import RandomIds
from pos_client.database import DATABASE_FILE, Database, DatabaseDamaged, DatabaseNewer
from pos_client.folder import DiskUnusable
from pos_client.till import NotEnrolled, Till, look_into, open_database
from retail.refusals import Refusal
from tests.builders import enrol_till, open_till, till_settings
from tests.till.counter import (
    COLA,
    assert_in_order,
    begin,
    database_file,
    did,
    do,
    other_program,
    overwrite,
    refused,
    says_why,
    sell,
)

NOBODY = 65534


def a_shops_file(folder: Path, sales: int = 30) -> Path:
    """A database that has been sold on, closed in order."""
    with closing(open_till(folder)) as till:
        begin(till)
        for _ in range(sales):
            sell(till)
        return database_file(till)


@pytest.mark.parametrize(
    "content",
    [b"this is no database" * 500, b"\0" * 8192, b"SQLite format 3\0" + b"\xff" * 8192],
)
def test_a_file_that_is_no_database_is_named_as_one_and_left_alone(
    tmp_path: Path, content: bytes
) -> None:
    file = a_shops_file(tmp_path, 1)
    file.write_bytes(content)
    for opening in (lambda: open_till(tmp_path), lambda: look_into(till_settings(tmp_path))):
        with pytest.raises(DatabaseDamaged) as refusal:
            opening()
        assert says_why(refusal.value)
        assert "the file is no database" in refusal.value.say.en
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


@pytest.mark.parametrize("table", ["open_line", "open_sale"])
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


@pytest.mark.parametrize("goes", ["deleted", "moved", "replaced"])
def test_a_till_whose_file_is_gone_refuses_to_sell_into_nothing(tmp_path: Path, goes: str) -> None:
    """SQLite would go on writing into a file that has no name any more."""
    with closing(open_till(tmp_path)) as till:
        begin(till)
        file = tmp_path / "data" / DATABASE_FILE
        if goes == "deleted":
            file.unlink()
        else:
            file.rename(tmp_path / "elsewhere")
        if goes == "replaced":
            shutil.copyfile(tmp_path / "elsewhere", file)
        no = do(till, "scan", code=COLA)["refusal"]
        assert no["code"] == "database_damaged"
        assert "deleted or moved" in no["say"] or "已被删除" in no["say"]
        do(till, "status")
        assert file.exists() == (goes == "replaced")


def test_a_kept_reader_does_not_go_on_in_a_file_that_is_gone(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    with closing(open_database(till_settings(tmp_path))) as database:
        with database.reader():
            pass
        database.file.rename(tmp_path / "elsewhere")
        with pytest.raises(DatabaseDamaged), database.reader():
            pass


def test_a_journal_belongs_to_one_till(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    with closing(open_database(till_settings(tmp_path))) as database:
        who = identity.load(database)
        assert who is not None
        with pytest.raises(identity.OtherTill) as refusal:
            identity.enrol(
                database, who._replace(till="S01-2"), "Z" * 26, tmp_path / "state", RandomIds()
            )
        assert says_why(refusal.value)
        identity.enrol(
            database, who._replace(epoch="epoch-2"), "Z" * 26, tmp_path / "state", RandomIds()
        )
    with closing(open_till(tmp_path)) as till:
        assert till.recorder.writer.stream.incarnation == "Z" * 26
        assert_in_order(till)
