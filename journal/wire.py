"""What till and hub say to each other: one struct a message, JSON packed by zstd-1.

Facts travel as the bytes they were stored as. Only an answer that carries `HEADER` is an answer:
a proxy's page, a captive portal or half a body is a failed line.
"""

from enum import StrEnum
from typing import Annotated, Final, TypeVar, cast

import msgspec
import zstandard

from journal.stream import Head, Name, Seq, Word

HEADER: Final = "Omnitill-Sync"
#: on every answer: what the hub's clock shows, ISO 8601 with offset
TIME_HEADER: Final = "Omnitill-Time"
PROTOCOL: Final = "1"
ZSTD_LEVEL: Final = 1
#: the largest message either side reads, unpacked
MESSAGE_BYTES_MAX: Final = 4 * 1024 * 1024
#: a frame that asks for more memory than this to be unpacked is not unpacked (RFC 8878, 3.1.1.1.2)
WINDOW_BYTES_MAX: Final = 8 * 1024 * 1024
#: the most facts in one push, and the most bytes of them
PUSH_FACTS_MAX: Final = 500
PUSH_BYTES_MAX: Final = 1024 * 1024
#: the feed as this program speaks it: a number that goes up when a till that knows the one before
#: could misread it
FEED_SCHEMA: Final = 1
#: the longest a hub may ask a till to wait after a success, in milliseconds
BACKOFF_MS_MAX: Final = 3_600_000


#: how long a till is asked to wait before its next question, in milliseconds
BackoffMs = Annotated[int, msgspec.Meta(ge=0, le=BACKOFF_MS_MAX)]
#: a schema of the feed; 0 is none
FeedSchema = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class HelloRequest(msgspec.Struct, frozen=True):
    """A till's program, and from which schema of the feed to which it reads."""

    program: Word
    feed_min: FeedSchema
    feed_max: FeedSchema


class HelloReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The hub's program, the schemas that it speaks, and `feed`, the one to ask for: the newest
    that both know, 0 where there is none."""

    program: str
    feed_min: FeedSchema
    feed_max: FeedSchema
    feed: FeedSchema
    epoch: str
    backoff_ms: BackoffMs = 0


class Declared(msgspec.Struct, frozen=True, omit_defaults=True):
    """A till's own head, told with every request, and since when its oldest fact waits; `at` is
    what its clock showed when it asked, ISO 8601 with offset."""

    seq: Seq
    hash: Name
    waiting_since: Word = ""
    at: Word = ""

    @property
    def head(self) -> Head:
        """The head alone, as it is signed."""
        return Head(self.seq, self.hash)


class SignedHead(msgspec.Struct, frozen=True):
    """A head of a stream as the hub signed it once (`signature.head_message`)."""

    epoch: str
    head: Head
    safe_seq: Seq
    sig: str


class PushRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run of facts of one stream; `base` is the head before the first of them. Empty `facts`
    only declare. `sig` signs `signature.push_message`. `had` is sent after an answer whose head
    lies before one that this hub signed: it shows the hub that it has lost facts."""

    till: Name
    inc: Name
    base: Head
    facts: list[msgspec.Raw]
    declared: Declared
    sig: str
    epoch: str = ""
    had: SignedHead | None = None


#: as many facts as a push may hold: with the next one reading ends, for a message that packs to 400
#: bytes can list two million, and nobody has looked at its signature yet
_Facts = msgspec.defstruct(
    "_Facts",
    [
        (f"fact_{place}", msgspec.Raw | msgspec.UnsetType, msgspec.UNSET)
        for place in range(PUSH_FACTS_MAX)
    ],
    array_like=True,
    forbid_unknown_fields=True,
)


class _PushAsRead(PushRequest, frozen=True):
    facts: _Facts  # type: ignore[valid-type]


def _as_sent(read: _PushAsRead) -> PushRequest:
    few = [fact for fact in msgspec.structs.astuple(read.facts) if fact is not msgspec.UNSET]
    return PushRequest(
        *(read.till, read.inc, read.base, few, read.declared, read.sig, read.epoch, read.had)
    )


class VerdictCode(StrEnum):
    """What the hub did with a fact that it did not simply apply."""

    #: nothing in its books: malformed, or its meaning failed here
    QUARANTINED = "quarantined"
    #: of a type or a version that this hub does not know yet
    WAITING = "waiting"
    #: it speaks of a fact that has no effect yet
    PARKED = "parked"
    #: the hub takes facts in and applies none of them for now
    DEFERRED = "deferred"
    #: a person's word that it never counts
    SET_ASIDE = "set_aside"
    #: the same id in another stream
    DUPLICATE = "duplicate"


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """The hub's word on one fact, kept and repeated verbatim; a fact not named was applied."""

    seq: Seq
    code: str
    reason: str = ""


class PushReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The hub's head of the stream after the push, counter-signed (`signature.head_message`).
    A till may delete below `safe_seq`: that much is in a verified backup."""

    epoch: str
    head: Head
    head_sig: str
    safe_seq: Seq = 0
    verdicts: tuple[Verdict, ...] = ()
    backoff_ms: BackoffMs = 0


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A refusal on the wire (RFC 9457 names): stable `code`, sentence, remedy in both languages.
    `head`, `head_sig`, `epoch` come with `gap`, `fork` and `epoch`."""

    code: str
    title: str
    title_zh: str = ""
    remedy: str = ""
    remedy_zh: str = ""
    epoch: str = ""
    head: Head | None = None
    head_sig: str = ""
    safe_seq: Seq = 0


#: part of file names and receipt numbers at the till
FileName = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9._-]{1,64}\Z")]
#: Ed25519, 32 bytes in base64
PublicKey = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9+/]{43}=\Z")]


class EnrolRequest(msgspec.Struct, frozen=True):
    """A new till shows its one-time code, its key and its first incarnation; `till` is whose
    journal its folder holds already, empty for none: no other till's code is used up there."""

    code: str
    public_key: str
    inc: Name
    sig: str
    till: Word = ""


class EnrolReply(msgspec.Struct, frozen=True):
    """Who the till is from now on, and the hub's key that it pins."""

    store: FileName
    till: FileName
    hub_key: PublicKey
    epoch: str


class Challenge(msgspec.Struct, frozen=True):
    nonce: str


class TokenRequest(msgspec.Struct, frozen=True):
    till: Name
    nonce: str
    sig: str


class TokenReply(msgspec.Struct, frozen=True):
    """A bearer token for pulls; it reads, it can never write."""

    token: str
    expires_in_s: int


class StreamFacts(msgspec.Struct, frozen=True):
    """What the hub holds of a till's own stream, in order; `head` is the last it has of all, signed
    as in PushReply."""

    epoch: str
    facts: list[msgspec.Raw]
    head: Head
    head_sig: str
    safe_seq: Seq


class FeedRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """The latest state of one thing: `scope`, `kind` and `key` name it, `body` is its JSON;
    without a body it is gone."""

    scope: str
    kind: str
    key: str
    body: msgspec.Raw = msgspec.Raw(b"null")


class FeedPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Rows since a cursor. Apply nothing before `up_to_date`: only then the cut is whole, and
    `contents` says what each scope must hold with it (the count and the sum of its rows' digests).
    `behind` is how many rows are still to come of the scopes that a snapshot holds; `includes`
    names, per till of the store, the seq whose effects the page holds."""

    epoch: str
    cursor: str
    rows: list[FeedRow]
    up_to_date: bool
    includes: dict[str, int] = {}
    contents: dict[str, str] = {}
    behind: int = 0


#: SHA-256 in hexadecimal digits
Sha256 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Snapshot(msgspec.Struct, frozen=True):
    """A file that holds everything up to `cursor`: `chunks` of it, in order, each packed by zstd
    and named by the SHA-256 of what is sent; unpacked they are `chunk_bytes` long, the last one
    shorter. `sig` signs `signature.snapshot_message`."""

    epoch: str
    cursor: str
    schema: str
    size_bytes: Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]
    sha256: Sha256
    chunk_bytes: Annotated[int, msgspec.Meta(ge=1, le=MESSAGE_BYTES_MAX)]
    chunks: list[Sha256]
    sig: str


class FeedChange(msgspec.Struct, frozen=True):
    """A hint: these scopes have moved past the cursor. The rows come by the feed itself."""

    changed: tuple[str, ...]


class MessageTooLarge(ValueError):
    """A message above MESSAGE_BYTES_MAX."""


class NotAMessage(ValueError):
    """Bytes that are not the message expected: half a body, a proxy's page, noise."""


T = TypeVar("T")
#: how msgspec ends its reading of _Facts
_TOO_MANY: Final = f"array` of at most length {PUSH_FACTS_MAX}"
_ENCODER = msgspec.json.Encoder()


def pack(message: msgspec.Struct) -> bytes:
    """JSON, then zstd."""
    return packed(_ENCODER.encode(message))


def packed(text: bytes) -> bytes:
    """A frame of zstd; several after each other unpack to what is in them (RFC 8878, 3)."""
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(text)


def unpack(data: bytes, kind: type[T], bytes_max: int = MESSAGE_BYTES_MAX) -> T:
    """Read a packed message; never unpacks more than `bytes_max`, nor takes more memory for it
    than WINDOW_BYTES_MAX. Raises MessageTooLarge or NotAMessage."""
    unpacker = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX)
    try:
        # No larger buffer than the first frame says it needs: 4 MiB anew for each message cost
        # more than unpacking a small one. A frame that says nothing (-1) gets it.
        size = zstandard.frame_content_size(data)
        with unpacker.stream_reader(data, read_across_frames=True) as reader:
            text = reader.read((min(size, bytes_max) if size >= 0 else bytes_max) + 1)
            if len(text) > size >= 0:
                text += reader.read(max(bytes_max + 1 - len(text), 0))
    except zstandard.ZstdError as fault:
        raise NotAMessage(f"not zstd: {fault}") from None
    if len(text) > bytes_max:
        raise MessageTooLarge(f"more than {bytes_max} bytes")
    return read(text, kind)


def read(text: bytes, kind: type[T]) -> T:
    """Read a message that is plain JSON. Raises NotAMessage, and MessageTooLarge for a push of more
    than PUSH_FACTS_MAX facts."""
    try:
        if kind is PushRequest:
            return cast("T", _as_sent(msgspec.json.decode(text, type=_PushAsRead)))
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        if _TOO_MANY in str(fault):
            raise MessageTooLarge(f"more than {PUSH_FACTS_MAX} facts") from None
        raise NotAMessage(str(fault)) from None
