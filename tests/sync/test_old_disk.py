"""`pos-client journal import`: what the disk of a replaced machine still holds reaches the hub."""

import shutil
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pos_client.__main__ import app
from pos_client.database import DatabaseNewer
from pos_client.settings import TillSettings
from pos_client.sync.old_disk import Brought, NoJournalThere, OtherTillsJournal
from pos_client.till import Till
from rehearsal.cable import Cable
from tests.builders import SteppedClock, till_settings
from tests.hub.books import books
from tests.hub.broken import a_newer_program
from tests.served_hub import ServedHub
from tests.sync.conftest import Enrol, Open, pull_all, push_all, run_enrol, sell
from tests.sync.test_forks import assert_whole, facts_of, receipts, settle, told
from tests.sync.test_price_book import clock_of


@pytest.fixture
def successor(hub: ServedHub, cable: Cable, till: Till, open_till: Open, tmp_path: Path) -> Till:
    """A machine in place of the till's, which had sold three times while the line was dead."""
    push_all(till)
    for _ in range(3):
        sell(till)
    till.close()
    settings = till_settings(tmp_path / "successor")
    assert run_enrol(settings, cable.url, hub.enrol_code("S01", till.who.till))[0] == 0
    opened = open_till(settings)
    pull_all(opened)
    return opened


def test_what_the_old_disk_holds_reaches_the_hub_once(
    hub: ServedHub, till: Till, successor: Till
) -> None:
    sold = {*receipts_in(till.settings)}
    assert successor.bring_in(till.settings.data) == Brought(5, 0)
    assert successor.bring_in(till.settings.data) == Brought(0, 5)
    settle(successor)
    assert_whole(hub, successor)
    assert {*receipts(successor)} == sold
    assert hub.hub.voice.epoch  # the hub is still the same
    successor.shift.open("1001", 50_000)
    sell(successor)
    settle(successor)
    assert_whole(hub, successor)


def test_what_came_from_the_old_disk_is_offered_to_another_hub_too(
    hub: ServedHub, till: Till, successor: Till, open_till: Open, tmp_path: Path
) -> None:
    successor.bring_in(till.settings.data)
    settle(successor)
    successor.close()
    with ServedHub(f"sqlite:///{tmp_path / 'another.db'}") as another:
        another.add_store()
        code = another.enrol_code()
        assert run_enrol(successor.settings, another.url, code)[0] == 0
        again = open_till(successor.settings)
        settle(again)
        assert_whole(another, again)


def test_what_an_older_program_recorded_there_is_read_in_todays_words(
    hub: ServedHub, successor: Till, till: Till
) -> None:
    with a_newer_program():
        assert successor.bring_in(till.settings.data) == Brought(5, 0)
        settle(successor)
        assert_whole(hub, successor)
        assert hub.read(books).stock["S01", "cola", "sold"] == (3 * 2000, 3)


def test_what_only_a_newer_program_knows_is_left_where_it_is(
    successor: Till, till: Till, open_till: Open
) -> None:
    with a_newer_program():
        sell(again := open_till(till.settings))
        again.close()
    with pytest.raises(DatabaseNewer):
        successor.bring_in(till.settings.data)
    assert receipts(successor) == []


def receipts_in(settings: TillSettings) -> list[str]:
    with closing(Till.open(settings, sync=False)) as till:
        return receipts(till)


def test_the_old_disk_is_only_read(till: Till, successor: Till) -> None:
    before = {file: file.read_bytes() for file in till.settings.data.rglob("*") if file.is_file()}
    successor.bring_in(till.settings.data)
    after = {file: file.read_bytes() for file in till.settings.data.rglob("*") if file.is_file()}
    assert after == before
    assert not [*successor.settings.data.glob("import-*")]


def test_a_folder_that_was_kept_aside_comes_in_though_its_stream_went_on_elsewhere(
    hub: ServedHub, till: Till, open_till: Open, tmp_path: Path
) -> None:
    """The till was put back to an older copy in place, sold, and so did the folder kept aside."""
    push_all(till)
    till.close()
    copied = shutil.copytree(till.settings.data, tmp_path / "copy")
    aside = till_settings(tmp_path / "aside")
    shutil.copytree(till.settings.data, aside.data)
    went_on = open_till(aside)
    for _ in range(2):
        sell(went_on)
    went_on.close()
    shutil.rmtree(till.settings.data)
    shutil.copytree(copied, till.settings.data)
    again = open_till(till.settings)
    sell(again)
    settle(again)
    before = len(facts_of(again))
    brought = again.bring_in(aside.data)
    assert brought.facts == 3  # a stream's beginning, and two sales
    assert brought.wrong == ()
    assert len(facts_of(again)) == before + 3
    settle(again)
    assert_whole(hub, again)
    assert len(receipts(again)) == 3


def test_what_a_kept_folder_brings_in_is_no_second_machine(
    hub: ServedHub, till: Till, open_till: Open, tmp_path: Path
) -> None:
    push_all(till)
    till.close()
    copied = shutil.copytree(till.settings.data, tmp_path / "copy")
    last = open_till(till.settings)
    sell(last)
    last.close()
    aside = till_settings(tmp_path / "aside")
    shutil.copytree(till.settings.data, aside.data)
    shutil.rmtree(till.settings.data)
    shutil.copytree(copied, till.settings.data)
    later = SteppedClock(clock_of(last).at + timedelta(hours=1))
    with closing(Till.open(till.settings, later, sync=False)) as again:
        hub.clock.move(timedelta(hours=1))
        sell(again)
        settle(again)
        hub.clock.move(timedelta(seconds=1))
        assert again.bring_in(aside.data).facts == 1
        settle(again)
        assert_whole(hub, again)
    assert [line.what for line in told(hub)] == ["An older copy of the disk"]


def test_a_chain_that_breaks_is_followed_as_far_as_it_holds(
    hub: ServedHub, till: Till, successor: Till
) -> None:
    with closing(Till.open(till.settings, sync=False)) as old:
        driver = old.database.driver
        driver.execute("UPDATE journal SET data = CAST('{}' AS BLOB) WHERE seq = 5")
    brought = successor.bring_in(till.settings.data)
    assert brought.facts == 4
    (said,) = brought.wrong
    assert "fact 5: is not an envelope" in said.en
    assert "第 5 条的哈希链中断" in said.zh
    settle(successor)
    assert_whole(hub, successor)


def test_another_tills_disk_and_no_disk_are_refused(
    hub: ServedHub, enrol: Enrol, till: Till, successor: Till, tmp_path: Path
) -> None:
    with pytest.raises(NoJournalThere):
        successor.bring_in(tmp_path / "nowhere")
    with pytest.raises(OtherTillsJournal):
        successor.bring_in(enrol("stranger").data)
    assert facts_of(successor)


def test_the_command_says_what_came_in(till: Till, successor: Till) -> None:
    settings = successor.settings
    successor.close()
    folders = ["--data", str(settings.data), "--state", str(settings.state)]
    words = ["journal", "import", str(till.settings.data), *folders]
    said = CliRunner().invoke(app, words)
    assert (said.exit_code, said.stderr) == (0, "")
    english, chinese = said.stdout.splitlines()
    assert english.startswith("5 facts brought in, 0 were here already.")
    assert chinese.startswith("已导入 5 条记录，另有 0 条已存在。")


def test_the_command_says_what_it_left_there_and_what_to_do(till: Till, successor: Till) -> None:
    with closing(Till.open(till.settings, sync=False)) as old:
        old.database.driver.execute("UPDATE journal SET data = CAST('{}' AS BLOB) WHERE seq = 5")
    settings = successor.settings
    successor.close()
    folders = ["--data", str(settings.data), "--state", str(settings.state)]
    said = CliRunner().invoke(app, ["journal", "import", str(till.settings.data), *folders])
    assert said.exit_code == 1
    assert "fact 5" in said.stderr.splitlines()[0]
    assert said.stderr.count("Keep that disk") == said.stderr.count("请保留该磁盘") == 1
