"""How a screen ends when nobody presses a key for it."""

import os
import signal
from pathlib import Path

import pytest

from tests.terminal import seat
from tests.till.counter import COLA

pytestmark = pytest.mark.slow
PATIENCE_S = 60.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_screen_in_order(tmp_path: Path, number: signal.Signals) -> None:
    seat.prepare(tmp_path)
    with seat.sit_down(tmp_path) as terminal:
        terminal.wait_for("扫码开始")
        terminal.type(f"{COLA}\r")
        terminal.wait_for("可口可乐 cola  ×1")
        os.kill(terminal.pid, number)
        assert terminal.wait() == 0, terminal.text()
        assert terminal.traceback == ""
    assert seat.basket_codes(tmp_path) == [COLA]


def test_a_terminal_that_is_closed_takes_the_screen_along(tmp_path: Path) -> None:
    seat.prepare(tmp_path)
    with seat.hung_up(seat.program(tmp_path), "扫码开始", PATIENCE_S) as program:
        assert program.poll() is None
    with seat.afterwards(tmp_path):
        """It opens again: nothing holds it, and its books are in order."""


def test_so_does_one_whose_leader_stays(tmp_path: Path) -> None:
    """A closed terminal tells only who leads its session, and make stays until its child goes."""
    seat.prepare(tmp_path)
    stays = ["/bin/sh", "-c", 'trap "" HUP; "$@"; exit', "sh", *seat.program(tmp_path)]
    with seat.hung_up(stays, "扫码开始", PATIENCE_S) as leader:
        assert leader.poll() is None
    with seat.afterwards(tmp_path):
        """It opens again: nothing holds it, and its books are in order."""
