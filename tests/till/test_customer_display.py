"""What the customer reads while the till sells."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hardware.simulator.display import SimulatedDisplay
from hardware.simulator.pty import SerialPort
from hardware.simulator.wire import serving_serial
from pos_client.till import Till
from rehearsal.processes import wait_until
from tests.builders import open_till
from tests.loop_thread import PATIENCE_S, LoopThread
from tests.till.counter import COLA, WATER, begin, did


class Display(LoopThread):
    """A simulated display at a pty. Close it."""

    def __init__(self, charset: str) -> None:
        super().__init__()
        self.simulated = SimulatedDisplay(charset=charset)
        self._port = SerialPort(name="display")
        self._serving = serving_serial(self.simulated, self._port)
        self.url: str = self.do(self._serving.__aenter__)

    def close(self) -> None:
        self.do(self._serving.__aexit__, None, None, None)
        self._port.close()
        super().close()

    def until(self, upper: str, lower: str) -> None:
        def stands() -> bool:
            return [line.rstrip() for line in self.simulated.lines] == [upper, lower]

        wait_until(stands, PATIENCE_S, f"{upper!r} and {lower!r} stood there")


@pytest.fixture(params=["ascii", "gbk"])
def display(request: pytest.FixtureRequest) -> Iterator[Display]:
    with closing(Display(request.param)) as made:
        yield made


def opened(folder: Path, display: Display) -> Till:
    return open_till(folder, display=display.url)


def test_the_customer_reads_the_line_what_is_owed_and_the_change(
    tmp_path: Path, display: Display
) -> None:
    chinese = "charset=gbk" in display.url
    with closing(opened(tmp_path, display)) as till:
        begin(till)
        did(till, "scan", code=COLA)
        display.until(
            "可口可乐 cola   3.50" if chinese else "cola            3.50",
            "合计            3.50" if chinese else "TOTAL           3.50",
        )
        did(till, "scan", code=WATER)
        did(till, "pay", amount=200, tender="card")
        wait_until(lambda: "3.50" in display.simulated.lines[1], PATIENCE_S, "what is still owed")
        did(till, "pay", amount=1000)
        display.until(
            "谢谢惠顾" if chinese else "Thank you",
            "找零            6.50" if chinese else "CHANGE          6.50",
        )
        did(till, "scan", code=COLA)
        did(till, "void", reason="the customer left")
        display.until("", "")


def test_a_till_without_a_display_sells(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        did(till, "scan", code=COLA)
        did(till, "pay")
