"""How long does a scan wait for its product, among a million?

Ours: the catalogue service, from code to `Product`. Reference: plain sqlite3 on the same file, the
row fetched. Measured as processor time of the one thread that does it; both read what the
system's file cache holds. `any` picks each code once in a million, `busy` from a thousand.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from time import thread_time_ns

from benchmarks import goods
from benchmarks.measure import Result, Scale, by_turns, result
from benchmarks.reference import lookup as reference
from benchmarks.tills import open_till

GOAL = 3.0
PRODUCTS = 1_000_000
LOOK_UPS = 20_000
BUSY = 1_000
UNIT = "µs/look-up"


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """Both questions: any code, and one of the busy thousand."""
    products, look_ups = scale.of(PRODUCTS), scale.of(LOOK_UPS)
    with (
        closing(open_till(folder, map(goods.product, range(products)))) as till,
        closing(reference.connect(till.catalogue.books.book.file)) as plain,
    ):
        for name, known in (("any", products), ("busy", min(BUSY, products))):
            chance = Random(7)
            # Spread over the whole file: neighbours would share their pages.
            numbers = chance.sample(range(products), known)
            codes = [goods.code(chance.choice(numbers)) for _ in range(look_ups)]
            rounds = by_turns(
                scale,
                partial(_timed, till.catalogue.product, codes),
                partial(_timed, reference.look_up(plain), codes),
            )
            yield result(f"lookup {name}", UNIT, GOAL, rounds, look_ups)


def _timed(look_up: Callable[[str], object], codes: list[str]) -> float:
    """Microseconds of processor time a look-up."""
    began_ns = thread_time_ns()
    for code in codes:
        look_up(code)
    return (thread_time_ns() - began_ns) / len(codes) / 1000
