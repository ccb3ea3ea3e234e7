"""The examples in the shop's own pages of code come out as they say."""

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import retail

MODULES = [
    importlib.import_module(f"retail.{found.name}")
    for found in pkgutil.iter_modules(retail.__path__)
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_examples_of_a_module_come_out(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


def test_money_quantity_tax_language_accounts_and_postings_have_examples() -> None:
    examined = {module.__name__ for module in MODULES if doctest.testmod(module).attempted}
    assert examined >= {
        f"retail.{name}"
        for name in ("money", "quantity", "tax", "language", "accounts", "postings")
    }
