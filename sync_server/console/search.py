"""Products found by words, over the hub's own price book: the exact number or barcode first, then
what the chain sells most."""

import asyncio
from contextlib import closing
from time import monotonic

from pricebook import search
from pricebook.book import Book
from pricebook.search import NOTHING_SOLD, Popular
from retail.catalogue import Product
from sync_server.hub import Hub

#: so many are asked what they sold; looking there first costs memory for each
_POPULAR_MAX = 5_000
_POPULAR_KEPT_S = 600.0
#: a reader does not wait longer for a book that is being filled for the first time
READER_WAITS_S = 3.0


class BookNotHere(Exception):
    """The hub's price book is still being filled."""


class Search:
    """Finds products of one hub; a book that is being filled is waited for that long, or to the
    end."""

    def __init__(self, wait_s: float | None = READER_WAITS_S) -> None:
        self._wait_s = wait_s
        self._filling: asyncio.Task[Book] | None = None
        self._popular = NOTHING_SOLD
        self._popular_until_s = 0.0

    async def find(self, hub: Hub, words: str, limit: int) -> list[Product]:
        """Up to `limit` products. Raises BookNotHere or one of TROUBLE."""
        book = await self._book(hub)
        if monotonic() >= self._popular_until_s:
            sold = await hub.office.most_sold(_POPULAR_MAX)
            self._popular = await asyncio.to_thread(_popular, book, sold)
            self._popular_until_s = monotonic() + _POPULAR_KEPT_S
        found = await asyncio.to_thread(_find, book, words, limit, self._popular)
        exact = (await hub.office.product(words)).product
        if exact is not None:
            found = [exact, *(product for product in found if product != exact)][:limit]
        return sorted(found, key=lambda product: not _is_named(product, words))

    async def _book(self, hub: Hub) -> Book:
        if self._filling is None or self._filling.done():
            self._filling = asyncio.create_task(hub.book.up_to_date())
        done, _ = await asyncio.wait({self._filling}, timeout=self._wait_s)
        if not done:
            raise BookNotHere
        return self._filling.result()


def _is_named(product: Product, words: str) -> bool:
    return words == product.product_id or words in product.all_codes


def _popular(book: Book, sold: dict[str, int]) -> Popular:
    with closing(book.connection()) as connection:
        return Popular.of(connection, sold)


def _find(book: Book, words: str, limit: int, popular: Popular) -> list[Product]:
    with closing(book.connection()) as connection:
        return [each.product for each in search.find(connection, words, limit, popular)]
