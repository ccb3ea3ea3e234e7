"""Finding goods by name, and looking at one, at the face without its glass."""

import msgspec
import pytest

from journal.wire import FeedPage, FeedRow
from pos_client.screen.rows import Ink, cells
from pos_client.till import Till
from retail.catalogue import StoreSettings
from tests.builders import OWN, a_product, publish
from tests.screen.cashier import LARGE, SMALL, Cashier
from tests.till.counter import COLA, PEN
from tests.till.supermarket import BUNDLE, MILK, SHELF, gs1


@pytest.fixture
def cashier(cashier: Cashier) -> Cashier:
    """At a till of the larger shelf."""
    publish(cashier.face.till, SHELF, StoreSettings(price_list="市区"))
    return cashier


def inked(cashier: Cashier, words: str) -> str:
    """The accented columns of the first row of the work area that has the words."""
    (drawn, *_) = [each for each in cashier.rows() if words in "".join(s.text for s in each)]
    return "".join(char for char, ink in cells(drawn) if ink is Ink.ACCENT)


def test_results_appear_as_one_types_and_enter_sells(cashier: Cashier) -> None:
    cashier.press("f8")
    cashier.type("kele")
    assert "可口可乐  330ml" in cashier.text
    assert "3.80" in cashier.text
    assert "百事可乐" in cashier.text
    assert inked(cashier, "百事可乐") == "可乐"
    cashier.type("  wt")
    assert "可口可乐" not in cashier.text
    cashier.press("enter")
    assert cashier.codes == [("6900000000014", 1000)]
    assert cashier.entry == ""


def test_what_was_typed_before_the_key_is_looked_for(cashier: Cashier) -> None:
    cashier.type("kkkl", "f8")
    assert "330ml" in cashier.text


def test_enter_that_is_quicker_than_the_answer_shows_and_sells_nothing(
    till: Till, cashier: Cashier, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = till.catalogue.finder
    ask, settle = finder.ask, finder.settle
    cashier.press("f8")
    monkeypatch.setattr(finder, "ask", lambda _: None)  # the worker is slow
    cashier.type("kkkl")
    monkeypatch.setattr(finder, "settle", lambda: (ask("kkkl"), settle()))
    cashier.press("enter")
    assert cashier.codes == []
    assert cashier.entry == "kkkl"
    monkeypatch.undo()
    assert "330ml" in cashier.text
    cashier.press("enter")
    assert cashier.codes == [(COLA, 1000)]


@pytest.mark.parametrize(
    ("keys", "product"),
    [
        (("down",), "pepsi"),
        (("down", "down", "up"), "pepsi"),
        (("f2",), "pepsi"),
        (("f3",), "zero"),
        (("pagedown",), "zero"),
        (("pagedown", "pageup"), "cola"),
        (("f9",), "zero"),
        (("up",), "cola"),
    ],
)
def test_keys_choose_and_enter_takes(
    till: Till, cashier: Cashier, keys: tuple[str, ...], product: str
) -> None:
    cashier.press("f8")
    cashier.type("kele")
    assert "零度" in cashier.text
    cashier.press(*keys, "enter")
    assert [line.product.product_id for line in till.sale.basket.lines] == [product]


def test_a_longer_word_begins_at_the_top_again(till: Till, cashier: Cashier) -> None:
    cashier.press("f8")
    cashier.type("kele")
    assert cashier.lines
    cashier.press("down")
    cashier.press("backspace")
    assert "▌ F1" in cashier.text


def test_what_is_weighed_is_asked_for_its_weight(till: Till, cashier: Cashier) -> None:
    cashier.press("f8")
    cashier.type("guazi")
    assert "散装瓜子" in cashier.text
    cashier.press("enter")
    assert "重量（克）" in cashier.text
    cashier.type("250", "enter")
    assert [(line.product.product_id, line.quantity) for line in till.sale.basket.lines] == [
        ("nuts", 250)
    ]


def test_a_scan_while_searching_lands_in_the_basket(cashier: Cashier) -> None:
    cashier.press("f8")
    cashier.type("kele")
    cashier.at_s += 1  # the hand goes to the scanner
    cashier.scan(PEN)
    assert cashier.codes == [(PEN, 1000)]
    assert cashier.note.startswith("Stabilo")


def test_nothing_found_is_a_sentence_and_enter_does_nothing(cashier: Cashier) -> None:
    cashier.press("f8")
    cashier.press("enter")
    cashier.type("zzzz")
    assert "没有名称含“zzzz”的商品。" in cashier.text
    cashier.press("enter", "right", "f1")
    assert cashier.codes == []


@pytest.mark.parametrize("size", [LARGE, SMALL], ids=["large", "small"])
def test_a_long_list_is_gone_through_to_its_end(
    till: Till, cashier: Cashier, size: tuple[int, int]
) -> None:
    cashier.size = LARGE if size == LARGE else SMALL
    many = [a_product(f"p{n:03}", name=f"宽宽宽宽宽宽宽宽宽宽 {n:03}") for n in range(60)]
    publish(till, many)
    cashier.press("f8")
    cashier.type("kuan")
    assert " 000 " in cashier.text
    for _ in range(10):
        cashier.press("pagedown")
        assert any(line.startswith("▌") for line in cashier.lines)
    assert " 049 " in cashier.text
    cashier.press("enter")
    assert till.sale.basket.line().product.product_id == "p049"


def test_esc_clears_the_words_then_goes_back(cashier: Cashier) -> None:
    cashier.press("f8")
    cashier.type("kele", "escape")
    assert "查找商品" in cashier.text
    cashier.press("escape")
    assert "扫码开始" in cashier.text


# One product


def test_the_marked_line_is_looked_at_and_enter_sells_nothing_more(cashier: Cashier) -> None:
    cashier.scan(COLA, PEN)
    cashier.press("up", "right")
    text = cashier.text
    assert "饮料 / 碳酸饮料" in text
    assert "● 市区 3.80" in text
    assert "会员 3.20" in text
    assert f"{BUNDLE} ×6 19.00" in text
    cashier.press("enter")
    assert cashier.codes == [(COLA, 1000), (PEN, 1000)]


def test_a_hit_is_looked_at_and_sold_from_there(cashier: Cashier) -> None:
    cashier.press("f8")
    cashier.type("kkkl")
    assert cashier.lines
    cashier.press("right")
    assert COLA in cashier.text
    cashier.press("escape")
    assert "查找商品" in cashier.text
    assert cashier.lines
    cashier.press("right", "enter")
    assert cashier.codes == [(COLA, 1000)]


def test_the_code_says_of_the_piece_what_it_knows(cashier: Cashier) -> None:
    cashier.type(".")
    cashier.scan(gs1(("01", "0" + MILK), ("10", "L8"), ("17", "260606")))
    assert "批次 L8 · 可售至 2026-06-06" in cashier.text
    cashier.press("enter")
    assert cashier.face.till.sale.basket.line().label.batch == "L8"


def test_a_point_alone_asks_for_a_code_where_no_line_is_marked(cashier: Cashier) -> None:
    cashier.type(".", "enter")
    assert "商品资料" in cashier.text
    cashier.scan(PEN)
    assert "8.90" in cashier.text
    assert cashier.codes == []
    cashier.press("escape")
    assert "扫码开始" in cashier.text


def test_stock_is_what_this_till_knows_of(till: Till, cashier: Cashier) -> None:
    till.stock.receive("DN", [(COLA, 24_000)])
    cashier.scan(COLA)
    cashier.press("f11")
    cashier.type(f".{COLA}", "enter")
    assert "23 件（09:00，不含其他收银机）" in cashier.text
    assert any("本机已售" in line and " 1 件" in line for line in cashier.lines)


def test_what_lay_there_before_is_in_the_list_and_on_the_page(till: Till, cashier: Cashier) -> None:
    row = FeedRow(OWN, "opening_stock", "cola", msgspec.Raw(b"24000"))
    till.catalogue.stage(FeedPage("epoch-1", "later", [row], True))
    till.sale.between_sales()
    cashier.press("f8")
    cashier.type("kkkl")
    (hit,) = [line for line in cashier.lines if "可口可乐" in line]
    assert "3.80 24 │" in " ".join(hit.split())
    cashier.press("right")
    assert "24 件（09:00，不含其他收银机）" in cashier.text
