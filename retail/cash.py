"""Cash: the notes and coins of a currency, and what a customer is likely to hand over.

The pieces of the main currencies are those their issuing banks put into circulation, as of 2026:
People's Bank of China, Central Bank of the Republic of China (Taiwan), HKMA, AMCM, Federal
Reserve and US Mint, ECB, Bank of England and Royal Mint, Bank of Japan, Bank of Korea, MAS, Bank
Negara Malaysia, Bank of Thailand, State Bank of Vietnam, BSP, Bank Indonesia, RBI, RBA, RBNZ,
Bank of Canada and Royal Canadian Mint, SNB. What is legal tender but issued no more (500 euro,
1000 Singapore dollars) is left out.

>>> [sum.plain for sum in suggestions(Money(5760, "CNY"), 10, most=5)]
['57.60', '58.00', '60.00', '70.00', '100.00']
"""

from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple

from retail.money import Money, exponent

# Notes | coins, in major units.
_PIECES: Final = {
    "CNY": "100 50 20 10 5 1 | 1 0.5 0.1",
    "TWD": "2000 1000 500 200 100 | 50 20 10 5 1",
    "HKD": "1000 500 100 50 20 10 | 10 5 2 1 0.5 0.2 0.1",
    "MOP": "1000 500 100 50 20 10 | 10 5 2 1 0.5 0.2 0.1",
    "USD": "100 50 20 10 5 2 1 | 1 0.5 0.25 0.1 0.05 0.01",
    "EUR": "200 100 50 20 10 5 | 2 1 0.5 0.2 0.1 0.05 0.02 0.01",
    "GBP": "50 20 10 5 | 2 1 0.5 0.2 0.1 0.05 0.02 0.01",
    "JPY": "10000 5000 2000 1000 | 500 100 50 10 5 1",
    "KRW": "50000 10000 5000 1000 | 500 100 50 10",
    "SGD": "100 50 10 5 2 | 1 0.5 0.2 0.1 0.05",
    "MYR": "100 50 20 10 5 1 | 0.5 0.2 0.1 0.05",
    "THB": "1000 500 100 50 20 | 10 5 2 1 0.5 0.25",
    "VND": "500000 200000 100000 50000 20000 10000 5000 2000 1000 500 |",
    "PHP": "1000 500 200 100 50 20 | 20 10 5 1 0.25 0.05 0.01",
    "IDR": "100000 50000 20000 10000 5000 2000 1000 | 1000 500 200 100",
    "INR": "500 200 100 50 20 10 | 20 10 5 2 1",
    "AUD": "100 50 20 10 5 | 2 1 0.5 0.2 0.1 0.05",
    "NZD": "100 50 20 10 5 | 2 1 0.5 0.2 0.1",
    "CAD": "100 50 20 10 5 | 2 1 0.25 0.1 0.05",
    "CHF": "1000 200 100 50 20 10 | 5 2 1 0.5 0.2 0.1 0.05",
}


class Kind(StrEnum):
    """What a piece of cash is made of."""

    NOTE = "note"
    COIN = "coin"


class Denomination(NamedTuple):
    """A note or a coin; where both are of one value, they are two denominations."""

    value: Money
    kind: Kind


def denominations(currency: str, cash_step_minor: int = 1) -> tuple[Denomination, ...]:
    """The notes and coins of a currency, none below the store's smallest coin, the largest first
    and a note before the coin of its value. A currency without a list of its own has 1-2-5.
    Raises UnknownCurrency."""
    return tuple(each for each in _pieces(currency) if each.value.minor >= cash_step_minor)


@cache
def _pieces(currency: str) -> tuple[Denomination, ...]:
    if currency not in _PIECES:
        return _series(currency)
    notes, _, coins = _PIECES[currency].partition("|")
    pieces = [Denomination(Money.parse(each, currency), Kind.NOTE) for each in notes.split()]
    pieces += [Denomination(Money.parse(each, currency), Kind.COIN) for each in coins.split()]
    return tuple(sorted(pieces, key=lambda piece: -piece.value.minor))


def _series(currency: str) -> tuple[Denomination, ...]:
    """1, 2, 5 … from the minor unit to 500, notes from 5; where a unit has no decimals and so
    buys little, to 50 000, notes from 1000."""
    decimals = exponent(currency)
    smallest_note = 5 * 10**decimals if decimals else 1000
    values = [
        step * 10**power for power in range(decimals + 3 if decimals else 5) for step in (1, 2, 5)
    ]
    return tuple(
        Denomination(Money(value, currency), Kind.NOTE if value >= smallest_note else Kind.COIN)
        for value in reversed(values)
    )


def suggestions(due: Money, cash_step_minor: int, most: int) -> tuple[Money, ...]:
    """What a customer is likely to hand over for `due`, ascending, at most `most` sums: the exact
    sum, rounded to the smallest coin, then those with one piece more than fits into it, so that
    none of the pieces could stay in the purse. Where there are too many, those of few pieces."""
    exact = due.rounded_to(cash_step_minor).minor
    pieces = denominations(due.currency, cash_step_minor)
    values = sorted({piece.value.minor for piece in pieces}, reverse=True)
    begun = [(0, 0, values)]  # what large pieces make of it: sum, their number, what may follow
    for place, value in enumerate(values):
        paid, count, _ = begun[-1]
        if (fitting := (exact - paid) // value) > 0:
            begun.append((paid + fitting * value, count + fitting, values[place:]))
    handed: dict[int, int] = {}
    for paid, count, smaller in begun:
        for value in smaller:
            above = paid + value
            if paid < exact < above and above % cash_step_minor == 0:
                handed[above] = min(count + 1, handed.get(above, count + 1))
    likely = sorted(handed, key=lambda minor: (handed[minor], minor))[: most - 1]
    return tuple(Money(minor, due.currency) for minor in (exact, *sorted(likely)))
