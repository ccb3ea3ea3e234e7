"""Backups in tests; and as a program that takes one or puts one back and is killed at a step of it:
`python -m tests.hub.backing_up FOLDER HOW STEP`; with step 0 it is not killed and says how many
steps there are. A step is a commit, or a file that is opened, linked, renamed or removed.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, event

from sync_server.backup import restoring
from sync_server.backup.records import BackupRow
from sync_server.backup.restoring import Restored
from sync_server.hub import Hub
from tests.served_hub import hub_settings

FOLDER_EVENTS = {"open", "os.rename", "os.remove", "os.link"}
HUB, BACKUP = "hub.db", "backup.db"


def quiet(_done: int, _total: int) -> None:
    """Nobody watches."""


def back_up(
    database_url: str,
    file: Path,
    tell: Callable[[int, int], object] = quiet,
    *,
    replace: bool = False,
) -> BackupRow:
    """Take a backup as the command does: in a hub of its own beside the one that serves."""

    async def whole() -> BackupRow:
        hub = await Hub.open(hub_settings(database_url))
        try:
            return await hub.office.back_up(file, tell, replace=replace)
        finally:
            await hub.close()

    return asyncio.run(whole())


def restore(file: Path, database_url: str, *, replace: bool = False) -> Restored:
    """Put a backup back as the command does."""
    settings, now = hub_settings(database_url), datetime.now(UTC)
    return asyncio.run(restoring.restore(file, settings, now, quiet, replace=replace))


class Steps:
    """Counts the steps, and kills this process at one of them."""

    def __init__(self, folder: Path, last: int) -> None:
        self.count = 0
        self._folder, self._last = str(folder), last
        sys.addaudithook(self._heard)
        event.listen(Engine, "commit", lambda _: self._take())

    def _heard(self, what: str, args: tuple[object, ...]) -> None:
        if what in FOLDER_EVENTS and args and str(args[0]).startswith(self._folder):
            self._take()

    def _take(self) -> None:
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, how: str, step: int) -> None:
    url = f"sqlite:///{folder / HUB}"
    steps = Steps(folder, step)
    if how == "backup":
        back_up(url, folder / BACKUP, replace=True)
    else:
        restore(folder / BACKUP, url, replace=True)
    print(steps.count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
