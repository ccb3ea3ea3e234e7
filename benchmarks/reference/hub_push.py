"""The least endpoint that keeps a push: decode a body, write its rows in one transaction, answer.

    python -m benchmarks.reference.hub_push --database URL --port N

A bare ASGI application under uvicorn with the hub's parser settings. It believes what it is told:
the rows come ready, the ledgers' summed, so it reads no envelope, follows no chain, checks no
signature and knows no fact. It writes them into the hub's own tables with the same indexes, by the
cheapest set-wise statement of each database, in one durable transaction a push.
"""

import argparse
import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

import asyncpg
import msgspec
import uvicorn
import zstandard

JournalRow = tuple[int, int, str, str, str, str, str, str, msgspec.Raw, str]
MoneyRow = tuple[str, str, str, str, str, str, int, int]
StockRow = tuple[str, str, str, int, int]
TakingsRow = tuple[str, str, str, str, str, int, int]
#: the values of _MOVED, and stream_no
StreamRow = tuple[int, str, int, str, str, str, str, str, str, int | None, int]


class Rows(msgspec.Struct):
    """A push as rows."""

    journal: list[JournalRow]
    money: list[MoneyRow]
    stock: list[StockRow]
    takings: list[TakingsRow]
    stream: StreamRow


class Head(msgspec.Struct):
    """The answer."""

    seq: int
    hash: str


class Writer(Protocol):
    """One durable transaction a push."""

    async def open(self) -> None: ...

    async def write(self, rows: Rows) -> None: ...


_MOVED = (
    *("head_seq", "head_hash", "declared_seq", "declared_hash", "waiting_since", "open_shift"),
    *("last_contact", "business_date", "push_proof", "clock_ahead_s"),
)


def _adding(ledger: str, key: str, number: str) -> str:
    sums = (f"{name} = {ledger}.{name} + excluded.{name}" for name in ("amount", number))
    return f" ON CONFLICT ({key}) DO UPDATE SET {', '.join(sums)}"


_ADD_MONEY = _adding(
    "money_ledger", "store, till, business_date, shift, account, currency", "entries"
)
_ADD_STOCK = _adding("stock_ledger", "store, product, account", "entries")
_ADD_TAKINGS = _adding("takings_by_hour", "store, till, business_date, hour, currency", "sales")


class SqliteWriter:
    """Prepared statements by executemany, WAL with synchronous=FULL. It writes in the loop's own
    thread: a hop to another would be a cost of its own, and one client waits here anyway."""

    _MONEY = "INSERT INTO money_ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)" + _ADD_MONEY
    _STOCK = "INSERT INTO stock_ledger VALUES (?, ?, ?, ?, ?)" + _ADD_STOCK
    _TAKINGS = "INSERT INTO takings_by_hour VALUES (?, ?, ?, ?, ?, ?, ?)" + _ADD_TAKINGS
    _STREAM = f"UPDATE stream SET {' = ?, '.join(_MOVED)} = ? WHERE stream_no = ?"

    def __init__(self, file: str) -> None:
        self._file = file

    async def open(self) -> None:
        self._driver = sqlite3.connect(self._file, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
            self._driver.execute(f"PRAGMA {pragma}")

    async def write(self, rows: Rows) -> None:
        driver = self._driver
        driver.execute("BEGIN IMMEDIATE")
        driver.executemany(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows.journal
        )
        driver.executemany(self._MONEY, rows.money)
        driver.executemany(self._STOCK, rows.stock)
        driver.executemany(self._TAKINGS, rows.takings)
        driver.execute(self._STREAM, rows.stream)
        driver.execute("COMMIT")


class PostgresqlWriter:
    """COPY for the journal, one statement over unnested arrays for each ledger."""

    _MONEY = (
        "INSERT INTO money_ledger SELECT * FROM unnest($1::text[], $2::text[], $3::text[],"
        f" $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[]){_ADD_MONEY}"
    )
    _STOCK = (
        "INSERT INTO stock_ledger SELECT * FROM unnest($1::text[], $2::text[], $3::text[],"
        f" $4::bigint[], $5::bigint[]){_ADD_STOCK}"
    )
    _TAKINGS = (
        "INSERT INTO takings_by_hour SELECT * FROM unnest($1::text[], $2::text[], $3::text[],"
        f" $4::text[], $5::text[], $6::bigint[], $7::bigint[]){_ADD_TAKINGS}"
    )
    _SET = ", ".join(f"{name} = ${place}" for place, name in enumerate(_MOVED, start=1))
    _STREAM = f"UPDATE stream SET {_SET} WHERE stream_no = ${len(_MOVED) + 1}"

    def __init__(self, url: str) -> None:
        self._url = url

    async def open(self) -> None:
        self._connection = await asyncpg.connect(self._url)

    async def write(self, rows: Rows) -> None:
        connection = self._connection
        async with connection.transaction():
            await connection.copy_records_to_table("journal", records=rows.journal)
            await connection.execute(self._MONEY, *zip(*rows.money, strict=True))
            await connection.execute(self._STOCK, *zip(*rows.stock, strict=True))
            await connection.execute(self._TAKINGS, *zip(*rows.takings, strict=True))
            await connection.execute(self._STREAM, *rows.stream)


Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Endpoint:
    """The ASGI application."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._one_at_a_time = asyncio.Lock()
        self._decoder = msgspec.json.Decoder(Rows)
        self._unpacker = zstandard.ZstdDecompressor()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = bytearray()
        more = True
        while more:
            message = await receive()
            body += message["body"]
            more = message.get("more_body", False)
        answer = await self._keep(bytes(body)) if body else b"{}"
        head = {"type": "http.response.start", "status": 200}
        await send(head | {"headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": answer})

    async def _keep(self, body: bytes) -> bytes:
        rows = self._decoder.decode(self._unpacker.decompress(body))
        async with self._one_at_a_time:
            await self._writer.write(rows)
        return msgspec.json.encode(Head(rows.stream[0], rows.stream[1]))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._writer.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


def main() -> None:
    """Serve until the end."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--database", required=True)
    options.add_argument("--port", type=int, required=True)
    given = options.parse_args()
    url: str = given.database
    writer: Writer
    if url.startswith("sqlite:///"):
        writer = SqliteWriter(url.removeprefix("sqlite:///"))
    else:
        writer = PostgresqlWriter(url)
    uvicorn.run(
        Endpoint(writer),
        host="127.0.0.1",
        port=given.port,
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()
