"""A command that is given no hub's database, or a mistyped one, says so and makes none."""

from pathlib import Path

import pytest

from tests.hub.test_commands import STORES, Head


@pytest.fixture
def nowhere(tmp_path: Path, untouched_url: str) -> Head:
    """Head office that named a database which is no hub's."""
    return Head(tmp_path, untouched_url)


@pytest.mark.parametrize(
    "words",
    [
        ("doctor",),
        ("enrol-code", "S01"),
        ("quarantine", "list"),
        ("backups",),
        ("backup", "{folder}/backup.db"),
        ("products", "log"),
        ("export", "products", "{folder}/products.csv"),
    ],
)
def test_a_command_makes_no_new_hub_but_says_that_there_is_none(
    nowhere: Head, words: tuple[str, ...]
) -> None:
    ended = nowhere.runs(*(word.format(folder=nowhere.folder) for word in words))
    assert ended.code == 1
    assert "There is no hub database at " in ended.err
    assert "sync-server migrate" in ended.err
    assert "没有总部数据库" in ended.err
    assert list(nowhere.folder.iterdir()) == []


def test_a_file_that_is_empty_is_no_hub(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "hub.db").touch()
    assert "There is no hub" in Head(tmp_path, sqlite_url).runs("doctor").err
    assert (tmp_path / "hub.db").stat().st_size == 0


def test_a_new_hub_is_made_by_migrate_and_that_is_said_once(nowhere: Head) -> None:
    said = nowhere.runs("migrate")
    assert (said.code, said.said) == (0, "up to date")
    assert "a new hub database: " in said.err
    assert nowhere.runs("migrate").err == ""
    assert nowhere.runs("doctor").code == 0


@pytest.mark.parametrize(
    ("kind", "text"), [("stores", STORES), ("products", "product_id,name,price\n1,a,1\n")]
)
def test_a_new_hub_may_begin_with_a_file_and_that_is_said_once(
    nowhere: Head, kind: str, text: str
) -> None:
    assert "已新建总部数据库" in nowhere.imports(kind, text).err
    assert "已新建总部数据库" not in nowhere.imports(kind, text).err
