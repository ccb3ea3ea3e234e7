"""Head office is told of facts in words, in both languages."""

import pytest

from journal.stream import STREAM_BEGAN
from retail.facts import TYPES
from sync_server.words import kind_name

TOLD = sorted([*(name for name, _ in TYPES.values()), STREAM_BEGAN[0]])


@pytest.mark.parametrize("kind", TOLD)
def test_every_type_of_facts_has_a_name_in_both_languages(kind: str) -> None:
    said = kind_name(kind)
    assert kind not in (said.en, said.zh)
    assert "." not in said.en
    assert not said.zh.isascii()


def test_no_two_types_are_called_the_same() -> None:
    for language in ("en", "zh"):
        assert len({getattr(kind_name(kind), language) for kind in TOLD}) == len(TOLD)


def test_a_type_of_a_newer_till_is_called_as_on_the_wire() -> None:
    assert kind_name("loyalty.joined").en == "loyalty.joined"
