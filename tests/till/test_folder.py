"""The small files beside the database are whole, whatever happens while they are written."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pos_client import folder, settings
from pos_client.folder import write_durably, write_whole
from tests.builders import till_settings

WAYS: dict[str, Callable[[Path, bytes], None]] = {
    "durably": write_durably,
    "whole": write_whole,
}
each_way = pytest.mark.parametrize("way", WAYS)


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


def named(data: Path) -> set[str]:
    return {found.name for found in data.iterdir()}


@each_way
def test_two_files_that_differ_in_their_ending_alone_may_be_written_at_once(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, toml = tmp_path / "till.key", tmp_path / "till.toml"
    fdopen = os.fdopen

    def meanwhile(*opened: object) -> object:
        monkeypatch.setattr(os, "fdopen", fdopen)
        WAYS[way](toml, b"settings")
        return fdopen(*opened)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "fdopen", meanwhile)
    WAYS[way](key, b"key")
    assert (key.read_bytes(), toml.read_bytes()) == (b"key", b"settings")
    assert named(tmp_path) == {"till.key", "till.toml"}


@each_way
def test_a_write_that_fails_leaves_the_former_file(way: str, tmp_path: Path) -> None:
    file = tmp_path / "hub-time"
    file.write_bytes(b"former")
    with pytest.raises(TypeError):
        WAYS[way](file, None)  # type: ignore[arg-type]
    assert file.read_bytes() == b"former"


def test_what_only_its_owner_may_read_is_so_from_the_first_byte(tmp_path: Path) -> None:
    (tmp_path / "till.key").write_bytes(b"former")
    write_durably(tmp_path / "till.key", b"key")
    assert mode(tmp_path / "till.key") == 0o600


def test_what_others_may_read_stays_as_somebody_set_it(tmp_path: Path) -> None:
    file, other = tmp_path / "hub-line", tmp_path / "usual"
    other.write_bytes(b"")
    write_whole(file, b"one")
    assert mode(file) == mode(other)
    for said in (0o640, 0o664, 0o600):
        file.chmod(said)
        write_whole(file, b"another")
        assert mode(file) == said


def test_a_setting_that_is_kept_leaves_the_mode_of_its_file_and_is_on_disk_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = till_settings(tmp_path)
    till.data.mkdir()
    file = till.data / "till.toml"
    file.write_text("# ours\n")
    file.chmod(0o664)
    synced: list[Path] = []
    monkeypatch.setattr(folder, "sync_name", synced.append)
    settings.keep(till, "language", "en")
    assert file.read_text() == '# ours\nlanguage = "en"\n'
    assert (mode(file), synced, named(till.data)) == (0o664, [till.data], {"till.toml"})
