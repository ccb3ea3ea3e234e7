"""A disk that may be full or read-only, and the commit at which its program dies.

Full and read-only are SQLite's own doing: a limit on the file's pages, and a connection that may
only ask. A death comes right before a commit or right after it, before anybody heard of it: these
are the moments in which what is on disk and what a program knows differ.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from pos_client.database import Database as TillDatabase
from pricebook.book import Change
from rehearsal.simulation.world import Died
from sync_server.database import EndWithin, SqliteDatabase, Work

T = TypeVar("T")
#: as many pages as SQLite lets a file have (sqlite.org/limits.html, 10)
_PAGES_MAX = 4_294_967_294


class Condition(StrEnum):
    FINE = "fine"
    FULL = "disk full"
    READ_ONLY = "disk read-only"


class Disk:
    """The disk of one machine."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.condition = Condition.FINE
        #: so many commits are left to live, and whether the last one is still made
        self.commits_left: int | None = None
        self.last_is_made = False

    def doom(self, commits: int, *, last_is_made: bool) -> None:
        """Let the program die at one of its next commits."""
        self.commits_left, self.last_is_made = commits, last_is_made

    def spare(self) -> None:
        self.commits_left = None

    def prepare(self, driver: sqlite3.Connection) -> None:
        """Let this connection meet the disk as it is."""
        pages = _PAGES_MAX
        if self.condition is Condition.FULL:
            (pages,) = driver.execute("PRAGMA page_count").fetchone()
        driver.execute(f"PRAGMA max_page_count={pages}")
        driver.execute(f"PRAGMA query_only={int(self.condition is Condition.READ_ONLY)}")

    def before_commit(self) -> None:
        if self.commits_left is not None:
            self.commits_left -= 1
            if self.commits_left <= 0 and not self.last_is_made:
                raise Died(self.owner)

    def after_commit(self) -> None:
        if self.commits_left is not None and self.commits_left <= 0:
            raise Died(self.owner)


class MachineDatabase(TillDatabase):
    """A till's database on such a disk."""

    def __init__(self, file: Path, wait_s: float, disk: Disk) -> None:
        self._disk = disk
        super().__init__(file, wait_s)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        self._disk.prepare(self.driver)
        with super().write() as driver:
            yield driver
            self._disk.before_commit()
        self._disk.after_commit()


class ServerDatabase:
    """A hub's database on such a disk."""

    def __init__(self, inner: SqliteDatabase, disk: Disk) -> None:
        self._inner = inner
        self._disk = disk
        self.writes_max = inner.writes_max

    @property
    def disk_fault(self) -> str:
        return self._inner.disk_fault

    async def listen(self, wake: Callable[[], None], end_within: EndWithin) -> None:
        await self._inner.listen(wake, end_within)

    async def write(self, work: Work[T]) -> T:
        def whole(connection: Connection) -> T:
            done = work(connection)
            self._disk.before_commit()
            return done

        with self._inner.write_engine.connect() as connection:  # the very one that writes
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            self._disk.prepare(driver)
        done = await self._inner.write(whole)
        self._disk.after_commit()
        return done

    async def read(self, work: Work[T]) -> T:
        return await self._inner.read(work)

    async def close(self) -> None:
        await self._inner.close()


class Acting:
    """Whose step it is now: a price book knows its file, not its machine."""

    disk: Disk | None = None
    #: the hub's, for a version of it that commits where this one does not
    server_disk: Disk | None = None


@contextmanager
def books_on_disks() -> Iterator[type[Acting]]:
    """Let price books too die at their commits."""
    commit = Change.commit

    def dying(change: Change) -> None:
        disk = Acting.disk
        if disk is None:
            commit(change)
            return
        disk.prepare(change.driver)
        try:
            disk.before_commit()
            commit(change)
        finally:
            Disk(disk.owner).prepare(change.driver)  # its next use may find the disk mended
        disk.after_commit()

    setattr(Change, "commit", dying)  # noqa: B010  put back below
    try:
        yield Acting
    finally:
        Acting.disk = None
        setattr(Change, "commit", commit)  # noqa: B010
