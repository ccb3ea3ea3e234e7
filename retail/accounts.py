"""The chart of accounts: what each account of the two books means.

A debit is positive: what the shop has, or has paid for, stands positive, what it owes or has earned
negative. So the sum of all accounts of a book is nothing.

    book    account       what is in it
    money   drawer        + cash in the drawer of the till
            tender:NAME   + what was paid in another tender, which its provider owes
            safe          + cash out of the drawer: what was counted, less the floats
            sales         − goods sold, without tax; its postings are the sales
            tax:CODE      − tax that the goods sold bear
            rounding      − what was paid more than due for want of small coins, + less
            over_short    − cash counted more than expected, + less
    stock   store         + goods in the store, less what lay there before the first fact
            sold          + goods that customers have
            supplier      − goods that suppliers have delivered

Takings are what customers paid: goods, tax and rounding, their sign turned. Cash that is put into
the drawer or taken out of it is none.

>>> [is_takings(account) for account in (SALES, tax("VAT13"), ROUNDING, DRAWER, tender("card"))]
[True, True, True, False, False]
"""

from typing import Final

DRAWER: Final = "drawer"
SAFE: Final = "safe"
SALES: Final = "sales"
ROUNDING: Final = "rounding"
OVER_SHORT: Final = "over_short"

STORE: Final = "store"
SOLD: Final = "sold"
SUPPLIER: Final = "supplier"

_TENDER: Final = "tender:"
_TAX: Final = "tax:"


def tender(name: str) -> str:
    """The account of a tender that is no cash."""
    return f"{_TENDER}{name}"


def tax(code: str) -> str:
    """The account of a tax."""
    return f"{_TAX}{code}"


def tender_of(account: str) -> str | None:
    """The name of the tender whose account this is, None for another account."""
    return account.removeprefix(_TENDER) if account.startswith(_TENDER) else None


def tax_of(account: str) -> str | None:
    """The code of the tax whose account this is, None for another account."""
    return account.removeprefix(_TAX) if account.startswith(_TAX) else None


def is_takings(account: str) -> bool:
    """Whether an account of the money book is part of what customers paid: goods, tax, rounding."""
    return account in (SALES, ROUNDING) or account.startswith(_TAX)
