"""A program that swaps a revision in and is killed at a step of it: `python -m tests.till.swapping
FOLDER HOW STEP`; with step 0 it is not killed and says how many steps there are.

A step is a statement on the book, or a file that is opened, renamed or removed.
"""

import os
import signal
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pos_client.catalogue.books import Books
from pricebook.book import Book
from pricebook.rows import CATALOGUE, Change, Contents, Row
from retail.catalogue import Product

PRODUCTS = 8
CONNECT = Book.connection
FOLDER_EVENTS = {"open", "os.rename", "os.remove"}


def rows(price_minor: int) -> list[Row]:
    """A catalogue in which everything costs that."""
    keys = [f"p{number}" for number in range(PRODUCTS)]
    products = [Product(key, f"可乐 {key}", price_minor, "CNY", (f"69{key}",)) for key in keys]
    return [
        Row(CATALOGUE, "product", product.product_id, msgspec.json.encode(product))
        for product in products
    ]


def contents(price_minor: int) -> Contents:
    made = (Change(row.kind, row.key, None, row.body) for row in rows(price_minor))
    return Contents().with_changes(made)


def books(folder: Path) -> Books:
    return Books(folder, 2.0, lambda: datetime(2026, 6, 3, tzinfo=UTC), lambda: True)


def swap_in(opened: Books, how: str, price_minor: int) -> None:
    """Let everything cost that: by a change of the book, or by a book of its own."""
    if how == "anew":
        opened.begin_anew()
    said = {CATALOGUE: contents(price_minor)}
    opened.take(rows(price_minor), f"at-{price_minor}", said, whole=True)
    assert opened.swap()


class Steps:
    """Counts the steps, and kills this process at one of them."""

    def __init__(self, folder: Path, last: int) -> None:
        self.count = 0
        self._folder, self._last = str(folder), last

    def heard(self, event: str, args: tuple[object, ...]) -> None:
        if event in FOLDER_EVENTS and args and str(args[0]).startswith(self._folder):
            self.take()

    def connected(self, book: Book) -> sqlite3.Connection:
        connection = CONNECT(book)
        connection.set_trace_callback(lambda _: self.take())
        return connection

    def take(self) -> None:
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, how: str, step: int) -> None:
    rows(1)
    steps = Steps(folder, step)
    sys.addaudithook(steps.heard)
    setattr(Book, "connection", lambda book: steps.connected(book))  # noqa: B010, PLW0108
    swap_in(books(folder), how, 2)
    print(steps.count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
