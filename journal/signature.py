"""Ed25519 (RFC 8032) keys of tills and hub, and the exact bytes that are signed.

Each message opens with its purpose, so that a signature for one can never serve as another.
Seeds are handed in: making one is chance, and chance is not this package's.
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from journal.clock import CROCKFORD
from journal.stream import Head, StreamId

SEED_LENGTH = 32
FINGERPRINT_LENGTH = 5
_AS_HEARD = str.maketrans("OIL", "011", " -\t")


class Signer:
    """A private key. `public` is its public half, base64."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = b64encode(raw).decode()

    def sign(self, message: bytes) -> str:
        """The signature, base64."""
        return b64encode(self._key.sign(message)).decode()


def verified(public: str, message: bytes, signature: str) -> bool:
    """Whether `signature` is the key's signature of `message`; anything malformed is a no."""
    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(public, validate=True))
        key.verify(b64decode(signature, validate=True), message)
    except (InvalidSignature, NotBase64, ValueError):
        return False
    return True


def fingerprint(public: str) -> str:
    """Five letters that a person can compare: the first 25 bits of the key's SHA-256."""
    number = int.from_bytes(sha256(public.encode()).digest()[:4], "big") >> 7
    shifts = range(5 * (FINGERPRINT_LENGTH - 1), -1, -5)
    return "".join(CROCKFORD[(number >> shift) & 31] for shift in shifts)


def plain_code(code: str) -> str:
    """An enrolment code without what a person adds or mistakes: spaces and hyphens, lower case,
    O for 0, I or L for 1 (Crockford's base32, decoding)."""
    return code.upper().translate(_AS_HEARD)


def push_message(stream: StreamId, declared: Head, last: Head) -> bytes:
    """What a till signs on every push: its own head and the last fact it sends."""
    return _message("push", *stream, declared.seq, declared.hash, last.seq, last.hash)


def head_message(epoch: str, stream: StreamId, head: Head, safe_seq: int) -> bytes:
    """What the hub signs on every reply: the head it has, and how much a backup holds."""
    return _message("head", epoch, *stream, head.seq, head.hash, safe_seq)


def enrol_message(code: str, public: str, incarnation: str, till: str = "") -> bytes:
    """What a till signs to prove that it holds the key it enrols; `till` is whose journal it
    holds already, left out when it holds none."""
    return _message("enrol", code, public, incarnation, *([till] if till else []))


def snapshot_message(epoch: str, cursor: str, schema: str, size_bytes: int, sha: str) -> bytes:
    """What the hub signs of a snapshot: how far it goes, its layout, size and digest."""
    return _message("snapshot", epoch, cursor, schema, size_bytes, sha)


def token_message(till: str, nonce: str) -> bytes:
    """What a till signs to get an access token: a nonce of the hub, so no clock is trusted."""
    return _message("token", till, nonce)


def _message(purpose: str, *parts: object) -> bytes:
    return "\n".join((f"omnitill/{purpose}/1", *(str(part) for part in parts))).encode()
