"""The documents say what the programs do: every act, refusal and command has its place."""

import re
from pathlib import Path

import msgspec
import pytest

import pos_client.till  # noqa: F401  its refusals belong to the list
from pos_client.acts import ACTS, Act, name_of
from pos_client.settings import TillSettings
from retail.refusals import Refusal

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


def _refusals() -> list[type[Refusal]]:
    return [
        refusal
        for refusal in Refusal.__subclasses__()
        if refusal.__module__.split(".")[0] in ("retail", "pos_client")
    ]


@pytest.mark.parametrize("refusal", _refusals(), ids=lambda refusal: refusal.code)
def test_every_refusal_of_the_till_is_documented(refusal: type[Refusal]) -> None:
    assert f"| `{refusal.code}` |" in HEADLESS


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in TillSettings.model_fields.values())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_a_document_names_is_there(document: Path) -> None:
    named = re.findall(
        r"`((?:docs|tests|retail|journal|hardware|pos_client|sync_server|"
        r"rehearsal|benchmarks)/[\w./-]*)`",
        document.read_text(encoding="utf-8"),
    )
    assert [path for path in named if not (ROOT / path).exists()] == []
