"""The periods that are closed, and the facts that had their effect after."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, Select, cast, func, insert, select, update

from journal.stream import STREAM_BEGAN
from retail.facts import TYPES
from retail.postings import WITHOUT_POSTINGS
from sync_server.ledgers import takings_by_hour
from sync_server.quarantine.records import IS_UNSETTLED
from sync_server.recorder import journal, late_fact
from sync_server.statements import summed
from sync_server.stores import store
from sync_server.sync.records import period, stream, till

_WITHOUT_POSTINGS = [STREAM_BEGAN[0], *(TYPES[fact][0] for fact in WITHOUT_POSTINGS)]


class PeriodRow(NamedTuple):
    """A business date of a store that was closed with all before it: when, ISO 8601 in UTC, by
    whom; `reason` is why although it was not complete, empty where it was."""

    store_id: str
    business_date: str
    closed_at: str
    author: str
    reason: str


def closed_to(connection: Connection) -> dict[str, PeriodRow]:
    """By store, the last business date that is closed; of a store without any there is none."""
    latest = (
        select(period.c.store_id, func.max(period.c.business_date).label("to"))
        .group_by(period.c.store_id)
        .subquery()
    )
    rows = connection.execute(
        select(period).join(
            latest,
            (latest.c.store_id == period.c.store_id) & (latest.c.to == period.c.business_date),
        )
    )
    return {row.store_id: PeriodRow(*row) for row in rows}


def latest(connection: Connection, store_id: str) -> PeriodRow | None:
    """The last business date of the store that is closed."""
    row = connection.execute(
        select(period)
        .where(period.c.store_id == store_id)
        .order_by(period.c.business_date.desc())
        .limit(1)
    ).first()
    return PeriodRow(*row) if row else None


def closed_lately(connection: Connection, most: int) -> list[PeriodRow]:
    """The periods that were closed last, the newest first."""
    in_order = (period.c.closed_at.desc(), period.c.store_id, period.c.business_date.desc())
    rows = connection.execute(select(period).order_by(*in_order).limit(most))
    return [PeriodRow(*row) for row in rows]


def hold(connection: Connection, store_id: str) -> None:
    """Let no push of the store, no new stream and no new till in until the transaction ends; in
    the order in which they take these locks themselves."""
    rows = (
        select(store.c.store_id).where(store.c.store_id == store_id),
        select(till.c.till_id).where(till.c.store_id == store_id).order_by(till.c.till_id),
        select(stream.c.stream_no)
        .where(stream.c.store_id == store_id)
        .order_by(stream.c.stream_no),
    )
    for held in rows:
        connection.execute(held.with_for_update()).all()


def close(connection: Connection, row: PeriodRow) -> None:
    """Let the period be closed, for every push from now on. The caller holds the store."""
    connection.execute(insert(period).values(row._asdict()))
    connection.execute(
        update(stream).where(stream.c.store_id == row.store_id).values(closed_to=row.business_date)
    )


class DayTaken(NamedTuple):
    """What a store took on one business date in one currency, and in how many sales."""

    business_date: str
    currency: str
    minor: int
    sales: int


def taken(connection: Connection, store_id: str, after: str, upto: str) -> list[DayTaken]:
    """The takings of the business dates after that one and up to that one."""
    of = takings_by_hour.c
    rows = connection.execute(
        select(of.business_date, of.currency, summed(of.amount), summed(of.sales))
        .where(of.store == store_id, of.business_date > after, of.business_date <= upto)
        .group_by(of.business_date, of.currency)
        .order_by(of.business_date, of.currency)
    )
    return [DayTaken(row[0], row[1], int(row[2]), int(row[3])) for row in rows]


def how_many_unsettled(connection: Connection, store_id: str, upto: str) -> int:
    """How many facts of these business dates have no effect yet."""
    unsettled = (
        select(func.count())
        .join_from(journal, stream, stream.c.stream_no == journal.c.stream_no)
        .where(IS_UNSETTLED, stream.c.store_id == store_id, journal.c.business_date <= upto)
    )
    return connection.execute(unsettled).scalar_one()


class LateFact(NamedTuple):
    """A fact that had its effect after the period of its business date was closed."""

    store_id: str
    timezone: str
    till_id: str
    business_date: str
    seq: int
    type: str
    noted_at: str
    data: bytes


def late(connection: Connection, most: int, store_id: str | None = None) -> list[LateFact]:
    """The late facts that move money or stock, the last noted first."""
    columns = (
        *(late_fact.c.store, store.c.timezone, stream.c.till_id, late_fact.c.business_date),
        *(late_fact.c.seq, journal.c.type, late_fact.c.noted_at, journal.c.data),
    )
    in_order = (late_fact.c.noted_at.desc(), late_fact.c.stream_no, late_fact.c.seq)
    found = _late(select(*columns), store_id).where(journal.c.type.not_in(_WITHOUT_POSTINGS))
    rows = connection.execute(found.order_by(*in_order).limit(most))
    return [LateFact._make((*row[:-1], bytes(row.data))) for row in rows]


def how_many_late(connection: Connection, store_id: str | None = None) -> tuple[int, int]:
    """How many late facts move money or stock, and how many move nothing."""
    moves = func.sum(cast(journal.c.type.not_in(_WITHOUT_POSTINGS), Integer))
    whole, moving = connection.execute(_late(select(func.count(), moves), store_id)).one()
    return int(moving or 0), whole - int(moving or 0)


def _late(what: Select[*tuple[Any, ...]], store_id: str | None) -> Select[*tuple[Any, ...]]:
    at_place = (journal.c.stream_no == late_fact.c.stream_no) & (journal.c.seq == late_fact.c.seq)
    found = (
        what.select_from(late_fact)
        .join(journal, at_place)
        .join(stream, stream.c.stream_no == late_fact.c.stream_no)
        .join(store, store.c.store_id == late_fact.c.store)
    )
    return found if store_id is None else found.where(late_fact.c.store == store_id)
