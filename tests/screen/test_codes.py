"""Codes at the screen: the question that is asked once, payment codes, members, what is told."""

import pytest

from pos_client.till import Till
from retail.barcode import Family, issue
from retail.catalogue import StoreSettings
from retail.revision import Recall
from tests.builders import publish
from tests.screen.cashier import Cashier
from tests.till.counter import APPLES, COLA, PEN, disk
from tests.till.supermarket import LABEL, MILK, SHELF, TWO_THINGS, gs1, recall

WECHAT, ALIPAY, UNIONPAY = "134567890123456789", "2834567890123456", "6212345678901234567"


@pytest.fixture
def cashier(cashier: Cashier) -> Cashier:
    """At a till of the larger shelf."""
    settings = StoreSettings(code_templates=("21IIIIIVVVVVC price=2",))
    publish(cashier.face.till, SHELF, settings)
    return cashier


def test_a_label_of_the_scale_asks_for_no_weight(cashier: Cashier) -> None:
    cashier.scan(LABEL)
    assert cashier.codes == [(LABEL, 655)]
    assert "×0.655 千克  8.38" in cashier.note


def test_a_serial_scanner_says_which_kind_of_code_it_was(cashier: Cashier) -> None:
    cashier.scan_by_serial(TWO_THINGS, "]E4")
    cashier.scan_by_serial(gs1(("01", "0" + MILK), ("10", "L8"))[3:], "]d2")
    assert cashier.codes == [(TWO_THINGS, 1000), (MILK, 1000)]
    assert "批次 L8" in cashier.text


# Two things


def test_which_of_two_is_asked_once_and_what_was_scanned_meanwhile_waits(
    cashier: Cashier,
) -> None:
    cashier.scan(TWO_THINGS, COLA)
    assert cashier.codes == []
    assert "口香糖" in cashier.text
    assert "Soda" in cashier.text
    cashier.type("3", "enter")
    assert "是 1 还是 2" in cashier.note
    cashier.type("2", "enter")
    assert cashier.codes == [(TWO_THINGS, 1000), (COLA, 1000)]
    cashier.scan(TWO_THINGS)
    assert cashier.codes == [(TWO_THINGS, 2000), (COLA, 1000)]


def test_three_of_what_is_two_things_are_three_once_it_is_said(cashier: Cashier) -> None:
    cashier.type("3*")
    cashier.scan(TWO_THINGS)
    cashier.type("1", "enter")
    assert cashier.codes == [(TWO_THINGS, 3000)]


def test_it_is_asked_for_a_price_check_and_a_take_out_too(cashier: Cashier) -> None:
    cashier.type(".")
    cashier.scan(TWO_THINGS)
    assert "两种读法" in cashier.text
    cashier.type("2", "enter")
    assert "7.00 / 件" in cashier.text
    assert cashier.codes == []


def test_the_page_of_a_product_asks_too_and_shows_what_was_scanned_last(cashier: Cashier) -> None:
    cashier.type(".", "enter")
    cashier.scan(TWO_THINGS)
    assert "两种读法" in cashier.text
    cashier.type("2", "enter")
    assert "7.00 / 件" in cashier.text
    cashier.scan(PEN, TWO_THINGS)
    assert "7.00 / 件" in cashier.text
    cashier.press("enter")
    assert cashier.codes == [(TWO_THINGS, 1000)]


def test_at_the_page_of_a_product_what_waited_is_shown_last_whatever_is_answered(
    cashier: Cashier,
) -> None:
    for answer in (["escape"], ["1", "enter"]):
        cashier.type(".", "enter")
        cashier.scan(TWO_THINGS, PEN)
        for key in answer:
            cashier.press(key) if len(key) > 1 else cashier.type(key)
        assert "8.90 / 件" in cashier.text
        cashier.press("escape")
    assert cashier.codes == []


def test_esc_decides_nothing(cashier: Cashier) -> None:
    cashier.scan(TWO_THINGS)
    cashier.press("escape")
    assert cashier.codes == []
    cashier.scan(TWO_THINGS)
    assert "两种读法" in cashier.text


# Payment codes


def test_a_payment_code_among_goods_is_refused_and_never_shown(cashier: Cashier) -> None:
    cashier.scan(PEN, WECHAT)
    assert cashier.codes == [(PEN, 1000)]
    assert cashier.bells == 1
    assert "1345…6789" in cashier.note
    assert WECHAT not in cashier.text


@pytest.mark.parametrize(("code", "tender"), [(WECHAT, "wechat"), (ALIPAY, "alipay")])
def test_at_the_payment_a_code_chooses_the_tender_and_enter_takes(
    till: Till, cashier: Cashier, code: str, tender: str
) -> None:
    cashier.scan(PEN)
    cashier.press("f12")
    cashier.scan(code)
    assert not till.sale.basket.tenders
    assert code not in cashier.text
    cashier.press("enter")
    (taken,) = till.sale.last_sale().fact.tenders
    assert (taken.name, taken.amount_minor) == (tender, 890)
    assert code not in str(disk(till))


def test_a_payment_code_typed_by_hand_is_no_amount(till: Till, cashier: Cashier) -> None:
    cashier.scan(PEN)
    cashier.press("f12")
    cashier.type(WECHAT, "enter")
    assert WECHAT not in cashier.text
    cashier.press("escape")
    cashier.type(WECHAT, "f11")
    assert WECHAT not in cashier.text
    assert cashier.codes == [(PEN, 1000)]


def test_a_wallet_that_the_store_does_not_take_is_said(cashier: Cashier) -> None:
    cashier.scan(PEN)
    cashier.press("f12")
    cashier.scan(UNIONPAY)
    assert "不支持 unionpay" in cashier.note
    assert cashier.bells == 1


def test_a_payment_code_that_waits_or_is_refused_is_masked(cashier: Cashier) -> None:
    cashier.scan(APPLES, WECHAT)
    assert WECHAT not in cashier.text
    assert "1345…6789 已等候" in cashier.note
    cashier.press("escape")
    assert WECHAT not in cashier.text
    cashier.scan(PEN)
    cashier.press("f3")
    cashier.type("8", "enter")
    cashier.type(WECHAT, "enter")
    assert WECHAT not in cashier.text


SPACED = "1345 6789 0123 4567 89"


@pytest.mark.parametrize("typed", [WECHAT, SPACED])
@pytest.mark.parametrize(
    ("goods", "keys"),
    [
        (PEN, ["f2"]),
        (APPLES, []),
        (PEN, ["f3"]),
        (PEN, ["f3", "8", "enter"]),
        (PEN, ["f5"]),
        (PEN, ["f12"]),
        (PEN, ["f12", "5", "enter"]),
        (PEN, ["."]),
        (PEN, ["-"]),
        (PEN, ["ctrl+p"]),
        (PEN, ["f8"]),
    ],
    ids=str,
)
def test_a_payment_code_that_a_hand_types_anywhere_is_said_by_its_ends(
    cashier: Cashier, goods: str, keys: list[str], typed: str
) -> None:
    cashier.scan(goods)
    for key in keys:
        cashier.press(key) if len(key) > 1 else cashier.type(key)
    cashier.type(typed, "enter")
    assert "1345…6789" in cashier.text or cashier.note.startswith("顾客出示微信")
    shown = cashier.lines
    del shown[-3]  # the entry
    assert not any(typed in line or WECHAT in line for line in shown)


@pytest.mark.parametrize("typed", [WECHAT, SPACED])
def test_nor_is_it_said_while_the_drawer_is_counted_or_a_shift_opened(
    till: Till, cashier: Cashier, typed: str
) -> None:
    cashier.press("ctrl+p")
    cashier.type("jiaoban", "enter")
    cashier.type(typed, "enter")
    assert "1345…6789" in cashier.note
    cashier.press("f12", "enter")
    cashier.press("escape")
    assert till.shift.current is None
    cashier.type(typed, "enter")
    assert "1345…6789" in cashier.note


def test_goods_scanned_at_the_payment_are_still_goods(cashier: Cashier) -> None:
    cashier.scan(PEN)
    cashier.press("f12")
    cashier.scan(COLA)
    assert cashier.codes == [(PEN, 1000), (COLA, 1000)]


# What is no goods, and what is told with goods


def test_a_members_code_is_their_sale(cashier: Cashier) -> None:
    cashier.scan(issue(Family.MEMBER, "1234"))
    assert "1234" in cashier.note
    cashier.scan(COLA)
    assert any("顾客" in line and "1234" in line for line in cashier.lines)
    cashier.press("f11")
    assert cashier.face.till.sale.last_sale().fact.customer == "1234"


def test_a_pickup_code_says_what_can_be_done(cashier: Cashier) -> None:
    cashier.scan(issue(Family.PICKUP, "A-1024"))
    assert "取货码" in cashier.note
    assert "取货单" in cashier.lines[-4]


def test_a_recalled_batch_is_told_and_a_recalled_line_is_marked(
    till: Till, cashier: Cashier
) -> None:
    recall(till, Recall("milk", "杀菌不足", "L7"))
    cashier.scan(MILK)
    assert "L7" in cashier.note
    assert cashier.bells == 1
    cashier.scan(PEN)
    assert cashier.note.startswith("Stabilo")
    recall(till, Recall("pen", "漏墨"))
    assert any("已召回：请删除此行" in line for line in cashier.lines)
    cashier.press("f11")
    assert "第 2 行" in cashier.note
    cashier.press("f4", "f11")
    assert "找零" in cashier.text
