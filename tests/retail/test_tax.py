"""Tax on a line: within the price or on top of it, rounded per line, half away from zero."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.money import AMOUNT_MAX
from retail.tax import PER_MILLION, Tax
from tests.retail.test_money import half_away_from_zero

#: published cases beside the project (its README says whose); not part of it
CASES = Path(__file__).parents[3] / "shared/data/pricing_cases/odoo_tax_cases.json"

rates = st.integers(0, PER_MILLION)
totals = st.integers(-AMOUNT_MAX, AMOUNT_MAX)


@given(totals, rates)
def test_tax_within_is_the_rounded_part_of_the_total(total_minor: int, rate_ppm: int) -> None:
    tax = Tax("T", rate_ppm, included=True)
    exact = Fraction(total_minor * rate_ppm, PER_MILLION + rate_ppm)
    assert tax.of(total_minor) == tax.within(total_minor) == half_away_from_zero(exact)
    assert tax.on_top(total_minor) == 0


@given(totals, rates)
def test_tax_on_top_is_the_rounded_part_of_the_net(total_minor: int, rate_ppm: int) -> None:
    tax = Tax("T", rate_ppm, included=False)
    exact = Fraction(total_minor * rate_ppm, PER_MILLION)
    assert tax.of(total_minor) == tax.on_top(total_minor) == half_away_from_zero(exact)
    assert tax.within(total_minor) == 0


def test_no_tax_is_none() -> None:
    assert Tax().of(12_345) == 0


@pytest.mark.parametrize(
    ("tax", "total_minor", "expected"),
    [
        (Tax("VAT13", 130_000), 11_300, 1_300),
        (Tax("VAT13", 130_000), 350, 40),
        (Tax("VAT9", 90_000), 838, 69),
        (Tax("GST", 50_000, included=False), 1_010, 51),
        (Tax("GST", 50_000, included=False), -1_010, -51),
        (Tax("HALF", 5_000, included=False), 100, 1),
    ],
)
def test_tax_is_as_counted_by_hand(tax: Tax, total_minor: int, expected: int) -> None:
    assert tax.of(total_minor) == expected


# Another system's published cases


class Case(NamedTuple):
    """One line of one piece. Amounts count the case's smallest unit; tax 0 stands for none."""

    name: str
    price: int
    tax: Tax
    total_excluded: int
    total_included: int
    amount: int


def _cases() -> tuple[list[Case], list[str]]:
    """The cases whose rule is ours, and why each other one is left out."""
    if not CASES.exists():
        return [], []
    taken, left_out = [], []
    for number, raw in enumerate(json.loads(CASES.read_text(encoding="utf-8"))["cases"]):
        name = f"{number}-{raw['src'].split()[-1]}"
        taxes = [tax for tax in raw["taxes"] if Decimal(tax["rate"])]
        if raw["rounding"] != "round_per_line":
            left_out.append(f"{name}: rounded over the whole document, ours per line")
        elif len(taxes) != 1:
            left_out.append(f"{name}: several taxes on one line, ours has one")
        else:
            taken.append(_case(name, raw, taxes[0]))
    return taken, left_out


def _case(name: str, raw: dict[str, Any], tax: dict[str, Any]) -> Case:
    def units(amount: str) -> int:
        count = Decimal(amount) / Decimal(raw["currency_unit"])
        assert count == int(count)
        return int(count)

    expected = raw["expected"]
    return Case(
        name,
        units(raw["price_unit"]),
        Tax("T", int(Decimal(tax["rate"]) * 10_000), included=tax["price_included"]),
        units(expected["total_excluded"]),
        units(expected["total_included"]),
        sum(units(each["amount"]) for each in expected["taxes"]),
    )


TAKEN, LEFT_OUT = _cases()


@pytest.mark.skipif(not TAKEN, reason="the published tax cases do not lie beside the project")
@pytest.mark.parametrize("case", TAKEN or [None], ids=lambda case: case.name if case else "none")
def test_a_published_case_comes_to_the_same(case: Case) -> None:
    assert case.tax.of(case.price) == case.amount
    assert case.price - case.tax.within(case.price) == case.total_excluded
    assert case.price + case.tax.on_top(case.price) == case.total_included


@pytest.mark.skipif(not TAKEN, reason="the published tax cases do not lie beside the project")
def test_most_published_cases_are_taken_and_the_others_say_why_not() -> None:
    assert len(TAKEN) >= 10
    assert all(": " in reason for reason in LEFT_OUT)
