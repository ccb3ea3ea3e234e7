"""The hash chain: every fact names the hash of the one before it.

A bit that changes anywhere, a fact that is missing, moved or slipped in breaks the chain at a
place that can be named.
"""

from hashlib import sha256

from journal.envelope import Envelope, MalformedEnvelope, decode
from journal.stream import Head, StreamId


class ChainBroken(ValueError):
    """The chain does not hold at `seq`; `why` says what is wrong there."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"fact {seq}: {why}")
        self.seq = seq
        self.why = why


def hash_of(data: bytes | memoryview) -> str:
    """SHA-256 of stored bytes, hex."""
    return sha256(data).hexdigest()


def link(stream: StreamId, after: Head, data: bytes) -> tuple[Envelope, Head]:
    """Check that `data` is the fact that follows `after`, and return it with the new head.
    Raises ChainBroken."""
    seq = after.seq + 1
    try:
        envelope = decode(data)
    except MalformedEnvelope as fault:
        raise ChainBroken(seq, f"is not an envelope: {fault}") from None
    if (envelope.till, envelope.inc) != stream:
        raise ChainBroken(seq, f"belongs to {envelope.till}/{envelope.inc}")
    if envelope.seq != seq:
        raise ChainBroken(seq, f"calls itself {envelope.seq}")
    if envelope.prev != after.hash:
        raise ChainBroken(seq, "does not follow the fact before it")
    return envelope, Head(seq, hash_of(data))
