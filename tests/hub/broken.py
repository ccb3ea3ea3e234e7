"""A hub's program that is broken, or older than its tills, for as long as a test says; and what
head office does about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from retail import facts
from retail.facts import Fact, SaleCompleted
from retail.postings import Posting, postings
from sync_server import recorder
from sync_server.catalogue import stores
from sync_server.quarantine import records
from sync_server.quarantine.records import Where
from sync_server.quarantine.replays import Tally
from tests.served_hub import ServedHub

#: a product that the broken program cannot book
POISON = "poison"
#: what an older program does not know
NEWER = ("stock.received", 1)


class Bug(Exception):
    """Nobody thought of it."""


@contextmanager
def a_bug(product_id: str = POISON, fault: Exception | None = None) -> Iterator[None]:
    """What a sale of that product means makes the program fail."""

    def failing(fact: Fact) -> tuple[Posting, ...]:
        if isinstance(fact, SaleCompleted) and fact.lines[0].product_id == product_id:
            raise fault or Bug("who would have thought of it")
        return postings(fact)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder, "postings", failing)
        yield


@contextmanager
def a_bug_beside_the_books(code: str) -> Iterator[None]:
    """What else follows from a decision about that code makes the program fail."""

    def failing(name: str, version: int, body: Any) -> Fact:
        if code.encode() in bytes(body):
            raise Bug("who would have thought of it")
        return facts.decode(name, version, body)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "decode_fact", failing)
        yield


@contextmanager
def an_older_program() -> Iterator[None]:
    """The program does not know NEWER yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(facts._DECODERS, NEWER)
        yield


@contextmanager
def a_newer_program() -> Iterator[None]:
    """Sales are of version 2, which counts single bottles; those of version 1 counted in twos."""

    def in_bottles(sale: SaleCompleted) -> SaleCompleted:
        lines = [replace(line, quantity=2 * line.quantity) for line in sale.lines]
        return replace(sale, lines=tuple(lines))

    name, version = facts.TYPES[SaleCompleted]
    newer = name, version + 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(facts.TYPES, SaleCompleted, newer)
        patch.setitem(facts.OLDER, (name, version), (SaleCompleted, in_bottles))
        patch.setitem(facts._DECODERS, newer, facts._DECODERS[name, version])
        yield


def replays(hub: ServedHub, where: Where = records.ALL, author: str = "wang") -> Tally:
    """Head office replays what is unsettled."""
    return hub.do(hub.hub.office.quarantine.replay(where, author))
