"""A business date of a store closes when it is complete or when a person says so, and what comes
after is in the books all the same, and known as late."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta

import httpx
import msgspec
import pytest
from sqlalchemy import Connection, select

from journal.stream import Predecessor, StreamBegan
from journal.wire import Declared
from rehearsal.processes import wait_until
from retail.facts import DrawerOpened, ShiftClosed
from sync_server.catalogue.acts import Act
from sync_server.periods import service
from sync_server.periods.late import effect
from sync_server.periods.records import PeriodRow, hold
from sync_server.periods.service import (
    ClosedWithoutReason,
    NotADate,
    PeriodClosed,
    PeriodIncomplete,
    PeriodNotOver,
    Preview,
    typed,
)
from sync_server.periods.standing import TillStanding, tills
from sync_server.recorder import late_fact
from sync_server.stores import NoSuchStore
from sync_server.sync.records import stream
from tests.hand_till import DAY, HandTill, a_delivery, a_sale, reply_of
from tests.hub.backing_up import quiet
from tests.hub.books import books, recounted
from tests.hub.conftest import WAIT_S, TillMaker
from tests.hub.test_migrations import on_fresh
from tests.served_hub import ServedHub

A_DAY = timedelta(days=1)
TODAY = date.fromisoformat(DAY)


def close(hub: ServedHub, day: date = TODAY, reason: str | None = None) -> Preview:
    return hub.do(hub.hub.office.close_period("S01", day, "wang", reason))


def preview(hub: ServedHub, day: date = TODAY) -> Preview:
    return hub.do(hub.hub.office.preview_close("S01", day))


def kept_open_by(hub: ServedHub, day: date = TODAY) -> dict[str, str]:
    """Why each till keeps it open."""
    return {till_id: why.en for till_id, why in preview(hub, day).hindrances}


def standing(hub: ServedHub, till: HandTill) -> TillStanding:
    return next(each for each in hub.read(tills) if each.till_id == till.stream.till)


def late(hub: ServedHub) -> list[tuple[int, int, str]]:
    columns = (late_fact.c.stream_no, late_fact.c.seq, late_fact.c.business_date)
    found = select(*columns).order_by(*columns)
    return [tuple(row) for row in hub.read(lambda c: c.execute(found).all())]


def a_day_of_sales(till: HandTill) -> None:
    """A shift that is opened, sells and is closed."""
    till.record_sales(2)
    till.record(ShiftClosed(1, "CNY", 50_700, 50_700, 2))
    reply_of(till.push())


def declares(till: HandTill, owed: int = 0) -> None:
    """It speaks, with so many facts more than are here."""
    here = len(till.facts)
    head = till.head()
    hash_ = "x" if owed else head.hash
    reply_of(till.push(here, here, Declared(here + owed, hash_, "2026-06-03T21:12:00+08:00")))


def closed_store(hub: ServedHub, a_till: TillMaker) -> HandTill:
    """A till whose day is closed."""
    till = a_till()
    a_day_of_sales(till)
    hub.clock.move(A_DAY)
    declares(till)
    close(hub)
    return till


# Closing


def test_a_date_closes_when_all_that_its_tills_have_is_here(
    hub: ServedHub, a_till: TillMaker
) -> None:
    till, other = a_till(), a_till()
    for each in (till, other):
        a_day_of_sales(each)
    hub.clock.move(A_DAY)
    for each in (till, other):
        declares(each)
    seen = close(hub)
    assert [(day.business_date, day.minor, day.sales) for day in seen.taken] == [(DAY, 1400, 4)]
    assert (seen.former, seen.hindrances) == (None, ())
    (row,) = hub.do(hub.hub.office.periods_closed(9))
    assert row == PeriodRow("S01", DAY, row.closed_at, "wang", "")
    (act, *_) = hub.do(hub.hub.office.log(1))
    assert (act.author, act.act, act.subject, act.note) == ("wang", Act.CLOSED, f"S01/{DAY}", "")


def test_tills_that_owe_facts_have_a_shift_open_or_are_silent_keep_it_open(
    hub: ServedHub, a_till: TillMaker
) -> None:
    owes, sells, silent, new, well = (a_till() for _ in range(5))
    for each in (owes, silent, well):
        a_day_of_sales(each)
    sells.record_sales(1)
    reply_of(sells.push())
    hub.clock.move(A_DAY)
    declares(owes, 4)
    declares(sells)
    declares(well)
    assert kept_open_by(hub) == {
        owes.stream.till: "4 facts outstanding since 2026-06-03 21:12",
        sells.stream.till: f"a shift of {DAY} is open",
        silent.stream.till: "silent since 2026-06-03 09:00, last declared head 5",
        new.stream.till: "has never spoken",
    }
    with pytest.raises(PeriodIncomplete) as no:
        close(hub)
    for each in (owes, sells, silent, new):
        assert each.stream.till in no.value.say.en
        assert each.stream.till in no.value.say.zh
    assert well.stream.till not in no.value.say.en
    assert hub.do(hub.hub.office.periods_closed(9)) == []


def test_a_person_closes_it_all_the_same_with_a_reason_that_is_kept(
    hub: ServedHub, till: HandTill
) -> None:
    a_day_of_sales(till)
    hub.clock.move(A_DAY)
    with pytest.raises(ClosedWithoutReason):
        close(hub, reason="  ")
    close(hub, reason="till burnt,\nnothing to come")
    (row,) = hub.do(hub.hub.office.periods_closed(9))
    assert (row.author, row.reason) == ("wang", "till burnt, nothing to come")
    assert hub.do(hub.hub.office.log(1))[0].note == row.reason


def test_a_revoked_till_that_did_not_speak_in_the_period_keeps_nothing_open(
    hub: ServedHub, a_till: TillMaker
) -> None:
    never, owes, away = a_till(), a_till(), a_till()
    a_day_of_sales(owes)
    a_day_of_sales(away)
    declares(owes, 1)
    for each in (never, owes, away):
        hub.do(hub.hub.revoke(each.stream.till))
    hub.clock.move(A_DAY)
    assert set(kept_open_by(hub)) == {owes.stream.till}
    close(hub, reason="it is gone")
    hub.clock.move(A_DAY)
    assert kept_open_by(hub, TODAY + A_DAY) == {}


def test_a_date_that_is_not_over_does_not_close_nor_one_twice(
    hub: ServedHub, till: HandTill
) -> None:
    a_day_of_sales(till)
    hub.clock.move(timedelta(hours=14, minutes=59))  # 23:59 in Shanghai
    declares(till)
    with pytest.raises(PeriodNotOver, match="2026-06-04 00:00"):
        close(hub, reason="I am in a hurry")
    hub.clock.move(timedelta(minutes=1))
    declares(till)
    close(hub)
    for day in (TODAY, TODAY - A_DAY):
        with pytest.raises(PeriodClosed, match="wang"):
            close(hub, day)
    with pytest.raises(NoSuchStore):
        hub.do(hub.hub.office.close_period("S09", TODAY, "wang"))
    for text in ("yesterday", "2026-13-01", "", "0" * 900):
        with pytest.raises(NotADate):
            typed(text)


def test_facts_of_later_dates_that_are_outstanding_keep_no_earlier_date_open(
    hub: ServedHub, till: HandTill
) -> None:
    a_day_of_sales(till)
    hub.clock.move(2 * A_DAY)
    till.record(a_sale(receipt="R9"), bdate="2026-06-04", shift="AAAAAA-2")
    reply_of(till.push(len(till.facts) - 1))
    declares(till, 3)
    assert kept_open_by(hub) == {}
    assert set(kept_open_by(hub, TODAY + A_DAY)) == {till.stream.till}


# Completeness


def test_up_to_which_date_a_tills_facts_are_all_here(hub: ServedHub, till: HandTill) -> None:
    assert standing(hub, till).whole_to == ""
    till.record_sales(1)
    reply_of(till.push())
    assert standing(hub, till).whole_to == "2026-06-02"  # its shift is open
    till.record(ShiftClosed(1, "CNY", 50_350, 50_350, 1))
    reply_of(till.push(3))
    assert standing(hub, till).whole_to == DAY
    declares(till, 2)
    assert (standing(hub, till).owed, standing(hub, till).whole_to) == (2, "2026-06-02")
    declares(till)
    hub.clock.move(3 * A_DAY)
    assert standing(hub, till).whole_to == DAY
    declares(till)  # two days without a sale are over, and it says that there is nothing more
    assert standing(hub, till).whole_to == "2026-06-05"
    assert kept_open_by(hub, TODAY + 2 * A_DAY) == {}


def test_what_a_former_incarnation_declared_is_owed_until_it_comes_or_is_said_never_to(
    hub: ServedHub, a_till: TillMaker
) -> None:
    old = a_till()
    a_day_of_sales(old)
    declares(old, 3)
    new = a_till(till_id=old.stream.till, incarnation="B" * 26)
    new.begin()
    reply_of(new.push())
    assert standing(hub, new).owed == 3
    new.record_bytes(
        b'{"receipt":"x"}', "sale.completed", 1, stood=f"{old.stream.incarnation}/8", bdate=DAY
    )
    reply_of(new.push(1))
    assert standing(hub, new).owed == 0


def test_an_incarnation_that_cites_what_is_here_says_that_no_more_will_come(
    hub: ServedHub, a_till: TillMaker
) -> None:
    old = a_till()
    a_day_of_sales(old)
    declares(old, 3)
    new = a_till(till_id=old.stream.till, incarnation="B" * 26)
    cites = Predecessor(old.stream.incarnation, len(old.facts), old.head().hash)
    body = msgspec.json.encode(StreamBegan("marker_differs", cites))
    new.record_bytes(body, "stream.began", 1, shift="", bdate="")
    reply_of(new.push())
    assert (standing(hub, new).owed, standing(hub, new).whole_to) == (0, DAY)


def test_an_incarnation_that_the_hub_never_heard_of_is_owed(
    hub: ServedHub, a_till: TillMaker
) -> None:
    """Two starts without a marker while the line was dead: the newest stream comes first."""
    till = a_till()
    a_day_of_sales(till)
    with HandTill(hub.url, 1, "B" * 26) as unheard, HandTill(hub.url, 1, "C" * 26) as newest:
        unheard.stream = unheard.stream._replace(till=till.stream.till)
        newest.stream = newest.stream._replace(till=till.stream.till)
        unheard.record_sales(3)
        cites = Predecessor(unheard.stream.incarnation, 5, unheard.head().hash)
        body = msgspec.json.encode(StreamBegan("marker_differs", cites))
        newest.record_bytes(body, "stream.began", 1, shift="", bdate="")
        hub.clock.move(A_DAY)
        reply_of(newest.push())
        assert (standing(hub, till).owed, standing(hub, till).whole_to) == (5, "2026-06-02")
        assert list(kept_open_by(hub)) == [till.stream.till]
        assert standing(hub, till).head_seq == 1  # the newest one's
        reply_of(unheard.push())
    assert (standing(hub, till).owed, standing(hub, till).head_seq) == (0, 1)
    assert standing(hub, till).facts == len(till.facts) + 5 + 1


# Late facts


def test_a_late_fact_is_in_the_books_under_its_own_date_and_known_as_late(
    hub: ServedHub, a_till: TillMaker
) -> None:
    till = closed_store(hub, a_till)
    till.record(a_sale(receipt="R7"))
    till.record(a_delivery())
    till.record(DrawerOpened("change"))
    till.record(a_sale(receipt="R8"), bdate="2026-06-04", shift="AAAAAA-2")
    reply = reply_of(till.push(5))
    assert reply.verdicts == ()
    assert late(hub) == [(1, 6, DAY), (1, 7, DAY), (1, 8, DAY)]
    assert hub.read(books) == hub.read(recounted)
    found = hub.do(hub.hub.office.late_facts(9, "S01"))
    sold, delivered = sorted(found, key=lambda each: each.type)
    assert effect(sold).takings == {"CNY": 350}
    assert effect(sold).stock == {"cola": -1000}
    assert effect(delivered).stock == {"cola": 24_000}
    assert hub.do(hub.hub.office.how_many_late("S01")) == (2, 1)
    seen = hub.do(hub.hub.office.overview())
    assert [(each.till_id, each.business_date, each.facts) for each in seen.late] == [
        ("S01-1", DAY, 3)
    ]
    assert seen.closed["S01"].business_date == DAY
    notes = [note.en for note in hub.do(hub.hub.office.doctor(quiet)).notes]
    assert notes[0].startswith("3 facts came after their period was closed")
    assert f"S01-1, {DAY}: sale CNY 3.50 · cola -1" in notes


def test_what_comes_again_or_has_no_effect_is_not_late_before_it_has(
    hub: ServedHub, a_till: TillMaker
) -> None:
    till = closed_store(hub, a_till)
    till.record_bytes(b"{}", "sale.completed", 1)
    till.record(a_sale(receipt="R8"), eid="S01-1/AAAAAA/3")  # known in this stream already
    reply_of(till.push(0))
    assert late(hub) == []


def test_a_fact_that_is_replayed_after_the_close_is_late_too(
    hub: ServedHub, a_till: TillMaker
) -> None:
    till = a_till()
    a_day_of_sales(till)
    hub.do(hub.hub.revoke(till.stream.till))
    till.record(a_sale(receipt="R5"))
    reply_of(till.push(5))
    hub.clock.move(A_DAY)
    close(hub, reason="revoked")
    assert late(hub) == []
    hub.do(hub.hub.office.quarantine.replay_till(till.stream.till, "wang"))
    assert late(hub) == [(1, 6, DAY)]


def test_a_stream_that_begins_after_the_close_knows_of_it(
    hub: ServedHub, a_till: TillMaker
) -> None:
    closed_store(hub, a_till)
    other = a_till()
    other.record_sales(1)
    reply_of(other.push())
    assert late(hub) == [(2, 1, DAY), (2, 2, DAY), (2, 3, DAY)]


def test_a_fact_whose_push_waits_for_the_closing_is_late(
    hub: ServedHub, a_till: TillMaker, database_url: str
) -> None:
    """On PostgreSQL such a push has begun to read its stream's row before it is closed."""
    till = a_till()
    a_day_of_sales(till)
    hub.clock.move(A_DAY)
    till.record(a_sale(receipt="R7"))
    with ThreadPoolExecutor(1) as thread:
        pushes: list[Future[httpx.Response]] = []

        def meet(connection: Connection) -> None:
            hold(connection, "S01")
            pushes.append(thread.submit(till.push, 5))
            wait_until(lambda: is_waited_for(hub, connection), WAIT_S, "the push waits")
            service.close(connection, "S01", TODAY, "wang", hub.clock.now(), "now")

        on_fresh(database_url, meet)
        reply_of(pushes[0].result())
    assert late(hub) == [(1, 6, DAY)]


def is_waited_for(hub: ServedHub, connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        return hub.hub.admission.at_work > 0
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return bool(connection.exec_driver_sql(waiting).scalar())


def test_every_stream_of_a_store_knows_up_to_where_it_is_closed_and_no_other_does(
    hub: ServedHub, a_till: TillMaker
) -> None:
    hub.add_store("S02")
    elsewhere = a_till("S02")
    a_day_of_sales(elsewhere)
    closed_store(hub, a_till)
    known = select(stream.c.store_id, stream.c.closed_to).order_by(stream.c.store_id)
    assert [tuple(row) for row in hub.read(lambda c: c.execute(known).all())] == [
        ("S01", DAY),
        ("S02", ""),
    ]
