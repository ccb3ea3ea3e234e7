"""The doctor proves the live database, names everything that does not hold, and stops nobody."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, TextClause, text

from journal.clock import CLOCK_TOLERANCE_S
from journal.envelope import decode
from journal.wire import Declared
from retail.facts import ShiftClosed
from sync_server.backup.proof import Part
from sync_server.doctor.published import FEED
from sync_server.doctor.service import PERIODS, Report
from sync_server.doctor.service import examine as examined
from sync_server.doctor.tills import HEADS, SHIFTS
from sync_server.hub import Hub
from sync_server.stores import NoSuchStore
from tests.builders import a_product
from tests.hand_till import HandTill, a_sale, reply_of
from tests.hub.backing_up import quiet
from tests.hub.broken import POISON, a_bug
from tests.hub.conftest import TillMaker
from tests.hub.test_backup import FACTS, a_chain, in_small_steps
from tests.served_hub import ServedHub, hub_settings

EXAMINED = {*Part, FEED, HEADS, SHIFTS, PERIODS}


@pytest.fixture
def till(hub: ServedHub, a_till: TillMaker) -> HandTill:
    """One till of a chain with a past."""
    return a_chain(hub, a_till)


def examine(hub: ServedHub, store_id: str | None = None) -> Report:
    return hub.do(hub.hub.office.doctor(quiet, store_id))


def found(report: Report) -> dict[str, list[str]]:
    """What does not hold, by its part."""
    return {
        line.part: [each.what.en for each in line.findings]
        for line in report.lines
        if line.findings
    }


def close_shift(till: HandTill, cash_minor: int, sales: int) -> None:
    till.record(ShiftClosed(1, "CNY", 50_000 + cash_minor, 50_000 + cash_minor, sales))


def test_where_all_holds_the_doctor_counts_what_it_read(hub: ServedHub, till: HandTill) -> None:
    close_shift(till, 10 * 350, 10)
    reply_of(till.push(len(till.facts) - 1))
    report = examine(hub)
    assert found(report) == {}
    assert report.well
    said = {line.part: line.said for line in report.lines}
    on_a_server = {Part.FILE} if hub.settings.database.startswith("postgresql") else set()
    assert set(said) == EXAMINED - on_a_server
    assert said[Part.CHAINS].en.startswith("33 facts followed")
    assert said[Part.SIGNATURES].en == "3 heads signed by their tills"
    assert said[SHIFTS].en.startswith("1: drawer and sales")
    assert all(line.said.zh and line.name.zh for line in report.lines)
    assert [note.en for note in report.notes] == [
        "4 facts kept, but not in the books: sync-server quarantine list"
    ]


SPOILED = {
    "UPDATE journal SET hash = 'x' WHERE stream_no = 1 AND seq = 4": Part.CHAINS,
    "DELETE FROM journal WHERE stream_no = 2 AND seq IN (3, 4)": Part.CHAINS,
    'UPDATE stream SET push_proof = replace(push_proof, \'"sig":"\', \'"sig":"A\')'
    " WHERE stream_no = 1": Part.SIGNATURES,
    "UPDATE money_ledger SET amount = amount + 1 WHERE account = 'drawer' AND till = 'S02-1'": (
        Part.MONEY
    ),
    "UPDATE stock_ledger SET entries = entries + 1 WHERE store = 'S01' AND account = 'sold'": (
        Part.STOCK
    ),
    "UPDATE takings_by_hour SET sales = 0 WHERE till = 'S02-1'": Part.TAKINGS,
    "UPDATE feed SET position = 1 WHERE scope = 'catalogue'": FEED,
    "DELETE FROM feed WHERE key = 'water'": FEED,
    "UPDATE scope_head SET position = 0 WHERE scope = 'store:S02'": FEED,
    "UPDATE stream SET declared_hash = 'x' WHERE stream_no = 2": HEADS,
    "UPDATE stream SET closed_to = '2026-06-02' WHERE stream_no = 3": PERIODS,
    "INSERT INTO late_fact VALUES (1, 4, 'S01', '2026-06-01', '')": PERIODS,
}
#: facts that are gone are missed in the books too
BESIDE = {
    spoil: (Part.MONEY, Part.STOCK, Part.TAKINGS)
    for spoil in SPOILED
    if spoil.startswith("DELETE FROM j")
}


class _Undone(Exception):
    """Takes what was spoiled back, with what was seen meanwhile."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def spoiled(hub: ServedHub, *spoils: str | TextClause) -> Report:
    """What the doctor says of a database that was spoiled; it is as it was afterwards."""

    def work(connection: Connection) -> None:
        for spoil in spoils:
            said = text(spoil) if isinstance(spoil, str) else spoil
            assert connection.execute(said).rowcount
        raise _Undone(examined(connection, quiet, hub.clock.now(), None))

    with pytest.raises(_Undone) as undone:
        hub.write(work)
    return undone.value.report


def test_what_does_not_hold_is_found_where_it_is(hub: ServedHub, till: HandTill) -> None:
    for spoil, part in SPOILED.items():
        report = spoiled(hub, spoil)
        assert set(found(report)) == {part, *BESIDE.get(spoil, ())}, spoil
        for line in report.lines:
            assert all(each.todo.en and each.todo.zh and each.what.zh for each in line.findings)
    assert examine(hub).well


def test_all_that_does_not_hold_is_told_at_once(hub: ServedHub, till: HandTill) -> None:
    parts = found(spoiled(hub, *SPOILED))
    assert set(parts) == {*SPOILED.values()} | {part for each in BESIDE.values() for part in each}
    assert [each.partition(": ")[2] for each in parts[Part.CHAINS]] == [
        "fact 4: its columns are not its bytes'",
        "facts 3 to 4 are missing",
    ]
    assert len(parts[PERIODS]) == 2


def test_a_fact_that_was_changed_is_one_finding_and_those_after_it_are_none(
    hub: ServedHub, till: HandTill
) -> None:
    changed = till.facts[5].replace(b'"quantity":1000', b'"quantity":9000')
    assert changed != till.facts[5]
    forge = text("UPDATE journal SET data = :data WHERE stream_no = 3 AND seq = 6")
    parts = found(spoiled(hub, forge.bindparams(data=changed)))
    assert len(parts[Part.CHAINS]) == 1
    assert "fact 6" in parts[Part.CHAINS][0]
    assert len(parts[Part.STOCK]) == 2
    last = text("UPDATE journal SET data = :data WHERE stream_no = 3 AND seq = 12")
    parts = found(spoiled(hub, last.bindparams(data=changed)))
    assert len(parts[Part.CHAINS]) == 1


def test_one_store_is_examined_alone(hub: ServedHub, till: HandTill) -> None:
    hub.write(lambda c: c.execute(text("UPDATE money_ledger SET amount = 0 WHERE store = 'S02'")))
    assert Part.MONEY in found(examine(hub, "S02"))
    assert examine(hub, "S01").well
    with pytest.raises(NoSuchStore):
        examine(hub, "S99")


def test_pushes_go_on_meanwhile_and_one_moment_is_examined(
    hub: ServedHub, till: HandTill, tmp_path: Path
) -> None:
    pushed = 0

    def push(_done: int, _total: int) -> None:
        nonlocal pushed
        pushed += 1
        till.record_sales(1)
        assert reply_of(till.push(len(till.facts) - 1)).head == till.head()

    async def beside(folder: Path) -> Report:
        """In a hub of its own, as the command does: the served one's loop answers the pushes."""
        settings = hub_settings(hub.settings.database, price_book=folder)
        other = await Hub.open(settings, hub.clock.now)
        try:
            return await other.office.doctor(push)
        finally:
            await other.close()

    with in_small_steps():
        report = asyncio.run(beside(tmp_path))
    assert found(report) == {}
    said = {line.part: line.said.en for line in report.lines}
    assert said[Part.CHAINS].startswith(f"{FACTS} facts followed")
    assert pushed > 3


# Signatures


def test_a_stream_of_which_no_signature_is_kept_is_no_fault_and_is_said(
    hub: ServedHub, till: HandTill
) -> None:
    hub.write(lambda c: c.execute(text("UPDATE stream SET push_proof = '' WHERE stream_no = 3")))
    report = examine(hub)
    assert report.well
    assert any(note.en.startswith("No signature is kept of 1 streams") for note in report.notes)
    reply_of(till.push(len(till.facts)))  # it declares its head, and signs it by that
    assert not any("signature" in note.en for note in examine(hub).notes)


def test_a_push_that_ends_before_the_head_takes_no_signature_away(
    hub: ServedHub, till: HandTill
) -> None:
    reply_of(till.push(0, 4))
    assert not any("signature" in note.en for note in examine(hub).notes)


# Tills and hub


def test_facts_on_their_way_are_no_fault_and_those_that_wait_are(
    hub: ServedHub, till: HandTill
) -> None:
    since = (hub.clock.now() - timedelta(seconds=30)).isoformat()
    here = len(till.facts)
    reply_of(till.push(here, here, Declared(here + 4, "x", since)))
    assert examine(hub).well
    hub.clock.move(timedelta(seconds=31))
    reply_of(till.push(here, here, Declared(here + 4, "x", since)))
    who = till.stream.till
    assert found(examine(hub))[HEADS][0].startswith(f"{who}: 4 facts outstanding since")


def test_a_silent_till_is_found_with_its_last_declared_head(hub: ServedHub, till: HandTill) -> None:
    hub.clock.move(timedelta(hours=1))
    said = found(examine(hub, "S01"))[HEADS]
    assert any(f"silent since 09:00:00, last declared head {len(till.facts)}" in e for e in said)


def test_a_shift_of_which_a_sale_is_not_in_the_books_is_found(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_bytes(b"{}", "sale.completed", 1)
    till.record(a_sale(receipt="R99"))
    close_shift(till, 12 * 350, 11)  # the drawer alone
    second = f"{till.stream.short}-2"
    till.record(a_sale(receipt="R100"), shift=second)
    till.record(ShiftClosed(2, "CNY", 350, 350, 2), shift=second)  # the count alone
    reply_of(till.push(len(till.facts) - 5))
    drawer, count = found(examine(hub))[SHIFTS]
    assert drawer.startswith(f"{till.stream.till}, shift 1 of 2026-06-03: the till had CNY 542.00")
    assert drawer.endswith("and 11 sales, here are CNY 538.50 and 11")
    assert count.endswith("CNY 3.50 in its drawer and 2 sales, here are CNY 3.50 and 1")


def explained(report: Report) -> bool:
    """Whether a shift differs by what people did alone."""
    return any("What was set aside, or brought in" in note.en for note in report.notes)


def test_a_sale_that_was_set_aside_explains_a_shift_that_counted_it(
    hub: ServedHub, till: HandTill
) -> None:
    till.record(a_sale(POISON, receipt="R99"))
    close_shift(till, 11 * 350, 11)
    with a_bug():
        reply_of(till.push(len(till.facts) - 2))
    assert SHIFTS in found(examine(hub))
    eid = decode(till.facts[-2]).eid
    hub.do(hub.hub.office.quarantine.set_aside(eid, "rung up twice", "wang"))
    report = examine(hub)
    assert explained(report)
    assert SHIFTS not in found(report)


def test_a_sale_that_was_brought_in_later_explains_a_shift_that_did_not_count_it(
    hub: ServedHub, till: HandTill
) -> None:
    close_shift(till, 10 * 350, 10)
    reply_of(till.push(len(till.facts) - 1))
    with HandTill(hub.url, till.number, "B" * 26) as disk:
        disk.stream = disk.stream._replace(till=till.stream.till)
        disk.record(a_sale(receipt="R97"), shift=decode(till.facts[-1]).shift)
        hub.clock.move(timedelta(seconds=1))
        reply_of(disk.push())
    report = examine(hub)
    assert explained(report)
    assert SHIFTS not in found(report)


def test_a_wrong_clock_is_noted_and_is_no_fault(hub: ServedHub, till: HandTill) -> None:
    at = hub.clock.now() + timedelta(hours=2, minutes=3)
    here = len(till.facts)
    reply_of(till.push(here, here, Declared(here, till.head().hash, "", at.isoformat())))
    report = examine(hub)
    assert report.well
    assert any("2 h 03 min ahead" in note.en for note in report.notes)
    at = hub.clock.now() - timedelta(seconds=CLOCK_TOLERANCE_S)
    reply_of(till.push(here, here, Declared(here, till.head().hash, "", at.isoformat())))
    assert not any("clock" in note.en for note in examine(hub).notes)


def test_what_is_published_is_counted(hub: ServedHub, till: HandTill) -> None:
    hub.publish([a_product("cola", price_minor=999), a_product("bread")])
    assert examine(hub).well
