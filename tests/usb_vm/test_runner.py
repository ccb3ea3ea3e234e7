"""Where the virtual machine cannot run, that is said, and nothing has failed."""

import platform
import shutil
import sys
from pathlib import Path

import pytest

from tests.usb_vm import __main__ as runner
from tests.usb_vm import image


def _run(monkeypatch: pytest.MonkeyPatch, cache: Path) -> int:
    monkeypatch.setattr(runner, "CACHE", cache)
    monkeypatch.setattr(sys, "argv", ["usb_vm"])
    return runner.main()


def test_without_qemu_it_is_skipped_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(image, "_tool", lambda _: None)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(sys, "platform", "linux")
    assert _run(monkeypatch, tmp_path) == 0
    assert "skipped: qemu-system-x86_64" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_on_another_kind_of_machine_it_is_skipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert _run(monkeypatch, tmp_path) == 0
    assert "skipped: " in capsys.readouterr().out


@pytest.mark.skipif(shutil.which("false") is None, reason="no `false` here")
def test_packages_that_cannot_be_had_are_a_reason_to_skip(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(image, "_tool", lambda _: shutil.which("false"))
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(sys, "platform", "linux")
    assert _run(monkeypatch, tmp_path) == 0
    assert "skipped: apt-cache depends" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
