"""How long does the customer wait until the sale is on disk?

Ours: `till.sale.pay`, which completes a basket. Reference: the same rows with the same bytes in
the same transaction by plain sqlite3, synchronous=FULL. Measured as wall time with the sync in
it; beside it the ratio of the thread's processor time, which no slow disk can flatter.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter_ns, thread_time_ns
from typing import NamedTuple

from benchmarks import goods
from benchmarks.measure import Result, Scale, by_turns, result
from benchmarks.reference import sale_commit as reference
from benchmarks.reference.sale_commit import Row, SaleRows
from benchmarks.tills import open_till
from journal.envelope import decode
from pos_client.till import Till
from retail import facts
from retail.postings import MONEY, postings

GOAL = 2.0
LINES = (1, 3, 7)
SALES = 150
UNIT = "µs/sale"
_TRACED_SALES = 100


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """Baskets of 1, 3 and 7 lines."""
    sales = scale.of(SALES, least=5)
    for lines in LINES:
        syncs = _syncs_a_sale(folder / f"traced-{lines}", lines, scale.of(_TRACED_SALES))
        with closing(_Sides(folder / f"lines-{lines}", lines, sales)) as sides:
            sides.sell()  # the till stays a round ahead
            rounds = by_turns(scale, sides.sell, sides.write)
            processor = median(sides.till_processor) / median(sides.plain_processor)
        yield result(
            f"sale_commit {lines} lines",
            UNIT,
            GOAL,
            rounds,
            sales,
            **{"processor ratio": processor} | syncs,
        )


class _Sold(NamedTuple):
    """A sale as the till wrote it: what its scans left, and what its completion did."""

    basket: list[Row]
    header: bytes
    rows: SaleRows


class _Sides:
    """A till, and a plain database that gets the same sales afterwards."""

    def __init__(self, folder: Path, lines: int, sales: int) -> None:
        self._lines = lines
        self._sales = sales
        self._shelf = goods.Shelf(Random(7))
        self._till = open_counter(folder, self._shelf)
        self._rounds: deque[list[_Sold]] = deque()
        self.till_processor: list[float] = []
        self.plain_processor: list[float] = []
        file = folder / "reference.db"
        with closing(sqlite3.connect(file)) as copy:
            self._till.database.driver.backup(copy)
        self._plain = reference.connect(file)

    def close(self) -> None:
        self._till.close()
        self._plain.close()

    def sell(self) -> float:
        """One round at the till -> median microseconds of a payment that completes a sale."""
        driver = self._till.database.driver
        watch = _Watch()
        sold = []
        for _ in range(self._sales):
            scan(self._till, self._shelf, self._lines)
            basket = driver.execute("SELECT number, body FROM open_line").fetchall()
            (header,) = driver.execute("SELECT header FROM open_sale").fetchone()
            with watch:
                self._till.sale.pay("wechat")
            sold.append(_Sold(basket, header, _rows_of_last_sale(driver)))
        self._rounds.append(sold)
        self.till_processor.append(median(watch.processor_us))
        return median(watch.wall_us)

    def write(self) -> float:
        """The oldest round once more with plain sqlite3 -> median microseconds of a commit."""
        watch = _Watch()
        for sold in self._rounds.popleft():
            reference.keep_basket(self._plain, sold.basket, sold.header)
            with watch:
                reference.commit(self._plain, sold.rows)
        self.plain_processor.append(median(watch.processor_us))
        return median(watch.wall_us)


class _Watch:
    """Times blocks by the wall and by this thread's processor time, in microseconds."""

    def __init__(self) -> None:
        self.wall_us: list[float] = []
        self.processor_us: list[float] = []

    def __enter__(self) -> None:
        self._began = perf_counter_ns(), thread_time_ns()

    def __exit__(self, *_: object) -> None:
        wall, processor = self._began
        self.processor_us.append((thread_time_ns() - processor) / 1000)
        self.wall_us.append((perf_counter_ns() - wall) / 1000)


def open_counter(folder: Path, shelf: goods.Shelf) -> Till:
    """A till with a shift open."""
    till = open_till(folder, shelf.products)
    till.shift.open(goods.CASHIER, 50_000)
    return till


def scan(till: Till, shelf: goods.Shelf, lines: int) -> None:
    """Put a customer's goods into the basket."""
    for product in shelf.pick(lines):
        till.sale.scan(product.codes[0])


def _rows_of_last_sale(driver: sqlite3.Connection) -> SaleRows:
    """What the newest sale wrote, read back."""
    row = driver.execute("SELECT * FROM journal ORDER BY stream_no DESC, seq DESC").fetchone()
    sale = driver.execute("SELECT * FROM sale ORDER BY stream_no DESC, number DESC").fetchone()
    envelope = decode(row[5])
    fact = facts.decode(envelope.type, envelope.tv, envelope.body)
    where = (envelope.store, envelope.till, envelope.bdate, envelope.shift)
    money: list[Row] = []
    stock: list[Row] = []
    for entry in postings(fact):
        if entry.book == MONEY:
            money.append((*where, entry.account, entry.item, entry.amount, 1))
        else:
            stock.append((envelope.store, entry.item, entry.account, entry.amount, 1))
    return SaleRows(row, sale, money, stock)


# Syncs, counted by strace in a process of its own


def _syncs_a_sale(folder: Path, lines: int, sales: int) -> dict[str, float]:
    """How often the kernel was told to sync while sales were completed, a sale; nothing where
    strace is missing or may not trace. Checkpoints of the log are in it."""
    strace = shutil.which("strace")
    if strace is None:
        return {}
    folder.mkdir()
    heard = folder / "strace.txt"
    told = [strace, "-f", "-o", str(heard), "-e", "trace=fsync,fdatasync,getppid"]
    child = [sys.executable, "-m", "benchmarks.sale_commit", str(folder), str(lines), str(sales)]
    done = subprocess.run([*told, *child], capture_output=True, timeout=120, check=False)
    if done.returncode:
        return {}
    syncs, paying = 0, False
    for line in heard.read_text().splitlines():
        if "getppid(" in line:
            paying = not paying
        elif paying and "sync(" in line:
            syncs += 1
    return {"syncs a sale": syncs / sales}


def _sell_between_marks(folder: Path, lines: int, sales: int) -> None:
    """Complete sales, each between two calls that mean nothing and that strace hears."""
    shelf = goods.Shelf(Random(7))
    with closing(open_counter(folder, shelf)) as till:
        for _ in range(sales):
            scan(till, shelf, lines)
            os.getppid()
            till.sale.pay("wechat")
            os.getppid()


if __name__ == "__main__":
    _sell_between_marks(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
