"""A wrong clock is noticed at both ends, and spoils neither dates nor prices nor order."""

from contextlib import closing
from datetime import date, timedelta
from importlib.metadata import version
from typing import Any

import pytest
from typer.testing import CliRunner

from journal.clock import ahead_s
from pos_client.__main__ import app
from pos_client.clock import HUB_TIME_FILE, HubTime, SystemClock
from pos_client.face import Face
from pos_client.screen.status import clock_lamps
from pos_client.till import Till
from sync_server.periods.standing import tills
from tests.builders import OPENING, SteppedClock
from tests.hub.backing_up import quiet
from tests.served_hub import ServedHub
from tests.sync.conftest import Enrol, Open, pull_all, sell
from tests.sync.test_price_book import clock_of, planned

AHEAD = timedelta(hours=2, minutes=3)


@pytest.fixture
def told() -> list[tuple[str, dict[str, Any]]]:
    return []


@pytest.fixture
def till(enrol: Enrol, open_till: Open, told: list[tuple[str, dict[str, Any]]]) -> Till:
    opened = open_till(enrol())
    opened.sync.on_event = lambda name, values: told.append((name, values))
    return opened


def sets_its_clock(till: Till, by: timedelta) -> None:
    """A hand moves the wall clock; the steady one goes on as it was."""
    clock_of(till).at += by


def off(hub: ServedHub) -> int | None:
    """What the hub knows of the till's clock."""
    hub.do(hub.hub.write_contacts())
    return hub.read(tills)[0].clock_ahead_s


def test_both_ends_notice_and_the_till_says_once_what_to_do(
    hub: ServedHub, till: Till, told: list[tuple[str, dict[str, Any]]]
) -> None:
    till.sync.push_once()
    assert (off(hub), till.sync.state().clock_off_s) == (0, 0)
    sets_its_clock(till, AHEAD)
    for _ in range(3):
        till.sync.push_once()
    assert (off(hub), till.sync.state().clock_off_s) == (7_380, 7_380)
    (event,) = of_clock(told)
    assert event["ahead_s"] == 7_380
    assert event["say"] == "本机时钟快 2 小时 3 分。"
    assert "校准" in event["remedy"]
    sets_its_clock(till, -AHEAD)
    till.sync.push_once()
    assert (off(hub), till.sync.state().clock_off_s) == (0, 0)
    assert of_clock(told)[1:] == [{"ahead_s": 0}]


def of_clock(told: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [values for name, values in told if name == "sync.clock"]


def test_a_till_that_asks_says_which_program_it_runs(hub: ServedHub, till: Till) -> None:
    till.sync.push_once()
    till.sync.pull_once()
    hub.do(hub.hub.write_contacts())
    assert hub.read(tills)[0].program == version("omnitill")


def test_a_till_that_only_pulls_hears_the_time_too(hub: ServedHub, till: Till) -> None:
    till.sync.push_once()
    sets_its_clock(till, -AHEAD)
    till.sync.hub_time = HubTime(clock_of(till), till.settings.state / "another")
    till.sync.pull_once()
    assert (off(hub), till.sync.state().clock_off_s) == (-7_380, -7_380)


def test_a_clock_that_is_off_by_less_than_a_minute_is_right(hub: ServedHub, till: Till) -> None:
    sets_its_clock(till, timedelta(seconds=60))
    till.sync.push_once()
    assert till.sync.state().clock_off_s == 0
    sets_its_clock(till, timedelta(seconds=1))
    assert till.sync.state().clock_off_s == 61  # the steady clock knows it without the line


def test_the_status_bar_says_by_how_much_and_the_note_what_to_do(
    hub: ServedHub, till: Till
) -> None:
    face = Face(till, lambda: None, lambda: None, lambda _: None)
    till.sync.on_event = face.told
    assert clock_lamps(till.sync.state()) == []
    sets_its_clock(till, AHEAD)
    till.sync.push_once()
    (lamp,) = clock_lamps(till.sync.state())
    assert (lamp.text.en, lamp.text.zh) == ("◷ clock 2 h 03 min ahead", "◷ 时钟快 2 小时 3 分")
    assert face.desk.note is not None
    assert "2 小时 3 分" in str(face.desk.note)


def test_the_status_command_says_it_beside_a_running_till(hub: ServedHub, till: Till) -> None:
    def says() -> str:
        folders = ["--data", str(till.settings.data), "--state", str(till.settings.state)]
        return CliRunner().invoke(app, ["status", *folders]).stdout

    till.sync.push_once()
    assert "clock" not in says()  # of another boot: nobody knows
    system = SystemClock()
    now = system.read().at
    HubTime(system, till.settings.state / HUB_TIME_FILE).heard((now + AHEAD).isoformat())
    assert "This till's clock is 2 h 03 min behind. Go on selling" in says()
    assert "本机时钟慢 2 小时 3 分。" in says()


def test_a_till_ten_years_ahead_opens_its_shift_on_the_right_day(till: Till) -> None:
    sets_its_clock(till, timedelta(days=3_652))
    assert till.catalogue.today() == date(2036, 6, 2)
    pull_all(till)
    assert till.catalogue.today() == date(2026, 6, 3)
    assert till.shift.open("1001", 500_00).context.business_date == "2026-06-03"


def test_a_price_of_tomorrow_is_not_sold_by_although_the_clock_is_a_day_ahead(
    hub: ServedHub, till: Till
) -> None:
    planned(hub, 999, timedelta(hours=20))
    sets_its_clock(till, timedelta(days=1))
    pull_all(till)
    till.shift.open("1001", 500_00)
    assert sell(till) == 350
    for clock in (clock_of(till), hub.clock):
        clock.move(timedelta(hours=21))
    pull_all(till)
    assert sell(till) == 999


def test_a_price_of_tomorrow_is_not_sold_by_when_the_till_is_started_again_either(
    hub: ServedHub, till: Till
) -> None:
    name = planned(hub, 999, timedelta(hours=20))
    sets_its_clock(till, timedelta(days=1))
    pull_all(till)
    before, clock = till.catalogue.in_force.name, clock_of(till)
    till.close()
    with closing(Till.open(till.settings, clock, sync=False)) as again:
        assert again.catalogue.in_force.name == before
        assert again.catalogue.today() == date(2026, 6, 3)
        again.shift.open("1001", 500_00)
        assert sell(again) == 350
        clock.move(timedelta(hours=21))
        again.catalogue.make_ready()
        assert (sell(again), again.catalogue.in_force.name) == (999, name)


def test_facts_are_in_their_order_under_their_date_whatever_the_clock_did(
    hub: ServedHub, till: Till
) -> None:
    pull_all(till)
    till.shift.open("1001", 500_00)
    for by in (timedelta(days=-40), timedelta(days=900), timedelta(hours=-3)):
        sets_its_clock(till, by)
        sell(till)
    till.shift.close(till.shift.figures().expected_cash_minor)
    while till.sync.push_once() is not None:
        pass
    report = hub.do(hub.hub.office.doctor(quiet))
    assert report.well, report
    assert hub.do(hub.hub.office.overview()).day == "2026-06-03"
    assert hub.do(hub.hub.office.overview()).takings["S01-1"].sales == 3


def test_what_the_hub_said_holds_while_the_machine_runs_and_no_longer(tmp_path: Any) -> None:
    clock, file = SteppedClock(), tmp_path / "hub-time"
    time = HubTime(clock, file)
    time.heard((OPENING - AHEAD).isoformat())
    clock.move(timedelta(hours=5))
    assert time.off_s == HubTime(clock, file).off_s == 7_380
    assert time.now() == OPENING - AHEAD + timedelta(hours=5)
    clock.boot = "boot-2"
    assert (time.off_s, HubTime(clock, file).off_s) == (0, 0)
    assert time.now() == clock.at


@pytest.mark.parametrize("said", ["", "soon", "2026-06-03T09:00:00", "9999-12-31T23:59:59+00:00"])
def test_what_is_no_time_is_not_heard(tmp_path: Any, said: str) -> None:
    clock, file = SteppedClock(), tmp_path / "hub-time"
    time = HubTime(clock, file)
    time.heard(said)
    clock.move(timedelta(seconds=5))
    assert time.off_s == 0
    file.write_text("{")
    assert HubTime(clock, file).off_s == 0


@pytest.mark.parametrize("said", ["", "soon", "2026-06-03T09:00:00", "x" * 64])
def test_a_till_that_shows_no_time_is_not_called_wrong(said: str) -> None:
    assert ahead_s(said, OPENING) is None
