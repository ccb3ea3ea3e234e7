"""The till's commands as a person types them: as a real process, or (cheaper) in this one; and the
till as a real process that is spoken with in lines."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner

from pos_client.__main__ import app
from rehearsal.processes import HeadlessTill

#: generous: no test waits for it
ENDS_S = 120.0


def where(folder: Path) -> list[str]:
    return ["--data", str(folder / "data"), "--state", str(folder / "state")]


def a_child(folder: Path, *options: str, **settings: str) -> HeadlessTill:
    """The till of that folder, headless. `settings` are the till's, by name."""
    argv = [sys.executable, "-m", "pos_client", "--headless", *where(folder), *options]
    return HeadlessTill(argv, env=_environment(settings))


class Ended(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def tried(folder: Path, *command: str, said: bytes = b"", **settings: str) -> Ended:
    """`pos-client COMMAND` to its end, in this process; what is no ending in order is raised."""
    done = CliRunner().invoke(
        app,
        [*command, *where(folder)],
        input=said,
        env=_environment(settings),
        catch_exceptions=False,
    )
    return Ended(done.exit_code, done.stdout, done.stderr)


def run(
    folder: Path, *command: str, said: bytes = b"", stdout: int = subprocess.PIPE, **settings: str
) -> Ended:
    """The same as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pos_client", *command, *where(folder)],
        input=said,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=ENDS_S,
        env={**os.environ, **_environment(settings)},
        check=False,
    )
    return Ended(done.returncode, (done.stdout or b"").decode(), done.stderr.decode())


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {f"OMNITILL_TILL_{name.upper()}": value for name, value in settings.items()}


def sentences(ended: Ended) -> str:
    """What the command said to a person when it refused: in both languages, no traceback."""
    assert ended.code == 1, ended
    assert "Traceback" not in ended.err
    assert any("一" <= char <= "鿿" for char in ended.err), ended
    assert len(ended.err.strip().splitlines()) == 4, ended
    return ended.err
