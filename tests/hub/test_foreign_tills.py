"""What another make of till says, or a broken one, spoils no page, no proof and nobody's day."""

from collections.abc import Callable
from datetime import date, timedelta

import httpx
import msgspec
import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from journal.stream import SEQ_MAX, STREAM_BEGAN, Predecessor, StreamBegan
from journal.wire import Declared
from sync_server.__main__ import app
from sync_server.doctor import service as doctor
from sync_server.ledgers import takings_by_hour
from sync_server.periods.standing import tills
from tests.hand_till import DAY, HandTill, a_sale, reply_of, verdicts_of
from tests.hub.conftest import TillMaker
from tests.hub.test_console import rows
from tests.served_hub import ServedHub

PAGES = ("/hq", "/hq/periods")


def in_a_currency_of_its_own(till: HandTill) -> None:
    till.begin()
    till.record(msgspec.structs.replace(a_sale(), currency="RMB"))


def begins_within_a_shift(till: HandTill) -> None:
    body = msgspec.json.encode(StreamBegan("enrolled"))
    till.record_bytes(body, *STREAM_BEGAN, shift="BBBBBB-1", bdate=DAY)


ODD = [in_a_currency_of_its_own, begins_within_a_shift]


def is_well(hub: ServedHub) -> None:
    """Every page is drawn, the doctor comes to an end, and so do the commands."""
    for page in PAGES:
        assert httpx.get(f"{hub.url}{page}").status_code == 200, page
    hub.read(lambda c: doctor.examine(c, lambda *_: None, hub.clock.now(), None))
    for words in (["periods", "late"], ["periods", "list"], ["periods", "preview", "S01", DAY]):
        told = CliRunner().invoke(app, [*words, "--database", hub.settings.database])
        assert told.exception is None or isinstance(told.exception, SystemExit), words


def test_a_stream_that_calls_itself_its_former_one_begins(hub: ServedHub, till: HandTill) -> None:
    former = Predecessor(till.stream.incarnation, 7, "x")
    till.record_bytes(msgspec.json.encode(StreamBegan("forked", former)), *STREAM_BEGAN, shift="")
    assert reply_of(till.push()).head == till.head()
    is_well(hub)


@pytest.mark.parametrize("is_late", [False, True], ids=["on time", "late"])
@pytest.mark.parametrize("says", ODD)
def test_what_is_odd_and_counts_is_shown(
    hub: ServedHub, a_till: TillMaker, says: Callable[[HandTill], None], *, is_late: bool
) -> None:
    if is_late:
        hub.clock.move(timedelta(days=1))
        day = date.fromisoformat(DAY)
        hub.do(hub.hub.office.close_period("S01", day, "li", "a till is away"))
    ours, other = a_till(), a_till()
    ours.record_sales(1)
    says(other)
    assert verdicts_of(ours.push()) == verdicts_of(other.push()) == {}
    is_well(hub)


def test_a_business_date_that_is_no_date_closes_with_no_period_and_counts_for_none(
    hub: ServedHub, a_till: TillMaker
) -> None:
    ours, other = a_till(), a_till()
    ours.record_sales(1)
    reply_of(ours.push())
    other.begin()
    for bdate in ("2026-06-03x", "20260603", "9"):
        other.record(a_sale(), bdate=bdate)
    assert verdicts_of(other.push()) == {2: "quarantined", 3: "quarantined", 4: "quarantined"}
    assert rows(hub)["S01-1"].takings == "CNY 3.50"
    is_well(hub)


@pytest.mark.parametrize(
    "since",
    ["2026-06-03T09:00:00", "9998-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", "soon"],
)
def test_a_time_that_no_clock_shows_is_none(hub: ServedHub, till: HandTill, since: str) -> None:
    till.record_sales(1)
    behind = (hub.clock.now() - timedelta(days=365)).isoformat()
    head = till.head()
    reply_of(till.push(0, 2, Declared(head.seq, head.hash, since, behind)))
    assert hub.read(tills)[0].waiting_since == ""
    is_well(hub)


def test_what_waits_since_a_time_that_has_not_come_is_not_on_its_way(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_sales(1)
    now, head = hub.clock.now(), till.head()
    ahead = (now + timedelta(days=300)).isoformat()
    reply_of(till.push(0, 2, Declared(head.seq, head.hash, ahead, now.isoformat())))
    report = hub.read(lambda c: doctor.examine(c, lambda *_: None, now, None))
    assert not report.well


def test_what_no_number_holds_is_shown_as_the_largest(hub: ServedHub, a_till: TillMaker) -> None:
    till = a_till()
    for incarnation in ("B" * 26, "C" * 26):
        till.stream = till.stream._replace(incarnation=incarnation)
        till.facts.clear()
        till.begin()
        head = till.head()
        reply_of(till.push(0, 1, Declared(SEQ_MAX, head.hash)))
    key = {"store": "S01", "till": till.stream.till, "business_date": DAY, "currency": "CNY"}
    huge = [
        {**key, "hour": f"{DAY}T{hour}", "amount": 9 * 10**18, "sales": 9 * 10**18}
        for hour in ("09", "10")
    ]
    hub.write(lambda connection: connection.execute(insert(takings_by_hour), huge))
    is_well(hub)
