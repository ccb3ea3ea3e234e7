"""Programs on a terminal of 100x30: the till with a basket, and what it is compared with."""

import shutil
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks import goods
from benchmarks.tills import open_till
from rehearsal.terminal import Terminal
from retail.catalogue import Product

COLUMNS, ROWS = 100, 30
#: what the screen asks when it waits for goods, and for a cashier
ASKS_GOODS = "扫码或输入编号"
ASKS_CASHIER = "请输入收银员工号"
#: the cash in the drawer when the shift opens, in minor units
_FLOAT_MINOR = 50_000
ROOT = Path(__file__).parents[1]


def prepare(folder: Path, products: Sequence[Product], lines: int) -> None:
    """A till, switched off, with a shift open and the first `lines` products in its basket; no
    shift when there are none."""
    with closing(open_till(folder, products)) as till:
        if lines:
            till.shift.open(goods.CASHIER, _FLOAT_MINOR)
        for product in products[:lines]:
            till.sale.scan(product.codes[0])


def till(folder: Path, copy: Path) -> Terminal:
    """The till of that folder on a screen, working on a fresh copy of it. Close it."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    data, state = str(copy / "data"), str(copy / "state")
    return _run("pos_client", "--data", data, "--state", state)


def reference(name: str, *words: str) -> Terminal:
    """A program of `benchmarks/reference` on a screen. Close it."""
    return _run(f"benchmarks.reference.{name}", *words)


def _run(module: str, *words: str) -> Terminal:
    argv = [sys.executable, "-m", module, *words]
    return Terminal(argv, columns=COLUMNS, rows=ROWS, cwd=ROOT)
