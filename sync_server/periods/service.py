"""To close a period: one business date of a store, with all before it that are open still.

It closes when all is here that its tills have for it, or when a person says so all the same, with a
reason. Nothing is refused or moved afterwards: a fact that comes late has its effect under its own
business date, and is noted (recorder.late_fact), so that accounts can book it in the next period.
"""

from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from retail.language import Text
from retail.refusals import Refusal
from sync_server.catalogue import acts
from sync_server.catalogue.acts import Act
from sync_server.periods import records
from sync_server.periods.records import DayTaken, PeriodRow
from sync_server.periods.standing import (
    NEVER_SPOKE,
    OUTSTANDING,
    SILENT_SINCE,
    TillStanding,
    day_before,
    since_of,
    tills,
)
from sync_server.stores import NoSuchStore
from sync_server.words import clock, facts_of

#: as much of a reason as is kept
REASON_CHARACTERS_MAX = 200


class NotADate(Refusal):
    code = "not_a_date"
    sentence = Text("{text} is no business date.", "{text} 不是营业日。")
    way_on = Text("Write it like 2026-12-01.", "请按此格式填写：2026-12-01。")


class PeriodNotOver(Refusal):
    code = "period_not_over"
    sentence = Text(
        "Business date {date} of store {store} is not over before {end}.",
        "门店 {store} 的营业日 {date} 要到 {end} 才结束。",
    )
    way_on = Text("Close it after that.", "请在结束后再日结。")


class PeriodClosed(Refusal):
    code = "period_closed"
    sentence = Text(
        "Store {store} is closed up to {date} already, by {author}.",
        "门店 {store} 已由 {author} 日结至 {date}。",
    )
    way_on = Text(
        "What comes late for it is listed: sync-server periods late",
        "之后到达的记录另行列出：sync-server periods late",
    )


class PeriodIncomplete(Refusal):
    code = "period_incomplete"
    sentence = Text(
        "{date} of store {store} is not complete. {tills}",
        "门店 {store} 的营业日 {date} 数据不全。{tills}",
    )
    way_on = Text(
        "See that these tills reach the hub, or close it all the same and say why.",
        "请确保上述终端与总部联通；也可注明原因后强制日结。",
    )


class ClosedWithoutReason(Refusal):
    code = "closed_without_reason"
    sentence = Text(
        "To close a period that is not complete needs a reason.", "强制日结需要填写原因。"
    )
    way_on = Text("Say it for those who read it later.", "请填写原因供日后查阅。")


class Hindrance(NamedTuple):
    """Why a till keeps a period open."""

    till_id: str
    why: Text


class Preview(NamedTuple):
    """What closing a period means: what it closes after, if anything was; what was taken on the
    dates that it closes; what keeps it open; how many facts of it have no effect yet."""

    store_id: str
    store_name: str
    business_date: str
    former: PeriodRow | None
    taken: list[DayTaken]
    hindrances: tuple[Hindrance, ...]
    unsettled: int


_OPEN_SHIFT = Text("a shift of {date} is open", "{date} 的班次尚未交班")


class StorePeriods(NamedTuple):
    """A store: up to which business date the facts of all its tills in service are here, empty
    without any; up to where it is closed; and its last date that is over and may be closed, empty
    without any."""

    store_id: str
    store_name: str
    whole_to: str
    closed: PeriodRow | None
    next_date: str


def stores(connection: Connection, now: datetime) -> list[StorePeriods]:
    """Every store, in the order of their ids."""
    closed = records.closed_to(connection)
    found = []
    for store_id, of_store in groupby(tills(connection), key=lambda each: each.store_id):
        standings = list(of_store)
        heard = [each for each in standings if each.last_contact and not each.revoked]
        former = closed.get(store_id)
        today = now.astimezone(ZoneInfo(standings[0].timezone)).date()
        next_date = day_before(today.isoformat()) if heard else ""
        if former is not None and next_date <= former.business_date:
            next_date = ""
        whole = min((each.whole_to for each in heard), default="")
        found.append(StorePeriods(store_id, standings[0].store_name, whole, former, next_date))
    return found


def typed(text: str) -> date:
    """The business date that was typed. Raises NotADate."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise NotADate(text=repr(text[:20])) from None


def preview(connection: Connection, store_id: str, business_date: date, now: datetime) -> Preview:
    """What it means to close the date. Raises NoSuchStore, PeriodNotOver or PeriodClosed."""
    standings = tills(connection, store_id)
    if not standings:
        raise NoSuchStore(store=store_id)
    zone = ZoneInfo(standings[0].timezone)
    day = business_date.isoformat()
    end = datetime.combine(business_date + timedelta(days=1), time(), zone)
    if now < end:
        raise PeriodNotOver(store=store_id, date=day, end=f"{end:%Y-%m-%d %H:%M}")
    former = records.latest(connection, store_id)
    if former is not None and former.business_date >= day:
        raise PeriodClosed(store=store_id, date=former.business_date, author=former.author)
    after = former.business_date if former else ""
    hindrances = tuple(
        Hindrance(each.till_id, why)
        for each in standings
        if each.till_id and (why := _hindrance(each, after, day, end, now)) is not None
    )
    return Preview(
        store_id,
        standings[0].store_name,
        day,
        former,
        records.taken(connection, store_id, after, day),
        hindrances,
        records.how_many_unsettled(connection, store_id, day),
    )


def _hindrance(
    each: TillStanding, after: str, day: str, end: datetime, now: datetime
) -> Text | None:
    """Why the till keeps the dates after `after` and up to `day` open, if it does. A revoked one
    that did not speak of them has nothing more to say, and nobody waits for one that is silent."""
    if each.revoked and each.business_date <= after:
        return None
    if each.owed and each.owed_from <= day:
        return OUTSTANDING.filled(facts=facts_of(each.owed), since=since_of(each, now))
    if each.open_shift and after < each.business_date <= day:
        return _OPEN_SHIFT.filled(date=each.business_date)
    if each.revoked or datetime.fromisoformat(each.last_contact or each.enrolled_at) >= end:
        return None
    return _silence(each, now)


def _silence(each: TillStanding, now: datetime) -> Text:
    if not each.last_contact:
        return NEVER_SPOKE
    contact = clock(each.last_contact, each.timezone, now)
    return SILENT_SINCE.filled(contact=contact, declared=f"{each.declared_seq:,}")


def close(
    connection: Connection,
    store_id: str,
    business_date: date,
    author: str,
    now: datetime,
    reason: str | None = None,
) -> Preview:
    """Close the date and all before it that are open; with a `reason` also one that is not
    complete. Raises what `preview` does, PeriodIncomplete or ClosedWithoutReason."""
    records.hold(connection, store_id)
    seen = preview(connection, store_id, business_date, now)
    told = None if reason is None else " ".join(reason.split())[:REASON_CHARACTERS_MAX]
    if told == "":
        raise ClosedWithoutReason
    if seen.hindrances and told is None:
        raise PeriodIncomplete(store=store_id, date=seen.business_date, tills=_named(seen))
    kept = (told or "") if seen.hindrances else ""
    at = now.isoformat(timespec="milliseconds")
    records.close(connection, PeriodRow(store_id, seen.business_date, at, author, kept))
    acts.tell(connection, now, author, Act.CLOSED, f"{store_id}/{seen.business_date}", kept)
    return seen


def _named(seen: Preview) -> Text:
    """The tills that keep it open, each with why."""
    each = seen.hindrances
    return Text(
        " ".join(f"{till_id}: {why.en}." for till_id, why in each),
        "".join(f"{till_id}：{why.zh}。" for till_id, why in each),
    )
