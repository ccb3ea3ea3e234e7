"""What each fact means in the books: one set of rules for till, hub, recount and proof.

Double entry: a posting adds to one account of one book, and within a fact the postings of each
(book, item) add up to zero: by construction, but for what a fact itself adds up, which is checked.
Debit is positive. Till and hub only ever *add postings up*.

The books are of money, by currency, and of stock, by product; `retail.accounts` has their accounts.

>>> from retail.facts import ReceivedLine
>>> postings(StockReceived("DN-7", (ReceivedLine("p1", 2000),)))[1]
Posting(book='stock', account='store', item='p1', amount=2000)
"""

from typing import Final

import msgspec

from retail import accounts
from retail.accounts import DRAWER, OVER_SHORT, ROUNDING, SAFE, SALES, SOLD, STORE, SUPPLIER
from retail.facts import (
    CodeDecided,
    CompartmentReturned,
    CompartmentWithdrawn,
    DoorOpeningDecided,
    DoorOpeningEnded,
    DrawerOpened,
    Fact,
    ParcelStored,
    ParcelTaken,
    ReceiptPrinted,
    SaleCompleted,
    SaleVoided,
    ShiftClosed,
    ShiftOpened,
    StockReceived,
)

MONEY: Final = "money"
STOCK: Final = "stock"


#: facts that move neither money nor stock
WITHOUT_POSTINGS = (
    SaleVoided,
    ReceiptPrinted,
    DrawerOpened,
    CodeDecided,
    DoorOpeningDecided,
    DoorOpeningEnded,
    ParcelStored,
    ParcelTaken,
    CompartmentWithdrawn,
    CompartmentReturned,
)

#: what an account is kept by, in the ledgers of till and hub alike
LEDGER_KEYS: Final = {
    MONEY: ("store", "till", "business_date", "shift", "account", "currency"),
    STOCK: ("store", "product", "account"),
}


class Posting(msgspec.Struct, frozen=True, gc=False):
    """An amount added to one account: minor units for money, 1/1000 of a unit for stock."""

    book: str
    account: str
    item: str
    amount: int


def ledger_key(
    entry: Posting, store: str, till: str, business_date: str, shift: str
) -> tuple[str, ...]:
    """The account that an entry adds to, in the order of LEDGER_KEYS."""
    if entry.book == MONEY:
        return store, till, business_date, shift, entry.account, entry.item
    return store, entry.item, entry.account


class Unbalanced(ValueError):
    """A fact whose own numbers do not add up: a bug where it was made, or a forgery."""


def postings(fact: Fact) -> tuple[Posting, ...]:
    """The fact's meaning in the books, balanced. Raises Unbalanced."""
    match fact:
        case SaleCompleted():
            entries = _sale(fact)
        case ShiftOpened():
            entries = _moved(MONEY, fact.currency, SAFE, DRAWER, fact.float_minor)
        case ShiftClosed():
            entries = _shift_closed(fact)
        case StockReceived():
            entries = [
                entry
                for line in fact.lines
                for entry in _moved(STOCK, line.product_id, SUPPLIER, STORE, line.quantity)
            ]
        case _:
            assert isinstance(fact, WITHOUT_POSTINGS)
            entries = []
    return tuple(entries)


def _moved(book: str, item: str, source: str, target: str, amount: int) -> list[Posting]:
    return [Posting(book, source, item, -amount), Posting(book, target, item, amount)]


def _sale(sale: SaleCompleted) -> list[Posting]:
    currency, total = sale.currency, sale.total_minor
    entries: list[Posting] = []
    taxes: dict[str, int] = {}
    net = paid = 0
    for line in sale.lines:
        tax, product = line.tax, line.product_id
        net += line.total_minor - (line.tax_minor if tax.included else 0)
        if line.tax_minor:
            taxes[tax.code] = taxes.get(tax.code, 0) + line.tax_minor
        entries.append(Posting(STOCK, STORE, product, -line.quantity))
        entries.append(Posting(STOCK, SOLD, product, line.quantity))
    if net + sum(taxes.values()) != total:
        raise Unbalanced("the lines of this sale do not add up to its total")
    entries.append(Posting(MONEY, SALES, currency, -net))
    entries += [Posting(MONEY, accounts.tax(code), currency, -tax) for code, tax in taxes.items()]
    for tender in sale.tenders:
        account = DRAWER if tender.is_cash else accounts.tender(tender.name)
        amount, rounding = tender.amount_minor, tender.rounding_minor
        paid += amount - rounding
        entries.append(Posting(MONEY, account, currency, amount))
        if rounding:
            entries.append(Posting(MONEY, ROUNDING, currency, -rounding))
    if paid != total:
        raise Unbalanced("the tenders of this sale do not add up to its total")
    return entries


def _shift_closed(shift: ShiftClosed) -> list[Posting]:
    return [
        Posting(MONEY, DRAWER, shift.currency, -shift.expected_minor),
        Posting(MONEY, SAFE, shift.currency, shift.counted_minor),
        Posting(MONEY, OVER_SHORT, shift.currency, -shift.difference_minor),
    ]
