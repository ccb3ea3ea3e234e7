"""What this till sells by: look-ups, and the swap of what head office published."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from journal.wire import FeedPage
from pos_client.catalogue import reading
from pos_client.catalogue.books import Books, ContentsDiffer, book_file, number_in_force
from pos_client.catalogue.finding import Finder
from pos_client.catalogue.inheritance import hand_over
from pos_client.catalogue.kinds import can_be_sold_by
from pos_client.catalogue.reading import UnknownBarcode
from pos_client.clock import HubTime
from pos_client.database import disk_refusals
from pos_client.recorder import Recorder, Transaction, act
from pricebook.book import Book, NotABook
from pricebook.rows import (
    CASHIER,
    CATALOGUE,
    OPENING_STOCK,
    READING,
    RECALL,
    RECALLS,
    REVISION,
    REVISIONS,
    SETTINGS,
    Contents,
    Row,
    body_of,
    short_name,
    store_scope,
)
from retail.article import Article
from retail.barcode import EightDigits, Meaning, Where, read
from retail.catalogue import Cashier, Product, StoreSettings
from retail.language import Text
from retail.refusals import Refusal
from retail.revision import Recall, Revision

FOLDER = "pricebook"

_NO_SETTINGS = "the store's settings are not what was written"


class UnknownProduct(Refusal):
    code = "unknown_product"
    sentence = Text("{product} is no product of the catalogue.", "目录中没有商品 {product}。")
    way_on = Text("Find it by its name.", "请按品名查找。")


class CatalogueNotHere(Refusal):
    code = "catalogue_not_here"
    sentence = Text(
        "This till has not yet heard from head office what it sells.",
        "本机尚未从总部取得商品目录。",
    )
    way_on = Text(
        "See that the line is in and wait a moment; the first time needs it.",
        "请检查网络并稍候；首次使用需要联网。",
    )


class UnknownCashier(Refusal):
    code = "unknown_cashier"
    sentence = Text("{cashier} is not a cashier of this store.", "{cashier} 不是本店收银员。")
    way_on = Text(
        "Type your number again; head office adds new cashiers.",
        "请重新输入工号；新员工由总部添加。",
    )


class PriceBookDamaged(Refusal):
    code = "price_book_damaged"
    sentence = Text(
        "The price book on this till's disk cannot be read: {why}.",
        "本机价目簿无法读取：{why}。",
    )
    way_on = Text(
        "It is being fetched anew from head office; what was sold is safe. Try again in a moment.",
        "正在从总部重新获取，已售数据不受影响；请稍候重试。",
    )


class InForce(NamedTuple):
    """The revision that this till sells by: the name of its contents, since when head office
    has it in force, and when the hub was last heard to have nothing newer; empty: never."""

    name: str
    published_at: str
    checked_at: str

    @property
    def short(self) -> str:
        """What people say of it."""
        return short_name(self.name)


def in_force_of(book: Book, name: str) -> InForce:
    """Since when the revision of that name, which the book holds, is in force."""
    body = book.said(REVISIONS, REVISION, "")
    told = msgspec.json.decode(body, type=Revision) if body else Revision("", "")
    return InForce(name, told.published_at, book.position.checked_at)


def look_at_prices(data: Path, wait_s: float) -> InForce:
    """Which revision the till of that data folder sells by, which may be running. Raises
    sqlite3.Error, ValueError or NotABook for a book that cannot be read."""
    file = book_file(data / FOLDER, number_in_force(data / FOLDER))
    if not file.exists() or not file.stat().st_size:
        return InForce("", "", "")
    with closing(Book(file, wait_s)) as book:
        name = book.contents(CATALOGUE).name if book.position.cursor else ""
        return in_force_of(book, name)


class CatalogueService:
    """What this till sells by."""

    def __init__(self, recorder: Recorder, folder: Path, wait_s: float, time: HubTime) -> None:
        self.recorder = recorder
        self._scope = store_scope(recorder.writer.store)
        #: by what plans go into force, at the start already, and what day it is
        self.time = time
        self.books = Books(folder / FOLDER, wait_s, time.now, time.is_known)
        hand_over(recorder.database, self.books.book, self._scope)
        self._decisions = reading.Decisions(recorder.database.driver)
        self.finder = Finder(recorder, self.books, lambda: self.settings, self._reading)
        #: told when the till begins to sell by something newer
        self.on_swapped: Callable[[], None] = lambda: None
        #: nobody can sell by some of what the book holds: it is to be pulled anew
        self._is_doubted = False
        self._is_audited = False
        try:
            self._read()
        except PriceBookDamaged:
            self.books.begin_empty()
            self._read()
        with suppress(ContentsDiffer):  # which the thread that pulls finds again, and mends
            self.books.prepare()

    def _read(self) -> None:
        book = self.books.book
        self.cursor = book.position.cursor
        #: the name of the revision that prices on screen come from; facts cite it
        self.seen = book.contents(CATALOGUE).name if self.cursor else ""
        self.settings = self._settings()
        self.recorder.zone = ZoneInfo(self.settings.timezone)
        self._read_recalls()
        self._read_rules()

    def _settings(self) -> StoreSettings:
        """What head office set for the store; defaults before the first contact. Raises
        PriceBookDamaged when nobody could sell by what stands there."""
        with self._reading() as book:
            body = book.said(self._scope, SETTINGS, self.recorder.writer.store)
            settings = msgspec.json.decode(body, type=StoreSettings) if body else StoreSettings()
            if not can_be_sold_by(settings):
                raise ValueError(_NO_SETTINGS)
            return settings

    def _read_recalls(self) -> None:
        with self._reading() as book:
            rows = book.all_said(RECALLS, RECALL)
            self.recalls = {key: msgspec.json.decode(body, type=Recall) for key, body in rows}

    def _read_rules(self) -> None:
        """How codes are read. Of 8 digits that are two things, what head office passed on among
        the store's tills counts before what was said here."""
        with self._reading() as book:
            rows = book.all_said(self._scope, READING)
            passed_on = {key: msgspec.json.decode(body, type=EightDigits) for key, body in rows}
        self._rules = self.settings.code_rules()
        self._decided = {**self._decisions.said, **passed_on}

    @contextmanager
    def _reading(self) -> Iterator[Book]:
        """The book in force; what in it is not as it was written is refused, and pulled anew.
        Raises PriceBookDamaged."""
        try:
            yield self.books.book
        except (sqlite3.DatabaseError, ValueError, NotABook) as fault:
            if isinstance(fault, sqlite3.OperationalError):
                raise  # busy, full, no such file: nothing is wrong with what it holds
            self._is_doubted = True
            raise PriceBookDamaged(why=fault) from fault

    def close(self) -> None:
        self.finder.close()
        self.books.close()

    @property
    @act
    def in_force(self) -> InForce:
        """Which revision prices on screen come from, and how old it is."""
        with self._reading() as book:
            return in_force_of(book, self.seen)

    def today(self) -> date:
        """The store's date by this till's clock, by the hub's where that one is wrong."""
        return self.time.now().astimezone(self.recorder.zone).date()

    def meaning(self, scan: str, where: Where = Where.GOODS) -> Meaning:
        """What a scanned or typed code may mean, its AIM identifier in front of it or not."""
        return read(scan, self._rules, self.today(), where)

    def article(self, scan: str) -> Article:
        """The goods that a scanned or typed code names. Raises what `article_of` does."""
        return self.article_of(self.meaning(scan))

    @act
    def article_of(self, meaning: Meaning) -> Article:
        """The goods of this meaning. Raises UnknownBarcode, CatalogueNotHere, or what
        `reading.article` does."""
        with self._reading() as book:
            try:
                return reading.article(
                    meaning,
                    lambda key: self._priced(book, key),
                    lambda code: self._decided.get(code, self.settings.eight_digits),
                )
            except UnknownBarcode:
                if self.cursor:
                    raise
        raise CatalogueNotHere

    def _priced(self, book: Book, key: str) -> Product | None:
        product = book.by_code(key)
        return product and product.priced(self.settings.price_list)

    def product(self, scan: str) -> Product:
        """The product of the article."""
        return self.article(scan).product

    @act
    def chosen(self, product_id: str) -> Article:
        """A product that was chosen from a list: it may have no code. Raises UnknownProduct."""
        with self._reading() as book:
            product = book.product(product_id)
        if product is None:
            raise UnknownProduct(product=product_id)
        code = product.codes[0] if product.codes else ""
        return Article(product.priced(self.settings.price_list), code)

    @act
    def opening_stock(self, product_id: str) -> int:
        """What lay in this store of a product before the first fact, in 1/1000; 0 where head office
        says nothing of it."""
        with self._reading() as book:
            body = book.said(self._scope, OPENING_STOCK, product_id)
            return msgspec.json.decode(body, type=int) if body else 0

    def decide(self, write: Transaction, code: str, said: EightDigits) -> None:
        """Keep what 8 digits are, in the transaction of its fact. Raises NotAmbiguous."""
        self._decisions.check(code)
        self._decisions.keep(write.driver, code, said)

    def decided(self) -> None:
        """Read codes by what was decided, once it is on disk."""
        self._decisions = reading.Decisions(self.recorder.database.driver)
        self._read_rules()

    @act
    def cashier(self, cashier_id: str) -> Cashier:
        """The cashier of that number. A store without published cashiers takes any name."""
        if not self.cursor:
            raise CatalogueNotHere
        with self._reading() as book:
            known = book.said(self._scope, CASHIER, cashier_id)
            if known is not None:
                return msgspec.json.decode(known, type=Cashier)
            if book.all_said(self._scope, CASHIER) or not cashier_id:
                raise UnknownCashier(cashier=cashier_id)
        return Cashier(cashier_id, cashier_id)

    @property
    @act
    def known_products(self) -> int:
        return self.books.book.count()

    # The feed, on the thread that pulls: selling goes on meanwhile

    @property
    def next_cursor(self) -> str:
        """Where the next pull goes on: after what is staged."""
        with disk_refusals():
            return self.books.next_cursor

    def stage(self, page: FeedPage) -> list[Row]:
        """Keep a page out of sight until its cut is whole and no sale is open. Comes back with
        the rows that this program cannot read: it goes on by what it knew of them. Raises
        ContentsDiffer."""
        rows = [Row(row.scope, row.kind, row.key, body_of(row.body)) for row in page.rows]
        contents = {scope: Contents.parse(text) for scope, text in page.contents.items()}
        with disk_refusals():
            unread = self.books.take(rows, page.cursor, contents, whole=page.up_to_date)
        if any(row.scope == RECALLS for row in rows):
            self._hear_recalls()
        return unread

    @act
    def _hear_recalls(self) -> None:
        self._read_recalls()

    def make_ready(self) -> list[Row]:
        """Prepare what was staged before the till was started, and plans that have become due.
        A book that is doubted is pulled anew. Raises ContentsDiffer."""
        with disk_refusals():
            if self._is_doubted:
                self._is_doubted = False
                self.books.begin_anew()
            return self.books.prepare()

    def audit(self) -> None:
        """Once in the life of this program, on the thread that pulls: whether the book is still
        what was received. Raises ContentsDiffer."""
        if not self._is_audited:
            self._is_audited = True
            with disk_refusals():
                self.books.audit()

    def seconds_until_pull(self) -> float:
        """How long nothing need be asked for (Books.seconds_until_pull); a book that is doubted is
        pulled at once."""
        if self._is_doubted:
            return 0.0
        with disk_refusals():
            return self.books.seconds_until_pull()

    @act
    def swap_in(self) -> bool:
        """Sell by what is ready from now on, if anything is. The caller sees to it that no sale
        is open. Says whether anything changed."""
        if not self.books.swap():
            return False
        self._read()
        self.on_swapped()
        return True

    @property
    def folder(self) -> Path:
        """Where the price books lie, and what is being fetched of one."""
        return self.books.folder

    @property
    def rows(self) -> int:
        """How many rows of the chain's catalogue the book in force holds."""
        with disk_refusals():
            return self.books.rows()

    def begin_with(self, file: Path, cursor: str) -> None:
        """Go on from a fetched file that holds everything up to the cursor. Raises NotABook."""
        with disk_refusals():
            self.books.begin_with(file, cursor)

    def start_over(self) -> None:
        """Pull everything again: the hub does not know our cursor (it was restored), or what was
        pulled does not add up."""
        with disk_refusals():
            self.books.begin_anew()
