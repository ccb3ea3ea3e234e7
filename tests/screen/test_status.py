"""The line at the top: silent when all is well, in words when not."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hardware.device import standing
from hardware.fault import Kind, NoReply, Unplugged
from hardware.printer.faults import PrinterFault
from journal.push import NOT_OUR_HUB
from journal.wire import Problem
from pos_client.screen.frame import COLUMNS_MIN
from pos_client.screen.page import Size
from pos_client.screen.status import printer_lamp, sync_lamp
from pos_client.sync.service import SyncState
from retail.language import Language
from sync_server.problems import revoked, wrong_signature
from tests.builders import OPENING, open_till
from tests.screen.cashier import SMALL, Cashier

IN_STEP = SyncState(0, "", online=True, forked=False, problem="", why="")


def test_trouble_at_the_hub_is_said_although_the_line_is_up() -> None:
    lamp = sync_lamp(IN_STEP._replace(waiting=4, problem="stale_token"), OPENING)
    assert not lamp.well
    assert "stale_token" in lamp.text.zh
    assert sync_lamp(IN_STEP, OPENING).well


def refused_by(problem: Problem) -> SyncState:
    return IN_STEP._replace(waiting=4, problem=problem.code, said=problem)


@pytest.fixture(params=list(Language))
def cashier(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cashier]:
    with closing(open_till(tmp_path, language=request.param.value)) as till:
        yield Cashier(till, SMALL)


SHORT = {
    Language.ENGLISH: "▲ Head office has revoked this till · 4 to send",
    Language.CHINESE: "▲ 总部已停用本机 · 4 条待传",
}


def test_the_hubs_own_sentence_stands_in_the_status_line_in_the_cashiers_language(
    cashier: Cashier,
) -> None:
    cashier.face.sync = refused_by(revoked().problem)
    assert SHORT[cashier.face.till.language] in cashier.lines[0]
    assert "revoked ·" not in cashier.lines[0].replace("has revoked", "")
    cashier.face.sync = refused_by(revoked().problem)._replace(waiting=0)
    told, waiting = SHORT[cashier.face.till.language].split(" · ")
    assert told in cashier.lines[0]
    assert waiting[-2:] not in cashier.lines[0]


@pytest.mark.parametrize("columns", [COLUMNS_MIN, 80, 100, 160])
def test_a_long_sentence_gives_way_and_what_waits_stays(cashier: Cashier, columns: int) -> None:
    cashier.face.sync = refused_by(NOT_OUR_HUB)._replace(clock_off_s=7_200)
    cashier.size = Size(columns, 24)
    line = cashier.lines[0]
    assert "4 to send" in line or "4 条待传" in line
    assert "‖" in line
    assert "…" in line or columns > 100 or cashier.face.till.language is Language.CHINESE


def test_f1_says_what_is_wrong_with_the_hub_and_what_to_do(cashier: Cashier) -> None:
    problem = wrong_signature().problem
    cashier.face.sync = refused_by(problem)
    cashier.press("f1")
    shown = cashier.text
    chinese = cashier.face.till.language is Language.CHINESE
    for said in (problem.title_zh, problem.remedy_zh) if chinese else (problem.title, "Enrol the"):
        assert said in shown
    cashier.face.sync = IN_STEP
    assert "▲" in cashier.text  # what the mark means
    assert problem.title not in cashier.text


def test_a_refusal_of_the_hub_is_a_note_that_covers_no_warning(cashier: Cashier) -> None:
    said = {"say": "Revoked, it says.", "remedy": "Ask for a code."}
    cashier.face.told("sync.refused", {"code": "busy", **said})
    assert "Revoked" not in cashier.note
    cashier.face.desk.refuse("No such code.")
    cashier.face.told("sync.refused", {"code": "revoked", **said})
    assert "No such code." in cashier.note
    cashier.press("escape")
    cashier.face.told("sync.refused", {"code": "revoked", **said})
    assert "Revoked, it says." in cashier.note
    assert "Ask for a code." in cashier.text


def test_a_printers_trouble_is_no_mark_but_a_word_whatever_it_is() -> None:
    met = [kind() for kind in PrinterFault.__subclasses__()]
    for fault in (*met, NoReply(Kind.PRINTER), Unplugged(Kind.PRINTER)):
        lamp = printer_lamp(standing(fault))
        assert not lamp.well
        assert len(lamp.text.zh) > 1
