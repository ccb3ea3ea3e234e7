"""How long until the hub has a week that one till sold while the line was dead?

Ours: a real till with 3,500 sales in its journal pushes to `sync-server serve` until nothing waits:
read, packed, signed, checked, stored, added up, counter-signed, acknowledged. Reference: the bare
endpoint of `hub_push`, to which the same number of sales come ready as rows, one push after the
other. By the clock, over loopback, on SQLite.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

from benchmarks import goods, pushes
from benchmarks.catalogue_import import write_goods
from benchmarks.goods import CASHIER, STORE, PaperTill
from benchmarks.hub_push import start_bare, start_hub
from benchmarks.measure import Result, Scale, by_turns, result
from journal.wire import PUSH_FACTS_MAX
from pos_client.settings import load
from pos_client.till import Till
from rehearsal.shop import Shop, command

GOAL = 3.0
PUSHES = 7  # of 500 facts: 3,500 sales
LINES = 3
UNIT = "s"


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """One question; a week is sold anew for every round, which is not measured."""
    count = scale.of(PUSHES)
    sales = count * PUSH_FACTS_MAX
    few = Scale(scale.part, min(scale.rounds_min, 5), min(scale.rounds_max, 5))
    products = scale.of(goods.PRODUCTS, least=50)
    shelf, bare_till = goods.Shelf(Random(7), products), PaperTill(f"{STORE}-1", 1)
    first = pushes.first(bare_till)
    (folder / "bare").mkdir()
    bare_url, url = f"sqlite:///{folder / 'bare.db'}", f"sqlite:///{folder / 'hub.db'}"
    start_hub(folder / "bare", bare_url, [bare_till], [first], None).close()
    write_goods(folder / "goods.parquet", products)
    with start_bare(bare_url, None) as bare, Shop(folder, url) as shop:
        shop.import_csv("stores", [{"store_id": STORE, "name": "上海静安店"}])
        shop.import_csv("cashiers", [{"cashier_id": CASHIER, "name": "王芳", "store_id": STORE}])
        file = str(folder / "goods.parquet")
        command("sync_server", "import", "products", file, "--database", url)
        shop.start_hub()
        home = shop.enrol(STORE)
        settings = load(data=home.data, state=home.state)
        with closing(Till.open(settings, sync=False)) as till:
            while till.sync.pull_once() is not None:
                pass
            till.shift.open(CASHIER, 50_000)
            _drain(till)

            def ours() -> float:
                _sell(till, shelf, sales)
                began_s = perf_counter()
                _drain(till)
                return perf_counter() - began_s

            def reference() -> float:
                load = [
                    pushes.sales(bare_till, 1, shelf, PUSH_FACTS_MAX, LINES) for _ in range(count)
                ]
                began_s = perf_counter()
                bare.take([(push.reference, push.facts) for push in load])
                return perf_counter() - began_s

            rounds = by_turns(few, ours, reference)
    rate = {"sales/s": sales / median(rounds.ours)}
    yield result("week_drained", UNIT, GOAL, rounds, sales, **rate)


def _sell(till: Till, shelf: goods.Shelf, sales: int) -> None:
    for _ in range(sales):
        for product in shelf.pick(LINES):
            till.sale.scan(product.codes[0])
        till.sale.pay("wechat")


def _drain(till: Till) -> None:
    while till.sync.push_once() is not None:
        pass
    assert not till.sync.state().waiting
