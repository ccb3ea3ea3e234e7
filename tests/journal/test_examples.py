"""The examples in the journal's own pages of code come out as they say."""

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import journal

MODULES = [
    importlib.import_module(f"journal.{found.name}")
    for found in pkgutil.iter_modules(journal.__path__)
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_examples_of_a_module_come_out(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
