"""A larger shelf: packs, price lists, store labels, 8 digits that are two things; and what head
office says of it meanwhile."""

from datetime import timedelta

import msgspec

from journal.wire import FeedPage, FeedRow
from pos_client.till import Till
from pricebook.rows import RECALLS, REVISIONS
from retail.barcode.gtin import check_digit
from retail.catalogue import Pack, Product
from retail.quantity import ONE, Unit
from retail.revision import Recall, Revision
from retail.tax import Tax
from tests.builders import a_product, apples, the_shelf

MILK = "6907992500133"
CASE = "16901028075029"
BUNDLE = "6901028075039"
#: 8 digits that check as EAN-8, and as the UPC-E of 012340000053
TWO_THINGS = "01234053"
UPC_A = "012340000053"
#: apples of 21 00001 for 8.38
LABEL = "2100001008383"


def gs1(*fields: tuple[str, str]) -> str:
    """The fields as a scanner sends them, each ended as if it could be longer."""
    return "]d2" + "\x1d".join(f"{ai}{value}" for ai, value in fields)


def label(item: str, value: int, prefix: str = "21") -> str:
    """A store label of `21IIIIIVVVVVC price=2`, or of another prefix alike."""
    digits = f"{prefix}{item}{value:05}"
    return f"{digits}{check_digit(digits)}"


_COLA, *_REST = the_shelf()
SHELF: list[Product] = [
    msgspec.structs.replace(
        _COLA,
        name="可口可乐",
        spec="330ml",
        brand="可口可乐",
        category="饮料/碳酸饮料",
        prices={"市区": 380, "会员": 320},
        packs=(Pack(CASE, 24 * ONE), Pack(BUNDLE, 6 * ONE, 1900)),
    ),
    *_REST,
    a_product(
        "milk",
        name="光明鲜牛奶",
        spec="950ml",
        brand="光明",
        category="乳品/低温奶",
        price_minor=1580,
        codes=(MILK,),
        tax=Tax("VAT9", 90_000),
    ),
    a_product(
        "pepsi", name="百事可乐 无糖", spec="500ml", price_minor=400, codes=("6900000000014",)
    ),
    a_product(
        "zero",
        name="Coca-Cola Zero 零度可乐 家庭装 超值促销 限时特惠装 纤维+ 白桃味汽水 六连包",
        spec="6×330ml",
        price_minor=1990,
        codes=("6900000000021",),
    ),
    a_product("nuts", name="散装瓜子", price_minor=2560, codes=(), unit=Unit.KILOGRAM),
    a_product("gum", name="口香糖", price_minor=500, codes=(TWO_THINGS,)),
    a_product("soda", name="Soda", price_minor=700, codes=(UPC_A,)),
]
assert apples() in SHELF


def recall(till: Till, *recalls: Recall) -> None:
    """Head office says that this may not be sold: what the pull thread does with it."""
    rows = [
        FeedRow(RECALLS, "recall", each.key, msgspec.Raw(msgspec.json.encode(each)))
        for each in recalls
    ]
    cursor = f"recalls-{'-'.join(each.key for each in recalls)}"
    till.catalogue.stage(FeedPage("epoch-1", cursor, rows, True))


def in_force_since(till: Till, published_at: str) -> None:
    """Head office has what the till sells by in force since then, ISO 8601 with offset."""
    body = msgspec.json.encode(Revision("N", published_at))
    rows = [FeedRow(REVISIONS, "revision", "", msgspec.Raw(body))]
    till.catalogue.stage(FeedPage("epoch-1", "revision", rows, True))
    till.sale.between_sales()


def checked(till: Till, *, days_ago: int) -> None:
    """The hub was heard so long ago."""
    at = till.recorder.clock.read().at - timedelta(days=days_ago)
    with till.catalogue.books.book.change() as change:
        change.checked(at.isoformat(timespec="seconds"))
