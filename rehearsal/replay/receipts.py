"""Every sale of a till or a hub, read afresh from its journal: who bought what, line by line.

The ledgers (`rehearsal.books`) add up; this sees that each basket was sold once, at its till, on
its day, to its customer. It uses none of the product's code, so that a fault there cannot agree
with itself.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import asyncpg
import msgspec

from rehearsal.books import WAIT_S, UnreadableBooks
from rehearsal.replay.baskets import Basket, Line, till_number

ROWS_AT_ONCE = 1_000
"""Rows of a journal fetched at once."""

_SALES = "SELECT data FROM journal WHERE type = 'sale.completed'"
_APPLIED = f"{_SALES} AND verdict = ''"


class Receipt(NamedTuple):
    """One sale. `content` is a hash of its lines: product, quantity, total, in order."""

    till: str
    day: str
    customer: str | None
    lines: int
    total_minor: int
    content: str

    def say(self) -> str:
        """The sale in words."""
        who = self.customer or "nobody"
        return f"{self.lines} lines sold to {who} on {self.day} at {self.till}"


Receipts = Counter[Receipt]


def expected_receipts(baskets: Iterable[Basket], tills: list[str]) -> Receipts:
    """The receipts that baskets must have got."""
    return Counter(
        _receipt(
            tills[till_number(basket, len(tills))],
            basket.day.isoformat(),
            basket.customer,
            basket.lines,
        )
        for basket in baskets
    )


def till_receipts(database_file: Path) -> Receipts:
    """The sales in a till's journal. Raises UnreadableBooks."""
    return _sqlite_receipts(database_file, _SALES)


def hub_receipts(url: str) -> Receipts:
    """The sales that the hub at `sqlite:///FILE` or `postgresql://…` took in.
    Raises UnreadableBooks."""
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return _sqlite_receipts(Path(rest.removeprefix("/")), _APPLIED)
    with ThreadPoolExecutor(1) as thread:  # this thread may have an event loop running
        return thread.submit(asyncio.run, _postgresql_receipts(url)).result()


def receipt_differences(left: Receipts, right: Receipts, names: tuple[str, str]) -> list[str]:
    """Every sale that one side has oftener than the other, in words."""
    return [
        f"{receipt.say()}: {names[0]} {left[receipt]}, {names[1]} {right[receipt]} times"
        for receipt in sorted(((left - right) + (right - left)), key=repr)
    ]


# --- reading


class _Sold(msgspec.Struct):
    product_id: str
    quantity: int
    total_minor: int


class _Body(msgspec.Struct):
    lines: list[_Sold]
    customer: str | None = None


class _Fact(msgspec.Struct):
    till: str
    bdate: str
    body: _Body


_FACT = msgspec.json.Decoder(_Fact)


def _receipt(till: str, day: str, customer: str | None, lines: Iterable[Line]) -> Receipt:
    rows = list(lines)
    total_minor = sum(line.total_minor for line in rows)
    content = sha256(repr([tuple(line) for line in rows]).encode()).hexdigest()[:16]
    return Receipt(till, day, customer, len(rows), total_minor, content)


def _read(data: bytes) -> Receipt:
    fact = _FACT.decode(data)
    lines = [Line(sold.product_id, sold.quantity, sold.total_minor) for sold in fact.body.lines]
    return _receipt(fact.till, fact.bdate, fact.body.customer, lines)


def _sqlite_receipts(file: Path, sales: str) -> Receipts:
    try:
        where = f"file:{quote(str(file))}?mode=ro"
        with closing(sqlite3.connect(where, uri=True, timeout=WAIT_S)) as database:
            return Counter(_read(data) for (data,) in database.execute(sales))
    except (sqlite3.Error, msgspec.MsgspecError) as fault:
        raise UnreadableBooks(f"{file}: {fault}") from None


async def _postgresql_receipts(url: str) -> Receipts:
    receipts: Receipts = Counter()
    try:
        database = await asyncpg.connect(url, timeout=WAIT_S)
        try:
            async with database.transaction(isolation="repeatable_read", readonly=True):
                async for row in database.cursor(_APPLIED, prefetch=ROWS_AT_ONCE):
                    receipts[_read(row["data"])] += 1
        finally:
            await database.close()
    except (asyncpg.PostgresError, OSError, msgspec.MsgspecError) as fault:
        raise UnreadableBooks(f"{url}: {fault}") from None
    return receipts
