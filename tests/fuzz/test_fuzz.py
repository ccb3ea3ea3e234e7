"""Every fuzz target holds out a bounded run, and its coverage grows from what it starts with."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: how many inputs each is tried with; a printer's stream is drawn on paper, many times as slow
TARGETS = {
    "barcode": 6_000,
    "locker": 6_000,
    "printer_replies": 6_000,
    "printer_stream": 1_500,
    "scale": 6_000,
    "scanner": 6_000,
}
RUN_S = 300


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("atheris") is None, reason="atheris is not here: Linux on x86-64 only"
)
@pytest.mark.parametrize(("target", "tried"), TARGETS.items())
def test_a_parser_holds_out_what_reaches_ever_new_branches(target: str, tried: int) -> None:
    command = [sys.executable, "-m", f"tests.fuzz.{target}", "--runs", str(tried)]
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=RUN_S, check=False
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    told = re.fullmatch(
        r"\w+: (\d+) runs; corpus (\d+) -> (\d+) entries, coverage (\d+) -> (\d+) branches\n",
        ran.stdout,
    )
    assert told, ran.stdout
    runs, kept_first, kept_last, branches_first, branches_last = map(int, told.groups())
    assert runs >= tried
    assert kept_last > kept_first
    assert branches_last > branches_first
