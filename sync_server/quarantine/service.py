"""What becomes of facts without effect: replayed after a fix, set aside by a person, or deferred
while the hub applies nothing. Each function is one act on an open transaction.

A replay holds one stream at a time, as a push does, so that neither two hubs nor a push beside it
give a fact its effects twice; it looks again at what each fact has come to (decision 0020).
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from journal.wire import Verdict, VerdictCode
from retail.language import Text
from retail.refusals import Refusal
from sync_server import recorder
from sync_server.quarantine import records
from sync_server.quarantine.breaker import Failing
from sync_server.quarantine.records import Found, Settled, State, Where
from sync_server.recorder import REASON_CHARACTERS_MAX, UNSETTLED, Projection, Source


class NoSuchFact(Refusal):
    code = "no_such_fact"
    sentence = Text("The hub has no fact {eid}.", "总部没有记录 {eid}。")
    way_on = Text(
        "List what has no effect: sync-server quarantine list",
        "查看未入账记录：sync-server quarantine list",
    )


class FactSettled(Refusal):
    code = "fact_settled"
    sentence = Text("Fact {eid} is not to be settled: {state}.", "记录 {eid} 无需处理：{state}。")
    way_on = Text(
        "See what became of it: sync-server quarantine show {eid}",
        "查看处理经过：sync-server quarantine show {eid}",
    )


class NothingOfTill(Refusal):
    code = "nothing_of_till"
    sentence = Text("Nothing of till {till} is to be settled.", "终端 {till} 没有待处理的记录。")
    way_on = NoSuchFact.way_on


class StillDeferring(Refusal):
    code = "still_deferring"
    sentence = Text(
        "Fact {eid} is deferred, as all that came in since.",
        "记录 {eid} 与其后的记录一同暂缓入账。",
    )
    way_on = Text(
        "Let the hub apply facts again: sync-server quarantine resume",
        "请恢复入账：sync-server quarantine resume",
    )


class NotDeferring(Refusal):
    code = "not_deferring"
    sentence = Text("The hub applies what comes in.", "总部正常入账，未暂停。")
    way_on = Text(
        "For what is in quarantine: sync-server quarantine replay --all",
        "处理隔离记录：sync-server quarantine replay --all",
    )


class SetAsideWithoutReason(Refusal):
    code = "set_aside_without_reason"
    sentence = Text("To set a fact aside needs a reason.", "搁置记录需要填写原因。")
    way_on = Text(
        "Say it for those who read it later: --reason …", "请填写原因供日后查阅：--reason …"
    )


STATES = {
    "": Text("it is in the books", "已入账"),
    VerdictCode.SET_ASIDE: Text("it was set aside", "已搁置"),
}


class Step(NamedTuple):
    """What one step of a replay came to; `last` is the seq it came to, 0 when there was nothing.
    `deferred` of its facts were, of which `failed` came to quarantine."""

    till_id: str = ""
    last: int = 0
    applied: int = 0
    kept: int = 0
    deferred: int = 0
    failed: int = 0


def replay(
    connection: Connection,
    stream_no: int,
    where: Where,
    after: int,
    most: int,
    project: Projection,
    author: str,
    now: datetime,
) -> Step:
    """Try the stream's next such facts again, each as if it came now."""
    till_id, store_id, closed_to = records.locked_stream(connection, stream_no)
    if records.state(connection).deferring_since:
        where = where & ~records.IS_DEFERRED
    stored = records.next_facts(connection, stream_no, where, after, most)
    if not stored:
        return Step()
    run = [each.fact for each in stored]
    blocked = recorder.spoken_of(connection, run, UNSETTLED)
    source = Source(stream_no, store_id, now, closed_to=closed_to)
    verdicts = recorder.apply(connection, source, run, blocked, project)
    still = {verdict.seq: verdict for verdict in verdicts}
    settled = []
    for fact, verdict, reason in stored:
        told = still.get(fact.envelope.seq, Verdict(fact.envelope.seq, ""))
        if (told.code, told.reason) != (verdict, reason):
            settled.append(Settled(told.seq, told.code, told.reason, verdict, reason))
    records.settle(connection, stream_no, settled, author, now)
    deferred = {each.fact.envelope.seq for each in stored if each.verdict == VerdictCode.DEFERRED}
    failed = {each.seq for each in verdicts if each.code == VerdictCode.QUARANTINED}
    return Step(
        till_id,
        run[-1].envelope.seq,
        len(stored) - len(still),
        len(still),
        len(deferred),
        len(deferred & failed),
    )


def known(connection: Connection, eid: str) -> Found:
    """A fact that may be replayed or set aside. Raises NoSuchFact, FactSettled, or StillDeferring
    while the hub applies nothing."""
    found = records.find(connection, eid)
    if found is None:
        raise NoSuchFact(eid=eid)
    if found.verdict not in UNSETTLED:
        raise FactSettled(eid=eid, state=STATES[found.verdict])
    if found.verdict == VerdictCode.DEFERRED and records.state(connection).deferring_since:
        raise StillDeferring(eid=eid)
    return found


def set_aside(connection: Connection, eid: str, reason: str, author: str, now: datetime) -> None:
    """Let a fact never count, by a person's word. What is parked behind it stays where it is.
    Raises what `known` does, and SetAsideWithoutReason."""
    told = " ".join(reason.split())[:REASON_CHARACTERS_MAX]
    if not told:
        raise SetAsideWithoutReason
    stream_no = known(connection, eid).stream_no
    records.locked_stream(connection, stream_no)
    found = known(connection, eid)  # as it is now that nobody else changes it
    change = Settled(found.seq, VerdictCode.SET_ASIDE, told, found.verdict, found.reason)
    records.settle(connection, stream_no, [change], author, now)
    note_what_is_left(connection)


def note_what_is_left(connection: Connection) -> None:
    """Let pushes look for nothing any more once everything is settled. Whoever makes something
    unsettled meanwhile holds the row until it is there to be seen, or waits for us."""
    held = records.state(connection, lock=True)
    records.save_state(
        connection, held._replace(unsettled=records.is_any(connection, records.IS_UNSETTLED))
    )


def stop(connection: Connection, failing: Failing, now: datetime) -> bool:
    """Apply nothing from now on, for too much fails -> whether that is news. One till alone stops
    nothing while others are in service, though it spoke so much that none else was heard."""
    if len(failing.spoke) == 1 and records.others_spoke(connection, failing.spoke):
        return False
    held = records.state(connection, lock=True)
    if held.deferring_since:
        return False
    why = f"{failing.quarantined} / {failing.facts}"
    since = now.isoformat(timespec="milliseconds")
    records.save_state(connection, held._replace(deferring_since=since, deferring_why=why))
    return True


def resume(connection: Connection) -> None:
    """Apply again what comes in; what was deferred is replayed next. Raises NotDeferring when
    nothing was."""
    held = records.state(connection, lock=True)
    if not held.deferring_since and not records.is_any(connection, records.IS_DEFERRED):
        raise NotDeferring
    records.save_state(connection, State(held.unsettled, "", ""))
