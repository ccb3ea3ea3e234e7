"""`sync-server quarantine list`, `show`, `replay`, `set-aside`, `resume`: facts that are kept but
not in the books, and what a person does about them."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from retail.language import Text
from sync_server.catalogue import moments
from sync_server.commands.running import Url, misused, say, stop
from sync_server.commands.shown import printable, rows
from sync_server.commands.telling import By, Told, ask
from sync_server.hub import Hub
from sync_server.quarantine import records
from sync_server.quarantine.records import SettlementRow, Where
from sync_server.quarantine.replays import BY_ITSELF, Shown, Tally
from sync_server.words import facts_of

_LIST = ("fact", "till", "seq", "type", "verdict", "since", "reason")
#: what waits behind a fact is shown as far as this
_BEHIND_MAX = 50
_MORE = Text("and {count} more: --limit", "另有 {count} 条：--limit")
_APPLIES_NOTHING = Text(
    "the hub applies nothing since {since}: {kind} failed",
    "自 {since} 起总部暂停入账：{kind} 处理失败",
)
_APPLIES_AGAIN = Text("the hub applies facts again", "总部已恢复入账")
_SET_ASIDE = Text("{eid} is set aside", "{eid} 已搁置")
_TALLY = Text(
    "{applied} applied, {kept} without effect still", "已入账 {applied} 条，仍未入账 {kept} 条"
)
_STOPPED = Text(
    "Too many failed: the hub applies nothing any more, the rest stays deferred.",
    "失败过多：总部已再次暂停入账，其余记录继续暂缓。",
)
_STOPPED_REMEDY = Text(
    "See what fails: sync-server quarantine list; once it is mended: quarantine resume",
    "查看原因：sync-server quarantine list；修复后再运行：quarantine resume",
)
_ONE_OF = Text("give one of --till, --eid and --all", "请在 --till、--eid、--all 中选择一项")
_LEFT_OUT = Text(
    "{facts} of {till} left out, they came while it was revoked: if they count,"
    " sync-server quarantine replay --till {till}",
    "{till} 停用期间的 {facts}记录未重放；如需入账：sync-server quarantine replay --till {till}",
)

Eid = Annotated[str, typer.Argument(metavar="EID", help="the fact's id, as `list` shows it")]


def listed(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="no more than so many")] = 50,
    database: Url = None,
) -> None:
    """List facts without effect, what needs a person most first.

    Example: sync-server quarantine list --limit 500
    """

    async def look(hub: Hub) -> tuple[list[records.Found], int, records.State]:
        quarantine = hub.office.quarantine
        whole = await quarantine.how_many(records.IS_SHOWN)
        return await quarantine.listed(limit), whole, await quarantine.state()

    found, whole, state = ask(database, look)
    rows(
        _LIST,
        (
            (
                each.eid,
                each.till_id,
                str(each.seq),
                each.type,
                each.verdict,
                moments.told(each.received_at),
                each.reason,
            )
            for each in found
        ),
    )
    if whole > len(found):
        say(_MORE.filled(count=whole - len(found)), beside=True)
    if state.deferring_since:
        since, kind = moments.told(state.deferring_since), state.deferring_why
        say(_APPLIES_NOTHING.filled(since=since, kind=kind), beside=True)


def show(eid: Eid, database: Url = None) -> None:
    """Show a fact, why it is not in the books, and what became of it.

    Example: sync-server quarantine show 0197a3c2-5e0b-7c41-9d3e-0242ac120002
    """
    shown = ask(database, lambda hub: hub.office.quarantine.shown(eid, _BEHIND_MAX))
    rows(("", ""), _lines(shown))
    typer.echo(printable(shown.data.decode(errors="replace")))


def _lines(shown: Shown) -> Iterator[tuple[str, str]]:
    found = shown.found
    yield "fact", found.eid
    yield "till", f"{found.till_id}, incarnation {found.incarnation}, fact {found.seq}"
    yield "type", found.type
    yield "verdict", _said(found.verdict, found.reason)
    yield "received", moments.told(found.received_at)
    for each in shown.settlements:
        yield (
            _who(each),
            f"{_said(each.verdict_before, each.reason_before)} → "
            + _said(each.verdict, each.reason),
        )
    for behind in shown.behind:
        yield "behind it", f"{behind.eid} {behind.type}"


def _who(settled: SettlementRow) -> str:
    by = "by itself" if settled.author == BY_ITSELF else settled.author
    return f"{moments.told(settled.at)} {by}"


def _said(verdict: str, reason: str) -> str:
    return f"{verdict}: {reason}" if reason else verdict or "in the books"


def replay(
    till: Annotated[str | None, typer.Option(help="all of this till, also a revoked one")] = None,
    eid: Annotated[str | None, typer.Option(help="this fact")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="all but what revoked tills said")
    ] = False,
    by: By = None,
    database: Url = None,
) -> None:
    """Try facts again after a fix, then what is parked behind them.

    Example: sync-server quarantine replay --all
    """
    if [till is not None, eid is not None, everything].count(True) != 1:
        misused(_ONE_OF)
    who = Told(by, "").by

    async def work(hub: Hub, seen: Callable[[int], None]) -> Tally:
        quarantine = hub.office.quarantine
        if eid is not None:
            return await quarantine.replay_fact(eid, who)
        if till is not None:
            return await quarantine.replay_till(till, who, seen)
        return await quarantine.replay(records.ALL, who, seen)

    where = records.ALL if till is None else records.of_till(till)

    async def whole(hub: Hub) -> tuple[Tally, list[tuple[str, int]]]:
        tally = await _watched(hub, where, work)
        return tally, await hub.office.quarantine.left_out() if everything else []

    tally, left_out = ask(database, whole)
    for till_id, facts in left_out:
        say(_LEFT_OUT.filled(facts=facts_of(facts), till=till_id), beside=True)
    _say(tally)


def set_aside(
    eid: Eid,
    reason: Annotated[str, typer.Option(help="why it never counts")],
    by: By = None,
    database: Url = None,
) -> None:
    """Let a fact never count; what is parked behind it stays where it is.

    Example: sync-server quarantine set-aside 0197a3c2-5e0b-7c41-9d3e-0242ac120002 --reason "twice"
    """
    who = Told(by, "").by
    ask(database, lambda hub: hub.office.quarantine.set_aside(eid, reason, who))
    say(_SET_ASIDE.filled(eid=eid))


def resume(by: By = None, database: Url = None) -> None:
    """Apply facts again after the hub stopped by itself, and those that it deferred.

    Example: sync-server quarantine resume
    """
    who = Told(by, "").by

    async def work(hub: Hub, seen: Callable[[int], None]) -> Tally:
        return await hub.office.quarantine.resume(who, seen)

    tally = ask(database, lambda hub: _watched(hub, records.IS_DEFERRED, work))
    _say(tally)
    say(_APPLIES_AGAIN)


async def _watched(
    hub: Hub, where: Where, work: Callable[[Hub, Callable[[int], None]], Awaitable[Tally]]
) -> Tally:
    """The work with a bar of its progress."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        whole = await hub.office.quarantine.how_many(where)
        task = progress.add_task("replaying", total=whole)
        return await work(hub, lambda tried: progress.advance(task, tried))


def _say(tally: Tally) -> None:
    say(_TALLY.filled(applied=tally.applied, kept=tally.kept))
    if tally.stopped:
        stop(_STOPPED, _STOPPED_REMEDY)
