"""The hub's own price book, filled from the feed as a till's is, and snapshots of it.

It lies in a folder that the hub can fill again at any time: nothing in it is backed up.
"""

import asyncio
import logging
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from journal import wire
from journal.cursor import PAGE_ROWS_MAX, Cursor
from journal.signature import snapshot_message
from pricebook.book import Book, NotABook
from pricebook.rows import CATALOGUE, CHAIN, Row, body_of
from pricebook.snapshot import CHUNK_BYTES, SCHEMA, cut, keep_only
from retail.language import Text
from sync_server.database import FAULTS, Database
from sync_server.feed import records as feed
from sync_server.feed.records import Head
from sync_server.feed.service import PAGE_BYTES, reached
from sync_server.lives import epoch_now
from sync_server.problems import WireProblem, busy, problem
from sync_server.voice import Voice

BOOK_FILE = "book.db"
#: more at once than a till gets: nobody waits for the page on a line
_ROWS_AT_ONCE = 2 * PAGE_ROWS_MAX

log = logging.getLogger(__name__)


class _Page(NamedTuple):
    """Rows after a cursor, where that leads, and where the scopes stand."""

    after: str
    rows: list[wire.FeedRow]
    cursor: Cursor
    up_to_date: bool
    heads: dict[str, Head]


class HubBook:
    """The hub's price book. Close it."""

    def __init__(
        self, folder: Path, voice: Voice, database: Database, snapshot_from_rows: int
    ) -> None:
        self._folder = folder
        self._voice = voice
        self._read, self._write = database.read, database.write
        self._snapshot_from_rows = snapshot_from_rows
        self._filling = asyncio.Lock()
        self._cutting: asyncio.Task[None] | None = None
        self._book: Book | None = None
        self._snapshot: wire.Snapshot | None = None

    async def close(self) -> None:
        if self._cutting is not None:
            await self._cutting
        async with self._filling:
            if self._book is not None:
                self._book.close()
                self._book = None

    async def up_to_date(self) -> Book:
        """The book with everything in it that was published. Raises OSError, sqlite3.Error or one
        of the database's FAULTS."""
        async with self._filling:
            if self._book is None:
                self._book = await asyncio.to_thread(self._open)
            try:
                return await self._caught_up(self._book)
            except ContentsDrifted:
                # The book's own rows were not what they were, or the feed's.
                if await self._write(lambda c: feed.recount(c, CHAIN)):
                    log.error("the feed's rows did not add up to its heads: counted anew")
                return await self._caught_up(await self._begin_anew())

    async def _caught_up(self, book: Book) -> Book:
        while not await self._catch_up(book):
            book = self._book or book
        return book

    def _open(self, *, anew: bool = False) -> Book:
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / BOOK_FILE
        if not anew:
            with suppress(NotABook):
                return Book(file)
        for name in (BOOK_FILE, f"{BOOK_FILE}-wal", f"{BOOK_FILE}-shm"):
            (self._folder / name).unlink(missing_ok=True)
        return Book(file)

    async def _catch_up(self, book: Book) -> bool:
        """Put the next rows in -> whether there are no more."""
        page: _Page | None = await self._read(lambda connection: self._page(connection, book))
        if page is None:  # another life of the hub's database, or older than what is kept of it
            await self._begin_anew()
            return False
        return await asyncio.to_thread(_put, book, page) and page.up_to_date

    async def _begin_anew(self) -> Book:
        if self._book is not None:
            self._book.close()
        self._book = await asyncio.to_thread(self._open, anew=True)
        return self._book

    def _page(self, connection: Connection, book: Book) -> _Page | None:
        heads = feed.heads(connection, CHAIN)
        cursor = reached(connection, book.position.cursor, epoch_now(connection), heads)
        if cursor is None:
            return None
        at_head = {scope: head.position for scope, head in heads.items()}
        rows = feed.page(connection, at_head, cursor, _ROWS_AT_ONCE, PAGE_BYTES)
        return _Page(book.position.cursor, *rows, heads)

    # Snapshots

    async def snapshot(self) -> wire.Snapshot:
        """A snapshot that a till goes on from by the feed. While one is being cut the till is asked
        to wait; of a small catalogue there is none. Raises WireProblem."""
        found = self._snapshot
        if found is not None and await self._read(lambda c: self._is_fresh(c, found)):
            return found
        if await self._read(self._rows) < self._snapshot_from_rows:
            raise no_snapshot()
        if self._cutting is None or self._cutting.done():
            self._cutting = asyncio.create_task(self._cut())
        raise busy()

    def _rows(self, connection: Connection) -> int:
        return feed.head(connection, CATALOGUE).contents.rows

    def _is_fresh(self, connection: Connection, found: wire.Snapshot) -> bool:
        """Whether less than a fifth of the rows have moved since."""
        head = feed.head(connection, CATALOGUE)
        moved = head.position - Cursor.parse(found.cursor).positions[CATALOGUE]
        return 0 <= moved <= head.contents.rows // 5

    async def _cut(self) -> None:
        """Make a snapshot; when there is trouble the next till that asks has it made again."""
        try:
            book = await self.up_to_date()
            async with self._filling:
                self._snapshot = await asyncio.to_thread(self._cut_of, book)
        except TROUBLE as fault:
            log.error("no snapshot could be made: %s", str(fault).partition("\n")[0])

    def _cut_of(self, book: Book) -> wire.Snapshot:
        position, former = book.position, self._snapshot
        made = cut(book, self._folder)
        epoch = Cursor.parse(position.cursor).epoch
        signed = snapshot_message(epoch, position.cursor, SCHEMA, made.size_bytes, made.sha256)
        snapshot = wire.Snapshot(
            epoch=epoch,
            cursor=position.cursor,
            schema=SCHEMA,
            size_bytes=made.size_bytes,
            sha256=made.sha256,
            chunk_bytes=CHUNK_BYTES,
            chunks=made.chunks,
            sig=self._voice.signer.sign(signed),
        )
        keep_only(self._folder, [*made.chunks, *(former.chunks if former else [])])
        return snapshot

    def chunk(self, name: str) -> bytes:
        """A chunk of a snapshot. Raises WireProblem for one that is not here, or no more: then
        another snapshot is made, should anybody have emptied the folder."""
        known = self._snapshot
        file = self._folder / name
        if known is None or "/" in name or len(name) != len(known.sha256):
            raise no_chunk()
        if not file.is_file():
            if name in known.chunks:
                self._snapshot = None
            raise no_chunk()
        return file.read_bytes()


class ContentsDrifted(Exception):
    """The feed's rows do not add up to what its heads say: the database was changed by hand."""


#: what keeps the hub from its book or from what is to be put into it
TROUBLE = (OSError, sqlite3.Error, ContentsDrifted, *FAULTS)


def _put(book: Book, page: _Page) -> bool:
    """Put the rows in, unless another process that has the same book was first -> whether it was
    not. Raises ContentsDrifted."""
    rows = [Row(row.scope, row.kind, row.key, body_of(row.body)) for row in page.rows]
    with book.change() as change:
        if book.position.cursor != page.after:
            return False
        change.put(rows)
        change.move_to(page.cursor.text())
        if page.up_to_date and any(
            change.contents(scope) != head.contents for scope, head in page.heads.items()
        ):
            raise ContentsDrifted
    book.checkpoint()
    return True


def no_snapshot() -> WireProblem:
    return problem(
        404,
        "no_snapshot",
        Text("The catalogue is too small for a snapshot.", "商品目录较小，无需快照。"),
        Text("Pull its rows.", "请逐行拉取。"),
    )


def no_chunk() -> WireProblem:
    return problem(
        404,
        "no_chunk",
        Text("This chunk is not here any more.", "此分块已不存在。"),
        Text("Ask for the snapshot again.", "请重新获取快照清单。"),
    )
