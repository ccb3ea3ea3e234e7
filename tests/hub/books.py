"""The hub's books as its database holds them, and as its own journal says they must be."""

from typing import NamedTuple

from sqlalchemy import Connection, select

from journal.envelope import decode
from journal.stream import STREAM_BEGAN
from retail import facts
from retail.postings import MONEY, postings
from sync_server.ledgers import money_ledger, stock_ledger
from sync_server.recorder import journal
from sync_server.sync.records import stream, till

Ledger = dict[tuple[str, ...], tuple[int, int]]


class Books(NamedTuple):
    """Sum and number of postings by account."""

    money: Ledger
    stock: Ledger


class Row(NamedTuple):
    """A fact as the hub keeps it."""

    till: str
    seq: int
    type: str
    verdict: str
    reason: str
    data: bytes


def books(connection: Connection) -> Books:
    money, stock = (
        {tuple(row[:-2]): (row.amount, row.entries) for row in connection.execute(select(ledger))}
        for ledger in (money_ledger, stock_ledger)
    )
    return Books(money, stock)


def stored(connection: Connection) -> list[Row]:
    """The journal, stream by stream."""
    columns = (stream.c.till_id, journal.c.seq, journal.c.type)
    verdict = (journal.c.verdict, journal.c.reason, journal.c.data)
    rows = connection.execute(
        select(*columns, *verdict)
        .join_from(journal, stream, journal.c.stream_no == stream.c.stream_no)
        .order_by(journal.c.stream_no, journal.c.seq)
    )
    return [Row(*row[:-1], bytes(row.data)) for row in rows]


def recounted(connection: Connection) -> Books:
    """The books by adding up afresh what the journal says was applied."""
    stores = {row.till_id: row.store_id for row in connection.execute(select(till))}
    counted = Books({}, {})
    for row in stored(connection):
        envelope = decode(row.data)
        if row.verdict or (envelope.type, envelope.tv) == STREAM_BEGAN:
            continue
        store, shift = stores[row.till], envelope.shift
        for entry in postings(facts.decode(envelope.type, envelope.tv, envelope.body)):
            ledger: Ledger = counted.stock
            key: tuple[str, ...] = (store, entry.item, entry.account)
            if entry.book == MONEY:
                ledger = counted.money
                key = (store, row.till, envelope.bdate, shift, entry.account, entry.item)
            total, entries = ledger.get(key, (0, 0))
            ledger[key] = (total + entry.amount, entries + 1)
    return counted
