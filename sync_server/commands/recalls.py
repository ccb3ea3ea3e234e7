"""`sync-server products recall`, `lift`, `recalls`: what may not be sold."""

from typing import Annotated

import typer

from retail.language import Text
from retail.refusals import Refusal
from retail.revision import Recall
from sync_server.catalogue import moments
from sync_server.catalogue.acts import ActRow
from sync_server.commands.running import Url, refuse, say
from sync_server.commands.shown import rows
from sync_server.commands.telling import By, Id, Told, ask
from sync_server.hub import Hub

_RECALLED = Text("{what} is recalled", "{what} 已召回")
_LIFTED = Text("{what} is sold again", "{what} 已恢复销售")


class NotRecalled(Refusal):
    code = "not_recalled"
    sentence = Text("{what} is not recalled.", "{what} 未被召回。")
    way_on = Text(
        "See what is: sync-server products recalls", "查看召回：sync-server products recalls"
    )


def recall(
    product: Id,
    reason: Annotated[str, typer.Option(help="what the cashier is to tell customers")],
    batch: Annotated[str, typer.Option(help="one batch; without it all of it")] = "",
    by: By = None,
    database: Url = None,
) -> None:
    """Let no till sell a product, or a batch of it.

    Example: sync-server products recall 100028 --batch L2406 --reason "glass in a bottle"
    """
    told = Recall(product, " ".join(reason.split()), " ".join(batch.split()))
    ask(database, lambda hub: hub.office.recall(told, Told(by, "").by))
    say(_RECALLED.filled(what=told.key))


def lift(
    what: Annotated[str, typer.Argument(metavar="ID[/BATCH]", help="as `recalls` lists it")],
    by: By = None,
    database: Url = None,
) -> None:
    """Let it be sold again. Example: sync-server products lift 100028/L2406"""
    if not ask(database, lambda hub: hub.office.lift_recall(what, Told(by, "").by)):
        refuse(NotRecalled(what=what))
    say(_LIFTED.filled(what=what))


def recalls(database: Url = None) -> None:
    """List what may not be sold. Example: sync-server products recalls"""

    async def look(hub: Hub) -> tuple[list[Recall], dict[str, ActRow]]:
        seen = await hub.office.recalls()
        return seen, await hub.office.recalled_by([each.key for each in seen])

    seen, by = ask(database, look)
    rows(
        ("recalled", "reason", "by", "at"),
        ((each.key, each.reason, *_who(by.get(each.key))) for each in seen),
    )


def _who(recalled: ActRow | None) -> tuple[str, str]:
    """Who did it and when; of a recall from before the log nobody knows."""
    return (recalled.by.en, moments.told(recalled.at)) if recalled else ("", "")
