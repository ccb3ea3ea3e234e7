"""What head office publishes, and what a till of a store may read of it."""

import msgspec
from sqlalchemy import Connection

from journal import wire
from journal.cursor import PAGE_ROWS_MAX, Cursor
from journal.wire import FeedPage
from retail.catalogue import Cashier, Product, StoreSettings
from retail.language import Text
from sync_server.catalogue import records
from sync_server.sync.service import WireProblem, problem

#: of bodies in one page; a message may hold twice that, for their keys and all else
PAGE_BYTES = wire.MESSAGE_BYTES_MAX // 2


class CodeTaken(ValueError):
    """A barcode that belongs to another product already."""

    def __init__(self, code: str, product_id: str) -> None:
        super().__init__(f"barcode {code} belongs to product {product_id}")
        self.code = code


def taken_codes(connection: Connection, products: list[Product]) -> dict[str, CodeTaken]:
    """Products, by id, that claim a barcode of another one. A barcode that its owner gives up
    among these same products is free."""
    claimed = {product.product_id: product.codes for product in products}
    codes = list({code for product in products for code in product.codes})
    owners = {
        code: owner
        for code, owner in records.owners(connection, codes).items()
        if code in claimed.get(owner, (code,))
    }
    taken = {}
    for product in products:
        for code in product.codes:
            owner = owners.setdefault(code, product.product_id)
            if owner != product.product_id:
                taken[product.product_id] = CodeTaken(code, owner)
    return taken


def publish_products(connection: Connection, products: list[Product]) -> int:
    """Publish products and prices to every store; returns how many changed anything."""
    records.keep_codes(connection, {product.product_id: product.codes for product in products})
    bodies = {product.product_id: msgspec.json.encode(product) for product in products}
    return records.publish(connection, records.CATALOGUE, "product", bodies)


def publish_cashiers(connection: Connection, store_id: str, cashiers: list[Cashier]) -> int:
    bodies = {cashier.cashier_id: msgspec.json.encode(cashier) for cashier in cashiers}
    return records.publish(connection, records.store_scope(store_id), "cashier", bodies)


def publish_settings(connection: Connection, store_id: str, settings: StoreSettings) -> int:
    bodies = {store_id: msgspec.json.encode(settings)}
    return records.publish(connection, records.store_scope(store_id), "settings", bodies)


def settings_of(connection: Connection, store_id: str) -> StoreSettings | None:
    """What is published for a store now."""
    bodies = records.published(connection, records.store_scope(store_id), "settings", [store_id])
    if store_id not in bodies:
        return None
    return msgspec.json.decode(bodies[store_id], type=StoreSettings)


def scopes_of(store_id: str) -> tuple[str, ...]:
    """What a till of the store pulls; settings and cashiers first, they are few."""
    return records.store_scope(store_id), records.CATALOGUE


def _cursor(epoch: str, text: str) -> Cursor:
    """The till's cursor; a first one without any. 410 for one of another life of this hub."""
    if not text:
        return Cursor(epoch, {})
    try:
        cursor = Cursor.parse(text)
    except ValueError:
        raise _lost(epoch) from None
    if cursor.epoch != epoch:
        raise _lost(epoch)
    return cursor


def _lost(epoch: str) -> WireProblem:
    return problem(
        410,
        "cursor",
        Text("This cursor is not of this hub's life.", "游标已失效。"),
        Text("Pull from the beginning.", "请从头拉取。"),
        epoch=epoch,
    )


def page(
    connection: Connection, epoch: str, store_id: str, cursor: str, included: dict[str, int]
) -> FeedPage:
    """The next rows of the feed for a till of the store."""
    before = _cursor(epoch, cursor)
    at_head = records.heads(connection, scopes_of(store_id))
    if any(not 0 <= before.positions.get(scope, 0) <= head for scope, head in at_head.items()):
        raise _lost(epoch)  # it has seen more than we have: our database is an older one
    rows, after, up_to_date = records.page(connection, at_head, before, PAGE_ROWS_MAX, PAGE_BYTES)
    return FeedPage(epoch, after.text(), rows, up_to_date, included)


def positions(epoch: str, store_id: str, cursor: str) -> dict[str, int]:
    """How far the cursor has come in each scope of the till."""
    known = _cursor(epoch, cursor).positions
    return {scope: known.get(scope, 0) for scope in scopes_of(store_id)}


def heads(connection: Connection) -> dict[str, int]:
    """Where every scope stands."""
    return records.all_heads(connection)
