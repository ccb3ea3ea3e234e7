"""One product changed: into a draft, or published or planned at once."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from pricebook.rows import CATALOGUE, PRODUCT
from retail.catalogue import Product
from retail.language import Text
from retail.refusals import Refusal
from sync_server.catalogue import acts, records, service, views
from sync_server.catalogue.acts import Act
from sync_server.catalogue.records import State
from sync_server.catalogue.service import NoSuchProduct
from sync_server.feed import records as feed

#: what is to become of a product; None where there is none, before or after
Edit = Callable[[Product | None], Product | None]


class StaysOut(Refusal):
    code = "stays_out"
    sentence = Text("Product {product}: {why}.", "商品 {product}：{why}。")
    way_on = Text(
        "Give it another barcode, or take it from the other product first.",
        "请改用其他条码，或先从另一商品上移除。",
    )


class SameAsBefore(Refusal):
    code = "same_as_before"
    sentence = Text("Product {product} is like that already.", "商品 {product} 已是如此。")
    way_on = Text("There is nothing to change.", "无需更改。")


class StandsAlready(Refusal):
    code = "stands_already"
    sentence = Text(
        "Everything is as it was when revision {revision} stood.",
        "当前目录与版本 {revision} 生效时完全相同。",
    )
    way_on = Text("There is nothing to roll back.", "无需回滚。")


class ChangedMeanwhile(Refusal):
    code = "changed_meanwhile"
    sentence = Text(
        "Draft {revision} is not what it was when you looked.", "草稿 {revision} 在您查看后有改动。"
    )
    way_on = Text("Look at it as it is now, and do it again.", "请查看最新内容后再操作。")


class Done(NamedTuple):
    """The revision that was made, and the name it has, or will have at its time."""

    number: int
    name: str


def edit(
    connection: Connection, number: int, product_id: str, change: Edit, author: str, now: datetime
) -> None:
    """Let a draft make this of a product, as the draft has it or else as it stands. Raises
    NoSuchRevision, NotThatState, NoSuchProduct, StaysOut and what `change` raises."""
    feed.hold(connection, CATALOGUE)
    service.known(connection, number, State.DRAFT)
    before = views.product_in(connection, number, product_id)
    after = change(before)
    if after is None and before is None:
        raise NoSuchProduct(product=product_id)
    _put(connection, number, product_id, after)
    if after != before:
        _tell(connection, number, product_id, author, now)


def _put(connection: Connection, number: int, product_id: str, after: Product | None) -> None:
    if after is None:
        service.remove_products(connection, number, [product_id])
        return
    for why in service.put_products(connection, number, [after]).values():
        raise StaysOut(product=product_id, why=why)


def _tell(connection: Connection, number: int, product_id: str, author: str, now: datetime) -> None:
    acts.tell(connection, now, author, Act.EDITED, f"{number}/{product_id}")


def edit_anew(
    connection: Connection, product_id: str, change: Edit, author: str, note: str, now: datetime
) -> int:
    """The same in a new draft; returns its number. Raises SameAsBefore too."""
    number = service.draft(connection, author, note, now)
    edit(connection, number, product_id, change, author, now)
    if not records.count_changes(connection, number):
        raise SameAsBefore(product=product_id)
    return number


def edit_at_once(
    connection: Connection,
    product_id: str,
    change: Edit,
    author: str,
    note: str,
    effective_at: datetime | None,
    now: datetime,
) -> Done:
    """The same, published, or planned for a time. Raises PlannedInThePast too."""
    number = edit_anew(connection, product_id, change, author, note, now)
    if effective_at is not None:
        return Done(number, service.plan(connection, number, effective_at, author, now))
    return Done(number, service.publish(connection, number, author, now).name)


def as_shown(connection: Connection, number: int, shown: str) -> None:
    """Let nobody change a draft until the transaction ends; `shown` is its fingerprint as somebody
    saw it, empty when nobody did. Raises ChangedMeanwhile."""
    feed.hold(connection, CATALOGUE)
    if shown and shown != views.fingerprint(connection, number):
        raise ChangedMeanwhile(revision=number)


def leave(connection: Connection, number: int, product_id: str, author: str, now: datetime) -> None:
    """Let a draft leave a product as it stands. Raises NoSuchRevision, NotThatState or StaysOut."""
    stands = views.product(connection, product_id).product
    feed.hold(connection, CATALOGUE)
    drafted = records.change(connection, number, PRODUCT, product_id)
    _put(connection, number, product_id, stands)
    if drafted is not None:
        _tell(connection, number, product_id, author, now)


def draft_roll_back(connection: Connection, number: int, author: str, now: datetime) -> int:
    """A draft that makes everything as it was when that revision stood; returns its number. Raises
    NoSuchRevision, NotThatState or StandsAlready."""
    back = service.roll_back(connection, number, author, now)
    if not records.count_changes(connection, back):
        raise StandsAlready(revision=number)
    return back
