"""`pos-client journal verify`, `import`, `export`: all facts of this till."""

import os
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from hardware.fault import Fault
from pos_client import inspection
from pos_client.commands.running import (
    Data,
    State,
    complain,
    looking_into,
    outside_the_tills_own,
    refuse,
    say,
    settings_of,
    show,
    stop,
)
from pos_client.till import Till
from retail.language import Text
from retail.refusals import Refusal

_BROUGHT = Text(
    "{new} facts brought in, {known} were here already. They go to the hub when the till runs.",
    "已导入 {new} 条记录，另有 {known} 条已存在。收银程序运行时将上传至总部。",
)
_LEFT_THERE = Text(
    "What comes before it was brought in. Keep that disk, and give it to support.",
    "此前的记录已导入。请保留该磁盘并交给技术支持。",
)
_OUTPUT = Text("standard output", "标准输出")
_UNWRITABLE = Text("{file}: {why}", "无法写入 {file}（{why}）。")
_UNWRITABLE_REMEDY = Text("Choose a place that can be written.", "请选择可写入的位置。")


def verify(data: Data = None, state: State = None) -> None:
    """Follow every chain, and recount the books. Example: pos-client journal verify"""
    with looking_into(settings_of(data=data, state=state)) as (database, who):
        findings = inspection.verify(database, who)
    show(findings.checked)
    for wrong in findings.wrong:
        complain(wrong.what, wrong.todo)
    raise typer.Exit(1 if findings.wrong else 0)


def import_journal(
    folder: Annotated[Path, typer.Argument(help="data folder of this till's other disk")],
    data: Data = None,
    state: State = None,
) -> None:
    """Bring in what another disk of this till still holds, for the hub.

    Example: pos-client journal import /mnt/old-disk/omnitill
    """
    settings = settings_of(data=data, state=state)
    try:
        with closing(Till.open(settings, sync=False)) as till:
            brought = till.bring_in(folder)
    except (Refusal, Fault) as no:
        refuse(no)
    say(_BROUGHT.filled(new=brought.facts, known=brought.known))
    for wrong in brought.wrong:
        complain(wrong, _LEFT_THERE)
    raise typer.Exit(1 if brought.wrong else 0)


def export(
    file: Annotated[Path | None, typer.Argument(help="file to write; standard output else")] = None,
    data: Data = None,
    state: State = None,
) -> None:
    """Write every fact, one a line, as it was recorded.

    Example: pos-client journal export all.jsonl
    """
    settings = settings_of(data=data, state=state)
    if file is not None:
        outside_the_tills_own(file, settings)
    try:
        with (
            looking_into(settings) as (database, _),
            file.open("wb") if file else os.fdopen(os.dup(1), "wb") as out,
        ):
            for fact in inspection.stored_facts(database):
                out.write(fact + b"\n")
    except BrokenPipeError:  # who read has enough
        raise typer.Exit(1) from None
    except OSError as fault:
        stop(_UNWRITABLE.filled(file=file or _OUTPUT, why=fault.strerror), _UNWRITABLE_REMEDY)
