"""The feed: the latest row per key, in dense positions per scope.

A position is taken by an update of the scope's row, which stays locked until the commit: the
order of positions is the order of commits, and a reader never passes a row that is not there yet
(reference: a sequence lost 31 % of rows to a tailing reader).
"""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    insert,
    select,
    update,
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
_CODES = SetWise(barcode, replacing=True)


def store_scope(store_id: str) -> str:
    """What concerns one store alone: its cashiers and settings."""
    return f"store:{store_id}"


def published(
    connection: Connection, scope: str, kind: str, keys: Sequence[str]
) -> dict[str, bytes]:
    """The bodies now in the feed under these keys."""
    rows = connection.execute(
        select(feed.c.key, feed.c.body).where(
            feed.c.scope == scope, feed.c.kind == kind, feed.c.key.in_(keys)
        )
    )
    return {row.key: bytes(row.body) for row in rows}


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


def _take_positions(connection: Connection, scope: str, count: int) -> int:
    """Move the scope's head by `count`; returns where it stood."""
    moved = connection.execute(
        update(scope_head)
        .where(scope_head.c.scope == scope)
        .values(position=scope_head.c.position + count)
        .returning(scope_head.c.position)
    ).scalar()
    if moved is None:
        connection.execute(insert(scope_head).values(scope=scope, position=count))
        return 0
    return int(moved) - count


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
    connection: Connection, scopes: Sequence[str], cursor: Cursor, limit: int
) -> tuple[list[FeedRow], Cursor, bool]:
    """Rows after the cursor, the cursor after them, and whether it has come to the heads."""
    at_head = heads(connection, scopes)
    positions = {scope: cursor.positions.get(scope, 0) for scope in scopes}
    rows: list[FeedRow] = []
    for scope in scopes:
        if positions[scope] >= at_head[scope]:
            continue
        found = connection.execute(
            select(feed.c.kind, feed.c.key, feed.c.position, feed.c.body)
            .where(feed.c.scope == scope, feed.c.position > positions[scope])
            .order_by(feed.c.position)
            .limit(limit - len(rows))
        ).all()
        rows += [FeedRow(row.kind, row.key, msgspec.Raw(bytes(row.body))) for row in found]
        if len(rows) < limit:
            positions[scope] = at_head[scope]
        elif found:
            positions[scope] = found[-1].position
    return rows, Cursor(cursor.epoch, positions), positions == at_head


def owners(connection: Connection, codes: Iterable[str]) -> dict[str, str]:
    """Which product each of these barcodes belongs to."""
    rows = connection.execute(
        select(barcode.c.code, barcode.c.product_id).where(barcode.c.code.in_(list(codes)))
    )
    return {row.code: row.product_id for row in rows}


def keep_codes(connection: Connection, codes: dict[str, str]) -> None:
    _CODES.write(connection, sorted(codes.items()))
