"""Every sale of a till or a hub, read afresh from its journal: who bought what, line by line.

The ledgers (`rehearsal.books`) add up; this sees that each basket was sold once, at its till, on
its day, to its customer. It uses none of the product's code, so that a fault there cannot agree
with itself.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from rehearsal.replay.baskets import Basket, Line, till_number
from rehearsal.snapshot import Query, UnreadableBooks, read, read_file

_SALES = "SELECT data FROM journal WHERE type = 'sale.completed'"
_APPLIED = f"{_SALES} AND verdict = ''"


class Receipt(NamedTuple):
    """One sale. `content` is a hash of its lines: product, quantity, total, in order."""

    till: str
    day: str
    customer: str | None
    lines: int
    total_minor: int
    content: str

    def say(self) -> str:
        """The sale in words."""
        who = self.customer or "nobody"
        return f"{self.lines} lines sold to {who} on {self.day} at {self.till}"


Receipts = Counter[Receipt]


def expected_receipts(baskets: Iterable[Basket], tills: list[str]) -> Receipts:
    """The receipts that baskets must have got."""
    return Counter(
        _receipt(
            tills[till_number(basket, len(tills))],
            basket.day.isoformat(),
            basket.customer,
            basket.lines,
        )
        for basket in baskets
    )


def till_receipts(database_file: Path) -> Receipts:
    """The sales in a till's journal. Raises UnreadableBooks."""
    return _receipts(partial(read_file, database_file), _SALES)


def hub_receipts(url: str) -> Receipts:
    """The sales that the hub at `sqlite:///FILE` or `postgresql://…` took in.
    Raises UnreadableBooks."""
    return _receipts(partial(read, url), _APPLIED)


def receipt_differences(left: Receipts, right: Receipts, names: tuple[str, str]) -> list[str]:
    """Every sale that one side has oftener than the other, in words."""
    return [
        f"{receipt.say()}: {names[0]} {left[receipt]}, {names[1]} {right[receipt]} times"
        for receipt in sorted(((left - right) + (right - left)), key=repr)
    ]


# --- reading


class _Sold(msgspec.Struct):
    product_id: str
    quantity: int
    total_minor: int


class _Body(msgspec.Struct):
    lines: list[_Sold]
    customer: str | None = None


class _Fact(msgspec.Struct):
    till: str
    bdate: str
    body: _Body


_FACT = msgspec.json.Decoder(_Fact)


def _receipt(till: str, day: str, customer: str | None, lines: Iterable[Line]) -> Receipt:
    rows = list(lines)
    total_minor = sum(line.total_minor for line in rows)
    content = sha256(repr([tuple(line) for line in rows]).encode()).hexdigest()[:16]
    return Receipt(till, day, customer, len(rows), total_minor, content)


def _receipt_of(data: bytes) -> Receipt:
    fact = _FACT.decode(data)
    lines = [Line(sold.product_id, sold.quantity, sold.total_minor) for sold in fact.body.lines]
    return _receipt(fact.till, fact.bdate, fact.body.customer, lines)


def _receipts(ask: Callable[[Sequence[Query]], None], sales: str) -> Receipts:
    found: Receipts = Counter()
    try:
        ask([Query(sales, lambda data: found.update((_receipt_of(data),)))])
    except msgspec.MsgspecError as fault:
        raise UnreadableBooks(f"a sale cannot be read: {fault}") from None
    return found
