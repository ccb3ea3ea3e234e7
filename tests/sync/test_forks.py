"""A till's disk was copied, or an older copy of it was put back: nothing is lost, nothing counts
twice, no receipt number is given out twice, and head office is told."""

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from journal.envelope import Envelope, decode
from journal.stream import Predecessor, StreamBegan
from pos_client import machine
from pos_client.inspection import stored_facts, verify
from pos_client.settings import TillSettings
from pos_client.sync import forks, records
from pos_client.till import Till
from retail.language import Language
from sync_server.console.discrepancies import Discrepancy, discrepancies
from tests.builders import till_settings
from tests.hub.books import books, recounted, stored
from tests.served_hub import ServedHub
from tests.sync.conftest import Heard, Open, push_all, sell
from tests.sync.test_price_book import clock_of


@pytest.fixture
def one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of a machine are so whole that nothing tells them from it."""
    monkeypatch.setattr(machine, "place", lambda _: "here")


def copy_of(till: Till, name: str) -> TillSettings:
    """Another folder with what the till has on its disk now."""
    folder = till.settings.data.parent
    shutil.copytree(folder, folder.parent / name)
    return till_settings(folder.parent / name)


def twins(till: Till, open_till: Open) -> tuple[Till, Till]:
    """The till, opened again, and one on a copy of its disk."""
    till.close()
    copied = copy_of(till, "copy")
    return open_till(till.settings), open_till(copied)


def settle(till: Till) -> None:
    """Let the till speak to its hub until nothing more is to be said."""
    for _ in range(50):
        if till.sync.push_once() is None:
            return
    pytest.fail("the till does not come to an end")


def facts_of(till: Till) -> list[Envelope]:
    return [decode(data) for data in stored_facts(till.database)]


def receipts(till: Till) -> list[str]:
    """Those of all sales that this till knows of."""
    with till.database.reader() as connection:
        return [*connection.exec_driver_sql("SELECT receipt FROM sale ORDER BY receipt").scalars()]


def counted(hub: ServedHub) -> dict[str, int]:
    """How often each fact counts at the hub."""
    ids = [decode(row.data).eid for row in hub.read(stored) if row.verdict != "duplicate"]
    assert hub.read(books) == hub.read(recounted)
    return {eid: ids.count(eid) for eid in ids}


def told(hub: ServedHub) -> list[Discrepancy]:
    """What head office reads."""
    seen = hub.do(hub.hub.office.overview())
    return [*discrepancies(seen, Language.ENGLISH, hub.clock.at)]


def assert_whole(hub: ServedHub, *tills: Till) -> None:
    """Every fact of these tills counts once at the hub, and their own books are recounts."""
    at_hub = counted(hub)
    for till in tills:
        assert verify(till.database, till.who).wrong == []
        assert {fact.eid for fact in facts_of(till)} <= at_hub.keys()
        assert till.sync.state().waiting == 0
        assert not till.sync.state().forked
    assert set(at_hub.values()) == {1}


def test_a_golden_image_on_two_machines_is_two_incarnations(
    hub: ServedHub, till: Till, open_till: Open
) -> None:
    """All folders were copied, the marker's too: the copy lies elsewhere."""
    sell(till)
    push_all(till)
    original, copy = twins(till, open_till)
    assert original.recorder.writer.stream != copy.recorder.writer.stream
    for each in (original, copy, original):
        sell(each)
        settle(each)
        for clock in (hub.clock, clock_of(original), clock_of(copy)):
            clock.move(timedelta(minutes=1))
    both = {*receipts(original), *receipts(copy)}
    assert len(both) == 4
    assert_whole(hub, original, copy)
    line = told(hub)[0]
    assert (line.what, line.detail) == (
        "One till on two machines",
        "the copy held 3 facts, 5 are here",
    )


@pytest.mark.usefixtures("one_machine")
def test_a_copied_machine_that_nobody_can_tell_goes_on_in_a_new_stream(
    hub: ServedHub, till: Till, open_till: Open
) -> None:
    sell(till)
    push_all(till)
    original, copy = twins(till, open_till)
    assert original.recorder.writer.stream == copy.recorder.writer.stream
    sell(original)
    push_all(original)
    sell(copy)
    sell(copy)
    sold = facts_of(copy)[-2:]
    heard = Heard(copy)
    settle(copy)
    assert heard.names == ["sync.forked", "sync.rejoined", "sync.online"]
    assert heard.events[1][1] == {"moved": 2, "fetched": 1}
    assert_whole(hub, original, copy)

    begun = copy.recorder.writer.stream
    began, *moved = [fact for fact in facts_of(copy) if fact.inc == begun.incarnation]
    former = Predecessor(original.recorder.writer.stream.incarnation, 3, sold[0].prev)
    opening = msgspec.json.decode(began.body, type=StreamBegan)
    assert opening == StreamBegan("forked", former)
    assert [(fact.eid, fact.body, fact.at) for fact in moved] == [
        (fact.eid, fact.body, fact.at) for fact in sold
    ]
    assert [fact.stood for fact in moved] == [f"{sold[0].inc}/4", f"{sold[0].inc}/5"]
    with closing(sqlite3.connect(copy.settings.data / "till.db")) as database:
        kept = database.execute("SELECT data FROM forked_fact ORDER BY seq").fetchall()
    assert [decode(data) for (data,) in kept] == sold

    sell(copy)
    settle(copy)
    assert_whole(hub, original, copy)


@pytest.mark.usefixtures("one_machine")
def test_receipts_of_sales_that_moved_are_found_as_before(
    hub: ServedHub, till: Till, open_till: Open
) -> None:
    original, copy = twins(till, open_till)
    sell(original)
    sell(original)
    push_all(original)
    sell(copy)
    first = receipts(copy)[0]
    settle(copy)
    assert copy.sale.sale_of(first).fact.receipt == first
    sell(copy)
    assert len(receipts(copy)) == 3  # two of the four have one number: whole copies can do that
    assert_whole(hub, original)


@pytest.mark.usefixtures("one_machine")
def test_a_long_tail_is_compared_and_moved_with_no_more_than_a_page_in_memory(
    hub: ServedHub, till: Till, open_till: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, copy = twins(till, open_till)
    sell(original)
    push_all(original)
    for _ in range(5):
        sell(copy)
    sold = receipts(copy)
    pages: list[int] = []

    def read(*asked: Any) -> list[bytes]:
        facts = facts_from(*asked)
        pages.append(len(facts))
        return facts

    facts_from = records.facts_from
    monkeypatch.setattr(records, "facts_from", read)
    monkeypatch.setattr(forks, "PUSH_FACTS_MAX", 2)
    heard = Heard(copy)
    settle(copy)
    assert {"moved": 5, "fetched": 1} in [values for _, values in heard.events]
    assert pages[:5] == [1, 2, 2, 1, 0]
    assert {*sold} <= {*receipts(copy)}
    assert [copy.sale.sale_of(receipt).fact.receipt for receipt in sold] == sold
    assert_whole(hub, original, copy)


def test_an_older_copy_that_was_put_back_fetches_what_it_had_sold(
    hub: ServedHub, till: Till, open_till: Open
) -> None:
    sell(till)
    push_all(till)
    till.close()
    backup = copy_of(till, "backup")
    again = open_till(till.settings)
    for _ in range(3):
        sell(again)
    push_all(again)
    took = again.shift.figures()
    ends, before = again.recorder.head.seq, {fact.eid for fact in facts_of(again)}
    sold = receipts(again)
    again.close()
    shutil.rmtree(till.settings.data)
    shutil.copytree(backup.data, till.settings.data)

    restored = open_till(till.settings)
    sell(restored)
    heard = Heard(restored)
    settle(restored)
    assert {"moved": 0, "fetched": 3} in [values for _, values in heard.events]
    assert before < {fact.eid for fact in facts_of(restored)}
    assert {*sold} < {*receipts(restored)}
    assert restored.shift.figures().sales == took.sales + 1
    assert_whole(hub, restored)
    (line,) = told(hub)
    assert line.what == "An older copy of the disk"
    assert line.detail == f"the copy held {ends - 3} facts, {ends} are here"


@pytest.mark.usefixtures("one_machine")
def test_a_disk_that_lost_what_it_had_called_safe_gets_it_back(
    hub: ServedHub, till: Till, open_till: Open
) -> None:
    """The marker is as it was: the power was cut within one run."""
    sell(till)
    push_all(till)
    earlier = copy_of(till, "earlier")
    sell(till)
    push_all(till)
    till.close()
    shutil.rmtree(till.settings.data)
    shutil.copytree(earlier.data, till.settings.data)
    again = open_till(till.settings)
    was = again.recorder.writer.stream
    settle(again)
    assert again.recorder.writer.stream != was
    sell(again)
    settle(again)
    assert_whole(hub, again)
    assert again.shift.figures().sales == 3


def test_a_disk_that_moves_whole_to_another_machine_is_nothing_to_settle(
    hub: ServedHub, till: Till, open_till: Open
) -> None:
    sell(till)
    push_all(till)
    till.close()
    moved = open_till(copy_of(till, "moved"))
    settle(moved)
    sell(moved)
    settle(moved)
    assert_whole(hub, moved)
    assert told(hub) == []


@pytest.mark.usefixtures("one_machine")
def test_a_fork_that_is_found_while_the_line_dies_is_settled_after_the_next_start(
    hub: ServedHub, till: Till, open_till: Open
) -> None:
    original, copy = twins(till, open_till)
    sell(original)
    push_all(original)
    sell(copy)
    assert copy.sync.push_once() == 0.0
    assert copy.sync.state().forked
    copy.close()
    copy = open_till(copy.settings)
    sell(copy)
    settle(copy)
    assert_whole(hub, original, copy)
