"""Ends the processes we started when we are gone, in whichever way we went.

Owns one small watcher process per driver, and the list of processes it holds for us. A driver
that is killed can no longer clean up; but its pipe to the watcher closes, and the watcher then
sends each held process the signal it was registered with. It refuses to own how a process is ended
while the driver lives: that is `rehearsal.processes`.
"""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading

WATCHER_END_S = 10.0
"""How long the watcher may take to leave when the driver ends in order."""


class _Leash:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watcher: subprocess.Popen[bytes] | None = None

    def tell(self, line: str) -> None:
        with self._lock:
            if self._watcher is None:
                self._watcher = _start_watcher()
            assert self._watcher.stdin is not None
            if self._watcher.stdin.closed:  # the driver is ending, and all was let go or signalled
                return
            with contextlib.suppress(BrokenPipeError):  # without a watcher the driver still drives
                self._watcher.stdin.write(line.encode() + b"\n")

    def leave(self) -> None:
        if self._watcher is None:
            return
        with self._watcher as watcher, contextlib.suppress(subprocess.TimeoutExpired):
            assert watcher.stdin is not None
            watcher.stdin.close()
            watcher.wait(WATCHER_END_S)


def _start_watcher() -> subprocess.Popen[bytes]:
    # Its own session: Ctrl-C in the terminal must not end the one who cleans up after it.
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,
    )


_leash = _Leash()
# Registered before anything can be held, hence called last: who closes in order at exit still can.
atexit.register(_leash.leave)


def hold(pid: int, last_signal: signal.Signals = signal.SIGKILL) -> None:
    """When this driver is gone, send `last_signal` to the process `pid`, which it started."""
    _leash.tell(f"{int(last_signal)} {pid}")


def let_go(pid: int) -> None:
    """The process `pid` has ended and its number may soon be another's: never signal it again."""
    _leash.tell(f"0 {pid}")


def watch() -> None:
    """Read "signal pid" lines until the driver is gone, then end what is still held."""
    held: dict[int, int] = {}
    for line in sys.stdin:
        number, pid = line.split()
        if number == "0":
            held.pop(int(pid), None)
        else:
            held[int(pid)] = int(number)
    for process, last_signal in held.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, last_signal)


if __name__ == "__main__":
    watch()
