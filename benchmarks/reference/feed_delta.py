"""What changed, by one plain SELECT a till."""

import sqlite3
from contextlib import closing
from pathlib import Path

CHANGED = """
SELECT kind, key, body FROM feed WHERE scope = 'catalogue' AND position > ? ORDER BY position
"""


def head(database: Path) -> int:
    """Where the catalogue stands."""
    with closing(sqlite3.connect(database)) as connection:
        (position,) = connection.execute(
            "SELECT position FROM scope_head WHERE scope = 'catalogue'"
        ).fetchone()
    return int(position)


def read(database: Path, position: int, tills: int) -> int:
    """Read what changed after that position, for so many tills -> how many rows one has read."""
    rows = 0
    with closing(sqlite3.connect(database)) as connection:
        for _ in range(tills):
            rows = len(connection.execute(CHANGED, (position,)).fetchall())
    return rows
