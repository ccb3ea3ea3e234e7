"""A hub whose database was put back notices it by itself, and gets everything back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from journal.cursor import Cursor
from journal.stream import Head
from journal.wire import SignedHead
from pos_client.till import Till
from rehearsal.cable import Cable
from sync_server.lives import (
    ELSEWHERE,
    OLDER_COPY,
    PROVED,
    Epoch,
    begun,
    carried_over,
    epoch,
    first_epoch,
)
from sync_server.lives import hub as hub_table
from sync_server.put_back import Memory, Seen, look
from tests.builders import a_product
from tests.served_hub import ServedHub
from tests.sync.conftest import push_all, sell
from tests.sync.test_forks import assert_whole

DATABASE = ("hub.db", "hub.db-wal", "hub.db-shm")


def lives(hub: ServedHub) -> list[Epoch]:
    return hub.read(begun)


def copy(folder: Path, to: Path) -> None:
    to.mkdir(exist_ok=True)
    for name in DATABASE:
        (to / name).unlink(missing_ok=True)
        if (folder / name).exists():
            shutil.copy(folder / name, to / name)


@pytest.fixture
def put_back(hub: ServedHub, cable: Cable, till: Till, tmp_path: Path) -> Iterator[ServedHub]:
    """A hub on a copy of the database that was made three sales ago."""
    sell(till)
    push_all(till)
    copy(tmp_path, tmp_path / "copy")
    for _ in range(3):
        sell(till)
    push_all(till)
    hub.do(hub.hub.look_at_itself())
    hub.close()
    copy(tmp_path / "copy", tmp_path)
    with ServedHub(f"sqlite:///{tmp_path / 'hub.db'}") as restored:
        cable.set_target(restored.port)
        yield restored


def test_it_remembers_beside_its_database_that_it_had_more(
    put_back: ServedHub, hub: ServedHub, till: Till
) -> None:
    (life,) = lives(put_back)
    assert life.why == OLDER_COPY
    assert life.epoch == put_back.hub.voice.epoch != hub.hub.voice.epoch
    push_all(till)
    assert till.sync.who.epoch == life.epoch
    assert_whole(put_back, till)


def test_a_copy_that_holds_as_much_begins_no_epoch(
    hub: ServedHub, till: Till, tmp_path: Path
) -> None:
    hub.do(hub.hub.look_at_itself())
    hub.close()
    with ServedHub(f"sqlite:///{tmp_path / 'hub.db'}") as again:
        assert lives(again) == []


def test_hubs_that_saw_the_lost_epoch_begin_one_new_epoch_together(put_back: ServedHub) -> None:
    """The copy knows nothing of the epoch that both had seen; the first to look speaks for all."""
    lost = Seen("an epoch that began after the copy", 1_000)

    def looked() -> str:
        return put_back.read(lambda connection: look(connection, lost)[0])

    assert looked() == OLDER_COPY
    now = put_back.hub.voice.epoch
    put_back.do(put_back.hub._begin_epoch(now, OLDER_COPY, lost.epoch))
    assert looked() == ""


def test_hubs_that_share_a_folder_remember_each_their_own(tmp_path: Path) -> None:
    Memory(tmp_path, "one hub's key").keep(Seen("its epoch", 7))
    assert Memory(tmp_path, "one hub's key").seen == Seen("its epoch", 7)
    assert Memory(tmp_path, "another's").seen is None


def test_where_nothing_is_remembered_the_first_till_proves_it(
    put_back: ServedHub, till: Till
) -> None:
    put_back.write(lambda connection: connection.execute(epoch.delete()))
    first = put_back.read(first_epoch)
    put_back.write(lambda connection: connection.execute(update(hub_table).values(epoch=first)))
    sell(till)
    push_all(till)
    assert [life.why for life in lives(put_back)] == [PROVED]
    assert_whole(put_back, till)


def test_nobody_makes_up_a_proof(hub: ServedHub, till: Till) -> None:
    sell(till)
    head = Head(99, "f" * 64)
    forged = SignedHead(hub.hub.voice.epoch, head, 0, till.sync.signer.sign(b"I am the hub"))
    till.sync._pushers[till.recorder.writer.stream_no].had = forged
    push_all(till)
    assert lives(hub) == []
    assert_whole(hub, till)


def test_a_database_that_lies_elsewhere_now_is_another(hub: ServedHub, tmp_path: Path) -> None:
    """As after a dump that was loaded again: SQLite knows no place, so this is said by hand."""
    hub.write(lambda connection: connection.execute(update(hub_table).values(place="elsewhere")))
    hub.do(hub.hub.look_at_itself())
    hub.do(hub.hub.look_at_itself())
    assert [life.why for life in lives(hub)] == [ELSEWHERE]


def test_who_had_read_no_further_than_the_copy_goes_on(hub: ServedHub) -> None:
    former = hub.hub.voice.epoch
    hub.publish([a_product("new")])
    hub.do(hub.hub._begin_epoch(former, OLDER_COPY, former))
    (life,) = lives(hub)

    def carried(at: int) -> Cursor | None:
        cursor = Cursor(former, {"catalogue": at})

        def work(connection: Connection) -> Cursor | None:
            return carried_over(connection, cursor, ("catalogue",))

        return hub.read(work)

    stood = life.positions["catalogue"]
    assert carried(stood) == Cursor(life.epoch, {"catalogue": stood})
    assert carried(stood + 1) is None
    strange = Cursor("another hub", {})
    assert hub.read(lambda connection: carried_over(connection, strange, ())) is None
