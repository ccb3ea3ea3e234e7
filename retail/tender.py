"""Tenders: what a customer gives, what comes back, and the smallest coin.

Cash rounds only where it closes the sale: what is still due is rounded to the smallest coin, the
difference is booked as rounding, and change is given on the rounded amount.
"""

import msgspec

from retail.catalogue import TenderType
from retail.money import AMOUNT_MAX, Minor, Money
from retail.refusals import AbsurdPayment, TenderTooLarge


class Tender(msgspec.Struct, frozen=True, omit_defaults=True):
    """One payment toward a sale, in minor units of its currency.

    `given_minor` is what the customer handed over, `change_minor` what came back,
    `amount_minor` the difference, which stays with the store. `rounding_minor` is the part of it
    that pays no goods: negative where rounding favoured the customer.
    """

    name: str
    is_cash: bool
    given_minor: Minor
    change_minor: Minor = 0
    rounding_minor: Minor = 0

    @property
    def amount_minor(self) -> int:
        return self.given_minor - self.change_minor


def exact(due: Money, tender: TenderType, cash_step_minor: int) -> Money:
    """What settles `due` by this tender without change."""
    return due.rounded_to(cash_step_minor) if tender.is_cash else due


def take(
    due: Money,
    tender: TenderType,
    given: Money,
    cash_step_minor: int,
    overpayment_max_minor: int,
) -> Tender:
    """Take `given` toward `due`. Refuses a payment of nothing while something is due, cash that
    no coins make, change on a tender that gives none, and an amount so far above what is due
    that it must be a slip."""
    closing = exact(due, tender, cash_step_minor)
    nothing = given.minor < 0 or (given.minor == 0 and closing.minor > 0)
    coinless = tender.is_cash and given.minor % cash_step_minor
    most = min(closing.minor + overpayment_max_minor, AMOUNT_MAX)
    if nothing or coinless or given.minor > most:
        raise AbsurdPayment(amount=given.plain, due=closing.plain)
    if not tender.is_cash and given > due:
        raise TenderTooLarge(tender=tender.label, due=due.plain, amount=given.plain)
    if given < closing:
        return Tender(tender.name, tender.is_cash, given.minor)
    return Tender(
        tender.name,
        tender.is_cash,
        given_minor=given.minor,
        change_minor=given.minor - closing.minor,
        rounding_minor=closing.minor - due.minor,
    )
