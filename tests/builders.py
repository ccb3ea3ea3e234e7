"""What tests start from: clocks and ids that are handed in, products, a till, a hub."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from journal.clock import Reading
from journal.cursor import Cursor
from journal.signature import Signer
from journal.wire import FeedPage, FeedRow
from pos_client import identity, machine
from pos_client.settings import TillSettings
from pos_client.till import Till, open_database
from pricebook.rows import CATALOGUE, store_scope
from retail.catalogue import Cashier, Product, StoreSettings
from retail.quantity import Unit
from retail.tax import Tax

STORE = "S01"
TILL = "S01-1"
#: what concerns the store alone
OWN = store_scope(STORE)
HUB_SEED = bytes(range(32))
OPENING = datetime(2026, 6, 3, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai


class SteppedClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = OPENING) -> None:
        self.at = at
        self.mono_ms = 0
        self.boot = "boot-1"

    def read(self) -> Reading:
        return Reading(self.at, self.mono_ms, self.boot)

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by
        self.mono_ms += int(by.total_seconds() * 1000)


class CountedIds:
    """Ids in the order they are asked for."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._facts = 0
        self._incarnations = 0

    def fact_id(self) -> str:
        self._facts += 1
        return f"{self._prefix}00000000-0000-7000-8000-{self._facts:012d}"

    def incarnation(self) -> str:
        self._incarnations += 1
        return f"{self._prefix}{self._incarnations:06d}".ljust(26, "0")

    def place(self, file: Path) -> str:
        return machine.place(file)


def a_product(product_id: str = "cola", **changes: Any) -> Product:
    """A bottle at 3.50 with 13 % within, under its own barcode."""
    product = Product(
        product_id=product_id,
        name=f"可口可乐 {product_id}",
        price_minor=350,
        currency="CNY",
        codes=(f"code-{product_id}",),
        tax=Tax("VAT13", 130_000, included=True),
    )
    return msgspec.structs.replace(product, **changes)


def apples() -> Product:
    """Loose apples at 12.80 a kilogram, 9 % within."""
    return Product(
        "apple", "散装红富士苹果", 1280, "CNY", ("2100001",), Unit.KILOGRAM, Tax("VAT9", 90_000)
    )


def the_shelf() -> list[Product]:
    """What the test store sells."""
    return [
        a_product("cola", codes=("6901028075022",)),
        a_product(
            "water", name="农夫山泉 饮用天然水 550ml", price_minor=200, codes=("6921168509256",)
        ),
        a_product("pen", name="Stabilo Boss 荧光笔 黄", price_minor=890, codes=("4006381333931",)),
        apples(),
    ]


def a_feed_page(
    products: Sequence[Product], cashiers: Sequence[Cashier], settings: StoreSettings
) -> FeedPage:
    """Everything a store is told, as one whole page of the feed."""
    rows = [
        *(_row(CATALOGUE, "product", product.product_id, product) for product in products),
        *(_row(OWN, "cashier", cashier.cashier_id, cashier) for cashier in cashiers),
        _row(OWN, "settings", STORE, settings),
    ]
    return FeedPage("epoch-1", Cursor("epoch-1", {"catalogue": len(rows)}).text(), rows, True)


def _row(scope: str, kind: str, key: str, value: msgspec.Struct) -> FeedRow:
    return FeedRow(scope, kind, key, msgspec.Raw(msgspec.json.encode(value)))


def till_settings(folder: Path, **changes: Any) -> TillSettings:
    # what is plugged into this machine meanwhile is no part of a test
    settings = {"plugged_look_s": 0.0, **changes}
    return TillSettings(data=folder / "data", state=folder / "state", **settings)


def enrol_till(folder: Path, hub_url: str = "http://127.0.0.1:9") -> TillSettings:
    """A till of store S01 that never met its hub, with everything it sells by swapped in."""
    settings = till_settings(folder)
    database = open_database(settings)
    hub_key = Signer(HUB_SEED).public
    who = identity.Identity(STORE, TILL, hub_url, hub_key, "epoch-1")
    identity.make_signer(settings.data)
    ids = CountedIds()
    identity.enrol(database, who, ids.incarnation(), settings.state, ids)
    database.close()
    return settings


def open_till(folder: Path, *, clock: SteppedClock | None = None, **changes: Any) -> Till:
    """The till of that folder, enrolled on first use, without its sync threads. `changes` are
    settings of the till. Close it."""
    fresh = not (folder / "data").exists()
    settings = enrol_till(folder) if fresh else till_settings(folder)
    settings = settings.model_copy(update=changes)
    till = Till.open(settings, clock or SteppedClock(), sync=False)
    if fresh:
        publish(till)
    return till


def publish(
    till: Till,
    products: Sequence[Product] | None = None,
    settings: StoreSettings | None = None,
    cashiers: Sequence[Cashier] = (Cashier("1001", "王芳"),),
) -> None:
    """Let head office publish to this till: the shelf, one cashier, the store's settings."""
    page = a_feed_page(
        the_shelf() if products is None else products,
        cashiers,
        settings or StoreSettings(store_name="上海静安店"),
    )
    till.catalogue.stage(page)
    till.sale.between_sales()
