"""What the status page reads: streams, takings, quarantine."""

from typing import NamedTuple

from sqlalchemy import Connection, and_, case, func, or_, select

from sync_server.recorder import HAS_VERDICT, journal, money_ledger
from sync_server.sync.records import store, stream, till


class TillStanding(NamedTuple):
    """How a till stands: its store, and how far its newest stream has come; a store without tills
    stands without one."""

    store_id: str
    store_name: str
    timezone: str
    currency: str
    till_id: str | None
    revoked: bool
    head_seq: int
    declared_seq: int
    waiting_since: str
    open_shift: str
    last_contact: str
    forked: bool


class Takings(NamedTuple):
    """What one till took on one business date: what customers paid, as its X report says it."""

    business_date: str
    minor: int
    sales: int


def tills(connection: Connection) -> list[TillStanding]:
    """Every store with its tills; a store without tills once, without one."""
    streams = stream.alias()
    newest = (
        select(func.max(streams.c.stream_no))
        .where(streams.c.till_id == till.c.till_id)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(store, till, stream)
        .select_from(
            store.outerjoin(till, till.c.store_id == store.c.store_id).outerjoin(
                stream, stream.c.stream_no == newest
            )
        )
        .order_by(store.c.store_id, func.length(till.c.till_id), till.c.till_id)
    ).mappings()
    return [
        TillStanding(
            row[store.c.store_id],
            row[store.c.name],
            row[store.c.timezone],
            row[store.c.currency],
            row[till.c.till_id],
            row[till.c.revoked_at] is not None,
            row[stream.c.head_seq] or 0,
            row[stream.c.declared_seq] or 0,
            row[stream.c.waiting_since] or "",
            row[stream.c.open_shift] or "",
            row[stream.c.last_contact] or "",
            row[stream.c.forked_seq] is not None,
        )
        for row in rows
    ]


def latest_takings(connection: Connection) -> dict[str, Takings]:
    """Per till, the takings of its latest business date, in the store's currency: goods, tax and
    rounding."""
    ledger, sold = money_ledger, money_ledger.alias()
    latest = (
        select(sold.c.business_date)
        .where(sold.c.store == till.c.store_id, sold.c.till == till.c.till_id)
        .where(sold.c.account == "sales")
        .order_by(sold.c.business_date.desc())
        .limit(1)
        .scalar_subquery()
    )
    of_the_day = and_(
        ledger.c.store == till.c.store_id,
        ledger.c.till == till.c.till_id,
        ledger.c.business_date == latest,
        ledger.c.currency == store.c.currency,
        or_(ledger.c.account.in_(("sales", "rounding")), ledger.c.account.like("tax:%")),
    )
    sales = case((ledger.c.account == "sales", ledger.c.entries), else_=0)
    rows = connection.execute(
        select(till.c.till_id, ledger.c.business_date, -func.sum(ledger.c.amount), func.sum(sales))
        .select_from(till.join(store).join(ledger, of_the_day))
        .group_by(till.c.till_id, ledger.c.business_date)
    )
    return {row[0]: Takings(row[1], int(row[2]), int(row[3])) for row in rows}


def unsettled(connection: Connection) -> int:
    """How many facts lie in quarantine or wait for a newer hub."""
    return connection.execute(
        select(func.count())
        .select_from(journal)
        .where(HAS_VERDICT, journal.c.verdict.in_(("quarantined", "waiting")))
    ).scalar_one()
