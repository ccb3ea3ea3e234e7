"""The envelope around a fact: who, where, when, its place in the chain, and the body as bytes.

The stored bytes are the canonical ones: both sides hash exactly what was stored and sent, nobody
serialises a fact again. Wall time is evidence, not order (see `clock`).
"""

from typing import Annotated

import msgspec

from journal.stream import NAME_CHARACTERS_MAX, Seq

VERSION = 1
#: a whole number that every reader of JSON holds exactly
_Int = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
_Word = Annotated[str, msgspec.Meta(max_length=NAME_CHARACTERS_MAX)]
_Name = Annotated[_Word, msgspec.Meta(min_length=1)]


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """One recorded fact.

    `v` envelope version; `till`, `inc`, `seq` its place; `eid` its global id (UUIDv7);
    `type`, `tv` what it is and in which version; `at` ISO 8601 with offset, `mono` milliseconds
    since boot `boot`; `prev` the hash of the fact before; `bdate` the business date its shift
    books to; `seen` the feed position the cashier sold by; `refs` ids of facts it speaks of;
    `stood` its place, incarnation/seq, before a fork moved it here.
    Names, `shift` and `bdate` are printable ASCII: databases keep them as keys.
    """

    v: _Int
    till: _Name
    inc: _Name
    seq: Seq
    eid: _Name
    type: _Name
    tv: _Int
    store: str
    at: str
    mono: _Int
    boot: str
    prev: str
    body: msgspec.Raw
    cashier: str = ""
    shift: _Word = ""
    bdate: _Word = ""
    seen: str = ""
    refs: tuple[str, ...] = ()
    stood: str = ""


class MalformedEnvelope(ValueError):
    """Bytes that are not an envelope this program can read."""


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Envelope)


def encode(envelope: Envelope) -> bytes:
    """The bytes to store, send and hash."""
    return _ENCODER.encode(envelope)


def decode(data: bytes | msgspec.Raw) -> Envelope:
    """Read stored bytes. Raises MalformedEnvelope, also for a version that is newer."""
    try:
        envelope = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise MalformedEnvelope(str(fault)) from None
    if envelope.v != VERSION:
        raise MalformedEnvelope(f"envelope version {envelope.v} is not known here")
    words = (
        envelope.till,
        envelope.inc,
        envelope.eid,
        envelope.type,
        envelope.shift,
        envelope.bdate,
    )
    keys = "".join(words)
    if not (keys.isascii() and keys.isprintable()):
        raise MalformedEnvelope("a name in it is not printable ASCII")
    return envelope
