"""Selling by keys and scans, at the face without its glass."""

import pytest

from pos_client.till import Till
from retail.catalogue import CASH, StoreSettings, TenderType
from retail.quantity import Unit
from retail.tax import Tax
from tests.builders import a_product, publish
from tests.screen.cashier import LARGE, SMALL, Cashier
from tests.till.counter import COLA, PEN, WATER


def test_a_scan_lands_in_the_basket_and_above_the_entry(cashier: Cashier) -> None:
    cashier.scan(COLA)
    assert cashier.codes == [(COLA, 1000)]
    assert cashier.note == "可口可乐 cola  ×1  3.50"
    assert cashier.entry == ""


def test_three_times_before_a_code_is_three_of_it(cashier: Cashier) -> None:
    cashier.type("3*")
    cashier.scan(COLA)
    cashier.type(f"2*{WATER}", "enter")
    assert cashier.codes == [(COLA, 3000), (WATER, 2000)]


def test_minus_takes_one_less_and_minus_alone_the_whole_line(cashier: Cashier) -> None:
    cashier.type("3*")
    cashier.scan(COLA, WATER)
    cashier.type("-")
    cashier.scan(COLA)
    assert cashier.codes == [(COLA, 2000), (WATER, 1000)]
    cashier.press("down", "down")
    cashier.type("-", "enter")
    assert cashier.codes == [(COLA, 2000)]


def test_the_shops_own_number_of_a_product_is_typed_as_a_code_is(cashier: Cashier) -> None:
    cashier.type("3*cola", "enter")
    assert cashier.codes == [(COLA, 3000)]
    cashier.type("apple", "enter")
    cashier.type("655", "enter")
    assert cashier.codes[1][1] == 655
    cashier.scan("nothing")
    assert "nothing" in cashier.note
    cashier.type("-cola2", "enter")
    assert "cola2" in cashier.note
    assert len(cashier.codes) == 2


def test_an_unknown_code_is_a_sentence_with_a_way_on_and_goes_with_the_next_act(
    cashier: Cashier,
) -> None:
    cashier.scan("1234567890128")
    assert cashier.bells == 1
    assert cashier.lines[-5].strip() == "1234567890128 不在目录中。"
    assert cashier.lines[-4].strip()
    cashier.scan(COLA)
    assert "不在目录" not in cashier.text


def test_exact_cash_is_one_key(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.press("f11")
    sold = cashier.face.till.sale.last_sale().fact
    assert (sold.total_minor, sold.change_minor) == (350, 0)
    assert "找零" in cashier.text


def test_an_amount_before_the_cash_key_is_what_was_given(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.type("20", "f11")
    assert cashier.face.till.sale.last_sale().fact.change_minor == 1650
    assert cashier.entry == ""


def test_the_change_stands_until_the_next_scan(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.type("20", "f11")
    cashier.press("up", "f1", "escape")
    assert "找零" in cashier.text
    cashier.scan(WATER)
    assert "找零" not in cashier.text


def test_payment_in_parts_by_a_key_each(cashier: Cashier) -> None:
    cashier.scan(PEN)
    cashier.press("f12")
    cashier.type("5", "f2", "enter")
    assert cashier.face.till.sale.basket.due.plain == "3.90"
    assert "还需 3.90" in cashier.note
    cashier.press("enter")
    assert "请先选择" in cashier.note
    cashier.press("f1", "enter")
    assert [tender.name for tender in cashier.face.till.sale.last_sale().fact.tenders] == [
        "card",
        "cash",
    ]


def test_a_key_pressed_twice_by_a_slip_takes_no_money(cashier: Cashier) -> None:
    cashier.scan(PEN)
    cashier.press("f12", "f12", "f12", "f3", "f3", "f5", "f5", "f1", "f1")
    assert cashier.codes == [(PEN, 1000)]
    assert not cashier.face.till.sale.basket.tenders
    cashier.press("f3", "enter")
    assert cashier.codes == []


def test_an_amount_typed_before_the_payment_key_is_not_yet_taken(cashier: Cashier) -> None:
    cashier.scan(PEN)
    cashier.type("5", "f12")
    assert cashier.entry == "5"
    assert not cashier.face.till.sale.basket.tenders


def test_a_likely_sum_is_a_key_and_enter(cashier: Cashier) -> None:
    cashier.scan(PEN)
    cashier.press("f12", "f5", "enter")
    assert cashier.face.till.sale.last_sale().fact.change_minor == 10


def test_a_payment_is_given_back_by_the_undo_key(cashier: Cashier) -> None:
    cashier.scan(PEN)
    cashier.press("f12")
    cashier.type("5", "f1", "enter", "f10")
    assert not cashier.face.till.sale.basket.tenders


def test_undo_in_a_sale_that_is_partly_paid_leads_to_the_payment(cashier: Cashier) -> None:
    cashier.scan(PEN)
    cashier.type("5", "f11", "escape", "f10")
    assert "F10" in cashier.note
    cashier.press("f10")
    assert not cashier.face.till.sale.basket.tenders


def test_undo_takes_back_the_last_act(cashier: Cashier) -> None:
    cashier.scan(COLA, WATER)
    cashier.press("f4")
    assert cashier.codes == [(COLA, 1000)]
    cashier.press("f10")
    assert cashier.codes == [(COLA, 1000), (WATER, 1000)]
    cashier.press("ctrl+z")
    assert cashier.codes == [(COLA, 1000)]


def test_the_quantity_key_takes_what_was_typed_or_asks(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.type("4", "f2")
    assert cashier.codes == [(COLA, 4000)]
    cashier.press("f2")
    cashier.type("6", "enter")
    assert cashier.codes == [(COLA, 6000)]
    cashier.press("f2")
    cashier.scan(WATER)
    assert cashier.codes == [(COLA, 6000), (WATER, 1000)]


@pytest.mark.parametrize(
    ("typed", "total"),
    [("8", 800), ("10%", 801), ("9折", 801), ("85折", 756), ("-0.90", 800)],
    ids=["total", "rate", "tenths", "hundredths", "amount"],
)
def test_a_price_is_changed_with_a_reason(cashier: Cashier, typed: str, total: int) -> None:
    cashier.scan(PEN)
    cashier.press("f3")
    cashier.type(typed, "enter")
    cashier.scan(COLA)
    assert "已等候" in cashier.note
    assert f"{total / 100:.2f}" in cashier.text
    cashier.press("f1", "enter")
    basket = cashier.face.till.sale.basket
    assert basket.lines[0].total.minor == total
    assert cashier.codes == [(PEN, 1000), (COLA, 1000)]


@pytest.mark.parametrize("typed", ["x", "10%%", "-", "1e5", "--5", "10折", "折", "0折"])
def test_what_is_no_price_is_said_and_nothing_changes(cashier: Cashier, typed: str) -> None:
    cashier.scan(PEN)
    cashier.press("f3")
    cashier.type(typed, "enter")
    assert cashier.bells == 1
    assert cashier.face.till.sale.basket.total.minor == 890


def test_the_whole_sale_is_voided_with_a_reason_and_no_scan_slips_in(cashier: Cashier) -> None:
    cashier.scan(COLA, WATER)
    cashier.press("f16")
    cashier.scan(PEN)
    cashier.type(PEN, "enter")  # by hand: a code is no reason
    assert cashier.bells == 2
    cashier.press("f1")
    assert cashier.codes
    cashier.press("enter")
    assert cashier.codes == []
    assert "已作废" in cashier.note


def test_the_change_outlives_a_mistyped_code(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.type("20", "f11")
    cashier.type("77", "enter")
    assert "找零" in cashier.text


def test_a_price_check_answers_a_scan_and_sells_by_enter(cashier: Cashier) -> None:
    cashier.type(".")
    cashier.scan(PEN)
    assert cashier.codes == []
    assert "8.90" in cashier.text
    cashier.press("enter")
    assert cashier.codes == [(PEN, 1000)]


def test_the_last_receipt_is_two_keys_from_a_copy(till: Till, cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.press("f11", "f7")
    assert till.sale.last_receipt is not None
    assert till.sale.last_receipt in cashier.text
    cashier.press("f7")
    assert "没有打印机" in cashier.note


@pytest.mark.parametrize("size", [LARGE, SMALL])
def test_the_newest_line_is_always_in_view(cashier: Cashier, size: tuple[int, int]) -> None:
    cashier.size = LARGE if size == LARGE else SMALL
    for number in range(60):
        cashier.scan(COLA if number % 2 else WATER)
        cashier.press("f3")
        cashier.type("1", "enter", "f1", "enter")
        assert any(line.startswith("▌") for line in cashier.lines)


def test_most_scans_repaint_one_row_and_a_page_turns_rarely(cashier: Cashier) -> None:
    turned = 0
    before = cashier.rows()
    for number in range(60):
        cashier.scan(COLA if number % 2 else WATER)
        cashier.press("f3")
        cashier.type("1", "enter", "f1", "enter")
        after = cashier.rows()
        turned += sum(a != b for a, b in zip(before, after, strict=True)) > 12
        before = after
    assert 1 <= turned <= 8


def test_a_store_without_cash_books_no_card_as_cash(till: Till, cashier: Cashier) -> None:
    publish(till, settings=StoreSettings(tenders=(TenderType("card", "Card", "银行卡"),)))
    cashier.scan(PEN)
    cashier.press("f11")
    assert cashier.codes
    cashier.press("f12", "f11", "f5", "f9")
    assert cashier.codes
    cashier.press("enter")
    assert till.sale.last_sale().fact.tenders[0].name == "card"


def test_a_store_without_any_tender_says_so(till: Till, cashier: Cashier) -> None:
    publish(till, settings=StoreSettings(tenders=()))
    cashier.scan(PEN)
    cashier.press("f12", "f11")
    assert cashier.codes
    assert cashier.face.faults == []


def test_a_picture_survives_a_database_that_fails(
    cashier: Cashier, monkeypatch: pytest.MonkeyPatch
) -> None:
    cashier.scan(PEN)
    cashier.press("f11")
    driver = cashier.face.till.database.driver
    driver.execute("ALTER TABLE paper RENAME TO gone")
    assert "找零" in cashier.text
    assert cashier.face.faults == []
    driver.execute("ALTER TABLE gone RENAME TO paper")


def test_a_price_is_worked_out_from_the_line_as_it_stands(cashier: Cashier) -> None:
    cashier.scan(PEN)
    cashier.press("f3", "ctrl+p", "escape")
    cashier.face.till.sale.set_quantity(5000)
    cashier.type("10%", "enter")
    assert "40.05" in cashier.text
    cashier.press("escape")
    for absurd in ("200%", "-100", "-10%", "0%", "-0"):
        cashier.press("f3")
        cashier.type(absurd, "enter")
        assert "不是金额" in cashier.note
        cashier.press("escape")


def test_escape_steps_back_one_and_never_loses_a_basket(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.press("f12", "f1", "escape", "escape", "escape", "escape")
    assert cashier.codes == [(COLA, 1000)]


def test_every_act_is_found_by_a_part_of_its_name(cashier: Cashier) -> None:
    cashier.press("ctrl+p")
    cashier.type("报表", "enter")
    assert "应有现金" not in cashier.text
    assert "X 报表" in cashier.text
    cashier.press("enter", "ctrl+p")
    cashier.type("jiaoban", "enter")
    assert "清点现金" in cashier.text
    cashier.press("escape")
    cashier.press("f1")
    cashier.press("enter", "ctrl+p")
    cashier.type("english", "enter")
    assert "To pay" in cashier.text


def test_ctrl_q_leaves_and_ctrl_c_only_says_so(cashier: Cashier) -> None:
    cashier.press("ctrl+c")
    assert not cashier.left
    assert "Ctrl+Q" in cashier.text
    cashier.press("ctrl+q", "up", "ctrl+q")
    assert not cashier.left
    cashier.press("ctrl+q")
    assert cashier.left


def test_the_next_customer_is_seen_before_the_first_scan(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.press("f11", "f5")
    cashier.type("M7", "enter")
    assert "M7" in cashier.text
    assert "找零" not in cashier.text
    cashier.press("f10")
    assert "M7" not in cashier.text


def test_a_number_before_a_key_is_the_answer_to_what_it_asks(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.type("x", "f2")
    assert "不是数量" in cashier.note
    cashier.type("3", "enter")
    cashier.type("4", "f2")
    assert cashier.codes == [(COLA, 4000)]


def test_a_tender_beyond_the_keys_is_called_by_its_name(till: Till, cashier: Cashier) -> None:
    cards = (TenderType(f"card{number}", "Card", "银行卡") for number in range(9))
    publish(till, settings=StoreSettings(tenders=(*cards, CASH)))
    cashier.scan(PEN)
    cashier.type("1", "f11")
    assert cashier.text.count("现金") == 2
    assert "cash" not in cashier.text


def test_a_list_that_follows_what_is_typed_is_drawn_with_each_character(cashier: Cashier) -> None:
    assert not cashier.face.key("1", "1", cashier.at_s)
    cashier.press("ctrl+u", "ctrl+p")
    assert cashier.face.key("x", "x", cashier.at_s + 1)


def test_minus_before_a_scan_takes_one_out(cashier: Cashier) -> None:
    cashier.scan(COLA, COLA)
    cashier.type("-")
    cashier.at_s += 1
    cashier.scan(COLA)
    assert cashier.codes == [(COLA, 1000)]


def test_of_an_entry_too_long_for_its_line_the_end_is_seen(cashier: Cashier) -> None:
    cashier.type("1" * 150 + "9")
    assert "19" in cashier.lines[-3]


def test_a_number_before_f2_is_for_the_marked_line(cashier: Cashier) -> None:
    cashier.scan(COLA, PEN)
    cashier.press("up")
    cashier.type("5", "f2")
    assert cashier.codes == [(COLA, 5000), (PEN, 1000)]


def test_what_is_sold_by_the_litre_is_asked_for_in_litres(till: Till, cashier: Cashier) -> None:
    publish(till, [a_product("oil", unit=Unit.LITRE, codes=("2100009",))])
    cashier.scan("2100009")
    assert "多少升" in cashier.text
    cashier.type("0.5", "enter")
    assert cashier.codes == [("2100009", 500)]


def test_a_customer_that_is_forgotten_leaves_no_sale_open(till: Till, cashier: Cashier) -> None:
    cashier.press("f5")
    cashier.type("M7", "enter")
    assert till.sale.is_open()
    cashier.press("f5", "enter")
    assert not till.sale.is_open()


def test_what_was_not_found_sells_nothing_that_was_found_before(cashier: Cashier) -> None:
    cashier.type(f".{COLA}", "enter")
    cashier.type("999", "enter", "escape", "escape")
    assert cashier.codes == []


def test_a_receipt_is_read_to_its_last_line(till: Till, cashier: Cashier) -> None:
    cashier.size = SMALL
    cashier.scan(COLA, WATER, PEN)
    cashier.press("f11", "f7", *["pagedown"] * 9)
    last = till.sale.receipt_text(till.sale.last_sale()).rstrip().split("\n")[-1].strip()
    assert any(last in line for line in cashier.lines)


def test_tax_on_top_stands_beside_the_basket(till: Till, cashier: Cashier) -> None:
    publish(till, [a_product(codes=(COLA,), price_minor=1000, tax=Tax("VAT13", 130_000, False))])
    cashier.scan(COLA)
    assert any("税额" in line and line.split()[-1] == "1.30" for line in cashier.lines)
    assert till.sale.basket.total.minor == 1130
