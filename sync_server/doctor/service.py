"""The doctor: all that can be proved of the live database, in one snapshot, while tills push.

What holds is counted, what does not is named with what to do, and what is no fault but worth
knowing is noted beside.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, or_, select

from pricebook.rows import store_scope
from retail.clocks import clock_off
from retail.language import Text
from sync_server.backup.copying import Tell
from sync_server.backup.proof import (
    TODO,
    Closing,
    Finding,
    Ledgers,
    NotWhole,
    Part,
    Proof,
    readable,
)
from sync_server.doctor import published, tills
from sync_server.doctor.published import FEED
from sync_server.doctor.tills import HEADS, SHIFTS
from sync_server.periods import records as periods
from sync_server.periods import standing
from sync_server.periods.late import effect
from sync_server.periods.standing import State, TillStanding, state_of
from sync_server.quarantine.records import IS_UNSETTLED
from sync_server.recorder import journal, late_fact
from sync_server.stores import known_store
from sync_server.sync.records import stream
from sync_server.words import facts_of, kind_name

PERIODS = "periods"


class Line(NamedTuple):
    """One part that was looked at: its name, what was read of it, and what does not hold."""

    part: str
    name: Text
    said: Text
    findings: tuple[Finding, ...]


class Report(NamedTuple):
    """What the doctor says; all is well when no line has a finding."""

    lines: tuple[Line, ...]
    notes: tuple[Text, ...]

    @property
    def well(self) -> bool:
        return not any(line.findings for line in self.lines)


_NAMES = {
    Part.FILE: Text("Database file", "数据库文件"),
    Part.CHAINS: Text("Chains", "哈希链"),
    Part.SIGNATURES: Text("Signatures", "签名"),
    Part.MONEY: Text("Money", "资金账簿"),
    Part.STOCK: Text("Stock", "库存账簿"),
    Part.TAKINGS: Text("Takings by the hour", "分时营业额"),
    FEED: Text("Published", "下发内容"),
    HEADS: Text("Tills and hub", "终端与总部"),
    SHIFTS: Text("Closed shifts", "已交班次"),
    PERIODS: Text("Periods", "日结"),
}
_READ = {
    Part.FILE: Text("every page read", "逐页读取"),
    Part.CHAINS: Text("{read} followed, none missing", "{read}逐条核对，无缺失"),
    Part.SIGNATURES: Text("{count} heads signed by their tills", "{count} 个链头由终端签名"),
    Part.MONEY: Text("{count} accounts recounted", "{count} 个科目重新累计"),
    Part.STOCK: Text("{count} accounts recounted", "{count} 个科目重新累计"),
    Part.TAKINGS: Text("{count} hours recounted", "{count} 个时段重新累计"),
    FEED: Text("{count} scopes recounted", "{count} 个范围重新核对"),
    HEADS: Text("{count} tills: what they declared is here", "{count} 台终端所声明的均已收到"),
    SHIFTS: Text("{count}: drawer and sales as said", "{count} 班：钱箱与笔数一致"),
    PERIODS: Text("stores closed: {count}", "已日结门店 {count} 家"),
}
_FOUND = Text("not so: {count}", "不符：{count} 处")
_NOT_KEPT = Text(
    "No signature is kept of {count} streams: their chains hold, who wrote them is not proved. It"
    " is kept from the till's next contact on.",
    "{count} 个流未保存签名：哈希链完整，但无法证明由谁写入；终端下次联系后即会保存。",
)
_UNSETTLED = Text(
    "{facts} kept, but not in the books: sync-server quarantine list",
    "{facts}记录已保存但未入账：sync-server quarantine list",
)
_LATE = Text(
    "{facts} came after their period was closed: sync-server periods late",
    "{facts}记录在日结之后到达：sync-server periods late",
)
_LATE_ONE = Text("{till}, {day}: {kind} {moved}", "{till}，{day}：{kind} {moved}")
#: `periods late` lists them all
_LATE_NAMED_MAX = 20
_CLOCK = Text(
    "{till}: its clock is {off}. Facts and business dates are right; set the clock.",
    "{till}：时钟{off}。记录与营业日不受影响，请校准时钟。",
)
_PERIOD_TODO = Text(
    "Keep a copy of the database and give it to support; the facts themselves are whole.",
    "请保留数据库副本并交技术支持；记录本身完好。",
)


def examine(connection: Connection, tell: Tell, now: datetime, store_id: str | None) -> Report:
    """Look at everything, or at what concerns one store. Raises NoSuchStore."""
    if store_id is not None:
        known_store(connection, store_id)
    found: list[Finding] = []
    differing: list[tills.Differing] = []
    counts: dict[str, int] = {SHIFTS: 0}

    def on_store(store: str, closings: list[Closing], counted: Ledgers) -> None:
        counts[SHIFTS] += len(closings)
        differing.extend(tills.differing(store, closings, counted))

    proof = Proof(connection, tell, store_id, on_store)
    notes: list[Text] = []
    try:
        with readable():
            proof.run()
            for each in differing:
                judged = tills.judged(connection, each)
                if isinstance(judged, Text):
                    notes.append(judged)
                else:
                    found.append(judged)
            scopes = published.scopes(connection, store_scope(store_id) if store_id else None)
            found.extend(published.findings(connection, scopes))
            standings = standing.tills(connection, store_id)
            found.extend(tills.heads(connection, standings, now))
            found.extend(_periods(connection, store_id))
            counts[FEED] = len(scopes)
            counts[HEADS] = sum(_is_heard(each, now) for each in standings)
            counts[PERIODS] = len(periods.closed_to(connection))
            notes += _notes(connection, proof, standings, store_id)
    except NotWhole as no:
        found.append(Finding(Part.FILE, no.why, TODO[Part.FILE]))
    counts |= {part: tally.read for part, tally in proof.tallies.items()}
    return Report(tuple(_lines([*proof.findings, *found], counts)), tuple(notes))


def _is_heard(each: TillStanding, now: datetime) -> bool:
    return each.till_id is not None and state_of(each, now) is not State.NEVER


def _lines(found: list[Finding], counts: dict[str, int]) -> Iterator[Line]:
    for part, name in _NAMES.items():
        of_part = tuple(each for each in found if each.part == part)
        if not of_part and part not in counts:
            continue
        if part == Part.FILE and not of_part and not counts[part]:
            continue
        count = counts.get(part, 0)
        said = _READ[part].filled(count=f"{count:,}", read=facts_of(count))
        if of_part:
            said = _FOUND.filled(count=f"{len(of_part):,}")
        yield Line(part, name, said, of_part)


def _periods(connection: Connection, store_id: str | None) -> Iterator[Finding]:
    """Every stream knows up to where its store is closed, and what is noted as late is in the
    books."""
    closed = periods.closed_to(connection)
    streams = select(stream).order_by(stream.c.stream_no)
    if store_id is not None:
        streams = streams.where(stream.c.store_id == store_id)
    for row in connection.execute(streams):
        known = closed[row.store_id].business_date if row.store_id in closed else ""
        if row.closed_to != known:
            said = Text(
                f"{row.till_id}: pushes go by {row.closed_to or '–'}, its store is closed up to"
                f" {known or '–'}",
                f"{row.till_id}：推送按 {row.closed_to or '–'} 判断，门店已日结至 {known or '–'}",
            )
            yield Finding(PERIODS, said, _PERIOD_TODO)
    at_place = and_(journal.c.stream_no == late_fact.c.stream_no, journal.c.seq == late_fact.c.seq)
    strays = (
        select(func.count())
        .join_from(late_fact, journal, at_place, isouter=True)
        .where(
            or_(
                journal.c.seq.is_(None),
                journal.c.verdict != "",
                journal.c.business_date != late_fact.c.business_date,
            )
        )
    )
    if count := connection.execute(strays).scalar_one():
        said = Text(
            f"{count} late facts are noted that are not in the books", f"{count} 条迟到记录并未入账"
        )
        yield Finding(PERIODS, said, _PERIOD_TODO)


def _notes(
    connection: Connection, proof: Proof, standings: list[TillStanding], store_id: str | None
) -> Iterator[Text]:
    """What is no fault, and worth knowing."""
    if left_out := proof.tallies[Part.SIGNATURES].left_out:
        yield _NOT_KEPT.filled(count=f"{left_out:,}")
    of_store = stream.c.store_id == store_id if store_id else stream.c.store_id.is_not(None)
    unsettled = (
        select(func.count())
        .join_from(journal, stream, stream.c.stream_no == journal.c.stream_no)
        .where(IS_UNSETTLED, of_store)
    )
    if count := connection.execute(unsettled).scalar_one():
        yield _UNSETTLED.filled(facts=facts_of(count))
    if late := sum(periods.how_many_late(connection, store_id)):
        yield _LATE.filled(facts=facts_of(late))
        for each in periods.late(connection, _LATE_NAMED_MAX, store_id):
            words = {"till": each.till_id, "day": each.business_date, "kind": kind_name(each.type)}
            yield _LATE_ONE.filled(**words, moved=effect(each).said)
    for till in standings:
        if till.clock_is_wrong:
            off = clock_off(till.clock_ahead_s or 0)
            yield _CLOCK.filled(till=till.till_id, off=off)
