"""How `sync-server` ends when nobody foresaw it: a sentence, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub.test_commands import WAIT_S


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs an output that is always full")
def test_a_full_output_is_a_sentence_and_so_is_a_word_that_is_no_text(
    tmp_path: Path, sqlite_url: str
) -> None:
    argv = [sys.executable, "-m", "sync_server"]
    database = ["--database", sqlite_url]
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run([*argv, "--help"], stdout=full, stderr=subprocess.PIPE, check=False)
        assert (ended.returncode, b"Traceback" in ended.stderr) == (1, False)
        assert b"No space left" in ended.stderr
    for words in (("enrol-code", "\udcff"), ("revoke", "\udcff")):
        ended = subprocess.run([*argv, *words, *database], capture_output=True, check=False)
        assert ended.returncode == 1
        assert b"Traceback" not in ended.stderr
        assert ended.stderr


@pytest.mark.slow
def test_a_fault_that_nobody_foresaw_is_a_sentence_and_a_report_for_support(tmp_path: Path) -> None:
    stumbling = (
        "from sync_server import __main__\n"
        "from sync_server.commands import running\n"
        "def stumble(*_, **__): raise ZeroDivisionError('by nothing')\n"
        "running.Hub.open = stumble\n"
        "__main__.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", stumbling, "migrate", "--database", f"sqlite:///{tmp_path}/hub.db"],
        capture_output=True,
        timeout=WAIT_S,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=False,
    )
    said = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert len(said) == 4
    assert "by nothing" in said[0]
    report = tmp_path / "omnitill-hub-fault.txt"
    assert str(report) in said[1]
    assert "总部程序因自身故障停止" in said[2]
    assert "stumble" in report.read_text()
