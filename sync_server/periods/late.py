"""What a late fact changes in the books of a period that is closed."""

from collections import Counter
from typing import NamedTuple

from journal.envelope import Envelope, decode
from retail import facts
from retail.accounts import OVER_SHORT, STORE, is_takings
from retail.language import Text
from retail.postings import MONEY, Posting, postings
from sync_server.periods.records import LateFact
from sync_server.words import amount, thousandths

#: of a fact that moved more, no more products are named
_PRODUCTS_NAMED_MAX = 5
_OVER_SHORT = Text("over or short {amount}", "长短款 {amount}")


class Effect(NamedTuple):
    """What customers paid and what a drawer was over or short, by currency in minor units; what
    came into the store or left it, by product in 1/1000 of its unit."""

    takings: dict[str, int]
    over_short: dict[str, int]
    stock: dict[str, int]

    @property
    def money_said(self) -> Text:
        """What it changed in money, empty for nothing."""
        plain = [amount(minor, currency) for currency, minor in self.takings.items()]
        said = [Text(each, each) for each in plain]
        for currency, minor in self.over_short.items():
            said.append(_OVER_SHORT.filled(amount=amount(minor, currency)))
        return Text(" · ".join(each.en for each in said), " · ".join(each.zh for each in said))

    @property
    def stock_said(self) -> str:
        """What it changed in stock: `cola -1 · water +24`."""
        named = [
            f"{product} {'+' if milli > 0 else ''}{thousandths(milli)}"
            for product, milli in list(self.stock.items())[:_PRODUCTS_NAMED_MAX]
        ]
        return " · ".join([*named, *(["…"] if len(self.stock) > len(named) else [])])

    @property
    def said(self) -> Text:
        """Both."""
        money, stock = self.money_said, self.stock_said
        en, zh = (" · ".join(filter(None, (each, stock))) for each in (money.en, money.zh))
        return Text(en, zh)


def envelope_of(late: LateFact) -> Envelope:
    """Who recorded it, when and in which shift."""
    return decode(late.data)


def postings_of(late: LateFact) -> tuple[Posting, ...]:
    """The fact's postings, which are in the books."""
    told = envelope_of(late)
    return postings(facts.decode(told.type, told.tv, told.body))


def effect(late: LateFact) -> Effect:
    """What its postings come to."""
    takings: Counter[str] = Counter()
    over_short: Counter[str] = Counter()
    stock: Counter[str] = Counter()
    for entry in postings_of(late):
        if entry.book == MONEY and is_takings(entry.account):
            takings[entry.item] -= entry.amount
        elif entry.account == OVER_SHORT:
            over_short[entry.item] -= entry.amount
        elif entry.account == STORE:
            stock[entry.item] += entry.amount
    return Effect(
        *({key: n for key, n in each.items() if n} for each in (takings, over_short, stock))
    )
