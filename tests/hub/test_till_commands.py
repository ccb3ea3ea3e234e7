"""`enrol-code` and `revoke`: what a person is told of the till that it is about."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.builders import SteppedClock
from tests.hand_till import HandTill, reply_of
from tests.hub.test_commands import Head
from tests.served_hub import ServedHub


@pytest.fixture
def head(tmp_path: Path, hub: ServedHub, till: HandTill) -> Head:
    """Head office of the till S01-1, beside the hub that serves it."""
    return Head(tmp_path, hub.settings.database)


def test_who_revoked_a_till_is_in_the_log_and_how_to_undo_it_is_said(head: Head) -> None:
    ended = head.runs("revoke", "S01-1", "--by", "chen")
    assert (ended.code, ended.said) == (0, "S01-1 is revoked")
    assert "sync-server enrol-code S01 --till S01-1" in ended.err
    assert "如需恢复" in ended.err
    assert head.runs("products", "log").out.splitlines()[0].split("\t")[1:4] == [
        "chen",
        "revoked",
        "S01-1",
    ]


def test_a_till_that_is_revoked_already_stays_so_since_then(head: Head) -> None:
    head.runs("revoke", "S01-1", "--by", "chen")
    again = head.runs("revoke", "S01-1", "--by", "li")
    assert (again.code, again.out.partition(",")[0]) == (0, "S01-1 is revoked already")
    assert "\tli\t" not in head.runs("products", "log").out


def test_a_code_says_how_long_it_may_be_used(head: Head) -> None:
    ended = head.runs("enrol-code", "S01", env={"OMNITILL_HUB_ENROL_CODE_VALID_S": "450"})
    assert ended.out.split()[1:] == ["for", "till", "S01-2"]
    assert ended.err == ("It may be used once, within 7.5 min.\n仅限使用一次，7.5 分钟内有效。\n")


def test_a_code_for_a_till_that_works_warns_of_the_machine_that_has_it(
    tmp_path: Path, database_url: str
) -> None:
    with (
        ServedHub(database_url, SteppedClock(datetime.now(UTC))) as hub,
        HandTill(hub.url) as till,
    ):
        hub.add_store()
        till.enrol(hub.enrol_code())
        head = Head(tmp_path, database_url)
        assert "spoke" not in head.runs("enrol-code", "S01", "--till", "S01-1").err
        till.record_sales(1)
        reply_of(till.push())
        ended = head.runs("enrol-code", "S01", "--till", "S01-1")
        assert ended.out.split()[1:] == ["for", "till", "S01-1"]
        assert " s ago: the machine that has it now will be refused" in ended.err
        assert "现有机器将被拒绝" in ended.err
        assert "spoke" not in head.runs("enrol-code", "S01").err


def test_a_till_that_has_been_silent_is_no_reason_to_warn(
    head: Head, hub: ServedHub, till: HandTill
) -> None:
    """It spoke at the time of the test's clock, years ago."""
    till.record_sales(1)
    reply_of(till.push())
    assert "spoke" not in head.runs("enrol-code", "S01", "--till", "S01-1").err
