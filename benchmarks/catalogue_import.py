"""How long does a file of products take until it is published?

Ours: `sync-server import products FILE.parquet` as it is, from the start of the program to what
stands: read, mapped, checked, barcodes compared, drafted, published as one revision. Reference:
the rows that this leaves, ready made, by plain `executemany` into the same tables in one
transaction. By the clock; the goal is 40 % of the reference's rows a second.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter

import pyarrow
import pyarrow.parquet

from benchmarks import goods
from benchmarks.measure import Result, Scale, by_turns, result
from benchmarks.reference import catalogue_import as reference
from rehearsal.shop import command, settings_alone

GOAL = 2.5
PRODUCTS = 600_000
UNIT = "µs/row"


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """One question, on SQLite: there the client's work is not hidden by another process."""
    products = scale.of(PRODUCTS, least=50)
    file = folder / "goods.parquet"
    write_goods(file, products)
    numbers = count()
    made = _import(file, folder / "made.db")
    rows = reference.rows(made)
    rounds = by_turns(
        scale,
        lambda: _timed(partial(_import, file, folder / f"ours-{next(numbers)}.db"), products),
        lambda: _timed(
            partial(reference.write, made, folder / f"plain-{next(numbers)}.db", rows), products
        ),
    )
    rate = 1_000_000 / rounds.ours[-1]
    yield result("catalogue_import", UNIT, GOAL, rounds, products, **{"rows/s": rate})


def write_goods(file: Path, products: int) -> None:
    """A file of products as another system would export it."""
    made = [goods.product(number) for number in range(products)]
    columns = {
        "gtin": [product.codes[0] for product in made],
        "name": [product.name for product in made],
        "price": [str(product.price.plain) for product in made],
        "category": [f"食品/{number % 400}" for number in range(products)],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), file)


def _import(file: Path, database: Path) -> Path:
    command(
        "sync_server", "import", "products", str(file), "--database", f"sqlite:///{database}",
        env=settings_alone(),
    )  # fmt: skip
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database


def _timed(work: Callable[[], object], products: int) -> float:
    """Microseconds a row."""
    began = perf_counter()
    work()
    return (perf_counter() - began) * 1_000_000 / products
