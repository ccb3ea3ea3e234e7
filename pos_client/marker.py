"""The marker: by what a till knows its own disk from a copy of it.

It is a random word in the database *and* in a folder outside it and outside its backups, together
with the place where that folder's file lies. It turns at every start, and now and then while the
till runs: a copy that was made before has another word than the folder by the time it is put back.
"""

import secrets
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import Protocol

from journal.clock import Clock, Ids
from pos_client.database import Database
from pos_client.folder import file_refusals, overwrite_durably, write_durably

_MARKERS = "SELECT marker, marker_before FROM stream ORDER BY stream_no DESC LIMIT 1"
_TURN = (
    "UPDATE stream SET marker = ?, marker_before = ?"
    " WHERE stream_no = (SELECT max(stream_no) FROM stream)"
)


class MachineIds(Ids, Protocol):
    """Ids of one machine."""

    def place(self, file: Path) -> str:
        """What tells this machine and this file from a copy of either, as one word."""
        ...


class Marker:
    """One till's marker."""

    def __init__(self, database: Database, state: Path, till: str, ids: MachineIds) -> None:
        self._database = database
        self._file = state / f"{till}.marker"
        self._ids = ids

    def is_ours(self) -> bool:
        """Whether what stands in the folder is what this database knows: nobody else writes it."""
        return self._knows(self._read())

    def renew(self) -> str:
        """A new one in the folder -> it, for the database to know."""
        word = _word()
        write_durably(self._file, word.encode())
        return f"{word} {self._ids.place(self._file)}"

    def turn(self) -> None:
        """Another word from now on, so that no copy made before has it, in the same place. The
        database goes first and keeps both: a kill in between finds the former one in the folder.
        Where that is none of ours nothing turns: the next start says so. Raises a refusal of a
        disk."""
        found = self._read()
        if not self._knows(found):
            return
        word, place = _word(), found.partition(" ")[2]
        with self._database.write() as driver:
            driver.execute(_TURN, (f"{word} {place}", found))
        overwrite_durably(self._file, word.encode())

    def _knows(self, found: str) -> bool:
        known = self._database.driver.execute(_MARKERS).fetchone()
        # Before places were noted the word stood alone.
        return bool(found and {found, found.partition(" ")[0]} & {*known})

    def _read(self) -> str:
        """The word that stands there, and its place; empty when there is none. A damaged one is
        another word, so it differs."""
        with file_refusals():
            try:
                return f"{self._file.read_text(errors='replace')} {self._ids.place(self._file)}"
            except FileNotFoundError:
                return ""


class Turning:
    """Turns the marker of a till that runs, while nobody is being served."""

    def __init__(self, marker: Marker, lock: RLock, clock: Clock, every_s: float) -> None:
        """`every_s` in seconds; 0: it turns at a start only."""
        self._marker = marker
        self._lock = lock
        self._clock = clock
        self._every_ms = every_s * 1000
        self._turned_ms = clock.read().mono_ms
        self.is_quiet: Callable[[], bool] = lambda: True

    def step(self) -> None:
        """Turn it if its time has come and nobody acts at the till. Raises a refusal of a disk."""
        now_ms = self._clock.read().mono_ms
        if not self._every_ms or now_ms < self._turned_ms + self._every_ms:
            return
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self.is_quiet():
                self._marker.turn()
                self._turned_ms = now_ms
        finally:
            self._lock.release()


def _word() -> str:
    return secrets.token_hex(16)
