"""SQLite or PostgreSQL behind two doors, writes of whole sets, and the statements of every push.

    await database.write(work)     one transaction: work(connection) -> value
    await database.read(work)      one snapshot

`work` is a plain function on an open SQLAlchemy Connection. On SQLite it runs on the one writer
thread; on PostgreSQL under `run_sync` on asyncpg. `SetWise` writes many rows with one statement,
`Prepared` is a hot statement; both run on the driver's own connection, which costs a third of
SQLAlchemy's way (docs/decisions/0002). What fails comes out as an SQLAlchemyError all the same.
"""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import asyncpg
from sqlalchemy import (
    Connection,
    Dialect,
    Engine,
    MetaData,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    OperationalError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.pool import NullPool, StaticPool

from retail.language import Text
from retail.refusals import Refusal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")
Work = Callable[[Connection], T]

#: waits for the end, at most so many seconds -> whether it has come
EndWithin = Callable[[float], Awaitable[bool]]

metadata = MetaData()

_READERS = 4
#: the channel on which hubs on one PostgreSQL tell each other of news
_NEWS = "omnitill_news"
#: how soon a listener notices that its connection is gone, and how soon it makes another
_LISTEN_LOOK_S = 1.0
_LISTEN_AGAIN_S = 1.0
#: a copy is taken in steps of so many pages, 4 MiB, between which it tells how far it is
_PAGES_AT_ONCE = 1_024
#: another hub holds a new file for the time of one sync
_WAL_AGAIN_S = 0.005
ASYNCPG: Callable[[], Dialect] = asyncpg_dialect.dialect
DRIVER_FAULTS = (
    sqlite3.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
#: what a database that is away, full or held by another raises at its doors
FAULTS = (SQLAlchemyError, OSError)
#: SQLSTATE classes: data exception, integrity violation, program limit (PostgreSQL, appendix A)
_ROWS_TO_BLAME = {"22", "23", "54"}

#: what a disk that is full or read-only raises: primary result codes, SQLSTATEs
_SQLITE_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR}
_POSTGRESQL_DISK = {"53100", "25006", "58030"}


class DatabaseUnusable(Refusal):
    code = "database_unusable"
    sentence = Text("The database {url} cannot be used: {why}", "数据库 {url} 无法使用：{why}")
    way_on = Text(
        "Give sqlite:///FILE or postgresql://USER@HOST/NAME, and see that the server runs.",
        "请填写 sqlite:///文件 或 postgresql://用户@主机/库名，并确认服务已启动。",
    )


class HubDatabaseNewer(DatabaseUnusable):
    code = "hub_database_newer"
    sentence = Text(
        "The database {url} was written by a newer version of this program.",
        "数据库 {url} 由更新版本的程序写入。",
    )
    way_on = Text(
        "Install that version again; nothing was changed.", "请重新安装该版本；数据未作改动。"
    )


class NoHubDatabase(Refusal):
    code = "no_hub_database"
    sentence = Text("There is no hub database at {url}.", "{url} 处没有总部数据库。")
    way_on = Text(
        "Give the hub's own with --database or in OMNITILL_HUB_DATABASE; a new one is made by:"
        " sync-server migrate",
        "请用 --database 或环境变量 OMNITILL_HUB_DATABASE 指明总部数据库；"
        "新建请运行：sync-server migrate",
    )


class DiskTakesNothing(DatabaseUnusable):
    code = "disk_takes_nothing"
    sentence = Text("The database {url} takes nothing: {why}", "数据库 {url} 无法写入：{why}")
    way_on = Text(
        "Make room on the hub's disk, or let it be written again, then do it again. Tills sell on"
        " and nothing is lost.",
        "请清理总部磁盘空间或恢复写入权限后重试。门店可继续销售，数据不会丢失。",
    )


_NO_URL = Text("it is no database URL", "不是数据库地址")
_NO_FILE = Text("it names no file", "未指定文件")


def unusable(url: str, fault: Exception) -> DatabaseUnusable:
    """What one of FAULTS is to a person: its own words, on one line."""
    where, why = without_password(url), _own_words(fault)
    if blames_disk(fault):
        return DiskTakesNothing(url=where, why=why)
    return DatabaseUnusable(url=where, why=why)


def _own_words(fault: Exception) -> str:
    orig = getattr(fault, "orig", None) or fault
    if getattr(orig, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR_SHMSIZE:
        return "database or disk is full"  # which SQLite calls an I/O error
    return str(orig).partition("\n")[0]


class RowsRefused(ValueError):
    """The database cannot hold these rows: a number beyond 64 bits, a NUL in a text, a key that
    is there already. Whatever else fails is the database's own trouble, not the rows'."""


class Database(Protocol):
    """The two doors, whichever database stands behind them."""

    #: so many writes at once leave reads what they need
    writes_max: int

    @property
    def disk_fault(self) -> str:
        """Why its disk took nothing of the last write, full or read-only; empty when it did."""
        ...

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction: durable when this returns, or nothing happened."""
        ...

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one snapshot."""
        ...

    async def listen(self, wake: Callable[[], None], end_within: EndWithin) -> None:
        """Call `wake` whenever a hub has told of news, this one or another, until the end."""
        ...

    async def close(self) -> None: ...


def tell_hubs(connection: Connection) -> None:
    """Let all hubs on this database know, once it is committed, that a scope has moved. On SQLite
    they look for themselves."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(_NEWS, "")))


def open_database(url: str, wait_s: float, connections_max: int) -> Database:
    """The database behind a URL. Raises DatabaseUnusable for one that is none of ours."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseUnusable(url=without_password(url), why=_NO_URL) from None
    match parsed.get_backend_name():
        case "sqlite" if parsed.database in (None, "", ":memory:"):
            raise DatabaseUnusable(url=without_password(url), why=_NO_FILE)
        case "sqlite":
            return SqliteDatabase(parsed.set(drivername="sqlite"), wait_s)
        case "postgresql":
            return PostgresqlDatabase(parsed, wait_s, connections_max)
        case other:
            why = Text(f"{other} is not supported", f"不支持 {other}")
            raise DatabaseUnusable(url=without_password(url), why=why)


def without_password(url: str) -> str:
    """A database URL that may be shown to a person; of one that cannot be read only its scheme,
    for nobody knows where in it a password stands."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        scheme, colon, _ = url.partition(":")
        return f"{scheme}:…" if colon else url
    return parsed.difference_update_query(["password"]).render_as_string(hide_password=True)


def file_of(url: str) -> Path | None:
    """The file of a database that `open_database` takes; None on a server."""
    parsed = make_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


class SqliteDatabase:
    """A file: one writer thread, a few readers, WAL with synchronous=FULL."""

    writes_max = 1
    disk_fault = ""

    def __init__(self, url: URL, wait_s: float) -> None:
        self._file = Path(str(url.database))
        self._inode = 0
        self._writer = ThreadPoolExecutor(1, "hub-writer")
        self._readers = ThreadPoolExecutor(_READERS, "hub-reader")
        arguments = {"timeout": wait_s, "check_same_thread": False}
        self.write_engine = create_engine(url, poolclass=StaticPool, connect_args=arguments)
        self._read_engine = create_engine(url, pool_size=_READERS, connect_args=arguments)
        for engine, begin in (
            (self.write_engine, "BEGIN IMMEDIATE"),
            (self._read_engine, "BEGIN"),
        ):
            event.listen(engine, "do_connect", partial(_make_private, self._file))
            event.listen(engine, "connect", partial(_prepare_sqlite, wait_s))
            event.listen(engine, "begin", _beginning(begin))

    async def write(self, work: Work[T]) -> T:
        changes = 0

        def counted(connection: Connection) -> T:
            nonlocal changes
            before = driver_of(connection).total_changes
            done = work(connection)
            changes = driver_of(connection).total_changes - before
            return done

        try:
            done = await self._on(self._writer, self.write_engine, counted)
        except SQLAlchemyError as fault:
            self.disk_fault = _own_words(fault) if blames_disk(fault) else self.disk_fault
            raise
        if changes:  # what changes nothing says nothing of the disk
            self.disk_fault = ""
        return done

    async def read(self, work: Work[T]) -> T:
        return await self._on(self._readers, self._read_engine, work)

    async def _on(self, pool: ThreadPoolExecutor, engine: Engine, work: Work[T]) -> T:
        def whole() -> T:
            with engine.begin() as connection:
                self._is_in_place()
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(pool, whole)

    def _is_in_place(self) -> None:
        """SQLite goes on in a file that has no name any more: what it takes there is lost. Raises
        OperationalError."""
        try:
            inode = self._file.stat().st_ino
        except OSError:
            inode = 0
        self._inode = self._inode or inode
        if inode != self._inode:
            gone = sqlite3.OperationalError("its file was deleted or moved")
            raise OperationalError(str(self._file), None, gone)

    async def listen(self, wake: Callable[[], None], end_within: EndWithin) -> None:
        """A file tells nobody anything."""

    async def close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self.write_engine.dispose()
        self._read_engine.dispose()


def _make_private(file: Path, *_: object) -> None:
    """A new file, and with it the log beside it, which SQLite gives its mode, is its owner's alone:
    the hub's key is in it. One that is there stays as somebody set it, and is not even opened: to
    close it would let go of the locks that this process holds on it (SQLite, "How To Corrupt",
    2.2). What the disk does not give SQLite says."""
    if not str(file).startswith("file:"):  # which SQLite may read as an address
        with suppress(OSError):
            os.close(os.open(file, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _prepare_sqlite(wait_s: float, driver: sqlite3.Connection, _record: object) -> None:
    driver.isolation_level = None
    _use_wal(driver, monotonic() + wait_s)
    for pragma in ("synchronous=FULL", "cache_size=-65536"):
        driver.execute(f"PRAGMA {pragma}")


def _use_wal(driver: sqlite3.Connection, late_s: float) -> None:
    """Hubs that open a new file at the same moment meet here, and SQLite does not wait: where two
    would raise their locks it tells one at once (sqlite3_busy_handler, last paragraphs)."""
    while True:
        try:
            driver.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as refused:
            if refused.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() >= late_s:
                raise
            sleep(_WAL_AGAIN_S)
        else:
            return


def _beginning(statement: str) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        with failing_as_sqlalchemy(statement):
            driver_of(connection).execute(statement)

    return begin


@contextmanager
def sqlite_file(file: Path, *, read_only: bool = False) -> Iterator[Connection]:
    """A SQLite file that nobody else uses, in one transaction. It is a file without a log beside
    it, and not on disk for good before the caller syncs it. Raises one of FAULTS."""
    address = f"{file.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool
    )
    event.listen(engine, "connect", _prepare_file)
    event.listen(engine, "begin", _beginning("BEGIN" if read_only else "BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _prepare_file(driver: sqlite3.Connection, _record: object) -> None:
    driver.isolation_level = None
    driver.execute("PRAGMA synchronous=OFF")


def copy_sqlite(connection: Connection, file: Path, tell: Callable[[int, int], object]) -> bool:
    """Copy the snapshot that `connection` reads into a file, page by page, telling how many are
    done and how many there are -> whether it could be: only SQLite knows how."""
    driver = driver_of(connection)
    if not isinstance(driver, sqlite3.Connection):
        return False
    target = sqlite3.connect(file, isolation_level=None)
    try:
        with failing_as_sqlalchemy("a copy"):
            target.execute("PRAGMA synchronous=OFF")
            driver.execute("SELECT count(*) FROM sqlite_master")  # from here on it is one moment
            driver.backup(
                target,
                pages=_PAGES_AT_ONCE,
                progress=lambda _, left, total: tell(total - left, total),
            )
            target.execute("PRAGMA journal_mode=DELETE")
    finally:
        target.close()
    return True


class PostgresqlDatabase:
    """A server, through asyncpg. Reads are REPEATABLE READ, so a page of the feed is one cut."""

    disk_fault = ""

    def __init__(self, url: URL, wait_s: float, connections_max: int) -> None:
        # brings the ORM along, a tenth of what a command on SQLite takes to start
        from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415

        self.writes_max = max(1, connections_max // 2)
        self._engine: AsyncEngine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            pool_size=connections_max,
            max_overflow=0,
            pool_timeout=wait_s,
            isolation_level="AUTOCOMMIT",  # the transaction is ours: begun and ended by the driver
        )
        event.listen(self._engine.sync_engine, "checkout", _leave_out_the_dead)
        self._listener = create_async_engine(
            self._engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )

    async def write(self, work: Work[T]) -> T:
        try:
            done = await self._within("read_committed", work)
        except SQLAlchemyError as fault:
            self.disk_fault = _own_words(fault) if blames_disk(fault) else self.disk_fault
            raise
        self.disk_fault = ""
        return done

    async def read(self, work: Work[T]) -> T:
        return await self._within("repeatable_read", work)

    async def _within(self, isolation: str, work: Work[T]) -> T:
        async with self._engine.connect() as connection:
            assert connection.sync_connection is not None
            driver = driver_of(connection.sync_connection)
            try:
                with failing_as_sqlalchemy("a transaction"):
                    async with driver.transaction(isolation=isolation):
                        return await connection.run_sync(work)
            except OperationalError as fault:
                if isinstance(fault.orig, asyncpg.InternalClientError):
                    driver.terminate()  # ended by the server in mid-word: nobody can go on with it
                raise

    async def listen(self, wake: Callable[[], None], end_within: EndWithin) -> None:
        """On a connection of its own, begun anew when it is lost: then nobody is woken, and news
        is found by looking."""
        ended = False
        while not ended:
            with suppress(*FAULTS, *DRIVER_FAULTS):
                async with self._listener.connect() as connection:
                    assert connection.sync_connection is not None
                    driver = driver_of(connection.sync_connection)
                    await driver.add_listener(_NEWS, lambda *_: wake())
                    wake()  # for what was told while nobody listened
                    while not driver.is_closed() and not ended:
                        ended = await end_within(_LISTEN_LOOK_S)
            ended = ended or await end_within(_LISTEN_AGAIN_S)

    async def close(self) -> None:
        await self._listener.dispose()
        await self._engine.dispose()


def _leave_out_the_dead(dbapi: Any, *_: object) -> None:
    """A connection that the server ended while it lay in the pool is replaced by a new one."""
    if dbapi.driver_connection.is_closed():
        raise DisconnectionError


def driver_of(connection: Connection) -> Any:
    """The driver's own connection: sqlite3's, or asyncpg's, which has no types."""
    return connection.connection.driver_connection


@contextmanager
def failing_as_sqlalchemy(what: str) -> Iterator[None]:
    try:
        yield
    except DRIVER_FAULTS as fault:
        raise OperationalError(what, None, fault) from fault


def blames_rows(fault: BaseException) -> bool:
    """Whether the same rows would fail again, whatever the database's state."""
    if isinstance(fault, OverflowError | sqlite3.IntegrityError | sqlite3.DataError):
        return True
    return (getattr(fault, "sqlstate", None) or "")[:2] in _ROWS_TO_BLAME


def blames_disk(fault: Exception) -> bool:
    """Whether the database's disk is full, or may not be written."""
    orig = getattr(fault, "orig", None)
    if isinstance(orig, sqlite3.Error):
        return getattr(orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE_DISK
    return getattr(orig, "sqlstate", None) in _POSTGRESQL_DISK


def blames_database(fault: Exception) -> bool:
    """Whether it is the database's own trouble: away, full, held by another. Then the same work may
    do well later; whatever else failed would fail again."""
    if isinstance(fault, DBAPIError):
        return fault.orig is None or not blames_rows(fault.orig)
    return isinstance(fault, FAULTS) and not isinstance(fault, StatementError)
