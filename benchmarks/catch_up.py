"""How long does a till take that has missed a hundred thousand new prices?

Ours: `sync-server serve` and a real till that sells by a catalogue of as many: it pulls row by row
until all is swapped in and a changed price is found. Reference: a plain SELECT of the same rows
from the hub's file, written to a file, a row a line, and synced. By the clock, over loopback.
"""

import csv
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks import goods
from benchmarks.catalogue_import import write_goods
from benchmarks.measure import Result, Scale, by_turns, result
from benchmarks.reference import feed_delta as reference
from pos_client.settings import load
from pos_client.till import Till
from rehearsal.shop import Shop, command

GOAL = 20.0
CHANGES = 100_000
UNIT = "ms"
_NO_SNAPSHOT = 10**9


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """One question; publishing so much takes long, so there are few rounds."""
    changes = scale.of(CHANGES, least=200)
    few = Scale(scale.part, min(scale.rounds_min, 3), min(scale.rounds_max, 3))
    write_goods(folder / "goods.parquet", changes)
    database = folder / "hub.db"
    url = f"sqlite:///{database}"
    with Shop(folder, url) as shop:
        shop.import_csv("stores", [{"store_id": goods.STORE, "name": "上海静安店"}])
        file = str(folder / "goods.parquet")
        command("sync_server", "import", "products", file, "--database", url)
        shop.start_hub()
        home = shop.enrol(goods.STORE)
        settings = load(data=home.data, state=home.state, snapshot_from_rows=_NO_SNAPSHOT)
        with closing(Till.open(settings, sync=False)) as till:
            _pull(till)
            price = 0

            def ours() -> float:
                nonlocal price
                price += 1
                _publish(folder / "prices.csv", url, changes, price)
                began_s = perf_counter()
                _pull(till)
                found = till.catalogue.article(goods.code(changes - 1))
                assert found.product.price_minor == 100 + price
                return 1_000 * (perf_counter() - began_s)

            def select() -> float:
                began_s = perf_counter()
                written = _write(database, reference.head(database) - changes, folder / "rows")
                assert written == changes
                return 1_000 * (perf_counter() - began_s)

            rounds = by_turns(few, ours, select)
    rate = {"changes/s": 1_000 * changes / median(rounds.ours)}
    yield result("catch_up", UNIT, GOAL, rounds, changes, **rate)


def _pull(till: Till) -> None:
    while till.sync.pull_once() is not None:
        pass


def _publish(file: Path, url: str, changes: int, price: int) -> None:
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(("gtin", "name", "price"))
        for number in range(changes):
            made = goods.product(number)
            writer.writerow((made.codes[0], made.name, f"{(100 + price) / 100:.2f}"))
    command("sync_server", "import", "products", str(file), "--database", url)


def _write(database: Path, position: int, file: Path) -> int:
    """The rows after that position as lines of a file, synced -> how many."""
    count = 0
    with closing(sqlite3.connect(database)) as connection, file.open("wb") as out:
        for kind, key, body in connection.execute(reference.CHANGED, (position,)):
            out.write(f"{kind}\t{key}\t".encode() + bytes(body) + b"\n")
            count += 1
        out.flush()
        os.fsync(out.fileno())
    return count
