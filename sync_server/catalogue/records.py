"""Revisions of the catalogue, what each changes, and whose a barcode is."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from pricebook.rows import CATALOGUE, GONE, PRODUCT, Change
from sync_server.database import metadata
from sync_server.feed.records import feed
from sync_server.statements import SetWise, one_of

revision = Table(
    "revision",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("effective_at", Text, nullable=False),
    Column("published_at", Text, nullable=False),
    #: its place among the published ones, 0 until then
    Column("place", BigInteger, nullable=False),
)
revision_change = Table(
    "revision_change",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("before", LargeBinary),
    Column("after", LargeBinary),
)
barcode = Table(
    "barcode",
    metadata,
    Column("code", Text, primary_key=True),
    Column("product_id", Text, nullable=False),
)
Index("barcode_product", barcode.c.product_id)
#: the barcodes that products of an unpublished revision will have
barcode_claim = Table(
    "barcode_claim",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("code", Text, primary_key=True),
    Column("product_id", Text, nullable=False),
    sqlite_with_rowid=False,
)

_CHANGES = SetWise(revision_change, replacing=True)
_CLAIMS = SetWise(barcode_claim)
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_KEYS = (revision_change.c.kind, revision_change.c.key)
_CHANGE = (*_KEYS, revision_change.c.before, revision_change.c.after)


class State(StrEnum):
    """What has become of a revision."""

    DRAFT = "draft"
    PLANNED = "planned"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class RevisionRow(NamedTuple):
    """A revision; times are ISO 8601 in UTC, empty where there is none yet."""

    number: int
    state: State
    name: str
    author: str
    note: str
    created_at: str
    effective_at: str
    published_at: str
    place: int


class Standing(NamedTuple):
    """A change, and what the feed says of the thing now."""

    change: Change
    now: bytes | None


# Revisions


def add(connection: Connection, author: str, note: str, now: str) -> int:
    """A new draft; returns its number. The caller holds the catalogue."""
    last = connection.execute(select(func.max(revision.c.number))).scalar() or 0
    row = RevisionRow(last + 1, State.DRAFT, "", author, note, now, "", "", 0)
    connection.execute(insert(revision).values(row._asdict()))
    return row.number


def find(connection: Connection, number: int) -> RevisionRow | None:
    row = connection.execute(select(revision).where(revision.c.number == number)).first()
    return _revision(row) if row else None


def _revision(row: Sequence[Any]) -> RevisionRow:
    number, state, *more = row
    return RevisionRow(number, State(state), *more)


def in_state(connection: Connection, *states: State) -> list[RevisionRow]:
    """All in these states, the newest first."""
    rows = connection.execute(
        select(revision).where(revision.c.state.in_(states)).order_by(revision.c.number.desc())
    )
    return [_revision(row) for row in rows]


def history(connection: Connection, most: int, before: int = 0) -> list[RevisionRow]:
    """The published ones, the newest first; only those before that place, if it is given."""
    published = select(revision).where(revision.c.state == State.PUBLISHED)
    rows = connection.execute(
        (published.where(revision.c.place < before) if before else published)
        .order_by(revision.c.place.desc())
        .limit(most)
    )
    return [_revision(row) for row in rows]


def numbers(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """By name, the published revision that holds what the name says; of several the last."""
    rows = connection.execute(
        select(revision.c.name, revision.c.number)
        .where(revision.c.state == State.PUBLISHED, one_of(revision.c.name, names))
        .order_by(revision.c.place)
    )
    return {row.name: row.number for row in rows}


def save(connection: Connection, number: int, **values: Any) -> None:
    connection.execute(update(revision).where(revision.c.number == number).values(**values))


def forget(connection: Connection, number: int) -> None:
    """Let a revision that changes nothing never have been."""
    connection.execute(delete(revision).where(revision.c.number == number))


def next_place(connection: Connection) -> int:
    return (connection.execute(select(func.max(revision.c.place))).scalar() or 0) + 1


# What they change


def put_changes(connection: Connection, number: int, changes: Sequence[Change]) -> None:
    """Let the revision make this of these things; keys must not repeat within them."""
    _CHANGES.write(connection, [(number, *change) for change in changes])


def drop_changes(connection: Connection, number: int, kind: str, keys: Sequence[str]) -> None:
    """Let the revision leave these things alone."""
    of_kind = (revision_change.c.number == number) & (revision_change.c.kind == kind)
    if keys:
        connection.execute(
            delete(revision_change).where(of_kind, one_of(revision_change.c.key, keys))
        )


def count_changes(connection: Connection, number: int) -> int:
    return counts(connection, [number]).get(number, 0)


def counts(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """How many things each of these revisions changes; those that change nothing are left out."""
    of = revision_change.c.number
    rows = connection.execute(select(of, func.count()).where(of.in_(numbers)).group_by(of))
    return {row[0]: int(row[1]) for row in rows}


def change(connection: Connection, number: int, kind: str, key: str) -> Change | None:
    """What the revision makes of one thing, if it changes it."""
    row = connection.execute(
        select(*_CHANGE).where(
            revision_change.c.number == number,
            revision_change.c.kind == kind,
            revision_change.c.key == key,
        )
    ).first()
    return Change(*row) if row else None


def standing(
    connection: Connection, number: int, at_once: int, after: tuple[str, str] = ("", "")
) -> Iterator[list[Standing]]:
    """Its changes after that kind and key in their order, each beside what the feed says now."""
    joined = and_(
        feed.c.scope == CATALOGUE,
        feed.c.kind == revision_change.c.kind,
        feed.c.key == revision_change.c.key,
    )
    query = (
        select(*_CHANGE, func.nullif(feed.c.body, GONE))
        .outerjoin_from(revision_change, feed, joined)
        .where(revision_change.c.number == number)
        .order_by(*_KEYS)
        .limit(at_once)
    )
    while rows := connection.execute(query.where(tuple_(*_KEYS) > after)).all():
        yield [Standing(Change(*change), now) for *change, now in rows]
        after = rows[-1][0], rows[-1][1]


def put_into_feed(connection: Connection, number: int, position: int, now: str) -> None:
    """Let the feed say, after that position and in their order, what the revision makes of the
    things that it changes. `now` is when what is gone went, ISO 8601."""
    before, after = revision_change.c.before, revision_change.c.after
    rows = select(
        literal(CATALOGUE),
        *_KEYS,
        func.row_number().over(order_by=_KEYS) + position,
        func.coalesce(after, GONE),
        case((after.is_(None), now), else_=""),
    ).where(revision_change.c.number == number, before.is_distinct_from(after))
    columns = ["scope", "kind", "key", "position", "body", "gone_at"]
    statement = _INSERTS[connection.dialect.name](feed).from_select(columns, rows)
    news = {name: statement.excluded[name] for name in columns[3:]}
    connection.execute(statement.on_conflict_do_update(index_elements=columns[:3], set_=news))


def changes_of(
    connection: Connection, number: int, after: tuple[str, str] = ("", ""), most: int = 1_000
) -> list[Change]:
    """A page of its changes after that kind and key, in their order."""
    rows = connection.execute(
        select(*_CHANGE)
        .where(revision_change.c.number == number, tuple_(*_KEYS) > after)
        .order_by(*_KEYS)
        .limit(most)
    )
    return [Change(*row) for row in rows]


def changes_to(
    connection: Connection, kind: str, key: str, *states: State
) -> list[tuple[RevisionRow, Change]]:
    """What revisions in these states change of one thing, the newest first."""
    rows = connection.execute(
        select(revision, *_CHANGE)
        .join_from(revision, revision_change, revision.c.number == revision_change.c.number)
        .where(
            revision.c.state.in_(states),
            revision_change.c.kind == kind,
            revision_change.c.key == key,
        )
        .order_by(revision.c.place.desc(), revision.c.number.desc())
    )
    width = len(RevisionRow._fields)
    return [(_revision(row[:width]), Change(*row[width:])) for row in rows]


def former(connection: Connection, place: int) -> Iterator[tuple[str, str, bytes | None]]:
    """Of everything that was changed after that place, kind, key and what it was there."""
    rows = connection.execute(
        select(*_KEYS, revision_change.c.before)
        .join_from(revision, revision_change, revision.c.number == revision_change.c.number)
        .where(revision.c.place > place)
        .order_by(*_KEYS, revision.c.place)
    )
    last = None
    for row in rows:
        if (row.kind, row.key) != last:
            yield row.kind, row.key, row.before
        last = row.kind, row.key


def touching(
    connection: Connection, numbers: Sequence[int], kind: str, keys: Sequence[str]
) -> list[tuple[int, Change]]:
    """The changes that these revisions make to these things."""
    rows = connection.execute(
        select(revision_change.c.number, *_CHANGE).where(
            revision_change.c.number.in_(numbers),
            revision_change.c.kind == kind,
            one_of(revision_change.c.key, keys),
        )
    )
    return [(number, Change(*change)) for number, *change in rows]


# Barcodes


def owners(connection: Connection, number: int, codes: Sequence[str]) -> dict[str, str]:
    """Which product each of these barcodes belongs to with that revision: by what it says; else
    by what is planned; else by what stands, unless it changes the product that has it."""
    planned = select(revision.c.number).where(revision.c.state == State.PLANNED)
    claims = select(barcode_claim.c.code, barcode_claim.c.product_id)
    queries = (
        (
            barcode.c.code,
            select(barcode.c.code, barcode.c.product_id).where(~_changes_owner(number)),
        ),
        (barcode_claim.c.code, claims.where(barcode_claim.c.number.in_(planned))),
        (barcode_claim.c.code, claims.where(barcode_claim.c.number == number)),
    )
    return {
        row.code: row.product_id
        for code, query in queries
        for row in connection.execute(query.where(one_of(code, codes)))
    }


def _changes_owner(number: int) -> ColumnElement[bool]:
    """Whether the revision changes the product that has the barcode."""
    return exists().where(
        revision_change.c.number == number,
        revision_change.c.kind == PRODUCT,
        revision_change.c.key == barcode.c.product_id,
    )


def claim(connection: Connection, number: int, codes: Mapping[str, Sequence[str]]) -> None:
    """Let these products have these barcodes with the revision."""
    claims = [(number, code, product_id) for product_id, own in codes.items() for code in own]
    _CLAIMS.write(connection, sorted(claims))


def give_up_claims(connection: Connection, number: int, codes: Sequence[str]) -> None:
    """Let nobody have these barcodes by what the revision said so far."""
    if codes:
        of_revision = barcode_claim.c.number == number
        connection.execute(
            delete(barcode_claim).where(of_revision, one_of(barcode_claim.c.code, codes))
        )


def taken(connection: Connection, number: int) -> tuple[str, str, str] | None:
    """A barcode that the revision gives to a product while another one has it, or is planned to
    have it: code, that product, the other; None when there is none."""
    other = barcode_claim.alias()
    ours = select(barcode_claim.c.code, barcode_claim.c.product_id).where(
        barcode_claim.c.number == number
    )
    planned = select(revision.c.number).where(
        revision.c.state == State.PLANNED, revision.c.number != number
    )
    for query in (
        ours.add_columns(barcode.c.product_id)
        .join_from(barcode_claim, barcode, barcode_claim.c.code == barcode.c.code)
        .where(barcode_claim.c.product_id != barcode.c.product_id, ~_changes_owner(number)),
        ours.add_columns(other.c.product_id)
        .join_from(barcode_claim, other, barcode_claim.c.code == other.c.code)
        .where(other.c.number.in_(planned), barcode_claim.c.product_id != other.c.product_id),
    ):
        row = connection.execute(query.limit(1)).first()
        if row:
            return row[0], row[1], row[2]
    return None


def hand_out(connection: Connection, number: int) -> None:
    """Give the barcodes to the products as the revision says."""
    changed = select(revision_change.c.key).where(
        revision_change.c.number == number, revision_change.c.kind == PRODUCT
    )
    connection.execute(delete(barcode).where(barcode.c.product_id.in_(changed)))
    claims = select(barcode_claim.c.code, barcode_claim.c.product_id).where(
        barcode_claim.c.number == number
    )
    connection.execute(insert(barcode).from_select(["code", "product_id"], claims))


def drop_claims(connection: Connection, number: int) -> None:
    connection.execute(delete(barcode_claim).where(barcode_claim.c.number == number))
