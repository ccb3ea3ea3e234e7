"""Where a scan lands: in the basket, whatever is open, unless a question must be answered first."""

from contextlib import closing
from pathlib import Path

import pytest

from pos_client.screen.page import SCANS_WAITING_MAX
from pos_client.till import Till
from tests.builders import a_product, open_till, publish, the_shelf
from tests.screen.cashier import SCANNER_S, Cashier
from tests.till.counter import APPLES, COLA, PEN, WATER


def test_a_weighed_product_asks_for_its_weight_and_the_next_scan_waits(cashier: Cashier) -> None:
    cashier.scan(APPLES, COLA)
    assert cashier.codes == []
    assert "已等候" in cashier.note
    cashier.type("655", "enter")
    assert cashier.codes == [(APPLES, 655), (COLA, 1000)]


def test_esc_leaves_the_weight_open_and_what_waited_lands(cashier: Cashier) -> None:
    cashier.scan(APPLES, COLA)
    cashier.press("escape")
    assert cashier.codes == [(COLA, 1000)]


def test_a_scan_during_payment_goes_on_selling(cashier: Cashier) -> None:
    cashier.scan(PEN)
    cashier.press("f12")
    cashier.scan(COLA)
    assert cashier.codes == [(PEN, 1000), (COLA, 1000)]
    assert cashier.face.desk.page is cashier.face.desk._pages[0]


def test_a_scan_after_part_was_paid_is_refused_aloud(cashier: Cashier) -> None:
    cashier.scan(PEN)
    cashier.press("f12")
    cashier.type("5", "f1", "enter")
    cashier.scan(COLA)
    assert cashier.bells == 1
    assert cashier.codes == [(PEN, 1000)]
    assert "已收部分款项" in cashier.note


def test_a_serial_scan_is_never_typed_into_an_open_question(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.press("f3")
    cashier.type("2")
    cashier.scan_by_serial(WATER)
    assert cashier.codes == [(COLA, 1000), (WATER, 1000)]
    assert cashier.entry == ""


def test_a_short_code_scanned_at_the_payment_is_goods_and_no_amount(
    till: Till, cashier: Cashier
) -> None:
    publish(till, [*the_shelf(), a_product("banana", codes=("4011",))])
    cashier.scan(PEN)
    cashier.press("f12")
    cashier.scan("4011")
    assert cashier.codes == [(PEN, 1000), ("4011", 1000)]
    cashier.press("f12")
    cashier.scan("100")  # not in the catalogue: a script that types is a hand
    assert till.sale.last_sale().fact.change_minor == 10_000 - 890 - 350


@pytest.mark.parametrize("cover", ["f1", "ctrl+p"])
def test_a_question_that_must_be_answered_holds_scans_whatever_lies_over_it(
    cashier: Cashier, cover: str
) -> None:
    cashier.scan(APPLES)
    cashier.press(cover)
    cashier.scan(COLA)
    assert cashier.bells == 1
    assert cashier.codes == []
    if cover == "ctrl+p":
        cashier.type("xianjin", "enter")  # no selling past the question
        assert "没有名称含" in cashier.note
        cashier.press("ctrl+u")
    cashier.press("escape")
    cashier.type("655", "enter")
    assert cashier.codes == [(APPLES, 655), (COLA, 1000)]


def test_a_scan_that_leads_to_a_question_never_swallows_the_next(cashier: Cashier) -> None:
    cashier.scan(COLA)
    cashier.press("f3")
    cashier.type("2", "enter")
    cashier.scan(APPLES)
    cashier.press("f1")
    cashier.scan(WATER)
    cashier.press("escape", "f1", "enter")
    assert "苹果" in cashier.text
    cashier.type("100", "enter")
    assert cashier.codes == [(COLA, 1000), (APPLES, 100), (WATER, 1000)]


def test_news_of_the_printer_do_not_hide_a_refused_scan(cashier: Cashier) -> None:
    cashier.scan("1234567890128")
    cashier.face.told("printer.out_of_paper", {"receipt": "x", "say": "缺纸", "remedy": "装纸"})
    assert "不在目录" in cashier.note


def test_a_till_too_old_for_its_hub_says_what_to_do(cashier: Cashier) -> None:
    said = {"code": "till_too_old", "say": "本机程序版本过旧。", "remedy": "请更新本机程序。"}
    cashier.face.told("sync.too_old", said)
    assert "请更新本机程序。" in cashier.text


def test_a_long_paste_neither_rings_for_ever_nor_loses_the_first(cashier: Cashier) -> None:
    cashier.face.pasted(f"{COLA}\n" * 5_000)
    assert cashier.codes == [(COLA, 200_000)]


def test_what_a_scanner_says_of_the_kind_of_code_is_no_part_of_it(cashier: Cashier) -> None:
    cashier.scan("]E0" + COLA)
    assert cashier.codes == [(COLA, 1000)]


def test_what_was_half_typed_before_a_scan_is_said_to_be_gone(cashier: Cashier) -> None:
    cashier.type("12")
    cashier.at_s += 1
    cashier.scan(COLA)
    assert cashier.codes == [(COLA, 1000)]
    assert cashier.note == "未录入：12"


def test_a_code_too_long_to_be_shown_leaves_nothing_in_the_field(cashier: Cashier) -> None:
    cashier.scan(APPLES, "7" * 300)
    assert cashier.entry == ""
    assert cashier.bells == 2  # the field was full, the code waits
    cashier.type("655", "enter")
    assert cashier.codes == [(APPLES, 655)]


def test_of_too_many_waiting_scans_the_last_is_refused_aloud(cashier: Cashier) -> None:
    cashier.scan(APPLES)
    for _ in range(SCANS_WAITING_MAX):
        cashier.scan(COLA)
    bells = cashier.bells
    cashier.scan(PEN)
    assert cashier.bells == bells + 1
    assert PEN in cashier.note
    cashier.type("655", "enter")
    assert cashier.codes == [(APPLES, 655), (COLA, SCANS_WAITING_MAX * 1000)]


def test_waiting_scans_that_are_refused_are_all_named(cashier: Cashier) -> None:
    cashier.scan(APPLES, "1234567890128", COLA, "9999999999994")
    cashier.type("655", "enter")
    assert cashier.codes == [(APPLES, 655), (COLA, 1000)]
    assert cashier.note == "1234567890128 不在目录中。 9999999999994 不在目录中。"


def test_a_scanner_set_up_to_end_with_tab_sells(tmp_path: Path) -> None:
    with closing(open_till(tmp_path, scanner="scan+wedge://?suffix=tab")) as till:
        till.shift.open("1001", 0)
        cashier = Cashier(till)
        for char in COLA:
            cashier.at_s += SCANNER_S
            cashier.face.key(char, char, cashier.at_s)
        cashier.face.key("tab", "\t", cashier.at_s + SCANNER_S)
        assert cashier.codes == [(COLA, 1000)]
