"""A fact that cannot be applied stops neither its stream nor its neighbours: it is kept, what
speaks of it is parked behind it, and after the fix both are replayed as if nothing had been."""

import msgspec
import pytest
from sqlalchemy import Connection

from journal.wire import VerdictCode
from rehearsal.processes import wait_until
from retail.barcode import EightDigits
from retail.facts import CodeDecided, PrintOutcome, ReceiptPrinted, encode
from retail.language import Text
from retail.refusals import Refusal
from sync_server.quarantine import records
from sync_server.quarantine.replays import Tally
from sync_server.quarantine.service import (
    FactSettled,
    NoSuchFact,
    SetAsideWithoutReason,
)
from sync_server.recorder import REASON_CHARACTERS_MAX, REVOKED, intake
from tests.hand_till import HandTill, a_delivery, a_sale, reply_of, the_verdict, verdicts_of
from tests.hub.books import books, recounted, stored
from tests.hub.broken import (
    NEWER,
    POISON,
    a_bug,
    a_bug_beside_the_books,
    an_older_program,
    replays,
)
from tests.hub.conftest import TillMaker
from tests.hub.test_readings import CODE, said
from tests.served_hub import ServedHub

#: generous: a test waits for the event, not for the time
WAIT_S = 60.0


def eid_at(till: HandTill, seq: int) -> str:
    return str(msgspec.json.decode(till.facts[seq - 1])["eid"])


def record_printed(till: HandTill, seq: int) -> None:
    """What became of the receipt of the fact at that place."""
    sale = eid_at(till, seq)
    till.record(ReceiptPrinted(sale, "R1", PrintOutcome.PRINTED), refs=(sale,))


def verdict_at(hub: ServedHub, till: HandTill, seq: int) -> tuple[str, str]:
    """The verdict and the reason that the hub keeps."""
    (row,) = [each for each in hub.read(stored) if (each.till, each.seq) == (till.stream.till, seq)]
    return row.verdict, row.reason


def looks_for_more(hub: ServedHub) -> bool:
    """Whether pushes look for what is unsettled."""
    return hub.read(records.state).unsettled


def set_aside(hub: ServedHub, eid: str, reason: str = "rung up twice") -> None:
    hub.do(hub.hub.office.quarantine.set_aside(eid, reason, "wang"))


# A handler that fails


@pytest.mark.parametrize("fault", [ZeroDivisionError("by nothing"), KeyError("x"), OSError("?")])
def test_whatever_a_meaning_raises_only_its_own_fact_is_quarantined(
    hub: ServedHub, till: HandTill, fault: Exception
) -> None:
    till.record_sales(1)
    till.record(a_sale(POISON))
    till.record_sales(1)
    with a_bug(fault=fault):
        verdict = the_verdict(till.push())
    assert (verdict.seq, verdict.code) == (4, VerdictCode.QUARANTINED)
    assert type(fault).__name__ in verdict.reason
    assert hub.read(books).stock["S01", "cola", "sold"] == (2000, 2)
    assert hub.read(books) == hub.read(recounted)


def test_a_reason_names_the_fault_and_nothing_that_a_database_cannot_keep(
    hub: ServedHub, till: HandTill
) -> None:
    till.begin()
    till.record(a_sale(POISON))
    with a_bug(fault=ValueError("\0" + "价" * 500)):
        reason = the_verdict(till.push()).reason
    assert reason.startswith("ValueError: \\x00\\u4ef7")
    assert len(reason) == REASON_CHARACTERS_MAX


def test_what_follows_beside_the_books_quarantines_its_own_fact_too(
    hub: ServedHub, till: HandTill, a_till: TillMaker
) -> None:
    other, poison = CODE, "96385074"
    till.record_sales(1)
    till.record(CodeDecided(poison, EightDigits.UPCE))
    till.record(CodeDecided(other, EightDigits.UPCE))
    with a_bug_beside_the_books(poison):
        verdict = the_verdict(till.push())
    assert (verdict.seq, verdict.code) == (4, VerdictCode.QUARANTINED)
    assert "Bug" in verdict.reason
    assert said(a_till()) == {other: "upce"}
    assert hub.read(books) == hub.read(recounted)
    assert replays(hub) == Tally(1, 0)
    assert said(a_till()) == {other: "upce", poison: "upce"}


# Parking


def test_what_speaks_of_a_quarantined_fact_is_parked_and_nothing_else(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_sales(1)
    till.record(a_sale(POISON))
    record_printed(till, 4)
    record_printed(till, 3)
    with a_bug():
        assert verdicts_of(till.push()) == {4: "quarantined", 5: "parked"}
    assert verdict_at(hub, till, 5) == ("parked", eid_at(till, 4))


def test_what_comes_in_a_later_push_is_parked_too_and_what_speaks_of_that(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_sales(1)
    till.record_bytes(b"{}", "sale.completed", 1)
    reply_of(till.push())
    record_printed(till, 4)
    record_printed(till, 5)
    till.record_sales(1)
    assert verdicts_of(till.push(4)) == {5: "parked", 6: "parked"}
    assert verdict_at(hub, till, 6) == ("parked", eid_at(till, 5))


def test_the_careful_way_parks_as_the_quick_one_does(hub: ServedHub, till: HandTill) -> None:
    """A fact that is there twice makes the hub go fact by fact."""
    till.record_sales(1)
    till.record_bytes(b"{}", "sale.completed", 1)
    reply_of(till.push())
    record_printed(till, 4)
    till.record_bytes(b"{}", "sale.completed", 1)
    record_printed(till, 6)
    till.record_bytes(encode(a_sale()), "sale.completed", 1, eid=eid_at(till, 3))
    assert verdicts_of(till.push(4)) == {
        5: "parked",
        6: "quarantined",
        7: "parked",
        8: "duplicate",
    }


def test_what_another_till_says_of_it_is_parked_as_well(
    hub: ServedHub, till: HandTill, a_till: TillMaker
) -> None:
    till.begin()
    till.record_bytes(b"{}", "of.tomorrow", 1)
    reply_of(till.push())
    other = a_till()
    other.begin()
    other.record(a_delivery(), refs=("of nothing", eid_at(till, 2)))
    other.record(a_delivery(), refs=("of nothing", "\0", "x" * 65))
    assert verdicts_of(other.push()) == {2: "parked"}


def test_a_push_that_repeats_looks_for_what_it_may_have_missed(
    hub: ServedHub, till: HandTill
) -> None:
    """It may have read before it had to wait for the lock that nothing was unsettled."""
    till.begin()
    till.record_bytes(b"{}", "sale.completed", 1)
    reply_of(till.push())
    record_printed(till, 2)
    hub.write(lambda connection: connection.execute(intake.update().values(unsettled=0)))
    assert verdicts_of(till.push(1)) == {2: "quarantined", 3: "parked"}


# No cost where nothing is unsettled


def statements_of(hub: ServedHub, till: HandTill, base: int) -> list[str]:
    """What the driver is asked during a push, on SQLite."""
    asked: list[str] = []

    def listen(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(asked.append)

    hub.write(listen)
    reply_of(till.push(base))
    return asked[1:]  # the first ends the transaction in which we began to listen


def test_a_clean_push_asks_for_the_lock_and_writes_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("counted") / "hub.db"
    with ServedHub(f"sqlite:///{file}") as hub, HandTill(hub.url) as till:
        hub.add_store()
        till.enrol(hub.enrol_code())
        till.record_sales(1)
        reply_of(till.push())
        till.record_sales(1)
        record_printed(till, 4)
        asked = statements_of(hub, till, 3)
    words = [" ".join(statement.split()[:3]) for statement in asked]
    assert words == [
        "BEGIN IMMEDIATE",
        "SELECT till.store_id, till.public_key,",
        *["INSERT INTO journal"] * 2,
        *["INSERT INTO money_ledger"] * words.count("INSERT INTO money_ledger"),
        *["INSERT INTO stock_ledger"] * 2,
        "INSERT INTO takings_by_hour",
        "UPDATE stream SET",
        "COMMIT",
    ]


def test_once_all_is_settled_pushes_look_for_nothing_any_more(
    hub: ServedHub, till: HandTill
) -> None:
    assert not looks_for_more(hub)
    till.record_sales(1)
    till.record(a_sale(POISON))
    till.record_bytes(b"{}", "sale.completed", 1)
    with a_bug():
        reply_of(till.push())
    assert looks_for_more(hub)
    replays(hub)
    assert looks_for_more(hub)
    set_aside(hub, eid_at(till, 5))
    assert not looks_for_more(hub)


# Replay


def test_after_the_fix_a_replay_applies_it_and_what_was_parked_behind_it(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_sales(1)
    till.record(a_sale(POISON))
    record_printed(till, 4)
    with a_bug():
        reply_of(till.push())
        assert replays(hub) == Tally(0, 2)
    assert replays(hub) == Tally(2, 0)
    assert hub.read(books).stock["S01", POISON, "sold"] == (1000, 1)
    assert hub.read(books) == hub.read(recounted)
    assert verdicts_of(till.push()) == {}
    assert replays(hub) == Tally(0, 0)


def test_a_replay_is_on_record_with_who_did_it_and_what_it_was_before(
    hub: ServedHub, till: HandTill
) -> None:
    till.begin()
    till.record(a_sale(POISON))
    with a_bug():
        first = the_verdict(till.push()).reason
    with a_bug(fault=ValueError("another one")):
        replays(hub, author="li")
    second = the_verdict(till.push()).reason
    assert second == "ValueError: another one"
    replays(hub, author="wang")
    shown = hub.do(hub.hub.office.quarantine.shown(eid_at(till, 2), 10))
    at = hub.clock.now().isoformat(timespec="milliseconds")
    assert shown.settlements == [
        (at, "li", "quarantined", first, "quarantined", second),
        (at, "wang", "quarantined", second, "", ""),
    ]
    assert shown.data == till.facts[1]


def test_what_still_fails_stays_and_is_noted_once(hub: ServedHub, till: HandTill) -> None:
    till.begin()
    till.record(a_sale(POISON))
    with a_bug():
        told = reply_of(till.push()).verdicts
        assert replays(hub) == replays(hub) == Tally(0, 1)
    assert reply_of(till.push()).verdicts == told
    assert hub.do(hub.hub.office.quarantine.shown(eid_at(till, 2), 10)).settlements == []


def test_one_that_the_database_refuses_holds_up_no_other(hub: ServedHub, till: HandTill) -> None:
    till.begin()
    till.record(a_delivery("gold", 1000))
    till.record(a_delivery("gold", 1000))
    till.record(a_delivery("cola", 1000))
    with an_older_program():
        reply_of(till.push())
    hub.write(
        lambda connection: connection.exec_driver_sql(
            "INSERT INTO stock_ledger VALUES ('S01', 'gold', 'store', 8999999999999999000, 1)"
        )
    )
    assert replays(hub) == Tally(2, 1)
    assert verdict_at(hub, till, 3)[0] == "quarantined"
    assert hub.read(books).stock["S01", "gold", "store"] == (9 * 10**18, 2)
    assert hub.read(books).stock["S01", "cola", "store"] == (1000, 1)


def test_one_till_or_one_fact_may_be_replayed_alone(
    hub: ServedHub, till: HandTill, a_till: TillMaker
) -> None:
    other = a_till()
    for each in (till, other):
        each.begin()
        each.record(a_sale(POISON))
        each.record(a_sale(POISON))
        with a_bug():
            reply_of(each.push())
    assert replays(hub, records.of_till(other.stream.till)) == Tally(2, 0)
    one = hub.hub.office.quarantine.replay_fact(eid_at(till, 3), "wang")
    assert hub.do(one) == Tally(1, 0)
    assert verdicts_of(till.push()) == {2: "quarantined"}
    assert hub.read(books) == hub.read(recounted)


def test_a_revoked_tills_facts_count_once_that_till_is_named(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_sales(1)
    reply_of(till.push())
    hub.do(hub.hub.revoke(till.stream.till))
    till.record_sales(1)
    reply_of(till.push(3))
    assert verdict_at(hub, till, 4) == REVOKED
    assert replays(hub) == Tally(0, 0)
    assert replays(hub, records.of_till(till.stream.till)) == Tally(1, 0)
    assert hub.read(books).stock["S01", "cola", "sold"] == (2000, 2)


# Set aside


def test_what_is_set_aside_never_counts_and_what_was_parked_behind_it_stays(
    hub: ServedHub, till: HandTill
) -> None:
    till.begin()
    till.record(a_sale(POISON))
    record_printed(till, 2)
    with a_bug():
        reply_of(till.push())
    set_aside(hub, eid_at(till, 2), "  rung up\ntwice ")
    assert replays(hub) == replays(hub, records.of_till(till.stream.till)) == Tally(0, 0)
    assert verdicts_of(till.push()) == {2: "set_aside", 3: "parked"}
    assert verdict_at(hub, till, 2) == ("set_aside", "rung up twice")
    one = hub.hub.office.quarantine.replay_fact(eid_at(till, 3), "wang")
    assert hub.do(one) == Tally(1, 0)
    assert hub.read(books) == hub.read(recounted)


@pytest.mark.parametrize(
    ("eid", "reason", "refusal", "words"),
    [
        ("nobody's", "x", NoSuchFact, Text("no fact nobody's", "没有记录 nobody's")),
        ("applied", "x", FactSettled, Text("in the books", "已入账")),
        ("aside", "x", FactSettled, Text("was set aside", "已搁置")),
        ("poison", " \n", SetAsideWithoutReason, Text("needs a reason", "需要填写原因")),
    ],
)
def test_what_is_no_unsettled_fact_is_refused_in_a_sentence(
    hub: ServedHub, till: HandTill, eid: str, reason: str, refusal: type[Refusal], words: Text
) -> None:
    till.begin()
    till.record(a_sale(), eid="applied")
    till.record_bytes(b"{}", "sale.completed", 1, eid="aside")
    till.record_bytes(b"{}", "sale.completed", 1, eid="poison")
    reply_of(till.push())
    set_aside(hub, "aside")
    with pytest.raises(refusal) as no:
        set_aside(hub, eid, reason)
    assert words.en in no.value.say.en
    assert words.zh in no.value.say.zh
    assert verdict_at(hub, till, 4)[0] == "quarantined"


# A newer program


def test_a_hub_that_knows_more_applies_by_itself_what_waited_and_what_was_behind_it(
    database_url: str,
) -> None:
    with ServedHub(database_url) as before, HandTill(before.url) as till:
        before.add_store()
        till.enrol(before.enrol_code())
        till.begin()
        with an_older_program():
            till.record(a_delivery("cola"))
            till.record(a_sale(), refs=(eid_at(till, 2),))
            till.record_bytes(b"{}", "of.tomorrow", 1)
            assert verdicts_of(till.push()) == {2: "waiting", 3: "parked", 4: "waiting"}
    with ServedHub(database_url) as after:
        wait_until(lambda: after.read(books).stock != {}, WAIT_S, "the hub takes it up")
        after.do(after.hub.office.quarantine.take_up())
        assert after.read(books) == after.read(recounted)
        assert verdict_at(after, till, 4)[0] == "waiting"
        assert verdict_at(after, till, 3)[0] == ""
        shown = after.do(after.hub.office.quarantine.shown(eid_at(till, 2), 10))
        assert [each.author for each in shown.settlements] == [""]
        assert NEWER[0] in shown.settlements[0].reason_before
