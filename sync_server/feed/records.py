"""The feed: the latest row per key, in dense positions per scope, and what each scope holds.

A position is taken by an update of the scope's row, which stays locked until the commit: the
order of positions is the order of commits, and a reader never passes a row that is not there yet.
Rows numbered by a sequence are passed by whoever reads before an earlier number commits
(`rehearsal.interleaving` shows it). What a scope's rows add up to is kept in the same row, so that
every till can tell whether it holds the same.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    bindparam,
    delete,
    select,
    true,
    update,
)

from journal.cursor import Cursor
from journal.wire import FeedRow
from pricebook.rows import GONE, Change, Contents
from sync_server.database import metadata, tell_hubs
from sync_server.lives import hub
from sync_server.statements import Prepared, SetWise, listed, one_of
from sync_server.sync.records import till

scope_head = Table(
    "scope_head",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("contents", Text, nullable=False),
)
feed = Table(
    "feed",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("gone_at", Text, nullable=False),
)
Index("feed_position", feed.c.scope, feed.c.position)

_PUT = SetWise(feed, replacing=True)
_MOVE_HEAD = SetWise(scope_head, adding=("position",))
_READER = Prepared(
    select(
        till.c.revoked_at,
        hub.c.epoch,
        scope_head.c.scope,
        scope_head.c.position,
        scope_head.c.contents,
    )
    .join_from(till, hub, true())
    .outerjoin(scope_head, one_of(scope_head.c.scope, bindparam("the_scopes")))
    .where(till.c.till_id == bindparam("the_till"))
)
#: so many rows are read at once where all are
_AT_ONCE = 10_000


class Head(NamedTuple):
    """Where a scope stands: its newest position, and what its rows add up to."""

    position: int = 0
    contents: Contents = Contents()


class Reader(NamedTuple):
    """A till that asks for news: whether head office has revoked it, the epoch in which it is
    answered, and where its scopes stand."""

    revoked: bool
    epoch: str
    heads: dict[str, Head]


def reader(connection: Connection, till_id: str, scopes: Sequence[str]) -> Reader | None:
    """All that a till's question for news depends on, by one statement; None of a till that is
    not enrolled."""
    rows = _READER.rows(connection, the_till=till_id, the_scopes=listed(scopes))
    if not rows:
        return None
    known = {
        scope: Head(position, Contents.parse(contents))
        for _, _, scope, position, contents in rows
        if scope is not None
    }
    revoked_at, epoch, *_ = rows[0]
    return Reader(revoked_at is not None, epoch, dict.fromkeys(scopes, Head()) | known)


def published(
    connection: Connection, scope: str, kind: str, keys: Sequence[str]
) -> dict[str, bytes]:
    """The bodies now in the feed under these keys; of what is gone there is none."""
    of_kind = select(feed.c.key, feed.c.body).where(feed.c.scope == scope, feed.c.kind == kind)
    rows = connection.execute(of_kind.where(one_of(feed.c.key, keys))).all()
    return {key: bytes(body) for key, body in rows if body != GONE}


def all_published(connection: Connection, scope: str, kind: str) -> dict[str, bytes]:
    """The bodies of all that a kind has now in the feed, in the order of their keys."""
    rows = connection.execute(
        select(feed.c.key, feed.c.body)
        .where(feed.c.scope == scope, feed.c.kind == kind)
        .order_by(feed.c.key)
    )
    return {row.key: bytes(row.body) for row in rows if row.body != GONE}


def bodies_after(connection: Connection, scope: str, kind: str, key: str, most: int) -> list[bytes]:
    """The bodies of the next things of a kind after that key, in the order of their keys."""
    rows = connection.execute(
        select(feed.c.body)
        .where(feed.c.scope == scope, feed.c.kind == kind, feed.c.key > key, feed.c.body != GONE)
        .order_by(feed.c.key)
        .limit(most)
    )
    return [bytes(row.body) for row in rows]


def publish(
    connection: Connection,
    scope: str,
    kind: str,
    bodies: Mapping[str, bytes | None],
    now: str = "",
) -> int:
    """Put rows into the feed, None for what is gone; those that say the same as before stay where
    they are. Returns how many moved. `now` is when what is gone went, ISO 8601."""
    hold(connection, scope)
    before = published(connection, scope, kind, list(bodies))
    moved = [
        Change(kind, key, before.get(key), body)
        for key, body in bodies.items()
        if before.get(key) != body
    ]
    if moved:
        put(connection, scope, moved, now)
    return len(moved)


def put(connection: Connection, scope: str, changes: Sequence[Change], now: str) -> None:
    """Put rows of one scope that differ from what stood there into the feed, in this order."""
    hold(connection, scope)
    stood = head(connection, scope)
    rows = [
        (scope, kind, key, position, GONE if after is None else after, "" if after else now)
        for position, (kind, key, _, after) in enumerate(changes, start=stood.position + 1)
    ]
    _PUT.write(connection, rows)
    move_head(
        connection, scope, Head(stood.position + len(rows), stood.contents.with_changes(changes))
    )


def move_head(connection: Connection, scope: str, to: Head) -> None:
    """Let the scope stand there; its rows do already."""
    connection.execute(
        update(scope_head)
        .where(scope_head.c.scope == scope)
        .values(position=to.position, contents=to.contents.text)
    )
    tell_hubs(connection)


def hold(connection: Connection, scope: str) -> None:
    """Let no other publisher into the scope until the transaction ends."""
    _MOVE_HEAD.write(connection, [(scope, 0, Contents().text)])


def head(connection: Connection, scope: str) -> Head:
    """Where the scope stands; at its beginning when nothing was published in it."""
    return heads(connection, (scope,))[scope]


def heads(connection: Connection, scopes: Sequence[str]) -> dict[str, Head]:
    """Where each scope stands."""
    rows = connection.execute(select(scope_head).where(scope_head.c.scope.in_(scopes)))
    known = {row.scope: Head(row.position, Contents.parse(row.contents)) for row in rows}
    return dict.fromkeys(scopes, Head()) | known


def all_positions(connection: Connection) -> dict[str, int]:
    """Where every scope stands."""
    rows = connection.execute(select(scope_head.c.scope, scope_head.c.position))
    return {row.scope: row.position for row in rows}


def forget_gone(connection: Connection, before: str) -> int:
    """Forget the rows of things that went before that time, ISO 8601: a till that has missed one
    of them finds that its scope holds something else, and starts over. Returns how many."""
    old = (feed.c.gone_at != "") & (feed.c.gone_at < before)
    return connection.execute(delete(feed).where(old)).rowcount


def recount(connection: Connection, scopes: Sequence[str]) -> bool:
    """Let the heads say what their rows add up to -> whether any said something else."""
    differed = False
    for scope in sorted(scopes):  # as publishers take them, one after the other
        hold(connection, scope)
        contents = recounted(connection, scope)
        if contents != head(connection, scope).contents:
            differed = True
            connection.execute(
                update(scope_head)
                .where(scope_head.c.scope == scope)
                .values(contents=contents.text, position=scope_head.c.position + 1)
            )
            tell_hubs(connection)
    return differed


def recounted(connection: Connection, scope: str) -> Contents:
    """What the scope's rows add up to, counted from the rows."""
    rows = connection.execute(
        select(feed.c.kind, feed.c.key, feed.c.body)
        .where(feed.c.scope == scope, feed.c.body != GONE)
        .execution_options(yield_per=_AT_ONCE)
    )
    return Contents().with_changes(Change(kind, key, None, body) for kind, key, body in rows)


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
        rows += [FeedRow(scope, row.kind, row.key, msgspec.Raw(bytes(row.body))) for row in taken]
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
