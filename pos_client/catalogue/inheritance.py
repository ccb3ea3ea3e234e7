"""What a till of the first schema was published to, handed over to its price book.

It kept products and settings in its database; a till that is updated while the line is dead must
go on selling by them.
"""

import sqlite3
from collections.abc import Iterator

from pos_client.catalogue.kinds import readable
from pos_client.database import Database
from pricebook.book import Book
from pricebook.rows import CATALOGUE, PRODUCT, Row

_IS_THERE = "SELECT 1 FROM sqlite_schema WHERE name = 'former_feed'"
_GONE = ("former_product", "former_published", "former_feed")


def hand_over(database: Database, book: Book, scope: str) -> None:
    """Fill the book with what the database still holds, then let go of it there; `scope` is the
    store's. Killed in between it is done again."""
    driver = database.driver
    if driver.execute(_IS_THERE).fetchone() is None:
        return
    with book.change() as change:
        change.put(_rows(driver, scope), readable)
        change.move_to(driver.execute("SELECT cursor FROM former_feed").fetchone()[0])
    with database.write() as write:
        for table in _GONE:
            write.execute(f"DROP TABLE {table}")


def _rows(driver: sqlite3.Connection, scope: str) -> Iterator[Row]:
    for key, body in driver.execute("SELECT product_id, body FROM former_product"):
        yield Row(CATALOGUE, PRODUCT, key, body)
    for kind, key, body in driver.execute("SELECT kind, key, body FROM former_published"):
        yield Row(scope, kind, key, body)
