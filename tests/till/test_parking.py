"""A sale is put aside for the next customer, and goes on: at the prices of then."""

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from pos_client.till import Till
from retail.catalogue import MarkDown, StoreSettings
from retail.facts import SaleCompleted
from retail.quantity import Unit
from retail.revision import Recall
from tests.builders import a_product, open_till, publish
from tests.till.counter import COLA, PEN, assert_in_order, begin, did, recorded, refused
from tests.till.supermarket import recall

SHELF = [a_product("cola", codes=(COLA,)), a_product("pen", codes=(PEN,), price_minor=500)]


@pytest.fixture
def at_work(till: Till) -> Till:
    publish(till, SHELF)
    begin(till)
    return till


def cola_at(till: Till, price_minor: int, **more: object) -> None:
    publish(till, [a_product("cola", codes=(COLA,), price_minor=price_minor, **more), SHELF[1]])


def test_the_next_customer_is_served_and_then_the_first_goes_on(at_work: Till) -> None:
    did(at_work, "scan", code=COLA, quantity=2000)
    did(at_work, "customer", customer="C-7")
    parked = did(at_work, "park", note="forgot the purse")
    assert parked["basket"]["lines"] == []
    assert parked["parked"] | {"at": ""} == {
        "number": 1,
        "at": "",
        "note": "forgot the purse",
        "customer": "C-7",
        "pieces": 2,
        "lines": 1,
        "total": 700,
    }
    did(at_work, "scan", code=PEN)
    assert did(at_work, "pay")["sale"]["total"] == 500
    assert did(at_work, "list_parked")["parked"] == [parked["parked"]]
    again = did(at_work, "resume")
    assert (again["repriced"], again["basket"]["customer"]) == ([], "C-7")
    assert did(at_work, "pay")["sale"]["total"] == 700
    assert did(at_work, "list_parked")["parked"] == []
    assert_in_order(at_work)


def test_the_newest_goes_on_unless_another_is_named(at_work: Till) -> None:
    for note in ("one", "two", "three"):
        did(at_work, "scan", code=COLA)
        did(at_work, "park", note=note)
    assert [each["note"] for each in did(at_work, "list_parked")["parked"]] == [
        *("three", "two", "one")
    ]
    assert did(at_work, "resume", number=2)
    assert refused(at_work, "resume") == "sale_open"
    did(at_work, "void", reason="gone")
    did(at_work, "resume")
    did(at_work, "void", reason="gone")
    assert [each["note"] for each in did(at_work, "list_parked")["parked"]] == ["one"]
    assert refused(at_work, "resume", number=7) == "nothing_parked"


def test_what_costs_something_else_since_is_said(at_work: Till) -> None:
    did(at_work, "scan", code=COLA, quantity=3000)
    did(at_work, "scan", code=PEN)
    did(at_work, "park")
    cola_at(at_work, 400)
    again = did(at_work, "resume")
    assert again["repriced"] == [{"line": 1, "before": 1050, "total": 1200}]
    assert did(at_work, "pay")["sale"]["total"] == 1700
    sold = recorded(at_work)[-1][1]
    assert isinstance(sold, SaleCompleted)
    assert [line.unit_price_minor for line in sold.lines] == [400, 500]
    assert_in_order(at_work)


def test_a_price_that_comes_while_another_sale_is_open_waits_for_the_resuming(
    at_work: Till,
) -> None:
    did(at_work, "scan", code=COLA)
    did(at_work, "park")
    did(at_work, "scan", code=COLA)
    cola_at(at_work, 400)
    assert did(at_work, "pay")["sale"]["total"] == 350
    assert did(at_work, "resume")["basket"]["total"] == 400


def test_what_the_cashier_set_stays(at_work: Till) -> None:
    did(at_work, "scan", code=COLA)
    did(at_work, "line_price", total=100, reason="dented")
    did(at_work, "scan", code=PEN)
    did(at_work, "line_discount", amount=450, reason="scratched")
    did(at_work, "park")
    publish(
        at_work, [a_product("cola", codes=(COLA,), price_minor=400), a_product("pen", codes=(PEN,))]
    )
    again = did(at_work, "resume")
    assert again["basket"]["lines"][0]["total"] == 100
    # an amount off that is more than the line is worth now falls away
    assert again["repriced"] == [{"line": 2, "before": 50, "total": 350}]


def test_goods_near_their_date_are_marked_down_by_the_rules_of_then(at_work: Till) -> None:
    did(at_work, "scan", code=COLA)
    did(at_work, "park")
    rule = StoreSettings(near_expiry=(MarkDown(days_left_max=9, rate_ppm=500_000),))
    publish(at_work, SHELF, rule)
    assert did(at_work, "resume")["repriced"] == []  # its code says no date
    did(at_work, "void", reason="r")
    today = at_work.catalogue.today()
    assert today > date(2020, 1, 1)
    did(at_work, "scan", code=f"(01)0{COLA}(15){today:%y%m%d}")
    assert did(at_work, "basket")["basket"]["total"] == 175
    did(at_work, "park")
    publish(at_work, SHELF, StoreSettings())
    assert did(at_work, "resume")["repriced"] == [{"line": 1, "before": 175, "total": 350}]


def test_what_is_in_the_catalogue_no_more_or_sold_otherwise_costs_what_it_did(
    at_work: Till,
) -> None:
    did(at_work, "scan", code=COLA)
    did(at_work, "scan", code=PEN)
    did(at_work, "park")
    publish(at_work, [a_product("cola", codes=(COLA,), price_minor=9, unit=Unit.KILOGRAM)])
    assert did(at_work, "resume")["repriced"] == []
    assert did(at_work, "pay")["sale"]["total"] == 850


def test_what_was_recalled_meanwhile_is_refused_at_the_payment(at_work: Till) -> None:
    did(at_work, "scan", code=COLA)
    did(at_work, "park")
    recall(at_work, Recall("cola", reason="glass in it"))
    did(at_work, "resume")
    assert refused(at_work, "pay") == "recalled_in_basket"


def test_nothing_and_a_sale_that_is_half_paid_are_not_parked(at_work: Till) -> None:
    assert refused(at_work, "park") == "basket_empty"
    assert refused(at_work, "resume") == "nothing_parked"
    did(at_work, "scan", code=COLA)
    did(at_work, "pay", amount=100)
    assert refused(at_work, "park") == "payment_begun"
    assert_in_order(at_work)


def test_parked_sales_outlast_the_till_and_the_shift(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        publish(till, SHELF)
        begin(till)
        did(till, "scan", code=COLA)
        did(till, "park", note="tomorrow")
        did(till, "close_shift", counted=0)
        assert refused(till, "resume") == "no_shift_open"
    with closing(open_till(tmp_path)) as till:
        assert till.sale.parked_count == 1
        begin(till)
        did(till, "resume")
        assert till.sale.parked_count == 0
        assert_in_order(till)


def test_a_resumed_sale_is_not_taken_back_to_before_it_was_parked(at_work: Till) -> None:
    did(at_work, "scan", code=COLA)
    did(at_work, "park")
    assert refused(at_work, "undo") == "nothing_to_undo"
    did(at_work, "resume")
    assert refused(at_work, "undo") == "nothing_to_undo"
    did(at_work, "scan", code=COLA)
    assert did(at_work, "undo")["basket"]["total"] == 350
