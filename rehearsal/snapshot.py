"""One snapshot of a till's or a hub's database, read by plain SQL, row by row.

Owns opening a database to read it, on SQLite and PostgreSQL. It refuses to know what is in there,
and to use the product's code for it.

    read("sqlite:///hub.db", [Query("SELECT data FROM journal", take)])
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import asyncpg

WAIT_S = 30.0
"""How long a database may take to let us in."""
ROWS_AT_ONCE = 1_000
"""Rows fetched at once."""


class UnreadableBooks(Exception):
    """There are no books there; says where and why."""


class Query(NamedTuple):
    """A statement, and who takes the columns of each of its rows."""

    statement: str
    take: Callable[..., object]


def read(url: str, queries: Sequence[Query]) -> None:
    """Ask the database at `sqlite:///FILE` or `postgresql://…` all of this at one moment. What a
    taker raises comes out as it is. Raises UnreadableBooks."""
    scheme, _, rest = url.partition("://")
    match scheme:
        case "sqlite":
            read_file(Path(rest.removeprefix("/")), queries)
        case "postgresql":
            with ThreadPoolExecutor(1) as thread:  # this thread may have an event loop running
                thread.submit(asyncio.run, _read_postgresql(url, queries)).result()
        case _:
            raise UnreadableBooks(f"{url}: neither sqlite:///FILE nor postgresql://…")


def read_file(file: Path, queries: Sequence[Query]) -> None:
    """The same of a file of SQLite, which is not made if it is not there."""
    try:
        where = f"file:{quote(str(file))}?mode=ro"
        with closing(sqlite3.connect(where, uri=True, timeout=WAIT_S)) as database:
            database.execute("BEGIN")
            for statement, take in queries:
                for row in database.execute(statement):
                    take(*row)
    except sqlite3.Error as fault:
        raise UnreadableBooks(f"{file}: {fault}") from None


async def _read_postgresql(url: str, queries: Sequence[Query]) -> None:
    try:
        database = await asyncpg.connect(url, timeout=WAIT_S)
        try:
            async with database.transaction(isolation="repeatable_read", readonly=True):
                for statement, take in queries:
                    await _each(database, statement, take)
        finally:
            await database.close()
    except (asyncpg.PostgresError, OSError) as fault:
        raise UnreadableBooks(f"{url}: {fault}") from None


async def _each(database: Any, statement: str, take: Callable[..., object]) -> None:
    async for row in database.cursor(statement, prefetch=ROWS_AT_ONCE):
        take(*row)
