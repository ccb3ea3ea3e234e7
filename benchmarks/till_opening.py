"""Does a till with a million products open as fast as one with a thousand?

Ours and reference are the same program: `Till.open` and `close` of an enrolled till with a price
book of a million products, and of a thousand. By the clock.
"""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter_ns

from benchmarks import goods
from benchmarks.measure import Result, Scale, by_turns, result
from benchmarks.tills import open_till
from pos_client.settings import TillSettings
from pos_client.till import Till

GOAL = 1.2
PRODUCTS = 1_000_000
FEW = 1_000
OPENINGS = 20
UNIT = "ms/opening"


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """One question."""
    many = _prepared(folder / "many", scale.of(PRODUCTS, least=FEW))
    few = _prepared(folder / "few", FEW)
    openings = scale.of(OPENINGS)
    rounds = by_turns(scale, partial(_opened, many, openings), partial(_opened, few, openings))
    yield result("till_opening million", UNIT, GOAL, rounds, openings)


def _prepared(folder: Path, products: int) -> TillSettings:
    with closing(open_till(folder, map(goods.product, range(products)))) as till:
        return till.settings


def _opened(settings: TillSettings, openings: int) -> float:
    """Milliseconds in the median."""
    took: list[float] = []
    for _ in range(openings):
        began_ns = perf_counter_ns()
        Till.open(settings, sync=False).close()
        took.append((perf_counter_ns() - began_ns) / 1_000_000)
    return median(took)
