"""An open till with a full shelf, without hub, printer or threads."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from benchmarks.goods import CASHIER, STORE
from journal.cursor import Cursor
from journal.signature import Signer
from journal.wire import FeedPage, FeedRow
from pos_client import identity
from pos_client.clock import RandomIds
from pos_client.settings import load
from pos_client.till import Till, open_database
from pricebook.book import Book
from pricebook.rows import store_scope
from retail.catalogue import Cashier, Product, StoreSettings

_NOBODY = "http://127.0.0.1:9"


def open_till(folder: Path, products: Iterable[Product]) -> Till:
    """A newly enrolled till that sells these products, in any order. Close it."""
    settings = load(data=folder / "data", state=folder / "state")
    database = open_database(settings)
    hub_key = Signer(bytes(32)).public
    who = identity.Identity(STORE, f"{STORE}-1", _NOBODY, hub_key, "epoch-1")
    identity.make_signer(settings.data)
    ids = RandomIds()
    identity.enrol(database, who, ids.incarnation(), settings.state, ids)
    database.close()
    till = Till.open(settings, sync=False)
    _fill(till.catalogue.books.book, products)
    till.catalogue.stage(_page())
    till.sale.between_sales()
    return till


def _fill(book: Book, products: Iterable[Product]) -> None:
    """Put products in without their words: nobody searches here, and a million words take long."""
    encoder = msgspec.json.Encoder()
    with book.change() as change:
        change.driver.executemany(
            "INSERT INTO product (product_id, body) VALUES (?, ?)",
            ((product.product_id, encoder.encode(product)) for product in products),
        )
        change.driver.execute(
            "INSERT INTO barcode SELECT code.value, product.id"
            " FROM product, json_each(product.body, '$.codes') code ORDER BY 1"
        )
    book.checkpoint()


def _page() -> FeedPage:
    """What head office publishes beside the products: the store's settings and its cashier."""
    published = {
        "settings": (STORE, StoreSettings(store_name="上海静安店")),
        "cashier": (CASHIER, Cashier(CASHIER, "王芳")),
    }
    rows = [
        FeedRow(store_scope(STORE), kind, key, msgspec.Raw(msgspec.json.encode(value)))
        for kind, (key, value) in published.items()
    ]
    return FeedPage("epoch-1", Cursor("epoch-1", {"catalogue": 1}).text(), rows, up_to_date=True)
