"""How long until a fresh till sells by a large catalogue, search and all?

Ours: the hub's snapshot over loopback, chunk by chunk, put together, compared, swapped in, until a
code is found. Reference: the same till and hub row by row, as on a slow line: pages, rows put in,
their words indexed. By the clock, on a line that is faster than any shop's; the hub has made its
snapshot before.
"""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from time import perf_counter, sleep

from benchmarks import goods
from benchmarks.catalogue_import import write_goods
from benchmarks.measure import Result, Scale, by_turns, result
from pos_client.settings import load
from pos_client.till import Till
from rehearsal.shop import Shop, command

GOAL = 1 / 8
PRODUCTS = 1_000_000
UNIT = "s"
_NO_SNAPSHOT = 10**9
_MADE_S = 0.2


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """One question; a round row by row takes long, so there are few."""
    products = scale.of(PRODUCTS, least=200)
    write_goods(folder / "goods.parquet", products)
    few = Scale(scale.part, min(scale.rounds_min, 3), min(scale.rounds_max, 3))
    url = f"sqlite:///{folder / 'hub.db'}"
    with Shop(folder, url) as shop:
        shop.import_csv("stores", [{"store_id": goods.STORE, "name": "上海静安店"}])
        file = str(folder / "goods.parquet")
        command("sync_server", "import", "products", file, "--database", url)
        shop.start_hub()
        measured = partial(_until_ready, shop, goods.code(products - 1))
        least = min(products // 2, 20_000)
        rounds = by_turns(few, partial(measured, least), partial(measured, _NO_SNAPSHOT))
    yield result("catalogue_snapshot", UNIT, GOAL, rounds, 1, products=products)


def _until_ready(shop: Shop, code: str, snapshot_from_rows: int) -> float:
    """Seconds from the first question of a newly enrolled till until the code is found."""
    home = shop.enrol(goods.STORE)
    settings = load(
        data=home.data,
        state=home.state,
        snapshot_from_rows=snapshot_from_rows,
        snapshot_mbit_s_min=0,
    )
    with closing(Till.open(settings, sync=False)) as till:
        began = perf_counter()
        while (wait_s := till.sync.pull_once()) is not None:
            if wait_s:  # the hub is making its snapshot, once, in the round that warms up
                sleep(_MADE_S)
        till.catalogue.article(code)
        return perf_counter() - began
