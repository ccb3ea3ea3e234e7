"""With what the hub signs: by it a till knows that this hub speaks."""

import hmac
from hashlib import sha256
from typing import NamedTuple

from journal.signature import Signer, head_message
from journal.stream import Head, StreamId
from sync_server.lives import HubIdentity
from sync_server.problems import Echo


class Voice(NamedTuple):
    """The hub's own identity, ready to sign."""

    signer: Signer
    epoch: str
    secret: bytes

    @classmethod
    def of(cls, identity: HubIdentity) -> "Voice":
        secret = hmac.digest(identity.seed, b"omnitill/token", sha256)
        return cls(Signer(identity.seed), identity.epoch, secret)

    def echo(self, stream: StreamId, head: Head, safe_seq: int) -> Echo:
        signature = self.signer.sign(head_message(self.epoch, stream, head, safe_seq))
        return Echo(self.epoch, head, signature, safe_seq)
