"""How a screen ends when nobody presses a key for it."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
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
    command = [sys.executable, "-m", "pos_client"]
    command += ["--data", str(tmp_path / "data"), "--state", str(tmp_path / "state")]
    ours, its = pty.openpty()
    opens_it = ["/bin/sh", "-c", 'exec "$@" <>"$0" >"$0" 2>&1', os.ttyname(its)]
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    with subprocess.Popen(
        [*opens_it, *command], stdin=its, env=env, start_new_session=True
    ) as program:
        os.close(its)
        try:
            seen, late_s = b"", time.monotonic() + PATIENCE_S
            while "扫码开始".encode() not in seen:
                assert time.monotonic() < late_s, seen[-2000:].decode(errors="replace")
                if select.select([ours], [], [], 1.0)[0]:
                    seen += os.read(ours, 65_536)
            os.close(ours)
            program.wait(PATIENCE_S)
        finally:
            program.kill()
    with seat.afterwards(tmp_path):
        """It opens again: nothing holds it, and its books are in order."""
