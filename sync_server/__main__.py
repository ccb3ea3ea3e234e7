"""The command `sync-server`."""

from collections.abc import Callable
from typing import Annotated

import typer

from sync_server.commands import (
    backups,
    doctors,
    exports,
    files,
    periods,
    products,
    quarantine,
    recalls,
    receipts,
    revisions,
    serving,
    tills,
)
from sync_server.commands.last_words import run_whole
from sync_server.sync.versions import program

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The hub. Example: sync-server serve --database sqlite:///hub.db",
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"sync-server {program()}")
        raise typer.Exit


@app.callback()
def hub(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="show the version"),
    ] = False,
) -> None:
    """The hub's commands."""


def _group(name: str, says: str) -> typer.Typer:
    """Commands under a word of their own."""
    group = typer.Typer(no_args_is_help=True, help=says)
    app.add_typer(group, name=name)
    return group


app.command()(serving.serve)
app.command()(serving.migrate)
app.command("enrol-code")(tills.enrol_code)
app.command()(tills.revoke)
app.command("import")(files.import_file)
app.command("export")(exports.export_file)
app.command()(backups.backup)
app.add_typer(backups.of_backups, name="backups")
app.command()(backups.restore)
app.command()(doctors.doctor)
of_periods = _group("periods", "Business dates that are closed. Example: sync-server periods list")
of_periods.command("list")(periods.listed)
of_periods.command()(periods.preview)
of_periods.command()(periods.close)
of_periods.command()(periods.late)
of_products = _group(
    "products", "Look at products and change them. Example: sync-server products find kele"
)
_OF_PRODUCTS: dict[str, Callable[..., None]] = {
    "show": products.show,
    "find": products.find,
    "set-price": products.set_price,
    "remove": products.remove,
    "draft": products.draft,
    "drafts": revisions.drafts,
    "diff": revisions.diff,
    "publish": revisions.publish,
    "withdraw": revisions.withdraw,
    "history": revisions.history,
    "log": revisions.log,
    "roll-back": revisions.roll_back,
    "recall": recalls.recall,
    "lift": recalls.lift,
    "recalls": recalls.recalls,
}
for _name, _command in _OF_PRODUCTS.items():
    of_products.command(_name)(_command)
of_receipts = _group(
    "receipts", "How a store's receipts look. Example: sync-server receipts show S01 > receipt.txt"
)
of_receipts.command()(receipts.show)
of_receipts.command("set")(receipts.set_template)
of_receipts.command()(receipts.reset)
of_quarantine = _group(
    "quarantine", "Facts that are kept but not in the books. Example: sync-server quarantine list"
)
of_quarantine.command("list")(quarantine.listed)
of_quarantine.command()(quarantine.show)
of_quarantine.command()(quarantine.replay)
of_quarantine.command("set-aside")(quarantine.set_aside)
of_quarantine.command()(quarantine.resume)


def main() -> None:
    """Run the command line."""
    run_whole(app)


if __name__ == "__main__":
    main()
