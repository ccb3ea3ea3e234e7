"""`sync-server quarantine`: what a person sees of facts without effect, and does about them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hand_till import HandTill, a_delivery, a_sale, reply_of, verdicts_of
from tests.hub.books import books, recounted
from tests.hub.broken import POISON, a_bug, an_older_program
from tests.hub.test_breaker import SHARE, stopped_by
from tests.hub.test_commands import Head
from tests.hub.test_quarantine import eid_at, record_printed
from tests.served_hub import ServedHub


@pytest.fixture
def head(hub: ServedHub, tmp_path: Path) -> Head:
    return Head(tmp_path, hub.settings.database)


@pytest.fixture
def poisoned(hub: ServedHub, till: HandTill) -> HandTill:
    """A till with a sale in quarantine and its receipt parked behind it."""
    till.record_sales(1)
    till.record(a_sale(POISON))
    record_printed(till, 4)
    with a_bug():
        reply_of(till.push())
    return till


def test_a_fact_is_listed_shown_and_replayed(
    head: Head, hub: ServedHub, poisoned: HandTill
) -> None:
    eid = eid_at(poisoned, 4)
    first, second = (line.split("\t") for line in head.runs("quarantine", "list").out.splitlines())
    assert first[:5] == [eid, "S01-1", "4", "sale.completed", "quarantined"]
    assert first[6] == "Bug: who would have thought of it"
    assert second[4:] == ["parked", first[5], eid]
    shown = head.runs("quarantine", "show", eid).out.splitlines()
    assert f"behind it\t{eid_at(poisoned, 5)} receipt.printed" in shown
    assert json.loads(shown[-1])["eid"] == eid
    replayed = head.runs("quarantine", "replay", "--all", "--by", "王敏")
    assert (replayed.code, replayed.said) == (0, "2 applied, 0 without effect still")
    assert "王敏\tquarantined: Bug" in head.runs("quarantine", "show", eid).out
    assert head.runs("quarantine", "list").out == ""
    assert hub.read(books) == hub.read(recounted)


def test_one_is_set_aside_and_the_one_behind_it_named(head: Head, poisoned: HandTill) -> None:
    eid, behind = eid_at(poisoned, 4), eid_at(poisoned, 5)
    told = head.runs("quarantine", "set-aside", eid, "--reason", "rung up twice", "--by", "li")
    assert (told.code, told.said, told.err) == (0, f"{eid} is set aside", "")
    assert head.runs("quarantine", "replay", "--all").out.startswith("0 applied")
    assert head.runs("quarantine", "replay", "--eid", behind).out.startswith("1 applied")
    assert verdicts_of(poisoned.push()) == {4: "set_aside"}
    again = head.runs("quarantine", "set-aside", eid, "--reason", "x")
    assert again.code == 1
    assert "it was set aside" in again.err
    assert "已搁置" in again.err


def test_a_replay_of_all_names_the_revoked_tills_that_it_leaves_out(
    head: Head, hub: ServedHub, poisoned: HandTill
) -> None:
    with a_bug():
        assert "left out" not in head.runs("quarantine", "replay", "--all").err
    assert head.runs("revoke", "S01-1").code == 0
    poisoned.record(a_sale(receipt="R8"))
    poisoned.record(a_sale(receipt="R9"))
    reply_of(poisoned.push(5))
    told = head.runs("quarantine", "replay", "--all")
    assert told.said == "2 applied, 0 without effect still"
    assert "2 facts of S01-1 left out" in told.err
    assert "S01-1 停用期间的 2 条记录未重放" in told.err
    assert "quarantine replay --till S01-1" in told.err
    assert head.runs("quarantine", "replay", "--till", "S01-1").out.startswith("2 applied")
    assert "left out" not in head.runs("quarantine", "replay", "--all").err
    assert hub.read(books) == hub.read(recounted)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("replay",), 2, "give one of"),
        (("replay", "--all", "--eid", "x"), 2, "中选择一项"),
        (("replay", "--eid", "x"), 1, "has no fact x"),
        (("replay", "--till", "S01-9"), 1, "Nothing of till S01-9"),
        (("show", "x"), 1, "没有记录 x"),
        (("set-aside", "x", "--reason", "y"), 1, "sync-server quarantine list"),
        (("resume",), 1, "applies what comes in"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_a_sentence(
    head: Head, words: tuple[str, ...], code: int, said: str
) -> None:
    ended = head.runs("quarantine", *words)
    assert ended.code == code
    assert said in ended.err


def test_a_fact_that_is_no_text_is_shown_all_the_same(head: Head, till: HandTill) -> None:
    till.begin()
    body = b'{"receipt":"\xff\xe2\x80\xae"}'
    till.record_bytes(body, "sale.completed", 1, eid="no-text")
    reply_of(till.push())
    shown = head.runs("quarantine", "show", "no-text")
    assert shown.code == 0
    assert '"receipt":"��"' in shown.out


def test_migrate_applies_what_waited_for_the_program(head: Head, till: HandTill) -> None:
    till.begin()
    till.record(a_delivery())
    with an_older_program():
        reply_of(till.push())
    assert head.runs("migrate").said == "up to date, and what had waited is in the books: 1"
    assert head.runs("migrate").said == "up to date"


@contextmanager
def a_stopped_hub(database_url: str) -> Iterator[tuple[ServedHub, HandTill, HandTill]]:
    """A hub that applies nothing, for two of its tills sent what cannot be applied."""
    with (
        ServedHub(database_url, breaker_share=SHARE) as hub,
        HandTill(hub.url, 1) as one,
        HandTill(hub.url, 2) as two,
    ):
        hub.add_store()
        for till in (one, two):
            till.enrol(hub.enrol_code())
        stopped_by(hub, [one, two])
        yield hub, one, two


def test_a_hub_that_stopped_says_so_and_is_resumed(database_url: str, tmp_path: Path) -> None:
    with a_stopped_hub(database_url) as (hub, one, _):
        base = len(one.facts)
        one.record_sales(30)
        reply_of(one.push(base))
        head = Head(tmp_path, database_url)
        assert "applies nothing since" in head.runs("quarantine", "list").err
        resumed = head.runs("quarantine", "resume")
        assert resumed.out.startswith("30 applied, 0 without effect still\n")
        assert "\nthe hub applies facts again\n总部已恢复入账\n" in resumed.out
        assert hub.read(books) == hub.read(recounted)


def test_resumed_too_early_it_says_that_it_stopped_again(database_url: str, tmp_path: Path) -> None:
    with a_stopped_hub(database_url) as (_, one, two):
        for till in (one, two):
            base = len(till.facts)
            for _ in range(40):
                till.record(a_sale(POISON))
            reply_of(till.push(base))
        with a_bug():
            resumed = Head(tmp_path, database_url).runs("quarantine", "resume")
        assert resumed.code == 1
        assert "applies nothing any more" in resumed.err
        assert "再次暂停" in resumed.err
