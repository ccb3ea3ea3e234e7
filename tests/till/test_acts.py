"""Every act of cashier and clerk, as the screens call it and as lines say it, on a real file."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pos_client.acts import ACTS, name_of
from pos_client.till import Till
from retail.basket import Discount
from retail.money import Money
from tests.builders import a_product, enrol_till, open_till, publish
from tests.till.child import a_child
from tests.till.counter import (
    APPLES,
    COLA,
    PEN,
    WATER,
    Reply,
    assert_in_order,
    begin,
    did,
    refused,
    say,
    sell,
    types,
)

#: a day at the till: each act and some of what it must answer
DAY: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"do": "status"}, {"store": "S01", "till": "S01-1", "shift": None, "products": 4}),
    ({"do": "price_check", "code": APPLES}, {}),
    ({"do": "find", "words": "nothing of the kind"}, {"found": []}),
    ({"do": "product", "code": APPLES}, {}),
    ({"do": "decide_code", "code": "01234053", "reading": "upce"}, {"reading": "upce"}),
    (
        {"do": "open_shift", "cashier": "1001", "float": 50_000},
        {
            "shift": {
                "number": 1,
                "shift": "000001-1",
                "cashier": "1001",
                "business_date": "2026-06-03",
                "currency": "CNY",
                "float": 50_000,
            }
        },
    ),
    ({"do": "receive", "reference": "DN-7", "lines": [{"code": COLA, "quantity": 24_000}]}, {}),
    ({"do": "scan", "code": COLA}, {}),
    ({"do": "scan", "code": COLA, "quantity": 2000}, {}),
    ({"do": "weigh", "code": APPLES, "weight_g": 655}, {}),
    ({"do": "choose", "product_id": "water"}, {}),
    ({"do": "undo"}, {"undone": "scan"}),
    ({"do": "take_out", "code": COLA}, {}),
    ({"do": "undo"}, {"undone": "take_out"}),
    ({"do": "scan", "code": WATER}, {}),
    ({"do": "remove_line"}, {"removed": 4}),
    ({"do": "scan", "code": PEN}, {}),
    ({"do": "quantity", "quantity": 2000}, {}),
    ({"do": "line_discount", "amount": 180, "reason": "damaged"}, {}),
    ({"do": "line_discount", "rate_ppm": 100_000, "reason": "staff", "line": 2}, {}),
    ({"do": "line_price", "total": 1000, "reason": "shelf label", "line": 1}, {}),
    ({"do": "customer", "customer": "C-42"}, {}),
    ({"do": "basket"}, {}),
    ({"do": "park", "note": "forgot the purse"}, {}),
    ({"do": "list_parked"}, {}),
    ({"do": "resume"}, {"repriced": []}),
    ({"do": "suggest_cash", "most": 4}, {"cash": [3354, 4000, 5000, 10_000]}),
    ({"do": "pay", "tender": "card", "amount": 1000}, {"due": 2354, "change": 0}),
    ({"do": "take_back"}, {"given_back": 1000}),
    ({"do": "pay", "tender": "wechat", "amount": 354}, {"due": 3000, "change": 0}),
    ({"do": "pay", "amount": 5000}, {"due": 0, "change": 2000}),
    ({"do": "last_receipt"}, {"paper": "no_printer", "copies": 0}),
    ({"do": "scan", "code": WATER}, {}),
    ({"do": "void", "reason": "the customer left"}, {}),
    ({"do": "x_report"}, {}),
    ({"do": "reprint"}, {"ok": False}),
    ({"do": "open_drawer", "reason": "change"}, {"ok": False}),
    ({"do": "confirm_paper"}, {"ok": False}),
    ({"do": "stop_printing"}, {}),
    ({"do": "devices"}, {"devices": []}),
    ({"do": "locker"}, {"ok": False}),
    ({"do": "open_compartment", "compartment": 1, "reason": "inspection"}, {"ok": False}),
    ({"do": "store_parcel", "compartment": 1, "parcel": "PK1.8F3A"}, {"ok": False}),
    ({"do": "take_parcel", "compartment": 1}, {"ok": False}),
    ({"do": "withdraw_compartment", "compartment": 1, "reason": "dirty"}, {"ok": False}),
    ({"do": "return_compartment", "compartment": 1}, {"ok": False}),
    (
        {
            "do": "close_shift",
            "counted": 52_990,
            "counts": [{"value": 10_000, "number": 5}, {"value": 10, "number": 299}],
        },
        {},
    ),
    ({"do": "help"}, {}),
]
BASKET_OF_THE_DAY = [
    {"line": 1, "code": COLA, "quantity": 3000, "unit_price": 350, "discount": 0, "total": 1000},
    {"line": 2, "code": APPLES, "quantity": 655, "unit_price": 1280, "discount": 84, "total": 754},
    {"line": 5, "code": PEN, "quantity": 2000, "unit_price": 890, "discount": 180, "total": 1600},
]


def test_a_whole_day_is_told_act_by_act(till: Till) -> None:
    answers = [say(till, act) for act, _ in DAY]
    _assert_as_told(answers)
    assert_in_order(till)
    assert types(till) == [
        "code.decided",
        *("shift.opened", "stock.received", "sale.completed", "sale.voided", "shift.closed"),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_real_child_tells_the_same_day(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    with a_child(tmp_path, "--clock-start", "2026-06-03T09:00:00+08:00") as child:
        answers = [child.try_act(act["do"], **_fields(act)) for act, _ in DAY]
        ready = child.next_event("ready")
        child.close_input()
        assert child.wait() == 0
        assert child.stderr_tail == ""
    assert ready["till"] == "S01-1"
    _assert_as_told(answers)
    again = open_till(tmp_path)
    assert_in_order(again)
    again.close()


def _fields(act: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in act.items() if name != "do"}


def _assert_as_told(answers: list[Reply]) -> None:
    for (act, wanted), answer in zip(DAY, answers, strict=True):
        told = {"ok": True, **wanted}
        assert {name: answer.get(name) for name in told} == told, (act, answer)
    by_name = {act["do"]: answer for (act, _), answer in zip(DAY, answers, strict=True)}
    lines = [
        {name: line[name] for name in BASKET_OF_THE_DAY[0]}
        for line in by_name["basket"]["basket"]["lines"]
    ]
    assert lines == BASKET_OF_THE_DAY
    assert by_name["basket"]["basket"]["total"] == 3354
    assert by_name["basket"]["basket"]["customer"] == "C-42"
    assert by_name["pay"]["sale"]["receipt"] == "S01-1-000001-000001"
    assert "S01-1-000001-000001" in by_name["last_receipt"]["text"]
    assert by_name["void"]["basket"]["lines"] == []
    assert by_name["reprint"]["refusal"]["code"] == "no_printer"
    _assert_figures(by_name["x_report"]["x"], by_name["close_shift"])
    assert set(by_name["help"]["acts"]) == {name_of(act) for act in ACTS}


def _assert_figures(x: Reply, closing: Reply) -> None:
    assert closing["x"] == x
    assert (x["sales"], x["takings"], x["tenders"]) == (1, 3354, {"cash": 3000, "wechat": 354})
    assert (x["expected_cash"], x["float"]) == (53_000, 50_000)
    assert x["taxes"] == {"VAT13": 115 + 184, "VAT9": 62}
    assert x["net"] == 3354 - 115 - 184 - 62
    closed = {
        "number": 1,
        "expected": 53_000,
        "counted": 52_990,
        "difference": -10,
        "sales": 1,
        "counts": [{"value": 10_000, "number": 5}, {"value": 10, "number": 299}],
    }
    assert closing["closed"] == closed


def test_the_day_leaves_no_act_out() -> None:
    assert {act["do"] for act, _ in DAY} == {name_of(act) for act in ACTS}


def test_the_same_day_goes_through_the_till_itself(till: Till) -> None:
    till.shift.open("1001", 50_000)
    till.stock.receive("DN-7", [(COLA, 24_000)])
    till.sale.scan(COLA)
    assert till.sale.scan(COLA, 2000) == till.sale.basket.line(1)
    assert till.sale.basket.pieces == 3
    assert till.sale.weigh(APPLES, 655).total == Money(838, "CNY")
    till.sale.scan(WATER)
    assert till.sale.undo().what == "scan"
    assert till.sale.take_out(COLA).line == till.sale.basket.line(1)
    assert till.sale.undo().what == "take_out"
    till.sale.scan(WATER)
    assert till.sale.remove_line().number == 4
    till.sale.scan(PEN)
    assert till.sale.set_quantity(2000).total == Money(1780, "CNY")
    assert till.sale.discount(Discount("damaged", amount_minor=180)).total.minor == 1600
    assert till.sale.discount(Discount("staff", rate_ppm=100_000), 2).total.minor == 754
    assert till.sale.set_line_price(Money(1000, "CNY"), "shelf label", 1).total.minor == 1000
    till.sale.set_customer("C-42")
    till.sale.park("forgot the purse")
    assert till.sale.resume() == []
    assert till.sale.cash_suggestions(most=2) == (Money(3354, "CNY"), Money(5000, "CNY"))
    till.sale.pay("card", Money(1000, "CNY"))
    assert till.sale.take_back() == Money(1000, "CNY")
    till.sale.pay("wechat", Money(354, "CNY"))
    paid = till.sale.pay("cash", Money(5000, "CNY"))
    assert (paid.due.minor, paid.change.minor) == (0, 2000)
    assert paid.sold is not None
    assert till.sale.last_sale().fact == paid.sold.fact
    assert till.sale.last_receipt == paid.sold.fact.receipt
    till.sale.scan(WATER)
    till.sale.void("the customer left")
    closed, _ = till.shift.close(52_990)
    assert closed.difference_minor == -10
    assert till.shift.current is None
    assert_in_order(till)


# What is refused: the code, a sentence in two languages, and nothing changed

Setting = Callable[[Till], object]


def _nothing(till: Till) -> None:
    pass


def _scanned(till: Till) -> None:
    begin(till)
    did(till, "scan", code=COLA)


def _partly_paid(till: Till) -> None:
    _scanned(till)
    did(till, "pay", tender="card", amount=100)


A_YUAN = [{"value": 100, "number": 1}]
REFUSALS: list[tuple[str, Setting, dict[str, Any]]] = [
    ("no_shift_open", _nothing, {"do": "scan", "code": COLA}),
    ("no_shift_open", _nothing, {"do": "customer", "customer": "C"}),
    ("no_shift_open", _nothing, {"do": "pay"}),
    ("no_shift_open", _nothing, {"do": "x_report"}),
    ("no_shift_open", _nothing, {"do": "close_shift", "counted": 0}),
    ("unknown_cashier", _nothing, {"do": "open_shift", "cashier": "9999"}),
    ("unknown_cashier", _nothing, {"do": "open_shift", "cashier": ""}),
    ("absurd_amount", _nothing, {"do": "open_shift", "cashier": "1001", "float": -1}),
    ("absurd_amount", _nothing, {"do": "open_shift", "cashier": "1001", "float": 10**15}),
    ("shift_already_open", begin, {"do": "open_shift", "cashier": "1001"}),
    ("absurd_amount", begin, {"do": "close_shift", "counted": -1}),
    ("absurd_amount", begin, {"do": "close_shift", "counted": 10**15}),
    ("sale_open", _scanned, {"do": "close_shift", "counted": 0}),
    ("counts_disagree", begin, {"do": "close_shift", "counted": 300, "counts": A_YUAN}),
    (
        "counts_disagree",
        begin,
        {"do": "close_shift", "counted": 300, "counts": [{"value": -100, "number": -3}]},
    ),
    (
        "counts_disagree",
        begin,
        {"do": "close_shift", "counted": 300, "counts": [{"value": 100, "number": 0}]},
    ),
    (
        "counts_disagree",
        _nothing,
        {"do": "open_shift", "cashier": "1001", "float": 99, "counts": A_YUAN},
    ),
    ("no_shift_open", _nothing, {"do": "open_drawer", "reason": "change"}),
    ("reason_needed", begin, {"do": "open_drawer", "reason": " "}),
    ("no_printer", begin, {"do": "open_drawer", "reason": "change"}),
    ("no_shift_open", _nothing, {"do": "take_out", "code": COLA}),
    ("not_in_basket", begin, {"do": "take_out", "code": COLA}),
    ("not_in_basket", _scanned, {"do": "take_out", "code": APPLES}),
    ("unknown_barcode", _scanned, {"do": "take_out", "code": "0000"}),
    ("absurd_quantity", _scanned, {"do": "take_out", "code": COLA, "quantity": 2000}),
    ("payment_begun", _partly_paid, {"do": "take_out", "code": COLA}),
    ("nothing_to_undo", begin, {"do": "undo"}),
    ("payment_begun", _partly_paid, {"do": "undo"}),
    ("basket_empty", begin, {"do": "suggest_cash"}),
    ("unknown_barcode", begin, {"do": "scan", "code": "0000"}),
    ("code_unreadable", begin, {"do": "scan", "code": ""}),
    ("code_unreadable", begin, {"do": "scan", "code": "\0"}),
    ("unknown_product", begin, {"do": "choose", "product_id": "none"}),
    ("unknown_product", begin, {"do": "product", "product_id": "none"}),
    ("not_ambiguous", begin, {"do": "decide_code", "code": COLA, "reading": "upce"}),
    ("unknown_barcode", begin, {"do": "price_check", "code": "' OR 1=1 --"}),
    ("needs_weight", begin, {"do": "scan", "code": APPLES}),
    ("not_weighed", begin, {"do": "weigh", "code": COLA, "weight_g": 500}),
    ("not_weighed", begin, {"do": "scan", "code": COLA, "quantity": 1500}),
    ("absurd_quantity", begin, {"do": "scan", "code": COLA, "quantity": 0}),
    ("absurd_quantity", begin, {"do": "scan", "code": COLA, "quantity": -1000}),
    ("absurd_quantity", begin, {"do": "scan", "code": COLA, "quantity": 1_000_000}),
    ("absurd_quantity", _scanned, {"do": "scan", "code": COLA, "quantity": 999_000}),
    ("absurd_quantity", _scanned, {"do": "quantity", "quantity": 0}),
    ("absurd_quantity", _scanned, {"do": "quantity", "quantity": 6_901_028_075_022_000}),
    ("absurd_quantity", begin, {"do": "weigh", "code": APPLES, "weight_g": 0}),
    ("no_such_line", _scanned, {"do": "remove_line", "line": 2}),
    ("no_such_line", _scanned, {"do": "quantity", "quantity": 1000, "line": -1}),
    ("absurd_price", _scanned, {"do": "line_price", "total": -1, "reason": "r"}),
    ("absurd_price", _scanned, {"do": "line_discount", "amount": 351, "reason": "r"}),
    ("absurd_price", _scanned, {"do": "line_discount", "amount": -1, "reason": "r"}),
    ("absurd_rate", _scanned, {"do": "line_discount", "rate_ppm": 1_000_001, "reason": "r"}),
    ("reason_needed", _scanned, {"do": "line_price", "total": 1, "reason": " "}),
    ("reason_needed", _scanned, {"do": "line_discount", "amount": 1, "reason": ""}),
    ("reason_needed", _scanned, {"do": "void", "reason": "\t"}),
    ("basket_empty", begin, {"do": "pay"}),
    ("basket_empty", begin, {"do": "void", "reason": "r"}),
    ("payment_begun", _partly_paid, {"do": "scan", "code": COLA}),
    ("payment_begun", _partly_paid, {"do": "quantity", "quantity": 2000}),
    ("payment_begun", _partly_paid, {"do": "remove_line"}),
    ("payment_begun", _partly_paid, {"do": "line_price", "total": 1, "reason": "r"}),
    ("payment_begun", _partly_paid, {"do": "line_discount", "amount": 1, "reason": "r"}),
    ("payment_begun", _partly_paid, {"do": "void", "reason": "r"}),
    ("sale_open", _partly_paid, {"do": "close_shift", "counted": 0}),
    ("unknown_tender", _scanned, {"do": "pay", "tender": "seashells"}),
    ("tender_too_large", _scanned, {"do": "pay", "tender": "card", "amount": 351}),
    ("absurd_payment", _scanned, {"do": "pay", "amount": 0}),
    ("absurd_payment", _scanned, {"do": "pay", "amount": -350}),
    ("absurd_payment", _scanned, {"do": "pay", "amount": 6_901_028_075_022}),
    ("no_such_tender", _scanned, {"do": "take_back"}),
    ("no_such_tender", _partly_paid, {"do": "take_back", "tender": 2}),
    ("no_such_tender", _partly_paid, {"do": "take_back", "tender": 0}),
    ("no_sale_yet", begin, {"do": "last_receipt"}),
    (
        "delivery_incomplete",
        begin,
        {"do": "receive", "reference": " ", "lines": [{"code": COLA, "quantity": 1000}]},
    ),
    ("delivery_incomplete", begin, {"do": "receive", "reference": "DN", "lines": []}),
    (
        "absurd_quantity",
        begin,
        {"do": "receive", "reference": "DN", "lines": [{"code": COLA, "quantity": -1000}]},
    ),
    (
        "unknown_barcode",
        begin,
        {
            "do": "receive",
            "reference": "DN",
            "lines": [{"code": COLA, "quantity": 1000}, {"code": "0000", "quantity": 1000}],
        },
    ),
]


@pytest.mark.parametrize(
    ("code", "setting", "act"), REFUSALS, ids=[f"{act['do']}-{code}" for code, _, act in REFUSALS]
)
def test_a_refused_act_changes_nothing_and_says_why(
    till: Till, code: str, setting: Setting, act: dict[str, Any]
) -> None:
    setting(till)
    assert refused(till, act["do"], **_fields(act)) == code
    said = {}
    for language in ("zh", "en"):
        till.settings = till.settings.model_copy(update={"language": language})
        refusal = say(till, act)["refusal"]
        said[language] = refusal["say"] + refusal["remedy"]
        assert "{" not in said[language]
        assert refusal["say"]
        assert refusal["remedy"]
    assert any("一" <= char <= "鿿" for char in said["zh"])
    assert said["en"] != said["zh"]
    assert_in_order(till)


def test_a_till_goes_on_after_any_refusal(till: Till) -> None:
    begin(till)
    for _, _, act in REFUSALS:
        if act["do"] not in ("open_shift", "close_shift", "receive", "reprint"):
            say(till, act)
    did(till, "customer", customer=None)
    if till.sale.basket.lines:
        did(till, "void", reason="untidy")
    sale = sell(till, COLA, WATER)
    assert sale["total"] == 550
    assert_in_order(till)


def test_a_sale_of_more_lines_than_a_record_holds_is_refused_before_it_is_rung_up(
    till: Till,
) -> None:
    begin(till)
    for _ in range(1000):
        till.sale.weigh(APPLES, 1)
    assert refused(till, "weigh", code=APPLES, weight_g=1) == "basket_full"
    assert did(till, "pay")["sale"]["lines"] == 1000


def test_a_delivery_too_large_for_one_record_is_refused_whole(till: Till) -> None:
    publish(till, [a_product("p" * 150, codes=("1",))])
    lines = [{"code": "1", "quantity": 1000}] * 8_000
    assert refused(till, "receive", reference="DN", lines=lines) == "too_much_at_once"


def test_a_delivery_needs_no_shift_and_moves_stock_only(till: Till) -> None:
    lines = [{"code": COLA, "quantity": 24_000}, {"code": APPLES, "quantity": 12_345}]
    did(till, "receive", reference=" DN-9 ", lines=lines)
    assert types(till) == ["stock.received"]
    with till.database.reader() as connection:
        rows = connection.exec_driver_sql("SELECT product, account, amount FROM stock_ledger")
        assert sorted(rows.fetchall()) == [
            ("apple", "store", 12_345),
            ("apple", "supplier", -12_345),
            ("cola", "store", 24_000),
            ("cola", "supplier", -24_000),
        ]
    assert_in_order(till)


def test_a_shop_without_published_cashiers_takes_any_name(tmp_path: Path) -> None:
    enrol_till(tmp_path)
    till = open_till(tmp_path)
    try:
        publish(till, cashiers=())
        did(till, "open_shift", cashier="anyone", business_date=date(2026, 6, 3).isoformat())
        did(till, "scan", code=COLA)
    finally:
        till.close()


def test_upc_and_ean_of_one_product_are_one_number(till: Till) -> None:
    begin(till)
    publish(
        till,
        [a_product("upc", codes=("036000291452",)), a_product("ean", codes=("0012345678905",))],
    )
    assert did(till, "scan", code="0036000291452")["line"]["product_id"] == "upc"
    assert did(till, "scan", code=" 012345678905 ")["line"]["product_id"] == "ean"


def test_help_names_every_field_with_its_type(till: Till) -> None:
    acts = did(till, "help")["acts"]
    assert acts["scan"]["fields"] == {"code": "str", "quantity": "int | null"}
    assert acts["receive"]["fields"] == {"reference": "str", "lines": "list of Delivered"}
    assert json.dumps(acts).count("Annotated") == 0


def test_a_till_that_never_heard_from_head_office_says_so(tmp_path: Path) -> None:
    enrol_till(tmp_path)
    till = open_till(tmp_path)
    try:
        assert refused(till, "open_shift", cashier="1001") == "catalogue_not_here"
        assert refused(till, "price_check", code=COLA) == "catalogue_not_here"
    finally:
        till.close()
