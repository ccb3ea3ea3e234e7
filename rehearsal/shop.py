"""A shop of real programs: a hub, its tills, a cable to each, all under one folder.

Everything goes through the commands a shop would type; nothing is reached into.

    with Shop(folder, "sqlite:///…/hub.db") as shop:
        shop.import_csv("stores", STORES)
        shop.start_hub()
        home = shop.enrol("S01")
        with shop.till(home) as till:
            till.act("open_shift", cashier="1001", float=50000)
"""

import csv
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from rehearsal.cable import Cable
from rehearsal.processes import Child, ChildEnded, HeadlessTill, environment, free_port, wait_until

HUB_STARTS_S = 60.0
COMMAND_S = 900.0
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells count it."""
_HOST = "127.0.0.1"


class CommandFailed(Exception):
    """A command that was expected to succeed ended otherwise; says what it said."""


class TillHome(NamedTuple):
    """Where a till lives: its id, its folders, and the cable to the hub."""

    till_id: str
    data: Path
    state: Path
    cable: Cable

    @property
    def database_file(self) -> Path:
        """What the till keeps."""
        return self.data / "till.db"

    @property
    def options(self) -> list[str]:
        return ["--data", str(self.data), "--state", str(self.state)]


def last_words(said: str) -> str:
    """What a program said before it ended, in one line; of a traceback, the last."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if any(line.startswith("Traceback") for line in lines):
        lines = lines[-1:]
    return " ".join(lines)


def settings_alone(prefix: str = "", **settings: object) -> dict[str, str | None]:
    """What a child's environment is changed in: these settings, by name under their prefix, and
    none of a real till or hub on this machine."""
    others: dict[str, str | None] = {
        name: None for name in os.environ if name.startswith("OMNITILL_")
    }
    return others | {f"{prefix}{name.upper()}": str(value) for name, value in settings.items()}


def command(program: str, *arguments: str, env: Mapping[str, str | None] | None = None) -> str:
    """Run one of the project's commands to its end and return what it printed. `env` is as
    `settings_alone` makes it. Raises CommandFailed with its words."""
    ended = try_command(program, *arguments, env=env)
    if ended.returncode:
        said = (ended.stderr or ended.stdout).strip()
        raise CommandFailed(f"{program} {' '.join(arguments)}: exit {ended.returncode}\n{said}")
    return ended.stdout


def try_command(
    program: str, *arguments: str, env: Mapping[str, str | None] | None = None
) -> subprocess.CompletedProcess[str]:
    """The same, whatever the exit code."""
    return subprocess.run(
        [sys.executable, "-m", program, *arguments],
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        env=environment(settings_alone() if env is None else env),
        check=False,
    )


class Shop:
    """A hub on one database and the tills that are enrolled with it. `settings` are the hub's, by
    name. Close it."""

    def __init__(self, folder: Path, database_url: str, **settings: object) -> None:
        book = {"price_book": folder / "price-book"}  # else, on PostgreSQL, wherever we stand
        self._hub_env = settings_alone("OMNITILL_HUB_", **book | settings)
        self.folder = folder
        self.database_url = database_url
        self.port = free_port()
        self.hub: Child | None = None
        self.homes: list[TillHome] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The hub's own address, past all cables."""
        return f"http://{_HOST}:{self.port}"

    def import_csv(self, kind: str, rows: Sequence[Mapping[str, object]]) -> str:
        """Import rows of one kind (stores, cashiers, products) through a file."""
        file = self.folder / f"{kind}.csv"
        write_csv(file, rows)
        return self._hub_command("import", kind, str(file))

    def _hub_command(self, *words: str) -> str:
        words += ("--database", self.database_url)
        return command("sync_server", *words, env=self._hub_env)

    def start_hub(self) -> Child:
        """Start the hub and wait until it is ready. The port stays the same over restarts."""
        options = ["--database", self.database_url, "--port", str(self.port)]
        argv = [sys.executable, "-m", "sync_server", "serve", *options]
        self.hub = Child(argv, env=self._hub_env)
        wait_until(self._hub_is_ready, HUB_STARTS_S, "the hub was ready")
        return self.hub

    def _hub_is_ready(self) -> bool:
        assert self.hub is not None
        if self.hub.ended:
            raise ChildEnded(self.hub.argv, self.hub.exit_code, self.hub.stderr_tail)
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def freeze_hub(self) -> None:
        """SIGSTOP: what is under way stays under way, until `kill_hub`."""
        if self.hub is not None:
            self.hub.send_signal(signal.SIGSTOP)

    def kill_hub(self) -> None:
        """SIGKILL, as a power cut would."""
        if self.hub is not None:
            self.hub.kill()
            self.hub.close()
            self.hub = None

    def enrol(self, store: str) -> TillHome:
        """A new till of the store, with a cable of its own. The hub must be up."""
        said = self._hub_command("enrol-code", store)
        code, till_id = said.split()[0], said.split()[-1]
        home = self.home(till_id)
        command("pos_client", "enrol", "--hub", home.cable.url, "--code", code, *home.options)
        return home

    def home(self, till_id: str, at: int = 0) -> TillHome:
        """The till of that id where this shop has it, with a cable that it finds at that port.
        Raises OSError when the port is taken."""
        home = TillHome(till_id, *self.folders(till_id), Cable(_HOST, self.port, at=at))
        self.homes.append(home)
        return home

    def folders(self, till_id: str) -> tuple[Path, Path]:
        """Where a till's data and its state lie."""
        return self.folder / till_id, self.folder / f"{till_id}.state"

    def till(
        self, home: TillHome, *, printer: str = "", clock_start: str = "", **settings: object
    ) -> HeadlessTill:
        """Start the till of that home. `settings` are the till's, by name."""
        options = [*home.options]
        if printer:
            options += ["--printer", printer]
        if clock_start:
            options += ["--clock-start", clock_start]
        argv = [sys.executable, "-m", "pos_client", "--headless", *options]
        return HeadlessTill(argv, env=settings_alone("OMNITILL_TILL_", **settings))

    def close(self) -> None:
        self.kill_hub()
        for home in self.homes:
            home.cable.close()


def write_csv(file: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows under the columns of the first."""
    rows = list(rows)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
