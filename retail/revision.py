"""What head office says of the catalogue as a whole: which revision stands, what is planned, and
what may not be sold any more. Each travels as rows of the feed.
"""

from datetime import datetime
from typing import Annotated

import msgspec


class Revision(msgspec.Struct, frozen=True, omit_defaults=True):
    """The revision that stands: its name is what its contents come to; `published_at` is the
    hub's time, ISO 8601 with offset."""

    name: str
    published_at: str
    note: str = ""


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """A revision that goes into force at a time, at every till by its own clock, also with the
    line dead; `rows` is how many things it changes."""

    plan: str
    effective_at: Annotated[datetime, msgspec.Meta(tz=True)]
    rows: int
    note: str = ""


class Planned(msgspec.Struct, frozen=True):
    """One row of a plan: what a thing will be; null when it will be gone."""

    kind: str
    key: str
    body: msgspec.Raw


class Recall(msgspec.Struct, frozen=True, omit_defaults=True):
    """A product that may not be sold, or one batch of it; without a batch all of it."""

    product_id: str
    reason: str
    batch: str = ""

    @property
    def key(self) -> str:
        """What its row is named by."""
        return f"{self.product_id}/{self.batch}" if self.batch else self.product_id
