"""A serial scanner at the running program: nothing is lost, typed into a field, or sold unseen."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hardware.simulator.pty import SerialPort
from hardware.simulator.scanner import SimulatedScanner
from hardware.simulator.wire import serving_serial
from rehearsal.terminal import Terminal
from tests.loop_thread import LoopThread
from tests.terminal import seat
from tests.till.counter import APPLES, COLA, PEN, WATER

pytestmark = pytest.mark.slow

SHELF = seat.goods(100)
CODES = [product.codes[0] for product in SHELF]
READY = "‖ 扫描枪 "
GONE = "扫描枪未连接"
SHIFT_F4 = "shift+f4"


class Scanner(LoopThread):
    """A simulated one at a pty. Close it."""

    def __init__(self) -> None:
        super().__init__()
        self._simulated = SimulatedScanner()
        self._port = SerialPort(name="scanner")
        self._wire = serving_serial(self._simulated, self._port)
        self.url: str = self.do(self._wire.__aenter__)

    def scan(self, *codes: str) -> None:
        """Beep, for each of these codes."""
        for code in codes:
            self.do(self._beep, code)

    async def _beep(self, code: str) -> None:
        assert self._simulated.scan(code)
        assert await self._simulated.gone_out()

    def turn(self, words: str) -> None:
        """Turn a knob."""
        self.do(self._simulated.turn_knob, words)

    def close(self) -> None:
        self.do(self._wire.__aexit__, None, None, None)
        self._port.close()
        super().close()


@pytest.fixture
def scanner() -> Iterator[Scanner]:
    with closing(Scanner()) as made:
        yield made


@pytest.fixture
def terminal(tmp_path: Path, scanner: Scanner) -> Iterator[Terminal]:
    seat.prepare(tmp_path, SHELF)
    with seat.sit_down(tmp_path, scanner=scanner.url) as terminal:
        terminal.wait_for(has_words(READY, "扫码开始"))
        yield terminal


def has_words(*words: str) -> Callable[[list[str]], bool]:
    """Whether a picture has all of them."""
    return lambda rows: all(any(word in row for row in rows) for word in words)


def test_a_hundred_scans_back_to_back_stand_in_the_basket_in_order(
    terminal: Terminal, scanner: Scanner, tmp_path: Path
) -> None:
    scanner.scan(*CODES)
    terminal.wait_for(f"{SHELF[-1].name}  ×1")
    seat.leave(terminal)
    assert terminal.bells == 0
    assert seat.basket_codes(tmp_path) == CODES


@pytest.mark.parametrize(
    ("scans", "per_second"), [(2_000, 20)] if seat.WHOLE else [(100, 200)], ids=str
)
def test_a_long_queue_is_sold_as_it_was_scanned(
    terminal: Terminal, scanner: Scanner, tmp_path: Path, scans: int, per_second: int
) -> None:
    sold = seat.queue(SHELF, scans)
    due_s = time.monotonic()
    for codes in sold:
        for code in codes:
            seat.wait_until(due_s)
            scanner.scan(code)
            due_s = max(due_s, time.monotonic()) + 1 / per_second
        terminal.wait_for(f"{SHELF[CODES.index(codes[-1])].name}  ×1")
        terminal.press("f11")
        terminal.wait_for("找零")
    seat.leave(terminal)
    with seat.afterwards(tmp_path) as till:
        assert [seat.codes(sale.lines) for sale in seat.sales(till)] == sold


def test_a_scan_waits_for_a_question_that_must_be_answered_and_never_gets_into_the_answer(
    terminal: Terminal, scanner: Scanner, tmp_path: Path
) -> None:
    scanner.scan(APPLES)
    terminal.wait_for("重量（克）")
    terminal.type("65")
    terminal.wait_for("▸ 65▏")
    seat.change_hands()
    scanner.scan(COLA)
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
    terminal: Terminal, scanner: Scanner, tmp_path: Path
) -> None:
    scanner.scan(COLA)
    terminal.wait_for("可口可乐")
    terminal.press(SHIFT_F4)
    terminal.wait_for("整单作废")
    scanner.scan(PEN)
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
    terminal: Terminal, scanner: Scanner, tmp_path: Path
) -> None:
    scanner.scan(*CODES[:3])
    terminal.wait_for(SHELF[2].name)
    scanner.turn("unplug")
    terminal.wait_for(GONE)
    seat.burst(terminal, CODES[3])
    terminal.wait_for(SHELF[3].name)
    scanner.turn("plug")
    terminal.wait_for(READY)
    scanner.scan(*CODES[4:6])
    terminal.wait_for(SHELF[5].name)
    seat.leave(terminal)
    assert seat.basket_codes(tmp_path) == CODES[:6]
