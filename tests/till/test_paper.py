"""What became of the paper: a printer never stops or undoes a sale, and each paper has one fate."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from hardware.fault import Fault
from hardware.printer.printer import Printer as DevicePrinter
from hardware.printer.printer import TimeLimits
from hardware.simulator.printer.machine import Event
from pos_client import views
from pos_client.counter import faults as faults_of_the_till
from pos_client.sale.service import Payment
from pos_client.sale.sold import Sold
from pos_client.till import Till
from rehearsal.processes import wait_until
from retail.facts import PrintOutcome, ReceiptPrinted
from tests.builders import open_till
from tests.loop_thread import PATIENCE_S, Printer
from tests.till.counter import (
    COLA,
    assert_in_order,
    begin,
    did,
    recorded,
    refused,
    sell,
)

#: where no answer can come after the job was sent
TIRED = TimeLimits(status_s=0.1, fence_s=0.1, line_s=0, poll_s=0.05, look_s=0)


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
        (receipt,) = printer.simulated.receipts
        assert receipt.split() == last["text"].split()
        assert printer.simulated.kicks == 1
        assert_in_order(till)


def test_the_drawer_opens_for_cash_only(tmp_path: Path, printer: Printer) -> None:
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        begin(till)
        sell(till, tender="card")
        paper(till, 1)
        assert printer.simulated.kicks == 0
        sell(till)
        paper(till, 2)
        wait_until(lambda: printer.simulated.kicks == 1, PATIENCE_S, "the drawer opened")


def test_the_drawer_opens_before_the_first_line(tmp_path: Path, printer: Printer) -> None:
    heard: list[Event] = []
    printer.simulated.listeners.append(lambda event, _: heard.append(event))
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        begin(till)
        for count in (1, 2, 3):
            heard.clear()
            sell(till)
            paper(till, count)
            happened = [each for each in heard if each in (Event.DRAWER_KICKED, Event.LINE)]
            assert happened[0] is Event.DRAWER_KICKED


def test_a_receipt_in_question_says_to_look_at_the_paper(tmp_path: Path) -> None:
    said: list[str] = []
    url = "sim://printer?power_cut_at=300"
    with closing(open_till(tmp_path, printer=url, language="en")) as till:
        till.start(
            lambda name, values: said.append(values["remedy"]) if values.get("receipt") else None
        )
        begin(till)
        sell(till)
        paper(till, 1)
    assert said == ["Look at the paper: if the receipt is not whole, print a copy."]


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
    ("trouble", "mended", "reason"),
    [
        ("paper out", "paper in", "printer.out_of_paper"),
        ("cover open", "cover closed", "printer.cover_open"),
    ],
)
def test_receipts_wait_for_a_person_while_the_drawer_opens_and_the_till_sells_on(
    tmp_path: Path, printer: Printer, trouble: str, mended: str, reason: str
) -> None:
    said: list[dict[str, object]] = []
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        till.start(lambda name, values: said.append(values) if name == "printer.waits" else None)
        begin(till)
        printer.turn(trouble)
        first = sell(till)
        sell(till)
        wait_until(lambda: printer.simulated.kicks == 2, PATIENCE_S, "the drawer opened twice")
        wait_until(lambda: bool(said), PATIENCE_S, "the cashier was told")
        assert (said[0]["receipt"], said[0]["code"]) == (first["receipt"], reason)
        assert did(till, "last_receipt")["paper"] == "printing"
        printer.turn(mended)
        assert told(paper(till, 2)) == ("printed", None, 0)
        assert did(till, "last_receipt")["paper"] == "printed"
        assert printer.simulated.receipts_cut == 2
        assert_in_order(till)


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


def test_a_receipt_that_is_no_longer_waited_for_is_known_not_to_be_printed(
    tmp_path: Path, printer: Printer
) -> None:
    said: list[str] = []
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        till.start(lambda name, _: said.append(name))
        begin(till)
        printer.turn("paper out")
        sell(till)
        wait_until(lambda: "printer.waits" in said, PATIENCE_S, "it waits")
        did(till, "stop_printing")
        assert told(paper(till, 1)) == ("not_printed", "printer.given_up", 0)


def test_a_person_says_that_a_receipt_in_question_is_whole(tmp_path: Path) -> None:
    killed(tmp_path, receipts=1, copies=0)
    with closing(open_till(tmp_path)) as till:
        assert did(till, "last_receipt")["paper"] == "unknown"
        did(till, "confirm_paper")
        assert did(till, "last_receipt")["paper"] == "printed"
        fate = papers(till)[-1]
        assert (fate.outcome, fate.proof) == (PrintOutcome.PRINTED, "cashier")
        assert refused(till, "confirm_paper") == "paper_not_in_question"


def test_how_it_is_known_that_a_receipt_printed_is_on_record(
    tmp_path: Path, printer: Printer
) -> None:
    for count, (fence, proof) in enumerate((("process_id", "confirmed"), ("gs_r", "fenced")), 1):
        with closing(open_till(tmp_path, printer=f"{printer.url}&fence={fence}")) as till:
            if till.shift.current is None:
                begin(till)
            sell(till)
            fate = paper(till, count)
            assert (fate.outcome, fate.proof) == (PrintOutcome.PRINTED, proof)


def test_a_printer_that_cannot_answer_is_no_reason_to_look_at_every_paper(
    tmp_path: Path, printer: Printer
) -> None:
    said: list[str] = []
    with closing(open_till(tmp_path, printer=f"{printer.url}&fence=none&status=no")) as till:
        till.start(lambda name, _: said.append(name))
        begin(till)
        sell(till)
        assert told(paper(till, 1)) == ("unknown", "printer.one_way", 0)
        assert did(till, "last_receipt")["paper"] == "unconfirmed"
        assert "printer.one_way" not in said


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


@pytest.mark.parametrize("n_bytes", [1, 15, 100, 300, 450])
def test_power_that_goes_within_a_receipt_leaves_a_sale_and_an_unknown_paper(
    tmp_path: Path, n_bytes: int
) -> None:
    """The first 18 bytes ask for the status: power gone there, and nothing was sent."""
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
        sold = sell(till, tender="card")
        fate = paper(till, 1)
        if n_bytes <= 18:
            assert told(fate) == ("not_printed", "printer.unplugged", 0)
        else:
            assert told(fate) == ("unknown", "printer.link_lost", 0)
        wait_until(lambda: bool(faults), PATIENCE_S, "the cashier was told")
        assert faults == [f"{fate.reason} {sold['receipt']}"]
        sell(till, tender="card")
        assert told(paper(till, 2)) == ("not_printed", "printer.unplugged", 0)
        assert_in_order(till)


@pytest.mark.parametrize("n_bytes", [21, 200, 400])
def test_a_printer_that_stalls_leaves_an_unknown_paper_and_a_till_that_sells(
    tmp_path: Path, n_bytes: int
) -> None:
    with closing(open_till(tmp_path, printer=f"sim://printer?stall_at={n_bytes}")) as till:
        assert till.counter.places.printer is not None
        till.counter.places.printer.limits = TIRED
        begin(till)
        sell(till, tender="card")
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
            sell(till, tender="card")
        assert said == [faults_of_the_till.PrintQueueFull.code] * 2
        assert [told(fate) for fate in papers(till)] == [
            ("not_printed", faults_of_the_till.PrintQueueFull.code, 0),
            ("not_printed", faults_of_the_till.PrintQueueFull.code, 0),
        ]
        assert did(till, "x_report")["x"]["sales"] == 5
    with closing(open_till(tmp_path)) as till:
        assert [told(fate) for fate in papers(till)[2:]] == [
            ("not_printed", faults_of_the_till.SwitchedOff.code, 0),
            ("not_printed", faults_of_the_till.SwitchedOff.code, 0),
            ("not_printed", faults_of_the_till.SwitchedOff.code, 0),
        ]
        assert_in_order(till)


def test_a_fault_comes_with_what_to_do_in_the_cashiers_language(
    tmp_path: Path, printer: Printer
) -> None:
    said: list[tuple[str, dict[str, object]]] = []
    for count, language in enumerate(("zh", "en"), start=1):
        with closing(open_till(tmp_path, printer=printer.url, language=language)) as till:
            till.start(
                lambda name, values: said.append((name, values)) if "receipt" in values else None
            )
            printer.turn("paper out")
            if till.shift.current is None:
                begin(till)
            sell(till)
            wait_until(partial(_so_many, said, count), PATIENCE_S, "it was said")
            printer.turn("paper in")
            paper(till, count)
    (name, chinese), (_, english) = said
    assert (name, chinese["code"]) == ("printer.waits", "printer.out_of_paper")
    assert chinese["say"] == "小票打印机缺纸。"
    assert str(english["remedy"]).startswith("Load a new roll")


def _so_many(said: list[tuple[str, dict[str, object]]], count: int) -> bool:
    return len(said) >= count


def test_a_fault_of_the_program_costs_one_receipt_and_not_those_behind(
    tmp_path: Path, printer: Printer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stumble(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with closing(open_till(tmp_path, printer=printer.url)) as till:
        begin(till)
        with monkeypatch.context() as patch:
            patch.setattr(DevicePrinter, "print", stumble)
            sell(till)
            assert told(paper(till, 1)) == ("unknown", faults_of_the_till.CounterFailed.code, 0)
        sell(till)
        assert told(paper(till, 2)) == ("printed", None, 0)


def test_a_receipt_for_a_counter_that_is_closed_is_known_not_to_be_printed(tmp_path: Path) -> None:
    with closing(open_till(tmp_path, printer="sim://printer")) as till:
        begin(till)
        till.counter.close()
        sell(till)
        assert [told(fate) for fate in papers(till)] == [
            ("not_printed", faults_of_the_till.SwitchedOff.code, 0)
        ]
        assert did(till, "last_receipt")["paper"] == "not_printed"


def test_a_sale_without_a_printer_says_so_at_once(till: Till) -> None:
    begin(till)
    did(till, "scan", code=COLA)
    assert views.paper(sold_of(till.sale.pay("cash"))) == "no_printer"


def sold_of(payment: Payment) -> Sold:
    assert payment.sold is not None
    return payment.sold


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
    assert refusal.value.code in ("device.unknown", "till.wrong_kind")
    open_till(tmp_path).close()
