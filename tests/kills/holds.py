"""Holding a real program still from outside, so that it can be looked at and then killed.

Owns the holds that need no help of the program: the write lock of its SQLite file, SIGSTOP, and
SIGSTOP in the middle of a commit. It refuses hooks in the product, and it refuses to believe a
clock: each hold comes with a way to see that it holds. What is seen is seen in Linux's /proc.

    with write_lock(file):
        till.ask("pay")
        wait_until(lambda: waits_for_a_lock(till.pid), PATIENCE_S, "pay waited for the lock")
        freeze(till)
"""

import os
import signal
import sqlite3
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple, Self

from rehearsal.processes import Child, wait_until

PATIENCE_S = 60.0
"""How long anything may take before a test gives up."""

TRIES_MAX = 100
"""Commits that may slip by before one is caught; without an fsync (in memory) one in ten is."""

BALLAST_BYTES = 12 * 1024 * 1024
"""What the test's trigger adds to a commit to make it long: below the page caches of till (16 MiB)
and hub (64 MiB), so that no frame of it is written before COMMIT."""

PAGES_BEGUN = 300
"""So many pages in the log are a commit with ballast, well before its end."""

PAGES_MANY = 2_500
"""So many are most of it: the ballast alone takes 3,076 pages of 4,096 bytes."""

_LITTLE_ENDIAN = bytes.fromhex("377f0682")  # the log's first bytes; checksums add words so

_HOLDER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


# --- locks


@contextmanager
def write_lock(file: Path) -> Iterator[None]:
    """Nobody else writes to the SQLite file while the block runs.

    A process of its own holds the lock and is killed in the end: closing the file in order would
    tidy up its log, and the program that is started again shall find it as the kill left it.
    """
    with Child([sys.executable, "-I", "-S", "-c", _HOLDER, str(file)]) as holder:
        assert holder.read_line() == "held"
        yield


def waits_for_a_lock(pid: int) -> bool:
    """Whether a thread of till or hub naps between two looks at SQLite's lock: nothing else there
    naps, all other waiting is for an event, a queue or a socket."""
    return any("nanosleep" in waiting for waiting in _waiting_channels(pid))


def _waiting_channels(pid: int) -> Iterator[str]:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            yield (thread / "wchan").read_text()
        except OSError:  # the thread has ended
            continue


# --- stopping


def freeze(child: Child) -> None:
    """SIGSTOP; returns when all its threads stand still, also one that was inside an fsync."""
    child.send_signal(signal.SIGSTOP)
    wait_until(lambda: _stopped(child.pid), PATIENCE_S, f"{child.argv} stood still")


def _stopped(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT | os.WNOHANG) is not None


# --- in the middle of a commit


def add_ballast(file: Path) -> None:
    """From now on a sale is recorded in this database together with some megabytes."""
    with closing(sqlite3.connect(file, timeout=PATIENCE_S)) as database:
        database.executescript(
            "CREATE TABLE ballast (filling BLOB);"
            "CREATE TRIGGER ballast_with_a_sale AFTER INSERT ON journal"
            " WHEN NEW.type = 'sale.completed'"
            f" BEGIN INSERT INTO ballast VALUES (zeroblob({BALLAST_BYTES})); END"
        )


def drop_ballast(file: Path) -> None:
    with closing(sqlite3.connect(file, timeout=PATIENCE_S)) as database:
        database.executescript("DROP TRIGGER ballast_with_a_sale; DROP TABLE ballast")


def freeze_in_commit(
    child: Child, file: Path, begin: Callable[[], object], *, whole: bool = False
) -> int:
    """Freeze the program while its commit of a sale is being written: pages of it are in the log
    of `file`, the log's index does not count them yet. -> how many pages are there.

    With `whole` all of them are there, the last one marked as a commit: only the index lacks.
    `begin` makes the program record a sale; once more whenever a commit was faster than we.
    """
    with _Log(file) as log:
        for _ in range(TRIES_MAX):
            before = _await_pages(log, PAGES_MANY if whole else PAGES_BEGUN, begin)
            while before is not None:
                freeze(child)
                pages, ended, valid = log.unpublished(before)
                if log.published() == before and whole == valid:
                    return pages
                if ended:
                    break
                thaw = partial(child.send_signal, signal.SIGCONT)
                before = _await_pages(log, pages + 1, thaw)
            child.send_signal(signal.SIGCONT)
    raise TimeoutError(f"{TRIES_MAX} commits were over before the program stood still")


class _Published(NamedTuple):
    """What the log's index says: the last page that counts, the salt of the log's generation, and
    the size of a page."""

    pages: int
    salt: bytes
    page_bytes: int


def _await_pages(log: "_Log", wanted: int, begin: Callable[[], object]) -> _Published | None:
    """Do `begin`, then watch the log until a commit is `wanted` pages deep -> what was published
    before it; None when such a commit was published before we saw it. Without naps, which would
    be longer than a commit."""
    deadline = time.monotonic() + PATIENCE_S
    seen = log.published()
    there = log.page_head(seen, wanted)
    begin()
    while time.monotonic() < deadline:
        now = log.published()
        if now == seen:
            if log.page_head(seen, wanted) != there:
                return seen
            continue
        if now.pages - (seen.pages if now.salt == seen.salt else 0) >= wanted:
            return None
        seen, there = now, log.page_head(now, wanted)
    raise TimeoutError(f"waited {PATIENCE_S:g} s in vain for a commit of {wanted} pages")


class _Log:
    """The write-ahead log beside a SQLite file and its index, as bytes: sqlite.org/walformat.html,
    1.2 (a frame's header: database size at 4 when it ends a commit, salt at 8, checksum at 16),
    1.3 (checksums) and 2.1 (the index's: page size at 14, mxFrame at 16, salt at 32). Opened as
    plain files: no locking."""

    def __init__(self, file: Path) -> None:
        self._log = os.open(f"{file}-wal", os.O_RDONLY)
        self._index = os.open(f"{file}-shm", os.O_RDONLY)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._log)
        os.close(self._index)

    def published(self) -> _Published:
        header = os.pread(self._index, 48, 0)
        page_bytes, pages = struct.unpack_from("=HI", header, 14)
        return _Published(pages, header[32:40], page_bytes)

    def page_head(self, after: _Published, number: int) -> bytes:
        """The 24 bytes before the page `number` places after what was published."""
        return self._frame(after, number, 24)

    def _frame(self, after: _Published, number: int, size_bytes: int) -> bytes:
        place = after.pages + number - 1
        return os.pread(self._log, size_bytes, 32 + place * (24 + after.page_bytes))

    def unpublished(self, after: _Published) -> tuple[int, bool, bool]:
        """What stands in the log after what was published: how many pages, whether one of them
        is marked as the end of a commit, and whether that one is written to its last byte."""
        number = 0
        while (head := self.page_head(after, number + 1))[8:16] == after.salt:
            number += 1
            if head[4:8] != bytes(4):
                return number, True, self._valid(after, number)
        return number, False, False

    def _valid(self, after: _Published, number: int) -> bool:
        frame = self._frame(after, number, 24 + after.page_bytes)
        if len(frame) < 24 + after.page_bytes:
            return False
        order = "<" if os.pread(self._log, 4, 0) == _LITTLE_ENDIAN else ">"
        first, second = struct.unpack(">II", self.page_head(after, number - 1)[16:24])
        summed = frame[:8] + frame[24:]
        for one, other in struct.iter_unpack(f"{order}II", summed):
            first = (first + one + second) & 0xFFFFFFFF
            second = (second + other + first) & 0xFFFFFFFF
        return struct.pack(">II", first, second) == frame[16:24]
