"""What head office sees of the catalogue: revisions with what they change, a product with all that
is said of it, recalls."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from pricebook.rows import CATALOGUE, PRODUCT, RECALL, RECALLS, Change
from retail.catalogue import Product
from retail.revision import Recall
from sync_server.catalogue import records
from sync_server.catalogue.records import RevisionRow, State
from sync_server.catalogue.service import known, merged
from sync_server.feed import records as feed

#: a draft of more changes was made by a file, not by hand
FINGERPRINT_MAX: Final = 20_000
STATES: Final = tuple(State)


class Altered(NamedTuple):
    """A product before and after; None where there is none."""

    product_id: str
    before: Product | None
    after: Product | None


class RevisionView(NamedTuple):
    """A revision, how many products it changes, and some of these in the order of their ids."""

    row: RevisionRow
    changes: int
    altered: tuple[Altered, ...] = ()


class ProductView(NamedTuple):
    """A product as it stands, None when it does not; what drafts and plans make of it, the newest
    first; what became of it so far, the newest first; and its recalls."""

    product_id: str
    product: Product | None
    pending: tuple[tuple[RevisionRow, Altered], ...]
    history: tuple[tuple[RevisionRow, Altered], ...]
    recalls: tuple[Recall, ...]


def pending(connection: Connection) -> list[RevisionView]:
    """Drafts and plans, the newest first."""
    return _counted(connection, records.in_state(connection, State.DRAFT, State.PLANNED))


def history(connection: Connection, most: int, before_place: int = 0) -> list[RevisionView]:
    """Published revisions, the newest first: those before that place, if it is given."""
    return _counted(connection, records.history(connection, most, before_place))


def _counted(connection: Connection, rows: Sequence[RevisionRow]) -> list[RevisionView]:
    counts = records.counts(connection, [row.number for row in rows])
    return [RevisionView(row, counts.get(row.number, 0)) for row in rows]


def revision(connection: Connection, number: int, most: int, after: str = "") -> RevisionView:
    """A revision and up to `most` of its changes after that product: what it made of them, or what
    it would make of them now. Raises NoSuchRevision."""
    row = known(connection, number, *STATES)
    place = (PRODUCT, after) if after else ("", "")
    if row.state in (State.DRAFT, State.PLANNED):
        page = next(records.standing(connection, number, most, place), [])
        changes = [merged(each) for each in page]
    else:
        changes = records.changes_of(connection, number, place, most)
    altered = tuple(_altered(change) for change in changes)
    return RevisionView(row, records.count_changes(connection, number), altered)


def fingerprint(connection: Connection, number: int) -> str:
    """What a draft makes of everything it changes, as one word; empty when it changes so much that
    nobody has looked at all of it."""
    if records.count_changes(connection, number) > FINGERPRINT_MAX:
        return ""
    digest = sha256()
    for kind, key, _, after in records.changes_of(connection, number, most=FINGERPRINT_MAX):
        digest.update(msgspec.json.encode((kind, key, after)))
    return digest.hexdigest()


def product(connection: Connection, product_id: str) -> ProductView:
    """Everything that is said of a product."""
    stands = feed.published(connection, CATALOGUE, PRODUCT, [product_id]).get(product_id)
    found = records.changes_to(connection, PRODUCT, product_id, *STATES)
    altered = [(row, _altered(change)) for row, change in found]
    return ProductView(
        product_id,
        _product(stands),
        tuple(each for each in altered if each[0].state in (State.DRAFT, State.PLANNED)),
        tuple(each for each in altered if each[0].state == State.PUBLISHED),
        tuple(each for each in recalls(connection) if each.product_id == product_id),
    )


def product_in(connection: Connection, number: int, product_id: str) -> Product | None:
    """A product as the revision makes it, else as it stands. Raises NoSuchRevision."""
    known(connection, number, *STATES)
    change = records.change(connection, number, PRODUCT, product_id)
    if change is not None:
        return _product(change.after)
    return product(connection, product_id).product


def recalls(connection: Connection) -> list[Recall]:
    """What may not be sold, in the order of the products' ids."""
    bodies = feed.all_published(connection, RECALLS, RECALL).values()
    return [msgspec.json.decode(body, type=Recall) for body in bodies]


def names(connection: Connection, product_ids: Sequence[str]) -> dict[str, str]:
    """What those of these products are called that stand."""
    bodies = feed.published(connection, CATALOGUE, PRODUCT, product_ids)
    return {key: msgspec.json.decode(body, type=Product).name for key, body in bodies.items()}


def _altered(change: Change) -> Altered:
    return Altered(change.key, _product(change.before), _product(change.after))


def _product(body: bytes | None) -> Product | None:
    return None if body is None else msgspec.json.decode(body, type=Product)
