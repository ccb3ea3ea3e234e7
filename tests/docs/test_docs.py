"""The documents say what the programs do: every act, refusal and command has its place."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from journal.wire import VerdictCode
from pos_client.acts import ACTS, Act, name_of
from pos_client.settings import TillSettings
from retail.refusals import Refusal
from tests.retail.test_refusals import ALL
from tests.sources import parsed

ROOT = Path(__file__).parents[2]
HEADLESS = (ROOT / "docs/headless.md").read_text(encoding="utf-8")
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("act", ACTS, ids=name_of)
def test_every_act_is_documented_with_all_its_fields(act: type[Act]) -> None:
    rows = [row for row in HEADLESS.splitlines() if row.startswith(f"| `{name_of(act)}` |")]
    assert len(rows) == 1
    for field in msgspec.structs.fields(act):
        assert field.name == "id" or field.name in rows[0]
        if field.required:
            assert f"**{field.name}**" in rows[0]


#: what the till may say no with
REFUSALS = [
    refusal for refusal in ALL if refusal.__module__.split(".")[0] in ("retail", "pos_client")
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_every_refusal_of_the_till_is_documented(refusal: type[Refusal]) -> None:
    assert f"| `{refusal.code}` |" in HEADLESS


#: what the hub may say of a fact
VERDICTS = [code.value for code in VerdictCode]


def _events() -> Iterator[str]:
    """What the till tells unasked, by name; `{}` stands for what varies."""
    for file in (ROOT / "pos_client").rglob("*.py"):
        for call in ast.walk(parsed(file.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or len(call.args) != 2:
                continue
            if ast.unparse(call.func).endswith("on_event"):
                name = ast.unparse(call.args[0]).strip("f'\"")
                yield re.sub(r"\{.*\}", "{}", name)


def test_every_event_is_documented() -> None:
    several = {
        "{}.state": ["printer.state", "scanner.state"],
        "sync.{}": [f"sync.{verdict}" for verdict in VERDICTS],
        "trouble.code": ["printer.…", "till.…"],
    }
    names = [name for event in _events() for name in several.get(event, [event])]
    assert "catalogue.swapped" in names
    assert [name for name in names if f"`{name}`" not in HEADLESS] == []


SLICES = (
    *("pos_client/sale", "pos_client/shift", "pos_client/stock", "pos_client/catalogue"),
    *("pos_client/sync", "sync_server/sync", "sync_server/feed", "sync_server/catalogue"),
    *("sync_server/stock", "sync_server/console", "sync_server/quarantine"),
    *("sync_server/backup", "sync_server/periods", "sync_server/doctor", "sync_server/overview"),
)


@pytest.mark.parametrize("slice_", SLICES)
def test_the_architecture_names_every_file_of_a_slice(slice_: str) -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    stems = {file.stem for file in (ROOT / slice_).glob("*.py")} - {"__init__"}
    assert {stem for stem in stems if not re.search(rf"\b{stem}\b", text)} == set()


def test_the_list_of_decisions_names_each_by_its_number_and_title() -> None:
    folder = ROOT / "docs/decisions"
    listed = re.findall(r"- \[(\d{4})\]\((.*)\) (.*)", (folder / "README.md").read_text("utf-8"))
    titles = {file.name: file.read_text("utf-8").splitlines()[0] for file in folder.glob("0*.md")}
    assert {name: f"# {number} {title}" for number, name, title in listed} == titles


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in TillSettings.model_fields.values())


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_is_documented(verdict: str) -> None:
    protocol = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
    assert f"| `{verdict}` |" in protocol


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_a_document_names_is_there(document: Path) -> None:
    named = re.findall(
        r"`((?:docs|tests|retail|journal|hardware|pricebook|pos_client|sync_server|"
        r"rehearsal|benchmarks)/[\w./-]*)`",
        document.read_text(encoding="utf-8"),
    )
    assert [path for path in named if not (ROOT / path).exists()] == []
