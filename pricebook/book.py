"""One price book: the file, look-ups, and the one way in which rows get into it.

>>> book = Book(Path("book.db"))                                          # doctest: +SKIP
>>> with book.change() as change:                                         # doctest: +SKIP
...     change.put(rows)
>>> book.by_code("6901028075022").name                                    # doctest: +SKIP

Look-ups run on a connection that sees what is committed; changes are made on another, so a change
of any size is prepared out of sight and comes into sight by its commit alone.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import msgspec

from pricebook import search
from pricebook.rows import CATALOGUE, PRODUCT, Contents, Row
from pricebook.rows import Change as RowChange
from retail.catalogue import Product

#: the layout, search included: a change of it brings a migration, for a till that is updated while
#: the line is dead must go on selling
SCHEMA_VERSION = 1

#: so many products are indexed at once
_AT_ONCE = 1_000

_PAGE_CACHE_KIB = 16_384
_PRODUCTS = msgspec.json.Decoder(Product)
_BY_CODE = """
SELECT product.body FROM barcode JOIN product ON product.id = barcode.product
    WHERE barcode.code = ?
"""
_OLD = "SELECT id, body FROM product WHERE product_id = ?"
_NEW = "INSERT INTO product (product_id, body) VALUES (?, ?)"
_CHANGED = "UPDATE product SET body = ? WHERE id = ?"
_GONE = "DELETE FROM product WHERE id = ?"
_NO_CODE = "DELETE FROM barcode WHERE code = ? AND product = ?"
_CODE = "INSERT OR REPLACE INTO barcode VALUES (?, ?)"
_SAID = "SELECT body FROM published WHERE (scope, kind, key) = (?, ?, ?)"
_SAID_OF = """
SELECT key, body FROM published
    WHERE scope = ? AND kind = ? AND key IN (SELECT value FROM json_each(?))
"""
_SAY = "INSERT OR REPLACE INTO published VALUES (?, ?, ?, ?)"
_TAKE_BACK = "DELETE FROM published WHERE (scope, kind, key) = (?, ?, ?)"
_UNREAD = "SELECT body FROM unread WHERE (scope, kind, key) = (?, ?, ?)"
_KEEP_UNREAD = "INSERT OR REPLACE INTO unread VALUES (?, ?, ?, ?)"
_READ = "DELETE FROM unread WHERE (scope, kind, key) = (?, ?, ?)"
#: each row as it was received: also those that are not sold by, for nobody can read them
_ALL_RECEIVED = """
SELECT 'catalogue', 'product', product_id, body FROM product WHERE NOT EXISTS
    (SELECT 1 FROM unread WHERE (scope, kind, key) = ('catalogue', 'product', product_id))
UNION ALL SELECT scope, kind, key, body FROM published WHERE NOT EXISTS
    (SELECT 1 FROM unread WHERE (unread.scope, unread.kind, unread.key)
        = (published.scope, published.kind, published.key))
UNION ALL SELECT scope, kind, key, body FROM unread
"""
_CONTENTS = "INSERT OR REPLACE INTO scope VALUES (?, ?)"


class NotABook(Exception):
    """A file that is no price book of this program: another's, a newer one's, or damaged."""


class Position(NamedTuple):
    """How far the feed was read: into sight, and staged; whether what is staged is a whole cut, and
    what the scopes must hold with it; when the hub last said that there is no more; up to when
    plans are in force. Times are ISO 8601, empty before the first."""

    cursor: str
    staged_cursor: str
    staged_whole: bool
    staged_contents: dict[str, Contents]
    checked_at: str
    settled_at: str


#: whether a row can be sold by; one that cannot must not keep the others out
Readable = Callable[[Row], bool]


class Book:
    """A price book, open. Close it. Failures of the disk come out as sqlite3.Error."""

    def __init__(self, file: Path, wait_s: float = 2.0) -> None:
        """Opens or makes it. Raises NotABook."""
        self.file = file
        self._wait_s = wait_s
        with ExitStack() as undo:
            self.reader = undo.enter_context(closing(self.connection()))
            self.writer = undo.enter_context(closing(self.connection()))
            self._make()
            undo.pop_all()

    def connection(self) -> sqlite3.Connection:
        """A connection of the caller's own, such as for a search on another thread. Raises
        NotABook."""
        connection = sqlite3.connect(
            self.file, timeout=self._wait_s, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection)
        except sqlite3.DatabaseError as fault:
            connection.close()
            if isinstance(fault, sqlite3.OperationalError):
                raise
            raise NotABook(str(fault)) from None
        return connection

    def _make(self) -> None:
        (version,) = self.writer.execute("PRAGMA user_version").fetchone()
        if version == 0:
            schema = files("pricebook").joinpath("schema.sql").read_text(encoding="utf-8")
            versions = f"PRAGMA user_version = {SCHEMA_VERSION}"
            self.writer.executescript(
                f"BEGIN IMMEDIATE; {schema}; {search.SCHEMA}; {versions}; COMMIT"
            )
        elif version != SCHEMA_VERSION:
            raise NotABook(f"schema {version}")

    def close(self) -> None:
        self.reader.close()
        self.writer.close()

    # What is in sight

    def by_code(self, code: str) -> Product | None:
        """The product under exactly this code: one index look-up and one more by its id."""
        row = self.reader.execute(_BY_CODE, (code,)).fetchone()
        return _PRODUCTS.decode(row[0]) if row else None

    def product(self, product_id: str) -> Product | None:
        row = self.reader.execute(_OLD, (product_id,)).fetchone()
        return _PRODUCTS.decode(row[1]) if row else None

    def said(self, scope: str, kind: str, key: str) -> bytes | None:
        """The body of a row that is no product."""
        row = self.reader.execute(_SAID, (scope, kind, key)).fetchone()
        return row[0] if row else None

    def all_said(self, scope: str, kind: str, prefix: str = "") -> list[tuple[str, bytes]]:
        """Keys and bodies of all rows of a kind whose key opens so, in the order of their keys."""
        return self.reader.execute(
            "SELECT key, body FROM published"
            " WHERE scope = ? AND kind = ? AND key >= ? AND substr(key, 1, ?) = ? ORDER BY key",
            (scope, kind, prefix, len(prefix), prefix),
        ).fetchall()

    def row(self, scope: str, kind: str, key: str) -> Row | None:
        """Any row, as it came."""
        return _row(self.reader, scope, kind, key)

    def count(self) -> int:
        """How many products it holds."""
        return int(self.reader.execute("SELECT count(*) FROM product").fetchone()[0])

    def contents(self, scope: str) -> Contents:
        return _contents(self.reader, scope)

    @property
    def position(self) -> Position:
        cursor, staged, whole, contents, *times = self.reader.execute(
            "SELECT cursor, staged_cursor, staged_whole, staged_contents, checked_at, settled_at"
            " FROM state"
        ).fetchone()
        texts = msgspec.json.decode(contents, type=dict[str, str])
        parsed = {scope: Contents.parse(text) for scope, text in texts.items()}
        return Position(cursor, staged, bool(whole), parsed, *times)

    # Changes

    @contextmanager
    def change(self) -> Iterator["Change"]:
        """A change that is in sight when the block ends, or was never there."""
        change = self.begin()
        try:
            yield change
            change.commit()
        except BaseException:
            change.roll_back()
            raise

    def begin(self) -> "Change":
        """A change to be committed later: by the caller, on any thread, one at a time."""
        self.writer.execute("BEGIN IMMEDIATE")
        return Change(self.writer)

    def checkpoint(self) -> None:
        """Move what was committed into the file itself; while a change is open nothing is done."""
        if not self.writer.in_transaction:
            self.writer.execute("PRAGMA wal_checkpoint(PASSIVE)")


class Change:
    """An open change of a book."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        self.driver = driver
        self._contents: dict[str, Contents] = {}
        self._has_unread = _any(driver, "unread")
        #: what waits to be written: as many things at once as may be, each of them once
        self._keys: set[str] = set()
        self._codes: list[tuple[str, int]] = []
        self._unlisted: list[tuple[int, Product]] = []
        self._listed: list[tuple[int, Product]] = []

    def put(
        self,
        rows: Iterable[Row],
        readable: Readable = lambda _: True,
        former: Book | None = None,
    ) -> list[Row]:
        """Put rows into the book; comes back with those that cannot be read. What such a row is
        about stays as the book knew it, or as the `former` book did."""
        unread: list[Row] = []
        for row in rows:
            self._count(row)
            if row.body is None or readable(row):
                self._put(row)
                continue
            unread.append(row)
            self._keep_unread(row)
            known = former and former.row(*row[:3])
            if known and not self._known(row):
                self._put(known)
        self._flush()
        return unread

    def _put(self, row: Row) -> None:
        if _is_product(row):
            self._put_product(row)
        elif row.body is None:
            self.driver.execute(_TAKE_BACK, row[:3])
        else:
            self.driver.execute(_SAY, row)

    def _put_product(self, row: Row) -> None:
        if row.key in self._keys or len(self._keys) >= _AT_ONCE:
            self._flush()
        self._keys.add(row.key)
        found = self.driver.execute(_OLD, (row.key,)).fetchone()
        number, old = (found[0], _PRODUCTS.decode(found[1])) if found else (0, None)
        new = _PRODUCTS.decode(row.body) if row.body is not None else None
        if new is None:
            self.driver.execute(_GONE, (number,))
        elif old is None:
            number = self.driver.execute(_NEW, (row.key, row.body)).lastrowid or 0
        else:
            self.driver.execute(_CHANGED, (row.body, number))
        if old and not (new and new.all_codes == old.all_codes):
            self.driver.executemany(_NO_CODE, [(code, number) for code in old.all_codes])
        if new and not (old and new.all_codes == old.all_codes):
            self._codes += [(code, number) for code in new.all_codes]
        if old and not (new and _found_alike(old, new)):
            self._unlisted.append((number, old))
        if new and not (old and _found_alike(old, new)):
            self._listed.append((number, new))

    def _flush(self) -> None:
        self.driver.executemany(_CODE, self._codes)
        search.remove(self.driver, self._unlisted)
        search.add(self.driver, self._listed)
        self._keys, self._codes, self._unlisted, self._listed = set(), [], [], []
        texts = [(scope, contents.text) for scope, contents in self._contents.items()]
        self.driver.executemany(_CONTENTS, texts)

    def _count(self, row: Row) -> None:
        """Keep what the scope adds up to: by what was received, also of what cannot be read."""
        before = None
        if self._has_unread:
            found = self.driver.execute(_UNREAD, row[:3]).fetchone()
            before = row._replace(body=found[0]) if found else None
            self.driver.execute(_READ, row[:3])
        before = before or self._known(row)
        change = RowChange(row.kind, row.key, before and before.body, row.body)
        self._contents[row.scope] = self.contents(row.scope).with_changes((change,))

    def _known(self, row: Row) -> Row | None:
        return _row(self.driver, *row[:3])

    def _keep_unread(self, row: Row) -> None:
        self._has_unread = True
        self.driver.execute(_KEEP_UNREAD, row)

    def contents(self, scope: str) -> Contents:
        """What the scope holds with this change."""
        if scope not in self._contents:
            self._contents[scope] = _contents(self.driver, scope)
        return self._contents[scope]

    def put_ahead(self, rows: Iterable[Row]) -> None:
        """Put rows into sight before the feed does, and keep what stood in their place."""
        rows = list(rows)
        replaced = [self._known(row) or row._replace(body=None) for row in rows]
        self.driver.executemany("INSERT OR IGNORE INTO ahead VALUES (?, ?, ?, ?)", replaced)
        self.put(rows)

    def take_back_ahead(self) -> None:
        """Put back what stood there before: the book is as the feed left it."""
        replaced = [Row(*row) for row in self.driver.execute("SELECT * FROM ahead")]
        self.put(replaced)
        self.driver.execute("DELETE FROM ahead")

    def move_to(self, cursor: str) -> None:
        """Everything up to the cursor is in the book, and nothing waits."""
        self.driver.execute("DELETE FROM staged")
        self.driver.execute(
            "UPDATE state SET cursor = ?1, staged_cursor = ?1, staged_whole = 0,"
            " staged_contents = '{}'",
            (cursor,),
        )

    def checked(self, at: str) -> None:
        """The hub said at that time that there is no more."""
        self.driver.execute("UPDATE state SET checked_at = ?", (at,))

    def settled(self, at: str) -> None:
        """The plans that are due at that time are in force, no others."""
        self.driver.execute("UPDATE state SET settled_at = ?", (at,))

    # What waits for the rest of its cut

    def stage(
        self, rows: Iterable[Row], cursor: str, contents: Mapping[str, Contents], *, whole: bool
    ) -> None:
        """Keep rows out of sight; `contents` is what the scopes must hold with them once the cut
        is whole."""
        self.driver.executemany("INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?)", rows)
        texts = {scope: each.text for scope, each in contents.items()}
        self.driver.execute(
            "UPDATE state SET staged_cursor = ?, staged_whole = ?, staged_contents = ?",
            (cursor, whole, msgspec.json.encode(texts).decode()),
        )

    def staged(self) -> Iterator[Row]:
        for row in self.driver.execute("SELECT * FROM staged"):
            yield Row(*row)

    def commit(self) -> None:
        self.driver.execute("COMMIT")

    def roll_back(self) -> None:
        """Nothing of the change was ever there; a disk that fails has taken it back itself."""
        with suppress(sqlite3.Error):
            if self.driver.in_transaction:
                self.driver.execute("ROLLBACK")


def _prepare(connection: sqlite3.Connection) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"cache_size=-{_PAGE_CACHE_KIB}",
        "wal_autocheckpoint=0",  # a checkpoint is made where nobody waits for it
    ):
        connection.execute(f"PRAGMA {pragma}")


def said_of(
    driver: sqlite3.Connection, scope: str, kind: str, keys: Sequence[str]
) -> list[tuple[str, bytes]]:
    """Keys and bodies of those of these rows that are in the book behind a connection."""
    return driver.execute(_SAID_OF, (scope, kind, msgspec.json.encode(keys).decode())).fetchall()


def damaged_scope(driver: sqlite3.Connection) -> str | None:
    """A scope of the book behind a connection whose rows do not add up to what was received any
    more, counted from all of them; None when all do."""
    driver.execute("BEGIN")
    counted = {scope: Contents() for (scope,) in driver.execute("SELECT scope FROM scope")}
    for scope, *row in driver.execute(_ALL_RECEIVED):
        before = counted.get(scope, Contents())
        counted[scope] = before.with_changes((RowChange(row[0], row[1], None, row[2]),))
    wrong = (scope for scope, found in counted.items() if found != _contents(driver, scope))
    found = next(wrong, None)
    driver.execute("ROLLBACK")
    return found


def _is_product(row: Row) -> bool:
    return row.kind == PRODUCT and row.scope == CATALOGUE


def _row(driver: sqlite3.Connection, scope: str, kind: str, key: str) -> Row | None:
    """The row as the book holds it."""
    if kind == PRODUCT and scope == CATALOGUE:
        found = driver.execute("SELECT body FROM product WHERE product_id = ?", (key,)).fetchone()
    else:
        found = driver.execute(_SAID, (scope, kind, key)).fetchone()
    return Row(scope, kind, key, found[0]) if found else None


def _found_alike(old: Product, new: Product) -> bool:
    """Whether a search finds both by the same words: what they cost is none of them."""
    costs = {name: getattr(new, name) for name in ("price_minor", "prices", "tax", "unit")}
    return msgspec.structs.replace(old, **costs) == new


def _contents(driver: sqlite3.Connection, scope: str) -> Contents:
    row = driver.execute("SELECT contents FROM scope WHERE scope = ?", (scope,)).fetchone()
    return Contents.parse(row[0]) if row else Contents()


def _any(driver: sqlite3.Connection, table: str) -> bool:
    return driver.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None  # noqa: S608
