"""A cashier's period at a till: its business date, and the figures of an X report.

The business date is a promise to the books, not a reading of the clock: a till whose clock went
wrong still books to the right day, because an unexpected date is asked about first.
"""

from collections.abc import Iterable
from datetime import date

import msgspec

from retail import accounts
from retail.accounts import DRAWER, ROUNDING, SALES


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

    `takings_minor` is what customers paid, and `tenders` how, cash less the change given;
    `expected_cash_minor` is what the drawer should hold.
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
        name: amount(account)
        for account in sorted(by_account)
        if (name := accounts.tender_of(account)) is not None
    }
    taxes = {
        code: -amount(account)
        for account in sorted(by_account)
        if (code := accounts.tax_of(account)) is not None
    }
    takings = -sum(amount(account) for account in by_account if accounts.is_takings(account))
    return Figures(
        sales=by_account[SALES].entries if SALES in by_account else 0,
        takings_minor=takings,
        net_minor=-amount(SALES),
        taxes=taxes,
        rounding_minor=-amount(ROUNDING),
        tenders={"cash": takings - sum(tenders.values()), **tenders},
        expected_cash_minor=amount(DRAWER),
        float_minor=float_minor,
        currency=currency,
    )
