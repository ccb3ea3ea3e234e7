"""The till stops, or its disk refuses, while paper is under way: each paper has one fate."""

from contextlib import closing
from pathlib import Path

import pytest

from pos_client.counter import faults as faults_of_the_till
from pos_client.counter.paper import Ended, Job
from pos_client.sale.printing import STOPPED_WHILE_PRINTING
from rehearsal.processes import wait_until
from retail.facts import PrintOutcome
from tests.builders import open_till
from tests.loop_thread import PATIENCE_S, Printer
from tests.till.child import a_child
from tests.till.counter import (
    COLA,
    assert_in_order,
    begin,
    did,
    other_program,
    sell,
)
from tests.till.test_paper import killed, paper, papers, printer, told

__all__ = ["printer"]


@pytest.mark.parametrize(("receipts", "copies"), [(1, 0), (3, 0), (1, 1), (2, 2)])
def test_paper_under_way_when_the_till_stopped_is_unknown_at_the_next_start(
    tmp_path: Path, receipts: int, copies: int
) -> None:
    killed(tmp_path, receipts, copies)
    with closing(open_till(tmp_path)) as till:
        assert [told(fate) for fate in papers(till)] == [
            ("unknown", STOPPED_WHILE_PRINTING, copy)
            for copy in [0] * receipts + list(range(1, copies + 1))
        ]
        assert did(till, "last_receipt")["paper"] == "unknown"
        assert_in_order(till)
    with closing(open_till(tmp_path)) as till:
        assert len(papers(till)) == receipts + copies


def test_the_first_receipt_after_a_kill_is_parted_from_what_may_lie_in_the_printer(
    tmp_path: Path, printer: Printer
) -> None:
    killed(tmp_path, receipts=1, copies=0)
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        sell(till)
        paper(till, 2)
        sell(till)
        paper(till, 3)
        assert [one.strip() == "" for one in printer.simulated.receipts] == [True, False, False]


def test_a_copy_under_way_does_not_undo_what_is_known_of_the_original(
    tmp_path: Path, printer: Printer
) -> None:
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        begin(till)
        sell(till)
        paper(till, 1)
        till.counter.print = lambda job: None  # type: ignore[method-assign]
        did(till, "reprint")
    with closing(open_till(tmp_path)) as till:
        assert [told(fate) for fate in papers(till)] == [
            ("printed", None, 0),
            ("unknown", STOPPED_WHILE_PRINTING, 1),
        ]


def test_the_originals_late_fate_is_not_taken_for_the_copys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[Job] = []
    with closing(open_till(tmp_path, printer="sim://printer")) as till:
        monkeypatch.setattr(till.counter, "print", jobs.append)
        begin(till)
        sell(till)
        did(till, "reprint")
        jobs[0].ended(Ended(PrintOutcome.PRINTED))
        last = did(till, "last_receipt")
        assert (last["paper"], last["copies"]) == ("printing", 1)
    with closing(open_till(tmp_path)) as till:
        assert [told(fate) for fate in papers(till)] == [
            ("printed", None, 0),
            ("unknown", STOPPED_WHILE_PRINTING, 1),
        ]


def test_the_disk_refuses_the_papers_fate_and_the_counter_prints_on(
    tmp_path: Path, printer: Printer
) -> None:
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        begin(till)
        with other_program(till) as other:
            other.execute(
                "CREATE TRIGGER struck BEFORE INSERT ON journal WHEN NEW.type = 'receipt.printed'"
                " BEGIN SELECT RAISE(ABORT, ''); END"
            )
        sell(till)
        wait_until(lambda: printer.simulated.receipts_cut == 1, PATIENCE_S, "it was printed")
        till.counter.close()
        assert papers(till) == []
        with other_program(till) as other:
            other.execute("DROP TRIGGER struck")
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        assert told(paper(till, 1)) == ("unknown", STOPPED_WHILE_PRINTING, 0)
        sell(till)
        assert told(paper(till, 2)) == ("printed", None, 0)


def test_a_copy_that_ends_first_does_not_hide_that_nobody_knows_of_the_original(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[Job] = []
    with closing(open_till(tmp_path, printer="sim://printer")) as till:
        monkeypatch.setattr(till.counter, "print", jobs.append)
        begin(till)
        sell(till)
        did(till, "reprint")
        jobs[1].ended(
            Ended(PrintOutcome.NOT_PRINTED, reason=faults_of_the_till.PrintQueueFull.code)
        )
    with closing(open_till(tmp_path)) as till:
        assert [told(fate) for fate in papers(till)] == [
            ("not_printed", faults_of_the_till.PrintQueueFull.code, 1),
            ("unknown", STOPPED_WHILE_PRINTING, 0),
        ]
        assert did(till, "last_receipt")["paper"] == "not_printed"


@pytest.mark.slow
def test_a_child_killed_while_it_prints_says_unknown_when_it_is_back(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    with a_child(tmp_path, "--printer", "sim://printer?stall_at=300") as child:
        child.act("open_shift", cashier="1001", confirm=True)
        child.act("scan", code=COLA)
        child.act("pay")
        assert child.act("last_receipt")["paper"] == "printing"
        child.kill()
    with a_child(tmp_path) as child:
        assert child.act("last_receipt")["paper"] == "unknown"
        assert child.try_act("reprint")["refusal"]["code"] == "no_printer"
        child.close_input()
        assert child.wait() == 0
        assert child.stderr_tail == ""


@pytest.mark.slow
def test_a_child_whose_printer_stalls_still_ends_in_order(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    stalled = "sim://printer?stall_at=300"
    with a_child(tmp_path, "--printer", stalled, close_wait_s="0.2") as child:
        child.act("open_shift", cashier="1001", confirm=True)
        for _ in range(3):
            child.act("scan", code=COLA)
            child.act("pay")
        child.close_input()
        assert child.wait() == 0
        assert child.stderr_tail == ""
    with closing(open_till(tmp_path)) as till:
        assert [fate.outcome for fate in papers(till)] == [
            PrintOutcome.UNKNOWN, PrintOutcome.NOT_PRINTED, PrintOutcome.NOT_PRINTED,
        ]  # fmt: skip
