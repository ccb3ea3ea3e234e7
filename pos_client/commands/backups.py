"""`pos-client backup` and `restore`: this till in one file, and how it comes back."""

from pathlib import Path
from typing import Annotated

import typer

from pos_client import backup as backups
from pos_client.commands.running import (
    Data,
    State,
    outside_the_tills_own,
    refuse,
    say,
    settings_of,
)
from retail.language import Text
from retail.refusals import Refusal

_BACKED_UP = Text(
    "{file}: {facts} facts, read again; keep it safe, the till's key is in it",
    "{file}：{facts} 条记录，已复读核对；内含本机密钥，请妥善保管",
)
_RESTORED = Text("till {till} is restored: {facts} facts", "{till} 已恢复：{facts} 条记录")


def backup(
    file: Annotated[Path, typer.Argument(help="file to write; it holds the till's key")],
    data: Data = None,
    state: State = None,
) -> None:
    """Write this till's backup, also while it sells.

    Example: pos-client backup /media/usb/S01-1.zip
    """
    settings = settings_of(data=data, state=state)
    outside_the_tills_own(file, settings)
    try:
        facts = backups.back_up(settings, file)
    except Refusal as no:
        refuse(no)
    say(_BACKED_UP.filled(file=file, facts=facts))


def restore(
    file: Annotated[Path, typer.Argument(help="what pos-client backup wrote")],
    data: Data = None,
    state: State = None,
    replace: Annotated[bool, typer.Option("--replace", help="move what is there aside")] = False,
) -> None:
    """Put a till's backup into an empty data folder.

    Example: pos-client restore S01-1.zip --data /var/lib/omnitill
    """
    try:
        done = backups.restore(file, settings_of(data=data, state=state).data, replace=replace)
    except Refusal as no:
        refuse(no)
    say(_RESTORED.filled(till=done.till, facts=done.facts))
    given = {"--data": data, "--state": state}
    folders = [word for name, path in given.items() if path for word in (name, str(path))]
    for said in backups.what_next(done, folders):
        say(said, beside=True)
