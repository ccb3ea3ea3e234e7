"""Opening stock of an imported file: it waits until the file's products are in force."""

from collections.abc import Awaitable, Iterable, Iterator

import msgspec

from retail.language import Text
from sync_server.hub import Hub
from sync_server.imports.products import ProductRow
from sync_server.imports.rows import GoodRow
from sync_server.stock.records import Opening

KEPT = Text(
    "opening stock in {store}: {count} products changed",
    "{store} 期初库存：{count} 个商品有变化",
)
NOT_KEPT = Text(
    "The opening stock of {count} products is not kept: --store S01 says in which store it lies.",
    "未保存 {count} 个商品的期初库存：请用 --store S01 注明所属门店。",
)


class OpeningStock:
    """What a file says lay in a store; without a store nothing of it is kept."""

    def __init__(self, hub: Hub, store_id: str | None) -> None:
        self._hub = hub
        self._store_id = store_id
        #: as they came; packed a row takes a tenth of what it takes as an object
        self._batches: list[bytes] = []

    def add(self, rows: Iterable[GoodRow[ProductRow]]) -> None:
        """Rows that were taken, no more of them at once than are to be saved at once."""
        found = [
            Opening(said.product.product_id, said.opening_stock, said.cost_minor, currency)
            for said, currency in ((row.value, row.value.product.currency) for row in rows)
            if said.opening_stock is not None
        ]
        if found and self._store_id is not None:
            self._batches.append(msgspec.msgpack.encode(found))

    def saves(self) -> Iterator[Awaitable[int]]:
        """Save what came, batch by batch: of how many products each changed anything."""
        if self._store_id is not None:
            for batch in self._batches:
                rows = msgspec.msgpack.decode(batch, type=list[Opening])
                yield self._hub.office.keep_opening_stock(self._store_id, rows)
