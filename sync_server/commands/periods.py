"""`sync-server periods list`, `preview`, `close`, `late`: business dates that are closed, and what
came for them after."""

from collections.abc import Iterator
from typing import Annotated

import typer

from retail.language import Text
from retail.postings import MONEY
from sync_server.catalogue import moments
from sync_server.commands.running import Url, say, saying_no, stop
from sync_server.commands.shown import rows
from sync_server.commands.telling import By, Told, ask
from sync_server.hub import Hub
from sync_server.periods import late as late_facts
from sync_server.periods.records import LateFact
from sync_server.periods.service import Preview, StorePeriods, typed
from sync_server.words import amount, facts_of, plain, thousandths

_LIST = ("store", "name", "complete to", "closed to", "by", "at", "not complete because")
_LATE = (
    *("store", "till", "business date", "shift", "fact", "type", "book", "account", "item"),
    *("amount", "noted at"),
)
_NO_REASON = Text("--reason is for a period that is not complete.", "--reason 仅用于强制日结。")
_NO_REASON_REMEDY = Text(
    "Give --incomplete with it, or leave it away.", "请同时加上 --incomplete，或去掉 --reason。"
)
_TAKEN = Text("{date}: {amount} in {sales} sales", "{date}：{amount}，{sales} 笔")
_CLOSED = Text("store {store} is closed up to {date}", "门店 {store} 已日结至 {date}")
_MORE = Text("and {facts} more: --limit", "另有 {facts}：--limit")
_UNMOVING = Text("{facts} more moved neither money nor stock", "另有 {facts}未涉及金额与库存")

Store = Annotated[str, typer.Argument(metavar="STORE", help="the store's id")]
Day = Annotated[str, typer.Argument(metavar="DATE", help="a business date: 2026-12-01")]


def listed(database: Url = None) -> None:
    """List up to where each store is complete and closed.

    Example: sync-server periods list
    """
    rows(_LIST, map(_listed, ask(database, lambda hub: hub.office.stores_closed())))


def _listed(each: StorePeriods) -> tuple[str, ...]:
    closed = each.closed
    who = ("", "", "", "")
    if closed is not None:
        at = moments.told(closed.closed_at)
        who = (closed.business_date, closed.author, at, closed.reason)
    return each.store_id, each.store_name, each.whole_to, *who


def preview(store: Store, date: Day, database: Url = None) -> None:
    """Show what closing a business date means, and what keeps it open; exits 1 when something does.

    Example: sync-server periods preview S01 2026-12-01
    """
    with saying_no():
        day = typed(date)
    seen = ask(database, lambda hub: hub.office.preview_close(store, day))
    rows(("", ""), _lines(seen))
    if seen.hindrances:
        raise typer.Exit(1)


def _lines(seen: Preview) -> Iterator[tuple[str, str]]:
    after = f" after {seen.former.business_date}" if seen.former else ""
    yield "closes", f"store {seen.store_id}{after} up to {seen.business_date}"
    for day in seen.taken:
        yield day.business_date, f"{amount(day.minor, day.currency)} in {day.sales:,} sales"
    for till_id, why in seen.hindrances:
        yield "kept open by", f"{till_id}: {why.en} {why.zh}"
    if seen.unsettled:
        yield "not in the books", facts_of(seen.unsettled).en


def close(
    store: Store,
    date: Day,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="although tills keep it open")
    ] = False,
    reason: Annotated[str, typer.Option(help="why, with --incomplete")] = "",
    by: By = None,
    database: Url = None,
) -> None:
    """Close a business date of a store, and all before it; what comes later is listed as late.

    Example: sync-server periods close S01 2026-12-01
    """
    if reason and not incomplete:
        stop(_NO_REASON, _NO_REASON_REMEDY)
    with saying_no():
        day = typed(date)
    who, why = Told(by, "").by, reason if incomplete else None
    seen = ask(database, lambda hub: hub.office.close_period(store, day, who, why))
    for day_taken in seen.taken:
        said, sales = amount(day_taken.minor, day_taken.currency), f"{day_taken.sales:,}"
        say(_TAKEN.filled(date=day_taken.business_date, amount=said, sales=sales))
    say(_CLOSED.filled(store=store, date=seen.business_date))


def late(
    store: Annotated[str | None, typer.Option(help="only this store")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="no more facts than so many")] = 50,
    database: Url = None,
) -> None:
    """List what came after its period was closed, posting by posting, to be booked in the next one.

    Example: sync-server periods late --store S01 > late.tsv
    """

    async def look(hub: Hub) -> tuple[list[LateFact], tuple[int, int]]:
        office = hub.office
        if store is not None:
            await office.known_store(store)
        return await office.late_facts(limit, store), await office.how_many_late(store)

    found, (moving, unmoving) = ask(database, look)
    rows(_LATE, (row for each in found for row in _postings(each)))
    if moving > len(found):
        say(_MORE.filled(facts=facts_of(moving - len(found))), beside=True)
    if unmoving:
        say(_UNMOVING.filled(facts=facts_of(unmoving)), beside=True)


def _postings(each: LateFact) -> Iterator[tuple[str, ...]]:
    told = late_facts.envelope_of(each)
    where = (each.store_id, each.till_id, each.business_date, told.shift, told.eid, each.type)
    for entry in late_facts.postings_of(each):
        number = thousandths(entry.amount)
        if entry.book == MONEY:
            number = plain(entry.amount, entry.item)
        book = (entry.book, entry.account, entry.item)
        yield *where, *book, number, moments.told(each.noted_at)
