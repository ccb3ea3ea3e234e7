"""`sync-server enrol-code` and `revoke`: which tills the hub serves."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from retail.language import Text
from sync_server.catalogue import moments
from sync_server.commands.running import Url, run, say, settings_of, stop, with_hub
from sync_server.commands.telling import By, Told, ask
from sync_server.hub import Hub, system_now

#: a till that spoke within this time has a machine that works
_LATELY = timedelta(minutes=10)
_VALID = Text("It may be used once, within {minutes} min.", "仅限使用一次，{minutes} 分钟内有效。")
_SPOKE = Text(
    "{till} spoke {ago} s ago: the machine that has it now will be refused once the code is used.",
    "{till} 在 {ago} 秒前有过联系：登记码一经使用，现有机器将被拒绝。",
)
_REVOKED = Text("{till} is revoked", "{till} 已停用")
_REVOKED_ALREADY = Text("{till} is revoked already, since {since}", "{till} 已于 {since} 停用")
_NO_TILL = Text("There is no till {till}.", "没有收银机 {till}。")
_NO_TILL_REMEDY = Text("The page at /hq lists them.", "所有收银机列于 /hq 页面。")
_UNDO = Text(
    "To let it in again give it a new code: sync-server enrol-code {store} --till {till}",
    "如需恢复，请为其生成新的登记码：sync-server enrol-code {store} --till {till}",
)


def enrol_code(
    store: Annotated[str, typer.Argument(help="the store's id")],
    till: Annotated[str | None, typer.Option(help="the till that a new machine replaces")] = None,
    database: Url = None,
) -> None:
    """Make a one-time code for a new till. Example: sync-server enrol-code S01"""
    settings = settings_of(database=database)

    async def work(hub: Hub) -> tuple[str, str, datetime | None]:
        code, till_id = await hub.enrol_code(store, till)
        return code, till_id, await hub.spoke_at(till_id)

    code, till_id, spoke_at = run(with_hub(settings, work))
    typer.echo(f"{code}  for till {till_id}")
    say(_VALID.filled(minutes=f"{settings.enrol_code_valid_s / 60:g}"), beside=True)
    ago = system_now() - spoke_at if spoke_at else _LATELY
    if ago < _LATELY:
        say(_SPOKE.filled(till=till_id, ago=max(0, int(ago.total_seconds()))), beside=True)


def revoke(
    till: Annotated[str, typer.Argument(help="the till's id")],
    by: By = None,
    database: Url = None,
) -> None:
    """Refuse a till service from now on; its facts are still kept.

    Example: sync-server revoke S01-2
    """
    revoked = ask(database, lambda hub: hub.revoke(till, Told(by, "").by))
    if revoked is None:
        stop(_NO_TILL.filled(till=till), _NO_TILL_REMEDY)
    said = _REVOKED if revoked.is_new else _REVOKED_ALREADY
    say(said.filled(till=till, since=moments.told(revoked.since)))
    say(_UNDO.filled(store=revoked.store_id, till=till), beside=True)
