"""What head office has to look at, each with a sentence what to do, in the reader's language."""

from datetime import datetime
from typing import NamedTuple

from journal.wire import VerdictCode
from retail.clocks import clock_off
from retail.language import Language, Text
from sync_server.console.board import MARKS
from sync_server.lives import ELSEWHERE, OLDER_COPY, PROVED, RESTORED
from sync_server.overview.records import Difference, Late, Overview, Unsettled
from sync_server.overview.restored import BrokenOff, PutBack
from sync_server.periods.standing import State, TillStanding, clock_said, state_of
from sync_server.recorder import REVOKED
from sync_server.words import NOTHING, ago, amount, clock, facts_of, kind_name


class Discrepancy(NamedTuple):
    """One line: its mark, what it is, where, the particulars, since when and how long, and what to
    do; `open` while somebody has to do it."""

    mark: str
    what: str
    till_id: str
    detail: str
    reason: str
    since: str
    age: str
    remedy: str
    open: bool


class Kind(NamedTuple):
    """A kind of discrepancy: its mark, what it is called, and what to do; `open` says whether
    somebody has to do it."""

    mark: str
    what: Text
    remedy: Text
    open: bool = True


_COUNT_AGAIN = Text(
    "Count the safe again with the cashier; it is in the books as cash over or short.",
    "请与收银员复点现金；差额已计入长短款。",
)
_QUARANTINED = Kind(
    "◇",
    Text("In quarantine", "已隔离"),
    Text(
        "Kept, but not in the books. Once the cause is mended: sync-server quarantine replay --all;"
        " or set it aside.",
        "已保存但未入账。原因排除后运行 sync-server quarantine replay --all，或将其搁置。",
    ),
)
_OF_REVOKED = Kind(
    "◇",
    Text("Of a revoked till", "已停用终端的记录"),
    Text(
        "Kept, but not in the books. If they are true: sync-server quarantine replay --till {till}",
        "已保存但未入账。核实属实后运行：sync-server quarantine replay --till {till}",
    ),
)
_PARKED = Kind(
    "◇",
    Text("Parked behind another", "等待前一条记录"),
    Text(
        "Kept; goes into the books with the fact that it speaks of, named here.",
        "已保存；随其所指记录（见左）一同入账。",
    ),
)
_WAITING = Kind(
    "◇",
    Text("Waits for a newer hub", "待总部升级"),
    Text(
        "Kept; goes into the books by itself once the hub's program is updated.",
        "已保存；总部程序升级后自动入账。",
    ),
)
_DEFERRED = Kind(
    "◇",
    Text("Deferred", "暂缓入账"),
    Text(
        "Kept; goes into the books with: sync-server quarantine resume",
        "已保存；运行 sync-server quarantine resume 后入账。",
    ),
)
_SET_ASIDE = Kind(
    "–",
    Text("Set aside", "已搁置"),
    Text("Never counts, by a person's word. Nothing to do.", "已由人工确认不入账，无需处理。"),
    open=False,
)
_FORKED = Kind(
    MARKS[State.FORKED],
    Text("Forked", "记录分叉"),
    Text(
        "Let it go on selling: it goes on in a new stream by itself, and nothing is lost.",
        "可继续销售：终端会自动启用新的记录序列，数据不会丢失。",
    ),
)
_PUT_BACK = Kind(
    "▲",
    Text("The hub was put back", "总部数据库已回退"),
    Text(
        "Tills send again what they hold. See that each of them speaks to the hub once.",
        "终端会自动重新发送其记录。请确保每台终端都与总部联系一次。",
    ),
)
_COPIED_BACK = Kind(
    "▲",
    Text("An older copy of the disk", "磁盘为旧副本"),
    Text(
        "It goes on in a new stream and has fetched the rest back. Count its drawer.",
        "终端已启用新的记录序列并取回缺失部分。请清点其钱箱。",
    ),
)
_TWICE = Kind(
    "▲",
    Text("One till on two machines", "同一终端在两台机器上运行"),
    Text(
        "Switch one of them off and enrol it as a till of its own; both keep what they sold.",
        "请关闭其中一台并登记为新的终端；两台的销售记录均保留。",
    ),
)
_SILENT = Kind(
    MARKS[State.SILENT],
    Text("Silent", "无联系"),
    Text(
        "Ask the store whether the till is on and its line is up; it goes on selling meanwhile.",
        "请门店检查终端电源与网络；终端可继续销售。",
    ),
)
_CLOCK_OFF = Kind(
    "◷",
    Text("Clock is wrong", "时钟不准"),
    Text(
        "Set the till's clock, and have it set by itself (NTP). Facts, their order and business"
        " dates do not depend on it.",
        "请校准终端时钟并启用自动对时（NTP）；记录、其顺序与营业日均不受影响。",
    ),
)
_LATE = Kind(
    "◆",
    Text("Came after the close", "日结后到达"),
    Text(
        "In the books under its own date. Book what it changed in the next period: see Periods, or"
        " sync-server periods late",
        "已按原营业日入账；请将其影响计入下一期，见“日结”页或 sync-server periods late",
    ),
)
_OVER = Kind("≠", Text("Cash over", "长款"), _COUNT_AGAIN)
_SHORT = Kind("≠", Text("Cash short", "短款"), _COUNT_AGAIN)
_ENDED_AT = Text(
    "the copy held {copied} facts, {known} are here", "副本含 {copied} 条，已收 {known} 条"
)
_STILL_SILENT = Text(
    "{count} of {all} tills have not spoken since", "{all} 台终端中 {count} 台尚未联系"
)
_ALL_SPOKE = Text("every till has spoken since ({all})", "全部 {all} 台终端均已联系")
_WHY = {
    ELSEWHERE: Text("it was loaded again, or recovered", "数据库曾被重新载入或恢复"),
    OLDER_COPY: Text("it holds less than it held", "内容少于此前"),
    PROVED: Text("a till proved it", "由终端证实"),
    RESTORED: Text("by sync-server restore", "通过 sync-server restore"),
}
_OF_VERDICT: dict[str, Kind] = {
    VerdictCode.QUARANTINED: _QUARANTINED,
    VerdictCode.PARKED: _PARKED,
    VerdictCode.WAITING: _WAITING,
    VerdictCode.DEFERRED: _DEFERRED,
    VerdictCode.SET_ASIDE: _SET_ASIDE,
}
_SHIFT = Text("shift {number}: {amount}", "第 {number} 班：{amount}")
_HEAD = Text("{facts} here, {declared} declared", "已收 {facts}，声明 {declared}")


def discrepancies(seen: Overview, language: Language, now: datetime) -> tuple[Discrepancy, ...]:
    """What was put back and forks first, then what is not in the books, what came late, drawers,
    tills that nobody hears, and clocks."""
    standings = [each for each in seen.standings if each.till_id]
    states = [(each, state_of(each, now)) for each in standings]
    return (
        *(_put_back(each, language, now) for each in (seen.put_back,) if each is not None),
        *(_broken_off(each, language, now) for each in seen.broken_off),
        *(_fork(each, language) for each, state in states if state is State.FORKED),
        *(_unsettled(each, language, now) for each in seen.unsettled),
        *(_late(each, language, now) for each in seen.late),
        *(_difference(each, language) for each in seen.differences),
        *(_silence(each, language, now) for each, state in states if state is State.SILENT),
        *(_clock(each, language, now) for each, _ in states if clock_said(each) is not NOTHING),
    )


def _line(
    kind: Kind,
    till_id: str | None,
    detail: Text,
    since: str,
    language: Language,
    reason: str = "",
    old: Text = NOTHING,
) -> Discrepancy:
    till = till_id or ""
    return Discrepancy(
        kind.mark,
        kind.what.to(language),
        till,
        detail.to(language),
        reason,
        since,
        old.to(language),
        kind.remedy.filled(till=till).to(language),
        kind.open,
    )


def _put_back(what: PutBack, language: Language, now: datetime) -> Discrepancy:
    said = _STILL_SILENT if what.silent else _ALL_SPOKE
    detail = said.filled(count=f"{len(what.silent):,}", all=f"{what.tills:,}")
    why = _WHY.get(what.why, Text(what.why, what.why)).to(language)
    return _line(_PUT_BACK, None, detail, clock(what.at, "UTC", now), language, why)


def _broken_off(what: BrokenOff, language: Language, now: datetime) -> Discrepancy:
    detail = _ENDED_AT.filled(copied=f"{what.copied_seq:,}", known=f"{what.known_seq:,}")
    since = clock(what.since, what.timezone, now)
    kind = _TWICE if what.goes_on else _COPIED_BACK
    return _line(kind, what.till_id, detail, since, language)


def _fork(standing: TillStanding, language: Language) -> Discrepancy:
    return _line(_FORKED, standing.till_id, _head(standing), "", language)


def _silence(standing: TillStanding, language: Language, now: datetime) -> Discrepancy:
    since = clock(standing.last_contact, standing.timezone, now)
    return _line(_SILENT, standing.till_id, _head(standing), since, language)


def _head(standing: TillStanding) -> Text:
    return _HEAD.filled(facts=facts_of(standing.head_seq), declared=f"{standing.declared_seq:,}")


def _unsettled(facts: Unsettled, language: Language, now: datetime) -> Discrepancy:
    kind = _OF_VERDICT[facts.verdict]
    if (facts.verdict, facts.reason) == REVOKED:
        kind = _OF_REVOKED
    seqs = f"{facts.first_seq:,}" + (f"–{facts.last_seq:,}" if facts.facts > 1 else "")
    said = [facts_of(facts.facts)] if facts.facts > 1 else []
    said += [kind_name(facts.type)] if facts.type else []
    detail = Text(
        " · ".join([*(each.en for each in said), seqs]),
        " · ".join([*(each.zh for each in said), seqs]),
    )
    since = clock(facts.since, facts.timezone, now)
    old = ago(facts.since, now)
    return _line(kind, facts.till_id, detail, since, language, facts.reason, old)


def _late(facts: Late, language: Language, now: datetime) -> Discrepancy:
    told = facts_of(facts.facts)
    day = facts.business_date
    detail = Text(f"{told.en} of {day}", f"{day} 的{told.zh}")
    since = clock(facts.since, facts.timezone, now)
    old = ago(facts.since, now)
    return _line(_LATE, facts.till_id, detail, since, language, old=old)


def _clock(standing: TillStanding, language: Language, now: datetime) -> Discrepancy:
    off = clock_off(standing.clock_ahead_s or 0)
    since = clock(standing.last_contact, standing.timezone, now)
    return _line(_CLOCK_OFF, standing.till_id, off, since, language)


def _difference(shift: Difference, language: Language) -> Discrepancy:
    kind, sign = (_OVER, "+") if shift.minor > 0 else (_SHORT, "")
    detail = _SHIFT.filled(
        number=shift.shift.rpartition("-")[2],
        amount=f"{sign}{amount(shift.minor, shift.currency)}",
    )
    return _line(kind, shift.till_id, detail, shift.business_date, language)
