"""Opening stock: what lay in a store before the first fact in these books, as a file said it.

It is no fact of a till and no posting: the ledgers stay what the facts add up to, and what there
is in a store is both together.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from pricebook.rows import OPENING_STOCK, store_scope
from sync_server.feed import records as feed
from sync_server.stock import records
from sync_server.stock.records import Opening
from sync_server.stores import known_store


def keep(connection: Connection, store_id: str, rows: Sequence[Opening]) -> int:
    """Let this have lain in the store, and its tills hear of it, but not of what it cost; of a
    product that is named twice the latter. Returns of how many products that is something else
    than what stood there. Raises NoSuchStore."""
    known_store(connection, store_id)
    scope = store_scope(store_id)
    feed.hold(connection, scope)
    named = {row.product_id: row for row in rows}
    stood = records.openings(connection, store_id, list(named))
    changed = [row for key, row in named.items() if stood.get(key) != row]
    records.put(connection, store_id, changed)
    bodies = {row.product_id: msgspec.json.encode(row.quantity) for row in changed}
    feed.publish(connection, scope, OPENING_STOCK, bodies)
    return len(changed)
