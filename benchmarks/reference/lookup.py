"""A product's row by its code, with plain sqlite3 and nothing else."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

_CACHE_KIB = 16_384  # the till's
_BY_CODE = (
    "SELECT product.body FROM barcode JOIN product ON product.id = barcode.product"
    " WHERE barcode.code = ?"
)


def connect(file: Path) -> sqlite3.Connection:
    """A connection with the till's page cache. Close it."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    return connection


def look_up(connection: sqlite3.Connection) -> Callable[[str], bytes]:
    """What fetches a row by its code."""

    def fetch(code: str) -> bytes:
        body: bytes = connection.execute(_BY_CODE, (code,)).fetchone()[0]
        return body

    return fetch
