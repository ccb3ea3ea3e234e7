"""The feed: the latest row per key, in dense positions per scope.

A position is taken by an update of the scope's row, which stays locked until the commit: the
order of positions is the order of commits, and a reader never passes a row that is not there yet
(reference: a sequence lost 31 % of rows to a tailing reader).
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    delete,
    select,
)

from journal.cursor import Cursor
from journal.wire import FeedRow
from sync_server.database import SetWise, metadata

scope_head = Table(
    "scope_head",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
feed = Table(
    "feed",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("feed_position", feed.c.scope, feed.c.position)
barcode = Table(
    "barcode",
    metadata,
    Column("code", Text, primary_key=True),
    Column("product_id", Text, nullable=False),
)

CATALOGUE = "catalogue"
GONE = b"null"

_PUBLISH = SetWise(feed, replacing=True)
_MOVE_HEAD = SetWise(scope_head, adding=("position",))
_CODES = SetWise(barcode, replacing=True)
#: both databases take about 32,700 marks in a statement
MARKS_MAX = 10_000


def store_scope(store_id: str) -> str:
    """What concerns one store alone: its cashiers and settings."""
    return f"store:{store_id}"


def published(
    connection: Connection, scope: str, kind: str, keys: Sequence[str]
) -> dict[str, bytes]:
    """The bodies now in the feed under these keys."""
    of_kind = select(feed.c.key, feed.c.body).where(feed.c.scope == scope, feed.c.kind == kind)
    return {
        row.key: bytes(row.body)
        for some in _in_portions(keys)
        for row in connection.execute(of_kind.where(feed.c.key.in_(some)))
    }


def _in_portions(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at a time as a statement may have marks."""
    for start in range(0, len(values), MARKS_MAX):
        yield values[start : start + MARKS_MAX]


def publish(connection: Connection, scope: str, kind: str, bodies: dict[str, bytes]) -> int:
    """Put rows into the feed; those that say the same as before stay where they are. Returns how
    many moved. Positions are taken last."""
    before = published(connection, scope, kind, list(bodies))
    moved = {key: body for key, body in bodies.items() if before.get(key) != body}
    if moved:
        position = _take_positions(connection, scope, len(moved))
        _PUBLISH.write(
            connection,
            [
                (scope, kind, key, position + place, body)
                for place, (key, body) in enumerate(moved.items(), start=1)
            ],
        )
    return len(moved)


def hold(connection: Connection, scope: str) -> None:
    """Let no other publisher into the scope until the transaction ends."""
    _MOVE_HEAD.write(connection, [(scope, 0)])


def _take_positions(connection: Connection, scope: str, count: int) -> int:
    """Move the scope's head by `count`; returns where it stood."""
    _MOVE_HEAD.write(connection, [(scope, count)])
    return heads(connection, (scope,))[scope] - count


def heads(connection: Connection, scopes: Sequence[str]) -> dict[str, int]:
    """Where each scope stands; 0 for one that nothing was published in."""
    rows = connection.execute(
        select(scope_head.c.scope, scope_head.c.position).where(scope_head.c.scope.in_(scopes))
    )
    return dict.fromkeys(scopes, 0) | {row.scope: row.position for row in rows}


def all_heads(connection: Connection) -> dict[str, int]:
    """Where every scope stands."""
    rows = connection.execute(select(scope_head.c.scope, scope_head.c.position))
    return {row.scope: row.position for row in rows}


def page(
    connection: Connection, at_head: Mapping[str, int], cursor: Cursor, limit: int, size_bytes: int
) -> tuple[list[FeedRow], Cursor, bool]:
    """Rows of the scopes `at_head` after the cursor, at most `limit` and about `size_bytes` of
    them; the cursor after them, and whether it has come to the heads."""
    positions = {scope: cursor.positions.get(scope, 0) for scope in at_head}
    rows: list[FeedRow] = []
    for scope in at_head:
        if positions[scope] >= at_head[scope]:
            continue
        found = connection.execute(
            select(feed.c.kind, feed.c.key, feed.c.position, feed.c.body)
            .where(feed.c.scope == scope, feed.c.position > positions[scope])
            .order_by(feed.c.position)
            .limit(limit - len(rows))
        ).all()
        taken = found[: _count_within([len(row.body) for row in found], size_bytes)]
        size_bytes -= sum(len(row.body) for row in taken)
        rows += [FeedRow(row.kind, row.key, msgspec.Raw(bytes(row.body))) for row in taken]
        if len(taken) < len(found):
            positions[scope] = taken[-1].position
            break
        if len(rows) < limit:
            positions[scope] = at_head[scope]
        elif found:
            positions[scope] = found[-1].position
    return rows, Cursor(cursor.epoch, positions), positions == at_head


def _count_within(sizes: Sequence[int], size_bytes: int) -> int:
    """How many of the first ones fit, one at least."""
    for count, size in enumerate(sizes):
        size_bytes -= size
        if size_bytes < 0:
            return max(count, 1)
    return len(sizes)


def owners(connection: Connection, codes: Sequence[str]) -> dict[str, str]:
    """Which product each of these barcodes belongs to."""
    columns = select(barcode.c.code, barcode.c.product_id)
    return {
        row.code: row.product_id
        for some in _in_portions(codes)
        for row in connection.execute(columns.where(barcode.c.code.in_(some)))
    }


def keep_codes(connection: Connection, codes: Mapping[str, Sequence[str]]) -> None:
    """Let each of these products have these barcodes and no others."""
    for some in _in_portions(list(codes)):
        connection.execute(delete(barcode).where(barcode.c.product_id.in_(some)))
    owned = [(code, product_id) for product_id, own in codes.items() for code in own]
    _CODES.write(connection, sorted(owned))
