"""Products by words, as they are typed: on a connection and a thread of their own.

    page ── ask("kele") ──▶ worker ── on_found() ──▶ whoever draws
      ▲                        │ a newer question interrupts the older one
      └──────── answer ◀───────┘

The worker reads the price book in force and the till's stock ledger beside whoever sells; nobody
waits for it. What this store sells most comes first.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from datetime import date
from functools import lru_cache
from threading import Condition, Lock, Thread
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import select

from pos_client.catalogue.books import Books
from pos_client.database import disk_refusals
from pos_client.recorder import Recorder, stock_ledger
from pricebook import search
from pricebook.book import Book, said_of
from pricebook.rows import OPENING_STOCK, store_scope
from pricebook.search.fold import fold, words
from pricebook.search.pinyin import typed
from retail import accounts
from retail.catalogue import Product, StoreSettings
from retail.refusals import Refusal

#: so many products that were sold most often are looked at first
POPULAR_MAX: Final = 5_000
#: a list that nobody reads to its end; a longer word finds fewer
LIVE_MAX: Final = 50


class Hit(NamedTuple):
    """A product that was found, at the store's price, and what this till knows that there is of it,
    in 1/1000: what lay in the store before the first fact, and this till's own books."""

    product: Product
    stock: int


class Answer(NamedTuple):
    """What was found for these words, None before any; `no` is why nothing could be looked up."""

    words: str | None = None
    hits: tuple[Hit, ...] = ()
    no: Refusal | None = None


class Finder:
    """Searches the price book in force. Close it."""

    def __init__(
        self,
        recorder: Recorder,
        books: Books,
        settings: Callable[[], StoreSettings],
        reading: Callable[[], AbstractContextManager[Book]],
    ) -> None:
        """`reading` is what all look-ups in the book in force go through."""
        self._reading = reading
        self._recorder = recorder
        self._books = books
        self._settings = settings
        self._one_at_a_time = Lock()
        self._made_for: tuple[Book, date] | None = None
        self._driver: sqlite3.Connection | None = None
        self._popular = search.NOTHING_SOLD
        self._turn = Condition()
        self._asked: str | None = None
        self._closed = False
        self._thread: Thread | None = None
        #: the last answer; of an older question until the newest one is answered
        self.answer = Answer()
        #: told on the worker's thread that there is an answer
        self.on_found: Callable[[], None] = lambda: None

    def close(self) -> None:
        """End what is being looked for."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()
        self._interrupt()
        if self._thread is not None:
            self._thread.join()
        if self._driver is not None:
            self._driver.close()

    # Asked and waited for

    def find(self, text: str, limit: int) -> list[Hit]:
        """Up to so many products in which all words are found. Raises PriceBookDamaged, or a
        refusal of the disk."""
        with self._one_at_a_time, disk_refusals():
            with self._reading():
                reader = self._reader()
                found = search.find(reader, text, limit, self._popular)
                stock = self._opening_stock(reader, [each.product.product_id for each in found])
            price_list = self._settings().price_list
            products = [each.product.priced(price_list) for each in found]
            stock.update(self._booked([product.product_id for product in products]))
        return [Hit(product, stock[product.product_id]) for product in products]

    def _reader(self) -> sqlite3.Connection:
        """A connection to the book in force: a swap may have put another one there. What is sold
        most is counted anew for it, and once a day."""
        while self._driver is None or self._made_for != self._now():
            made_for = book, _ = self._now()
            with closing(book.connection()) as uninterrupted:
                self._popular = search.Popular.of(uninterrupted, self._sold())
            former, self._driver = self._driver, book.connection()
            self._made_for = made_for
            if former is not None:
                former.close()
        return self._driver

    def _now(self) -> tuple[Book, date]:
        return self._books.book, self._recorder.clock.read().at.date()

    def _sold(self) -> dict[str, int]:
        """How often each product was sold, the most sold ones."""
        ledger = stock_ledger.c
        most = (
            select(ledger.product, ledger.entries)
            .where(ledger.store == self._recorder.writer.store, ledger.account == accounts.SOLD)
            .order_by(ledger.entries.desc())
            .limit(POPULAR_MAX)
        )
        with self._recorder.database.reader() as connection:
            return {row.product: row.entries for row in connection.execute(most)}

    def _opening_stock(self, reader: sqlite3.Connection, product_ids: list[str]) -> Counter[str]:
        """What lay in the store of these products before the first fact."""
        own = store_scope(self._recorder.writer.store)
        rows = said_of(reader, own, OPENING_STOCK, product_ids)
        return Counter({key: msgspec.json.decode(body, type=int) for key, body in rows})

    def _booked(self, product_ids: list[str]) -> dict[str, int]:
        """What this till's own books hold of them."""
        ledger = stock_ledger.c
        of_these = select(ledger.product, ledger.amount).where(
            ledger.store == self._recorder.writer.store,
            ledger.account == accounts.STORE,
            ledger.product.in_(product_ids),
        )
        with self._recorder.database.reader() as connection:
            return {row.product: row.amount for row in connection.execute(of_these)}

    # Asked as it is typed

    def begin(self) -> None:
        """Somebody is about to type: what was found before is old, for stock and prices may have
        changed, and what is sold most is made ready."""
        with self._turn:
            self.answer = Answer()
        self.ask("")

    def ask(self, text: str) -> None:
        """Look for these words now, and for no others any more."""
        with self._turn:
            self._asked = text
            if self._is_answered():
                return
            if self._thread is None:
                self._thread = Thread(target=self._work, name="search", daemon=True)
                self._thread.start()
            self._turn.notify_all()
        self._interrupt()

    def settle(self) -> Answer:
        """Wait for the answer to what was asked last."""
        with self._turn:
            self._turn.wait_for(lambda: self._closed or self._is_answered())
            return self.answer

    def _is_answered(self) -> bool:
        return self._asked == self.answer.words

    def _interrupt(self) -> None:
        driver = self._driver
        with suppress(sqlite3.ProgrammingError):  # closed meanwhile, for that of another book
            if driver is not None:
                driver.interrupt()

    def _work(self) -> None:
        try:
            while True:
                with self._turn:
                    self._turn.wait_for(lambda: self._closed or not self._is_answered())
                    if self._closed:
                        return
                    text = self._asked or ""
                answer = self._answered(text)
                with self._turn:
                    # interrupted for a newer question, or too late for it: that one is next
                    if answer is not None and answer.words == self._asked:
                        self.answer = answer
                    self._turn.notify_all()
                self.on_found()
        finally:
            with self._turn:
                self._closed = True
                self._turn.notify_all()

    def _answered(self, text: str) -> Answer | None:
        """What is found; None when it was interrupted."""
        try:
            return Answer(text, tuple(self.find(text, LIVE_MAX)))
        except Refusal as no:
            cause = no.__cause__
            interrupted = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
            return None if interrupted else Answer(text, (), no)


@lru_cache(maxsize=4_096)
def matched(name: str, text: str) -> tuple[bool, ...]:
    """Which characters of a name were found by these words: as they stand there, or typed as
    pinyin."""
    folded = [fold(char) for char in name]
    marks = [False] * len(name)
    for part in words(text):
        for begin, end in _places(folded, part):
            marks[begin:end] = [True] * (end - begin)
    return tuple(marks)


def _places(folded: list[str], part: str) -> list[tuple[int, int]]:
    """Where the part stands in the name, by its characters; else the first place where its pinyin
    does."""
    literal = [
        (begin, end)
        for begin in range(len(folded))
        if (end := _end(folded, begin, part)) is not None
    ]
    return literal or next(([place] for place in _by_pinyin(folded, part)), [])


def _end(folded: list[str], begin: int, part: str) -> int | None:
    """The end of the part that begins in this character; None when it does not."""
    text = ""
    for end in range(begin, len(folded)):
        text += folded[end]
        if text.startswith(part):
            return end + 1
        if not part.startswith(text):
            return None
    return None


def _by_pinyin(folded: list[str], part: str) -> list[tuple[int, int]]:
    """Where characters are typed so that their pinyin begins with the part, the shortest of each
    beginning."""
    places = []
    for begin in range(len(folded)):
        for end in range(begin + 1, min(len(folded), begin + len(part)) + 1):
            if any(way.startswith(part) for way in typed("".join(folded[begin:end]))):
                places.append((begin, end))
                break
    return places
