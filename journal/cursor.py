"""The place a till has reached in the feed.

A cursor is opaque to the till. It moves in the same transaction as the rows it stands for; rows
of an unfinished cut lie staged, out of sight of the cashier (`wire.FeedPage`).
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from journal.stream import Seq

PAGE_ROWS_MAX = 5_000


class Cursor(msgspec.Struct, frozen=True):
    """The hub's inside of a cursor: its epoch and the last position seen in each scope."""

    epoch: str
    positions: dict[str, Seq]

    def text(self) -> str:
        return urlsafe_b64encode(msgspec.json.encode(self)).decode()

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read a cursor; ValueError when it is none."""
        try:
            return msgspec.json.decode(urlsafe_b64decode(text), type=cls)
        except (ValueError, RecursionError):  # what is not base64, JSON or a cursor is one of them
            raise ValueError("not a cursor") from None
