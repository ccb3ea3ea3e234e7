"""A till's backup as a program that takes one or puts one back and is killed at a step of it:
`python -m tests.till.backing_up FOLDER HOW STEP`; with step 0 it is not killed and says how many
steps there are. A step is a name in a folder that comes, goes or changes, or a database opened.
"""

import os
import signal
import sys
from pathlib import Path

from pos_client import backup
from tests.builders import till_settings

EVENTS = {"os.rename", "os.remove", "os.link", "os.rmdir", "os.mkdir", "sqlite3.connect"}
FILE = "backup.zip"


class Steps:
    """Counts the steps, and kills this process at one of them."""

    def __init__(self, folder: Path, last: int) -> None:
        self.count = 0
        self._folder, self._last = str(folder), last
        sys.addaudithook(self._heard)

    def _heard(self, what: str, args: tuple[object, ...]) -> None:
        if what in EVENTS and args and self._folder in str(args[0]):
            self.count += 1
            if self.count == self._last:
                os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, how: str, step: int) -> None:
    settings = till_settings(folder)
    steps = Steps(folder, step)
    if how == "backup":
        backup.back_up(settings, folder / FILE)
    else:
        backup.restore(folder / FILE, settings.data, replace=True)
    print(steps.count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
