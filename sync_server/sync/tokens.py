"""Access tokens: what a till reads the feed by. Signed by the hub, kept nowhere."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection

from journal import wire
from journal.signature import token_message, verified
from retail.language import Text
from sync_server.problems import WireProblem, problem, wrong_signature
from sync_server.sync.enrolment import in_service
from sync_server.voice import Voice


def challenge(voice: Voice, now: datetime, valid_s: float) -> wire.Challenge:
    """A nonce to sign; it carries its own end."""
    return wire.Challenge(_sealed(voice, f"nonce|{_later(now, valid_s)}"))


def token(
    connection: Connection, voice: Voice, request: wire.TokenRequest, now: datetime, valid_s: float
) -> wire.TokenReply:
    """An access token for a till that signed our nonce. A revoked till gets none."""
    till = in_service(connection, request.till)
    kind, _, ends = _unsealed(voice, request.nonce).partition("|")
    if kind != "nonce" or not ends or ends < _later(now, 0):
        raise _stale()
    if not verified(till.public_key, token_message(request.till, request.nonce), request.sig):
        raise wrong_signature()
    sealed = _sealed(voice, f"token|{_later(now, valid_s)}|{till.store_id}|{till.till_id}")
    return wire.TokenReply(sealed, int(valid_s))


class Bearer(NamedTuple):
    """Who holds an access token."""

    store_id: str
    till_id: str


def bearer(voice: Voice, text: str, now: datetime) -> Bearer:
    """The till behind a token. Raises 401 when it is none of ours or has expired."""
    parts = _unsealed(voice, text).split("|")
    match parts:
        case ["token", ends, store_id, till_id] if ends >= _later(now, 0):
            return Bearer(store_id, till_id)
        case _:
            raise _stale()


def _stale() -> WireProblem:
    return problem(
        401,
        "stale_token",
        Text("The access token is missing or has expired.", "访问令牌缺失或已过期。"),
        Text("Sign a new challenge.", "请重新签名获取。"),
    )


def _later(now: datetime, by_s: float) -> str:
    return (now + timedelta(seconds=by_s)).astimezone(UTC).isoformat(timespec="seconds")


def _sealed(voice: Voice, text: str) -> str:
    seal = hmac.digest(voice.secret, text.encode(), sha256)
    return urlsafe_b64encode(seal + text.encode()).decode()


def _unsealed(voice: Voice, sealed: str) -> str:
    """The text under a seal of ours; empty when the seal is not."""
    try:
        text = urlsafe_b64decode(sealed)[sha256().digest_size :].decode()
    except ValueError:
        return ""
    return text if hmac.compare_digest(_sealed(voice, text).encode(), sealed.encode()) else ""
