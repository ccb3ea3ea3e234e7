"""SQLite or PostgreSQL behind two doors, writes of whole sets, and the statements of every push.

    await database.write(work)     one transaction: work(connection) -> value
    await database.read(work)      one snapshot

`work` is a plain function on an open SQLAlchemy Connection. On SQLite it runs on the one writer
thread; on PostgreSQL under `run_sync` on asyncpg. `SetWise` writes many rows with one statement,
`Prepared` is a hot statement; both run on the driver's own connection, which costs a third of
SQLAlchemy's way (docs/decisions/0002). What fails comes out as an SQLAlchemyError all the same.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple, Protocol, Self, TypeVar

import asyncpg
import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    literal,
    select,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects import sqlite
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
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import NullPool, StaticPool
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.util import await_only

from retail.language import Text
from retail.refusals import Refusal

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
#: another hub holds a new file for the time of one sync
_WAL_AGAIN_S = 0.005
_asyncpg: Callable[[], Dialect] = asyncpg_dialect.dialect
_DRIVER_FAULTS = (
    sqlite3.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
#: what a database that is away, full or held by another raises at its doors
FAULTS = (SQLAlchemyError, OSError)
#: SQLSTATE classes: data exception, integrity violation, program limit (PostgreSQL, appendix A)
_ROWS_TO_BLAME = {"22", "23", "54"}


class DatabaseUnusable(Refusal):
    code = "database_unusable"
    sentence = Text("The database {url} cannot be used: {why}", "数据库 {url} 无法使用：{why}")
    way_on = Text(
        "Give sqlite:///FILE or postgresql://USER@HOST/NAME, and see that the server runs.",
        "请填写 sqlite:///文件 或 postgresql://用户@主机/库名，并确认服务已启动。",
    )


_NO_URL = Text("it is no database URL", "不是数据库地址")
_NO_FILE = Text("it names no file", "未指定文件")


def unusable(url: str, fault: Exception) -> DatabaseUnusable:
    """What one of FAULTS is to a person: its own words, on one line."""
    why = str(getattr(fault, "orig", None) or fault).partition("\n")[0]
    return DatabaseUnusable(url=without_password(url), why=why)


class RowsRefused(ValueError):
    """The database cannot hold these rows: a number beyond 64 bits, a NUL in a text, a key that
    is there already. Whatever else fails is the database's own trouble, not the rows'."""


class Database(Protocol):
    """The two doors, whichever database stands behind them."""

    #: so many writes at once leave reads what they need
    writes_max: int

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


class SqliteDatabase:
    """A file: one writer thread, a few readers, WAL with synchronous=FULL."""

    writes_max = 1

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
            event.listen(engine, "connect", partial(_prepare_sqlite, wait_s))
            event.listen(engine, "begin", _beginning(begin))

    async def write(self, work: Work[T]) -> T:
        return await self._on(self._writer, self.write_engine, work)

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
        connection.exec_driver_sql(statement)

    return begin


class PostgresqlDatabase:
    """A server, through asyncpg. Reads are REPEATABLE READ, so a page of the feed is one cut."""

    def __init__(self, url: URL, wait_s: float, connections_max: int) -> None:
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
        return await self._within("read_committed", work)

    async def read(self, work: Work[T]) -> T:
        return await self._within("repeatable_read", work)

    async def _within(self, isolation: str, work: Work[T]) -> T:
        async with self._engine.connect() as connection:
            assert connection.sync_connection is not None
            driver = _driver_of(connection.sync_connection)
            try:
                with _failing_as_sqlalchemy("a transaction"):
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
            with suppress(*FAULTS, *_DRIVER_FAULTS):
                async with self._listener.connect() as connection:
                    assert connection.sync_connection is not None
                    driver = _driver_of(connection.sync_connection)
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


def _driver_of(connection: Connection) -> Any:
    """The driver's own connection: sqlite3's, or asyncpg's, which has no types."""
    return connection.connection.driver_connection


@contextmanager
def _failing_as_sqlalchemy(what: str) -> Iterator[None]:
    try:
        yield
    except _DRIVER_FAULTS as fault:
        raise OperationalError(what, None, fault) from fault


class _OneOf(FunctionElement[bool]):
    """A column, and a JSON list of texts."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: object = None) -> Self:  # noqa: ARG002
        """As it is: where a database has no booleans SQLAlchemy would compare it with 1, and
        SQLite looks up no such comparison in an index."""
        return self


def one_of(column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether the column is one of these texts, however many: they travel as one JSON list. As
    marks of an IN ten thousand of them cost SQLAlchemy more than they cost the database."""
    return _OneOf(column, literal(msgspec.json.encode(list(values)).decode(), SqlText()))


@compiles(_OneOf, "sqlite")
def _on_sqlite(element: _OneOf, compiler: SQLCompiler, **more: Any) -> str:
    column, values = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  a mark, no text


@compiles(_OneOf, "postgresql")
def _on_postgresql(element: _OneOf, compiler: SQLCompiler, **more: Any) -> str:
    column, values = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} = ANY (ARRAY(SELECT json_array_elements_text(CAST({values} AS json))))"


class Prepared:
    """A statement of every push, compiled from Core once for each database. `columns` are those
    that an UPDATE sets, each by the parameter of its name."""

    def __init__(self, statement: ClauseElement, columns: Sequence[str] = ()) -> None:
        self._sqlite = _Compiled.of(statement, columns, sqlite.dialect(paramstyle="qmark"))
        self._postgresql = _Compiled.of(statement, columns, _asyncpg())

    def run(self, connection: Connection, **values: object) -> Sequence[Any] | None:
        """Run it in the open transaction -> its first row, if it has any."""
        driver = _driver_of(connection)
        row: Sequence[Any] | None
        if isinstance(driver, sqlite3.Connection):
            statement, places = self._sqlite
            with _failing_as_sqlalchemy(statement):
                row = driver.execute(statement, [values[name] for name in places]).fetchone()
        else:
            statement, places = self._postgresql
            with _failing_as_sqlalchemy(statement):
                row = await_only(driver.fetchrow(statement, *(values[name] for name in places)))
        return row


class _Compiled(NamedTuple):
    """A statement's text and the names of its parameters by place."""

    statement: str
    places: tuple[str, ...]

    @classmethod
    def of(cls, statement: ClauseElement, columns: Sequence[str], dialect: Dialect) -> "_Compiled":
        compiled = statement.compile(dialect=dialect, column_keys=list(columns) or None)
        assert isinstance(compiled, SQLCompiler)
        return cls(str(compiled), tuple(compiled.positiontup or ()))


class SetWise:
    """Insert many rows by one statement; with `adding`, rows whose key is there add to those
    columns instead, with `replacing` they are replaced, with `once` left as they are. Rows follow
    the order of the table's columns.

    SQLite: executemany of one prepared statement. PostgreSQL: COPY where all rows are new, else
    one statement over unnested arrays, a third cheaper than executemany (docs/decisions/0004).
    """

    def __init__(
        self,
        table: Table,
        adding: Sequence[str] = (),
        *,
        replacing: bool = False,
        once: bool = False,
    ) -> None:
        columns = [column.name for column in table.columns]
        keys = ", ".join(column.name for column in table.primary_key)
        into = f"INSERT INTO {table.name} ({', '.join(columns)})"
        tail = ""
        if adding:
            sums = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in adding)
            tail = f" ON CONFLICT ({keys}) DO UPDATE SET {sums}"
        elif replacing:
            rest = [name for name in columns if name not in table.primary_key.columns]
            news = ", ".join(f"{name} = excluded.{name}" for name in rest)
            tail = f" ON CONFLICT ({keys}) DO UPDATE SET {news}"
        elif once:
            tail = f" ON CONFLICT ({keys}) DO NOTHING"
        arrays = ", ".join(
            f"${place}::{_array_type(column.type)}"
            for place, column in enumerate(table.columns, start=1)
        )
        self._table = table.name
        self._copies = not tail  # COPY knows no ON CONFLICT
        self._sqlite = f"{into} VALUES ({', '.join('?' * len(columns))}){tail}"
        self._postgresql = f"{into} SELECT * FROM unnest({arrays}){tail}"  # noqa: S608  names of ours

    def write(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Write the rows; keys must not repeat within them. Raises RowsRefused."""
        if not rows:
            return
        try:
            self._write(_driver_of(connection), rows)
        except (*_DRIVER_FAULTS, OverflowError) as fault:
            if _blames_rows(fault):
                raise RowsRefused(str(fault).partition("\n")[0]) from fault
            raise OperationalError(self._sqlite, None, fault) from fault

    def _write(self, driver: Any, rows: Sequence[Sequence[Any]]) -> None:
        if isinstance(driver, sqlite3.Connection):
            driver.executemany(self._sqlite, rows)
        elif self._copies:
            await_only(driver.copy_records_to_table(self._table, records=rows))
        else:
            columns = map(list, zip(*rows, strict=True))
            await_only(driver.execute(self._postgresql, *columns))


def _blames_rows(fault: BaseException) -> bool:
    """Whether the same rows would fail again, whatever the database's state."""
    if isinstance(fault, OverflowError | sqlite3.IntegrityError | sqlite3.DataError):
        return True
    return (getattr(fault, "sqlstate", None) or "")[:2] in _ROWS_TO_BLAME


def blames_database(fault: Exception) -> bool:
    """Whether it is the database's own trouble: away, full, held by another. Then the same work may
    do well later; whatever else failed would fail again."""
    if isinstance(fault, DBAPIError):
        return fault.orig is None or not _blames_rows(fault.orig)
    return isinstance(fault, FAULTS) and not isinstance(fault, StatementError)


def _array_type(kind: object) -> str:
    match kind:
        case BigInteger():
            return "bigint[]"
        case Integer():
            return "integer[]"
        case LargeBinary():
            return "bytea[]"
        case _:
            return "text[]"
