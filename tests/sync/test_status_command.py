"""`pos-client status`: how a till stands, beside the running till and without asking it."""

import pytest
from typer.testing import CliRunner

import sync_server.__main__ as hub_program
from pos_client.__main__ import app
from pos_client.settings import TillSettings
from pos_client.sync.hub import program
from pos_client.sync.line import LINE_FILE
from pos_client.till import Till
from rehearsal.cable import Cable
from tests.served_hub import ServedHub
from tests.sync.conftest import Enrol, Heard, push_all, sell


def run_status(settings: TillSettings) -> tuple[int, str, str]:
    """Run the command; exit code and what it said."""
    folders = ["--data", str(settings.data), "--state", str(settings.state)]
    result = CliRunner().invoke(app, ["status", *folders])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_a_till_in_step_says_that_the_hub_answers_its_shift_its_prices_and_its_program(
    till: Till,
) -> None:
    code, said, trouble = run_status(till.settings)
    assert (code, trouble) == (0, "")
    day = till.shift.required().context.business_date
    prices = till.catalogue.in_force
    for line in (
        "the hub answers, last heard at 2026-06-03T",
        f"shift 1 of 1001 is open, business date {day}",
        f"prices {prices.short}, in force since {prices.published_at}",
        f"compared with head office's at {prices.checked_at}",
        f"program {program()}\n",
    ):
        assert line in said


def test_a_line_that_is_dead_says_why_and_when_the_hub_was_last_heard(
    till: Till, cable: Cable
) -> None:
    cable.pull()
    sell(till)
    assert till.sync.push_once()
    assert (
        f"the hub does not answer: {till.sync.line.why}; last heard at 2026-06-03T"
        in (run_status(till.settings)[1])
    )
    cable.plug()
    push_all(till)
    assert "the hub answers" in run_status(till.settings)[1]


def test_what_the_hub_refuses_is_said_with_what_to_do_also_after_the_till_has_ended(
    hub: ServedHub, till: Till, heard: Heard
) -> None:
    hub.do(hub.hub.revoke(till.who.till))
    assert till.sync.pull_once()
    push_all(till)
    till.close()
    said = run_status(till.settings)[1]
    for words in (
        "the hub answers and refuses (revoked), last heard at",
        "Head office has revoked this till. What it sells is still kept",
        "总部已停用本机。销售记录仍会保留",
    ):
        assert words in said


def test_a_till_that_has_not_run_yet_has_nothing_to_say_and_nothing_is_made(enrol: Enrol) -> None:
    settings = enrol()
    before = sorted(settings.data.rglob("*"))
    code, said, _ = run_status(settings)
    assert code == 0
    for line in ("the hub was not heard yet", "no shift is open", "no prices yet"):
        assert line in said
    assert sorted(settings.data.rglob("*")) == before


def test_a_key_that_is_missing_is_said_and_ends_with_one(till: Till) -> None:
    (till.settings.data / "till.key").unlink()
    code, said, trouble = run_status(till.settings)
    assert code == 1
    assert "store S01, till S01-1" in said
    assert "till.key is missing or damaged" in trouble
    assert "缺失或已损坏" in trouble


def test_a_file_of_the_line_that_is_none_is_no_trouble(till: Till) -> None:
    (till.settings.state / LINE_FILE).write_text("{")
    assert "the hub was not heard yet" in run_status(till.settings)[1]


@pytest.mark.parametrize(("of", "name"), [(app, "pos-client"), (hub_program.app, "sync-server")])
def test_each_program_says_its_version(of: object, name: str) -> None:
    result = CliRunner().invoke(of, ["--version"])  # type: ignore[arg-type]
    assert (result.exit_code, result.stdout) == (0, f"{name} {program()}\n")
