"""Pushes in two forms: as a till sends them, and as the rows that the hub makes of them.

The rows are worked out here a second time, so that what the hub sums up is checked too.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from benchmarks import goods
from benchmarks.goods import STORE, PaperTill
from benchmarks.reference.hub_push import JournalRow, Rows
from journal import wire
from journal.chain import hash_of
from journal.envelope import decode
from journal.stream import Head
from retail import facts
from retail.accounts import SALES, is_takings
from retail.postings import MONEY, postings
from sync_server.sync.service import PushProof

_RECEIVED_AT = "2026-06-03T01:00:00.000+00:00"


class Push(NamedTuple):
    """One push of so many facts, packed for the hub and packed for the reference."""

    hub: bytes
    reference: bytes
    facts: int


def rounds(
    tills: list[PaperTill], shelf: goods.Shelf, batch: int, lines: int, facts_a_round: int
) -> Iterator[list[Push]]:
    """Endless rounds of sales, the tills pushing in turn; every round goes on where the last
    ended."""
    while True:
        yield [
            sales(tills[place % len(tills)], place % len(tills) + 1, shelf, batch, lines)
            for place in range(max(1, facts_a_round // batch))
        ]


def first(till: PaperTill) -> bytes:
    """The push that begins a stream and opens its shift, packed for the hub."""
    base = till.head
    return wire.pack(till.push(base, till.begin()))


def sales(till: PaperTill, stream_no: int, shelf: goods.Shelf, batch: int, lines: int) -> Push:
    """A push of that many new sales, of that many lines each."""
    base = till.head
    sold = [till.sell(shelf.basket(lines)) for _ in range(batch)]
    push = till.push(base, sold)
    proof = PushProof(till.signer.public, till.head, push.sig)
    rows = _rows(sold, stream_no, till.head, proof.text)
    return Push(wire.pack(push), wire.pack(rows), batch)


def _rows(batch: list[bytes], stream_no: int, head: Head, proof: str) -> Rows:
    journal: list[JournalRow] = []
    money: Counter[tuple[str, str, str, str, str, str]] = Counter()
    stock: Counter[tuple[str, str, str]] = Counter()
    takings: Counter[tuple[str, str, str, str, str]] = Counter()
    money_entries, stock_entries, sales = money.copy(), stock.copy(), takings.copy()
    shift = day = ""
    for data in batch:
        envelope = decode(data)
        shift, day = envelope.shift, envelope.bdate
        journal.append(
            (
                stream_no,
                envelope.seq,
                envelope.eid,
                envelope.type,
                envelope.bdate,
                "",
                "",
                _RECEIVED_AT,
                msgspec.Raw(data),
                hash_of(data),
            )
        )
        fact = facts.decode(envelope.type, envelope.tv, envelope.body)
        for entry in postings(fact):
            if entry.book == MONEY:
                till = envelope.till
                money_key = (STORE, till, day, shift, entry.account, entry.item)
                money[money_key] += entry.amount
                money_entries[money_key] += 1
                if is_takings(entry.account):
                    hour = envelope.at[: len("2026-06-03T09")]
                    hour_key = (STORE, till, day, hour, entry.item)
                    takings[hour_key] -= entry.amount
                    sales[hour_key] += entry.account == SALES
            else:
                stock_key = (STORE, entry.item, entry.account)
                stock[stock_key] += entry.amount
                stock_entries[stock_key] += 1
    place = head.seq, head.hash
    return Rows(
        journal=journal,
        money=sorted((*key, amount, money_entries[key]) for key, amount in money.items()),
        stock=sorted((*key, amount, stock_entries[key]) for key, amount in stock.items()),
        takings=sorted((*key, amount, sales[key]) for key, amount in takings.items()),
        stream=(*place, *place, "", shift, _RECEIVED_AT, day, proof, None, stream_no),
    )
