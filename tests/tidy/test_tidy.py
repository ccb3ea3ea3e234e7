"""The house stays tidy: sizes, names, one door to each outside library."""

import ast
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import parsed

ROOT = Path(__file__).parents[2]
PACKAGES = ("retail", "journal", "hardware", "pricebook", "pos_client", "sync_server")
OUTSIDE = ("rehearsal", "benchmarks", "tests")
MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
NAMELESS = {"utils", "helpers", "common", "manager", "base", "misc", "types", "constants"}
#: who alone may import what
DOORS = {
    "httpx": {"pos_client/sync/hub.py"},
    "asyncpg": {"sync_server/database.py"},
    "uvicorn": {"sync_server/commands/serving.py"},
    "jinja2": {"sync_server/console/drawn.py"},
    "uuid_utils": {"pos_client/clock.py"},
    "cryptography": {"journal/signature.py"},
    "usb": {"hardware/link/usb_claim.py", "hardware/simulator/usb_device.py"},
    "tomlkit": {"pos_client/settings.py"},
    "typer": {
        "pos_client/__main__.py",
        "pos_client/commands/backups.py",
        "pos_client/commands/hubs.py",
        "pos_client/commands/journals.py",
        "pos_client/commands/receipts.py",
        "pos_client/commands/running.py",
        "pos_client/commands/selling.py",
        "sync_server/__main__.py",
        "sync_server/commands/backups.py",
        "sync_server/commands/doctors.py",
        "sync_server/commands/exports.py",
        "sync_server/commands/files.py",
        "sync_server/commands/periods.py",
        "sync_server/commands/products.py",
        "sync_server/commands/quarantine.py",
        "sync_server/commands/recalls.py",
        "sync_server/commands/receipts.py",
        "sync_server/commands/revisions.py",
        "sync_server/commands/running.py",
        "sync_server/commands/serving.py",
        "sync_server/commands/shown.py",
        "sync_server/commands/telling.py",
        "sync_server/commands/tills.py",
        "hardware/commands/__init__.py",
        "hardware/commands/devices.py",
        "hardware/commands/saying.py",
        "hardware/commands/simulate.py",
    },
}


def _modules(*packages: str) -> list[Path]:
    return sorted(file for package in packages for file in (ROOT / package).rglob("*.py"))


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def _functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(parsed(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("file", _modules(*PACKAGES, *OUTSIDE), ids=_name)
def test_a_module_can_be_read_in_one_sitting(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").count("\n")
    assert lines <= MODULE_LINES_MAX, f"{_name(file)} has {lines} lines: find the second concept"
    for function in _functions(file):
        length = (function.end_lineno or 0) - function.lineno + 1
        assert length <= FUNCTION_LINES_MAX, f"{_name(file)}: {function.name} has {length} lines"


@pytest.mark.parametrize("file", _modules(*PACKAGES), ids=_name)
def test_a_module_says_what_it_is_and_is_named_for_it(file: Path) -> None:
    assert file.stem not in NAMELESS
    text = file.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(parsed(text)), f"{_name(file)}: say what it owns"


@pytest.mark.parametrize("library", DOORS)
def test_an_outside_library_comes_in_by_one_door(library: str) -> None:
    importers = {_name(file) for file in _modules(*PACKAGES) if library in _imported(file)}
    assert importers == DOORS[library]


def test_whoever_looks_into_the_house_finds_its_rooms_and_nothing_left_lying_about() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    listed = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    folders = {name.partition("/")[0] for name in listed.stdout.splitlines() if "/" in name}
    assert folders == {".ci", "docs", *PACKAGES, *OUTSIDE}


def test_nothing_names_this_machine_or_a_package_index() -> None:
    words = ("/ro" + "ot/", "/wo" + "rk/", "pypi" + ".org", "/sim" + "ple/")
    files = [ROOT / "requirements.lock", ROOT / "Makefile", *_modules(*PACKAGES, *OUTSIDE)]
    found = [
        (_name(file), word)
        for file in files
        for word in words
        if word in file.read_text(encoding="utf-8")
    ]
    assert found == []
