"""Refusals: a code, a sentence and a remedy in both languages, and a complete list of them."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest

import pos_client
import pricebook
import retail
import sync_server
from retail import refusals
from retail.language import Language, Text
from retail.refusals import Refusal
from tests.sources import parsed

ROOT = Path(__file__).parents[2]
PACKAGES = (retail, pricebook, pos_client, sync_server)


def _imported(package: ModuleType) -> Iterator[str]:
    """Every module of a package that is not a program or a migration, imported."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if "__main__" not in module.name and "migrations" not in module.name:
            importlib.import_module(module.name)
            yield module.name


def _all() -> list[type[Refusal]]:
    names = {name for package in PACKAGES for name in _imported(package)}
    found, waiting = [], [Refusal]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if kind.__module__ in names:
                found.append(kind)
    return sorted(found, key=lambda kind: kind.__qualname__)


ALL = _all()
each = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)


def marks(*texts: str) -> set[str]:
    """The names in braces that a sentence wants filled."""
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


@each
def test_a_refusal_has_a_code_a_sentence_and_a_remedy_in_both_languages(
    kind: type[Refusal],
) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    for text in (kind.sentence, kind.way_on):
        own_en, own_zh = (re.sub(r"\{\w+\}", "", words) for words in text)
        assert bool(re.search(r"[a-z]{2}", own_en)) == bool(re.search(r"[\u4e00-\u9fff]", own_zh))
        assert not re.search(r"[\u4e00-\u9fff]", text.en)
        assert marks(text.en) == marks(text.zh)


@each
def test_a_refusal_can_be_said_whatever_it_is_about(kind: type[Refusal]) -> None:
    names = marks(kind.sentence.en, kind.way_on.en)
    for value in ("x", "{y}", "}{", 5, Text("float", "备用金"), "\x00", ""):
        refusal = kind(**dict.fromkeys(names, value))
        for template, said in ((kind.sentence, refusal.say), (kind.way_on, refusal.remedy)):
            for language in Language:
                written = value.to(language) if isinstance(value, Text) else str(value)
                assert not marks(template.en) or written in said.to(language)
        assert str(refusal) == refusal.say.en


def test_no_two_refusals_share_a_code() -> None:
    codes = [kind.code for kind in ALL]
    assert sorted(codes) == sorted(set(codes))


def test_a_code_is_its_classs_name() -> None:
    for kind in ALL:
        words = re.findall(r"[A-Z][a-z]*", kind.__name__)
        assert kind.code == "_".join(words).lower()


def test_retail_keeps_those_alone_that_its_own_rules_and_the_price_books_raise() -> None:
    here = {kind.__name__ for kind in ALL if kind.__module__ == refusals.__name__}
    raised = {name for where, name, _ in _raised() if where.startswith(("retail/", "pricebook/"))}
    assert here - raised == set()


def test_the_tree_at_the_head_of_the_module_is_complete() -> None:
    assert refusals.__doc__ is not None
    tree = refusals.__doc__.split("\n\n")[1]
    listed = re.findall(r"[A-Z]\w+", tree)
    here = [kind.__name__ for kind in ALL if kind.__module__ == refusals.__name__]
    assert sorted(listed) == sorted([*here, Refusal.__name__])


# Where they are raised


def _raised() -> Iterator[tuple[str, str, set[str]]]:
    """Each place that makes a refusal: where, which, and the names of the values it gives."""
    kinds = {kind.__name__ for kind in ALL}
    for package in PACKAGES:
        for file in sorted((ROOT / package.__name__).rglob("*.py")):
            tree = parsed(file.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.IfExp) and isinstance(node.body, ast.Name):
                    name, given = node.body.id, set[str]()
                elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name):
                    name, given = node.exc.id, set[str]()
                elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    name = node.func.id
                    given = {keyword.arg for keyword in node.keywords if keyword.arg}
                else:
                    continue
                if name in kinds:
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", name, given


def test_every_refusal_is_raised_with_the_values_its_sentences_want() -> None:
    wanted = {kind.__name__: marks(kind.sentence.en, kind.way_on.en) for kind in ALL}
    wrong = [
        f"{where}: {name} wants {sorted(wanted[name])}, gets {sorted(given)}"
        for where, name, given in _raised()
        if given != wanted[name]
    ]
    assert wrong == []


def test_every_refusal_is_raised_somewhere() -> None:
    assert {kind.__name__ for kind in ALL} - {name for _, name, _ in _raised()} == set()
