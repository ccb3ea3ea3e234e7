"""Rows of the feed, and what a scope's rows add up to.

What a scope holds is known by a number that does not depend on the order in which rows came: how
many they are, and the sum of their SHA-256 digests modulo 2²⁵⁶. A change of ten rows changes it by
ten digests, so that hub and till compare a million products with every swap. The name of a
revision of the catalogue is this number of its scope, written short (docs/decisions/0012).

>>> cola, water = (Change("product", key, None, b"{}") for key in ("cola", "water"))
>>> Contents().with_changes([cola, water]) == Contents().with_changes([water, cola])
True
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from retail.base32 import letters

#: products and what they cost: a revision of it goes into sight as a whole, between two sales
CATALOGUE = "catalogue"
#: which revision stands, and those that are planned
REVISIONS = "revisions"
#: what may not be sold any more: in force as soon as a till hears of it
RECALLS = "recalls"
#: what all stores of the chain have in common
CHAIN = (RECALLS, REVISIONS, CATALOGUE)

# The kinds of rows, by scope; plain strings, for they are compared for each row of a million

#: in the catalogue: a `Product` by its id
PRODUCT: Final = "product"
#: in revisions, without a key: the `Revision` that stands
REVISION: Final = "revision"
#: in revisions, by its number: the `Plan` of a revision that is to come
PLAN: Final = "plan"
#: in revisions, `NUMBER/KIND/KEY`: a row of the catalogue, `Planned`, that comes with that plan
PLANNED: Final = "planned"
#: in recalls: a `Recall` of a product or a batch
RECALL: Final = "recall"
#: of a store: a `Cashier` by its id
CASHIER: Final = "cashier"
#: of a store, by its id: its `StoreSettings`
SETTINGS: Final = "settings"
#: of a store: which of two things a code of 8 digits is, `EightDigits`
READING: Final = "reading"
#: of a store: what lay there of a product before the first fact, in 1/1000
OPENING_STOCK: Final = "opening_stock"

#: the body of a row whose thing is gone
GONE = b"null"

_MODULUS = 1 << 256
_SUM_BYTES = 32
#: 16 characters of 5 bits: a chain that published a revision a second for a thousand years would
#: meet the same name twice with a chance of one in a thousand
_NAME_CHARACTERS = 16
_NAME_BYTES = 10
_SHORT_CHARACTERS = 6


class Row(NamedTuple):
    """The latest state of one thing; without a body it is gone."""

    scope: str
    kind: str
    key: str
    body: bytes | None


def body_of(raw: bytes | msgspec.Raw) -> bytes | None:
    """The body of a row as it travels: JSON, null where the thing is gone."""
    body = bytes(raw)
    return None if body == GONE else body


class Change(NamedTuple):
    """What becomes of one thing in a scope; None where there is none."""

    kind: str
    key: str
    before: bytes | None
    after: bytes | None


class Contents(NamedTuple):
    """What a scope holds."""

    rows: int = 0
    total: int = 0

    def with_changes(self, changes: Iterable[Change]) -> "Contents":
        """What it holds after these."""
        rows, total = self
        for kind, key, before, after in changes:
            if before is not None:
                rows -= 1
                total -= _digest(kind, key, before)
            if after is not None:
                rows += 1
                total += _digest(kind, key, after)
        return Contents(rows, total % _MODULUS)

    @property
    def text(self) -> str:
        """As it is kept and sent: how many rows, and the sum in hexadecimal digits."""
        return f"{self.rows}:{self.total:0{2 * _SUM_BYTES}x}"

    @classmethod
    def parse(cls, text: str) -> "Contents":
        """Read `text`; ValueError when it is none."""
        rows, _, total = text.partition(":")
        return cls(int(rows), int(total, 16))

    @property
    def name(self) -> str:
        """The name of a revision that holds this: 16 letters and digits."""
        digest = sha256(self.text.encode()).digest()
        return letters(int.from_bytes(digest[:_NAME_BYTES]), _NAME_CHARACTERS)


def short_name(name: str) -> str:
    """What people say of a revision's name."""
    return name[:_SHORT_CHARACTERS]


def _digest(kind: str, key: str, body: bytes) -> int:
    """SHA-256 of kind, key and body, 0 between them."""
    return int.from_bytes(sha256(b"%b\0%b\0%b" % (kind.encode(), key.encode(), body)).digest())


def store_scope(store_id: str) -> str:
    """What concerns one store alone: its cashiers, its settings, its stock."""
    return f"store:{store_id}"
