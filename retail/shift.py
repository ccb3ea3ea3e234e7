"""A cashier's period at a till: its business date, and the figures of an X report.

The business date is a promise to the books, not a reading of the clock: a till whose clock went
wrong still books to the right day, because an unexpected date is asked about first.
"""

from collections.abc import Iterable
from datetime import date

import msgspec


def is_expected(business_date: date, last: date | None, today: date) -> bool:
    """Whether a shift may open on this date without asking: the last known business date or the
    day after it; on a till without history, today by its clock; never before the last."""
    if last is None:
        return business_date == today
    return 0 <= (business_date - last).days <= 1


class Balance(msgspec.Struct, frozen=True):
    """One account of the money book in one shift: its sum and from how many postings."""

    account: str
    amount_minor: int
    entries: int


class Figures(msgspec.Struct, frozen=True):
    """An X report: what a shift has done so far.

    `takings_minor` is what customers paid in all tenders; `expected_cash_minor` is what the
    drawer should hold: float and cash taken, change given.
    """

    sales: int
    takings_minor: int
    net_minor: int
    taxes: dict[str, int]
    rounding_minor: int
    tenders: dict[str, int]
    expected_cash_minor: int
    float_minor: int
    currency: str


def figures(balances: Iterable[Balance], float_minor: int, currency: str) -> Figures:
    """Read an X report off the money ledger of one shift (all balances of one currency)."""
    by_account = {balance.account: balance for balance in balances}

    def amount(account: str) -> int:
        return by_account[account].amount_minor if account in by_account else 0

    tenders = {
        name.removeprefix("tender:"): balance.amount_minor
        for name, balance in sorted(by_account.items())
        if name.startswith("tender:")
    }
    expected = amount("drawer")
    cash = expected - float_minor
    taxes = {
        name.removeprefix("tax:"): -balance.amount_minor
        for name, balance in sorted(by_account.items())
        if name.startswith("tax:")
    }
    return Figures(
        sales=by_account["sales"].entries if "sales" in by_account else 0,
        takings_minor=cash + sum(tenders.values()),
        net_minor=-amount("sales"),
        taxes=taxes,
        rounding_minor=-amount("rounding"),
        tenders={"cash": cash, **tenders},
        expected_cash_minor=expected,
        float_minor=float_minor,
        currency=currency,
    )
