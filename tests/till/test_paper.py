"""What became of the paper: a printer never stops or undoes a sale, and each paper has one fate."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hardware.device import Fault
from hardware.printer import EscposPrinter, TimeLimits
from hardware.registry import open_printer
from pos_client import counter, views
from pos_client.sale.printing import STOPPED_WHILE_PRINTING
from pos_client.sale.records import Sold
from pos_client.sale.service import Payment
from pos_client.till import Till
from rehearsal.processes import wait_until
from retail.facts import PrintOutcome, ReceiptPrinted
from tests.builders import open_till
from tests.loop_thread import PATIENCE_S, Printer
from tests.till.child import a_child
from tests.till.counter import (
    COLA,
    assert_in_order,
    begin,
    did,
    other_program,
    recorded,
    refused,
    sell,
)

#: where no answer can come after the job was sent
TIRED = TimeLimits(connect_s=60, write_s=0.1, status_s=60, fence_s=0.1, line_s=0, cause_s=0.1)


@pytest.fixture
def printer() -> Iterator[Printer]:
    with closing(Printer()) as made:
        yield made


def papers(till: Till) -> list[ReceiptPrinted]:
    return [fact for _, fact in recorded(till) if isinstance(fact, ReceiptPrinted)]


def paper(till: Till, count: int) -> ReceiptPrinted:
    """The fate of the last of `count` papers, waited for."""
    wait_until(lambda: len(papers(till)) >= count, PATIENCE_S, f"{count} papers had their fate")
    assert len(papers(till)) == count
    return papers(till)[-1]


def told(receipt: ReceiptPrinted) -> tuple[str, str | None, int]:
    return receipt.outcome.value, receipt.reason, receipt.copy


def test_a_receipt_that_came_out_is_known_to_have(tmp_path: Path, printer: Printer) -> None:
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        begin(till)
        sold = sell(till)
        fate = paper(till, 1)
        assert told(fate) == ("printed", None, 0)
        assert fate.receipt == sold["receipt"]
        last = did(till, "last_receipt")
        assert last["paper"] == "printed"
        assert printer.simulated.receipts == [_as_printed(last["text"])]
        assert printer.simulated.kicks == 1
        assert_in_order(till)


def _as_printed(text: str) -> str:
    return "\n".join(line.rstrip(" ") for line in text.splitlines())


def test_the_drawer_opens_for_cash_only(tmp_path: Path, printer: Printer) -> None:
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        begin(till)
        sell(till, tender="card")
        paper(till, 1)
        assert printer.simulated.kicks == 0
        sell(till)
        paper(till, 2)
        assert printer.simulated.kicks == 1


def test_copies_are_counted_and_never_kick_the_drawer(tmp_path: Path, printer: Printer) -> None:
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        begin(till)
        sell(till)
        for number in (1, 2, 3):
            assert did(till, "reprint")["copy"] == number
        assert told(paper(till, 4)) == ("printed", None, 3)
        assert [fate.copy for fate in papers(till)] == [0, 1, 2, 3]
        marked = [receipt.splitlines()[0].strip() for receipt in printer.simulated.receipts[1:]]
        assert marked == [f"*** 副本 COPY {number} ***" for number in (1, 2, 3)]
        assert printer.simulated.kicks == 1
        assert did(till, "last_receipt")["copies"] == 3
        assert_in_order(till)
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        assert did(till, "reprint")["copy"] == 4
        paper(till, 5)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [("paper out", "printer.out_of_paper"), ("cover open", "printer.cover_open")],
)
def test_a_printer_that_says_it_cannot_is_taken_at_its_word(
    tmp_path: Path, printer: Printer, trouble: str, reason: str
) -> None:
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        begin(till)
        printer.turn(trouble)
        sell(till)
        assert told(paper(till, 1)) == ("not_printed", reason, 0)
        assert did(till, "last_receipt")["paper"] == "not_printed"
        assert printer.simulated.kicks == 1
        printer.turn("paper in" if "paper" in trouble else "cover closed")
        did(till, "reprint")
        assert told(paper(till, 2)) == ("printed", None, 1)
        assert did(till, "last_receipt")["paper"] == "printed"
        assert_in_order(till)


def test_an_unplugged_printer_neither_stops_nor_undoes_a_sale(
    tmp_path: Path, printer: Printer
) -> None:
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        begin(till)
        printer.turn("power off")
        for number in (1, 2, 3):
            sell(till)
            assert told(paper(till, number)) == ("not_printed", "printer.unplugged", 0)
        printer.turn("power on")
        sell(till)
        assert told(paper(till, 4)) == ("printed", None, 0)
        assert till.shift.figures().sales == 4
        assert_in_order(till)


def test_a_printer_address_where_nobody_listens(tmp_path: Path) -> None:
    with closing(open_till(tmp_path, printer="escpos+tcp://127.0.0.1:9")) as till:
        begin(till)
        sell(till)
        assert told(paper(till, 1)) == ("not_printed", "printer.unplugged", 0)


@pytest.mark.parametrize("n_bytes", [1, 10, 100, 300, 450])
def test_power_that_goes_within_a_receipt_leaves_a_sale_and_an_unknown_paper(
    tmp_path: Path, n_bytes: int
) -> None:
    """The first 9 bytes ask for the status: power gone there, and nothing was sent."""
    keep = tmp_path / "paper.txt"
    url = f"sim://printer?power_cut_at={n_bytes}&keep={keep}"
    faults: list[str] = []
    with closing(open_till(tmp_path, printer=url, printer_look_s=0)) as till:
        till.start(
            lambda name, values: (
                faults.append(f"{name} {values['receipt']}") if "receipt" in values else None
            )
        )
        begin(till)
        sold = sell(till)
        fate = paper(till, 1)
        if n_bytes <= 9:
            assert told(fate) == ("not_printed", "printer.unplugged", 0)
        else:
            assert told(fate) == ("unknown", "printer.link_lost", 0)
        assert faults == [f"{fate.reason} {sold['receipt']}"]
        sell(till)
        assert told(paper(till, 2)) == ("not_printed", "printer.unplugged", 0)
        assert_in_order(till)


@pytest.mark.parametrize("n_bytes", [12, 200, 400])
def test_a_printer_that_stalls_leaves_an_unknown_paper_and_a_till_that_sells(
    tmp_path: Path, n_bytes: int
) -> None:
    with closing(open_till(tmp_path, printer="sim://printer")) as till:
        till.counter._printer = open_printer(f"sim://printer?stall_at={n_bytes}", limits=TIRED)
        begin(till)
        sell(till)
        assert told(paper(till, 1)) == ("unknown", "printer.unconfirmed", 0)
        assert did(till, "last_receipt")["paper"] == "unknown"
        assert_in_order(till)


def test_no_act_waits_for_a_stalled_printer(tmp_path: Path) -> None:
    """More receipts than the queue holds: those beyond are known not to be printed."""
    with closing(open_till(tmp_path, printer="sim://printer?stall_at=1", print_queue_max=3,
                           printer_look_s=0, close_wait_s=0.2)) as till:  # fmt: skip
        begin(till)
        said: list[str] = []
        till.start(lambda name, _: said.append(name))
        for _ in range(5):
            sell(till)
        assert said == [counter.PrintQueueFull.code] * 2
        assert [told(fate) for fate in papers(till)] == [
            ("not_printed", counter.PrintQueueFull.code, 0),
            ("not_printed", counter.PrintQueueFull.code, 0),
        ]
        assert did(till, "x_report")["x"]["sales"] == 5
    with closing(open_till(tmp_path)) as till:
        assert [told(fate) for fate in papers(till)[2:]] == [
            ("unknown", counter.SwitchedOff.code, 0),
            ("not_printed", counter.SwitchedOff.code, 0),
            ("not_printed", counter.SwitchedOff.code, 0),
        ]
        assert_in_order(till)


def test_a_fault_comes_with_what_to_do_in_the_cashiers_language(
    tmp_path: Path, printer: Printer
) -> None:
    said: list[tuple[str, dict[str, object]]] = []
    for language in ("zh", "en"):
        with closing(open_till(tmp_path, printer=printer.url, language=language)) as till:
            till.start(
                lambda name, values: said.append((name, values)) if "receipt" in values else None
            )
            printer.turn("paper out")
            if till.shift.current is None:
                begin(till)
            count = len(papers(till))
            sell(till)
            paper(till, count + 1)
    (name, chinese), (_, english) = said
    assert name == "printer.out_of_paper"
    assert chinese["say"] == "小票打印机缺纸。"
    assert str(english["remedy"]).startswith("Load a new roll")


def test_a_fault_of_the_program_costs_one_receipt_and_not_those_behind(
    tmp_path: Path, printer: Printer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stumble(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with closing(open_till(tmp_path, printer=printer.url)) as till:
        begin(till)
        with monkeypatch.context() as patch:
            patch.setattr(EscposPrinter, "print", stumble)
            sell(till)
            assert told(paper(till, 1)) == ("unknown", counter.CounterFailed.code, 0)
        sell(till)
        assert told(paper(till, 2)) == ("printed", None, 0)


def test_a_receipt_for_a_counter_that_is_closed_is_known_not_to_be_printed(tmp_path: Path) -> None:
    with closing(open_till(tmp_path, printer="sim://printer")) as till:
        begin(till)
        till.counter.close()
        sell(till)
        assert [told(fate) for fate in papers(till)] == [
            ("not_printed", counter.SwitchedOff.code, 0)
        ]
        assert did(till, "last_receipt")["paper"] == "not_printed"


def test_a_sale_without_a_printer_says_so_at_once(till: Till) -> None:
    begin(till)
    did(till, "scan", code=COLA)
    assert views.paper(sold_of(till.sale.pay("cash"))) == "no_printer"


def sold_of(payment: Payment) -> Sold:
    assert payment.sold is not None
    return payment.sold


# The till stops while the paper is under way


def killed(folder: Path, receipts: int, copies: int) -> None:
    """As a kill leaves it: papers under way, and nobody noted what became of them."""
    with closing(open_till(folder, printer="sim://printer")) as till:
        till.counter.print = lambda job: None  # type: ignore[method-assign]
        begin(till)
        for _ in range(receipts):
            sell(till)
        for _ in range(copies):
            did(till, "reprint")
        assert did(till, "last_receipt")["paper"] == "printing"


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
    jobs: list[counter.Job] = []
    with closing(open_till(tmp_path, printer="sim://printer")) as till:
        monkeypatch.setattr(till.counter, "print", jobs.append)
        begin(till)
        sell(till)
        did(till, "reprint")
        jobs[0].ended(PrintOutcome.PRINTED, None)
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
    jobs: list[counter.Job] = []
    with closing(open_till(tmp_path, printer="sim://printer")) as till:
        monkeypatch.setattr(till.counter, "print", jobs.append)
        begin(till)
        sell(till)
        did(till, "reprint")
        jobs[1].ended(PrintOutcome.NOT_PRINTED, counter.PrintQueueFull.code)
    with closing(open_till(tmp_path)) as till:
        assert [told(fate) for fate in papers(till)] == [
            ("not_printed", counter.PrintQueueFull.code, 1),
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


def test_a_till_without_a_printer_says_so(till: Till) -> None:
    begin(till)
    sell(till)
    assert did(till, "last_receipt")["paper"] == "no_printer"
    assert refused(till, "reprint") == "no_printer"
    assert papers(till) == []


@pytest.mark.parametrize(
    "url",
    ["foo", "foo://bar", "escpos+tcp://", "escpos+tcp://host:port", "sim://printer?papr=out",
     "sim://locker", "escpos+tcp://h:9100?cols=33", "sim://printer?stall_at=many", "://", "\0"],
)  # fmt: skip
def test_a_printer_address_that_is_none_is_refused_before_the_till_opens(
    tmp_path: Path, url: str
) -> None:
    open_till(tmp_path).close()
    with pytest.raises(Fault) as refusal:
        open_till(tmp_path, printer=url)
    assert refusal.value.code == "device.unknown"
    open_till(tmp_path).close()
