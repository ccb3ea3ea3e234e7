"""/hq as it is served: to this machine only, and right whatever tills have said."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from journal.wire import Declared
from rehearsal.processes import wait_until
from rehearsal.store_day.hq_page import TillCard, till_cards
from retail.facts import PrintOutcome, ReceiptPrinted, ShiftClosed
from retail.shift import Balance, figures
from retail.tender import Tender
from sync_server.sync import versions
from sync_server.words import clock
from tests.hand_till import HandTill, a_sale, an_opened_shift, reply_of
from tests.hub.books import books
from tests.hub.conftest import TillMaker
from tests.hub.serving import Serving
from tests.served_hub import ServedHub


def rows(hub: ServedHub, language: str = "en") -> dict[str, TillCard]:
    """The page's cards by till."""
    return {card.till: card for card in till_cards(hub.url, language)}


def page_of(hub: ServedHub, language: str = "en") -> str:
    """The page's HTML."""
    return httpx.get(f"{hub.url}/hq", params={"lang": language}).text


def said(hub: ServedHub, till: HandTill, language: str = "en") -> str:
    """What the page says of the till's state, without the mark."""
    return rows(hub, language)[till.stream.till].state.split(maxsplit=1)[1]


def test_a_till_that_never_spoke_says_so(hub: ServedHub, till: HandTill) -> None:
    assert said(hub, till) == "has never spoken"
    assert said(hub, till, "zh") == "从未联系"


@pytest.mark.parametrize("program", [versions.program(), "", "x" * 65, "0\t7"])
def test_a_till_whose_program_is_not_the_hub_s_says_which(
    hub: ServedHub, till: HandTill, program: str
) -> None:
    till.record_sales(1)
    reply_of(till.push())
    head = {"Till-Incarnation": till.stream.incarnation, "Till-Head": '{"seq":3,"hash":"x"}'}
    for told, card in (("0.0.7", "⇅ program 0.0.7"), (program, "")):
        till.feed(**head, **{"Till-Program": told})
        hub.do(hub.hub.write_contacts())
        assert rows(hub)["S01-1"].program == card


def test_a_till_in_step_says_so_with_its_figures(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(3)
    reply_of(till.push())
    row = rows(hub)["S01-1"]
    assert row.state == "● in step"
    assert (row.contact, row.facts, row.sales) == ("09:00:00", "5", "3")
    assert (row.day, row.shift, row.takings) == ("2026-06-03", "shift 1", "CNY 10.50")


def test_a_till_with_facts_outstanding_says_how_many_and_since_when(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_sales(4)
    declared = Declared(6, till.head().hash, "2026-06-03T09:12:30.000+08:00")
    reply_of(till.push(0, 2, declared))
    hub.clock.move(timedelta(minutes=13))
    reply_of(till.push(2, 2, declared))
    assert said(hub, till) == "4 facts outstanding since 09:12:30"
    assert said(hub, till, "zh") == "09:12:30 起 4 条待传"
    yesterday = Declared(6, till.head().hash, "2026-06-02T23:59:00.000+08:00")
    reply_of(till.push(2, 2, yesterday))
    assert said(hub, till) == "4 facts outstanding since 2026-06-02 23:59"


def test_a_till_that_is_silent_in_its_shift_says_since_when(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(4)
    reply_of(till.push(0, 3, Declared(1_204, till.head().hash)))
    hub.clock.move(timedelta(seconds=60))
    assert said(hub, till) == "1,201 facts outstanding"
    hub.clock.move(timedelta(seconds=1))
    assert said(hub, till) == "silent since 09:00:00, last declared head 1,204"


def test_a_till_that_closed_its_shift_may_be_silent(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(1)
    till.record_bytes(
        b'{"number":1,"currency":"CNY","expected_minor":1,"counted_minor":1,"sales":1}',
        "shift.closed",
        1,
    )
    reply_of(till.push())
    hub.clock.move(timedelta(days=3))
    assert said(hub, till) == "closed, in step"
    reply_of(till.push(3, 3, Declared(9, till.head().hash)))
    hub.clock.move(timedelta(seconds=61))
    assert said(hub, till).startswith("silent since")


@pytest.mark.parametrize("said_since", ["nothing", "a sale"])
def test_a_shift_that_stays_open_over_a_new_stream_is_not_closed(
    hub: ServedHub, a_till: TillMaker, said_since: str
) -> None:
    before = a_till()
    before.record_sales(2)
    reply_of(before.push())
    after = a_till(till_id="S01-1", incarnation="B" * 26)
    after.begin()
    if said_since == "a sale":
        after.record(a_sale(receipt="N1"), shift="AAAAAA-1")
    reply_of(after.push())
    assert said(hub, after) == "in step"
    hub.clock.move(timedelta(hours=1))
    assert said(hub, after).startswith("silent since")
    after.record(ShiftClosed(1, "CNY", 1, 1, 3), shift="AAAAAA-1")
    reply_of(after.push(len(after.facts) - 1))
    assert said(hub, after) == "closed, in step"


def test_what_is_done_after_the_shift_was_closed_opens_none(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(1)
    till.record(ShiftClosed(1, "CNY", 1, 1, 1))
    till.record(ReceiptPrinted("sale", "R1", PrintOutcome.PRINTED, copy=1), shift="")
    reply_of(till.push())
    assert said(hub, till) == "closed, in step"
    till.record(a_sale(receipt="R2"))
    reply_of(till.push(5))
    assert said(hub, till) == "in step"


def test_forked_and_revoked_say_so_and_revoked_does_not_count(
    hub: ServedHub, a_till: TillMaker
) -> None:
    forked, revoked, well = a_till(), a_till(), a_till()
    for till in (forked, revoked, well):
        till.record_sales(1)
        reply_of(till.push())
    forked.facts.pop()
    forked.record(a_sale(total=999))
    assert forked.push(2).status_code == 409
    hub.do(hub.hub.revoke(revoked.stream.till))
    assert said(hub, forked) == "forked: two histories"
    assert said(hub, revoked) == "revoked"
    assert "1 of 2 tills not in step" in page_of(hub)


def test_facts_that_wait_to_be_settled_are_counted(hub: ServedHub, till: HandTill) -> None:
    assert "to be settled" not in page_of(hub)
    till.record_sales(1)
    for name in ("sale.completed", "of.tomorrow"):
        till.record_bytes(b"{}", name, 1)
    reply_of(till.push())
    assert "2 facts to be settled" in page_of(hub)
    assert "2 条记录待处理" in page_of(hub, "zh")


def test_takings_are_of_the_latest_business_date_in_the_stores_currency(
    hub: ServedHub, a_till: TillMaker
) -> None:
    first, second = a_till(), a_till()
    first.record_sales(2)
    first.record(a_sale(total=123_456_78), bdate="2026-06-04")
    first.record(a_sale(total=-99), bdate="2026-06-04")
    first.record(msgspec.structs.replace(a_sale(total=7), currency="EUR"), bdate="2026-06-04")
    second.record_sales(1)
    for till in (first, second):
        reply_of(till.push())
    assert rows(hub)["S01-1"].takings == "CNY 123,455.79"
    assert rows(hub)["S01-2"].takings == "CNY 3.50"
    assert "2026-06-04 <b>CNY 123,455.79</b>" in page_of(hub)


def test_takings_are_what_customers_paid_as_the_x_report_says(
    hub: ServedHub, till: HandTill
) -> None:
    till.begin()
    till.record(an_opened_shift())
    given = Tender("cash", True, 1_00, change_minor=50, rounding_minor=-2)
    till.record(msgspec.structs.replace(a_sale(total=52), tenders=(given,)))
    reply_of(till.push())
    balances = [
        Balance(key[-2], *sums) for key, sums in hub.read(books).money.items() if key[-2] != "safe"
    ]
    assert figures(balances, 500_00, "CNY").takings_minor == 50
    assert rows(hub)["S01-1"].takings == "CNY 0.50"


def test_a_store_without_tills_and_a_hub_without_stores_say_so(database_url: str) -> None:
    with ServedHub(database_url) as hub:
        assert "sync-server import stores" in page_of(hub)
        hub.add_store(name="<script>alert(1)</script>")
        page = page_of(hub)
    assert "No till enrolled yet" in page
    assert "<script>alert" not in page


def test_a_till_without_a_shift_in_any_time_zone_is_shown(hub: ServedHub) -> None:
    hub.add_store("S09", timezone="Pacific/Kiritimati")
    with HandTill(hub.url) as till:
        till.enrol(hub.enrol_code("S09"))
        till.begin()
        reply_of(till.push())
        assert rows(hub)["S09-1"].contact == "15:00:00"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "hub.example"},
        {"Host": "192.0.2.7:8700"},
    ],
    ids=str,
)
def test_the_page_is_not_for_those_a_proxy_speaks_for(
    one_hub: ServedHub, headers: dict[str, str]
) -> None:
    answer = httpx.get(f"{one_hub.url}/hq", headers=headers)
    assert answer.status_code == 403
    assert "S01" not in answer.text
    for host in ("127.0.0.1", "localhost", "[::1]"):
        assert httpx.get(f"{one_hub.url}/hq", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["hub.example", "127.0.0.1"])
def test_nobody_speaks_with_the_page_over_a_websocket(one_hub: ServedHub, host: str) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    with Serving(one_hub.settings.database) as serving:
        wait_until(serving.answers, 60, "the hub answers")
        answer = httpx.get(f"{serving.url}/hq", headers={"Host": host, **upgrade, **key})
    assert answer.status_code == (200 if host == "127.0.0.1" else 403)


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("", "", "zh"),
        ("", "en-GB,en;q=0.9", "en"),
        ("", "zh-CN", "zh"),
        ("", "fr", "zh"),
        ("en", "zh-CN", "en"),
        ("zh", "en", "zh"),
        ("xx", "en", "en"),
    ],
)
def test_the_page_speaks_the_readers_language(
    one_hub: ServedHub, asked: str, accepted: str, language: str
) -> None:
    answer = httpx.get(
        f"{one_hub.url}/hq", params={"lang": asked}, headers={"Accept-Language": accepted}
    )
    assert f'<html lang="{language}">' in answer.text


def test_the_page_loads_nothing_from_anywhere(one_hub: ServedHub) -> None:
    answer = httpx.get(f"{one_hub.url}/hq")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; connect-src 'self'; img-src data:;")
    assert "http" not in policy
    assert "*" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert "src=" not in answer.text


def test_an_open_page_hears_only_what_is_new(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(2)
    reply_of(till.push(0, 3))
    shown = httpx.get(f"{hub.url}/hq")
    again = httpx.get(f"{hub.url}/hq", headers={"If-None-Match": shown.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    reply_of(till.push(3))
    assert httpx.get(f"{hub.url}/hq").headers["ETag"] != shown.headers["ETag"]
    other = httpx.get(f"{hub.url}/hq?lang=en", headers={"If-None-Match": shown.headers["ETag"]})
    assert other.status_code == 200


def test_open_pages_share_one_look(database_url: str) -> None:
    with ServedHub(database_url, console_look_every_s=3600.0) as hub:
        hub.add_store()
        shown = httpx.get(f"{hub.url}/hq").headers["ETag"]
        hub.add_store("S02")
        for _ in range(3):
            open_page = httpx.get(f"{hub.url}/hq", headers={"If-None-Match": shown})
            assert open_page.status_code == 304
        assert "S02" in httpx.get(f"{hub.url}/hq").text


def test_a_hub_without_a_console_serves_tills_only(database_url: str) -> None:
    with ServedHub(database_url, console=False) as hub:
        assert httpx.get(f"{hub.url}/hq").status_code == 404
        assert httpx.get(f"{hub.url}/readyz").status_code == 200


def test_a_database_that_is_away_is_said_in_both_languages(tmp_path: Path) -> None:
    with ServedHub(f"sqlite:///{tmp_path / 'hub.db'}") as hub:
        (tmp_path / "hub.db").rename(tmp_path / "elsewhere.db")
        answer = httpx.get(f"{hub.url}/hq")
        assert answer.status_code == 503
        assert "does not answer" in answer.text
        assert "无应答" in answer.text


def test_the_hub_says_that_it_lives_and_that_it_is_ready(one_hub: ServedHub) -> None:
    for path in ("/healthz", "/readyz"):
        answer = httpx.get(f"{one_hub.url}{path}")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_time_of_the_stores_own_day_needs_no_date() -> None:
    morning = datetime(2026, 6, 3, 23, 0, tzinfo=UTC)  # the 4th, 07:00 in Shanghai
    assert clock("2026-06-03T16:30:00+00:00", "Asia/Shanghai", morning) == "00:30:00"
    assert clock("2026-06-03T15:30:00+00:00", "Asia/Shanghai", morning) == "2026-06-03 23:30"
