"""`sync-server doctor`: proof that the live database holds, for a person and by its exit code."""

import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Styled

from retail.language import Text
from sync_server.commands.running import Url, run, settings_of, with_hub
from sync_server.commands.shown import printable, progress
from sync_server.doctor.service import Line, Report

_WELL = Text("All holds.", "全部相符。")
_ILL = Text("Not so: {count}.", "共 {count} 处不符。")
_MARKS = {True: "✓", False: "✗"}


def doctor(
    store: Annotated[str | None, typer.Option(help="only what concerns this store")] = None,
    database: Url = None,
) -> None:
    """Prove that every fact is here and in the books, while the hub serves; exits 1 if not.

    Example: sync-server doctor --store S01
    """
    settings = settings_of(database=database)
    with progress("examining") as tell:
        report = run(with_hub(settings, lambda hub: hub.office.doctor(tell, store)))
    if sys.stdout.isatty():
        _show(report, Console())
    else:
        for row in _rows(report):
            typer.echo("\t".join(map(printable, row)))
    if not report.well:
        raise typer.Exit(1)


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    """For a script: a line for each part, each finding and each note; English, then Chinese."""
    for line in report.lines:
        said = "not so" if line.findings else "holds"
        yield said, line.part, line.said.en, "", line.said.zh, ""
        for each in line.findings:
            yield "wrong", line.part, each.what.en, each.todo.en, each.what.zh, each.todo.zh
    for note in report.notes:
        yield "note", "", note.en, "", note.zh, ""


def _show(report: Report, console: Console) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    for _ in range(4):
        table.add_column(overflow="fold")
    for line in report.lines:
        style = "bold red" if line.findings else "green"
        table.add_row(
            Styled(_MARKS[not line.findings], style),
            *(Styled(said, "bold" if line.findings else "") for said in _cells(line)),
        )
    console.print(table)
    for line in report.lines:
        for each in line.findings:
            _tell(console, "✗", "red", each.what, each.todo)
    for note in report.notes:
        _tell(console, "·", "yellow", note)
    count = sum(len(line.findings) for line in report.lines)
    said = _WELL if report.well else _ILL.filled(count=count)
    console.print()
    console.print(Styled(f"{said.en} {said.zh}", "bold green" if report.well else "bold red"))


def _cells(line: Line) -> tuple[str, str, str, str]:
    return line.name.en, line.said.en, line.name.zh, line.said.zh


def _tell(console: Console, mark: str, style: str, what: Text, *todo: Text) -> None:
    """A finding with what to do about it, each language for itself."""
    console.print()
    for language in ("en", "zh"):
        said = Styled(f"{mark if language == 'en' else ' '} ", style)
        said.append(printable(getattr(what, language)), "bold" if todo else "")
        console.print(said, soft_wrap=False)
        for each in todo:
            console.print(Padding(Styled(getattr(each, language), "dim"), (0, 0, 0, 2)))
