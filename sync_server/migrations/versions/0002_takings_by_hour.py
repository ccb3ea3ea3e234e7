"""Takings by the hour, added up from the journal that is there; differences found by their day."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Text,
    bindparam,
    column,
    insert,
    select,
    table,
    text,
    tuple_,
)

revision = "0002"
down_revision = "0001"

_KEYS = ("store", "till", "business_date", "hour", "currency")
_FACTS_AT_ONCE = 5_000


class _Tender(msgspec.Struct):
    given_minor: int
    change_minor: int = 0


class _Sale(msgspec.Struct):
    currency: str
    tenders: tuple[_Tender, ...]


class _Told(msgspec.Struct):
    till: str
    at: str
    body: _Sale
    bdate: str = ""


def upgrade() -> None:
    """Add what the console reads."""
    added = op.create_table(
        "takings_by_hour",
        *(Column(key, Text, primary_key=True) for key in _KEYS),
        Column("amount", BigInteger, nullable=False),
        Column("sales", BigInteger, nullable=False),
        CheckConstraint("amount BETWEEN -9000000000000000000 AND 9000000000000000000", "whole"),
    )
    differing = text("account = 'over_short' AND amount <> 0")
    op.create_index(
        "money_ledger_difference",
        "money_ledger",
        ["business_date"],
        sqlite_where=differing,
        postgresql_where=differing,
    )
    taken: Counter[tuple[str, ...]] = Counter()
    sales: Counter[tuple[str, ...]] = Counter()
    for store, data in _sales(op.get_bind()):
        sale = msgspec.json.decode(data, type=_Told)
        key = (store, sale.till, sale.bdate, _hour(sale.at), sale.body.currency)
        taken[key] += sum(each.given_minor - each.change_minor for each in sale.body.tenders)
        sales[key] += 1
    rows = [
        dict(zip((*_KEYS, "amount", "sales"), (*key, taken[key], sales[key]), strict=True))
        for key in sorted(sales)
    ]
    if rows:
        op.get_bind().execute(insert(added), rows)


def _sales(connection: Connection) -> Iterator[tuple[str, Any]]:
    """The store and the bytes of every sale that is in the books."""
    names = ("stream_no", "seq", "data", "type", "verdict")
    journal = table("journal", *map(column, names)).alias("j")
    stream = table("stream", column("stream_no"), column("store_id")).alias("s")
    place = tuple_(journal.c.stream_no, journal.c.seq)
    page = (
        select(journal.c.stream_no, journal.c.seq, stream.c.store_id, journal.c.data)
        .join_from(journal, stream, journal.c.stream_no == stream.c.stream_no)
        .where(journal.c.type == "sale.completed", journal.c.verdict == "")
        .where(place > tuple_(bindparam("stream_no"), bindparam("seq")))
        .order_by(journal.c.stream_no, journal.c.seq)
        .limit(_FACTS_AT_ONCE)
    )
    last = {"stream_no": 0, "seq": 0}
    while rows := connection.execute(page, last).all():
        last = {"stream_no": rows[-1].stream_no, "seq": rows[-1].seq}
        yield from ((row.store_id, row.data) for row in rows)


def _hour(at: str) -> str:
    try:
        return datetime.fromisoformat(at[:13]).isoformat(timespec="hours")
    except ValueError:
        return ""
