"""The drawer without a sale: the reason is on record first, and the drawer moves for no other."""

from contextlib import closing
from pathlib import Path
from typing import Any

from rehearsal.processes import wait_until
from retail.facts import DrawerOpened
from tests.builders import open_till
from tests.loop_thread import PATIENCE_S, Printer
from tests.till.counter import assert_in_order, begin, did, recorded, types
from tests.till.test_paper import printer

__all__ = ["printer"]


def test_the_drawer_opens_with_its_reason_on_record(tmp_path: Path, printer: Printer) -> None:
    with closing(open_till(tmp_path, printer=printer.url)) as till:
        begin(till)
        did(till, "open_drawer", reason=" change for a note ")
        envelope, fact = recorded(till)[-1]
        assert fact == DrawerOpened("change for a note")
        assert envelope.shift == till.shift.context.shift
        wait_until(lambda: printer.simulated.kicks == 1, PATIENCE_S, "the drawer opened")
        assert printer.simulated.receipts == []
        assert till.shift.figures().sales == 0
        assert till.shift.figures().expected_cash_minor == 50_000
        assert_in_order(till)


def test_a_drawer_that_stays_shut_is_told_of_and_its_reason_stays_on_record(
    tmp_path: Path,
) -> None:
    with closing(open_till(tmp_path, printer="escpos+tcp://127.0.0.1:1")) as till:
        told: list[dict[str, Any]] = []
        till.start(lambda _, values: told.append(values) if "receipt" in values else None)
        begin(till)
        did(till, "open_drawer", reason="change")
        wait_until(lambda: bool(told), PATIENCE_S, "the fault was told")
        (values,) = told
        assert values["receipt"] == ""
        assert values["say"]
        assert values["remedy"]
        assert types(till) == ["shift.opened", "drawer.opened"]
