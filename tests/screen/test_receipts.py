"""Receipts at the screen: one in question comes forward and stands in nobody's way; earlier ones
are found and copied."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pos_client.counter.paper import Ended, Job
from pos_client.till import Till
from retail.catalogue import StoreSettings
from retail.facts import PrintOutcome
from tests.builders import open_till, publish
from tests.screen.cashier import SMALL, Cashier
from tests.till.counter import COLA, PEN, did, refused, sell
from tests.till.test_paper import killed

_ASKS = "Nobody knows whether this receipt came out."


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    """A till that was killed while two receipts printed, started again."""
    killed(tmp_path, receipts=2, copies=0)
    with closing(open_till(tmp_path, printer="sim://printer", language="en")) as till:
        yield till


@pytest.fixture
def cashier(till: Till) -> Iterator[Cashier]:
    cashier = Cashier(till)
    cashier.face.look()
    yield cashier
    assert cashier.face.faults == []


def asked(cashier: Cashier) -> str:
    """The receipt that stands in question on the screen, empty when none does."""
    lines = cashier.lines
    if _ASKS not in " ".join(lines):
        return ""
    return next(line.split()[0] for line in lines if line.strip().startswith("S01-"))


def numbers(till: Till) -> tuple[str, str]:
    """The two in question, in the order in which they are asked about: the newest first."""
    second, first = till.sale.asked_about
    return first, second


def test_each_is_asked_about_until_a_person_has_answered(till: Till, cashier: Cashier) -> None:
    first, second = numbers(till)
    assert asked(cashier) == first
    cashier.press("f6", "enter")
    assert asked(cashier) == second
    cashier.press("f7", "enter")
    assert asked(cashier) == ""
    assert cashier.note == "Copy 1 is printing."
    assert till.sale.sale_of(first).fate == "printed"
    assert till.sale.asked_about == ()


def test_a_key_that_was_meant_for_another_page_answers_nothing(
    till: Till, cashier: Cashier
) -> None:
    first, _ = numbers(till)
    cashier.press("f6", "f7", "f6")
    cashier.press("enter")
    assert till.sale.sale_of(first).fate == "printed"
    cashier.press("enter")
    assert cashier.note == "Choose F6 or F7 first."
    cashier.press("f7")
    cashier.scan(COLA)
    assert cashier.codes == [(COLA, 1000)]
    assert len(till.sale.asked_about) == 1


def test_a_scan_sells_and_the_question_comes_back_once_the_sale_is_paid(
    till: Till, cashier: Cashier
) -> None:
    first, _ = numbers(till)
    cashier.type("3*")
    cashier.scan(COLA)
    assert cashier.codes == [(COLA, 3000)]
    cashier.press("f10")
    assert asked(cashier) == ""  # the customer is still there
    cashier.scan(PEN)
    cashier.press("f11")
    assert asked(cashier) == first


def test_what_is_typed_sells_too_and_other_keys_do_what_they_always_do(cashier: Cashier) -> None:
    cashier.press("f9")
    assert "Reason" in cashier.text
    cashier.press("escape", "f8")
    assert "Find" in cashier.text
    cashier.press("escape")
    assert asked(cashier)
    cashier.press("f1")
    assert "Help" in cashier.text
    cashier.press("escape")
    cashier.type(COLA, "enter")
    assert cashier.codes == [(COLA, 1000)]


def test_one_that_is_put_off_waits_behind_its_key(till: Till, cashier: Cashier) -> None:
    first, second = numbers(till)
    cashier.press("escape")
    assert asked(cashier) == second
    cashier.press("escape")
    assert asked(cashier) == ""
    assert "F7 Receipt ▲2" in cashier.lines[-1]
    cashier.press("f7", "f6")
    assert till.sale.sale_of(first).fate == "printed"
    cashier.press("escape")
    assert "F7 Receipt ▲1" in cashier.lines[-1]
    cashier.press("f7")
    assert second in cashier.text


@pytest.fixture
def jobs(till: Till, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """What the printer is told to print, and has not begun."""
    jobs: list[Job] = []
    monkeypatch.setattr(till.counter, "print", jobs.append)
    return jobs


def test_a_copy_that_did_not_print_leaves_the_question_open_and_its_number_free(
    till: Till, cashier: Cashier, jobs: list[Job]
) -> None:
    first, second = numbers(till)
    cashier.press("f7", "enter")
    assert asked(cashier) == second
    assert "F7 Receipt ▲1" not in cashier.text
    jobs[-1].ended(Ended(PrintOutcome.NOT_PRINTED, reason="printer.unplugged"))
    assert numbers(till) == (first, second)
    assert till.sale.sale_of(first).fate == "not_printed"
    assert till.sale.reprint(first).copies == 1
    jobs[-1].ended(Ended(PrintOutcome.PRINTED))
    assert [*till.sale.asked_about] == [second]
    assert till.sale.reprint(first).copies == 2


def test_a_receipt_that_certainly_did_not_print_asks_nothing_and_waits_for_f7(
    cashier: Cashier, jobs: list[Job]
) -> None:
    cashier.press("f6", "enter", "f6", "enter")
    cashier.scan(COLA)
    cashier.press("f11")
    jobs[-1].ended(Ended(PrintOutcome.NOT_PRINTED, reason="printer.unplugged"))
    cashier.face.told("printer.state", {"ready": True})
    assert cashier.note.startswith("The printer is back. Receipts that did not come out: 1.")
    assert "F7 Receipt ▲1" in cashier.lines[-1]
    cashier.press("f7")
    assert "not printed: F7" in cashier.text
    cashier.press("escape")
    assert "▲" not in cashier.lines[-1]


def test_what_devices_say_does_not_talk_over_a_refusal(cashier: Cashier) -> None:
    cashier.press("escape", "escape")
    cashier.scan("0000000000000")
    refused = cashier.note
    cashier.face.told("printer.state", {"ready": True})
    cashier.face.told("device.plugged", {"kind": None, "name": "x", "url": "serial:///dev/x"})
    assert cashier.note == refused
    cashier.press("escape")
    cashier.face.told("printer.state", {"ready": True})
    cashier.face.told("device.plugged", {"kind": None, "name": "x", "url": "serial:///dev/x"})
    assert cashier.note.startswith("The printer is back.")


def test_nobody_is_asked_in_the_next_shift(till: Till) -> None:
    did(till, "close_shift", counted=0)
    did(till, "open_shift", cashier="1001")
    assert till.sale.asked_about == ()


def test_the_question_fits_a_small_screen(cashier: Cashier) -> None:
    cashier.size = SMALL
    text = cashier.text
    assert "To go on selling, just scan." in " ".join(text.split())
    assert "Esc Later" in text


def test_earlier_receipts_are_turned_to_and_copied(till: Till, cashier: Cashier) -> None:
    first, second = numbers(till)
    cashier.press("f6", "enter", "f6", "enter")
    third = sell(till)["receipt"]
    cashier.press("f7")
    assert third in cashier.text
    cashier.press("left", "left")
    assert second in cashier.text
    cashier.press("left")
    assert cashier.note == "There is no other receipt that way."
    cashier.press("right", "f7")
    assert till.sale.sale_of(first).copies == 1
    assert till.sale.sale_of(second).copies == till.sale.sale_of(third).copies == 0
    cashier.type("1", "enter")
    assert second in cashier.text
    cashier.type("99", "enter")
    assert "none of this till" in cashier.note


def test_a_receipt_is_found_by_the_code_on_it(till: Till, cashier: Cashier) -> None:
    first, _ = numbers(till)
    cashier.press("escape", "escape")
    cashier.scan(first)
    assert first in cashier.text
    assert "F7 Print a copy" in cashier.lines[-1]
    cashier.press("escape")
    cashier.scan("S01-1-AAAAAA-000009")
    assert "This is receipt S01-1-AAAAAA-000009." in cashier.text


def test_a_copy_looks_as_its_receipt_did_whatever_the_template_is_by_now(
    till: Till, tmp_path: Path
) -> None:
    sell(till)
    before = did(till, "last_receipt")["text"]
    template = ("new", "{receipt}", "[items]", "{total}", "[tenders]")
    publish(till, settings=StoreSettings(store_name="Renamed", receipt_template=template))
    assert did(till, "last_receipt")["text"] == before
    sell(till)
    assert did(till, "last_receipt")["text"].startswith("new\n")
    till.close()
    with closing(open_till(tmp_path)) as again:
        first = again.sale.numbered(3)
        assert again.sale.receipt_text(first) == before


def test_a_copy_can_be_asked_for_by_its_number_and_a_wrong_one_is_a_sentence(till: Till) -> None:
    first, _ = numbers(till)
    assert refused(till, "reprint", receipt="S01-1-AAAAAA-000009") == "no_such_receipt"
    assert did(till, "reprint", receipt=first)["copy"] == 1
    assert did(till, "last_receipt", receipt=first)["sale"]["receipt"] == first
    assert sell(till)
