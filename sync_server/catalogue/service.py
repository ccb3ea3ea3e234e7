"""Revisions of the catalogue: drafted, published whole, planned for a time, rolled back.

    number = draft(connection, "wang", "summer prices", now)
    put_products(connection, number, products)
    publish(connection, number, now).name

A revision is what it changes: each thing before and after. What stands is in the feed alone; its
name is what the feed's rows add up to (pricebook.rows), so publishing the former contents again
brings the former name again. A change that was drafted upon something that has changed since is
put in field by field: what the draft leaves alone stays as it has become.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from pricebook.rows import (
    CATALOGUE,
    GONE,
    PLAN,
    PLANNED,
    PRODUCT,
    RECALL,
    RECALLS,
    REVISION,
    REVISIONS,
    Change,
)
from retail.catalogue import Product
from retail.language import Text
from retail.refusals import Refusal
from retail.revision import Plan, Planned, Recall, Revision
from sync_server.catalogue import acts, records
from sync_server.catalogue.acts import Act
from sync_server.catalogue.moments import told
from sync_server.catalogue.records import RevisionRow, Standing, State
from sync_server.feed import records as feed
from sync_server.feed.records import Head

#: so many things are read and written at once
AT_ONCE = 5_000
#: a note that names a revision after this sign, by its number, is of a draft that goes back to it
BACK = "↶ "
STATE_NAMES = {
    State.DRAFT: Text("a draft", "草稿"),
    State.PLANNED: Text("planned", "已排期"),
    State.PUBLISHED: Text("published", "已发布"),
    State.WITHDRAWN: Text("withdrawn", "已撤回"),
}


class NoSuchRevision(Refusal):
    code = "no_such_revision"
    sentence = Text("There is no revision {revision}.", "没有版本 {revision}。")
    way_on = Text(
        "See them: sync-server products history", "查看全部版本：sync-server products history"
    )


class NotThatState(Refusal):
    code = "not_that_state"
    sentence = Text("Revision {revision} is {state}.", "版本 {revision} 的状态为 {state}。")
    way_on = Text(
        "A draft is changed, published or planned; a planned one is published or withdrawn.",
        "草稿可修改、发布或排期；已排期的可发布或撤回。",
    )


class BarcodeTaken(Refusal):
    code = "barcode_taken"
    sentence = Text(
        "Barcode {barcode} of product {product} belongs to product {other} now.",
        "商品 {product} 的条码 {barcode} 现已属于商品 {other}。",
    )
    way_on = Text("Take it from one of them in the draft.", "请在草稿中从其中一个商品上移除。")


class PlannedInThePast(Refusal):
    code = "planned_in_the_past"
    sentence = Text("{when} is not in the future.", "{when} 不是将来的时间。")
    way_on = Text("Give a later time, or publish at once.", "请填写更晚的时间，或立即发布。")


class NothingChanged(Refusal):
    code = "nothing_changed"
    sentence = Text(
        "Revision {revision} changes nothing any more.", "版本 {revision} 已没有任何变更。"
    )
    way_on = Text("There is nothing to publish.", "无需发布。")


class NoSuchProduct(Refusal):
    code = "no_such_product"
    sentence = Text("There is no product {product}.", "没有商品 {product}。")
    way_on = Text(
        "Look for it: sync-server products find WORDS", "请查找：sync-server products find 关键词"
    )


class RecallWithoutReason(Refusal):
    code = "recall_without_reason"
    sentence = Text("A recall needs a reason.", "召回需要填写原因。")
    way_on = Text("Say what the cashier is to tell customers.", "请说明原因，供收银员告知顾客。")


class Published(NamedTuple):
    """What stands since: the revision's name, empty when nothing changed; how many things moved;
    and why each of the products that stay out does."""

    name: str
    moved: int
    refused: dict[str, Text]


# Drafts


def draft(
    connection: Connection, author: str, note: str, now: datetime, act: Act = Act.DRAFTED
) -> int:
    """Begin a revision; returns its number."""
    feed.hold(connection, CATALOGUE)
    number = records.add(connection, author, note, _text(now))
    acts.tell(connection, now, author, act, str(number), note)
    return number


def known(connection: Connection, number: int, *states: State) -> RevisionRow:
    """The revision of that number. Raises NoSuchRevision, or NotThatState when it is in none of
    these states."""
    row = records.find(connection, number)
    if row is None:
        raise NoSuchRevision(revision=number)
    if row.state not in states:
        raise NotThatState(revision=number, state=STATE_NAMES[row.state])
    return row


def put_products(
    connection: Connection, number: int, products: Sequence[Product]
) -> dict[str, Text]:
    """Let a draft make these of the products; of one that is named twice the latter. One that
    claims a barcode of another product stays out; comes back with why. What says the same as what
    stands is no change. Raises NoSuchRevision or NotThatState."""
    feed.hold(connection, CATALOGUE)
    known(connection, number, State.DRAFT)
    named = {product.product_id: product for product in products}
    refused = _refused(connection, number, named)
    for key in refused:
        del named[key]
    _put(connection, number, named)
    return refused


def remove_products(connection: Connection, number: int, product_ids: Sequence[str]) -> None:
    """Let a draft take these products out of the catalogue. Raises NoSuchRevision or
    NotThatState."""
    feed.hold(connection, CATALOGUE)
    known(connection, number, State.DRAFT)
    _put(connection, number, dict.fromkeys(product_ids))


def _put(connection: Connection, number: int, products: Mapping[str, Product | None]) -> None:
    keys = list(products)
    drafted = [change for _, change in records.touching(connection, [number], PRODUCT, keys)]
    if drafted:
        codes = [code for change in drafted for code in _codes(change.after)]
        records.give_up_claims(connection, number, codes)
        records.drop_changes(connection, number, PRODUCT, [change.key for change in drafted])
    stands = feed.published(connection, CATALOGUE, PRODUCT, keys)
    changes: list[Change] = []
    claims: dict[str, tuple[str, ...]] = {}
    for key, product in products.items():
        before = stands.get(key)
        after = product if product is None else msgspec.json.encode(product)
        if after != before:
            changes.append(Change(PRODUCT, key, before, after))
            claims[key] = product.all_codes if product else ()
    records.put_changes(connection, number, changes)
    records.claim(connection, number, claims)


def _codes(body: bytes | None) -> tuple[str, ...]:
    return msgspec.json.decode(body, type=Product).all_codes if body else ()


def _refused(
    connection: Connection, number: int, products: Mapping[str, Product]
) -> dict[str, Text]:
    """The products that claim a barcode of another one. A barcode that its owner gives up among
    these same products is free, unless its owner is refused itself."""
    claimed = [code for product in products.values() for code in product.all_codes]
    codes = dict.fromkeys(claimed)  # in their order, in which an index is read faster
    owners = records.owners(connection, number, list(codes))
    if not owners and len(codes) == len(claimed):
        return {}
    had: dict[str, list[str]] = defaultdict(list)
    holders: dict[str, str] = {}
    for code, owner in owners.items():
        had[owner].append(code)
        if owner not in products or code in products[owner].all_codes:
            holders[code] = owner
    refused: dict[str, Text] = {}
    for key, product in products.items():
        held = [code for code in product.all_codes if holders.get(code, key) != key]
        if held:
            refused[key] = _belongs(held[0], holders[held[0]])
        else:
            holders.update(dict.fromkeys(product.all_codes, key))
    left = list(refused)
    while left:
        owner = left.pop()
        for code in had[owner]:
            claimant, holders[code] = holders.get(code, owner), owner
            if claimant != owner and claimant not in refused:
                refused[claimant] = _belongs(code, owner)
                left.append(claimant)
    return refused


def _belongs(code: str, product_id: str) -> Text:
    return Text(
        f"barcode {code} belongs to product {product_id}", f"条码 {code} 属于商品 {product_id}"
    )


# Publishing


def publish_products(
    connection: Connection, products: Sequence[Product], author: str, note: str, now: datetime
) -> Published:
    """Draft and publish at once, if that changes anything."""
    number = draft(connection, author, note, now)
    refused = put_products(connection, number, products)
    return publish_or_forget(connection, number, author, now)._replace(refused=refused)


def publish_or_forget(connection: Connection, number: int, author: str, now: datetime) -> Published:
    """Publish a draft; one that changes nothing has never been. Raises NoSuchRevision,
    NotThatState or BarcodeTaken."""
    if records.count_changes(connection, number):
        return publish(connection, number, author, now)
    records.forget(connection, number)
    acts.forget(connection, number)
    return Published("", 0, {})


def publish(connection: Connection, number: int, author: str, now: datetime) -> Published:
    """Let a draft or a planned revision stand, whole; nobody is its author where its time has
    come. Raises NoSuchRevision, NotThatState, BarcodeTaken or NothingChanged."""
    feed.hold(connection, CATALOGUE)
    row = known(connection, number, State.DRAFT, State.PLANNED)
    stood = feed.head(connection, CATALOGUE)
    contents = stood.contents
    moved: list[str] = []
    for some in records.standing(connection, number, AT_ONCE):
        changes = _upon_what_stands(connection, number, some)
        moving = [change for change in changes if change.before != change.after]
        contents = contents.with_changes(moving)
        moved += [change.key for change in moving]
    if not moved:
        raise NothingChanged(revision=number)
    _check_barcodes(connection, number)
    records.put_into_feed(connection, number, stood.position, _text(now))
    feed.move_head(connection, CATALOGUE, Head(stood.position + len(moved), contents))
    records.hand_out(connection, number)
    records.drop_claims(connection, number)
    name = contents.name
    if row.state == State.PLANNED:
        _take_plan_back(connection, number, now)
    records.save(
        connection,
        number,
        state=State.PUBLISHED,
        name=name,
        published_at=_text(now),
        place=records.next_place(connection),
    )
    _rebase_plans(connection, moved, now)
    stands = msgspec.json.encode(Revision(name, _text(now), row.note))
    feed.publish(connection, REVISIONS, REVISION, {"": stands}, _text(now))
    acts.tell(connection, now, author, Act.PUBLISHED, str(number), row.note)
    return Published(name, len(moved), {})


def _check_barcodes(connection: Connection, number: int) -> None:
    taken = records.taken(connection, number)
    if taken:
        barcode, product, other = taken
        raise BarcodeTaken(barcode=barcode, product=product, other=other)


def _upon_what_stands(
    connection: Connection, number: int, some: Sequence[Standing]
) -> list[Change]:
    """The revision's changes upon what stands now, and kept so; their barcodes with them. Raises
    BarcodeTaken."""
    if all(change.before == now for change, now in some):
        return [change for change, _ in some]
    changes = [merged(each) for each in some]
    pairs = [(each.change, change) for each, change in zip(some, changes, strict=True)]
    records.put_changes(connection, number, [now for was, now in pairs if now != was])
    recoded = {
        now.key: (_codes(was.after), _codes(now.after))
        for was, now in pairs
        if now.after != was.after and _codes(now.after) != _codes(was.after)
    }
    if recoded:
        records.give_up_claims(connection, number, [c for was, _ in recoded.values() for c in was])
        owners = records.owners(connection, number, [c for _, now in recoded.values() for c in now])
        for key, (_, codes) in recoded.items():
            for code in codes:
                if owners.get(code, key) != key:
                    raise BarcodeTaken(barcode=code, product=key, other=owners[code])
        records.claim(connection, number, {key: codes for key, (_, codes) in recoded.items()})
    return changes


def merged(standing: Standing) -> Change:
    """The change upon what stands now. What was drafted upon something else is put in field by
    field: those that the draft changed, all others as they have become."""
    change, now = standing
    if now == change.before:
        return change
    if change.after is None or now is None or change.before is None:
        return change._replace(before=now)
    before, after, fields = (
        msgspec.json.decode(body, type=dict[str, Any])
        for body in (change.before, change.after, now)
    )
    for name in before.keys() | after.keys():
        if before.get(name) != after.get(name):
            if name in after:
                fields[name] = after[name]
            else:
                fields.pop(name, None)
    product = msgspec.convert(fields, Product)
    return change._replace(before=now, after=msgspec.json.encode(product))


def roll_back(connection: Connection, number: int, author: str, now: datetime) -> int:
    """A draft that makes everything as it was when that revision stood; returns its number.
    Raises NoSuchRevision or NotThatState."""
    row = known(connection, number, State.PUBLISHED)
    back = draft(connection, author, f"{BACK}{row.number}", now, Act.ROLLED_BACK)
    products = {
        key: None if body is None else msgspec.json.decode(body, type=Product)
        for kind, key, body in records.former(connection, row.place)
        if kind == PRODUCT
    }
    _put(connection, back, products)
    return back


# Plans


def plan(
    connection: Connection, number: int, effective_at: datetime, author: str, now: datetime
) -> str:
    """Let a draft go into force at a time; tills hear of it now and do it by themselves. Returns
    the name it will have if nothing else is published before. Raises NoSuchRevision, NotThatState,
    PlannedInThePast, BarcodeTaken or NothingChanged."""
    feed.hold(connection, CATALOGUE)
    row = known(connection, number, State.DRAFT)
    if effective_at <= now:
        raise PlannedInThePast(when=told(effective_at))
    contents = feed.head(connection, CATALOGUE).contents
    count = 0
    for some in records.standing(connection, number, AT_ONCE):
        changes = _upon_what_stands(connection, number, some)
        contents = contents.with_changes(changes)
        _publish_planned(connection, number, changes, now)
        count += len(changes)
    if not count:
        raise NothingChanged(revision=number)
    _check_barcodes(connection, number)
    announced = Plan(str(number), effective_at, count, row.note)
    feed.publish(
        connection, REVISIONS, PLAN, {str(number): msgspec.json.encode(announced)}, _text(now)
    )
    records.save(
        connection,
        number,
        state=State.PLANNED,
        name=contents.name,
        effective_at=_text(effective_at),
    )
    acts.tell(connection, now, author, Act.PLANNED, str(number), row.note)
    return contents.name


def _publish_planned(
    connection: Connection, number: int, changes: Sequence[Change], now: datetime
) -> None:
    bodies = {
        f"{number}/{change.kind}/{change.key}": msgspec.json.encode(
            Planned(change.kind, change.key, msgspec.Raw(change.after or GONE))
        )
        for change in changes
    }
    feed.publish(connection, REVISIONS, PLANNED, bodies, _text(now))


def _take_plan_back(connection: Connection, number: int, now: datetime) -> None:
    """Let no till do it by itself any more."""
    after = ("", "")
    while changes := records.changes_of(connection, number, after, AT_ONCE):
        keys = [f"{number}/{change.kind}/{change.key}" for change in changes]
        feed.publish(connection, REVISIONS, PLANNED, dict.fromkeys(keys), _text(now))
        after = changes[-1].kind, changes[-1].key
    feed.publish(connection, REVISIONS, PLAN, {str(number): None}, _text(now))


def _rebase_plans(connection: Connection, keys: Sequence[str], now: datetime) -> None:
    """Let plans that change these products start from what these have become."""
    planned = [row.number for row in records.in_state(connection, State.PLANNED)]
    if not planned:
        return
    stands = feed.published(connection, CATALOGUE, PRODUCT, keys)
    for number, change in records.touching(connection, planned, PRODUCT, keys):
        standing = Standing(change, stands.get(change.key))
        _publish_planned(connection, number, _upon_what_stands(connection, number, [standing]), now)


def due(connection: Connection, now: datetime) -> list[int]:
    """The planned revisions whose time has come, in its order."""
    rows = records.in_state(connection, State.PLANNED)
    come = [row for row in rows if datetime.fromisoformat(row.effective_at) <= now]
    return [row.number for row in sorted(come, key=lambda row: (row.effective_at, row.number))]


def withdraw(connection: Connection, number: int, author: str, now: datetime) -> None:
    """Give up a draft, or a plan before its time. Raises NoSuchRevision or NotThatState."""
    feed.hold(connection, CATALOGUE)
    row = known(connection, number, State.DRAFT, State.PLANNED)
    if row.state == State.PLANNED:
        _take_plan_back(connection, number, now)
    records.drop_claims(connection, number)
    records.save(connection, number, state=State.WITHDRAWN)
    acts.tell(connection, now, author, Act.WITHDRAWN, str(number), row.note)


# What may not be sold


def recall(connection: Connection, recalled: Recall, author: str, now: datetime) -> int:
    """Let no till sell this any more, from the moment it hears of it. Raises RecallWithoutReason,
    or NoSuchProduct for one that is not in the catalogue and never was."""
    if not recalled.reason:
        raise RecallWithoutReason
    product_id = recalled.product_id
    stands = feed.published(connection, CATALOGUE, PRODUCT, [product_id])
    if not stands and not records.changes_to(connection, PRODUCT, product_id, State.PUBLISHED):
        raise NoSuchProduct(product=product_id)
    bodies = {recalled.key: msgspec.json.encode(recalled)}
    moved = feed.publish(connection, RECALLS, RECALL, bodies, _text(now))
    if moved:
        acts.tell(connection, now, author, Act.RECALLED, recalled.key, recalled.reason)
    return moved


def lift_recall(connection: Connection, key: str, author: str, now: datetime) -> int:
    """Let it be sold again; returns 0 when it was not recalled."""
    moved = feed.publish(connection, RECALLS, RECALL, {key: None}, _text(now))
    if moved:
        acts.tell(connection, now, author, Act.LIFTED, key)
    return moved


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
