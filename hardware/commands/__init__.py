"""What `python -m hardware` does: `devices` tries real ones, `simulate` stands in for one.

Exit codes: 0 done, or sent where nothing can tell; 1 the device failed, or a signal came before the
end; 2 wrong usage. stderr says the reason, and what is known.
"""

import typer

from hardware.commands import devices, simulate

app = typer.Typer(
    help="Find devices, try them, or simulate one.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("list")(devices.list_devices)
app.command()(devices.probe)
app.command("print-test")(devices.print_test)
app.command()(devices.kick)
app.command()(devices.unlock)
app.command()(devices.watch)
app.command()(devices.commission)
app.command("simulate")(simulate.simulate)


def main() -> None:
    app()
