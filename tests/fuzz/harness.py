"""Fuzzing that sees which branches it reached: one small module a parser, run by count.

A target imports its parser under `watched` and calls `main` with a function that takes
bytes and lets every unexpected exception through. What it starts from lies, readable, in
`tests/fuzz/corpus/NAME`; what it finds goes to a folder of its own, `--keep FOLDER` to look at it.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, NamedTuple

import atheris  # type: ignore[import-untyped]

CORPUS: Final = Path(__file__).parent / "corpus"
_LONGEST_INPUT_BYTES: Final = 512
_LONGEST_INPUT_S: Final = 10
_PROGRESS = re.compile(r"^#(\d+)\s+(INITED|DONE)\s+cov: (\d+) .*?corp: (\d+)/", re.MULTILINE)


class Progress(NamedTuple):
    """Where a run stood: inputs tried, branches reached, inputs kept for reaching new ones."""

    runs: int
    branches: int
    kept: int


def watched(package: str) -> AbstractContextManager[None]:
    """What is imported under it says which branches it takes."""
    imports: AbstractContextManager[None] = atheris.instrument_imports(include=[package])
    return imports


def main(name: str, parse: Callable[[bytes], None]) -> None:
    """Run the target `tests.fuzz.NAME` as its command line says, and exit: 0 when nothing broke."""
    if sys.argv[1:2] == ["--inside"]:
        atheris.Setup([sys.argv[0], *sys.argv[2:]], parse)
        atheris.Fuzz()
    options = argparse.ArgumentParser(prog=f"python -m tests.fuzz.{name}")
    options.add_argument("--runs", type=int, default=20_000, help="how many inputs are tried")
    options.add_argument("--seed", type=int, default=1, help="of chance; 0: another every time")
    options.add_argument("--keep", type=Path, help="where inputs that reach new branches stay")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asked.keep or Path(folder)
        found.mkdir(parents=True, exist_ok=True)
        sys.exit(_run(name, asked.runs, asked.seed, found))


def _run(name: str, runs: int, seed: int, found: Path) -> int:
    """The run, in a process of its own: libFuzzer ends the one that it runs in."""
    command = [sys.executable, "-m", f"tests.fuzz.{name}", "--inside"]
    command += [f"-runs={runs}", f"-seed={seed}", f"-max_len={_LONGEST_INPUT_BYTES}"]
    command += [f"-timeout={_LONGEST_INPUT_S}", f"-artifact_prefix={found}/", str(found)]
    ran = subprocess.run(
        [*command, str(CORPUS / name)], stderr=subprocess.PIPE, text=True, check=False
    )
    stood = {
        mark: Progress(int(tried), int(branches), int(kept))
        for tried, mark, branches, kept in _PROGRESS.findall(ran.stderr)
    }
    if ran.returncode or len(stood) != 2:
        print(ran.stderr, file=sys.stderr)
        return ran.returncode or 1
    first, last = stood["INITED"], stood["DONE"]
    print(
        f"{name}: {last.runs} runs; corpus {first.kept} -> {last.kept} entries,"
        f" coverage {first.branches} -> {last.branches} branches"
    )
    return 0
