"""How every till stands: what it declared and what of it is here, up to which business date its
facts are all here, how its clock goes, which program it runs."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, case, func, select

from journal.clock import CLOCK_TOLERANCE_S
from retail.clocks import clock_off
from retail.language import Text
from sync_server.settings import IN_STEP_S
from sync_server.statements import summed
from sync_server.stores import store
from sync_server.sync.records import stream, till
from sync_server.sync.versions import program
from sync_server.words import NOTHING, clock, facts_of


class State(StrEnum):
    """How a till stands with the hub."""

    IN_STEP = "in_step"
    CLOSED = "closed"
    BEHIND = "behind"
    SILENT = "silent"
    NEVER = "never"
    FORKED = "forked"
    REVOKED = "revoked"


_WELL = {State.IN_STEP, State.CLOSED}


class TillStanding(NamedTuple):
    """How a till stands: its store, and how far its newest stream has come; a store without tills
    stands without one. `facts` counts what is here of all its streams, `owed` what any of them
    declared and what is not here, from `owed_from` on, the earliest business date that these may be
    of. Times of the till's own are as its clock showed them."""

    store_id: str
    store_name: str
    timezone: str
    currency: str
    till_id: str | None
    enrolled_at: str
    revoked: bool
    facts: int
    head_seq: int
    declared_seq: int
    open_shift: str
    last_contact: str
    forked: bool
    business_date: str
    owed: int
    owed_from: str
    waiting_since: str
    clock_ahead_s: int | None
    #: the version of its program, empty where it did not say
    program: str

    @property
    def whole_to(self) -> str:
        """The last business date up to which all that the till declared is here; empty without
        any. A date with an open shift is not over; one that ended before the till spoke last is,
        also where it recorded nothing."""
        reached = [max(self.business_date, self._over_when_it_spoke)]
        if self.owed:
            reached.append(day_before(self.owed_from))
        if self.open_shift:
            reached.append(day_before(self.business_date))
        return min(reached)

    @property
    def _over_when_it_spoke(self) -> str:
        if not self.last_contact:
            return ""
        spoke = datetime.fromisoformat(self.last_contact).astimezone(ZoneInfo(self.timezone))
        return day_before(spoke.date().isoformat())

    @property
    def clock_is_wrong(self) -> bool:
        return self.clock_ahead_s is not None and abs(self.clock_ahead_s) > CLOCK_TOLERANCE_S

    @property
    def owes_since(self) -> str:
        """Since when its oldest fact waits, ISO 8601, by the hub's clock where the till's is
        wrong; empty where it did not say."""
        if not (self.waiting_since and self.clock_is_wrong):
            return self.waiting_since
        ahead = timedelta(seconds=self.clock_ahead_s or 0)
        try:
            return (datetime.fromisoformat(self.waiting_since) - ahead).isoformat()
        except OverflowError:
            return ""


def day_before(business_date: str) -> str:
    """The date before that one; empty where it is none."""
    try:
        return (date.fromisoformat(business_date) - timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return ""


def state_of(standing: TillStanding, now: datetime) -> State:
    """Whether a till is in step: it declared the head we have and spoke within IN_STEP_S, or has no
    shift open (a closed till owes nothing until the store opens)."""
    if standing.revoked:
        return State.REVOKED
    if not standing.last_contact:
        return State.NEVER
    if standing.forked:
        return State.FORKED
    if not standing.owed and not standing.open_shift:
        return State.CLOSED
    silent_s = (now - datetime.fromisoformat(standing.last_contact)).total_seconds()
    if silent_s > IN_STEP_S:
        return State.SILENT
    return State.BEHIND if standing.owed else State.IN_STEP


def in_step(standings: Iterable[TillStanding], now: datetime) -> tuple[int, int]:
    """How many tills are in step, of how many in service."""
    states = [
        state_of(standing, now)
        for standing in standings
        if standing.till_id and not standing.revoked
    ]
    return sum(state in _WELL for state in states), len(states)


def tills(connection: Connection, store_id: str | None = None) -> list[TillStanding]:
    """Every store with its tills, or one store; a store without tills once, without one."""
    is_owed = stream.c.declared_seq > stream.c.head_seq
    of_till = (
        select(
            stream.c.till_id,
            func.max(stream.c.stream_no).label("newest"),
            summed(stream.c.head_seq).label("facts"),
            summed(case((is_owed, stream.c.declared_seq - stream.c.head_seq), else_=0)).label(
                "owed"
            ),
            func.min(case((is_owed, stream.c.business_date))).label("owed_from"),
            func.min(case((is_owed, func.nullif(stream.c.waiting_since, "")))).label("since"),
        )
        .group_by(stream.c.till_id)
        .subquery()
    )
    of_stores = (
        select(store, till, stream, of_till)
        .select_from(
            store.outerjoin(till, till.c.store_id == store.c.store_id)
            .outerjoin(of_till, of_till.c.till_id == till.c.till_id)
            .outerjoin(
                stream,
                and_(stream.c.till_id == till.c.till_id, stream.c.stream_no == of_till.c.newest),
            )
        )
        .order_by(store.c.store_id, func.length(till.c.till_id), till.c.till_id)
    )
    if store_id is not None:
        of_stores = of_stores.where(store.c.store_id == store_id)
    return [
        TillStanding(
            row[store.c.store_id],
            row[store.c.name],
            row[store.c.timezone],
            row[store.c.currency],
            row[till.c.till_id],
            row[till.c.enrolled_at] or "",
            row[till.c.revoked_at] is not None,
            int(row[of_till.c.facts] or 0),
            row[stream.c.head_seq] or 0,
            row[stream.c.declared_seq] or 0,
            row[stream.c.open_shift] or "",
            row[stream.c.last_contact] or "",
            row[stream.c.forked_seq] is not None,
            row[stream.c.business_date] or "",
            int(row[of_till.c.owed] or 0),
            row[of_till.c.owed_from] or "",
            row[of_till.c.since] or "",
            row[stream.c.clock_ahead_s],
            row[stream.c.program] or "",
        )
        for row in connection.execute(of_stores).mappings()
    ]


# In words

OUTSTANDING = Text("{facts} outstanding{since}", "{since}{facts}待传")
SILENT_SINCE = Text(
    "silent since {contact}, last declared head {declared}",
    "{contact} 起无联系，最后声明 {declared}",
)
NEVER_SPOKE = Text("has never spoken", "从未联系")
_STATES = {
    State.IN_STEP: Text("in step", "同步"),
    State.CLOSED: Text("closed, in step", "已交班，同步"),
    State.BEHIND: OUTSTANDING,
    State.SILENT: SILENT_SINCE,
    State.NEVER: NEVER_SPOKE,
    State.FORKED: Text("forked: two histories", "记录分叉"),
    State.REVOKED: Text("revoked", "已停用"),
}
_SINCE = Text(" since {time}", "{time} 起 ")
_CLOCK = Text("clock {off}", "时钟{off}")
_PROGRAM = Text("program {version}", "程序版本 {version}")


def clock_said(standing: TillStanding) -> Text:
    """That the till's clock is off and by how much; nothing while it is right."""
    if not standing.clock_is_wrong or standing.revoked:
        return NOTHING
    return _CLOCK.filled(off=clock_off(standing.clock_ahead_s or 0))


def program_said(standing: TillStanding) -> Text:
    """The version of the till's program, where it is not this hub's; nothing where it is."""
    if standing.program in ("", program()) or standing.revoked:
        return NOTHING
    return _PROGRAM.filled(version=standing.program)


def since_of(standing: TillStanding, now: datetime) -> Text:
    """Since when the till's oldest fact waits: ` since 09:12`; empty where nobody knows."""
    since = clock(standing.owes_since, standing.timezone, now)
    return _SINCE.filled(time=since) if since else NOTHING


def said_of(standing: TillStanding, now: datetime) -> Text:
    """How a till stands, for a reader of the store's wall clock."""
    return _STATES[state_of(standing, now)].filled(
        facts=facts_of(standing.owed),
        since=since_of(standing, now),
        contact=clock(standing.last_contact, standing.timezone, now),
        declared=f"{standing.declared_seq:,}",
    )
