"""A cashier's day by keys, in the real program: what it takes, what is seen, what is on disk.

Each in Chinese at 100x30 and in English at 80x24. Keys are counted: a scan is none.
"""

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from rehearsal.terminal import Terminal
from retail.facts import DrawerOpened, ReceiptPrinted, SaleCompleted, ShiftClosed, ShiftOpened
from tests.terminal import seat
from tests.till.counter import APPLES, COLA, PEN, WATER, kept_basket, recorded

pytestmark = pytest.mark.slow

SHELF = seat.goods(10)
CODES = [product.codes[0] for product in SHELF]


class Cashier:
    """Hands that count their keys, and eyes that read either language."""

    def __init__(self, terminal: Terminal, language: str) -> None:
        self.terminal = terminal
        self.english = language == "en"
        self.keys = 0

    def scan(self, *codes: str) -> None:
        self.terminal.type("".join(f"{code}\r" for code in codes))

    def type(self, text: str, *keys: str) -> None:
        """Type a few characters, then press named keys."""
        self.terminal.type(text)
        self.terminal.press(*keys)
        self.keys += len(text) + len(keys)

    def press(self, *keys: str) -> None:
        self.type("", *keys)

    def sees(self, zh: str, en: str = "") -> list[str]:
        """A row with these words comes; `en` where English says it otherwise."""
        return self.terminal.wait_for(en if en and self.english else zh)

    def sees_no(self, words: str) -> None:
        self.terminal.wait_for(lambda rows: not any(words in row for row in rows), what=words)


@pytest.fixture(params=[("zh", 100, 30), ("en", 80, 24)], ids=["zh", "en"])
def sit_down(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Cashier]]:
    """Prepare the till and start it, in the language and size of this run."""
    language, columns, rows = request.param
    terminals: list[Terminal] = []

    def begin(*, shift: bool = True) -> Cashier:
        if not terminals:
            seat.prepare(tmp_path, SHELF, shift=shift)
        terminals.append(seat.sit_down(tmp_path, columns, rows, language=language))
        return Cashier(terminals[-1], language)

    yield begin
    for terminal in terminals:
        terminal.close()


@pytest.fixture
def cashier(sit_down: Callable[..., Cashier]) -> Cashier:
    """In front of an empty basket."""
    cashier = sit_down()
    cashier.sees("扫码开始", "Scan to begin")
    return cashier


def facts(folder: Path, *kinds: type) -> list[object]:
    """The facts of these kinds on disk, in order."""
    with seat.afterwards(folder) as till:
        return [fact for _, fact in recorded(till) if isinstance(fact, kinds)]


def sale(folder: Path) -> SaleCompleted:
    """The only sale on disk."""
    with seat.afterwards(folder) as till:
        (sold,) = seat.sales(till)
    return sold


def test_a_shift_from_signing_in_to_the_counted_drawer(
    sit_down: Callable[..., Cashier], tmp_path: Path
) -> None:
    cashier = sit_down(shift=False)
    cashier.sees("未开班", "no shift")
    cashier.type("1001", "enter")
    cashier.sees("王芳")
    cashier.type("500", "enter")
    cashier.sees("按回车开班", "Enter opens the shift")
    cashier.press("enter")
    cashier.sees("已开班，备用金 500.00。", "The shift is open, float 500.00.")
    cashier.sees("6月3日", "3 Jun")
    cashier.scan(*[COLA, WATER] * 5)
    cashier.press("f11")
    cashier.sees("找零", "Change")

    cashier.press("ctrl+p")
    cashier.sees("全部操作", "All actions")
    cashier.type("X", "enter")
    figures = cashier.sees("笔数", "Sales")
    assert sum("27.50" in row.partition("│")[0] for row in figures) == 2
    cashier.press("escape")
    cashier.sees("扫码或输入编号", "Scan or type a code")

    cashier.press("ctrl+p")
    cashier.sees("全部操作", "All actions")
    cashier.type("close" if cashier.english else "交班", "enter")
    cashier.sees("清点现金", "Count the cash")
    before = cashier.keys
    for number in ("5", "", "1", "", "1", "2"):  # 100, 20, 5, 1: 527 of 527.50
        cashier.type(number, "enter")
    cashier.press("f12")
    cashier.sees("527.00")
    cashier.press("enter")
    cashier.sees("-0.50")
    assert cashier.keys - before == 12
    cashier.sees("已交班", "The shift is closed")
    cashier.press("enter")
    cashier.sees("请输入收银员工号", "Your cashier number")
    seat.leave(cashier.terminal)
    assert cashier.terminal.bells == 0
    opened, closed = facts(tmp_path, ShiftOpened, ShiftClosed)
    assert isinstance(opened, ShiftOpened)
    assert isinstance(closed, ShiftClosed)
    assert (opened.cashier, opened.float_minor) == ("1001", 50_000)
    assert (closed.expected_minor, closed.counted_minor) == (52_750, 52_700)
    assert [(count.value_minor, count.number) for count in closed.counts] == [
        (10_000, 5),
        (2_000, 1),
        (500, 1),
        (100, 2),
    ]


def test_ten_articles_for_exact_cash_are_one_key(cashier: Cashier, tmp_path: Path) -> None:
    cashier.scan(*CODES)
    cashier.sees(f"{SHELF[-1].name}  ×1")
    cashier.press("f11")
    cashier.sees("找零", "Change")
    cashier.sees("10 件", "10 pc")
    cashier.sees("已打印", "printed")
    seat.leave(cashier.terminal)
    assert cashier.keys == 1
    assert [line.code for line in sale(tmp_path).lines] == CODES


def test_the_last_line_is_taken_out_by_one_key_and_an_act_back_by_one(
    cashier: Cashier, tmp_path: Path
) -> None:
    cashier.scan(COLA, PEN)
    cashier.sees("荧光笔")
    cashier.press("f4")
    cashier.sees("已删除：Stabilo", "Taken out: Stabilo")
    assert cashier.keys == 1
    cashier.press("f10")
    cashier.sees("已撤销", "Undone")
    assert cashier.keys == 2
    cashier.press("f10", "f10")
    cashier.sees("扫码开始", "Scan to begin")
    cashier.scan(WATER)
    cashier.sees("饮用天然水")
    seat.leave(cashier.terminal)
    assert seat.basket_codes(tmp_path) == [WATER]


def test_a_copy_of_the_last_receipt_is_two_keys(cashier: Cashier, tmp_path: Path) -> None:
    cashier.scan(COLA)
    cashier.press("f11")
    cashier.sees("已打印", "printed")
    before = cashier.keys
    cashier.press("f7", "f7")
    cashier.sees("正在打印副本 1", "Copy 1 is printing")
    assert cashier.keys - before == 2
    cashier.sees("COPY 1")
    cashier.scan(PEN)
    cashier.sees("荧光笔")
    seat.leave(cashier.terminal)
    printed = facts(tmp_path, ReceiptPrinted)
    assert [fact.copy for fact in printed if isinstance(fact, ReceiptPrinted)] == [0, 1]
    assert seat.basket_codes(tmp_path) == [PEN]


def test_quantities_before_and_after_and_one_less(cashier: Cashier, tmp_path: Path) -> None:
    cashier.type("3*")
    cashier.scan(COLA)
    cashier.sees("×3")
    assert cashier.keys == 2
    cashier.scan(PEN)
    cashier.sees("荧光笔 黄  ×1")
    cashier.type("5", "f2")
    cashier.sees("荧光笔 黄  ×5")
    assert cashier.keys == 4
    cashier.type("-")
    cashier.scan(COLA)
    cashier.sees("已减：可口可乐", "One less: 可口可乐")
    assert cashier.keys == 5
    cashier.press("up", "f2")
    cashier.sees("新数量", "New quantity")
    cashier.type("4", "enter")
    cashier.sees("14.00")
    cashier.press("down")
    cashier.type("-", "enter")
    cashier.sees("已删除：Stabilo", "Taken out: Stabilo")
    seat.leave(cashier.terminal)
    assert seat.basket_codes(tmp_path) == [COLA] * 4


def test_weighed_goods_at_a_price_of_their_own_with_a_reason(
    cashier: Cashier, tmp_path: Path
) -> None:
    cashier.scan(APPLES)
    cashier.sees("重量（克）", "Weight in grams")
    cashier.type("655", "enter")
    cashier.sees("8.38")
    assert cashier.keys == 4
    cashier.type("10%", "f3")
    cashier.sees("临期", "Near its date")
    cashier.press("f2", "enter")
    cashier.sees("7.54")
    assert cashier.keys == 10
    cashier.scan(PEN)
    cashier.type("8", "f3", "f3", "enter")
    cashier.sees("改价 · 价签不符", "Price set · Shelf label differs")
    cashier.press("f11")
    cashier.sees("找零", "Change")
    seat.leave(cashier.terminal)
    apples, pen = sale(tmp_path).lines
    assert (apples.quantity, apples.total_minor, apples.discount_minor) == (655, 754, 84)
    assert (pen.total_minor, pen.unit_price_minor) == (800, 890)
    assert pen.price_reason == ("Shelf label differs" if cashier.english else "价签不符")


def test_a_split_payment_is_given_back_and_paid_otherwise(cashier: Cashier, tmp_path: Path) -> None:
    cashier.scan(PEN)
    cashier.press("f12")
    cashier.sees("选择支付方式", "Choose how")
    cashier.type("5", "f3", "enter")
    cashier.sees("已收微信支付 5.00，还需 3.90", "WeChat Pay 5.00 taken, 3.90 still due")
    cashier.press("f10")
    cashier.sees("已退回：5.00", "Given back: 5.00")
    before = cashier.keys
    cashier.type("4", "f2", "enter")
    cashier.sees("4.90")
    cashier.type("10", "f11")
    cashier.sees("找零", "Change")
    assert cashier.keys - before == 6
    seat.leave(cashier.terminal)
    assert [
        (tender.name, tender.given_minor, tender.change_minor) for tender in sale(tmp_path).tenders
    ] == [("card", 400, 0), ("cash", 1000, 510)]


def test_a_price_is_looked_up_without_selling(cashier: Cashier, tmp_path: Path) -> None:
    cashier.scan(COLA)
    cashier.sees("可口可乐 cola  ×1")
    cashier.type(".")
    cashier.scan(PEN)
    cashier.sees("8.90 / ")
    cashier.press("escape")
    cashier.sees("可口可乐 cola  ×1")
    assert cashier.keys == 2
    seat.leave(cashier.terminal)
    assert seat.basket_codes(tmp_path) == [COLA]


def test_a_product_is_found_by_its_pinyin_and_sold(cashier: Cashier, tmp_path: Path) -> None:
    cashier.press("f8")
    cashier.sees("查找商品", "Find a product")
    cashier.type("nfsq")
    cashier.sees("农夫山泉 饮用天然水")
    cashier.press("right")
    cashier.sees("6921168509256")
    cashier.press("escape")
    cashier.sees("查找商品", "Find a product")
    cashier.press("enter")
    cashier.sees("农夫山泉 饮用天然水 550ml  ×1")
    cashier.press("f8")
    cashier.type("hfs")
    cashier.sees("散装红富士苹果")
    cashier.press("enter")
    cashier.sees("重量（克）", "Weight in grams")
    cashier.type("655", "enter")
    cashier.sees("散装红富士苹果  ×0.655")
    seat.leave(cashier.terminal)
    with seat.afterwards(tmp_path) as till:
        lines = kept_basket(till).lines
        assert [(line.code, line.quantity) for line in lines] == [(WATER, 1000), (APPLES, 655)]


def test_a_scan_while_searching_lands_in_the_basket(cashier: Cashier, tmp_path: Path) -> None:
    cashier.press("f8")
    cashier.sees("查找商品", "Find a product")
    cashier.type("kele")
    cashier.sees("可口可乐 cola")
    seat.change_hands()
    cashier.scan(PEN)
    cashier.sees("Stabilo Boss 荧光笔 黄  ×1")
    seat.leave(cashier.terminal)
    assert seat.basket_codes(tmp_path) == [PEN]


def test_the_drawer_opens_for_a_reason_and_a_sale_is_given_up_for_one(
    cashier: Cashier, tmp_path: Path
) -> None:
    cashier.press("f9", "f1", "enter")
    cashier.sees("已发送开钱箱指令。", "The drawer was told to open.")
    cashier.scan(COLA)
    cashier.press("shift+f4")
    cashier.sees("顾客离开", "Customer left")
    cashier.press("f1", "enter")
    cashier.sees("整单已作废。", "The sale was voided.")
    assert cashier.keys == 6
    seat.leave(cashier.terminal)
    (opened,) = facts(tmp_path, DrawerOpened)
    assert isinstance(opened, DrawerOpened)
    assert opened.reason == ("Give change" if cashier.english else "换零钱")
    assert seat.basket_codes(tmp_path) == []


def test_what_is_not_on_the_shelf_is_said_with_a_way_on_and_rings(cashier: Cashier) -> None:
    cashier.scan("6901028075923")
    cashier.sees("6901028075923")
    assert cashier.terminal.bells == 1
    cashier.scan(COLA)
    cashier.sees("可口可乐 cola  ×1")
    cashier.sees_no("6901028075923")
    seat.leave(cashier.terminal)


def test_language_and_colours_change_in_the_middle_of_a_sale(
    cashier: Cashier, tmp_path: Path
) -> None:
    cashier.scan(COLA)
    cashier.press("ctrl+p")
    cashier.sees("全部操作", "All actions")
    cashier.type("中文" if cashier.english else "Engl", "enter")
    cashier.english = not cashier.english
    cashier.sees("扫码或输入编号", "Scan or type a code")
    before = cashier.terminal.wait_for_calm()
    cashier.press("ctrl+p")
    cashier.sees("全部操作", "All actions")
    cashier.type("Light" if cashier.english else "浅", "enter")
    cashier.sees("扫码或输入编号", "Scan or type a code")
    assert cashier.terminal.wait_for_calm() > before
    cashier.scan(PEN)
    cashier.sees("荧光笔 黄  ×1")
    seat.leave(cashier.terminal)
    assert cashier.terminal.bells == 0
    assert seat.basket_codes(tmp_path) == [COLA, PEN]


def test_a_till_killed_in_the_middle_of_a_basket_shows_it_again(
    sit_down: Callable[..., Cashier], tmp_path: Path
) -> None:
    cashier = sit_down()
    cashier.scan(*CODES[:3])
    cashier.type("4", "f2")
    shown = cashier.sees("×4")
    os.kill(cashier.terminal.pid, signal.SIGKILL)
    assert cashier.terminal.wait() == -signal.SIGKILL
    again = sit_down()
    again.sees("×4")
    assert again.terminal.screen()[2:-4] == shown[2:-4]
    again.scan(CODES[3])
    again.sees(f"{SHELF[3].name}  ×1")
    seat.leave(again.terminal)
    with seat.afterwards(tmp_path) as till:
        lines = [(line.code, line.quantity) for line in kept_basket(till).lines]
    assert lines == [*zip(CODES[:4], (1000, 1000, 4000, 1000), strict=True)]


def test_a_window_pulled_to_other_sizes_while_selling_loses_nothing(
    cashier: Cashier, tmp_path: Path
) -> None:
    sizes = [(80, 24), (132, 43), (72, 16), (100, 30), (40, 12), (80, 24)]
    for product, (columns, rows) in zip(SHELF, sizes, strict=False):
        cashier.scan(product.codes[0])
        cashier.terminal.resize(columns, rows)
        if columns < 72:
            cashier.sees("请将窗口放大。", "Please make the window larger.")
        else:
            cashier.terminal.wait_for(partial(_is_whole, product.name))
    seat.leave(cashier.terminal)
    assert seat.basket_codes(tmp_path) == CODES[: len(sizes)]


def _is_whole(name: str, rows: list[str]) -> bool:
    """The last line is said, and the keys stand in the last row."""
    return "F12" in rows[-1] and any(f"{name}  ×1" in row for row in rows)
