"""`sync-server export`: what an import would read again."""

import asyncio
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from sync_server.commands.running import Url, run, settings_of, with_hub
from sync_server.hub import Hub
from sync_server.imports.export import export_products
from sync_server.imports.products import ProductRow

_AT_ONCE = 5_000


class Kind(StrEnum):
    """What can be exported."""

    PRODUCTS = "products"


def export_file(
    kind: Annotated[Kind, typer.Argument(help="what to write")],
    file: Annotated[Path, typer.Argument(help="a .csv, .csv.gz, .parquet or .xlsx file")],
    database: Url = None,
) -> None:
    """Write what is published into a file that `import` reads again; an older file is replaced.

    Example: sync-server export products products.csv
    """
    assert kind is Kind.PRODUCTS
    written = run(with_hub(settings_of(database=database), lambda hub: _products(hub, file)))
    typer.echo(f"{written} products in {file}")


async def _products(hub: Hub, file: Path) -> int:
    """Write on a thread, which asks for the next products as it needs them."""
    loop = asyncio.get_running_loop()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("exporting", total=await hub.count_products())

        def rows() -> Iterator[ProductRow]:
            after = ""
            while True:
                asking = hub.products_after(after, _AT_ONCE)
                found = asyncio.run_coroutine_threadsafe(asking, loop).result()
                if not found:
                    return
                yield from map(ProductRow, found)
                after = found[-1].product_id
                progress.advance(task, len(found))

        return await asyncio.to_thread(export_products, rows(), file)
