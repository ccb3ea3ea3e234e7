"""What commands answer: a table for a person who watches, plain lines with tabs for a script."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text


def rows(columns: Sequence[str], told: Iterable[Sequence[str]]) -> None:
    """Rows under these columns; a script gets them without the columns' names."""
    if not sys.stdout.isatty():
        for row in told:
            typer.echo("\t".join(map(printable, row)))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in told:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console().print(table)


def printable(cell: str) -> str:
    """The cell without what would move a terminal's cursor, or turn its text around."""
    return "".join(sign if sign.isprintable() else "�" for sign in cell)


@contextmanager
def progress(name: str) -> Iterator[Callable[[int, int], None]]:
    """A line for a person who watches, beside the output."""
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)

        def tell(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield tell
