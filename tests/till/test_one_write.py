"""A sale is one write: fact, books, receipt number and the cleared basket together or not at all,
with one sync of the disk."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pos_client.till import Till
from rehearsal.processes import wait_until
from retail.facts import SaleCompleted
from retail.postings import Unbalanced
from tests.builders import open_till
from tests.till.child import a_child
from tests.till.counter import (
    APPLES,
    COLA,
    Reply,
    assert_in_order,
    begin,
    counted_by_hand,
    did,
    disk,
    do,
    other_program,
    recorded,
    refused,
    sell,
    types,
)

#: every statement of a sale: what happens to which table
STATEMENTS = [
    "INSERT ON journal",
    "INSERT ON sale",
    "DELETE ON open_line",
    "DELETE ON open_sale",
    "INSERT ON money_ledger",
    "UPDATE ON money_ledger",
    "INSERT ON stock_ledger",
    "UPDATE ON stock_ledger",
]
DELIVERY = [{"code": COLA, "quantity": 1000}]


@pytest.fixture
def traced(till: Till) -> Iterator[list[str]]:
    """The statements of this till's connection as they are run."""
    heard: list[str] = []
    till.database.driver.set_trace_callback(heard.append)
    yield heard
    till.database.driver.set_trace_callback(None)


def test_a_sale_is_one_transaction_with_everything_in_it(till: Till, traced: list[str]) -> None:
    begin(till)
    did(till, "scan", code=COLA)
    traced.clear()
    did(till, "pay")
    changing = [said for said in traced if not said.startswith(("SELECT", "--"))]
    assert changing[0] == "BEGIN IMMEDIATE"
    assert changing[-1] == "COMMIT"
    assert changing.count("COMMIT") == 1
    touched = {
        table
        for said in changing[1:-1]
        for table in re.findall(r"^(?:INSERT INTO|DELETE FROM) (\w+)", said)
    }
    assert touched == {
        "journal", "sale", "open_line", "open_sale", "money_ledger", "stock_ledger",
    }  # fmt: skip


@pytest.mark.parametrize("effect", ["ABORT", "ROLLBACK", "FAIL"])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_sale_that_fails_at_any_statement_leaves_nothing_half_written(
    till: Till, statement: str, effect: str
) -> None:
    begin(till)
    sell(till, COLA)
    did(till, "scan", code=COLA)
    did(till, "weigh", code=APPLES, weight_g=500)
    did(till, "customer", customer="C-42")
    did(till, "pay", tender="card", amount=100)
    with other_program(till) as other:
        other.execute(
            f"CREATE TRIGGER struck BEFORE {statement} BEGIN SELECT RAISE({effect}, 'struck'); END"
        )
    head = till.recorder.head
    assert refused(till, "pay") == "database_damaged"
    assert till.recorder.head == head
    assert not till.database.driver.in_transaction
    with other_program(till) as other:
        other.execute("DROP TRIGGER struck")
    assert_in_order(till)
    sale = did(till, "pay")["sale"]
    assert sale["receipt"].endswith("-000002")
    assert (sale["total"], sale["customer"]) == (990, "C-42")
    assert till.shift.figures() == counted_by_hand(till)
    assert_in_order(till)


@pytest.mark.parametrize(
    ("act", "fields", "statement"),
    [
        ("scan", {"code": COLA}, "INSERT ON open_line"),
        ("customer", {"customer": "C"}, "INSERT ON open_sale"),
        ("remove_line", {}, "DELETE ON open_line"),
        ("pay", {"amount": 100}, "INSERT ON open_sale"),
        ("void", {"reason": "r"}, "DELETE ON open_sale"),
        ("void", {"reason": "r"}, "INSERT ON journal"),
        ("receive", {"reference": "DN", "lines": DELIVERY}, "INSERT ON stock_ledger"),
    ],
)  # fmt: skip
def test_any_act_that_fails_leaves_memory_and_disk_as_they_were(
    till: Till, act: str, fields: dict[str, object], statement: str
) -> None:
    begin(till)
    did(till, "scan", code=APPLES, quantity=500)
    with other_program(till) as other:
        other.execute(
            f"CREATE TRIGGER struck BEFORE {statement} BEGIN SELECT RAISE(ABORT, ''); END"
        )
    assert refused(till, act, **fields) == "database_damaged"
    with other_program(till) as other:
        other.execute("DROP TRIGGER struck")
    did(till, act, **fields)
    assert_in_order(till)


@pytest.mark.parametrize("statement", ["INSERT ON shift", "UPDATE ON shift", "INSERT ON journal"])
def test_a_shift_opens_and_closes_whole_or_not_at_all(till: Till, statement: str) -> None:
    with other_program(till) as other:
        other.execute(
            f"CREATE TRIGGER struck BEFORE {statement} BEGIN SELECT RAISE(ABORT, ''); END"
        )
    if "UPDATE" in statement:
        begin(till)
        assert refused(till, "close_shift", counted=50_000) == "database_damaged"
        assert till.shift.current is not None
    else:
        assert refused(till, "open_shift", cashier="1001", float=1) == "database_damaged"
        assert till.shift.current is None
    with other_program(till) as other:
        other.execute("DROP TRIGGER struck")
    if till.shift.current is None:
        begin(till)
    did(till, "close_shift", counted=50_000)
    assert types(till) == ["shift.opened", "shift.closed"]
    assert_in_order(till)


def test_a_sale_that_no_books_could_take_is_a_bug_and_loud(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fact that does not add up is refused by the books before anything is written."""
    begin(till)
    did(till, "scan", code=COLA)
    before = disk(till)
    honest = SaleCompleted.of.__func__  # type: ignore[attr-defined]

    def crooked(cls: type[SaleCompleted], *given: object) -> SaleCompleted:
        fact: SaleCompleted = msgspec.structs.replace(honest(cls, *given), total_minor=1)
        return fact

    monkeypatch.setattr(SaleCompleted, "of", classmethod(crooked))
    with pytest.raises(Unbalanced):
        do(till, "pay")
    assert disk(till) == before
    monkeypatch.undo()
    did(till, "pay")
    assert_in_order(till)


def test_a_commit_is_seen_by_others_before_it_is_answered(till: Till) -> None:
    begin(till)
    sold = sell(till)
    _, fact = recorded(till)[-1]
    assert getattr(fact, "receipt", None) == sold["receipt"]
    with other_program(till) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    (level,) = till.database.driver.execute("PRAGMA synchronous").fetchone()
    assert level == 2


def test_acts_of_many_threads_take_turns(till: Till) -> None:
    """A screen, the sync and the counter act from threads of their own."""
    begin(till)
    answers: list[Reply] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        for _ in range(15):
            answers.append(do(till, "scan", code=COLA))
            answers.append(do(till, "price_check", code=COLA))
            till.sale.between_sales()
            answers.append(do(till, "pay"))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    refusals = {answer["refusal"]["code"] for answer in answers if not answer["ok"]}
    assert refusals <= {"basket_empty"}
    sold = sum(len(fact.lines) for _, fact in recorded(till) if isinstance(fact, SaleCompleted))
    assert sold == sum("sale" in answer for answer in answers)
    assert till.shift.figures() == counted_by_hand(till)
    assert_in_order(till)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="syncs are counted by strace")
def test_an_act_syncs_the_disk_once(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    trace = tmp_path / "syncs"
    with a_child(tmp_path) as child:
        child.act("open_shift", cashier="1001", confirm=True)
        child.act("scan", code=COLA)
        watcher = subprocess.Popen(
            [
                "strace",
                "-f",
                "-qq",
                "-e",
                "trace=fsync,fdatasync",
                "-o",
                trace,
                "-p",
                str(child.pid),
            ],
            stderr=subprocess.PIPE,
        )
        try:
            _wait_until_traced(child.pid, watcher)
            assert _syncs(trace) == 0
            child.act("pay")
            assert _syncs(trace) == 1
            child.act("scan", code=COLA)
            assert _syncs(trace) == 2
            child.act("basket")
            child.act("x_report")
            child.try_act("scan", code="0000")
            assert _syncs(trace) == 2
        finally:
            watcher.terminate()
            watcher.communicate()


def _wait_until_traced(pid: int, watcher: "subprocess.Popen[bytes]") -> None:
    def traced() -> bool:
        if watcher.poll() is not None:
            assert watcher.stderr is not None
            pytest.skip(f"strace may not look: {watcher.stderr.read().decode().strip()}")
        threads = Path(f"/proc/{pid}/task").iterdir()
        return all("TracerPid:\t0\n" not in (each / "status").read_text() for each in threads)

    wait_until(traced, 60, "strace looked on")


def _syncs(trace: Path) -> int:
    return len(re.findall(r"\b(?:fsync|fdatasync)\(", trace.read_text()))
