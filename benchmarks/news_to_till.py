"""How soon does a till sell by what head office has just published?

Ours: head office publishes a price beside `sync-server serve`; from there to the event
`catalogue.swapped` of a headless till, which has heard, pulled and swapped. Reference: a process
that asks the database without end whether anything moved. On both databases: a file tells nobody,
so hubs on SQLite look for what another process published (`feed_look_every_s`).
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from time import monotonic
from typing import Any

import msgspec

from benchmarks import goods
from benchmarks.measure import Result, Rounds, Scale, result
from rehearsal.postgresql import NoPostgreSQL, running_postgresql
from rehearsal.processes import Child, HeadlessTill
from rehearsal.shop import Shop
from sync_server.hub import Hub
from sync_server.imports.stores import StoreRow
from sync_server.settings import HubSettings

#: a till that hears within a second is the aim; the reference knows after about 5 ms
GOAL = 100.0
PUBLISHED = 200
_PATIENCE_S = 30.0


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """Both databases."""
    count = scale.of(PUBLISHED, least=scale.rounds_min + 1)
    yield _on("sqlite", f"sqlite:///{folder / 'hub.db'}", folder / "sqlite", count)
    try:
        with running_postgresql(folder) as server:
            url = server.create_database("hub")
            yield _on("postgresql", url, folder / "postgresql", count)
    except NoPostgreSQL as reason:
        print(f"news_to_till postgresql is left out: {reason}", file=sys.stderr)


def _on(database: str, url: str, folder: Path, count: int) -> Result:
    folder.mkdir()
    given: dict[str, Any] = {"database": url, "price_book": folder / "price-book"}
    rounds = Rounds()
    with asyncio.Runner() as runner, ExitStack() as undo:
        hub = runner.run(Hub.open(HubSettings(**given)))
        undo.callback(lambda: runner.run(hub.close()))
        runner.run(hub.office.save_store(StoreRow(goods.STORE, "上海静安店")))
        runner.run(hub.office.publish_products([goods.product(1)], "benchmark"))
        shop = undo.enter_context(Shop(folder, url, price_book=folder / "price-book"))
        shop.start_hub()
        till = undo.enter_context(shop.till(shop.enrol(goods.STORE)))
        till.next_event("catalogue.swapped", _PATIENCE_S)
        module = "benchmarks.reference.news_to_till"
        asking = undo.enter_context(Child([sys.executable, "-m", module, url]))
        assert asking.read_line(_PATIENCE_S) == "ready"
        for price in range(count):
            changed = msgspec.structs.replace(goods.product(1), price_minor=1_000 + price)
            began_s = monotonic()
            runner.run(hub.office.publish_products([changed], "benchmark"))
            rounds.ours.append(1_000 * (_swapped(till) - began_s))
            rounds.reference.append(1_000 * (float(asking.read_line(_PATIENCE_S)) - began_s))
    del rounds.ours[0], rounds.reference[0]
    p99 = {
        "p99": quantiles(rounds.ours, n=100, method="inclusive")[-1],
        "reference p99": quantiles(rounds.reference, n=100, method="inclusive")[-1],
        "p50": median(rounds.ours),
    }
    return result(f"news_to_till {database}", "ms", GOAL, rounds, 1, **p99)


def _swapped(till: HeadlessTill) -> float:
    till.next_event("catalogue.swapped", _PATIENCE_S)
    return monotonic()
