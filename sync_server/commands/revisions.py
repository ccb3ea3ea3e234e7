"""`sync-server products drafts`, `diff`, `publish`, `withdraw`, `history`, `roll-back`: what is
drafted, planned and was published."""

from typing import Annotated

import typer

from pricebook.rows import short_name
from sync_server.catalogue import moments
from sync_server.catalogue.records import RevisionRow
from sync_server.catalogue.service import NoSuchProduct
from sync_server.catalogue.views import RevisionView
from sync_server.commands.running import Url, refuse
from sync_server.commands.shown import rows
from sync_server.commands.telling import (
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

_REVISIONS = ("number", "name", "published", "changes", "by", "note")


def drafts(database: Url = None) -> None:
    """List drafts and plans. Example: sync-server products drafts"""
    seen = ask(database, Hub.pending)
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


def publish(number: Number, at: At = None, database: Url = None) -> None:
    """Let a draft stand, now or from a time on.

    Example: sync-server products publish 12 --at "2026-12-01 00:00"
    """

    async def work(hub: Hub) -> None:
        when = moments.typed(at) if at else None
        if when is None:
            name = (await hub.publish(number)).name
        else:
            name = await hub.plan(number, when)
        say_stands(number, name, when)

    ask(database, work)


def withdraw(number: Number, database: Url = None) -> None:
    """Give up a draft, or a plan before its time. Example: sync-server products withdraw 12"""
    ask(database, lambda hub: hub.withdraw(number))
    typer.echo(f"{number} is withdrawn")


def history(
    product: Annotated[str | None, typer.Argument(metavar="[ID]", help="of one product")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="no more than so many")] = 20,
    database: Url = None,
) -> None:
    """List what was published, or what became of one product, the newest first.

    Example: sync-server products history 100028
    """
    if product is None:
        rows(_REVISIONS, map(_revision, ask(database, lambda hub: hub.history(limit))))
        return
    seen = ask(database, lambda hub: hub.product(product))
    if seen.product is None and not seen.history:
        refuse(NoSuchProduct(product=product))
    rows(
        ("number", "name", "published", "by", "note", "field", "before", "after"),
        (
            (*_named(row), row.author, row.note, *of)
            for row, altered in seen.history[:limit]
            for _, _, *of in diff_lines(altered)
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

    async def work(hub: Hub) -> None:
        back = await hub.draft_roll_back(number, Told(by, "").by)
        await say_changes(hub, back)
        if only_draft:
            typer.echo(f"draft {back}; nothing is published yet", err=True)
        else:
            say_stands(back, (await hub.publish(back)).name, None)

    ask(database, work)


def _revision(seen: RevisionView) -> tuple[str, ...]:
    return (*_named(seen.row), str(seen.changes), seen.row.author, seen.row.note)


def _named(row: RevisionRow) -> tuple[str, str, str]:
    return str(row.number), short_name(row.name), moments.told(row.published_at)
