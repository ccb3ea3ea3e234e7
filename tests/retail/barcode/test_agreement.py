"""GS1's own engine and biip, case by case: where we differ is known, written down, and harmless."""

import re

import pytest

from retail.barcode.elements import identifier
from tests.retail.barcode.agreement import DATA, DOCUMENT, Compared, compared, reason, table

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the published GS1 cases are not here")


@pytest.fixture(scope="module")
def cases() -> list[Compared]:
    return compared()


def test_every_difference_has_its_reason(cases: list[Compared]) -> None:
    assert all(reason(case) for case in cases if not case.agree)


def test_where_both_read_a_code_they_read_the_same(cases: list[Compared]) -> None:
    """Differences are between reading and not reading: never two products, weights or prices."""
    nothing = (None, "", False, "no code", (None, None))
    both = [case for case in cases if case.theirs not in nothing and case.ours not in nothing]
    assert [case for case in both if not case.agree] == []
    assert len(both) > 150


def test_the_document_says_how_far_we_agree(cases: list[Compared]) -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    assert table(cases) in written


def test_fields_and_their_separators_are_those_of_the_syntax_dictionary() -> None:
    lines = (DATA / "gs1-syntax-dictionary.txt").read_text(encoding="utf-8").splitlines()
    entries = [re.match(r"(\d{2,4})(?:-(\d{2,4}))?\s+([*?]*)", line) for line in lines]
    checked = 0
    for entry in filter(None, entries):
        first, last = entry[1], entry[2] or entry[1]
        for number in range(int(first), int(last) + 1):
            name = f"{number:0{len(first)}d}"
            ai = identifier(name + "0" * 20)
            assert ai is not None
            assert ai.ai == name
            assert ai.separator_required is ("*" not in entry[3])
            checked += 1
    assert checked > 500
