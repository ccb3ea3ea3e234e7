"""How long after a scan does its line stand on the screen, and what does the terminal get to do?

Ours: the till on a real pty, 200 lines in the basket, the hub unreachable. Reference: a stock
DataTable with a stock Input, its products in memory. Each scan is of a product not yet sold; each
round begins with fresh programs. Measured from the write of the code (`wedge`: key after key, from
the Enter; `serial`: to the till's scanner at a serial line, to the reference's keyboard) to the
arrival of the frame that shows name and amount in one row.
"""

import os
import time
import tty
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Final

import msgspec

from benchmarks import goods, screens
from benchmarks.measure import Result, Scale, by_turns, result
from benchmarks.reference import datatable_till
from pos_client.settings import FILE
from rehearsal.terminal import Terminal
from retail.catalogue import Product

GOAL = 0.1
LINES = 200
SCANS = 20
UNIT = "ms/scan"
#: a keyboard wedge's pace
WEDGE_GAP_S: Final = 0.0015
#: scans of a program just started, not counted
_WARMING = 3

Open = Callable[[], Terminal]
Scan = Callable[[Terminal, str], int]


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """A scan in one write, by a keyboard wedge, and by a scanner at a serial line."""
    lines, scans = scale.of(LINES, least=30), scale.of(SCANS, least=2)
    products = goods.Shelf(Random(7), lines + _WARMING + scans).products
    screens.prepare(folder / "till", products, lines)
    file = folder / "products.json"
    file.write_bytes(msgspec.json.encode({p.codes[0]: (p.name, p.price_minor) for p in products}))
    ours = partial(screens.till, folder / "till", folder / "copy")
    plain = partial(screens.reference, "datatable_till", str(file), str(lines))
    scanner, line = os.openpty()
    tty.setraw(line)
    urls = f"scan+serial://{os.ttyname(line)}?suffix=cr scan+wedge://?suffix=enter"
    (folder / "till" / "data" / FILE).write_text(f'scanner = "{urls}"\n', encoding="utf-8")
    ways: tuple[tuple[str, Scan, Scan], ...] = (
        ("at once", _at_once, _at_once),
        ("wedge", _by_wedge, _by_wedge),
        ("serial", partial(_by_serial, scanner), _at_once),
    )
    for name, scan, plain_scan in ways:
        ours_wrote: list[int] = []
        plain_wrote: list[int] = []
        rounds = by_turns(
            scale,
            partial(_timed, ours, screens.ASKS_GOODS, scan, products[lines:], ours_wrote),
            partial(_timed, plain, datatable_till.READY, plain_scan, products[lines:], plain_wrote),
        )
        yield result(
            f"till_scan {name}",
            UNIT,
            GOAL,
            rounds,
            scans,
            **{
                "bytes median": median(ours_wrote),
                "bytes most": max(ours_wrote),
                "reference's bytes median": median(plain_wrote),
            },
        )


def _timed(
    program: Open,
    ready: str,
    scan: Scan,
    products: list[Product],
    wrote: list[int],
) -> float:
    """Median milliseconds from a scan to its line; adds to `wrote` the bytes of each."""
    took_ms: list[float] = []
    sizes: list[int] = []
    with program() as terminal:
        terminal.wait_for(ready)
        for product in products:
            before = terminal.wait_for_calm()
            terminal.screen()
            sent_ns = scan(terminal, product.codes[0])
            shown_ns = terminal.seen_at(partial(_has_line, product))
            took_ms.append((shown_ns - sent_ns) / 1_000_000)
            sizes.append(terminal.wait_for_calm() - before)
    wrote += sizes
    return median(took_ms[_WARMING:])


def _has_line(product: Product, rows: list[str]) -> bool:
    amount = f"{product.price_minor / 100:.2f}"
    return any(product.name in row and amount in row for row in rows)


def _at_once(terminal: Terminal, code: str) -> int:
    return terminal.type(f"{code}\r")


def _by_wedge(terminal: Terminal, code: str) -> int:
    for digit in code:
        terminal.type(digit)
        time.sleep(WEDGE_GAP_S)
    return terminal.press("enter")


def _by_serial(scanner: int, _terminal: Terminal, code: str) -> int:
    sent_ns = time.monotonic_ns()
    os.write(scanner, f"{code}\r".encode())
    return sent_ns
