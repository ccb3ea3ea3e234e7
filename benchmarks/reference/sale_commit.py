"""A sale's rows in one transaction, with plain sqlite3 and nothing else.

The same tables, the same bytes, the same durability; what the till works out (the fact, its
hash, its postings) is there already when the clock starts.
"""

import sqlite3
from pathlib import Path
from typing import NamedTuple

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16384")
_ADD = (
    " ON CONFLICT DO UPDATE SET amount = amount + excluded.amount,"
    " entries = entries + excluded.entries"
)
_JOURNAL = "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)"
_SALE = "INSERT INTO sale VALUES (?, ?, ?, ?)"
_MONEY = f"INSERT INTO money_ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?){_ADD}"
_STOCK = f"INSERT INTO stock_ledger VALUES (?, ?, ?, ?, ?){_ADD}"

Row = tuple[str | int | bytes, ...]


class SaleRows(NamedTuple):
    """What one sale leaves in the till's database."""

    journal: Row
    sale: Row
    money: list[Row]
    stock: list[Row]


def connect(file: Path) -> sqlite3.Connection:
    """A connection as durable as the till's, on a database that the till has made. Close it."""
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def keep_basket(connection: sqlite3.Connection, lines: list[Row], header: bytes) -> None:
    """What the scans before the payment left on disk."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO open_sale VALUES (1, ?)", (header,))
    connection.executemany("INSERT INTO open_line VALUES (?, ?)", lines)
    connection.execute("COMMIT")


def commit(connection: sqlite3.Connection, rows: SaleRows) -> None:
    """Complete the sale: when this returns it is on disk."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_JOURNAL, rows.journal)
    connection.execute(_SALE, rows.sale)
    connection.execute("DELETE FROM open_line")
    connection.execute("DELETE FROM open_sale")
    connection.executemany(_MONEY, rows.money)
    connection.executemany(_STOCK, rows.stock)
    connection.execute("COMMIT")
