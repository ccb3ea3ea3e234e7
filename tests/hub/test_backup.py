"""A backup is one moment of the hub in one file, and only what lies in one is safe."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, text, update

from rehearsal.books import differences, hub_books
from retail.refusals import Refusal
from sync_server import database
from sync_server.backup import copying, records, restoring, seal
from sync_server.backup.files import FileThere, FileUnusable
from sync_server.backup.seal import BackupDamaged, NotABackup
from sync_server.backup.service import BackupNotProved, TakenLater
from sync_server.database import metadata
from sync_server.ledgers import money_ledger
from tests.builders import a_product
from tests.hand_till import HandTill, a_delivery, problem_of, reply_of
from tests.hub.backing_up import back_up, quiet
from tests.hub.books import stored
from tests.hub.conftest import TillMaker
from tests.hub.test_push import counter_signed
from tests.served_hub import ServedHub

#: of that chain
FACTS = 32


def a_chain(hub: ServedHub, a_till: TillMaker) -> HandTill:
    """Three tills of two stores with facts of every verdict, products, drafts and recalls."""
    hub.add_store("S02")
    hub.publish([a_product("cola"), a_product("water")])
    for store in ("S01", "S02"):
        other = a_till(store)
        other.record_sales(5)
        other.record(a_delivery())
        other.record_bytes(b"{}", "sale.completed", 1)
        other.record_bytes(b"{}", "of.tomorrow", 1)
        reply_of(other.push())
    till = a_till()
    till.record_sales(10)
    reply_of(till.push())
    return till


@pytest.fixture
def till(hub: ServedHub, a_till: TillMaker) -> HandTill:
    """One till of a chain with a past."""
    return a_chain(hub, a_till)


@contextmanager
def in_small_steps() -> Iterator[None]:
    """Copies go a page or ten rows at a time, so that a test can do something in between."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_PAGES_AT_ONCE", 4)
        patch.setattr(copying, "_ROWS_AT_ONCE", 10)
        yield


def safe(hub: ServedHub, till: HandTill) -> int:
    """How far the hub says that the stream is safe."""
    reply = reply_of(till.push(len(till.facts)))
    assert counter_signed(till, reply)
    return reply.safe_seq


def test_a_backup_is_a_database_of_the_hub_with_the_same_books(
    hub: ServedHub, till: HandTill, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    row = back_up(database_url, file)
    assert row.facts == len(hub.read(stored)) == FACTS
    assert row.size_bytes == file.stat().st_size
    assert differences(hub_books(f"sqlite:///{file}"), hub_books(database_url)) == []
    assert not (tmp_path / "backup.db.new").exists()
    held = restoring.check(file, quiet).held
    assert held.heads == hub.read(records.heads)
    with ServedHub(f"sqlite:///{file}") as served:
        assert served.do(served.hub.office.overview()).day
        assert served.hub.voice.signer.public == hub.hub.voice.signer.public


def test_every_table_of_the_database_is_in_it(hub: ServedHub) -> None:
    tables = set(hub.read(lambda connection: inspect(connection).get_table_names()))
    assert tables - {"alembic_version"} == set(metadata.tables)
    assert set(hub.read(copying.counts)) == set(metadata.tables)


def test_a_hub_that_is_pushed_to_meanwhile_is_backed_up_as_of_one_moment(
    hub: ServedHub, till: HandTill, database_url: str, tmp_path: Path
) -> None:
    file, before = tmp_path / "backup.db", hub_books(database_url)
    pushed = 0

    def push(_done: int, _total: int) -> None:
        nonlocal pushed
        pushed += 1
        till.record_sales(1)
        assert reply_of(till.push(len(till.facts) - 1)).head == till.head()

    with in_small_steps():
        back_up(database_url, file, push)
    assert pushed > 10
    assert differences(hub_books(f"sqlite:///{file}"), before) == []
    assert safe(hub, till) == len(till.facts) - pushed


def test_what_lies_in_a_backup_is_safe_and_what_came_later_is_not(
    hub: ServedHub, till: HandTill, database_url: str, tmp_path: Path
) -> None:
    assert safe(hub, till) == 0
    back_up(database_url, tmp_path / "first.db")
    till.record_sales(3)
    reply_of(till.push(len(till.facts) - 3))
    assert safe(hub, till) == len(till.facts) - 3
    back_up(database_url, tmp_path / "second.db")
    assert safe(hub, till) == len(till.facts)
    noted = hub.do(hub.hub.office.backups(10))
    assert [Path(row.file).name for row in noted] == ["second.db", "first.db"]
    assert [row.facts for row in noted] == [FACTS + 3, FACTS]


def test_a_gap_and_a_fork_are_told_with_what_is_safe_too(
    hub: ServedHub, till: HandTill, database_url: str, tmp_path: Path
) -> None:
    back_up(database_url, tmp_path / "backup.db")
    till.record_sales(4)
    gap = problem_of(till.push(len(till.facts) - 1))
    assert (gap.code, gap.safe_seq) == ("gap", len(till.facts) - 4)
    assert counter_signed(till, gap)
    till.facts[-4:] = []
    till.facts[-1] = till.facts[-1].replace(b"R11", b"R99")
    till.record_sales(1)
    fork = problem_of(till.push(len(till.facts) - 1))
    assert (fork.code, fork.safe_seq) == ("fork", len(till.facts) - 1)
    assert counter_signed(till, fork)


def test_nothing_is_safe_by_a_backup_that_does_not_hold_together(
    hub: ServedHub, till: HandTill, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    hub.write(lambda c: c.execute(update(money_ledger).values(entries=money_ledger.c.entries + 1)))
    with pytest.raises(BackupNotProved) as no:
        back_up(database_url, file)
    assert "money_ledger" in no.value.say.en
    assert safe(hub, till) == 0
    assert hub.do(hub.hub.office.backups(1)) == []
    assert [found for found in tmp_path.iterdir() if "backup" in found.name] == []


SPOILED = {
    "a fact is gone": "DELETE FROM journal WHERE stream_no = 1 AND seq = 3",
    "the last facts are gone": "DELETE FROM journal WHERE stream_no = 1 AND seq > 3",
    "a fact is another": "UPDATE journal SET data = (SELECT data FROM journal WHERE stream_no = 1"
    " AND seq = 4) WHERE stream_no = 1 AND seq = 3",
    "a hash": "UPDATE journal SET hash = 'x' WHERE stream_no = 1 AND seq = 9",
    "a head": "UPDATE stream SET head_hash = 'x' WHERE stream_no = 1",
    "a verdict": "UPDATE journal SET verdict = 'quarantined' WHERE stream_no = 1 AND seq = 4",
    "a verdict that is gone": "UPDATE journal SET verdict = '' WHERE verdict = 'quarantined'",
    "a type": "UPDATE journal SET type = 'x' WHERE stream_no = 1 AND seq = 4",
    "a stream is safe beyond its head": "UPDATE stream SET safe_seq = 99 WHERE stream_no = 1",
    "stock": "UPDATE stock_ledger SET amount = amount + 1",
    "takings": "UPDATE takings_by_hour SET sales = sales + 1",
    "an account": "DELETE FROM money_ledger WHERE account = 'drawer' AND till = 'S02-1'",
    "a store of nobody": "INSERT INTO stock_ledger VALUES ('S09', 'cola', 'store', 1000, 1)",
    "a stream of nobody": "UPDATE journal SET stream_no = 99 WHERE stream_no = 3",
}


@pytest.mark.parametrize("what", SPOILED)
def test_whatever_does_not_add_up_is_found_and_nothing_is_kept(
    what: str, hub: ServedHub, till: HandTill, database_url: str, tmp_path: Path
) -> None:
    assert hub.write(lambda c: c.execute(text(SPOILED[what])).rowcount)
    with pytest.raises(BackupNotProved) as no:
        back_up(database_url, tmp_path / "backup.db")
    assert no.value.say.zh
    assert not (tmp_path / "backup.db").exists()


def test_a_backup_takes_no_files_place_but_an_older_backups(
    hub: ServedHub, till: HandTill, database_url: str, tmp_path: Path
) -> None:
    own = tmp_path / "notes.txt"
    own.write_text("mine")
    older = tmp_path / "backup.db"
    back_up(database_url, older)
    first = older.read_bytes()
    for file, replace in ((own, False), (own, True), (older, False)):
        with pytest.raises(FileThere):
            back_up(database_url, file, replace=replace)
    assert (own.read_text(), older.read_bytes()) == ("mine", first)
    till.record_sales(1)
    reply_of(till.push(len(till.facts) - 1))
    assert back_up(database_url, older, replace=True).facts == FACTS + 1
    assert restoring.check(older, quiet).held.facts == FACTS + 1


def test_where_nothing_can_be_written_a_sentence_says_so(
    hub: ServedHub, till: HandTill, database_url: str, tmp_path: Path
) -> None:
    with pytest.raises(FileUnusable) as no:
        back_up(database_url, tmp_path / "nowhere" / "backup.db")
    assert "No such file" in no.value.say.en
    assert safe(hub, till) == 0


def test_of_two_that_write_one_backup_at_once_one_gives_way(
    hub: ServedHub, till: HandTill, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    others: list[int] = []

    def begin_another(_done: int, _total: int) -> None:
        if not others:
            others.append(0)
            with ThreadPoolExecutor(1) as elsewhere:
                others[0] = elsewhere.submit(back_up, database_url, file).result().facts

    with in_small_steps(), pytest.raises(FileUnusable):
        back_up(database_url, file, begin_another)
    assert others == [FACTS]
    assert restoring.check(file, quiet).held.facts == FACTS


# A backup that was taken by other means


def test_a_person_may_note_a_backup_and_what_came_later_is_not_safe_by_it(
    hub: ServedHub, till: HandTill
) -> None:
    then, received = hub.clock.now(), len(till.facts)
    hub.clock.move(timedelta(hours=1))
    till.record_sales(2)
    reply_of(till.push(received))
    hub.clock.move(timedelta(hours=1))

    def note(after: timedelta) -> None:
        hub.do(hub.hub.office.note_backup(then + after, 600.0))

    note(timedelta(minutes=5))  # a push may be committed so late
    assert safe(hub, till) == 0
    note(timedelta(minutes=11))
    assert safe(hub, till) == received
    note(timedelta(minutes=90))
    assert safe(hub, till) == received + 2
    note(timedelta(minutes=11))
    assert safe(hub, till) == received + 2  # never lower than before
    assert [row.file for row in hub.do(hub.hub.office.backups(2))] == ["", ""]


def test_where_the_hubs_clock_went_back_the_fewer_facts_are_safe(
    hub: ServedHub, till: HandTill
) -> None:
    received = len(till.facts)
    hub.clock.move(timedelta(hours=2))
    till.record_sales(1)
    reply_of(till.push(received))
    hub.clock.move(timedelta(hours=-1))
    till.record_sales(1)
    reply_of(till.push(received + 1))
    before = hub.clock.now() + timedelta(minutes=30)
    hub.clock.move(timedelta(hours=1))
    hub.do(hub.hub.office.note_backup(before, 0.0))
    assert safe(hub, till) == received


def test_a_backup_of_tomorrow_is_refused(hub: ServedHub, till: HandTill) -> None:
    with pytest.raises(TakenLater):
        hub.do(hub.hub.office.note_backup(hub.clock.now() + timedelta(seconds=1), 0.0))
    assert safe(hub, till) == 0


def test_nothing_is_noted_in_a_database_that_was_restored_meanwhile(
    hub: ServedHub, till: HandTill, database_url: str, tmp_path: Path
) -> None:
    def restored(done: int, total: int) -> None:
        hub.write(lambda connection: connection.execute(text("UPDATE hub SET epoch = 'another'")))

    with pytest.raises(BackupNotProved):
        back_up(database_url, tmp_path / "backup.db", restored)
    assert safe(hub, till) == 0


# A bit that flips


@pytest.fixture(scope="module")
def sealed(one_hub: ServedHub, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("sealed") / "backup.db"
    with HandTill(one_hub.url) as till:
        till.enrol(one_hub.enrol_code())
        till.record_sales(5)
        reply_of(till.push())
    back_up(one_hub.settings.database, file)
    return file.read_bytes()


@settings(max_examples=200)
@given(at=st.integers(0, 10**7), bit=st.integers(0, 7), from_end=st.booleans())
def test_a_bit_that_flips_anywhere_in_a_backup_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, sealed: bytes, at: int, bit: int, from_end: bool
) -> None:
    place = -1 - at % 200 if from_end else at % len(sealed)
    changed = bytearray(sealed)
    changed[place] ^= 1 << bit
    assert_noticed(tmp_path_factory.mktemp("flip") / "backup.db", bytes(changed))


@settings(max_examples=60)
@given(st.data())
def test_a_torn_backup_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, sealed: bytes, data: st.DataObject
) -> None:
    length = data.draw(st.integers(0, len(sealed) - 1))
    assert_noticed(tmp_path_factory.mktemp("torn") / "backup.db", sealed[:length])


def assert_noticed(file: Path, held: bytes) -> None:
    file.write_bytes(held)
    with pytest.raises(Refusal) as no:
        restoring.check(file, quiet)
    assert isinstance(no.value, NotABackup | BackupDamaged)
    file.unlink()


def test_a_backup_that_is_sealed_holds_no_wrong_books_either(sealed: bytes, tmp_path: Path) -> None:
    """A seal says that nothing changed since; the books are recounted all the same."""
    file = tmp_path / "backup.db"
    file.write_bytes(sealed)
    with closing(sqlite3.connect(file)) as forger:
        forger.execute("UPDATE money_ledger SET amount = amount + 1")
        forger.commit()
    seal.put(file, "2026-06-03T01:00:00.000+00:00")
    with pytest.raises(BackupDamaged, match="money_ledger"):
        restoring.check(file, quiet)
