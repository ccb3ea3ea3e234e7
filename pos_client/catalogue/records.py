"""What head office published: products by code, and what is staged for the next swap."""

import sqlite3
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from sqlalchemy import Column, Integer, LargeBinary, Table, Text, select

from journal.wire import FeedRow
from pos_client.database import metadata, sql
from retail.catalogue import Cashier, Product, StoreSettings
from retail.language import Text as Words
from retail.money import exponent
from retail.refusals import DatabaseDamaged

product = Table(
    "product",
    metadata,
    Column("product_id", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
barcode = Table(
    "barcode",
    metadata,
    Column("code", Text, primary_key=True),
    Column("product_id", Text, nullable=False),
)
published = Table(
    "published",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
feed_staged = Table(
    "feed_staged",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body", LargeBinary),
)
feed = Table(
    "feed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("staged_cursor", Text, nullable=False),
    Column("staged_whole", Integer, nullable=False),
    Column("staged_anew", Integer, nullable=False),
)

_BY_CODE = sql(
    select(product.c.body)
    .join_from(barcode, product, barcode.c.product_id == product.c.product_id)
    .where(barcode.c.code == "")
)
_PRODUCT = msgspec.json.Decoder(Product)
_KINDS: dict[str, type[msgspec.Struct]] = {
    "product": Product,
    "cashier": Cashier,
    "settings": StoreSettings,
}
_SETTINGS = Words("the store's settings are not what was written", "门店设置与写入时不符")
#: the body of a row whose thing is gone; a Raw is equal to another Raw only
_GONE = msgspec.Raw(b"null")

#: before the swap of a cut that was begun anew: what it does not name is gone
_EMPTY = ("DELETE FROM barcode", "DELETE FROM product", "DELETE FROM published")
#: a row that cannot be read leaves what was known of its thing, unless newer is staged
_KEEP_PRODUCT = """
INSERT OR IGNORE INTO feed_staged SELECT 'product', product_id, body FROM product
    WHERE product_id = ?
"""
_KEEP_PUBLISHED = """
INSERT OR IGNORE INTO feed_staged SELECT kind, key, body FROM published
    WHERE kind = ? AND key = ?
"""
#: the swap: whole statements over the staged rows, so that its cost is SQLite's alone
_SWAP = """
DELETE FROM barcode WHERE product_id IN (SELECT key FROM feed_staged WHERE kind = 'product');
DELETE FROM product WHERE product_id IN
    (SELECT key FROM feed_staged WHERE kind = 'product' AND body IS NULL);
INSERT OR REPLACE INTO product SELECT key, body FROM feed_staged
    WHERE kind = 'product' AND body IS NOT NULL;
INSERT OR REPLACE INTO barcode SELECT code.value, staged.key
    FROM feed_staged staged, json_each(staged.body, '$.codes') code
    WHERE staged.kind = 'product' AND staged.body IS NOT NULL;
DELETE FROM published WHERE EXISTS (SELECT 1 FROM feed_staged staged
    WHERE staged.kind = published.kind AND staged.key = published.key AND staged.body IS NULL);
INSERT OR REPLACE INTO published SELECT kind, key, body FROM feed_staged
    WHERE kind != 'product' AND body IS NOT NULL;
DELETE FROM feed_staged;
UPDATE feed SET cursor = staged_cursor, staged_whole = 0, staged_anew = 0
""".split(";")


def by_code(driver: sqlite3.Connection, code: str) -> Product | None:
    """The product under exactly this code: one index look-up and one more by its id."""
    row = driver.execute(_BY_CODE, (code,)).fetchone()
    return _PRODUCT.decode(row[0]) if row else None


def cashier(driver: sqlite3.Connection, cashier_id: str) -> Cashier | None:
    body = _published(driver, "cashier", cashier_id)
    return msgspec.json.decode(body, type=Cashier) if body else None


def _published(driver: sqlite3.Connection, kind: str, key: str) -> bytes | None:
    row = driver.execute(
        "SELECT body FROM published WHERE kind = ? AND key = ?", (kind, key)
    ).fetchone()
    return row[0] if row else None


def any_cashier(driver: sqlite3.Connection) -> bool:
    row = driver.execute("SELECT 1 FROM published WHERE kind = 'cashier' LIMIT 1").fetchone()
    return row is not None


def settings(driver: sqlite3.Connection, store: str) -> StoreSettings:
    """What head office set for the store; defaults before the first contact. Raises
    DatabaseDamaged when nobody could sell by what stands there."""
    body = _published(driver, "settings", store)
    settings = msgspec.json.decode(body, type=StoreSettings) if body else StoreSettings()
    if not _can_be_sold_by(settings):
        raise DatabaseDamaged(detail=_SETTINGS)
    return settings


def readable(row: FeedRow) -> bool:
    """Whether this program can sell by the row: one that it cannot read must not keep the others
    out, nor what it knew before."""
    if row.body == _GONE or row.kind not in _KINDS:
        return True
    try:
        value = msgspec.json.decode(row.body, type=_KINDS[row.kind])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return not isinstance(value, StoreSettings) or _can_be_sold_by(value)


def _can_be_sold_by(settings: StoreSettings) -> bool:
    """Whether there is such a time zone, such a currency, and a smallest coin."""
    try:
        ZoneInfo(settings.timezone)
        exponent(settings.currency)
    except (ValueError, ZoneInfoNotFoundError, OSError):  # OSError: a folder of zones
        return False
    return settings.cash_step_minor > 0


def cursors(driver: sqlite3.Connection) -> tuple[str, str, bool]:
    """The cursor sold by, the one to ask from, and whether a whole cut lies staged."""
    row = driver.execute("SELECT cursor, staged_cursor, staged_whole FROM feed").fetchone()
    return row[0], row[1], bool(row[2])


def stage(driver: sqlite3.Connection, rows: list[FeedRow], cursor: str, *, whole: bool) -> None:
    """Keep a page out of sight."""
    driver.executemany(
        "INSERT OR REPLACE INTO feed_staged VALUES (?, ?, ?)",
        [(row.kind, row.key, None if row.body == _GONE else bytes(row.body)) for row in rows],
    )
    driver.execute("UPDATE feed SET staged_cursor = ?, staged_whole = ?", (cursor, whole))


def keep(driver: sqlite3.Connection, row: FeedRow) -> None:
    """Let what is known of the row's thing outlive the swap."""
    if row.kind == "product":
        driver.execute(_KEEP_PRODUCT, (row.key,))
    else:
        driver.execute(_KEEP_PUBLISHED, (row.kind, row.key))


def swap(driver: sqlite3.Connection) -> None:
    """Bring everything staged into sight, with its cursor; what was pulled from the beginning
    takes the place of everything that was known."""
    (anew,) = driver.execute("SELECT staged_anew FROM feed").fetchone()
    for statement in (*_EMPTY, *_SWAP) if anew else _SWAP:
        driver.execute(statement)


def start_over(driver: sqlite3.Connection) -> None:
    """Forget what is staged: the next pull asks from the beginning. Until its cut is whole
    everything is sold by as before."""
    driver.execute("DELETE FROM feed_staged")
    driver.execute("UPDATE feed SET staged_cursor = '', staged_whole = 0, staged_anew = 1")


def count(driver: sqlite3.Connection) -> int:
    """How many products this till knows."""
    return int(driver.execute("SELECT count(*) FROM product").fetchone()[0])
