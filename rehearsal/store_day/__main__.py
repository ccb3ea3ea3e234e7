"""The command: a store day on a terminal or in a pipe.

python -m rehearsal.store_day [--keep FOLDER]     exit 0 only if the books agree
"""

import io
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from rehearsal.store_day.day import play
from rehearsal.store_day.telling import Telling


def main(
    keep: Annotated[
        Path | None, typer.Option(help="keep the databases and the paper in this folder")
    ] = None,
) -> None:
    """A store day: sales online, cable out, power cut, cable back, books compared.

    Example: python -m rehearsal.store_day --keep /tmp/day
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Chinese still shows the day
    raise typer.Exit(play(Telling(), keep))


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
