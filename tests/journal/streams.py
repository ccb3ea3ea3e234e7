"""Streams of facts made on paper: the bytes a till would store, without a till."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from journal.chain import hash_of, link
from journal.envelope import VERSION, Envelope, encode
from journal.stream import Head, StreamId, genesis

STREAM = StreamId("S01-1", "K7Q2XM0000000000000000000A")


def an_envelope(seq: int = 1, said: str = "", **changes: object) -> Envelope:
    """The envelope of one fact of STREAM; `said` tells two facts of one place apart."""
    envelope = Envelope(
        v=VERSION,
        till=STREAM.till,
        inc=STREAM.incarnation,
        seq=seq,
        eid=f"0197-{said}-{seq:06d}",
        type="sale.completed",
        tv=1,
        store="S01",
        at="2026-06-03T09:00:00.000+08:00",
        mono=seq * 41_000,
        boot="boot-1",
        prev=genesis(STREAM).hash,
        body=msgspec.Raw(b'{"name":"\xe8\x8b\xb9\xe6\x9e\x9c","total_minor":838}'),
        cashier="1001",
        shift="K7Q2XM-1",
        bdate="2026-06-03",
        seen="cursor",
        refs=("0197-earlier",),
    )
    return msgspec.structs.replace(envelope, **changes)


@dataclass
class Chain:
    """A growing chain of facts with their hashes."""

    stream: StreamId = STREAM
    facts: list[bytes] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)

    @property
    def head(self) -> Head:
        return Head(len(self.facts), self.hashes[-1]) if self.facts else genesis(self.stream)

    def hash_at(self, seq: int) -> str | None:
        if seq == 0:
            return genesis(self.stream).hash
        return self.hashes[seq - 1] if 0 < seq <= len(self.hashes) else None

    def record(self, said: str = "") -> bytes:
        head = self.head
        till, incarnation = self.stream
        data = encode(an_envelope(head.seq + 1, said, till=till, inc=incarnation, prev=head.hash))
        self.append(data)
        return data

    def append(self, data: bytes) -> None:
        self.facts.append(data)
        self.hashes.append(hash_of(data))

    def cut(self, length: int) -> None:
        """Forget all facts after the first `length`."""
        del self.facts[length:], self.hashes[length:]

    def copy(self) -> "Chain":
        return Chain(self.stream, list(self.facts), list(self.hashes))


def a_chain(length: int, stream: StreamId = STREAM, said: str = "") -> Chain:
    chain = Chain(stream)
    for _ in range(length):
        chain.record(said)
    return chain


def followed(facts: Iterable[bytes], after: Head | None = None, stream: StreamId = STREAM) -> Head:
    """Follow the chain from `after`, from the beginning unless told, to its end. Raises
    ChainBroken."""
    head = after or genesis(stream)
    for data in facts:
        _, head = link(stream, head, data)
    return head


def with_bit_flipped(facts: Sequence[bytes], place: int, bit: int) -> list[bytes]:
    """The facts with one bit of all their bytes, counted through, turned over."""
    flipped = []
    for data in facts:
        if 0 <= place < len(data):
            data = data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]  # noqa: PLW2901
        place -= len(data)
        flipped.append(data)
    return flipped
