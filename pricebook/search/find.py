"""How words find products.

A find reads the index on the caller's connection in many short statements, and holds one open from
beginning to end: all of them see the same state of the book, and `Connection.interrupt()`, called
on another thread when a newer query comes, ends it wherever it is, with sqlite3.OperationalError
(`sqlite_errorname` SQLITE_INTERRUPT). An interrupt before it has begun does nothing: whoever waits
in between looks whether the query is still the newest.

What takes longer than an eye blinks: several single letters at once that few products have
together, for they are looked for one product after the other.
"""

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from pricebook.search import grams
from pricebook.search.entry import has, lines
from pricebook.search.fold import words
from pricebook.search.index import category_token
from retail.catalogue import Product

#: so many words are looked up, so many grams of each: the others are looked for in what was found
_WORDS_MAX = 8
_GRAMS_MAX = 16
#: a part with more ways to be in the index than this is looked for in what the others found
_WAYS_MAX = 100

#: a statement that reads and is not at its end keeps what is read as it is
_HELD_OPEN = "SELECT name FROM sqlite_master"
_BY_ID = "SELECT id, body FROM product WHERE id = ?"
_BY_PRODUCT_ID = "SELECT id, body FROM product WHERE product_id = ?"
_PROPOSED = """
SELECT product.id, product.body FROM search CROSS JOIN product ON product.id = search.rowid
    WHERE search MATCH ? ORDER BY search.rowid
"""
_CATEGORIES = """
SELECT id, instr(words, ' ' || ?1) > 0 FROM search_category WHERE instr(words, ?1) ORDER BY id
"""
_NEXT_GRAM = "SELECT term FROM search_gram WHERE term >= ? AND term < ? LIMIT 1"
_AFTER_ALL = "\U0010ffff"
_AFTER_ITSELF = "\x01"
#: between the texts of two products: in no part that is looked for
_END = "\n"

_PRODUCTS = msgspec.json.Decoder(Product)


class Found(NamedTuple):
    """A product and its number in the book."""

    id: int
    product: Product


class Popular:
    """What a store sells much of, in memory: a search looks there first.

    It stays as the book was when it was made: what has changed since is found all the same, in a
    later place.
    """

    def __init__(self, products: Iterable[Found] = ()) -> None:
        """The products in the order in which they are to be found."""
        self._numbers: list[int] = []
        self._ends: list[int] = []
        texts = []
        end = 0
        for number, product in products:
            text = "".join(line.words for line in lines(product)) + _END
            end += len(text)
            texts.append(text)
            self._numbers.append(number)
            self._ends.append(end)
        self._text = "".join(texts)

    @classmethod
    def of(cls, driver: sqlite3.Connection, sold: Mapping[str, int]) -> "Popular":
        """By product id and sold quantity: the most sold come first, then the lowest number in the
        book. What is not in the book is left out."""
        known = []
        for product_id, quantity in sold.items():
            for number, body in driver.execute(_BY_PRODUCT_ID, (product_id,)):
                known.append((-quantity, number, _PRODUCTS.decode(body)))
        known.sort(key=lambda each: each[:2])
        return cls(Found(number, product) for _, number, product in known)

    def proposed(self, parts: list[str]) -> Iterator[int]:
        """The numbers of those that have all parts, in their order."""
        longest = max(parts, key=len)
        at = self._text.find(longest)
        while at >= 0:
            place = bisect_right(self._ends, at)
            begin, end = self._ends[place - 1] if place else 0, self._ends[place]
            text = self._text[begin:end]
            if all(part in text for part in parts):
                yield self._numbers[place]
            at = self._text.find(longest, end)


NOTHING_SOLD: Final = Popular()


def find(
    driver: sqlite3.Connection, text: str, limit: int, popular: Popular = NOTHING_SOLD
) -> list[Found]:
    """Up to `limit` products in which each word of the text is found: as a part of a word of its
    name, brand, spec, other names, mnemonic or category, of the pinyin of these but spec and
    mnemonic, or of a code: of that no less than a gram, which is three digits.

    First what is sold most; then those in which each word is a word's beginning; then the others.
    Raises sqlite3.OperationalError when it is interrupted.
    """
    parts = list(dict.fromkeys(words(text)))
    found: dict[int, Product] = {}
    if not parts or limit < 1:
        return []
    with closing(driver.execute(_HELD_OPEN)) as held:
        held.fetchone()
        for rows, wanted in _proposed(driver, parts, popular):
            while some := rows.fetchmany(limit - len(found)):
                for number, body in some:
                    if number not in found:
                        product = _PRODUCTS.decode(body)
                        if not wanted or has(lines(product), wanted):
                            found[number] = product
                if len(found) == limit:
                    return list(map(Found._make, found.items()))
    return list(map(Found._make, found.items()))


def _proposed(
    driver: sqlite3.Connection, parts: list[str], popular: Popular
) -> Iterator[tuple[sqlite3.Cursor, list[str]]]:
    """Numbers and bodies to look at, and for which parts, if that is not certain: the first places
    first; what may be in two places comes twice."""
    for number in popular.proposed(parts):
        yield driver.execute(_BY_ID, (number,)), parts
    categories = _Categories(driver)
    for wanted in ([f" {part}" for part in parts], parts):
        unproven = [] if all(map(grams.prove, wanted)) else wanted
        for expression in _expressions(driver, wanted, categories):
            yield driver.execute(_PROPOSED, (expression,)), unproven


class _Categories(dict[str, list[tuple[int, bool]]]):
    """Which categories have a part, and whether a word of theirs begins with it; both ways of
    looking for it ask."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        super().__init__()
        self._driver = driver

    def __missing__(self, part: str) -> list[tuple[int, bool]]:
        self[part] = numbers = self._driver.execute(_CATEGORIES, (part,)).fetchall()
        return numbers

    def having(self, part: str) -> Iterator[int]:
        """Their numbers."""
        word = part.lstrip()
        return (number for number, begins in self[word] if begins or word == part)


def _expressions(
    driver: sqlite3.Connection, parts: list[str], categories: _Categories
) -> Iterator[str]:
    """FTS5 expressions that together propose all products which have the parts."""
    longest = sorted(parts, key=len, reverse=True)[:_WORDS_MAX]
    if len(longest) > 1:
        clauses = []
        for part in longest:
            ways = list(islice(_ways(driver, part, categories), _WAYS_MAX + 1))
            if len(ways) <= _WAYS_MAX:
                clauses.append(" OR ".join(ways))
        if clauses:
            # A part that stands nowhere in the index is in no product.
            if all(clauses):
                yield " AND ".join(f"({clause})" for clause in clauses)
            return
    yield from _ways(driver, longest[0], categories)


def _ways(driver: sqlite3.Connection, part: str, categories: _Categories) -> Iterator[str]:
    """The ways in which a product that has the part may stand in the index: each an expression."""
    if grams.prove(part):
        yield _quoted(grams.backwards(part))
    elif inside := grams.telling(part)[-_GRAMS_MAX:]:
        yield f"({' AND '.join(map(_quoted, inside))})"
    else:
        yield from map(_quoted, _ending_with(driver, part))
    for number in categories.having(part):
        yield _quoted(category_token(number))


def _ending_with(driver: sqlite3.Connection, part: str) -> Iterator[str]:
    """All grams in the index that end with the part."""
    beginning = grams.backwards(part)
    last = beginning + _AFTER_ALL
    while row := driver.execute(_NEXT_GRAM, (beginning, last)).fetchone():
        yield row[0]
        beginning = row[0] + _AFTER_ITSELF


def _quoted(token: str) -> str:
    return '"' + token.replace('"', '""') + '"'
