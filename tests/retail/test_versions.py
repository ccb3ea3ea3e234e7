"""The version of a fact says what its body may hold; older ones are read in today's words."""

from datetime import date
from typing import Any

import msgspec
import pytest

from retail.facts import (
    OLDER,
    SHAPES,
    TYPES,
    PrintOutcome,
    ReceiptPrinted,
    SaleCompleted,
    ShiftOpened,
    decode,
)
from tests.retail import shapes

KEPT, TODAY = shapes.kept(), shapes.of_today()


@pytest.mark.parametrize("version", sorted(KEPT))
def test_what_a_body_holds_changes_only_with_its_version(version: str) -> None:
    assert version in TODAY, "tills have recorded it: it is read for good"
    assert TODAY[version] == KEPT[version], (
        "a body has changed: give its type the next version in retail.facts.TYPES, keep this one's"
        " shape in OLDER with a step in retail.upcasters, and run python -m tests.retail.shapes"
    )


def test_the_shape_of_each_version_is_kept() -> None:
    assert set(TODAY) <= set(KEPT), "a new version: run python -m tests.retail.shapes"


def test_every_version_before_todays_leads_to_it() -> None:
    for name, newest in TYPES.values():
        versions = [version for known, version in SHAPES if known == name]
        assert sorted(versions) == list(range(1, newest + 1)), name
    assert {name for name, _ in OLDER} <= {name for name, _ in TYPES.values()}


# What releases recorded under version 1, of which later ones can say more


def test_a_shift_of_before_was_counted_by_nobody() -> None:
    body = (
        b'{"number":7,"cashier":"1001","business_date":"2026-06-03","currency":"CNY",'
        b'"float_minor":50000}'
    )
    opened = ShiftOpened(7, "1001", date(2026, 6, 3), "CNY", 50_000)
    assert decode("shift.opened", 1, body) == opened


def test_a_line_of_before_had_a_code_that_told_nothing_else() -> None:
    body = (
        b'{"receipt":"R1","currency":"CNY","lines":[{"product_id":"cola","code":"69",'
        b'"name":"Cola","unit":"piece","quantity":1000,"unit_price_minor":350,"total_minor":350,'
        b'"tax":{"code":"VAT13","rate_ppm":130000},"tax_minor":40}],'
        b'"tenders":[{"name":"cash","is_cash":true,"given_minor":350}],"total_minor":350}'
    )
    sale = decode("sale.completed", 1, body)
    assert isinstance(sale, SaleCompleted)
    (line,) = sale.lines
    assert (line.batch, line.serial, line.expires, line.code_price) == ("", "", None, None)
    assert line.discount_by_rule is False


@pytest.mark.parametrize(
    ("told", "proof"),
    [
        ({"outcome": "printed"}, "fenced"),
        ({"outcome": "printed", "proof": "cashier"}, "cashier"),
        ({"outcome": "not_printed", "reason": "printer.no_paper"}, None),
        ({"outcome": "unknown"}, None),
    ],
)
def test_a_receipt_of_before_was_printed_when_its_fence_was_answered(
    told: dict[str, Any], proof: str | None
) -> None:
    body = msgspec.json.encode({"sale": "e", "receipt": "r", **told})
    before = decode("receipt.printed", 1, body)
    assert isinstance(before, ReceiptPrinted)
    assert before.proof == proof
    assert before.outcome == PrintOutcome(told["outcome"])
    today = decode("receipt.printed", 2, body)
    assert isinstance(today, ReceiptPrinted)
    assert today.proof == told.get("proof"), "today's version says it itself"
