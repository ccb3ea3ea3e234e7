"""Taking back: whatever was done to the open sale is undone act by act, the goods that left the
basket with it stay on record, and the disk never says anything else than the till."""

import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pos_client.sale import service
from pos_client.sale.undoable import Undoable
from pos_client.till import Till
from retail.basket import Basket, RemovedLine
from retail.facts import SaleCompleted, SaleVoided
from tests.builders import open_till, publish
from tests.till.counter import (
    COLA,
    PEN,
    WATER,
    assert_in_order,
    begin,
    did,
    kept_basket,
    recorded,
    refused,
    say,
)
from tests.till.test_any_order import AT_THE_BASKET, SCANNING, SHELF

Seen = tuple[object, ...]


def seen(basket: Basket) -> Seen:
    """What a cashier sees of it."""
    return basket.lines, basket.total, basket.customer, basket.current


# Any acts


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example]
)
@given(
    acts=st.lists(
        st.sampled_from([SCANNING] * 6 + AT_THE_BASKET).flatmap(lambda act: act),
        min_size=5,
        max_size=40,
    )
)
def test_any_acts_are_taken_back_one_by_one_and_no_goods_leave_unrecorded(
    acts: list[dict[str, Any]],
) -> None:
    with tempfile.TemporaryDirectory() as name, closing(open_till(Path(name))) as till:
        publish(till, SHELF)
        begin(till)
        passed: Counter[str] = Counter()
        stood = [seen(till.sale.basket)]
        for act in acts:
            before = till.sale.basket
            if say(till, act)["ok"]:
                if act["do"] == "undo":
                    stood.pop()
                else:
                    stood.append(seen(till.sale.basket))
                    passed += _went_in(before, till.sale.basket)
            _assert_accounted_for(till, passed, stood)
        while len(stood) > 1:
            till.sale.undo()
            stood.pop()
            _assert_accounted_for(till, passed, stood)
        assert till.sale.basket.is_empty


def _held(basket: Basket) -> Counter[str]:
    held: Counter[str] = Counter()
    for line in basket.lines:
        held[line.product.product_id] += line.quantity
    return held


def _went_in(before: Basket, after: Basket) -> Counter[str]:
    return _held(after) - _held(before)


def _assert_accounted_for(till: Till, passed: Counter[str], stood: list[Seen]) -> None:
    """The basket is as it stood, on disk too, and all that went into it is in it or on record.
    What came back by taking a removal back is in it again, and no longer on record."""
    basket = till.sale.basket
    assert seen(basket) == stood[-1]
    assert kept_basket(till) == basket
    gone: Counter[str] = Counter()
    for trace in basket.removed:
        assert trace.quantity > 0
        assert trace.total_minor >= 0
        gone[trace.product_id] += trace.quantity
    assert _held(basket) + gone == passed


# What is said, and when not


def test_it_is_told_what_was_taken_back(till: Till) -> None:
    begin(till)
    did(till, "scan", code=COLA)
    did(till, "scan", code=COLA)
    did(till, "customer", customer="C-1")
    did(till, "remove_line")
    what, line = till.sale.undo()
    assert (what, line) == (Undoable.REMOVE_LINE, till.sale.basket.line(1))
    assert till.sale.undo() == (Undoable.CUSTOMER, None)
    answer = did(till, "undo")
    assert answer["undone"] == "scan"
    assert answer["line"]["quantity"] == 2000
    assert answer["basket"]["lines"][0]["quantity"] == 1000
    assert all(act.label.zh and act.label.en for act in Undoable)


def test_what_was_done_before_a_payment_waits_until_that_is_taken_back(till: Till) -> None:
    begin(till)
    did(till, "scan", code=COLA)
    did(till, "pay", tender="card", amount=100)
    did(till, "customer", customer="C-1")
    assert refused(till, "undo") == "payment_begun"
    did(till, "take_back")
    assert did(till, "undo")["undone"] == "customer"
    assert till.sale.basket.tenders == ()
    assert till.sale.basket.customer is None
    assert did(till, "undo")["basket"]["lines"] == []


@pytest.mark.parametrize("ending", ["pay", "void"])
def test_a_finished_sale_is_not_taken_back(till: Till, ending: str) -> None:
    begin(till)
    did(till, "scan", code=COLA)
    did(till, ending, **({"reason": "left"} if ending == "void" else {}))
    assert refused(till, "undo") == "nothing_to_undo"
    did(till, "scan", code=WATER)
    assert did(till, "undo")["line"]["code"] == WATER
    assert refused(till, "undo") == "nothing_to_undo"


def test_a_restart_forgets_what_could_be_taken_back_and_keeps_the_basket(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        did(till, "scan", code=COLA)
        did(till, "scan", code=WATER)
        did(till, "undo")
        left = till.sale.basket
    with closing(open_till(tmp_path)) as till:
        assert till.sale.basket == left
        assert refused(till, "undo") == "nothing_to_undo"
        did(till, "scan", code=PEN)
        assert did(till, "undo")["line"]["code"] == PEN
        assert_in_order(till)


def test_only_so_many_acts_can_be_taken_back(till: Till) -> None:
    begin(till)
    for _ in range(service.UNDO_MAX + 1):
        did(till, "scan", code=COLA)
    for _ in range(service.UNDO_MAX):
        did(till, "undo")
    assert refused(till, "undo") == "nothing_to_undo"
    assert till.sale.basket.line().quantity == 1000


# On record


def test_the_sales_fact_names_what_was_taken_back_and_books_only_what_was_sold(till: Till) -> None:
    begin(till)
    did(till, "scan", code=COLA, quantity=3000)
    did(till, "quantity", quantity=2000)
    did(till, "scan", code=PEN)
    did(till, "undo")
    did(till, "take_out", code=COLA)
    did(till, "pay")
    (sale,) = [fact for _, fact in recorded(till) if isinstance(fact, SaleCompleted)]
    assert [(line.product_id, line.quantity) for line in sale.lines] == [("cola", 1000)]
    assert sale.removed == (
        RemovedLine("cola", 1000, 350),
        RemovedLine("pen", 1000, 890),
        RemovedLine("cola", 1000, 350),
    )
    assert_in_order(till)


def test_a_sale_whose_every_scan_was_taken_back_is_given_up_on_record(till: Till) -> None:
    begin(till)
    did(till, "scan", code=COLA)
    did(till, "undo")
    assert refused(till, "close_shift", counted=0) == "sale_open"
    did(till, "void", reason="the customer left")
    (void,) = [fact for _, fact in recorded(till) if isinstance(fact, SaleVoided)]
    assert (void.lines, void.removed) == ((), (RemovedLine("cola", 1000, 350),))


def test_a_sale_remembers_no_more_than_a_record_holds(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LINES_MAX", 3)
    begin(till)
    did(till, "scan", code=COLA, quantity=2000)
    for _ in range(3):
        did(till, "take_out", code=COLA)
        did(till, "scan", code=COLA)
    for act in ({"do": "take_out", "code": COLA}, {"do": "remove_line"}, {"do": "undo"}):
        assert refused(till, act.pop("do"), **act) == "basket_full"
    assert did(till, "pay")["sale"]["total"] == 700
