"""What each fact means in the books: one set of rules for till, hub, recount and proof.

Double entry: a posting adds to one account of one book, and within a fact the postings of each
(book, item) add up to zero. Debit is positive. Till and hub only ever *add postings up*.

    book    item            accounts
    money   currency        drawer, tender:NAME, safe, sales, tax:CODE, rounding, over_short
    stock   product id      store, sold, supplier

>>> from retail.facts import ReceivedLine
>>> postings(StockReceived("DN-7", (ReceivedLine("p1", 2000),)))[1]
Posting(book='stock', account='store', item='p1', amount=2000)
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from retail.facts import (
    Fact,
    ReceiptPrinted,
    SaleCompleted,
    SaleVoided,
    ShiftClosed,
    ShiftOpened,
    StockReceived,
)

MONEY: Final = "money"
STOCK: Final = "stock"


class Posting(NamedTuple):
    """An amount added to one account: minor units for money, 1/1000 of a unit for stock."""

    book: str
    account: str
    item: str
    amount: int


class Unbalanced(ValueError):
    """A fact whose own numbers do not add up: a bug where it was made, or a forgery."""


def postings(fact: Fact) -> tuple[Posting, ...]:
    """The fact's meaning in the books, balanced. Raises Unbalanced."""
    match fact:
        case SaleCompleted():
            entries = _sale(fact)
        case ShiftOpened():
            entries = _moved(MONEY, fact.currency, "safe", "drawer", fact.float_minor)
        case ShiftClosed():
            entries = _shift_closed(fact)
        case StockReceived():
            entries = [
                entry
                for line in fact.lines
                for entry in _moved(STOCK, line.product_id, "supplier", "store", line.quantity)
            ]
        case SaleVoided() | ReceiptPrinted():
            entries = []
    check_balance(entries)
    return tuple(entries)


def check_balance(entries: Iterable[Posting]) -> None:
    """Raise Unbalanced unless every (book, item) adds up to zero."""
    sums: dict[tuple[str, str], int] = {}
    for book, _, item, amount in entries:
        sums[book, item] = sums.get((book, item), 0) + amount
    if any(sums.values()):
        off = {item: amount for (_, item), amount in sums.items() if amount}
        raise Unbalanced(f"the postings of this fact do not add up: {off}")


def _moved(book: str, item: str, source: str, target: str, amount: int) -> list[Posting]:
    return [Posting(book, source, item, -amount), Posting(book, target, item, amount)]


def _sale(sale: SaleCompleted) -> list[Posting]:
    currency = sale.currency
    entries: list[Posting] = []
    taxes: dict[str, int] = {}
    net = 0
    for line in sale.lines:
        within = line.tax_minor if line.tax.included else 0
        net += line.total_minor - within
        if line.tax_minor:
            taxes[line.tax.code] = taxes.get(line.tax.code, 0) + line.tax_minor
        entries += (
            Posting(STOCK, "store", line.product_id, -line.quantity),
            Posting(STOCK, "sold", line.product_id, line.quantity),
        )
    if net + sum(taxes.values()) != sale.total_minor:
        raise Unbalanced("the lines of this sale do not add up to its total")
    entries.append(Posting(MONEY, "sales", currency, -net))
    entries += [Posting(MONEY, f"tax:{code}", currency, -tax) for code, tax in taxes.items()]
    for tender in sale.tenders:
        account = "drawer" if tender.is_cash else f"tender:{tender.name}"
        entries.append(Posting(MONEY, account, currency, tender.amount_minor))
        if tender.rounding_minor:
            entries.append(Posting(MONEY, "rounding", currency, -tender.rounding_minor))
    return entries


def _shift_closed(shift: ShiftClosed) -> list[Posting]:
    return [
        Posting(MONEY, "drawer", shift.currency, -shift.expected_minor),
        Posting(MONEY, "safe", shift.currency, shift.counted_minor),
        Posting(MONEY, "over_short", shift.currency, -shift.difference_minor),
    ]
