"""`sync-server export`: what an import would read again."""

import asyncio
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from retail.catalogue import Product
from retail.language import Text
from sync_server.commands.running import Url, run, say, settings_of, with_hub
from sync_server.hub import Hub
from sync_server.imports.export import export_products
from sync_server.imports.products import ProductRow
from sync_server.stock.records import Opening

_AT_ONCE = 5_000
_WRITTEN = Text("{count} products in {file}", "已写入 {count} 个商品：{file}")


class Kind(StrEnum):
    """What can be exported."""

    PRODUCTS = "products"


def export_file(
    kind: Annotated[Kind, typer.Argument(help="what to write")],
    file: Annotated[Path, typer.Argument(help="a .csv, .csv.gz, .parquet or .xlsx file")],
    store: Annotated[str | None, typer.Option(help="with this store's opening stock")] = None,
    database: Url = None,
) -> None:
    """Write what is published into a file that `import` reads again; an older file is replaced.

    Example: sync-server export products products.csv
    """
    assert kind is Kind.PRODUCTS
    written = run(with_hub(settings_of(database=database), lambda hub: _products(hub, file, store)))
    say(_WRITTEN.filled(count=written, file=file))


async def _products(hub: Hub, file: Path, store_id: str | None) -> int:
    """Write on a thread, which asks for the next products as it needs them. Raises NoSuchStore."""
    if store_id is not None:
        await hub.office.known_store(store_id)
    loop = asyncio.get_running_loop()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("exporting", total=await hub.office.count_products())

        def rows() -> Iterator[ProductRow]:
            after = ""
            while True:
                asking = _rows_after(hub, after, store_id)
                found = asyncio.run_coroutine_threadsafe(asking, loop).result()
                if not found:
                    return
                yield from found
                after = found[-1].product.product_id
                progress.advance(task, len(found))

        return await asyncio.to_thread(export_products, rows(), file)


async def _rows_after(hub: Hub, product_id: str, store_id: str | None) -> list[ProductRow]:
    """The next products in the order of their ids, with what lay in the store of them."""
    products = await hub.office.products_after(product_id, _AT_ONCE)
    if store_id is None:
        return [ProductRow(product) for product in products]
    lay_there = await hub.office.openings(store_id, [product.product_id for product in products])
    return [_row(product, lay_there.get(product.product_id)) for product in products]


def _row(product: Product, opening: Opening | None) -> ProductRow:
    """A cost in another currency than the product's has no place in a row."""
    if opening is None:
        return ProductRow(product)
    cost_minor = opening.cost_minor if opening.currency == product.currency else None
    return ProductRow(product, cost_minor, opening.quantity)
