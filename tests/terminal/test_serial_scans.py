"""A serial scanner at the running program: nothing is lost, typed into a field, or sold unseen."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from hardware.simulator.scanner import SimulatedScanner
from rehearsal.terminal import Terminal
from tests.terminal import seat
from tests.till.counter import APPLES, COLA, PEN, WATER

pytestmark = pytest.mark.slow

SHELF = seat.goods(100)
CODES = [product.codes[0] for product in SHELF]
READY = "‖ 扫描枪 "
GONE = "扫描枪未连接"
SHIFT_F4 = "shift+f4"

Scan = Callable[[Sequence[str]], None]


@pytest.fixture
def scanner() -> Iterator[SimulatedScanner]:
    simulated = SimulatedScanner()
    yield simulated
    simulated.close()


@pytest.fixture
def scan(scanner: SimulatedScanner) -> Iterator[Scan]:
    """Beep, for each of these codes."""
    with asyncio.Runner() as runner:

        async def beep(codes: Sequence[str]) -> None:
            for code in codes:
                assert await scanner.scan(code)

        yield lambda codes: runner.run(beep(codes))


@pytest.fixture
def terminal(tmp_path: Path, scanner: SimulatedScanner) -> Iterator[Terminal]:
    seat.prepare(tmp_path, SHELF)
    with seat.sit_down(tmp_path, scanner=scanner.url) as terminal:
        terminal.wait_for(has_words(READY, "扫码开始"))
        yield terminal


def has_words(*words: str) -> Callable[[list[str]], bool]:
    """Whether a picture has all of them."""
    return lambda rows: all(any(word in row for row in rows) for word in words)


def test_a_hundred_scans_back_to_back_stand_in_the_basket_in_order(
    terminal: Terminal, scan: Scan, tmp_path: Path
) -> None:
    scan(CODES)
    terminal.wait_for(f"{SHELF[-1].name}  ×1")
    seat.leave(terminal)
    assert terminal.bells == 0
    assert seat.basket_codes(tmp_path) == CODES


@pytest.mark.parametrize(
    ("scans", "per_second"), [(2_000, 20)] if seat.WHOLE else [(100, 200)], ids=str
)
def test_a_long_queue_is_sold_as_it_was_scanned(
    terminal: Terminal, scan: Scan, tmp_path: Path, scans: int, per_second: int
) -> None:
    sold = seat.queue(SHELF, scans)
    due_s = time.monotonic()
    for codes in sold:
        for code in codes:
            seat.wait_until(due_s)
            scan([code])
            due_s = max(due_s, time.monotonic()) + 1 / per_second
        terminal.wait_for(f"{SHELF[CODES.index(codes[-1])].name}  ×1")
        terminal.press("f11")
        terminal.wait_for("找零")
    seat.leave(terminal)
    with seat.afterwards(tmp_path) as till:
        assert [seat.codes(sale.lines) for sale in seat.sales(till)] == sold


def test_a_scan_waits_for_a_question_that_must_be_answered_and_never_gets_into_the_answer(
    terminal: Terminal, scan: Scan, tmp_path: Path
) -> None:
    scan([APPLES])
    terminal.wait_for("重量（克）")
    terminal.type("65")
    terminal.wait_for("▸ 65▏")
    seat.change_hands()
    scan([COLA])
    terminal.wait_for(f" {COLA} 已等候")
    assert terminal.bells == 1
    seat.burst(terminal, WATER)
    terminal.wait_for(has_words(f" {WATER} 已等候", "▸ 65▏"))
    assert terminal.bells == 2
    terminal.press("5", "enter")
    terminal.wait_for(has_words("0.655", "可口可乐", "饮用天然水"))
    seat.leave(terminal)
    with seat.afterwards(tmp_path) as till:
        assert [(line.code, line.quantity) for line in till.sale.basket.lines] == [
            (APPLES, 655),
            (COLA, 1000),
            (WATER, 1000),
        ]


def test_a_scan_is_refused_aloud_while_a_sale_is_being_given_up(
    terminal: Terminal, scan: Scan, tmp_path: Path
) -> None:
    scan([COLA])
    terminal.wait_for("可口可乐")
    terminal.press(SHIFT_F4)
    terminal.wait_for("整单作废")
    scan([PEN])
    terminal.wait_for(f"{PEN} 未录入")
    assert terminal.bells == 1
    seat.burst(terminal, WATER)
    terminal.wait_for(f"{WATER} 未录入")
    assert terminal.bells == 2
    terminal.press("escape")
    terminal.wait_for("可口可乐")
    seat.leave(terminal)
    assert seat.basket_codes(tmp_path) == [COLA]


def test_an_unplugged_scanner_is_said_and_sells_on_when_it_is_back(
    terminal: Terminal, scanner: SimulatedScanner, scan: Scan, tmp_path: Path
) -> None:
    scan(CODES[:3])
    terminal.wait_for(SHELF[2].name)
    scanner.unplug()
    terminal.wait_for(GONE)
    seat.burst(terminal, CODES[3])
    terminal.wait_for(SHELF[3].name)
    scanner.plug()
    terminal.wait_for(READY)
    scan(CODES[4:6])
    terminal.wait_for(SHELF[5].name)
    seat.leave(terminal)
    assert seat.basket_codes(tmp_path) == CODES[:6]
