"""A till's backup is whole or refused, and what is put back is told from the original."""

import shutil
import sqlite3
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pos_client import backup, inspection
from pos_client.__main__ import app
from pos_client.backup import (
    BackupThere,
    FolderNotEmpty,
    NotATillBackup,
    TillBackupDamaged,
    TillBackupUnreadable,
)
from pos_client.database import DATABASE_FILE
from pos_client.folder import AlreadyRunning, DiskFull, DiskUnusable
from pos_client.till import Till, look_into
from rehearsal.books import Books, till_books
from retail.refusals import Refusal
from tests.builders import open_till, till_settings
from tests.till.backing_up import FILE
from tests.till.child import tried
from tests.till.counter import COLA, assert_in_order, begin, did, sell
from tests.till.test_bad_disk import fill, small_disk

FEW, LAST = 4, 10
TOML = '# ours\nlanguage = "en"\n'


def a_till(folder: Path) -> Path:
    """A till that has sold three times, closed; its backup, which two sales came after."""
    file = folder / FILE
    with closing(open_till(folder)) as till:
        begin(till)
        for _ in range(3):
            sell(till, COLA)
        (folder / "data/till.toml").write_text(TOML)
        (folder / "data/logo.png").write_bytes(b"a picture")
        backup.back_up(till_settings(folder, logo=Path("logo.png")), file)
        sell(till, COLA)
        sell(till, COLA)
    return file


def books(data: Path) -> Books:
    return till_books(data / DATABASE_FILE)


def asides(folder: Path) -> list[Path]:
    return sorted(folder.glob("data.2*"))


def test_a_till_that_sells_is_backed_up_as_of_one_moment_and_put_back(tmp_path: Path) -> None:
    file = a_till(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert {found.name for found in tmp_path.iterdir()} == {"data", "state", FILE}
    other = tmp_path / "other"
    done = backup.restore(file, other / "data")
    assert (done.till, done.facts, done.aside, done.unsent) == ("S01-1", 5, None, 0)
    names = {found.name for found in (other / "data").iterdir()}
    assert names == {"till.db", "till.key", "till.toml", "logo.png", "till.lock"}
    assert (other / "data/till.toml").read_text() == TOML
    assert (other / "data/till.key").read_bytes() == (tmp_path / "data/till.key").read_bytes()
    assert (other / "data/till.key").stat().st_mode & 0o777 == 0o600
    with closing(open_till(other)) as till:
        begin_again(till)


def begin_again(till: Till) -> None:
    """It goes on, and says in its books that it is another life of this till."""
    with till.database.reader() as connection:
        rows = connection.exec_driver_sql(
            "SELECT stream_no, seq FROM journal WHERE type = 'stream.began' ORDER BY stream_no"
        )
        assert [tuple(row) for row in rows] == [(1, 1), (2, 1)]
    assert_in_order(till)


def test_a_backup_put_back_on_the_same_machine_is_a_new_incarnation(tmp_path: Path) -> None:
    """The marker beside it has not turned since: nobody started the till in between."""
    file = a_till(tmp_path)
    done = backup.restore(file, tmp_path / "data", replace=True)
    assert done.unsent == 2
    with closing(open_till(tmp_path)) as till:
        begin_again(till)


def test_what_was_there_is_kept_aside_and_facts_that_nobody_has_are_told(tmp_path: Path) -> None:
    file = a_till(tmp_path)
    before = books(tmp_path / "data")
    files = {found.name for found in (tmp_path / "data").iterdir()}
    (tmp_path / "data" / DATABASE_FILE).chmod(0o644)  # of a former release
    with pytest.raises(FolderNotEmpty):
        backup.restore(file, tmp_path / "data")
    assert (tmp_path / "data" / DATABASE_FILE).stat().st_mode & 0o777 == 0o644
    assert books(tmp_path / "data") == before
    done = backup.restore(file, tmp_path / "data", replace=True)
    (aside,) = asides(tmp_path)
    assert (done.facts, done.aside, done.unsent) == (5, aside, 2)
    assert books(aside) == before
    assert {found.name for found in aside.iterdir()} == files - {"till.lock"}
    for folder in (aside, tmp_path / "data"):
        assert (folder / DATABASE_FILE).stat().st_mode & 0o777 == 0o600
    said = " ".join(text.en for text in backup.what_next(done))
    assert "2 facts there have reached no hub and are not in the backup" in said
    assert f"pos-client journal import {aside}" in said
    folders = ("--data", "a till", "--state", "s")
    for text in backup.what_next(done, folders)[-1]:
        assert f"pos-client journal import {aside} --data 'a till' --state s" in text


def test_a_damaged_till_is_kept_aside_as_it_lies_there(tmp_path: Path) -> None:
    file = a_till(tmp_path)
    (tmp_path / "data" / DATABASE_FILE).write_bytes(b"no database" * 1000)
    done = backup.restore(file, tmp_path / "data", replace=True)
    assert done.unsent is None
    assert done.aside is not None
    assert (done.aside / DATABASE_FILE).read_bytes() == b"no database" * 1000
    assert any("could not be read" in text.en for text in backup.what_next(done))
    with closing(open_till(tmp_path)) as till:
        begin_again(till)


def test_nothing_is_put_over_a_till_that_runs(tmp_path: Path) -> None:
    file = a_till(tmp_path)
    with closing(open_till(tmp_path)) as till:
        with pytest.raises(AlreadyRunning):
            backup.restore(file, tmp_path / "data", replace=True)
        did(till, "x_report")
        assert_in_order(till)
    assert asides(tmp_path) == []


def test_a_backup_is_written_over_nothing(tmp_path: Path) -> None:
    file = a_till(tmp_path)
    before = file.read_bytes()
    with pytest.raises(BackupThere):
        backup.back_up(till_settings(tmp_path), file)
    assert file.read_bytes() == before


def test_a_till_whose_books_are_wrong_gets_no_backup(tmp_path: Path) -> None:
    a_till(tmp_path)
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE_FILE)) as forger:
        forger.execute("UPDATE stock_ledger SET amount = amount + 1")
        forger.commit()
    with pytest.raises(TillBackupDamaged, match="stock ledger"):
        backup.back_up(till_settings(tmp_path), tmp_path / "another.zip")
    assert list(tmp_path.glob("another*")) == []


def test_on_a_full_disk_there_is_no_backup_and_a_sentence(tmp_path: Path) -> None:
    a_till(tmp_path)
    with small_disk(100_000) as folder:
        with pytest.raises(DiskFull):
            backup.back_up(till_settings(tmp_path), folder / FILE)
        assert list(folder.iterdir()) == []


def test_on_a_full_disk_nothing_is_put_back_and_what_is_there_stays(tmp_path: Path) -> None:
    file = a_till(tmp_path)
    with small_disk(2_000_000) as folder:
        shutil.copytree(tmp_path / "data", folder / "data")
        fill(folder, 50_000)
        before = books(folder / "data")
        with pytest.raises(DiskFull):
            backup.restore(file, folder / "data", replace=True)
        assert books(folder / "data") == before
        assert asides(folder) == []


def test_where_no_backup_can_be_written_a_sentence_says_so(tmp_path: Path) -> None:
    a_till(tmp_path)
    with pytest.raises(DiskUnusable):
        backup.back_up(till_settings(tmp_path), tmp_path / "nowhere" / FILE)


# What is no backup


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return a_till(tmp_path_factory.mktemp("whole")).read_bytes()


def assert_refused(folder: Path, held: bytes) -> None:
    file = folder / FILE
    file.write_bytes(held)
    with pytest.raises(Refusal) as no:
        backup.restore(file, folder / "data")
    assert isinstance(no.value, NotATillBackup | TillBackupDamaged)
    assert {found.name for found in folder.iterdir()} == {FILE}


@settings(max_examples=150)
@given(at=st.integers(0, 10**7), bit=st.integers(0, 7))
def test_a_bit_that_flips_anywhere_in_a_backup_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, at: int, bit: int
) -> None:
    changed = bytearray(whole)
    changed[at % len(whole)] ^= 1 << bit
    assert_refused(tmp_path_factory.mktemp("flip"), bytes(changed))


@settings(max_examples=60)
@given(st.data())
def test_a_torn_backup_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, data: st.DataObject
) -> None:
    length = data.draw(st.integers(0, len(whole) - 1))
    assert_refused(tmp_path_factory.mktemp("torn"), whole[:length])


def test_another_file_is_no_backup(tmp_path: Path) -> None:
    assert_refused(tmp_path, b"a letter")


def test_a_folder_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(NotATillBackup):
        backup.restore(tmp_path, tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_or_closed_to_us_is_named_with_what_to_do(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.zip"
    with pytest.raises(TillBackupUnreadable) as no:
        backup.restore(nowhere, tmp_path / "data")
    assert no.value.say.en == f"{nowhere} cannot be read: No such file or directory"
    looped = tmp_path / "looped.zip"
    looped.symlink_to(looped)
    with pytest.raises(TillBackupUnreadable, match="symbolic links"):
        backup.restore(looped, tmp_path / "data")
    assert list(tmp_path.iterdir()) == [looped]


def test_a_refused_restore_leaves_none_of_the_folders_that_were_not_there(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"a letter")
    for place in ("data", "var/lib/omnitill"):
        with pytest.raises(NotATillBackup):
            backup.restore(tmp_path / FILE, tmp_path / place)
        assert {found.name for found in tmp_path.iterdir()} == {FILE}
    (tmp_path / "ours").mkdir()
    with pytest.raises(NotATillBackup):
        backup.restore(tmp_path / FILE, tmp_path / "ours")
    assert (tmp_path / "ours").is_dir()


@contextmanager
def packing(folder: Path) -> Iterator[ZipFile]:
    """A zip in the folder with the seal of a backup."""
    new = folder / FILE
    with ZipFile(new, "w", ZIP_DEFLATED) as packed:
        yield packed
        packed.comment = b"0" * 64
    end = new.stat().st_size - 64
    with new.open("r+b") as out:
        out.seek(end)
        out.write(backup._digest(new, end).encode())


def test_a_backup_is_unpacked_a_piece_at_a_time(tmp_path: Path) -> None:
    size = 64 << 20
    with packing(tmp_path) as packed, packed.open(DATABASE_FILE, "w") as out:
        for _ in range(64):
            out.write(bytes(1 << 20))
    (tmp_path / "files").mkdir()
    tracemalloc.start()
    try:
        backup._unpack(tmp_path / FILE, tmp_path / "files")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    (file,) = (tmp_path / "files").iterdir()
    assert (file.name, file.stat().st_size, file.stat().st_mode & 0o777) == ("till.db", size, 0o600)
    assert most < size // 4


def test_what_unpacks_to_more_than_the_disk_has_room_for_is_not_begun(tmp_path: Path) -> None:
    with packing(tmp_path) as packed:
        packed.writestr(DATABASE_FILE, bytes(1000))
        packed.getinfo(DATABASE_FILE).file_size = 1 << 50
    with pytest.raises(DiskFull):
        backup.restore(tmp_path / FILE, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_what_unpacks_to_more_than_it_says_is_no_backup(tmp_path: Path) -> None:
    with packing(tmp_path) as packed:
        packed.writestr(DATABASE_FILE, bytes(64 << 20))
        packed.getinfo(DATABASE_FILE).file_size = 1000
    with pytest.raises(NotATillBackup):
        backup.restore(tmp_path / FILE, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def two_of_one_name(packed: ZipFile) -> None:
    packed.writestr(DATABASE_FILE, b"one")
    with pytest.warns(UserWarning, match="Duplicate"):
        packed.writestr(DATABASE_FILE, b"two")


OTHER_ZIPS: dict[str, Callable[[ZipFile], object]] = {
    "without a database": lambda packed: packed.writestr("till.key", b"k"),
    "with a file elsewhere": lambda packed: packed.writestr("../till.db", b"d"),
    "with two of one name": two_of_one_name,
    "packed in another way": lambda packed: packed.writestr(DATABASE_FILE, b"d", ZIP_LZMA),
    "with a database that is none": lambda packed: packed.writestr(DATABASE_FILE, b"d"),
}


@pytest.mark.parametrize("which", OTHER_ZIPS)
def test_another_zip_is_no_backup_though_it_bears_the_seal(which: str, tmp_path: Path) -> None:
    with packing(tmp_path) as packed:
        OTHER_ZIPS[which](packed)
    assert_refused(tmp_path, (tmp_path / FILE).read_bytes())


# Kills


def run(folder: Path, how: str, step: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tests.till.backing_up", str(folder), how, str(step)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def steps_of(start: Path, how: str) -> int:
    whole = run(shutil.copytree(start, start.with_name("counted")), how, 0)
    assert whole.returncode == 0, whole.stderr
    return int(whole.stdout)


def each_kill(start: Path, how: str, look: Callable[[Path], object]) -> None:
    """So many kills over the whole, and one at each of the last steps, where names change."""
    steps = steps_of(start, how)
    for step in sorted({*range(1, steps, max(1, steps // FEW)), *range(steps - LAST, steps + 1)}):
        folder = shutil.copytree(start, start.with_name(f"{step}"))
        assert run(folder, how, step).returncode < 0
        look(folder)
        shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a kill is a signal here")
def test_a_kill_at_any_step_leaves_no_half_backup(tmp_path: Path) -> None:
    start = tmp_path / "start"
    start.mkdir()
    a_till(start).unlink()

    def look(folder: Path) -> None:
        if not (folder / FILE).exists():
            backup.back_up(till_settings(folder), folder / FILE)
        assert backup.restore(folder / FILE, folder / "again").facts == 7
        assert list(folder.glob(f"{FILE}.*")) == []

    each_kill(start, "backup", look)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a kill is a signal here")
def test_a_kill_at_any_step_of_a_restore_leaves_the_former_till_or_the_restored_one(
    tmp_path: Path,
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    a_till(start)
    seen = []

    def look(folder: Path) -> None:
        database, who = look_into(till_settings(folder))
        with closing(database):
            assert inspection.verify(database, who).wrong == []
        facts = books(folder / "data").facts
        assert facts == 7 or any(books(aside).facts == 7 for aside in asides(folder))
        seen.append(facts)
        assert backup.restore(folder / FILE, folder / "data", replace=True).facts == 5
        assert books(folder / "data").facts == 5

    each_kill(start, "restore", look)
    assert set(seen) == {5, 7}


# The commands


def test_the_commands_say_what_they_did(tmp_path: Path) -> None:
    file = a_till(tmp_path)
    file.unlink()
    made = tried(tmp_path, "backup", str(file))
    assert (made.code, made.err) == (0, "")
    assert "7 facts, read again" in made.out
    again = tried(tmp_path, "backup", str(file))
    assert (again.code, again.err.split("\n")[0]) == (1, f"{file} is there already.")
    inside = tried(tmp_path, "backup", str(tmp_path / "data" / "x.zip"))
    assert (inside.code, "own folder" in inside.err) == (1, True)


def test_the_command_that_puts_a_backup_back_tells_what_comes_next(tmp_path: Path) -> None:
    file = a_till(tmp_path)
    words = ["restore", str(file), "--data", str(tmp_path / "data")]
    no = CliRunner().invoke(app, words)
    assert (no.exit_code, "is something in" in no.stderr) == (1, True)
    yes = CliRunner().invoke(app, [*words, "--replace"])
    assert (yes.exit_code, yes.stdout) == (
        0,
        "till S01-1 is restored: 5 facts\nS01-1 已恢复：5 条记录\n",
    )
    assert "new incarnation" in yes.stderr
    assert "化身" in yes.stderr
    assert "2 facts there have reached no hub" in yes.stderr
    (aside,) = asides(tmp_path)
    assert f"journal import {aside} --data {tmp_path / 'data'}\n" in yes.stderr
