"""Tills and hub hold the same: the heads that tills declared, and what they said of each shift that
they closed, which is reckoned from their own books."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, and_, select

from journal.envelope import Envelope, MalformedEnvelope, decode
from journal.stream import StreamId, genesis
from journal.wire import VerdictCode
from retail import facts
from retail.accounts import DRAWER, SALES
from retail.facts import TYPES, ShiftClosed, UnknownFact
from retail.language import Text
from retail.postings import Posting, postings
from sync_server.backup.proof import Closing, Finding, Ledgers
from sync_server.ledgers import money_ledger
from sync_server.periods.standing import State, TillStanding, said_of, since_of, state_of
from sync_server.recorder import journal
from sync_server.settings import IN_STEP_S
from sync_server.sync.records import stream
from sync_server.words import amount, facts_of

HEADS, SHIFTS = "heads", "shifts"
_SHIFT_CLOSED, _ = TYPES[ShiftClosed]
_ASK = Text(
    "Ask the store whether the till is on and its line is up; it goes on selling meanwhile.",
    "请门店检查终端电源与网络；终端可继续销售。",
)
_WAIT = Text(
    "It sends them by itself. If they stay, run at the till: pos-client status",
    "终端会自动补传。若一直未到，请在终端运行：pos-client status",
)
_FORK = Text(
    "Let it go on selling: it goes on in a new stream by itself. If that lasts, run at the till:"
    " pos-client journal verify",
    "可继续销售，终端会自动启用新的记录序列。若长时间未恢复，请在终端运行："
    "pos-client journal verify",
)
_LOOK = Text(
    "See what is not in the books: sync-server quarantine list; what else differs give to support"
    " with: pos-client journal export",
    "查看未入账记录：sync-server quarantine list；其余差异请用 pos-client journal export"
    " 导出后交技术支持。",
)
_BY_PEOPLE = Text(
    "{differs}. What was set aside, or brought in after it was closed, is the whole difference.",
    "{differs}。差异全部来自已搁置或交班后补传的记录。",
)


def heads(
    connection: Connection, standings: Iterable[TillStanding], now: datetime
) -> Iterator[Finding]:
    """What tills declared and what is not here, and histories that differ."""
    for each in standings:
        if each.till_id is None:
            continue
        state = state_of(each, now)
        if state is State.SILENT:
            yield _of(each, said_of(each, now), _ASK)
        elif state is State.FORKED:
            yield _of(each, said_of(each, now), _FORK)
        elif each.owed and not _is_on_its_way(each, now):
            owed = Text("{facts} outstanding{since}", "{since}{facts}待传")
            yield _of(
                each, owed.filled(facts=facts_of(each.owed), since=since_of(each, now)), _WAIT
            )
    yield from _other_histories(connection, [each.store_id for each in standings])


def _is_on_its_way(each: TillStanding, now: datetime) -> bool:
    """Whether what waits has not waited long: a till that sells has always just recorded."""
    if not each.owes_since:
        return False
    waited = now - datetime.fromisoformat(each.owes_since)
    return timedelta(0) <= waited <= timedelta(seconds=IN_STEP_S)


def _other_histories(connection: Connection, store_ids: list[str]) -> Iterator[Finding]:
    """Declared heads that are here under another hash."""
    at_declared = and_(
        journal.c.stream_no == stream.c.stream_no, journal.c.seq == stream.c.declared_seq
    )
    rows = connection.execute(
        select(stream, journal.c.hash)
        .join_from(stream, journal, at_declared, isouter=True)
        .where(stream.c.declared_hash != "", stream.c.declared_seq <= stream.c.head_seq)
        .where(stream.c.forked_seq.is_(None), stream.c.store_id.in_(sorted(set(store_ids))))
        .order_by(stream.c.stream_no)
    )
    for row in rows:
        who = StreamId(row.till_id, row.incarnation)
        if row.declared_hash != (row.hash if row.declared_seq else genesis(who).hash):
            said = Text(
                f"{who.till}: its fact {row.declared_seq} is not the one that is here",
                f"{who.till}：其第 {row.declared_seq} 条与总部不一致",
            )
            yield Finding(HEADS, said, _FORK)


def _of(each: TillStanding, said: Text, todo: Text) -> Finding:
    return Finding(HEADS, Text(f"{each.till_id}: {said.en}", f"{each.till_id}：{said.zh}"), todo)


class Differing(NamedTuple):
    """A shift of which a till said something else than the facts that are in the books: so much
    more is here in its drawer, which its closing emptied, and so many more sales."""

    closing: Closing
    minor: int
    sales: int


def differing(store_id: str, closings: Iterable[Closing], counted: Ledgers) -> Iterator[Differing]:
    """The store's shifts that differ."""
    books = counted[money_ledger]
    for said in closings:
        where = (store_id, said.till_id, said.business_date, said.shift)
        minor, _ = books.get((*where, DRAWER, said.currency), (0, 0))
        _, sales = books.get((*where, SALES, said.currency), (0, 0))
        if minor or sales != said.sales:
            yield Differing(said, minor, sales - said.sales)


def judged(connection: Connection, what: Differing) -> Finding | Text:
    """A fault; or what is worth knowing, where people's acts are all the difference: facts that
    they set aside, or brought in from another disk once the shift was closed."""
    differs = _differs(what)
    with suppress(MalformedEnvelope):  # a fact that is not what came in is told of already
        if _done_by_people(connection, what.closing) == (what.minor, what.sales):
            return _BY_PEOPLE.filled(differs=differs)
    return Finding(SHIFTS, differs, _LOOK)


def _done_by_people(connection: Connection, said: Closing) -> tuple[int, int]:
    """What the books hold more of a closed shift for what people did since, drawer and sales."""
    rows = connection.execute(
        select(journal.c.verdict, journal.c.received_at, journal.c.data)
        .join_from(journal, stream, stream.c.stream_no == journal.c.stream_no)
        .where(stream.c.till_id == said.till_id, journal.c.business_date == said.business_date)
    ).all()
    facts_ = [(row.verdict, row.received_at, decode(bytes(row.data))) for row in rows]
    of_shift = [each for each in facts_ if each[2].shift == said.shift]
    closings = [(at, told.inc) for _, at, told in of_shift if told.type == _SHIFT_CLOSED]
    closed_at, closed_in = max(closings, default=("", ""))
    minor = sales = 0
    for verdict, at, told in of_shift:
        came_later = not verdict and at > closed_at and told.inc != closed_in
        sign = -1 if verdict == VerdictCode.SET_ASIDE else int(came_later)
        for entry in _postings(told) if sign else ():
            minor += sign * entry.amount * (entry.account == DRAWER)
            sales += sign * (entry.account == SALES)
    return minor, sales


def _postings(told: Envelope) -> tuple[Posting, ...]:
    """A fact's, none of one that means nothing here."""
    try:
        return postings(facts.decode(told.type, told.tv, told.body))
    except (ValueError, UnknownFact):
        return ()


def _differs(what: Differing) -> Text:
    said, sales = what.closing, what.closing.sales + what.sales
    number = said.shift.rpartition("-")[2]
    both = said.expected_minor, said.expected_minor + what.minor
    till, here = (amount(minor, said.currency) for minor in both)
    return Text(
        f"{said.till_id}, shift {number} of {said.business_date}: the till had {till} in its drawer"
        f" and {said.sales} sales, here are {here} and {sales}",
        f"{said.till_id}，{said.business_date} 第 {number} 班：终端记钱箱 {till}、{said.sales} 笔，"
        f"总部为 {here}、{sales} 笔",
    )
