"""What concerns one store alone: its cashiers, its settings, and how its people read codes."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from journal.push import Arrived
from pricebook.rows import CASHIER, READING, SETTINGS, store_scope
from retail.catalogue import Cashier, StoreSettings
from retail.facts import TYPES, CodeDecided
from retail.facts import decode as decode_fact
from retail.receipt import BUILT_IN
from sync_server.feed import records as feed
from sync_server.stores import known_store

_DECIDED, _ = TYPES[CodeDecided]
#: digits of a code that may be two things
_DIGITS = 8


def publish_cashiers(connection: Connection, store_id: str, cashiers: list[Cashier]) -> int:
    """Publish a store's cashiers; returns how many changed anything. Raises NoSuchStore."""
    known_store(connection, store_id)
    bodies = {cashier.cashier_id: msgspec.json.encode(cashier) for cashier in cashiers}
    return feed.publish(connection, store_scope(store_id), CASHIER, bodies)


def keep_readings(connection: Connection, store_id: str, applied: Sequence[Arrived]) -> None:
    """Tell all tills of a store what a cashier at one of them said that codes are which may be two
    things: of facts that are applied now."""
    bodies: dict[str, bytes | None] = {}
    for fact in applied:
        told = fact.envelope
        if told.type == _DECIDED:
            said = decode_fact(told.type, told.tv, told.body)
            assert isinstance(said, CodeDecided)
            if len(said.code) == _DIGITS and said.code.isascii() and said.code.isdecimal():
                bodies[said.code] = msgspec.json.encode(said.reading)
    if bodies:
        feed.publish(connection, store_scope(store_id), READING, bodies)


def publish_settings(connection: Connection, store_id: str, settings: StoreSettings) -> int:
    bodies = {store_id: msgspec.json.encode(settings)}
    return feed.publish(connection, store_scope(store_id), SETTINGS, bodies)


def settings_of(connection: Connection, store_id: str) -> StoreSettings | None:
    """What is published for a store now."""
    bodies = feed.published(connection, store_scope(store_id), SETTINGS, [store_id])
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
