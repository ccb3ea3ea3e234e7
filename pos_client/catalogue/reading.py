"""From a scan to the goods it names: read by the store's rules, found in its catalogue.

`retail.barcode` says what a code may mean and under which keys to look, best first; here it is
looked up. What is no product is refused, each kind with what the cashier can do about it.
"""

import sqlite3
from collections.abc import Callable

from retail.article import Article
from retail.barcode import (
    EightDigits,
    Goods,
    Meaning,
    MemberCode,
    PickupCode,
    ReceiptCode,
    Unreadable,
    VoucherCode,
)
from retail.barcode.gtin import check_digit_ok, is_digits, is_upce
from retail.catalogue import Product
from retail.language import Text
from retail.refusals import Refusal

#: the product under exactly this key, at the store's price
LookUp = Callable[[str], Product | None]
#: what 8 digits are that are two things, and find two products
Which = Callable[[str], EightDigits]

_SHOWN_CHARACTERS_MAX = 40


class UnknownBarcode(Refusal):
    code = "unknown_barcode"
    sentence = Text("{code} is not in the catalogue.", "{code} 不在目录中。")
    way_on = Text(
        "F8 finds it by its name; or scan again. Head office lists what is new.",
        "按 F8 按品名查找，或重新扫码；新品请联系总部建档。",
    )


class CodeUnreadable(Refusal):
    code = "code_unreadable"
    sentence = Text("Not taken. {reason}", "未录入。{reason}")
    way_on = Text("{remedy} F8 finds goods by name.", "{remedy}按 F8 可按品名查找。")


class AmbiguousCode(Refusal):
    code = "ambiguous_code"
    sentence = Text(
        "{code} is two things: {ean8} as EAN-8, {upce} as UPC-E.",
        "{code} 有两种读法：EAN-8 为 {ean8}，UPC-E 为 {upce}。",
    )
    way_on = Text(
        "Say once which one it is: the till remembers it.", "请选择一次是哪一种，本机会记住。"
    )


class NotAmbiguous(Refusal):
    code = "not_ambiguous"
    sentence = Text(
        "{code} is not a code that could be EAN-8 and UPC-E.", "{code} 不是两可的 8 位条码。"
    )
    way_on = Text("Scan it: it means one thing.", "请直接扫码：它只有一种读法。")


class MemberNotGoods(Refusal):
    code = "member_not_goods"
    sentence = Text("This is a member's code.", "这是会员码。")
    way_on = Text(
        "Scan it while selling: the sale is then theirs.", "请在销售时扫描，本单即归该会员。"
    )


class PickupNotHere(Refusal):
    code = "pickup_not_here"
    sentence = Text("This is a pickup code.", "这是取货码。")
    way_on = Text(
        "The till cannot look orders up: hand it out by the shop's own list.",
        "本机不能查询订单：请按门店的取货单交付。",
    )


class ReceiptNotGoods(Refusal):
    code = "receipt_not_goods"
    sentence = Text("This is receipt {receipt}.", "这是小票 {receipt}。")
    way_on = Text(
        "F7 shows the last one. The till takes nothing back: the manager settles it by the paper.",
        "F7 可查看最近一张。本机不能退货：请店长凭小票处理。",
    )


class VoucherNotHere(Refusal):
    code = "voucher_not_here"
    sentence = Text("This is a voucher.", "这是优惠券。")
    way_on = Text(
        "The till cannot check it: where the shop takes it, take its amount off a line with F3.",
        "本机不能核销：门店认可的，请用 F3 从商品行减去其金额。",
    )


class NotForSale(Refusal):
    code = "not_for_sale"
    sentence = Text(
        "This code names a pallet, a place or a coupon, and no product.",
        "此码标识托盘、地点或券，不是商品。",
    )
    way_on = Text("Scan the product's own barcode.", "请扫描商品本身的条码。")


def article(meaning: Meaning, look_up: LookUp, which: Which) -> Article:
    """The goods that a scan names. Raises UnknownBarcode, AmbiguousCode, CodeUnreadable, or the
    refusal of a code that is no product's."""
    match meaning:
        case Goods():
            return _goods(meaning, look_up, which)
        case Unreadable():
            for key in meaning.keys:
                product = look_up(key)
                if product:
                    return Article(product, key)
            raise CodeUnreadable(reason=meaning.reason, remedy=meaning.remedy)
        case MemberCode():
            raise MemberNotGoods
        case PickupCode():
            raise PickupNotHere
        case ReceiptCode():
            raise ReceiptNotGoods(receipt=meaning.receipt)
        case VoucherCode():
            raise VoucherNotHere
        case _:  # a pallet, a place, a coupon; payment codes are unreadable as goods
            raise NotForSale


def _goods(goods: Goods, look_up: LookUp, which: Which) -> Article:
    found = _first(goods.keys, look_up)
    other = _first(goods.upce_keys, look_up)
    if found and other and found[1].product_id != other[1].product_id:
        code = next(filter(is_digits, goods.keys))  # as typed it may hold spaces
        said = which(code)
        if said is EightDigits.ASK:
            ean8, upce = (f"{product.name} {product.price.plain}" for _, product in (found, other))
            raise AmbiguousCode(code=code, ean8=ean8, upce=upce)
        found = other if said is EightDigits.UPCE else found
    found = found or other
    if found:
        return Article.found(found[1], goods, found[0], None)
    by_label = _first(goods.embedded.keys, look_up) if goods.embedded else None
    if by_label:
        return Article.found(by_label[1], goods, by_label[0], goods.embedded)
    # of a code with fields people know the number in it
    number = goods.keys[min(1, len(goods.keys) - 1)] if goods.elements else goods.keys[0]
    raise UnknownBarcode(code=number[:_SHOWN_CHARACTERS_MAX])


def _first(keys: tuple[str, ...], look_up: LookUp) -> tuple[str, Product] | None:
    for key in keys:
        product = look_up(key)
        if product is not None:
            return key, product
    return None


class Decisions:
    """What cashiers of this till said of 8 digits that are two things."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        rows = driver.execute("SELECT code, reading FROM code_reading")
        self.said = {code: EightDigits(reading) for code, reading in rows}

    @staticmethod
    def check(code: str) -> None:
        """Raises NotAmbiguous."""
        if not (is_digits(code) and is_upce(code) and check_digit_ok(code)):
            raise NotAmbiguous(code=code[:_SHOWN_CHARACTERS_MAX])

    @staticmethod
    def keep(driver: sqlite3.Connection, code: str, reading: EightDigits) -> None:
        """Write a decision, in the transaction of its fact."""
        driver.execute("INSERT OR REPLACE INTO code_reading VALUES (?, ?)", (code, reading.value))
