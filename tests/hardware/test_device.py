"""The family of faults: each says what to do, in both languages."""

import re

import pytest

import pos_client.counter  # noqa: F401  the till has faults of its own
from hardware import device
from hardware.device import Fault


def family(parent: type[Fault] = Fault) -> list[type[Fault]]:
    return [parent] + [kin for child in parent.__subclasses__() for kin in family(child)]


@pytest.mark.parametrize("kind", family())
def test_every_fault_has_a_sentence_and_a_remedy_in_both_languages(kind: type[Fault]) -> None:
    for english in (kind.say_en, kind.remedy_en):
        assert english.endswith(".")
        assert english.isascii()
    for chinese in (kind.say_zh, kind.remedy_zh):
        assert chinese.endswith("。")
        assert re.search("[一-鿿]", chinese)


def test_no_two_faults_share_a_code() -> None:
    codes = [kind.code for kind in family()]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", family())
def test_what_may_have_happened_already_is_never_retryable(kind: type[Fault]) -> None:
    assert kind.outcome_known or not kind.retryable


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    assert device.__doc__ is not None
    rows = re.findall(r"^ {4}([│├└─ ]*)([A-Z]\w+)(?: +([a-z._]+))?", device.__doc__, re.MULTILINE)
    drawn = [(len(branch) // 4, name, code) for branch, name, code in rows]

    def depth(kind: type[Fault]) -> int:
        return len(kind.__mro__) - len(Fault.__mro__)

    ours = [kind for kind in family()[1:] if kind.__module__ == "hardware.device"]
    assert drawn[0] == (0, "Fault", "")
    assert drawn[1:] == [(depth(kind), kind.__name__, kind.code) for kind in ours]
