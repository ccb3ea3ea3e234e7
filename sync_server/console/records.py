"""What the console reads: streams, takings, and what head office has to look at."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    case,
    exists,
    func,
    not_,
    or_,
    select,
)

from journal.envelope import decode
from journal.wire import VerdictCode
from retail import accounts
from retail.facts import TYPES, SaleCompleted
from sync_server.console.restored import BrokenOff, PutBack, broken_off, put_back
from sync_server.ledgers import IS_DIFFERENCE, money_ledger, stock_ledger, takings_by_hour
from sync_server.periods.records import PeriodRow, closed_to
from sync_server.periods.standing import TillStanding, tills
from sync_server.quarantine import records as quarantine
from sync_server.quarantine.records import IS_SHOWN, IS_UNSETTLED, RANK, settlement
from sync_server.recorder import journal, late_fact
from sync_server.statements import summed
from sync_server.sync.records import period, store, stream, till

#: of each kind of discrepancy as many are listed; how many there are is counted all the same
LISTED_MAX = 50
#: a shift that closed over or short is listed for as many business days
DIFFERENCE_DAYS = 7
#: a fact that was set aside is listed for as many days
SET_ASIDE_DAYS = 7


class Takings(NamedTuple):
    """What one till took on one business date: what customers paid, as its X report says it."""

    business_date: str
    minor: int
    sales: int


def latest_takings(connection: Connection, now: datetime) -> dict[str, Takings]:
    """Per till, the takings of its latest business date, in the store's currency. One beyond
    tomorrow is a till's mistake, and would hide all days before it."""
    taken, known = takings_by_hour.c, takings_by_hour.alias().c
    tomorrow = (now + timedelta(days=1)).date().isoformat()
    latest = (
        select(func.max(known.business_date))
        .where(known.store == till.c.store_id, known.till == till.c.till_id)
        .where(known.business_date <= tomorrow)
        .scalar_subquery()
    )
    of_the_day = and_(
        taken.store == till.c.store_id,
        taken.till == till.c.till_id,
        taken.business_date == latest,
        taken.currency == store.c.currency,
    )
    rows = connection.execute(
        select(till.c.till_id, taken.business_date, summed(taken.amount), summed(taken.sales))
        .select_from(till.join(store).join(takings_by_hour, of_the_day))
        .group_by(till.c.till_id, taken.business_date)
    )
    return {row[0]: Takings(row[1], int(row[2]), int(row[3])) for row in rows}


class HourTaken(NamedTuple):
    """What one store took on the business date within one hour of its wall clock,
    `2026-06-03T09`; the hour is empty where a till gave no time."""

    store_id: str
    currency: str
    hour: str
    minor: int
    sales: int


class Unsettled(NamedTuple):
    """Facts of one till that are stored without effect and settled by one act; `type` is empty
    where they are of several."""

    till_id: str
    timezone: str
    verdict: str
    reason: str
    type: str
    facts: int
    first_seq: int
    last_seq: int
    since: str


class Difference(NamedTuple):
    """A shift whose drawer held more (positive) or less than it should."""

    till_id: str
    business_date: str
    shift: str
    currency: str
    minor: int


class Late(NamedTuple):
    """Facts that came after their period was closed, and since no later one of the store was: of
    one till for one business date."""

    till_id: str
    timezone: str
    business_date: str
    facts: int
    since: str


class Overview(NamedTuple):
    """All that `/hq` shows, read from one snapshot. `day` is the business date that the figures
    are of, empty before the first sale; `unsettled_facts`, by till, and `differing` count those
    beyond LISTED_MAX too; `intake` says whether the hub applies what comes in."""

    standings: list[TillStanding]
    takings: dict[str, Takings]
    day: str
    hours: list[HourTaken]
    unsettled: list[Unsettled]
    unsettled_facts: dict[str, int]
    intake: quarantine.State
    differences: list[Difference]
    differing: int
    broken_off: list[BrokenOff]
    put_back: PutBack | None
    closed: dict[str, PeriodRow]
    late: list[Late]
    #: when the last backup was taken, empty without any, and whether it was read again
    backup_at: str = ""
    backup_is_proved: bool = False
    #: why the hub's disk takes nothing, empty while it does
    disk_fault: str = ""


def overview(connection: Connection, now: datetime) -> Overview:
    """Read it all."""
    takings = latest_takings(connection, now)
    differs = _differs(now)
    day = max((each.business_date for each in takings.values()), default="")
    return Overview(
        tills(connection),
        takings,
        day,
        _hours(connection, day),
        _unsettled(connection, now),
        _unsettled_by_till(connection),
        quarantine.state(connection),
        _differences(connection, differs),
        _how_many(connection, money_ledger, differs),
        broken_off(connection, now),
        put_back(connection, now),
        closed_to(connection),
        _late(connection),
    )


def _late(connection: Connection) -> list[Late]:
    last = (
        select(func.max(period.c.closed_at))
        .where(period.c.store_id == late_fact.c.store)
        .scalar_subquery()
    )
    groups = (stream.c.till_id, store.c.timezone, late_fact.c.business_date)
    since = func.min(late_fact.c.noted_at)
    rows = connection.execute(
        select(*groups, func.count(), since)
        .select_from(
            late_fact.join(stream, stream.c.stream_no == late_fact.c.stream_no).join(
                store, store.c.store_id == late_fact.c.store
            )
        )
        .where(late_fact.c.noted_at >= last)
        .group_by(*groups)
        .order_by(since.desc(), stream.c.till_id)
        .limit(LISTED_MAX)
    )
    return [Late(*row) for row in rows]


def _hours(connection: Connection, day: str) -> list[HourTaken]:
    taken = takings_by_hour.c
    key = (taken.store, taken.currency, taken.hour)
    rows = connection.execute(
        select(*key, summed(taken.amount), summed(taken.sales))
        .join_from(
            till,
            takings_by_hour,
            and_(taken.store == till.c.store_id, taken.till == till.c.till_id),
        )
        .where(taken.business_date == day)
        .group_by(*key)
        .order_by(*key)
    )
    return [HourTaken(row[0], row[1], row[2], int(row[3]), int(row[4])) for row in rows]


def _unsettled(connection: Connection, now: datetime) -> list[Unsettled]:
    """Those of a till that one act settles make one line: all that are parked, and all that are
    deferred; others by their reason and type. What was set aside is told for SET_ASIDE_DAYS."""
    verdict, since = journal.c.verdict, func.min(journal.c.received_at)
    each_alone = not_(verdict.in_((VerdictCode.PARKED, VerdictCode.DEFERRED)))
    groups = (
        stream.c.till_id,
        store.c.timezone,
        verdict,
        case((each_alone, journal.c.reason), else_=""),
        case((each_alone, journal.c.type), else_=""),
    )
    numbers = (func.count(), func.min(journal.c.seq), func.max(journal.c.seq))
    rows = connection.execute(
        select(*groups, func.min(journal.c.reason), *numbers, since)
        .select_from(
            journal.join(stream, stream.c.stream_no == journal.c.stream_no).join(
                store, store.c.store_id == stream.c.store_id
            )
        )
        .where(IS_SHOWN, or_(verdict != VerdictCode.SET_ASIDE, _is_set_aside_lately(now)))
        .group_by(journal.c.stream_no, *groups)
        .order_by(RANK, since.desc(), stream.c.till_id, groups[-1])
        .limit(LISTED_MAX)
    )
    return [Unsettled._make((*row[:3], row[5], row[4], *row[6:])) for row in rows]


def _is_set_aside_lately(now: datetime) -> ColumnElement[bool]:
    since = (now - timedelta(days=SET_ASIDE_DAYS)).isoformat(timespec="milliseconds")
    return exists().where(
        settlement.c.stream_no == journal.c.stream_no,
        settlement.c.seq == journal.c.seq,
        settlement.c.verdict == VerdictCode.SET_ASIDE,
        settlement.c.at >= since,
    )


def _unsettled_by_till(connection: Connection) -> dict[str, int]:
    rows = connection.execute(
        select(stream.c.till_id, func.count())
        .join_from(journal, stream, stream.c.stream_no == journal.c.stream_no)
        .where(IS_UNSETTLED)
        .group_by(stream.c.till_id)
    )
    return {row[0]: row[1] for row in rows}


def _how_many(connection: Connection, of: Table, where: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(of).where(where)).scalar_one()


def _differs(now: datetime) -> ColumnElement[bool]:
    since = (now - timedelta(days=DIFFERENCE_DAYS)).date().isoformat()
    return and_(IS_DIFFERENCE, money_ledger.c.business_date >= since)


def _differences(connection: Connection, differs: ColumnElement[bool]) -> list[Difference]:
    ledger = money_ledger.c
    rows = connection.execute(
        select(ledger.till, ledger.business_date, ledger.shift, ledger.currency, -ledger.amount)
        .where(differs)
        .order_by(ledger.business_date.desc(), ledger.till, ledger.shift)
        .limit(LISTED_MAX)
    )
    return [Difference(*row[:4], int(row[4])) for row in rows]


#: so many facts back from its last one is looked for what a till sold by
_SOLD_BY_FACTS = 50


def sold_by(connection: Connection) -> dict[str, str]:
    """By till, the name of the revision that its latest sale was made by; of a till that has not
    sold lately there is none."""
    sale, _ = TYPES[SaleCompleted]
    latest = (
        select(journal.c.stream_no, func.max(journal.c.seq).label("seq"))
        .join_from(stream, journal, journal.c.stream_no == stream.c.stream_no)
        .where(journal.c.seq > stream.c.head_seq - _SOLD_BY_FACTS, journal.c.type == sale)
        .group_by(journal.c.stream_no)
        .subquery()
    )
    of_latest = and_(journal.c.stream_no == latest.c.stream_no, journal.c.seq == latest.c.seq)
    rows = connection.execute(
        select(stream.c.till_id, journal.c.data)
        .select_from(
            journal.join(latest, of_latest).join(stream, stream.c.stream_no == journal.c.stream_no)
        )
        .order_by(stream.c.stream_no)
    )
    return {row.till_id: decode(bytes(row.data)).seen for row in rows}


def most_sold(connection: Connection, most: int) -> dict[str, int]:
    """The products that the chain sold most of, in 1/1000 of their units."""
    sold = summed(stock_ledger.c.amount)
    rows = connection.execute(
        select(stock_ledger.c.product, sold)
        .where(stock_ledger.c.account == accounts.SOLD)
        .group_by(stock_ledger.c.product)
        .order_by(sold.desc(), stock_ledger.c.product)
        .limit(most)
    )
    return {row[0]: int(row[1]) for row in rows}
