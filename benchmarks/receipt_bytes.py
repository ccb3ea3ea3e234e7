"""How long does a receipt take to become a printer's bytes?

A hundred lines, half of them with Chinese: names and amounts flush at both edges, some bold, two
large, a QR code drawn by the printer, a cut. Every receipt has names of its own. Ours: `receipt`,
for a printer that takes GB 18030 between FS & and FS . Reference: python-escpos 3.1, its `Dummy`,
with the same calls; it sends Chinese bare and takes full-width punctuation for question marks.
Measured as processor time of the one thread that does it.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random
from time import thread_time_ns

from benchmarks.measure import Result, Scale, by_turns, result
from benchmarks.reference import receipt_bytes as reference
from hardware.printer.encoding import width_cols
from hardware.printer.parts import Line, Part, Qr
from hardware.printer.profile import Profile
from hardware.printer.receipt_bytes import receipt

GOAL = 0.25
LINES = 100
RECEIPTS = 200
COLUMNS = 48
UNIT = "µs/receipt"
_HAN = "可口乐菜籽油散装荧光笔酸奶牛面包鸡蛋苹果香蕉矿泉水饼干巧克力洗发露纸巾大米盐酱醋茶糖"
_LATIN = "abcdefghijklmnopqrstuvwxyz"


def run(scale: Scale, folder: Path) -> Iterator[Result]:  # noqa: ARG001  a benchmark's signature
    receipts = scale.of(RECEIPTS)
    rows = [_rows(Random(seed)) for seed in range(receipts)]
    profile = Profile()
    ours = [partial(receipt, _parts(of_one), profile) for of_one in rows]
    theirs = [reference.encode(of_one, "S01-1-716RNN-000001") for of_one in rows]
    rounds = by_turns(scale, partial(_timed, ours), partial(_timed, theirs))
    yield result("receipt_bytes", UNIT, GOAL, rounds, receipts, bytes=len(ours[0]()))


def _rows(chance: Random) -> list[reference.Row]:
    """One receipt's lines."""
    rows = [("测试门店", True, True)]
    while len(rows) < LINES - 1:
        letters = _HAN if len(rows) % 2 else _LATIN
        name = "".join(chance.choice(letters) for _ in range(chance.randint(4, 10)))
        amount = f"{chance.randint(1, 99_999) / 100:.2f}"
        gap = " " * (COLUMNS - width_cols(name) - len(amount))
        rows.append((name + gap + amount, len(rows) % 10 == 0, False))
    return [*rows, ("合计 8888.00", True, True)]


def _parts(rows: list[reference.Row]) -> list[Part]:
    return [*(Line(*row) for row in rows), Qr("S01-1-716RNN-000001")]


def _timed(receipts: Sequence[Callable[[], bytes]]) -> float:
    """Microseconds of processor time a receipt."""
    began_ns = thread_time_ns()
    for made in receipts:
        made()
    return (thread_time_ns() - began_ns) / len(receipts) / 1000
