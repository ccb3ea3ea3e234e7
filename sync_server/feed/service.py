"""What a till of a store may read of the feed, page by page."""

from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from journal import wire
from journal.cursor import PAGE_ROWS_MAX, Cursor
from pricebook.rows import CATALOGUE, CHAIN, RECALLS, REVISIONS, store_scope
from retail.language import Text
from sync_server.feed import records
from sync_server.feed.records import Head
from sync_server.lives import carried_over
from sync_server.problems import Echo, WireProblem, problem, revoked, unknown_till
from sync_server.sync.records import included
from sync_server.sync.tokens import Bearer

#: of bodies in one page; a message may hold twice that, for their keys and all else
PAGE_BYTES = wire.MESSAGE_BYTES_MAX // 2


def scopes_of(store_id: str) -> tuple[str, ...]:
    """What a till of the store pulls; what may not be sold first, and what is few."""
    return RECALLS, store_scope(store_id), REVISIONS, CATALOGUE


def reached(
    connection: Connection, cursor: str, epoch: str, heads: Mapping[str, Head]
) -> Cursor | None:
    """How far a reader has come in this epoch; None when nobody can go on from there: the cursor
    is of a life of this hub's database that went further than ours, or none at all."""
    try:
        known = Cursor.parse(cursor) if cursor else Cursor(epoch, {})
    except ValueError:
        return None
    at = known.positions
    if not all(0 <= at.get(scope, 0) <= head.position for scope, head in heads.items()):
        return None
    return known if known.epoch == epoch else carried_over(connection, known, tuple(heads))


def _reader(connection: Connection, who: Bearer, cursor: str) -> tuple[Cursor, dict[str, Head]]:
    """How far a till has come that may read, and the heads before it. Raises WireProblem."""
    found = records.reader(connection, who.till_id, scopes_of(who.store_id))
    if found is None:
        raise unknown_till()
    if found.revoked:
        raise revoked()
    known = reached(connection, cursor, found.epoch, found.heads)
    if known is None:
        raise _lost(found.epoch)
    return known, found.heads


def _lost(epoch: str) -> WireProblem:
    return problem(
        410,
        "cursor",
        Text("This cursor is not of this hub's life.", "游标已失效。"),
        Text("Pull from the beginning.", "请从头拉取。"),
        echo=Echo(epoch),
    )


class PageHead(msgspec.Struct, frozen=True, omit_defaults=True):
    """A wire.FeedPage but for its rows."""

    epoch: str
    cursor: str
    up_to_date: bool
    includes: dict[str, int] = {}
    contents: dict[str, str] = {}
    behind: int = 0


class PackedPage(NamedTuple):
    """A wire.FeedPage in two pieces; the rows are a JSON list, packed."""

    head: PageHead
    rows: bytes


class _Cut(NamedTuple):
    """Rows after a cursor, packed; where they lead to, and whether that is all."""

    rows: bytes
    positions: dict[str, int]
    up_to_date: bool


class Pages:
    """What was read and packed for one till and is the same for another: when a new revision
    stands, a thousand tills ask for the same rows. The oldest go first."""

    def __init__(self, bytes_max: int) -> None:
        self._left = bytes_max
        self._cuts: dict[str, _Cut] = {}
        self._lock = Lock()

    def find(self, key: str) -> _Cut | None:
        return self._cuts.get(key)

    def keep(self, key: str, cut: _Cut) -> None:
        with self._lock:
            if key in self._cuts:
                return
            self._cuts[key] = cut
            self._left -= len(cut.rows)
            while self._left < 0:
                oldest = next(iter(self._cuts))
                self._left += len(self._cuts.pop(oldest).rows)


def page(connection: Connection, who: Bearer, cursor: str, pages: Pages) -> PackedPage:
    """The next rows of the feed for a till."""
    before, heads = _reader(connection, who, cursor)
    rows, after, up_to_date = _cut(connection, heads, before, store_scope(who.store_id), pages)
    contents = {scope: head.contents.text for scope, head in heads.items()} if up_to_date else {}
    # Of what a snapshot holds: the store's own rows are in none, however many they are.
    behind = sum(heads[scope].position - after[scope] for scope in CHAIN)
    cursor = Cursor(before.epoch, after).text()
    includes = included(connection, who.store_id)
    head = PageHead(before.epoch, cursor, up_to_date, includes, contents, behind)
    return PackedPage(head, rows)


def _cut(
    connection: Connection, heads: Mapping[str, Head], before: Cursor, own: str, pages: Pages
) -> _Cut:
    at_head = {scope: head.position for scope, head in heads.items()}
    start = {scope: before.positions.get(scope, 0) for scope in heads}
    if start[own] < at_head[own] or start == at_head:
        return _read(connection, at_head, before)
    # Nothing of it is the store's own.
    key = repr([before.epoch, *((start[scope], at_head[scope]) for scope in CHAIN)])
    cut = pages.find(key)
    if cut is None:
        cut = _read(connection, at_head, before)
        pages.keep(key, cut)
    return cut._replace(positions=cut.positions | {own: at_head[own]})


def _read(connection: Connection, at_head: Mapping[str, int], before: Cursor) -> _Cut:
    rows, after, up_to_date = records.page(connection, at_head, before, PAGE_ROWS_MAX, PAGE_BYTES)
    return _Cut(wire.packed(msgspec.json.encode(rows)), after.positions, up_to_date)


def positions(connection: Connection, who: Bearer, cursor: str) -> dict[str, int]:
    """How far the cursor has come in each scope of the till."""
    known, heads = _reader(connection, who, cursor)
    return {scope: known.positions.get(scope, 0) for scope in heads}
