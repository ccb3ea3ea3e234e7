"""A backup comes back whole or not at all, on either database, as another life of the hub."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from rehearsal.books import differences, hub_books
from rehearsal.postgresql import PostgreSQL
from sync_server.backup import restoring, seal
from sync_server.backup.files import DatabaseInUse, NoSuchFile
from sync_server.backup.restoring import BackupNewer, DatabaseNotEmpty
from sync_server.backup.seal import BackupDamaged, NotABackup
from sync_server.database import sqlite_file
from sync_server.migrations import upgrade_connection
from tests.builders import a_product
from tests.hand_till import HandTill, problem_of, reply_of
from tests.hub.backing_up import BACKUP, HUB, back_up, quiet, restore
from tests.hub.conftest import TillMaker
from tests.hub.test_backup import FACTS, a_chain, safe
from tests.hub.test_commands import Head
from tests.served_hub import ServedHub

FEW, LAST = 4, 8
_names = count(1)
Elsewhere = Callable[[], str]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Elsewhere:
    """Where a backup is put back: a database that nobody has used."""

    def make() -> str:
        if request.param == "sqlite":
            return f"sqlite:///{tmp_path / f'restored{next(_names)}.db'}"
        server: PostgreSQL = request.getfixturevalue("postgresql")
        return server.create_database(f"restored{next(_names)}")

    return make


@pytest.fixture
def till(hub: ServedHub, a_till: TillMaker) -> HandTill:
    """One till of a chain with a past."""
    return a_chain(hub, a_till)


def test_a_backup_of_either_database_comes_back_on_either(
    hub: ServedHub, till: HandTill, database_url: str, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    file, url = tmp_path / "backup.db", elsewhere()
    back_up(database_url, file)
    assert restore(file, url).held.facts == FACTS
    assert differences(hub_books(url), hub_books(database_url)) == []
    with ServedHub(url) as again:
        assert again.hub.voice.signer.public == hub.hub.voice.signer.public
        assert again.hub.voice.epoch != hub.hub.voice.epoch
        again.add_store("S03")
        assert again.publish([a_product("new")])
        with HandTill(again.url, 77) as new:
            assert new.enrol(again.enrol_code("S03")).is_success
            new.record_sales(2)  # its stream gets a number of its own
            assert reply_of(new.push()).head == new.head()


def test_what_came_after_the_backup_is_sent_again(
    hub: ServedHub, till: HandTill, database_url: str, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    file, url, held = tmp_path / "backup.db", elsewhere(), len(till.facts)
    back_up(database_url, file)
    till.record_sales(5)
    reply_of(till.push(held))
    restore(file, url)
    with ServedHub(url) as again:
        till.http.base_url = again.url
        gap = problem_of(till.push(len(till.facts)))
        assert (gap.code, gap.head) == ("gap", till.head(held))
        assert reply_of(till.push(held)).epoch == again.hub.voice.epoch
        assert safe(again, till) == 0  # of that the backup knew nothing yet
    assert differences(hub_books(url), hub_books(database_url)) == []


def test_a_backup_of_an_older_version_is_brought_up_to_date(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    with sqlite_file(file) as connection:
        upgrade_connection(connection, "0003")
        connection.exec_driver_sql("INSERT INTO hub VALUES (1, zeroblob(32), 'e1')")
        connection.exec_driver_sql("INSERT INTO store VALUES ('S01', 'x', 'Asia/Shanghai', 'CNY')")
    seal.put(file, "2026-06-03T01:00:00.000+00:00")
    sealed = file.read_bytes()
    assert restoring.check(file, quiet).held.counts["store"] == 1
    url = elsewhere()
    assert restore(file, url).held.facts == 0
    assert file.read_bytes() == sealed
    with ServedHub(url) as again:
        assert again.do(again.hub.office.backups(1)) == []


# Where it may not go


def test_a_database_that_holds_something_is_not_written_over(
    hub: ServedHub, till: HandTill, database_url: str, tmp_path: Path
) -> None:
    file, before = tmp_path / "backup.db", hub_books(database_url)
    back_up(database_url, file)
    with pytest.raises(DatabaseNotEmpty):
        restore(file, database_url)
    refused = DatabaseInUse if database_url.startswith("sqlite") else DatabaseNotEmpty
    with pytest.raises(refused):  # a hub serves from it
        restore(file, database_url, replace=True)
    assert hub_books(database_url) == before
    till.record_sales(1)
    assert reply_of(till.push(len(till.facts) - 1)).head == till.head()


def a_stopped_hub(folder: Path) -> tuple[str, Path]:
    """A hub with a backup that one more fact came after; its database and that backup."""
    url, file = f"sqlite:///{folder / HUB}", folder / BACKUP
    with ServedHub(url) as hub:
        hub.add_store()
        with HandTill(hub.url) as till:
            till.enrol(hub.enrol_code())
            till.record_sales(5)
            reply_of(till.push())
            back_up(url, file)
            till.record_sales(1)
            reply_of(till.push(len(till.facts) - 1))
    return url, file


def asides(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{HUB}.2*"))


def test_the_file_that_was_there_is_moved_aside_whole(tmp_path: Path) -> None:
    url, file = a_stopped_hub(tmp_path)
    before = hub_books(url)
    (tmp_path / HUB).chmod(0o644)  # of a former release
    done = restore(file, url, replace=True)
    assert done.aside is not None
    assert [done.aside.stat().st_mode & 0o777, (tmp_path / HUB).stat().st_mode & 0o777] == [
        0o600
    ] * 2
    assert differences(hub_books(f"sqlite:///{done.aside}"), before) == []
    assert hub_books(url).facts == before.facts - 1


def test_a_damaged_file_is_moved_aside_with_its_log(tmp_path: Path) -> None:
    url, file = a_stopped_hub(tmp_path)
    damaged = b"no database at all" * 1000
    (tmp_path / HUB).write_bytes(damaged)
    (tmp_path / f"{HUB}-wal").write_bytes(b"its log")
    done = restore(file, url, replace=True)
    assert done.aside is not None
    assert done.aside.read_bytes() == damaged
    assert done.aside.with_name(f"{done.aside.name}-wal").read_bytes() == b"its log"
    assert not (tmp_path / f"{HUB}-wal").exists()
    assert hub_books(url).facts == 7


# What is no backup


def newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.commit()
    seal.put(file, "2026-06-03T01:00:00.000+00:00")


def of_another_program(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE things (id INTEGER)")
    seal.put(file, "2026-06-03T01:00:00.000+00:00")


NO_BACKUPS: dict[str, tuple[Callable[[Path], object], type[Exception]]] = {
    "torn": (lambda file: os.truncate(file, 50_000), NotABackup),
    "empty": (lambda file: os.truncate(file, 0), NotABackup),
    "text": (lambda file: file.write_text("stores.csv"), NotABackup),
    "changed": (lambda file: file.write_bytes(b"X" + file.read_bytes()[1:]), BackupDamaged),
    "newer": (newer, BackupNewer),
    "of another program": (of_another_program, NotABackup),
    "gone": (lambda file: file.unlink(), NoSuchFile),
}


@pytest.mark.parametrize("what", NO_BACKUPS)
def test_what_is_no_backup_is_put_nowhere(what: str, tmp_path: Path) -> None:
    url, file = a_stopped_hub(tmp_path)
    spoil, refusal = NO_BACKUPS[what]
    spoil(file)
    before = hub_books(url)
    with pytest.raises(refusal) as no:
        restore(file, url, replace=True)
    assert no.value.say.zh  # type: ignore[attr-defined]
    assert hub_books(url) == before
    assert asides(tmp_path) == []
    new = tmp_path / "new.db"
    with pytest.raises(refusal):
        restore(file, f"sqlite:///{new}")
    assert [found for found in tmp_path.iterdir() if found.name.startswith("new.db")] == []


@pytest.mark.slow
def test_a_server_that_holds_something_stays_as_it_is_when_a_backup_is_damaged(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    _, file = a_stopped_hub(tmp_path)
    with closing(sqlite3.connect(file)) as forger:
        forger.execute("UPDATE stock_ledger SET amount = amount + 1")
        forger.commit()
    seal.put(file, "2026-06-03T01:00:00.000+00:00")
    url = postgresql.create_database(f"restored{next(_names)}")
    with pytest.raises(BackupDamaged):
        restore(file, url)
    with ServedHub(url) as fresh:
        assert fresh.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM store").scalar()) == 0


# Kills


def killed(folder: Path, how: str, step: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tests.hub.backing_up", str(folder), how, str(step)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def steps_of(steps: int) -> list[int]:
    """So many over the whole, and each of the last ones, where names and what is safe change."""
    return sorted({*range(1, steps, max(1, steps // FEW)), *range(max(1, steps - LAST), steps + 1)})


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a kill is a signal here")
def test_a_kill_at_any_step_of_a_backup_leaves_the_former_or_the_new_one(tmp_path: Path) -> None:
    start = tmp_path / "start"
    start.mkdir()
    a_stopped_hub(start)
    whole = killed(shutil.copytree(start, tmp_path / "whole"), "backup", 0)
    assert whole.returncode == 0, whole.stderr
    seen = []
    for step in steps_of(int(whole.stdout)):
        folder = shutil.copytree(start, tmp_path / f"{step}")
        assert killed(folder, "backup", step).returncode != 0
        facts = restoring.check(folder / BACKUP, quiet).held.facts
        seen.append(facts)
        with closing(sqlite3.connect(folder / HUB)) as looked_into:
            (safe_seq,) = looked_into.execute("SELECT safe_seq FROM stream").fetchone()
        assert safe_seq <= facts
        back_up(f"sqlite:///{folder / HUB}", folder / BACKUP, replace=True)
        assert restoring.check(folder / BACKUP, quiet).held.facts == 8
        shutil.rmtree(folder)
    assert set(seen) == {7, 8}
    assert seen == sorted(seen)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a kill is a signal here")
def test_a_kill_at_any_step_of_a_restore_leaves_the_former_or_the_restored_hub(
    tmp_path: Path,
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    url, _ = a_stopped_hub(start)
    before = hub_books(url)
    whole = killed(shutil.copytree(start, tmp_path / "whole"), "restore", 0)
    assert whole.returncode == 0, whole.stderr
    after = hub_books(f"sqlite:///{tmp_path / 'whole' / HUB}")
    seen = []
    for step in steps_of(int(whole.stdout)):
        folder = shutil.copytree(start, tmp_path / f"{step}")
        assert killed(folder, "restore", step).returncode != 0
        found = hub_books(f"sqlite:///{folder / HUB}")
        assert found in (before, after)
        if found == after:
            (aside,) = asides(folder)
            assert hub_books(f"sqlite:///{aside}") == before
        seen.append(found.facts)
        restore(folder / BACKUP, f"sqlite:///{folder / HUB}", replace=True)
        assert hub_books(f"sqlite:///{folder / HUB}") == after
        shutil.rmtree(folder)
    assert {7, 8} == set(seen)


# The commands


@pytest.fixture
def head(tmp_path: Path, database_url: str) -> Head:
    return Head(tmp_path, database_url)


def test_the_commands_say_what_they_did(
    head: Head, hub: ServedHub, till: HandTill, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    file, url = str(tmp_path / "backup.db"), elsewhere()
    made = head.runs("backup", file)
    assert (made.code, made.out.split(" as of ")[0]) == (0, f"{file}: {FACTS} facts")
    again = head.runs("backup", file)
    assert again.code == 1
    assert again.err.strip().startswith(f"{file} is there already.")
    assert head.runs("backup", file, "--replace").code == 0
    noted = head.runs("backups", "note", "--taken-at", "2026-06-03 01:00Z")
    assert (noted.code, noted.err) == (0, "")
    listed = head.runs("backups", "--limit", "2").out.splitlines()
    assert [line.split("\t")[-1] for line in listed] == ["noted by a person", file]
    checked = head.runs("restore", "--check", file, "--database", url)
    assert (checked.code, f"is whole: {FACTS} facts in 3 streams" in checked.out) == (0, True)
    assert head.runs("restore", "--check", "--replace", file).code == 1
    restored = head.runs("restore", file, "--database", url)
    assert (restored.code, f"is restored: {FACTS} facts" in restored.out) == (0, True)
    assert "收银机会自动补发" in restored.err
    refused = head.runs("restore", file, "--database", url)
    assert refused.code == 1
    assert "is something in" in refused.err


@pytest.mark.parametrize("words", [("backups", "note", "--taken-at", "yesterday")])
def test_what_is_no_time_is_refused(head: Head, hub: ServedHub, words: tuple[str, ...]) -> None:
    ended = head.runs(*words)
    assert (ended.code, "is no time" in ended.err) == (1, True)


def test_a_restore_into_what_is_no_database_is_a_sentence(head: Head, tmp_path: Path) -> None:
    _, file = a_stopped_hub(tmp_path)
    for url in ("nonsense", "mysql://x/y", "sqlite://", "postgresql://127.0.0.1:1/none"):
        ended = head.runs("restore", str(file), "--database", url)
        assert (ended.code, "cannot be used" in ended.err) == (1, True), url
