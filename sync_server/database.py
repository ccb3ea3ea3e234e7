"""SQLite or PostgreSQL behind two doors, and writes of whole sets.

    await database.write(work)     one transaction: work(connection) -> value
    await database.read(work)      one snapshot

`work` is a plain function on an open SQLAlchemy Connection. On SQLite it runs on the one writer
thread; on PostgreSQL under `run_sync` on asyncpg. `SetWise` writes many rows with one statement.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    create_engine,
    event,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from retail.language import Text
from retail.refusals import Refusal

T = TypeVar("T")
Work = Callable[[Connection], T]

metadata = MetaData()

_READERS = 4
#: SQLSTATE classes: data exception, integrity violation, program limit (PostgreSQL, appendix A)
_ROWS_TO_BLAME = {"22", "23", "54"}


class DatabaseUnusable(Refusal):
    code = "database_unusable"
    sentence = Text("The database {url} cannot be used: {why}", "数据库 {url} 无法使用：{why}")
    way_on = Text(
        "Give sqlite:///FILE or postgresql://USER@HOST/NAME, and see that the server runs.",
        "请填写 sqlite:///文件 或 postgresql://用户@主机/库名，并确认服务已启动。",
    )


class RowsRefused(ValueError):
    """The database cannot hold these rows: a number beyond 64 bits, a NUL in a text, a key that
    is there already. Whatever else fails is the database's own trouble, not the rows'."""


class Database(Protocol):
    """The two doors, whichever database stands behind them."""

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction: durable when this returns, or nothing happened."""
        ...

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one snapshot."""
        ...

    async def close(self) -> None: ...


def open_database(url: str, wait_s: float, connections_max: int) -> Database:
    """The database behind a URL. Raises DatabaseUnusable for one that is none of ours."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseUnusable(url=url, why="it is no database URL") from None
    match parsed.get_backend_name():
        case "sqlite" if parsed.database in (None, "", ":memory:"):
            raise DatabaseUnusable(url=url, why="it names no file")
        case "sqlite":
            return SqliteDatabase(parsed.set(drivername="sqlite"), wait_s)
        case "postgresql":
            return PostgresqlDatabase(parsed, wait_s, connections_max)
        case other:
            raise DatabaseUnusable(url=without_password(url), why=f"{other} is not supported")


def without_password(url: str) -> str:
    """A database URL that may be shown to a person."""
    return make_url(url).render_as_string(hide_password=True)


class SqliteDatabase:
    """A file: one writer thread, a few readers, WAL with synchronous=FULL."""

    def __init__(self, url: URL, wait_s: float) -> None:
        self._writer = ThreadPoolExecutor(1, "hub-writer")
        self._readers = ThreadPoolExecutor(_READERS, "hub-reader")
        arguments = {"timeout": wait_s, "check_same_thread": False}
        self._write_engine = create_engine(url, poolclass=StaticPool, connect_args=arguments)
        self._read_engine = create_engine(url, pool_size=_READERS, connect_args=arguments)
        for engine, begin in (
            (self._write_engine, "BEGIN IMMEDIATE"),
            (self._read_engine, "BEGIN"),
        ):
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _beginning(begin))

    async def write(self, work: Work[T]) -> T:
        return await self._on(self._writer, self._write_engine, work)

    async def read(self, work: Work[T]) -> T:
        return await self._on(self._readers, self._read_engine, work)

    async def _on(self, pool: ThreadPoolExecutor, engine: Engine, work: Work[T]) -> T:
        def whole() -> T:
            with engine.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(pool, whole)

    async def close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._write_engine.dispose()
        self._read_engine.dispose()


def _prepare_sqlite(driver: sqlite3.Connection, _record: object) -> None:
    driver.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
        driver.execute(f"PRAGMA {pragma}")


def _beginning(statement: str) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin


class PostgresqlDatabase:
    """A server, through asyncpg. Reads are REPEATABLE READ, so a page of the feed is one cut."""

    def __init__(self, url: URL, wait_s: float, connections_max: int) -> None:
        self._engine: AsyncEngine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            pool_size=connections_max,
            max_overflow=0,
            pool_timeout=wait_s,
        )
        self._snapshot = self._engine.execution_options(isolation_level="REPEATABLE READ")

    async def write(self, work: Work[T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def read(self, work: Work[T]) -> T:
        async with self._snapshot.begin() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        await self._engine.dispose()


class SetWise:
    """Insert many rows by one statement; with `adding`, rows whose key is there add to those
    columns instead, with `replacing` they are replaced, with `once` left as they are. Rows are
    tuples in the order of the table's columns.

    SQLite: executemany of one prepared statement. PostgreSQL: one statement over unnested arrays,
    a third cheaper than executemany (docs/decisions/0004).
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
        self._sqlite = f"{into} VALUES ({', '.join('?' * len(columns))}){tail}"
        self._postgresql = f"{into} SELECT * FROM unnest({arrays}){tail}"  # noqa: S608  names of ours

    def write(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write the rows; keys must not repeat within them. Raises RowsRefused."""
        if not rows:
            return
        try:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql(self._sqlite, list(rows))
            else:
                columns = tuple(map(list, zip(*rows, strict=True)))
                connection.exec_driver_sql(self._postgresql, columns)
        except (DBAPIError, OverflowError) as fault:
            if not _blames_rows(fault):
                raise
            raise RowsRefused(str(getattr(fault, "orig", fault)).partition("\n")[0]) from fault


def _blames_rows(fault: DBAPIError | OverflowError) -> bool:
    """Whether the same rows would fail again, whatever the database's state."""
    if isinstance(fault, OverflowError | IntegrityError | DataError):
        return True
    sqlstate = getattr(fault.orig, "sqlstate", None) or ""
    return sqlstate[:2] in _ROWS_TO_BLAME


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
