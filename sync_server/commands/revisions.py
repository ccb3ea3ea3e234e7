"""`sync-server products drafts`, `diff`, `publish`, `withdraw`, `history`, `log`, `roll-back`: what
is drafted, planned and was published, and who did it."""

from typing import Annotated

import typer

from pricebook.rows import short_name
from retail.language import Text
from sync_server.catalogue import moments
from sync_server.catalogue.acts import BEGINNINGS, ActRow
from sync_server.catalogue.records import RevisionRow
from sync_server.catalogue.service import NoSuchProduct
from sync_server.catalogue.views import ProductView, RevisionView
from sync_server.commands.running import Url, refuse, say
from sync_server.commands.shown import rows
from sync_server.commands.telling import (
    DRAFTED,
    At,
    By,
    Number,
    Told,
    ask,
    diff_lines,
    say_changes,
    say_stands,
)
from sync_server.hub import Hub

_WITHDRAWN = Text("revision {number} is withdrawn", "价格版本 {number} 已撤回")

#: by the revision's number
Acts = dict[int, list[ActRow]]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="no more than so many")]
_REVISIONS = ("number", "name", "published", "changes", "by", "note", "then")


def drafts(database: Url = None) -> None:
    """List drafts and plans. Example: sync-server products drafts"""
    seen = ask(database, lambda hub: hub.office.pending())
    rows(
        ("number", "state", "in force from", "changes", "by", "note"),
        (
            (
                str(each.row.number),
                each.row.state,
                moments.told(each.row.effective_at),
                str(each.changes),
                each.row.author,
                each.row.note,
            )
            for each in seen
        ),
    )


def diff(number: Number, database: Url = None) -> None:
    """Print what a revision changes, field by field. Example: sync-server products diff 12"""
    ask(database, lambda hub: say_changes(hub, number))


def publish(number: Number, at: At = None, by: By = None, database: Url = None) -> None:
    """Let a draft stand, now or from a time on.

    Example: sync-server products publish 12 --at "2026-12-01 00:00"
    """
    told = Told(by, "", at)

    async def work(hub: Hub) -> None:
        when = told.at
        if when is None:
            name = (await hub.office.publish(number, told.by)).name
        else:
            name = await hub.office.plan(number, when, told.by)
        say_stands(number, name, when)

    ask(database, work)


def withdraw(number: Number, by: By = None, database: Url = None) -> None:
    """Give up a draft, or a plan before its time. Example: sync-server products withdraw 12"""
    ask(database, lambda hub: hub.office.withdraw(number, Told(by, "").by))
    say(_WITHDRAWN.filled(number=number))


def history(
    product: Annotated[str | None, typer.Argument(metavar="[ID]", help="of one product")] = None,
    limit: Limit = 20,
    database: Url = None,
) -> None:
    """List what was published, or what became of one product, the newest first.

    Example: sync-server products history 100028
    """
    if product is None:
        _say_history(database, limit)
        return

    async def look(hub: Hub) -> tuple[ProductView, Acts]:
        seen = await hub.office.product(product)
        return seen, await hub.office.acts_on([row.number for row, _ in seen.history[:limit]])

    seen, acts = ask(database, look)
    if seen.product is None and not seen.history:
        refuse(NoSuchProduct(product=product))
    rows(
        ("number", "name", "published", "by", "note", "field", "before", "after", "then"),
        (
            (*_named(row), row.author, row.note, *of, _then(acts, row))
            for row, altered in seen.history[:limit]
            for _, _, *of in diff_lines(altered)
        ),
    )


def log(limit: Limit = 20, database: Url = None) -> None:
    """List who did what to the catalogue, to periods and to tills, the newest first.

    Example: sync-server products log --limit 100
    """
    rows(
        ("at", "by", "did", "to", "note"),
        (
            (moments.told(each.at), each.by.en, each.name.en, each.subject, each.note)
            for each in ask(database, lambda hub: hub.office.log(limit))
        ),
    )


def roll_back(
    number: Number,
    only_draft: Annotated[bool, typer.Option("--draft", help="do not publish it yet")] = False,
    by: By = None,
    database: Url = None,
) -> None:
    """Let everything be as it was when a revision stood.

    Example: sync-server products roll-back 7 --draft
    """

    told = Told(by, "")

    async def work(hub: Hub) -> None:
        back = await hub.office.draft_roll_back(number, told.by)
        await say_changes(hub, back)
        if only_draft:
            say(DRAFTED.filled(number=back), beside=True)
        else:
            say_stands(back, (await hub.office.publish(back, told.by)).name, None)

    ask(database, work)


def _say_history(database: str | None, limit: int) -> None:
    async def look(hub: Hub) -> tuple[list[RevisionView], Acts]:
        seen = await hub.office.history(limit)
        return seen, await hub.office.acts_on([each.row.number for each in seen])

    seen, acts = ask(database, look)
    rows(
        _REVISIONS,
        (
            (*_named(row), str(changes), row.author, row.note, _then(acts, row))
            for row, changes, _ in seen
        ),
    )


def _then(acts: Acts, row: RevisionRow) -> str:
    """What was done with a draft, by whom and when."""
    return "; ".join(
        f"{each.name.en} {each.by.en} {moments.told(each.at)}"
        for each in acts.get(row.number, ())
        if each.act not in BEGINNINGS
    )


def _named(row: RevisionRow) -> tuple[str, str, str]:
    return str(row.number), short_name(row.name), moments.told(row.published_at)
