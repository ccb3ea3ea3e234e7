"""/hq/periods: what closing means is seen before it is done, and only a page of the hub does it."""

import re
from datetime import date, timedelta

import httpx
import pytest

from journal.wire import Declared
from retail.clocks import clock_off
from sync_server.periods.records import PeriodRow
from tests.hand_till import DAY, HandTill, a_delivery, a_sale, reply_of
from tests.hub.conftest import TillMaker
from tests.hub.test_console import page_of, rows
from tests.hub.test_periods import A_DAY, a_day_of_sales, declares
from tests.served_hub import ServedHub

ADDRESS = {"store": "S01", "date": DAY, "lang": "en"}


def read(hub: ServedHub, **query: str) -> httpx.Response:
    return httpx.get(f"{hub.url}/hq/periods", params=query)


def post(hub: ServedHub, origin: str | None = None, **fields: str) -> httpx.Response:
    """What the form of the page sends, with its token."""
    token = re.search(r'name="token" value="(\w+)"', read(hub, **ADDRESS).text)
    given = {"store": "S01", "date": DAY, "token": token[1] if token else "", "by": "王敏"}
    headers = {"Origin": origin or hub.url, "Sec-Fetch-Site": "same-origin"}
    address = f"{hub.url}/hq/periods?lang=en"
    return httpx.post(address, data={**given, **fields}, headers=headers)


def closed(hub: ServedHub) -> list[PeriodRow]:
    return hub.do(hub.hub.office.periods_closed(9))


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What the database is asked is tested on both elsewhere."""
    return sqlite_url


@pytest.fixture
def sold(hub: ServedHub, till: HandTill) -> HandTill:
    """A till whose day is over, and which has not spoken since."""
    a_day_of_sales(till)
    hub.clock.move(A_DAY)
    return till


def test_a_store_whose_date_is_complete_is_closed_by_a_name(hub: ServedHub, sold: HandTill) -> None:
    declares(sold)
    shown = read(hub, **ADDRESS).text
    assert "all that its tills declared is here" in shown
    assert "CNY 7.00" in shown
    assert "Close anyway" not in shown
    assert post(hub, act="close", by="").status_code == 422
    assert closed(hub) == []
    done = post(hub, act="close")
    assert (done.status_code, done.headers["location"]) == (303, "/hq/periods?done=closed&lang=en")
    assert [(row.author, row.business_date) for row in closed(hub)] == [("王敏", DAY)]
    after = read(hub, lang="en").text
    assert "王敏" in after
    assert f"closed to {DAY}" in page_of(hub)


def test_what_keeps_it_open_is_named_and_closing_it_anyway_needs_a_reason(
    hub: ServedHub, sold: HandTill
) -> None:
    for language, said in (("en", "silent since 2026-06-03 09:00"), ("zh", "起无联系")):
        assert said in read(hub, **{**ADDRESS, "lang": language}).text
    assert "silent since" in post(hub, act="close").text
    assert post(hub, act="anyway", reason="").status_code == 422
    assert closed(hub) == []
    assert post(hub, act="anyway", reason="<b>burnt</b>").status_code == 303
    assert closed(hub)[0].reason == "<b>burnt</b>"
    assert "&lt;b&gt;burnt" in read(hub, lang="en").text


def test_nothing_is_closed_by_reading_or_from_elsewhere(hub: ServedHub, sold: HandTill) -> None:
    declares(sold)
    read(hub, **ADDRESS, act="close", by="x")
    assert post(hub, origin="http://evil.example", act="close").status_code == 403
    assert post(hub, token="x", act="close").status_code == 403
    assert httpx.get(f"{hub.url}/hq/periods", headers={"Via": "1.1 x"}).status_code == 403
    assert closed(hub) == []


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"store": "S09", "date": DAY}, 404, "no store S09"),
        ({"store": "S01", "date": "2026-06-09"}, 422, "not over"),
        ({"store": "S01", "date": "<x>"}, 422, "no business date"),
        ({}, 200, "Nothing came late"),
    ],
)
def test_what_cannot_be_closed_says_why(
    one_hub: ServedHub, query: dict[str, str], status: int, said: str
) -> None:
    answer = read(one_hub, **query, lang="en")
    assert answer.status_code == status
    assert said in answer.text


def test_late_facts_are_listed_with_what_they_changed(hub: ServedHub, sold: HandTill) -> None:
    declares(sold)
    hub.do(hub.hub.office.close_period("S01", date.fromisoformat(DAY), "wang"))
    assert "Came after the close" not in page_of(hub)
    sold.record(a_sale(receipt="R7", quantity=2500, total=875))
    sold.record(a_delivery())
    reply_of(sold.push(5))
    shown = read(hub, lang="en").text
    assert [each in shown for each in ("CNY 8.75", "cola -2.5", "cola +24")] == [True] * 3
    assert f"2 facts of {DAY}" in page_of(hub)
    assert "日结后到达" in page_of(hub, "zh")
    hub.clock.move(A_DAY)
    declares(sold)
    hub.do(hub.hub.office.close_period("S01", date(2026, 6, 4), "wang", "its shift was left open"))
    assert "Came after the close" not in page_of(hub)  # they are in the next period


# The board


def test_a_card_says_up_to_when_its_facts_are_all_here_and_how_its_clock_goes(
    hub: ServedHub, sold: HandTill
) -> None:
    assert rows(hub)["S01-1"].whole_to == DAY

    def says(ahead: timedelta) -> str:
        at = (hub.clock.now() + ahead).isoformat()
        reply_of(sold.push(5, 5, Declared(5, sold.head().hash, "", at)))
        return rows(hub)["S01-1"].clock

    assert says(timedelta(seconds=60)) == ""
    assert "Clock is wrong" not in page_of(hub)
    assert says(timedelta(hours=2, minutes=3)) == "◷ clock 2 h 03 min ahead"
    assert "Clock is wrong" in page_of(hub)
    assert says(timedelta(days=-10)) == "◷ clock 10 d 00 h behind"
    assert "时钟慢 10 天" in page_of(hub, "zh")


def test_since_when_facts_wait_is_told_by_the_hubs_clock_where_the_tills_is_wrong(
    hub: ServedHub, sold: HandTill
) -> None:
    ahead = timedelta(days=400)
    at, since = (hub.clock.now() + ahead), hub.clock.now() + ahead - timedelta(minutes=12)
    declared = Declared(9, "x", since.isoformat(), at.isoformat())
    reply_of(sold.push(5, 5, declared))
    assert rows(hub)["S01-1"].state.endswith("4 facts outstanding since 08:48:00")


def test_a_till_that_only_waits_for_news_shows_its_clock_too(
    hub: ServedHub, a_till: TillMaker
) -> None:
    till = a_till()
    till.record_sales(1)
    reply_of(till.push())
    at = hub.clock.now() - timedelta(minutes=5)
    head = f'{{"seq":3,"hash":"x","at":"{at.isoformat()}"}}'
    headers = {"Till-Incarnation": till.stream.incarnation, "Till-Head": head}
    till.http.get("/v1/feed", headers={**till.bearer(), **headers})
    assert rows(hub)[till.stream.till].clock == "◷ clock 5 min 00 s behind"


@pytest.mark.parametrize(
    ("ahead_s", "en", "zh"),
    [
        (7_380, "2 h 03 min ahead", "快 2 小时 3 分"),
        (-61, "1 min 01 s behind", "慢 1 分 1 秒"),
        (400 * 86_400, "400 d 00 h ahead", "快 400 天"),
        (12, "12 s ahead", "快 12 秒"),
    ],
)
def test_how_far_a_clock_is_off_is_said_in_two_units(ahead_s: int, en: str, zh: str) -> None:
    assert clock_off(ahead_s).en == en
    assert clock_off(ahead_s).zh == zh
