"""The till as a real process: its commands run to their end, or it is spoken with in lines."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rehearsal.processes import HeadlessTill

#: generous: no test waits for it
ENDS_S = 120.0


def where(folder: Path) -> list[str]:
    return ["--data", str(folder / "data"), "--state", str(folder / "state")]


def a_child(folder: Path, *options: str, **settings: str) -> HeadlessTill:
    """The till of that folder, headless. `settings` are the till's, by name."""
    argv = [sys.executable, "-m", "pos_client", "--headless", *where(folder), *options]
    return HeadlessTill(argv, env=_environment(settings))


def run(
    folder: Path, *command: str, said: bytes = b"", stdout: int = subprocess.PIPE, **settings: str
) -> subprocess.CompletedProcess[bytes]:
    """`pos-client COMMAND` to its end, with that input."""
    return subprocess.run(
        [sys.executable, "-m", "pos_client", *command, *where(folder)],
        input=said,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=ENDS_S,
        env={**os.environ, **_environment(settings)},
        check=False,
    )


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {f"OMNITILL_TILL_{name.upper()}": value for name, value in settings.items()}


def sentences(ended: subprocess.CompletedProcess[bytes], code: int = 1) -> str:
    """What the command said to a person when it refused: in both languages, no traceback."""
    said = ended.stderr.decode()
    assert ended.returncode == code, said
    assert "Traceback" not in said
    assert any("一" <= char <= "鿿" for char in said), said
    assert len(said.strip().splitlines()) == 4, said
    return said
