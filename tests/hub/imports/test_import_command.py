"""`sync-server import` before it changes anything: the mapping shown, the dry run, the rejects."""

import gzip
import os
import signal
from collections import deque
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner, Result

from sync_server.__main__ import app
from sync_server.commands import files
from sync_server.imports.beside import Beside, Job
from sync_server.imports.rows import UnreadableFile
from tests.hub.imports.reading import text_file
from tests.hub.test_commands import in_english

HEADER = ["货号", "品名", "售价"]


def imports(folder: Path, file: Path, *options: str) -> Result:
    database = f"sqlite:///{folder / 'hub.db'}"
    words = ["import", "products", str(file), "--database", database, *options]
    return CliRunner().invoke(app, words)


def test_a_dry_run_says_what_would_happen_and_changes_nothing(tmp_path: Path) -> None:
    file = text_file(tmp_path / "a.csv", [HEADER, ["1", "茶", "2"], ["2", "水", "x"]], "gb18030")
    ended = imports(tmp_path, file, "--dry-run", "--language", "zh")
    assert ended.exit_code == 1
    assert in_english(ended.stdout) == "1 rows taken, nothing was changed, 1 rejected"
    assert "# a.csv  (GB18030)" in ended.stderr
    assert "file: products 1; barcodes 1; sum of prices 2.00 CNY" in ended.stderr
    assert not (tmp_path / "hub.db").exists()
    (line,) = (tmp_path / "a.csv.rejects.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert line.startswith("3,")
    assert "不是数字" in line


def test_a_mapping_is_shown_and_given_back(tmp_path: Path) -> None:
    file = text_file(tmp_path / "a.csv", [HEADER, ["1", "茶", "2"]])
    shown = imports(tmp_path, file, "--show-map").stdout
    assert shown.splitlines() == [
        '"货号" = "product_id"  # 1',
        '"品名" = "name"  # 茶',
        '"售价" = "price"  # 2',
    ]
    column_map = tmp_path / "map.toml"
    column_map.write_text(shown, encoding="utf-8")
    assert imports(tmp_path, file, "--map", str(column_map), "--dry-run").exit_code == 0


@pytest.mark.parametrize(
    "options", [["--default-price", "cheap"], ["--currency", "RMB"], ["--map", "none.toml"]]
)
def test_an_option_that_cannot_be_used_is_a_sentence(tmp_path: Path, options: list[str]) -> None:
    file = text_file(tmp_path / "a.csv", [HEADER, ["1", "茶", "2"]])
    ended = imports(tmp_path, file, *options)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr


# A large file is read by a process of its own


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is large."""
    monkeypatch.setattr(files, "LARGE_BYTES", 0)


@pytest.mark.usefixtures("beside")
def test_a_file_that_is_read_beside_leaves_what_it_leaves_otherwise(tmp_path: Path) -> None:
    rows = [
        [f"{number}", f"茶{number}", "x" if number % 7 == 0 else "2"] for number in range(3_000)
    ]
    file = text_file(tmp_path / "a.csv", [HEADER, *rows], "gb18030")
    ended = imports(tmp_path, file)
    rejects = (tmp_path / "a.csv.rejects.csv").read_bytes()
    assert in_english(ended.stdout) == "2571 rows taken, 2571 changed something, 429 rejected"
    assert rejects.startswith(b"\xef\xbb\xbf")
    with pytest.MonkeyPatch.context() as within:
        within.setattr(files, "LARGE_BYTES", 1 << 40)
        again = imports(tmp_path, file)
    assert in_english(again.stdout) == "2571 rows taken, 0 changed something, 429 rejected"
    assert (tmp_path / "a.csv.rejects.csv").read_bytes() == rejects


@pytest.mark.usefixtures("beside")
def test_a_given_mapping_counts_beside_too(tmp_path: Path) -> None:
    file = text_file(tmp_path / "a.csv", [["什么", "品名", "售价"], ["1", "茶", "2"]])
    column_map = tmp_path / "map.toml"
    column_map.write_text('"什么" = "product_id"\n', encoding="utf-8")
    assert imports(tmp_path, file).exit_code == 1
    ended = imports(tmp_path, file, "--map", str(column_map), "--default-price", "3")
    assert in_english(ended.stdout) == "1 rows taken, 1 changed something, 0 rejected"


@pytest.mark.usefixtures("beside")
def test_a_file_that_is_torn_further_below_is_refused_beside_too(tmp_path: Path) -> None:
    whole = gzip.compress(("\n".join(f"{n},茶{n},2" for n in range(9_000))).encode())
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress(",".join(HEADER).encode() + b"\n") + whole[:-2_000])
    ended = imports(tmp_path, file)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "a.csv.gz cannot be read: it is damaged" in ended.stderr
    assert "0 changed" not in ended.stdout


@pytest.mark.usefixtures("beside")
def test_what_lies_in_the_folder_is_not_taken_for_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "retail.py").write_text("raise SystemExit(9)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    file = text_file(tmp_path / "a.csv", [HEADER, ["1", "茶", "2"]])
    assert (
        in_english(imports(tmp_path, file).stdout)
        == "1 rows taken, 1 changed something, 0 rejected"
    )


def test_rows_end_with_a_sentence_when_their_reader_was_killed(tmp_path: Path) -> None:
    rows = [[f"{number}", "茶" * 500, "2"] for number in range(20_000)]
    file = text_file(tmp_path / "a.csv", [HEADER, *rows])
    with closing(Beside(Job(str(file), "CNY"))) as reading:
        coming = iter(reading)
        next(coming)
        os.kill(reading._process.pid, signal.SIGKILL)
        with pytest.raises(UnreadableFile, match="the program that read it was ended"):
            deque(coming, 0)


def test_nobody_reads_on_when_whoever_saves_is_gone(tmp_path: Path) -> None:
    rows = [[f"{number}", "茶" * 500, "2"] for number in range(20_000)]
    file = text_file(tmp_path / "a.csv", [HEADER, *rows])
    with closing(Beside(Job(str(file), "CNY"))) as reading:
        next(iter(reading))
        process = psutil.Process(reading._process.pid)
    assert not process.is_running()
