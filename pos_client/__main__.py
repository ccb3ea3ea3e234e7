"""The command `pos-client`."""

import typer

from pos_client.commands import backups, hubs, journals, receipts, selling, statuses
from pos_client.commands.last_words import run_whole

app = typer.Typer(
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    help="The till. Example: pos-client --headless --data /var/lib/omnitill",
)
app.callback(invoke_without_command=True)(selling.sell)
app.command()(hubs.enrol)
app.command("hub")(hubs.hub_address)
app.command()(statuses.status)
app.command()(backups.backup)
app.command()(backups.restore)
app.command()(receipts.receipt)
of_journal = typer.Typer(
    no_args_is_help=True, help="The till's journal. Example: pos-client journal verify"
)
app.add_typer(of_journal, name="journal")
of_journal.command()(journals.verify)
of_journal.command("import")(journals.import_journal)
of_journal.command()(journals.export)


def main() -> None:
    """Run the command line."""
    run_whole(app)


if __name__ == "__main__":
    main()
