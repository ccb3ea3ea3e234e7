"""What concerns one store alone: its cashiers, its settings, and how its people read codes."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from journal import envelope
from journal.wire import PushReply, PushRequest
from pricebook.rows import store_scope
from retail.catalogue import Cashier, StoreSettings
from retail.facts import TYPES, CodeDecided
from retail.facts import decode as decode_fact
from retail.receipt import BUILT_IN
from sync_server.feed import records as feed
from sync_server.sync.records import find_till
from sync_server.sync.service import known_store

#: what a fact of that type has in its bytes, so that the others need not be read
_DECIDED = TYPES[CodeDecided][0].encode()
#: digits of a code that may be two things
_DIGITS = 8


def publish_cashiers(connection: Connection, store_id: str, cashiers: list[Cashier]) -> int:
    """Publish a store's cashiers; returns how many changed anything. Raises NoSuchStore."""
    known_store(connection, store_id)
    bodies = {cashier.cashier_id: msgspec.json.encode(cashier) for cashier in cashiers}
    return feed.publish(connection, store_scope(store_id), "cashier", bodies)


def keep_readings(connection: Connection, request: PushRequest, reply: PushReply) -> None:
    """Tell all tills of a store what a cashier at one of them said that codes are which may be two
    things: of the facts that were pushed, those that are in force."""
    without_effect = {verdict.seq for verdict in reply.verdicts}
    bodies: dict[str, bytes | None] = {}
    for data in request.facts:
        if _DECIDED in bytes(data):
            fact = envelope.decode(data)
            if (fact.type, fact.tv) == TYPES[CodeDecided] and fact.seq not in without_effect:
                said = decode_fact(fact.type, fact.tv, fact.body)
                assert isinstance(said, CodeDecided)
                if len(said.code) == _DIGITS and said.code.isascii() and said.code.isdecimal():
                    bodies[said.code] = msgspec.json.encode(said.reading)
    if bodies:
        till = find_till(connection, request.till)
        assert till is not None
        feed.publish(connection, store_scope(till.store_id), "reading", bodies)


def publish_settings(connection: Connection, store_id: str, settings: StoreSettings) -> int:
    bodies = {store_id: msgspec.json.encode(settings)}
    return feed.publish(connection, store_scope(store_id), "settings", bodies)


def settings_of(connection: Connection, store_id: str) -> StoreSettings | None:
    """What is published for a store now."""
    bodies = feed.published(connection, store_scope(store_id), "settings", [store_id])
    if store_id not in bodies:
        return None
    return msgspec.json.decode(bodies[store_id], type=StoreSettings)


def receipt_template(connection: Connection, store_id: str) -> tuple[str, ...]:
    """By what a store lays out its receipts, line by line. Raises NoSuchStore."""
    known_store(connection, store_id)
    settings = settings_of(connection, store_id) or StoreSettings()
    return settings.receipt_template or BUILT_IN[settings.language]


def lay_out_receipts(
    connection: Connection, store_ids: Sequence[str], template: tuple[str, ...]
) -> int:
    """Have these stores lay out their receipts so; by an empty template, in the built-in way.
    Returns how many did otherwise before. Raises NoSuchStore, UnusableTemplate or
    IncompleteTemplate; nothing has changed then."""
    changed = 0
    for store_id in store_ids:
        known_store(connection, store_id)
        before = settings_of(connection, store_id) or StoreSettings()
        after = msgspec.structs.replace(before, receipt_template=template)
        after.receipt_layout()
        changed += publish_settings(connection, store_id, after)
    return changed
