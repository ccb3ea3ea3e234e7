"""How products get into the index and out of it."""

import sqlite3
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Final

from pricebook.search import grams
from pricebook.search.entry import category_line, indexed
from retail.catalogue import Product

#: the way of indexing; an index of another one is to be built anew, in an empty `SCHEMA`
VERSION: Final = 1
#: SQL that makes the empty index
SCHEMA: Final = files("pricebook.search").joinpath("schema.sql").read_text(encoding="utf-8")

_ADD = "INSERT INTO search (rowid, grams) VALUES (?, ?)"
_REMOVE = "INSERT INTO search (search, rowid, grams) VALUES ('delete', ?, ?)"
_CATEGORY = "SELECT id FROM search_category WHERE category = ?"
_NEW_CATEGORY = "INSERT INTO search_category (category, words) VALUES (?, ?)"
#: U+E000 is for private use: no gram of a text has it before three others
_CATEGORY_MARK = "\ue000"

Numbered = tuple[int, Product]


def add(driver: sqlite3.Connection, products: Iterable[Numbered]) -> None:
    """Put products in by their numbers (`product.id`), in the caller's transaction."""
    driver.executemany(_ADD, _rows(driver, products))


def remove(driver: sqlite3.Connection, products: Iterable[Numbered]) -> None:
    """Take products out as they were put in: the index knows their grams no more. A product that
    was not in, or was another, leaves an index that is to be built anew."""
    driver.executemany(_REMOVE, _rows(driver, products))


def merge(driver: sqlite3.Connection) -> None:
    """Make one piece of the index after all was added in one go: smaller, and a search reads one
    piece. In small changes SQLite merges by itself."""
    driver.execute("INSERT INTO search (search) VALUES ('optimize')")


def category_token(number: int) -> str:
    return f"{_CATEGORY_MARK}{number:03d}"


def _rows(driver: sqlite3.Connection, products: Iterable[Numbered]) -> Iterator[tuple[int, str]]:
    numbers: dict[str, int] = {}
    for number, product in products:
        tokens = " ".join(grams.of("".join(line.words for line in indexed(product))))
        category = product.category
        if category and category not in numbers:
            numbers[category] = _category(driver, category)
        if category:
            tokens = f"{tokens} {category_token(numbers[category])}"
        yield number, tokens


def _category(driver: sqlite3.Connection, category: str) -> int:
    found = driver.execute(_CATEGORY, (category,)).fetchone()
    if found:
        return int(found[0])
    values = category, category_line(category)
    return driver.execute(_NEW_CATEGORY, values).lastrowid or 0
