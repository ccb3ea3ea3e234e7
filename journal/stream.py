"""Who wrote a fact, and its place: a stream is one incarnation of one till.

An incarnation is minted when a till is enrolled and whenever the marker outside its database is
missing or differs; its first fact cites its predecessor. A fact's place is its `seq`, dense
from 1, so two copies of one disk write two streams and never meet at one position.
"""

from hashlib import sha256
from typing import Annotated, NamedTuple

import msgspec

#: how much of an incarnation stands in a receipt number: 6 characters of base32, 30 bits
SHORT_LENGTH = 6


class StreamId(NamedTuple):
    """A till and its incarnation."""

    till: str
    incarnation: str

    @property
    def short(self) -> str:
        """The incarnation's short form, as receipt numbers carry it."""
        return self.incarnation[:SHORT_LENGTH]


#: what no database could hold is no place in a stream
SEQ_MAX = 2**63 - 1
#: a place in a stream
Seq = Annotated[int, msgspec.Meta(ge=0, le=SEQ_MAX)]
#: the longest name of a till, an incarnation, a fact, in characters
NAME_CHARACTERS_MAX = 64
#: a word as messages carry it: printable ASCII, so that every database can keep it, and a line of
#: a signed message is one line
Word = Annotated[str, msgspec.Meta(max_length=NAME_CHARACTERS_MAX, pattern=r"\A[ -~]*\Z")]
#: a word that names something
Name = Annotated[Word, msgspec.Meta(min_length=1)]


class Head(msgspec.Struct, frozen=True):
    """The last fact of a stream that somebody has: its seq and the SHA-256 of its bytes, hex."""

    seq: Seq
    hash: Name


def genesis(stream: StreamId) -> Head:
    """The head before the first fact: seq 0, a hash that names the stream, so that no chain can
    be moved to another."""
    name = f"omnitill/stream/1\n{stream.till}\n{stream.incarnation}"
    return Head(0, sha256(name.encode()).hexdigest())


class Predecessor(msgspec.Struct, frozen=True):
    """Where the former incarnation of this till ended."""

    incarnation: str
    seq: int
    hash: str


class StreamBegan(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first fact of every stream, and the only one that is the journal's own."""

    reason: str
    predecessor: Predecessor | None = None


STREAM_BEGAN = ("stream.began", 1)
