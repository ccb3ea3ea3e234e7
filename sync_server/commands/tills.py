"""`sync-server enrol-code` and `revoke`: which tills the hub serves."""

from typing import Annotated

import typer

from sync_server.commands.running import Url, run, settings_of, stop, with_hub


def enrol_code(
    store: Annotated[str, typer.Argument(help="the store's id")],
    till: Annotated[str | None, typer.Option(help="the till that a new machine replaces")] = None,
    database: Url = None,
) -> None:
    """Make a one-time code for a new till. Example: sync-server enrol-code S01"""
    code, till_id = run(
        with_hub(settings_of(database=database), lambda hub: hub.enrol_code(store, till))
    )
    typer.echo(f"{code}  for till {till_id}")


def revoke(
    till: Annotated[str, typer.Argument(help="the till's id")], database: Url = None
) -> None:
    """Refuse a till service from now on; its facts are still kept.

    Example: sync-server revoke S01-2
    """
    if not run(with_hub(settings_of(database=database), lambda hub: hub.revoke(till))):
        stop(f"There is no till {till}.", "The page at /hq lists them.")
    typer.echo(f"{till} is revoked")
