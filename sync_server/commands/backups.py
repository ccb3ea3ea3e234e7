"""`sync-server backup`, `backups` and `restore`: what is safe, and how it comes back."""

from pathlib import Path
from typing import Annotated

import typer

from retail.language import Text
from sync_server.backup import restoring
from sync_server.backup.copying import Tell
from sync_server.backup.records import BackupRow
from sync_server.backup.restoring import Restored
from sync_server.catalogue import moments
from sync_server.commands.running import Url, run, say, saying_no, settings_of, stop, with_hub
from sync_server.commands.shown import progress, rows
from sync_server.database import FAULTS, unusable
from sync_server.hub import system_now
from sync_server.settings import HubSettings

_COLUMNS = ("taken at", "noted at", "facts", "bytes", "file")
_NOTED = "noted by a person"
_WRITTEN = Text(
    "{file}: {facts} facts as of {at}, {bytes} bytes, read again",
    "{file}：截至 {at} 共 {facts} 条记录，{bytes} 字节，已复读核对",
)
_SAFE = Text("{facts} facts are safe by the backup of {at}", "{at} 的备份可保 {facts} 条记录不失")
_WHOLE = Text(
    "the backup of {at} is whole: {facts} facts in {streams} streams",
    "{at} 的备份完整：{facts} 条记录，{streams} 个流",
)
_RESTORED = Text(
    "the backup of {at} is restored: {facts} facts in {streams} streams",
    "{at} 的备份已恢复：{facts} 条记录，{streams} 个流",
)
_ASIDE = Text("what was there before lies in {file}", "原有数据已移至 {file}")
_AGAIN = Text(
    "Tills that know of more send it again by themselves; former backups stay valid.",
    "收银机会自动补发总部缺少的记录；以前的备份仍有效。",
)
_NO_CHECK = Text(
    "--check looks at FILE alone and changes nothing.", "--check 只检查文件，不做任何更改。"
)
_NO_CHECK_REMEDY = Text("Leave --replace away.", "请去掉 --replace。")

File = Annotated[Path, typer.Argument(metavar="FILE", help="the backup")]
Replace = Annotated[bool, typer.Option("--replace", help="an older backup of that name")]


def backup(file: File, replace: Replace = False, database: Url = None) -> None:
    """Write a backup, read it again, and note what is safe by it; a hub that serves goes on.

    Example: sync-server backup /backup/hub-2026-12-01.db
    """
    settings, where = settings_of(database=database), file.absolute()
    with progress("backing up") as tell:
        done = run(with_hub(settings, lambda hub: hub.office.back_up(where, tell, replace=replace)))
    at = moments.told(done.taken_at)
    say(_WRITTEN.filled(file=done.file, facts=done.facts, at=at, bytes=done.size_bytes))


of_backups = typer.Typer(help="Which backups there are. Example: sync-server backups")


@of_backups.callback(invoke_without_command=True)
def backups(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="how many")] = 20,
    database: Url = None,
) -> None:
    """The backups that the hub knows of, the newest first. Example: sync-server backups"""
    if context.invoked_subcommand is None:
        settings = settings_of(database=database)
        found = run(with_hub(settings, lambda hub: hub.office.backups(limit)))
        rows(_COLUMNS, map(_shown, found))


def _shown(row: BackupRow) -> tuple[str, ...]:
    when = moments.told(row.taken_at), moments.told(row.noted_at)
    if not row.file:
        return (*when, str(row.facts), "", _NOTED)
    return (*when, str(row.facts), str(row.size_bytes), row.file)


@of_backups.command()
def note(
    taken_at: Annotated[
        str, typer.Option("--taken-at", help="when it was begun: 2026-12-01 03:00")
    ],
    database: Url = None,
) -> None:
    """Say that a backup was taken by other means (docs/operating.md); nobody checks it.

    Example: sync-server backups note --taken-at "2026-12-01 03:00"
    """
    settings = settings_of(database=database)
    with saying_no():
        at = moments.typed(taken_at)
    row = run(with_hub(settings, lambda hub: hub.office.note_backup(at, settings.backup_late_s)))
    say(_SAFE.filled(facts=row.facts, at=moments.told(row.taken_at)))


def restore(
    file: File,
    check: Annotated[
        bool, typer.Option("--check", help="read the backup and change nothing")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="move the SQLite file that is there aside")
    ] = False,
    database: Url = None,
) -> None:
    """Put a backup into a new database, or over a SQLite file that is moved aside.

    Example: sync-server restore hub-2026-12-01.db --database postgresql://omnitill@db/omnitill
    """
    if check and replace:
        stop(_NO_CHECK, _NO_CHECK_REMEDY)
    if check:
        with progress("reading") as tell, saying_no():
            _say(_WHOLE, restoring.check(file, tell))
        return
    settings = settings_of(database=database)
    with progress("restoring") as tell:
        done = run(_restore(file, settings, tell, replace=replace))
    _say(_RESTORED, done)
    if done.aside is not None:
        say(_ASIDE.filled(file=done.aside))
    say(_AGAIN, beside=True)


async def _restore(file: Path, settings: HubSettings, tell: Tell, *, replace: bool) -> Restored:
    try:
        return await restoring.restore(file, settings, system_now(), tell, replace=replace)
    except FAULTS as fault:
        raise unusable(settings.database, fault) from fault


def _say(said: Text, done: Restored) -> None:
    at, streams = moments.told(done.taken_at), len(done.held.heads)
    say(said.filled(at=at, facts=done.held.facts, streams=streams))
