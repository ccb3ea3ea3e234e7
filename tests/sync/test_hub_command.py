"""`pos-client hub`: a hub that moved is found again; another one in its place is noticed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pos_client.__main__ import app
from pos_client.settings import TillSettings
from pos_client.till import Till
from tests.builders import till_settings
from tests.served_hub import ServedHub
from tests.sync.conftest import Enrol, Heard, Open, pull_all, push_all, sell


def run_hub(settings: TillSettings, *url: str) -> tuple[int, str, str]:
    """Run the command; exit code and what it said."""
    folders = ["--data", str(settings.data), "--state", str(settings.state)]
    result = CliRunner().invoke(app, ["hub", *url, *folders])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def a_till_that_waits(settings: TillSettings, open_till: Open) -> str:
    """Sold something that no hub has; returns the stream it is in."""
    till = open_till(settings)
    pull_all(till)
    till.shift.open("1001", 50_000)
    push_all(till)
    sell(till)
    stream = till.recorder.writer.stream.incarnation
    till.close()
    return stream


def test_a_hub_that_moved_is_found_and_gets_what_waited(
    hub: ServedHub, enrol: Enrol, open_till: Open
) -> None:
    settings = enrol()
    stream = a_till_that_waits(settings, open_till)
    hub.close()
    with ServedHub(hub.settings.database, hub.clock) as moved:
        assert moved.port != hub.port
        code, said, trouble = run_hub(settings, moved.url)
        assert (code, trouble) == (0, "")
        assert said.startswith(f"till S01-1: the hub is at {moved.url}\nS01-1 的总部")
        assert run_hub(settings) == (0, f"{moved.url}\n", "")
        again = open_till(settings)
        push_all(again)
        pull_all(again)
        assert (again.sync.state().waiting, again.sync.state().problem) == (0, "")
        assert again.recorder.writer.stream.incarnation == stream


def test_another_hub_at_the_new_address_gets_nothing(
    hub: ServedHub, enrol: Enrol, open_till: Open, tmp_path: Path
) -> None:
    settings = enrol()
    a_till_that_waits(settings, open_till)
    with ServedHub(f"sqlite:///{tmp_path / 'other.db'}") as other:
        other.add_store()
        assert run_hub(settings, other.url)[0] == 0
        again = open_till(settings)
        heard = Heard(again)
        assert again.sync.push_once() is not None
        assert again.sync.state().waiting == 1
        assert heard.names == ["sync.refused"]
        again.close()
    assert run_hub(settings, hub.url)[0] == 0
    back = open_till(settings)
    push_all(back)
    assert back.sync.state().waiting == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [("http://hub.example", "is not protected"), ("hub.example", "is no address of a hub")],
)
def test_an_address_that_no_till_may_be_enrolled_at_changes_nothing(
    enrol: Enrol, url: str, said: str
) -> None:
    settings = enrol()
    before = run_hub(settings)
    code, _, trouble = run_hub(settings, url)
    assert code == 1
    assert said in trouble
    assert run_hub(settings) == before


def test_the_address_of_a_till_that_runs_is_shown_and_not_changed(
    hub: ServedHub, till: Till
) -> None:
    code, _, trouble = run_hub(till.settings, hub.url)
    assert code == 1
    assert "runs on this data folder" in trouble
    assert run_hub(till.settings) == (0, f"{till.who.hub_url}\n", "")


def test_a_till_that_is_not_enrolled_has_no_hub(tmp_path: Path) -> None:
    settings = till_settings(tmp_path / "till")
    for url in ((), ("https://hub.example",)):
        code, _, trouble = run_hub(settings, *url)
        assert code == 1
        assert "pos-client enrol" in trouble
    assert not settings.data.exists()
