"""What /hq says of facts that are kept but not in the books, from the first one on."""

import re
from datetime import timedelta
from html import unescape
from typing import NamedTuple

import httpx
import pytest

from sync_server.overview.records import LISTED_MAX
from sync_server.recorder import REVOKED
from sync_server.words import ago
from tests.builders import OPENING
from tests.hand_till import HandTill, a_sale, reply_of
from tests.hub.broken import POISON, a_bug
from tests.hub.conftest import TillMaker
from tests.hub.test_breaker import SHARE, stopped_by
from tests.hub.test_console import page_of
from tests.hub.test_quarantine import eid_at, record_printed, set_aside
from tests.served_hub import ServedHub

_ROW = re.compile(r'<tr><td class="what.*?</tr>', re.DOTALL)
_CELL = re.compile(r"<td.*?</td>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


class Line(NamedTuple):
    """One line of what is to be settled, its words one blank apart."""

    what: str
    till: str
    detail: str
    since: str
    remedy: str


def lines(hub: ServedHub, language: str = "en") -> list[Line]:
    return [
        Line(*(" ".join(unescape(_TAG.sub(" ", cell)).split()) for cell in _CELL.findall(row)))
        for row in _ROW.findall(page_of(hub, language))
    ]


def record_all_kinds(hub: ServedHub, till: HandTill) -> None:
    """One of each: in quarantine with two behind it, waiting, set aside."""
    till.record_sales(1)
    till.record(a_sale(POISON))
    for _ in range(2):
        record_printed(till, 4)
    till.record_bytes(b"{}", "of.tomorrow", 1)
    till.record_bytes(b"{}", "sale.completed", 1)
    with a_bug():
        reply_of(till.push())
    set_aside(hub, eid_at(till, 8))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["In quarantine", "Parked behind another", "Waits for a newer hub", "Set aside"]),
        ("zh", ["已隔离", "等待前一条记录", "待总部升级", "已搁置"]),
    ],
)
def test_each_kind_is_a_line_with_reason_age_and_remedy(
    hub: ServedHub, till: HandTill, language: str, said: list[str]
) -> None:
    record_all_kinds(hub, till)
    hub.clock.move(timedelta(minutes=125))
    seen = lines(hub, language)
    whats = [line.what.split(maxsplit=1) for line in seen]
    assert whats[:4] == [[mark, what] for mark, what in zip("◇◇◇–", said, strict=True)]
    assert all(line.remedy for line in seen)
    assert {line.since for line in seen[:4]} == {
        "09:00:00 " + ("2 h 5 min ago" if language == "en" else "2 小时 5 分钟前")
    }


def test_a_line_names_what_a_person_needs_to_find_the_fact(hub: ServedHub, till: HandTill) -> None:
    record_all_kinds(hub, till)
    quarantined, parked, waiting, aside = lines(hub)
    assert quarantined.detail == "sale · 4 Bug: who would have thought of it"
    assert parked.detail == f"2 facts · 5–6 {eid_at(till, 4)}"
    assert waiting.detail == "of.tomorrow · 7 of.tomorrow version 1"
    assert aside.detail == "sale · 8 rung up twice"
    assert "sync-server quarantine replay" in quarantined.remedy


def test_one_fact_is_alarm_enough_and_is_counted_at_its_till(
    hub: ServedHub, a_till: TillMaker
) -> None:
    well, ill = a_till(), a_till()
    well.record_sales(1)
    reply_of(well.push())
    assert "to be settled" not in page_of(hub)
    ill.record_sales(1)
    ill.record_bytes(b"{}", "sale.completed", 1)
    reply_of(ill.push())
    page = page_of(hub)
    assert page.count("1 fact to be settled") == 2  # on top, and on its card
    card = page[page.index(f'data-till="{ill.stream.till}"') :]
    assert "1 fact to be settled" in card[: card.index("</li>")]


def test_what_is_set_aside_alarms_nobody_and_is_forgotten_after_a_week(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_sales(1)
    till.record_bytes(b"{}", "sale.completed", 1)
    reply_of(till.push())
    set_aside(hub, eid_at(till, 4))
    assert "to be settled" not in page_of(hub)
    hub.clock.move(timedelta(days=7))
    assert "Set aside" in page_of(hub)
    hub.clock.move(timedelta(seconds=1))
    assert "Set aside" not in page_of(hub)


def test_a_revoked_tills_facts_say_how_they_may_count(hub: ServedHub, till: HandTill) -> None:
    till.begin()
    reply_of(till.push())
    hub.do(hub.hub.revoke(till.stream.till))
    till.record(a_sale())
    reply_of(till.push(1))
    (line,) = lines(hub)
    assert line.what == "◇ Of a revoked till"
    assert line.detail.endswith(REVOKED[1])
    assert line.remedy.endswith("sync-server quarantine replay --till S01-1")


def test_many_that_wait_behind_hide_none_that_a_person_must_see(
    hub: ServedHub, till: HandTill
) -> None:
    till.begin()
    for _ in range(LISTED_MAX + 5):
        till.record_bytes(b"{}", "of.tomorrow", 1)
        record_printed(till, len(till.facts))
    till.record_bytes(b"{}", "sale.completed", 1)
    reply_of(till.push())
    assert [line.what for line in lines(hub)] == [
        "◇ In quarantine",
        "◇ Parked behind another",
        "◇ Waits for a newer hub",
    ]


def test_a_hub_that_stopped_says_so_on_top_and_what_to_do(database_url: str) -> None:
    with (
        ServedHub(database_url, breaker_share=SHARE) as hub,
        HandTill(hub.url, 1) as one,
        HandTill(hub.url, 2) as two,
    ):
        hub.add_store()
        for till in (one, two):
            till.enrol(hub.enrol_code())
        assert 'role="alert"' not in page_of(hub)
        stopped_by(hub, [one, two])
        one.record_sales(2)
        reply_of(one.push(len(one.facts) - 2))
        page, chinese = page_of(hub), page_of(hub, "zh")
        assert page.index('role="alert"') < page.index('class="today"')
        assert "nothing goes into the books since" in page
        assert "sync-server quarantine resume" in page
        assert "暂停入账" in chinese
        assert "<title>◐" in httpx.get(f"{hub.url}/hq").text
        deferred = [line for line in lines(hub) if line.what == "◇ Deferred"]
        assert [line.detail.split(" · ")[0] for line in deferred] == ["2 facts"]


def test_how_long_ago_it_was_is_told_from_a_minute_on() -> None:
    told = [ago(OPENING.isoformat(), OPENING + timedelta(seconds=s)) for s in (-9, 59, 60, 7380)]
    assert [each.en for each in told] == ["just now", "just now", "1 min ago", "2 h 3 min ago"]
    assert [each.zh for each in told] == ["刚刚", "刚刚", "1 分钟前", "2 小时 3 分钟前"]
