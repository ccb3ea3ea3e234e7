"""How long from the start of the till to its first picture, and how much memory does it hold then?

Ours: the till with 20,000 products and an open shift, to the frame that asks for goods. Reference:
an app that imports the same libraries and draws one line. From the start of the process to the
arrival of the frame; resident memory when nothing is drawn any more.
"""

import compileall
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from statistics import median

from benchmarks import goods, screens
from benchmarks.measure import Result, Rounds, Scale, by_turns, result
from benchmarks.reference import empty_app
from rehearsal.terminal import Terminal

TIME_GOAL = 1.5
MEMORY_GOAL = 1.3
STARTS = 2
#: what the till is made of
PACKAGES = ("retail", "journal", "hardware", "pricebook", "pos_client", "benchmarks")


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """Both questions from the same starts."""
    starts = scale.of(STARTS)
    for package in PACKAGES:  # as an installer does; a checkout may be kept without
        compileall.compile_dir(screens.ROOT / package, quiet=1)
    products = goods.Shelf(Random(7), scale.of(goods.PRODUCTS, least=30)).products
    screens.prepare(folder / "till", products, lines=1)
    ours = partial(screens.till, folder / "till", folder / "copy")
    plain = partial(screens.reference, "empty_app")
    memory = Rounds()
    times = by_turns(
        scale,
        partial(_start_ms, ours, screens.ASKS_GOODS, starts, memory.ours),
        partial(_start_ms, plain, empty_app.READY, starts, memory.reference),
    )
    for held in (memory.ours, memory.reference):
        del held[: scale.warms_up]  # of the round that warmed up
    yield result("till_start", "ms", TIME_GOAL, times, starts)
    yield result("till_start memory", "MiB", MEMORY_GOAL, memory, starts)


def _start_ms(program: Callable[[], Terminal], ready: str, starts: int, held: list[float]) -> float:
    """Median milliseconds to the first picture; adds to `held` the median memory in MiB."""
    took_ms: list[float] = []
    resident_mib: list[float] = []
    for _ in range(starts):
        with program() as terminal:
            took_ms.append((terminal.seen_at(ready) - terminal.started_ns) / 1_000_000)
            terminal.wait_for_calm()
            resident_mib.append(terminal.rss_bytes / 2**20)
    held.append(median(resident_mib))
    return median(took_ms)
