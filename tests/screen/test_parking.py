"""A sale is parked and resumed by one key, and nothing happens unseen."""

from tests.builders import a_product, publish
from tests.screen.cashier import Cashier
from tests.till.counter import COLA, PEN


def test_one_key_parks_and_the_key_says_how_many_wait(cashier: Cashier) -> None:
    cashier.scan(COLA)
    assert "F6 挂单 " in cashier.lines[-1]
    cashier.press("f6")
    assert cashier.note == "已挂单（1），按 F6 取回。"
    assert cashier.codes == []
    assert "F6 挂单 1" in cashier.lines[-1]


def test_a_note_before_the_key_names_it(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.type("蓝衣服", "f6")
    assert cashier.entry == ""
    cashier.scan(PEN, PEN)
    cashier.press("f6")
    cashier.press("f6")
    newest, oldest = (line for line in cashier.lines if line[2:10].strip().count(":") == 1)
    assert newest.startswith("▌ ")
    assert "蓝衣服 · 可口可乐 cola" in oldest
    cashier.press("down", "enter")
    assert cashier.codes == [(COLA, 1000)]
    assert cashier.note == "已取回挂单。"


def test_the_list_goes_with_escape_and_a_scan_begins_a_sale(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.press("f6", "f6", "esc")
    assert cashier.codes == []
    cashier.press("f6")
    cashier.scan(PEN)
    assert cashier.codes == [(PEN, 1000)]


def test_what_costs_something_else_since_is_to_be_looked_at(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.press("f6")
    publish(cashier.face.till, [a_product("cola", codes=(COLA,), price_minor=400)])
    cashier.press("f6", "enter")
    assert "挂单后价格已变：可口可乐 cola 3.50 → 4.00" in cashier.text
    assert cashier.codes == [(COLA, 1000)]


def test_the_list_scrolls_to_what_is_marked(cashier: Cashier) -> None:
    for number in range(40):
        cashier.scan(COLA)
        cashier.type(f"n{number}", "f6")
    cashier.press("f6", *["down"] * 39)
    assert any(line.startswith("▌ ") and "n0 ·" in line for line in cashier.lines)
    cashier.press("pageup", "pageup", "pageup", "pageup")
    assert any(line.startswith("▌ ") and "n39 ·" in line for line in cashier.lines)


def test_f6_with_nothing_open_and_nothing_parked_says_so(cashier: Cashier) -> None:
    cashier.press("f6")
    assert cashier.bells == 1
    assert cashier.note
