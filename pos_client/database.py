"""The till's SQLite file and its doors.

    write()      a whole transaction on the one writer connection, one sync at its end
    driver       the same connection for what cannot wait: a scan's look-up
    reader()     a connection of one's own, for sync, reports and screens; sees only what is durable

WAL with synchronous=FULL: a commit returns after one sync of the log. The schema and the cold
queries are SQLAlchemy Core; hot statements are compiled from it once (`sql`) and run on the
driver's connection, which costs a third (docs/decisions/0002).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection, MetaData, create_engine
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import ClauseElement

from retail.refusals import DatabaseBusy, DatabaseDamaged, DiskFull, Refusal

metadata = MetaData()

_PAGE_CACHE_KIB = 16_384
_FULL = {sqlite3.SQLITE_FULL}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def sql(statement: ClauseElement) -> str:
    """A Core statement as SQLite text with `?` marks, to be run on the driver's connection."""
    return str(statement.compile(dialect=sqlite_dialect.dialect(paramstyle="qmark")))


def refusal_of(fault: sqlite3.Error) -> Refusal:
    """What the cashier reads when SQLite fails: full, busy, or damaged."""
    code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
    if code in _FULL:
        return DiskFull()
    if code in _BUSY:
        return DatabaseBusy()
    return DatabaseDamaged(detail=str(fault))


class Database:
    """One till's database file, migrated and open. Close it."""

    def __init__(self, file: Path, wait_s: float = 2.0) -> None:
        """Raises a Refusal when the file cannot be opened, is no database or is damaged."""
        self.file = file
        self._engine = create_engine(
            f"sqlite:///{file}",
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"timeout": wait_s, "check_same_thread": False},
        )
        try:
            self.driver = self._connect()
            _migrate(self.driver)
        except sqlite3.Error as fault:
            raise refusal_of(fault) from fault

    def _connect(self) -> sqlite3.Connection:
        self.connection = self._engine.connect()
        driver = self.connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"cache_size=-{_PAGE_CACHE_KIB}",
        ):
            driver.execute(f"PRAGMA {pragma}")
        return driver

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it durable when the block ends, or none of it. SQLite's
        failures come out as refusals."""
        driver = self.driver
        try:
            driver.execute("BEGIN IMMEDIATE")
            yield driver
            driver.execute("COMMIT")
        except BaseException as fault:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            if isinstance(fault, sqlite3.Error):
                raise refusal_of(fault) from fault
            raise

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """A connection of its own for one block; SQLite's failures come out as refusals."""
        try:
            with self._engine.connect() as connection:
                yield connection
        except sqlite3.Error as fault:
            raise refusal_of(fault) from fault

    def close(self) -> None:
        self.connection.close()
        self._engine.dispose()


def _migrate(driver: sqlite3.Connection) -> None:
    """Bring the schema up to date, a migration a transaction."""
    (done,) = driver.execute("PRAGMA user_version").fetchone()
    scripts = sorted(
        (
            entry
            for entry in files("pos_client.migrations").iterdir()
            if entry.name.endswith(".sql")
        ),
        key=lambda entry: entry.name,
    )
    if done > len(scripts):
        raise DatabaseDamaged(detail="it was written by a newer version of this program")
    for number, script in enumerate(scripts[done:], start=done + 1):
        driver.executescript(
            f"BEGIN IMMEDIATE; {script.read_text()}; PRAGMA user_version = {number}; COMMIT"
        )
