"""`sync-server import` before it changes anything: the mapping shown, the dry run, the rejects."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sync_server.__main__ import app
from tests.hub.imports.reading import text_file

HEADER = ["货号", "品名", "售价"]


def imports(folder: Path, file: Path, *options: str) -> Result:
    database = f"sqlite:///{folder / 'hub.db'}"
    words = ["import", "products", str(file), "--database", database, *options]
    return CliRunner().invoke(app, words)


def test_a_dry_run_says_what_would_happen_and_changes_nothing(tmp_path: Path) -> None:
    file = text_file(tmp_path / "a.csv", [HEADER, ["1", "茶", "2"], ["2", "水", "x"]], "gb18030")
    ended = imports(tmp_path, file, "--dry-run", "--language", "zh")
    assert ended.exit_code == 1
    assert ended.stdout == "1 rows taken, nothing was changed, 1 rejected\n"
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
