"""LIKE over folded text, with plain sqlite3 and nothing else."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

from retail.catalogue import Product

_CACHE_KIB = 16_384  # the till's
_SCHEMA = """
CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT, words TEXT, sold INTEGER, body BLOB)
"""
_PRODUCTS = msgspec.json.Decoder(Product)

#: a product's number, its folded name, all that it is found by, the quantity sold, its JSON
Row = tuple[int, str, str, int, bytes]


def make(file: Path, rows: Iterable[Row]) -> sqlite3.Connection:
    """A table with these products. Close it."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    connection.execute(_SCHEMA)
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO product VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    return connection


def by_name(connection: sqlite3.Connection, word: str, limit: int) -> list[Product]:
    """The first products whose name has the word."""
    return _read(connection, "name LIKE ? LIMIT ?", word, limit)


def by_all(connection: sqlite3.Connection, word: str, limit: int) -> list[Product]:
    """The first products of which anything has the word."""
    return _read(connection, "words LIKE ? LIMIT ?", word, limit)


def best_sold(connection: sqlite3.Connection, word: str, limit: int) -> list[Product]:
    """Those whose name has the word, the most sold first."""
    return _read(connection, "name LIKE ? ORDER BY sold DESC LIMIT ?", word, limit)


def _read(connection: sqlite3.Connection, condition: str, word: str, limit: int) -> list[Product]:
    rows = connection.execute(f"SELECT body FROM product WHERE {condition}", (f"%{word}%", limit))
    return [_PRODUCTS.decode(body) for (body,) in rows]
