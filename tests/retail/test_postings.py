"""Postings: whatever happened, the books add up to nothing, and to what the shop would say."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail.barcode import EightDigits
from retail.basket import Basket
from retail.catalogue import CASH
from retail.facts import (
    CodeDecided,
    DrawerOpened,
    Fact,
    PrintOutcome,
    ReceiptPrinted,
    ReceivedLine,
    SaleCompleted,
    SaleLine,
    SaleVoided,
    ShiftClosed,
    ShiftOpened,
    StockReceived,
    decode,
    encode,
)
from retail.money import AMOUNT_MAX, Money
from retail.postings import MONEY, STOCK, WITHOUT_POSTINGS, Posting, Unbalanced, postings
from retail.tax import Tax
from retail.tender import Tender, take
from tests.builders import a_product
from tests.retail.goods import CARD, Scan, baskets, facts, sales, scanned, scans

BIGINT_MAX = 2**63 - 1


def ledger(entries: Iterable[Posting]) -> Counter[tuple[str, str, str]]:
    """Postings added up as till and hub do; accounts at nothing are left out."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for entry in entries:
        sums[entry.book, entry.account, entry.item] += entry.amount
    return Counter({key: amount for key, amount in sums.items() if amount})


def money(entries: Iterable[Posting]) -> dict[str, int]:
    return {
        account: amount for (book, account, _), amount in ledger(entries).items() if book == MONEY
    }


def is_balanced(entries: Iterable[Posting]) -> bool:
    """Whether each item of each book adds up to zero: double entry, as its inventors checked it."""
    sums: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        sums[entry.book, entry.item] += entry.amount
    return not any(sums.values())


# Everything balances


@given(sales())
def test_any_sale_balances_and_books_what_was_sold_taxed_and_paid(sale: SaleCompleted) -> None:
    assert is_balanced(postings(sale))
    sums = ledger(postings(sale))
    paid = sum(tender.amount_minor for tender in sale.tenders)
    rounding = sum(tender.rounding_minor for tender in sale.tenders)
    in_drawer = sum(tender.amount_minor for tender in sale.tenders if tender.is_cash)
    taxes = -sum(amount for (_, account, _), amount in sums.items() if account.startswith("tax:"))
    assert sums[MONEY, "drawer", "CNY"] == in_drawer
    assert sums[MONEY, "tender:card", "CNY"] == paid - in_drawer
    assert sums[MONEY, "rounding", "CNY"] == -rounding
    assert taxes == sum(line.tax_minor for line in sale.lines)
    assert -sums[MONEY, "sales", "CNY"] + taxes == sale.total_minor == paid - rounding
    for product in {line.product_id for line in sale.lines}:
        sold = sum(line.quantity for line in sale.lines if line.product_id == product)
        assert sums[STOCK, "sold", product] == sold == -sums[STOCK, "store", product]


@given(st.integers(0, AMOUNT_MAX))
def test_a_float_moves_from_the_safe_to_the_drawer(float_minor: int) -> None:
    opened = ShiftOpened(1, "1001", date(2026, 6, 3), "CNY", float_minor)
    assert is_balanced(postings(opened))
    assert postings(opened) == (
        Posting(MONEY, "safe", "CNY", -float_minor),
        Posting(MONEY, "drawer", "CNY", float_minor),
    )


@given(st.integers(-AMOUNT_MAX, AMOUNT_MAX), st.integers(0, AMOUNT_MAX))
def test_a_closed_shift_empties_the_drawer_and_books_the_difference(
    expected: int, counted: int
) -> None:
    closed = ShiftClosed(1, "CNY", expected, counted, 3)
    assert is_balanced(postings(closed))
    sums = money([*postings(closed), Posting(MONEY, "drawer", "CNY", expected)])
    assert sums == {
        account: amount
        for account, amount in (("safe", counted), ("over_short", expected - counted))
        if amount
    }


def test_a_delivery_moves_from_the_supplier_to_the_store() -> None:
    lines = (ReceivedLine("cola", 24_000), ReceivedLine("apple", 655), ReceivedLine("cola", 1_000))
    assert ledger(postings(StockReceived("DN-7", lines))) == {
        (STOCK, "supplier", "cola"): -25_000,
        (STOCK, "store", "cola"): 25_000,
        (STOCK, "supplier", "apple"): -655,
        (STOCK, "store", "apple"): 655,
    }


@given(baskets())
def test_a_voided_sale_and_a_printed_receipt_move_nothing(basket: Basket) -> None:
    lines = tuple(SaleLine.of(line) for line in basket.lines)
    assert postings(SaleVoided("left", "CNY", lines, basket.total.minor)) == ()
    assert postings(ReceiptPrinted("e", "r", PrintOutcome.PRINTED)) == ()
    assert postings(DrawerOpened("change")) == ()
    assert postings(CodeDecided("01234053", EightDigits.EAN8)) == ()


@given(facts())
def test_whatever_a_fact_says_it_balances_or_is_unbalanced(fact: Fact) -> None:
    try:
        entries = postings(fact)
    except Unbalanced:
        assert isinstance(fact, SaleCompleted)
        return
    assert is_balanced(entries)
    assert all(abs(entry.amount) <= BIGINT_MAX for entry in entries)


def test_every_type_of_fact_has_a_meaning() -> None:
    """Fails when a fact is added and no case above speaks of it."""
    moving = {ShiftOpened, ShiftClosed, SaleCompleted, StockReceived}
    assert set(get_args(Fact)) == moving | set(WITHOUT_POSTINGS)


# One sale by hand


def test_a_sale_is_booked_account_by_account() -> None:
    on_top = a_product("imported", price_minor=1_000, tax=Tax("GST", 88_750, included=False))
    basket = Basket("CNY")
    for product in (a_product("cola"), on_top, a_product("water", price_minor=200)):
        basket, _ = basket.with_product(product, "c", None, 999_000)
    assert basket.total.minor == 1_639
    basket = basket.with_tender(take(basket.due, CARD, Money(1_000, "CNY"), 5, 10_000))
    basket = basket.with_tender(take(basket.due, CASH, Money(1_000, "CNY"), 5, 10_000))
    assert postings(SaleCompleted.of(basket, "r")) == (
        Posting(STOCK, "store", "cola", -1_000),
        Posting(STOCK, "sold", "cola", 1_000),
        Posting(STOCK, "store", "imported", -1_000),
        Posting(STOCK, "sold", "imported", 1_000),
        Posting(STOCK, "store", "water", -1_000),
        Posting(STOCK, "sold", "water", 1_000),
        Posting(MONEY, "sales", "CNY", -(310 + 1_000 + 177)),
        Posting(MONEY, "tax:VAT13", "CNY", -(40 + 23)),
        Posting(MONEY, "tax:GST", "CNY", -89),
        Posting(MONEY, "tender:card", "CNY", 1_000),
        Posting(MONEY, "drawer", "CNY", 640),
        Posting(MONEY, "rounding", "CNY", -1),
    )


def test_cash_goes_into_the_drawer_whatever_it_is_called() -> None:
    basket, _ = Basket("CNY").with_product(a_product("cola"), "c", None, 999_000)
    basket = basket.with_tender(Tender("notes", True, 150)).with_tender(Tender("cash", False, 200))
    booked = money(postings(SaleCompleted.of(basket, "r")))
    assert (booked["drawer"], booked["tender:cash"]) == (150, 200)


def test_a_sale_for_nothing_still_counts_as_one() -> None:
    basket, _ = Basket("CNY").with_product(a_product("gift", price_minor=0), "c", None, 999_000)
    sale = SaleCompleted.of(basket.with_tender(Tender("cash", True, 0)), "r")
    assert [entry.account for entry in postings(sale) if entry.book == MONEY] == ["sales", "drawer"]


@given(scans())
def test_a_sale_means_the_same_at_the_hub(passed: list[Scan]) -> None:
    basket = scanned(passed)
    basket = basket.with_tender(Tender("card", False, basket.total.minor))
    sale = SaleCompleted.of(basket, "r")
    assert postings(decode("sale.completed", 1, encode(sale))) == postings(sale)


# What does not add up


@given(sales(), st.data())
@settings(max_examples=50)
def test_a_forged_total_payment_or_tax_is_found(sale: SaleCompleted, data: st.DataObject) -> None:
    off = data.draw(st.integers(-100, 100).filter(bool))
    line, tender = sale.lines[0], sale.tenders[0]
    replace = msgspec.structs.replace
    forgeries = [
        replace(sale, total_minor=sale.total_minor + off),
        replace(sale, lines=(replace(line, total_minor=line.total_minor + off), *sale.lines[1:])),
        replace(sale, lines=(*sale.lines, replace(line, total_minor=off))),
        replace(
            sale,
            tenders=(replace(tender, given_minor=tender.given_minor + off), *sale.tenders[1:]),
        ),
        replace(
            sale,
            tenders=(
                replace(tender, rounding_minor=tender.rounding_minor + off),
                *sale.tenders[1:],
            ),
        ),
    ]
    for forged in forgeries:
        with pytest.raises(Unbalanced):
            postings(forged)
