"""A catalogue as plain `executemany` writes it: one transaction, the tables that the hub has."""

import sqlite3
from contextlib import closing
from pathlib import Path

TABLES = ("feed", "barcode", "revision", "revision_change", "scope_head")

Rows = dict[str, list[tuple[object, ...]]]


def rows(made: Path) -> Rows:
    """What the hub left in the tables."""
    with closing(sqlite3.connect(made)) as connection:
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
            for table in TABLES
        }


def empty(made: Path, file: Path) -> sqlite3.Connection:
    """A database with the hub's schema and nothing in these tables."""
    with closing(sqlite3.connect(made)) as connection:
        schema = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
        ).fetchall()
    copy = sqlite3.connect(file, isolation_level=None)
    copy.execute("PRAGMA journal_mode=WAL")
    copy.execute("PRAGMA synchronous=FULL")
    for (sql,) in schema:
        copy.execute(sql)
    return copy


def write(made: Path, file: Path, ready: Rows) -> None:
    """Write the rows; when this returns they are on disk."""
    with closing(empty(made, file)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for table, values in ready.items():
            marks = ", ".join("?" * len(values[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
