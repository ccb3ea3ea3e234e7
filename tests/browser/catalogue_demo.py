"""A catalogue as head office has it in the afternoon: revisions, a plan, a draft, recalls, tills
that sell by one or another. What the pictures of the catalogue show."""

from datetime import timedelta

from rehearsal.demo import demo_rows
from retail.catalogue import Product
from retail.revision import Recall
from sync_server.catalogue.edits import Edit
from sync_server.imports.fields import changed, made
from sync_server.stock.records import Opening
from tests.browser.demo import AFTERNOON, STORES
from tests.hand_till import HandTill, a_sale, an_opened_shift, reply_of
from tests.served_hub import ServedHub

CATEGORIES = {"water": "饮料/水", "soda": "饮料/水", "cola": "饮料/汽水", "juice": "饮料/果汁"}


def typed(**fields: str) -> Edit:
    """The edit that types these fields anew; `member` is the price of that list."""
    said = {"price:member" if name == "member" else name: said for name, said in fields.items()}

    def change(product: Product | None) -> Product | None:
        return changed(product, said) if product else None

    return change


def fill(hub: ServedHub) -> None:
    """Three revisions, a plan for the weekend, an open draft, two recalls, what lay in two stores,
    four tills."""
    for store, name in STORES.items():
        hub.add_store(store, name=name)
    rows = [
        {**row, "category": CATEGORIES.get(row["product_id"], "")} for row in demo_rows("products")
    ]
    products = [made(row.pop("product_id"), row) for row in rows]
    hub.clock.move(-timedelta(days=9))
    first = hub.do(hub.hub.office.publish_products(products, "李强", "开业目录"))
    hub.clock.move(timedelta(days=6))
    cola = hub.hub.office.edit_at_once(
        "cola", typed(price="3.80", member="3.50"), "王敏", "夏季饮料调价"
    )
    hub.do(cola)
    hub.clock.move(timedelta(days=3))
    juice = hub.hub.office.edit_at_once(
        "juice", typed(price="11.90", spec="1 L"), "王敏", "果汁促销"
    )
    stands = hub.do(juice).name
    _plan_weekend(hub)
    draft = hub.do(
        hub.hub.office.edit_anew(
            "cola", typed(price="3.60", category="饮料/碳酸"), "王敏", "六月调价"
        )
    )
    hub.do(
        hub.hub.office.edit(
            draft, "water", typed(price="1.80", spec="550 ml", member="1.60"), "王敏"
        )
    )
    hub.do(hub.hub.office.edit(draft, products[-1].product_id, lambda _: None, "王敏"))
    hub.do(hub.hub.office.recall(Recall("juice", "瓶盖松动", "L2406"), "王敏"))
    hub.do(hub.hub.office.recall(Recall("soda", "标签印错"), "李强"))
    for store, quantity, cost in (("S01", 144_000, 210), ("S02", 96_000, None)):
        hub.do(hub.hub.office.keep_opening_stock(store, [Opening("cola", quantity, cost, "CNY")]))
    for number, name in enumerate((stands, stands, stands, first.name), start=1):
        with HandTill(hub.url, number) as till:
            till.enrol(hub.enrol_code("S01" if number < 3 else "S02"))
            till.begin()
            till.record(an_opened_shift())
            till.record(a_sale(quantity=number * 1000), seen=name)
            reply_of(till.push())


def _plan_weekend(hub: ServedHub) -> None:
    number = hub.do(hub.hub.office.edit_anew("water", typed(price="1.50"), "李强", "周末特价"))
    hub.do(hub.hub.office.edit(number, "juice", typed(price="9.90"), "李强"))
    hub.do(hub.hub.office.plan(number, AFTERNOON + timedelta(days=3), "李强"))
