"""A till that is told that the hub stored a fact without effect says so once, and goes on."""

from journal.envelope import decode
from journal.stream import genesis
from pos_client.inspection import stored_facts, verify
from pos_client.sync import records
from pos_client.sync.service import SyncState
from pos_client.till import Till
from retail.facts import PrintOutcome, ReceiptPrinted
from sync_server.quarantine.breaker import Failing
from tests.hub.books import books, recounted, stored
from tests.hub.broken import a_bug, replays
from tests.served_hub import ServedHub
from tests.sync.conftest import Heard, push_all, sell


def sell_and_print(till: Till) -> str:
    """A sale, and what became of its receipt; the sale's id."""
    sell(till)
    sold = [fact for fact in map(decode, stored_facts(till.database)) if "sale" in fact.type][-1]
    printed = ReceiptPrinted(sold.eid, "R1", PrintOutcome.NOT_PRINTED)
    with till.recorder.transaction() as write:
        write.record(printed, till.shift.context, refs=(sold.eid,))
    return sold.eid


def told(heard: Heard) -> list[tuple[str, object]]:
    """What the till says of its facts, and why."""
    return [(name, values["reason"]) for name, values in heard.events if "reason" in values]


def all_is_told_again(till: Till) -> None:
    """The till no longer knows what the hub has."""
    with till.recorder.transaction() as write:
        stream = till.recorder.writer.stream
        records.compared(write.driver, 1, genesis(stream), whole=True)


def test_a_till_goes_on_whatever_it_is_told(hub: ServedHub, till: Till, heard: Heard) -> None:
    with a_bug("cola"):
        poison = sell_and_print(till)
        push_all(till)
    assert told(heard) == [
        ("sync.quarantined", "Bug: who would have thought of it"),
        ("sync.parked", poison),
    ]
    failing = Failing(100, 50, frozenset({"S01-1"}), frozenset({"S01-1"}))
    assert hub.do(hub.hub.office.quarantine._stop(failing))
    sell(till)
    push_all(till)
    assert heard.names[-1] == "sync.deferred"
    hub.do(hub.hub.office.quarantine.set_aside(poison, "rung up twice", "wang"))
    hub.do(hub.hub.office.quarantine.resume("wang"))
    heard.events.clear()
    all_is_told_again(till)
    push_all(till)
    assert told(heard) == [("sync.set_aside", "rung up twice"), ("sync.parked", poison)]
    assert sell(till) == 350
    push_all(till)
    assert till.sync.state() == SyncState(0, "", online=True, forked=False, problem="", why="")
    assert verify(till.database, till.who).wrong == []


def test_what_a_till_sold_meanwhile_is_in_the_books_after_the_fix(
    hub: ServedHub, till: Till, heard: Heard
) -> None:
    with a_bug("cola"):
        for _ in range(3):
            sell_and_print(till)
        push_all(till)
    replays(hub)
    heard.events.clear()
    all_is_told_again(till)
    push_all(till)
    assert told(heard) == []
    assert {row.verdict for row in hub.read(stored)} == {""}
    assert hub.read(books) == hub.read(recounted)
