"""Receipt numbers: `TILL-INCARNATION-NUMBER`, as `S01-2-K7Q2XM-000123`.

The incarnation's short form stands in the number, so two copies of one till's disk can never
issue the same one; the last part counts the till's receipts of this incarnation without a gap.
"""

from typing import NamedTuple


class ReceiptNumber(NamedTuple):
    """The number printed on a receipt. A till's id opens with its store's; `number` is dense
    from 1 in each incarnation."""

    till_id: str
    incarnation: str
    number: int

    def __str__(self) -> str:
        return f"{self.till_id}-{self.incarnation}-{self.number:06d}"
