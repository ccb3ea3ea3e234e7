"""Every boundary of a sale: how a program is held there from outside, and what is seen before it
is killed. What each is called, and what must be true afterwards, stands in docs/kills.md.

A boundary holds, waits until it *sees* that the program is there, makes it stand still, looks once
more (nothing moves any longer), and kills. No boundary is told by time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.kills.holds import (
    add_ballast,
    drop_ballast,
    freeze,
    freeze_in_commit,
    waits_for_a_lock,
    write_lock,
)
from tests.kills.sights import HubOnPostgresql, HubOnSqlite
from tests.kills.stage import Seen, Stage

NEVER, ONCE = 0, 1

STATUS_BYTES = 9
"""Three status questions of three bytes that a till asks before each receipt (DLE EOT)."""
INTO_THE_RECEIPT_BYTES = 200
"""So many bytes of the receipt the printer takes before it stalls: some lines, not all."""


# --- the till is killed; the cable is out, so that nothing but the sale goes on


def before_the_fact(stage: Stage) -> Seen:
    stage.cable.pull()
    stage.ring_up()
    with write_lock(stage.till_file):
        stage.pay()
        stage.await_(lambda: waits_for_a_lock(stage.till.pid), "the payment waited for the lock")
        freeze(stage.till)
        assert not stage.new_sales()
        stage.kill_till()
    return Seen("payment waits for the disk's lock, no sale on disk", NEVER)


def in_the_facts_commit(stage: Stage) -> Seen:
    pages = _kill_till_in_its_commit(stage, whole=False)
    return Seen(f"{pages} pages of the commit in the log, more to come", NEVER)


def all_but_committed(stage: Stage) -> Seen:
    pages = _kill_till_in_its_commit(stage, whole=True)
    return Seen(f"all {pages} pages of the commit in the log, its index unmoved", ONCE, "unknown")


def _kill_till_in_its_commit(stage: Stage, *, whole: bool) -> int:
    stage.cable.pull()
    add_ballast(stage.till_file)
    stage.undo.callback(drop_ballast, stage.till_file)

    def ring_up_and_pay() -> None:
        stage.ring_up()
        stage.pay()

    pages = freeze_in_commit(stage.till, stage.till_file, ring_up_and_pay, whole=whole)
    assert not stage.new_sales()
    stage.kill_till()
    return pages


def after_the_fact_before_print(stage: Stage) -> Seen:
    stage.cable.pull()
    stage.ring_up()
    lines = stage.printer.lines
    stage.printer.turn("stall 0")
    stage.pay()
    stage.await_(stage.new_sales, "the sale was on disk")
    freeze(stage.till)
    _assert_paper_open(stage)
    assert stage.printer.stalled
    assert stage.printer.lines == lines
    stage.kill_till()
    stage.printer.turn("resume")
    return Seen("sale on disk, paper open, printer took 0 bytes", ONCE, "unknown")


def while_printing(stage: Stage) -> Seen:
    stage.cable.pull()
    before = stage.printer.lines
    cut = _stall_in_the_receipt(stage)
    freeze(stage.till)
    _assert_paper_open(stage)
    lines = stage.printer.lines - before
    assert lines
    assert len(stage.printer.receipts) == cut
    stage.kill_till()
    stage.printer.turn("resume")  # what was on the wire still comes out, though nobody listens
    stage.await_(lambda: len(stage.printer.receipts) == cut + 1, "the printer cut the receipt")
    took = f"{STATUS_BYTES + INTO_THE_RECEIPT_BYTES} bytes and {lines} lines"
    return Seen(f"sale on disk, paper open, printer took {took}, not cut", ONCE, "unknown")


def printed_not_noted(stage: Stage) -> Seen:
    stage.cable.pull()
    cut = _stall_in_the_receipt(stage)
    with write_lock(stage.till_file):
        stage.printer.turn("resume")
        stage.await_(lambda: len(stage.printer.receipts) == cut + 1, "the receipt was cut")
        stage.await_(lambda: waits_for_a_lock(stage.till.pid), "the note waited for the lock")
        freeze(stage.till)
        _assert_paper_open(stage)
        stage.kill_till()
    return Seen("receipt cut, its note waits for the disk's lock", ONCE, "unknown")


def before_push(stage: Stage) -> Seen:
    stage.cable.pull()
    stage.sell()
    freeze(stage.till)
    assert not stage.hub_has_it()
    _assert_not_acked(stage)
    stage.kill_till()
    return Seen("printed, cable out, hub has nothing", ONCE)


def _stall_in_the_receipt(stage: Stage) -> int:
    """Sell; the printer stops in the middle of the receipt, behind what the kill before has left in
    it. -> receipts it had cut by then."""
    stage.ring_up()
    stage.printer.turn(f"stall {STATUS_BYTES + INTO_THE_RECEIPT_BYTES}")
    stage.pay()
    stage.await_(lambda: stage.printer.stalled, "the printer stalled in the receipt")
    return len(stage.printer.receipts)


def _assert_paper_open(stage: Stage) -> None:
    assert [(sale.paper, sale.paper_facts) for sale in stage.new_sales()] == [(None, 0)]


def _assert_not_acked(stage: Stage) -> None:
    assert [sale.acked for sale in stage.new_sales()] == [False]


# --- the till is killed while the hub has a part in it


def pushed_not_committed(stage: Stage) -> Seen:
    with _sold_into_a_held_hub(stage):
        freeze(stage.till)
        assert stage.push_under_way()
        assert not stage.hub_has_it()
        stage.kill_till()
    stage.await_(stage.hub_has_it, "the hub stored what the dead till had pushed")
    return Seen("push whole at the hub, which waits for its database", ONCE)


def pushed_not_acknowledged(stage: Stage) -> Seen:
    _sell_with_replies_held(stage)
    freeze(stage.till)
    _assert_answer_withheld(stage)
    _assert_not_acked(stage)
    withheld = stage.cable.withheld_bytes
    stage.kill_till()
    stage.cable.release()
    return Seen(f"hub has the sale, {withheld} bytes of its answer withheld", ONCE)


def acknowledged_not_stored(stage: Stage) -> Seen:
    _sell_with_replies_held(stage)
    before = stage.cable.bytes_to_till
    with write_lock(stage.till_file):
        stage.cable.release()
        stage.await_(lambda: waits_for_a_lock(stage.till.pid), "the mark waited for the lock")
        freeze(stage.till)
        answer_bytes = stage.cable.bytes_to_till - before
        assert answer_bytes
        assert not stage.push_under_way()
        _assert_not_acked(stage)
        stage.kill_till()
    return Seen(f"all {answer_bytes} bytes of the answer read, mark waits for the lock", ONCE)


@contextmanager
def _sold_into_a_held_hub(stage: Stage) -> Iterator[None]:
    """Sell with the cable out: a push that is under way already has not the sale in it, and it is
    not that one which is to wait in the hub."""
    stage.cable.pull()
    stage.sell()
    with stage.hub_database.held():
        stage.cable.plug()
        stage.await_(stage.push_under_way, "a push passed the cable")
        stage.await_(lambda: stage.hub_database.push_waits(stage.hub), "the push waited in the hub")
        yield


def _sell_with_replies_held(stage: Stage) -> None:
    stage.cable.hold_replies()
    stage.sell()
    stage.await_(lambda: stage.hub_has_it() and stage.cable.withheld_bytes, "the hub answered")


def _assert_answer_withheld(stage: Stage) -> None:
    assert stage.hub_has_it()
    assert stage.push_under_way()
    assert stage.cable.withheld_bytes


# --- the hub is killed, the till lives on


def hub_before_its_commit(stage: Stage) -> Seen:
    with _sold_into_a_held_hub(stage):
        freeze(stage.hub)
        assert stage.push_under_way()
        assert not stage.hub_has_it()
        stage.shop.kill_hub()
    return Seen("push whole at the hub, which waits for its database", ONCE)


def hub_in_its_commit_on_sqlite(stage: Stage) -> Seen:
    pages = _kill_hub_in_its_sqlite_commit(stage, whole=False)
    return Seen(f"{pages} pages of the commit in the log, more to come", ONCE)


def hub_all_but_committed(stage: Stage) -> Seen:
    pages = _kill_hub_in_its_sqlite_commit(stage, whole=True)
    return Seen(f"all {pages} pages of the commit in the log, its index unmoved", ONCE)


def _kill_hub_in_its_sqlite_commit(stage: Stage, *, whole: bool) -> int:
    assert isinstance(stage.hub_database, HubOnSqlite)
    file = stage.hub_database.file
    add_ballast(file)
    stage.undo.callback(drop_ballast, file)
    pages = freeze_in_commit(stage.hub, file, stage.sell, whole=whole)
    assert stage.push_under_way()
    assert not stage.hub_has_it()
    stage.shop.kill_hub()
    return pages


def hub_in_its_commit_on_postgresql(stage: Stage) -> Seen:
    """The server does not notice that its client died: the next push meets the old commit."""
    database = stage.hub_database
    assert isinstance(database, HubOnPostgresql)
    with database.commit_held():
        backend = _kill_hub_in_its_commit(stage, database)
        stage.shop.start_hub()
        stage.await_(lambda: database.waits_for(backend), "the next push waited for the old commit")
    stage.await_(stage.hub_has_it, "the old commit went through")
    return Seen("hub's backend waits within COMMIT; then the next push behind it", ONCE)


def hub_in_its_commit_rolled_back(stage: Stage) -> Seen:
    """The server notices, and rolls the transaction back."""
    database = stage.hub_database
    assert isinstance(database, HubOnPostgresql)
    with database.commit_held():
        backend = _kill_hub_in_its_commit(stage, database)
        database.end_backend(backend)
        stage.await_(lambda: not database.backend_lives(backend), "the backend was gone")
    assert not stage.hub_has_it()
    return Seen("hub's backend waits within COMMIT; then it is ended", ONCE)


def hub_after_its_commit(stage: Stage) -> Seen:
    _sell_with_replies_held(stage)
    freeze(stage.hub)
    _assert_answer_withheld(stage)
    withheld = stage.cable.withheld_bytes
    stage.shop.kill_hub()
    stage.cable.pull()  # and the answer with it
    stage.cable.release()
    return Seen(f"hub has the sale, {withheld} bytes of its answer withheld, then lost", ONCE)


def _kill_hub_in_its_commit(stage: Stage, database: HubOnPostgresql) -> int:
    stage.undo.callback(database.drop_hold)
    stage.sell()
    stage.await_(database.held_commit, "the hub's commit was held")
    freeze(stage.hub)
    backend = database.held_commit()
    assert backend is not None
    assert stage.push_under_way()
    assert not stage.hub_has_it()
    stage.shop.kill_hub()
    return backend


Boundary = Callable[[Stage], Seen]

#: in docs/kills.md: where the hub has no part its database does not matter
_TILL_ALONE: dict[str, Boundary] = {
    "till before the fact": before_the_fact,
    "till in the fact's commit": in_the_facts_commit,
    "till in the fact's commit, all written": all_but_committed,
    "till after the fact, before print": after_the_fact_before_print,
    "till while printing": while_printing,
    "till printed, not yet noted": printed_not_noted,
    "till before push": before_push,
}
_WITH_THE_HUB: dict[str, Boundary] = {
    "till pushed, hub not committed": pushed_not_committed,
    "till after push, before acknowledgement": pushed_not_acknowledged,
    "till acknowledged, not yet stored": acknowledged_not_stored,
    "hub before its commit": hub_before_its_commit,
    "hub after its commit, before the reply": hub_after_its_commit,
}
BOUNDARIES: dict[str, dict[str, Boundary]] = {
    "sqlite": {
        **_TILL_ALONE,
        **_WITH_THE_HUB,
        "hub in its commit": hub_in_its_commit_on_sqlite,
        "hub in its commit, all written": hub_all_but_committed,
    },
    "postgresql": {
        **_WITH_THE_HUB,
        "hub in its commit": hub_in_its_commit_on_postgresql,
        "hub in its commit, which is rolled back": hub_in_its_commit_rolled_back,
    },
}
