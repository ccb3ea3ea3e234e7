"""A seat at the till's screen: a prepared folder, the program in a terminal, and its disk later.

Nothing here knows the program's inside: keys go in, the picture and the disk come out.
"""

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Final

from pos_client.screen.keys import PAUSE_S
from pos_client.till import Till
from rehearsal.terminal import Terminal
from retail.basket import Line
from retail.catalogue import Product
from retail.facts import SaleCompleted, SaleLine
from tests.builders import a_product, open_till, publish, the_shelf
from tests.till.counter import assert_in_order, kept_basket, recorded

FLOAT_MINOR: Final = 50_000
#: what a wedge leaves between two characters
WEDGE_GAP_S: Final = 0.002
CLOCK_START: Final = "2026-06-03T09:00:00+08:00"
#: set to 1 for the queues of 2,000 scans at 20 a second, which take two minutes
WHOLE: Final = os.environ.get("OMNITILL_TESTS_WHOLE") == "1"


def goods(count: int) -> list[Product]:
    """So many different products at different prices, each under a code of 13 digits."""
    return [
        a_product(
            f"p{number:04d}",
            name=f"商品 {number:04d}",
            price_minor=100 + number,
            codes=(f"690{number:010d}",),
        )
        for number in range(count)
    ]


def queue(shelf: Sequence[Product], scans: int) -> list[list[str]]:
    """The codes of customers one after the other, a dozen goods at most, so many in all."""
    random, every = Random(scans), [product.codes[0] for product in shelf]
    baskets: list[list[str]] = []
    while scans > 0:
        baskets.append(random.sample(every, min(scans, random.randint(1, 12))))
        scans -= len(baskets[-1])
    return baskets


def prepare(folder: Path, more: Sequence[Product] = (), *, shift: bool = True) -> None:
    """A till that sells the test store's shelf and these, its shift open with 500.00."""
    till = open_till(folder)
    publish(till, [*the_shelf(), *more])
    if shift:
        till.shift.open("1001", FLOAT_MINOR)
    till.close()


def program(folder: Path) -> list[str]:
    """The command line of the till in that folder."""
    folders = ["--data", str(folder / "data"), "--state", str(folder / "state")]
    return [sys.executable, "-m", "pos_client", *folders]


def sit_down(folder: Path, columns: int = 100, rows: int = 30, **settings: str) -> Terminal:
    """Start the program on that folder as a person would; `settings` are those of the till."""
    command = [*program(folder), "--printer", "sim://printer", "--clock-start", CLOCK_START]
    env = {f"OMNITILL_TILL_{name.upper()}": value for name, value in settings.items()}
    env["TMPDIR"] = str(folder)  # where a fault would be reported
    return Terminal(command, columns=columns, rows=rows, env=env)


@contextmanager
def hung_up(
    command: Sequence[str], shows: str, patience_s: float, **env: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A program on a pty of its own, once its screen shows that. Then the terminal is closed, for
    it must be gone while the program still runs, and the program must end of that."""
    ours, its = os.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    opens_it = ["/bin/sh", "-c", 'exec "$@" <>"$0" >"$0" 2>&1', os.ttyname(its)]
    with subprocess.Popen(
        [*opens_it, *command],
        env={**os.environ, "TERM": "xterm-256color", **env},
        stdin=its,
        start_new_session=True,
    ) as program:
        os.close(its)
        try:
            seen, late_s = b"", time.monotonic() + patience_s
            while shows.encode() not in seen:
                assert time.monotonic() < late_s, seen[-2000:].decode(errors="replace")
                if select.select([ours], [], [], 1.0)[0]:
                    seen += os.read(ours, 65_536)
            yield program
            os.close(ours)
            program.wait(patience_s)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)


def leave(terminal: Terminal) -> None:
    """Ctrl+Q, twice while a shift is open: everything typed before it is heard first."""
    terminal.press("ctrl+q", "ctrl+q")
    assert terminal.wait() == 0, terminal.text()
    assert terminal.traceback == ""


def wait_until(due_s: float) -> None:
    """The pace of hands and scanners; no result is waited for here."""
    while (left := due_s - time.monotonic()) > 0:
        select.select([], [], [], left)


def change_hands() -> None:
    """The time from the keys to the scanner's trigger: what was typed before is no part of it."""
    wait_until(time.monotonic() + 2 * PAUSE_S)


def burst(terminal: Terminal, code: str, suffix: str = "\r") -> None:
    """Type a code as a keyboard wedge does, character by character."""
    due = time.monotonic()
    for char in code + suffix:
        wait_until(due)
        terminal.type(char)
        due += WEDGE_GAP_S


@contextmanager
def afterwards(folder: Path) -> Iterator[Till]:
    """The till's disk once the program has gone without a fault; chain, books and memory agree."""
    assert [file.read_text() for file in folder.glob("omnitill-*-fault.txt")] == []
    till = open_till(folder)
    try:
        assert_in_order(till)
        yield till
    finally:
        till.close()


def codes(lines: Iterable[Line | SaleLine]) -> list[str]:
    """The codes of a basket or a sale, line by line, a code for each piece."""
    return [line.code for line in lines for _ in range(line.quantity // 1000)]


def basket_codes(folder: Path) -> list[str]:
    """What is in the basket on disk."""
    with afterwards(folder) as till:
        return codes(kept_basket(till).lines)


def sales(till: Till) -> list[SaleCompleted]:
    """The completed sales in their order."""
    return [fact for _, fact in recorded(till) if isinstance(fact, SaleCompleted)]
