"""Head office reads at /hq how old the last backup is, and that there is none."""

import re
from datetime import timedelta
from pathlib import Path

import httpx

from tests.hand_till import HandTill, reply_of
from tests.hub.backing_up import quiet
from tests.served_hub import ServedHub

_SAID = re.compile(r'<p( class="attend")? data-said="backup">(.*?)</p>', re.DOTALL)


def backup_said(hub: ServedHub, language: str = "en") -> tuple[bool, str]:
    """Whether it is to be attended to, and what the page says of it."""
    found = _SAID.search(httpx.get(f"{hub.url}/hq", params={"lang": language}).text)
    assert found is not None
    return bool(found[1]), re.sub("<[^>]+>", "", found[2]).strip()


def test_without_a_backup_there_is_nothing_to_say_before_the_first_fact(
    hub: ServedHub, till: HandTill
) -> None:
    assert backup_said(hub) == (False, "")
    till.record_sales(1)
    reply_of(till.push())
    assert backup_said(hub) == (
        True,
        "▲ There is no backup. Take one: sync-server backup FILE",
    )
    assert "尚无备份" in backup_said(hub, "zh")[1]


def test_the_age_of_the_last_backup_is_told_and_after_a_week_it_is_something_to_attend_to(
    hub: ServedHub, till: HandTill, tmp_path: Path
) -> None:
    till.record_sales(1)
    reply_of(till.push())
    hub.do(hub.hub.office.back_up(tmp_path / "backup.db", quiet))
    assert backup_said(hub) == (False, "last backup just now")
    hub.clock.move(timedelta(days=7))
    assert backup_said(hub) == (False, "last backup 7 days ago")
    assert backup_said(hub, "zh") == (False, "最近备份：7 天前")
    hub.clock.move(timedelta(minutes=1))
    assert backup_said(hub) == (True, "▲ Last backup 7 days ago. Take one: sync-server backup FILE")


def test_of_several_the_one_counts_that_was_taken_last_and_one_that_was_only_noted_is_named_so(
    hub: ServedHub, till: HandTill, tmp_path: Path
) -> None:
    till.record_sales(1)
    reply_of(till.push())
    before = hub.clock.now() - timedelta(days=30)
    hub.do(hub.hub.office.back_up(tmp_path / "backup.db", quiet))
    hub.do(hub.hub.office.note_backup(before, 0.0))
    assert backup_said(hub) == (False, "last backup just now")
    hub.clock.move(timedelta(hours=3))
    hub.do(hub.hub.office.note_backup(hub.clock.now() - timedelta(hours=1), 0.0))
    assert backup_said(hub) == (False, "last backup 1 h ago, not read again")
