"""Scans at full speed into the real program: every one, in order, in the basket on disk."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rehearsal.terminal import KEYS, Terminal
from tests.terminal import seat

pytestmark = pytest.mark.slow

SCANS = 40
SHELF = seat.goods(SCANS)
CODES = [product.codes[0] for product in SHELF]
#: goods that come and go again
STRAY = "6901028075022"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """The till, its shift open, and forty kinds of goods on the shelf."""
    seat.prepare(tmp_path, SHELF)
    with seat.sit_down(tmp_path) as terminal:
        terminal.wait_for("扫码开始")
        yield terminal


def in_one_write(terminal: Terminal) -> None:
    terminal.type("".join(f"{code}\r" for code in CODES))


def as_a_wedge(terminal: Terminal) -> None:
    for code in CODES:
        seat.burst(terminal, code)


def pasted_one_by_one(terminal: Terminal) -> None:
    for code in CODES:
        terminal.paste(f"{code}\r")


def pasted_at_once(terminal: Terminal) -> None:
    terminal.paste("".join(f"{code}\r\n" for code in CODES))


@pytest.mark.parametrize("scan", [in_one_write, as_a_wedge, pasted_one_by_one, pasted_at_once])
def test_forty_scans_back_to_back_stand_in_the_basket_in_order(
    terminal: Terminal, tmp_path: Path, scan: Callable[[Terminal], None]
) -> None:
    scan(terminal)
    seat.leave(terminal)
    assert terminal.bells == 0
    assert seat.basket_codes(tmp_path) == CODES


def test_scans_keep_their_place_among_keys(terminal: Terminal, tmp_path: Path) -> None:
    between = (
        ("", KEYS["f2"]),  # a question, which the next scan leaves
        (f"{STRAY}\r", KEYS["f4"]),  # taken out again
        (f"{STRAY}\r", KEYS["f10"]),  # undone
        ("", KEYS["f1"]),  # help
        ("", KEYS["f12"]),  # payment, before anything is paid
        ("", KEYS["escape"]),
        ("3", KEYS["f2"]),  # three of the last
        ("", "2*"),  # two of the next
    )
    written, expected, times = "", [], 1
    for place, code in enumerate(CODES):
        stray, key = between[place % len(between)]
        written += f"{code}\r{stray}{key}"
        expected += [code] * (3 if stray == "3" else times)
        times = 2 if key == "2*" else 1
    terminal.type(written)
    seat.leave(terminal)
    assert terminal.bells == 0
    assert seat.basket_codes(tmp_path) == expected


@pytest.mark.parametrize(
    ("scans", "per_second"), [(2_000, 20)] if seat.WHOLE else [(300, 200)], ids=str
)
def test_a_long_queue_is_sold_as_it_was_scanned(
    tmp_path: Path, scans: int, per_second: int
) -> None:
    shelf = seat.goods(500)
    sold = seat.queue(shelf, scans)
    seat.prepare(tmp_path, shelf)
    with seat.sit_down(tmp_path) as terminal:
        terminal.wait_for("扫码开始")
        due_s = time.monotonic()
        for codes in sold:
            for code in codes:
                seat.wait_until(due_s)
                terminal.type(f"{code}\r")
                due_s += 1 / per_second
            terminal.press("f11")
        seat.leave(terminal)
    with seat.afterwards(tmp_path) as till:
        assert [seat.codes(sale.lines) for sale in seat.sales(till)] == sold
