"""The till's SQLite file and its doors.

    write()      a whole transaction on the one writer connection, one sync at its end
    driver       the same connection for what cannot wait: a scan's look-up
    reader()     a connection of one's own, for sync, reports and screens; sees only what is durable

A reader's connection is kept for the next: a new one reads the whole schema before it answers.

WAL with synchronous=FULL: a commit returns after one sync of the log. The schema is what the
migrations say. Of journal, ledgers, identity and streams it is said in SQLAlchemy Core too, for
cold queries and for what is compiled once (`sql`) and run on the driver's connection, which costs a
third (docs/decisions/0002); all else is SQL on that connection.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path

import msgspec
from sqlalchemy import URL, Connection, MetaData, create_engine
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import DBAPIError, NoResultFound
from sqlalchemy.sql import ClauseElement

from journal.envelope import MalformedEnvelope
from pos_client.folder import DiskFull, DiskUnusable, made_private
from retail.facts import MalformedFact, UnknownFact
from retail.language import Text
from retail.money import UnknownCurrency
from retail.refusals import Refusal

metadata = MetaData()

#: the till's database in its data folder
DATABASE_FILE = "till.db"

_PAGE_CACHE_KIB = 16_384
#: SHMSIZE: there was no room for the log's index, which SQLite calls an input/output error
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NOT_OURS = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}
_DAMAGED = {
    sqlite3.SQLITE_NOTADB: Text("the file is no database", "该文件不是数据库"),
    sqlite3.SQLITE_CORRUPT: Text("parts of it are damaged", "部分内容已损坏"),
}
_NOT_AS_WRITTEN = (
    NoResultFound,
    msgspec.MsgspecError,
    UnicodeDecodeError,
    MalformedEnvelope,
    MalformedFact,
    UnknownCurrency,
)
_GONE = Text("its file was deleted or moved", "数据库文件已被删除或移动")
_OPEN_ONLY = {"uri": "true", "mode": "rw"}
_UNREADABLE_ROW = Text("a row is not what was written: {why}", "有记录与写入时不符：{why}")


class DatabaseBusy(Refusal):
    code = "database_busy"
    sentence = Text(
        "Another program holds the till's database: nothing was recorded.",
        "数据库被其他程序占用：本次操作未记录。",
    )
    way_on = Text("Close the other program, then do it again.", "请关闭占用程序后重试。")


class DatabaseDamaged(Refusal):
    code = "database_damaged"
    sentence = Text(
        "The till's database cannot be read or written: {detail}.",
        "本机数据库无法读写：{detail}。",
    )
    way_on = Text(
        "Stop selling here, keep the disk as it is and call support: sold goods can be recovered.",
        "请停止使用本机，保留磁盘原样并联系技术支持：已售数据可恢复。",
    )


class DatabaseNewer(Refusal):
    code = "database_newer"
    sentence = Text(
        "The till's database was written by a newer version of this program.",
        "本机数据库由更新版本的程序写入。",
    )
    way_on = Text(
        "Install that version again; nothing was changed.", "请重新安装该版本；数据未作改动。"
    )


def sql(statement: ClauseElement) -> str:
    """A Core statement as SQLite text with `?` marks, to be run on the driver's connection."""
    return str(statement.compile(dialect=sqlite_dialect.dialect(paramstyle="qmark")))


def refusal_of(fault: BaseException | None) -> Refusal:
    """What the cashier reads when SQLite fails: full, busy, not ours, or damaged."""
    extended = getattr(fault, "sqlite_errorcode", 0)
    code = extended & 0xFF
    if _FULL & {code, extended}:
        return DiskFull()
    if code in _BUSY:
        return DatabaseBusy()
    if code in _NOT_OURS:
        return DiskUnusable(why=str(fault))
    return DatabaseDamaged(detail=_DAMAGED.get(code, str(fault)))


@contextmanager
def disk_refusals() -> Iterator[None]:
    """What the disk does not give, or gives damaged, comes out as a refusal."""
    try:
        yield
    except sqlite3.Error as fault:
        raise refusal_of(fault) from fault
    except DBAPIError as fault:
        raise refusal_of(fault.orig) from fault
    except UnknownFact as fault:
        raise DatabaseNewer from fault
    except _NOT_AS_WRITTEN as fault:
        raise DatabaseDamaged(detail=_UNREADABLE_ROW.filled(why=fault)) from fault


class Database:
    """One till's database file, migrated and open. Close it."""

    def __init__(self, file: Path, wait_s: float = 2.0, *, migrate: bool = True) -> None:
        """Raises a Refusal when the file cannot be opened, is no database or is damaged. Who
        only looks does not `migrate`: a till may be running on the older schema."""
        self.file = file
        self._engine = create_engine(
            # A reader must never make a new, empty file where the till's should be.
            URL.create("sqlite", database=file.absolute().as_uri(), query=_OPEN_ONLY),
            max_overflow=-1,  # nobody who reads waits for another; five are kept
            isolation_level="AUTOCOMMIT",
            connect_args={"timeout": wait_s, "check_same_thread": False},
        )
        with disk_refusals():
            if migrate:
                made_private(file)  # and with it the log beside it, which SQLite gives its mode
            self.connection = self._engine.connect()
            try:
                self.driver = self._prepared()
                _migrate(self.driver, really=migrate)
                self._inode = _inode(file)
            except BaseException:
                self.close()
                raise

    def _prepared(self) -> sqlite3.Connection:
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
        self._is_in_place()
        try:
            driver.execute("BEGIN IMMEDIATE")
            yield driver
            driver.execute("COMMIT")
        except BaseException as fault:
            _roll_back(driver)
            if isinstance(fault, sqlite3.Error):
                raise refusal_of(fault) from fault
            raise

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """A connection of its own for one block; SQLite's failures come out as refusals."""
        self._is_in_place()
        with disk_refusals(), self._engine.connect() as connection:
            yield connection

    def _is_in_place(self) -> None:
        """SQLite would go on with a file that nobody finds any more. Raises DatabaseDamaged."""
        if _inode(self.file) != self._inode:
            raise DatabaseDamaged(detail=_GONE)

    def close(self) -> None:
        self.connection.close()
        self._engine.dispose()


def _inode(file: Path) -> int:
    """Which file lies there, 0 when none does."""
    try:
        return file.stat().st_ino
    except OSError:
        return 0


def _roll_back(driver: sqlite3.Connection) -> None:
    """Take back what is open. A disk that fails here too has taken it back itself, or will when
    the file is opened again; a closed database has nothing open."""
    with suppress(sqlite3.Error):
        if driver.in_transaction:
            driver.execute("ROLLBACK")


def _migrate(driver: sqlite3.Connection, *, really: bool) -> None:
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
        raise DatabaseNewer
    for number, script in enumerate(scripts[done:] if really else [], start=done + 1):
        driver.executescript(
            f"BEGIN IMMEDIATE; {script.read_text()}; PRAGMA user_version = {number}; COMMIT"
        )
