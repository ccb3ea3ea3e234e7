"""What head office publishes, and what a till of a store may read of it."""

from collections import defaultdict
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from journal import wire
from journal.cursor import PAGE_ROWS_MAX, Cursor
from journal.wire import FeedPage
from retail.catalogue import Cashier, Product, StoreSettings
from retail.language import Text
from sync_server.catalogue import records
from sync_server.sync.service import WireProblem, known_store, problem

#: of bodies in one page; a message may hold twice that, for their keys and all else
PAGE_BYTES = wire.MESSAGE_BYTES_MAX // 2


class Published(NamedTuple):
    """What came of products: how many changed anything, and why each of the others stays out."""

    moved: int
    refused: dict[str, Text]


def publish_products(connection: Connection, products: list[Product]) -> Published:
    """Publish products and prices to every store; of one that is named twice the latter. One that
    claims a barcode of another product stays out, and keeps the barcodes it had."""
    records.hold(connection, records.CATALOGUE)
    named = {product.product_id: product for product in products}
    refused = _refused(connection, named)
    taken = {key: product for key, product in named.items() if key not in refused}
    records.keep_codes(connection, {key: product.codes for key, product in taken.items()})
    bodies = {key: msgspec.json.encode(product) for key, product in taken.items()}
    return Published(records.publish(connection, records.CATALOGUE, "product", bodies), refused)


def _refused(connection: Connection, products: dict[str, Product]) -> dict[str, Text]:
    """The products that claim a barcode of another one. A barcode that its owner gives up among
    these same products is free, unless its owner is refused itself."""
    claimed = {code for product in products.values() for code in product.codes}
    owners = records.owners(connection, list(claimed))
    had: dict[str, list[str]] = defaultdict(list)
    holders: dict[str, str] = {}
    for code, owner in owners.items():
        had[owner].append(code)
        if owner not in products or code in products[owner].codes:
            holders[code] = owner
    refused: dict[str, Text] = {}
    for key, product in products.items():
        held = [code for code in product.codes if holders.get(code, key) != key]
        if held:
            refused[key] = _belongs(held[0], holders[held[0]])
        else:
            holders.update(dict.fromkeys(product.codes, key))
    left = list(refused)
    while left:
        owner = left.pop()
        for code in had[owner]:
            claimant, holders[code] = holders.get(code, owner), owner
            if claimant != owner and claimant not in refused:
                refused[claimant] = _belongs(code, owner)
                left.append(claimant)
    return refused


def _belongs(code: str, product_id: str) -> Text:
    return Text(
        f"barcode {code} belongs to product {product_id}", f"条码 {code} 属于商品 {product_id}"
    )


def publish_cashiers(connection: Connection, store_id: str, cashiers: list[Cashier]) -> int:
    """Publish a store's cashiers; returns how many changed anything. Raises NoSuchStore."""
    known_store(connection, store_id)
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
