"""How a till gets its identity: a code from head office, traded for a key that the hub knows; and
whether it may speak."""

import secrets
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from journal import wire
from journal.clock import CROCKFORD
from journal.signature import enrol_message, fingerprint, plain_code, verified
from retail.language import Text
from retail.refusals import Refusal
from sync_server.lives import epoch_now
from sync_server.problems import WireProblem, problem, revoked, unknown_till, wrong_signature
from sync_server.stores import known_store
from sync_server.sync import records
from sync_server.sync.records import CodeRow, TillRow, stream, till
from sync_server.voice import Voice

_CODE_LENGTH = 10
_GROUP = 5


class NoSuchTill(Refusal):
    code = "no_such_till"
    sentence = Text("Store {store} has no till {till}.", "门店 {store} 没有终端 {till}。")
    way_on = Text(
        "The page at /hq lists the tills; without --till a new one is made.",
        "请在 /hq 页面查看终端；不带 --till 则登记新终端。",
    )


def enrolled(connection: Connection, till_id: str) -> TillRow:
    """A till that may tell something. Raises WireProblem."""
    till = records.find_till(connection, till_id)
    if till is None:
        raise unknown_till()
    return till


def in_service(connection: Connection, till_id: str) -> TillRow:
    """A till that may ask for something; one that is revoked may only tell."""
    till = enrolled(connection, till_id)
    if till.revoked:
        raise revoked()
    return till


class Revocation(NamedTuple):
    """A till of that store is refused service, since when, and whether it was not before."""

    store_id: str
    since: str
    is_new: bool


def revoke(connection: Connection, till_id: str, now: datetime) -> Revocation | None:
    """Refuse a till service from now on, unless it is already; its facts are still stored. None:
    there is no such till."""
    found = select(till.c.store_id, till.c.revoked_at).where(till.c.till_id == till_id)
    row = connection.execute(found.with_for_update()).first()
    if row is None:
        return None
    if row.revoked_at:
        return Revocation(row.store_id, row.revoked_at, is_new=False)
    records.revoke(connection, till_id, now)
    return Revocation(row.store_id, records.as_text(now), is_new=True)


def spoke_at(connection: Connection, till_id: str) -> datetime | None:
    """When a till spoke last; None before it ever did."""
    last = select(func.max(stream.c.last_contact)).where(stream.c.till_id == till_id)
    at = connection.execute(last).scalar()
    return datetime.fromisoformat(at) if at else None


def make_code(
    connection: Connection, voice: Voice, store_id: str, till_id: str | None, expires_at: datetime
) -> tuple[str, str]:
    """A one-time code and the till it is for: ten letters of chance, and five that name the
    hub's key, so that a till knows whom it enrols with. Raises NoSuchStore or NoSuchTill."""
    known_store(connection, store_id)
    if till_id and not records.is_till_of(connection, store_id, till_id):
        raise NoSuchTill(store=store_id, till=till_id)
    letters = "".join(secrets.choice(CROCKFORD) for _ in range(_CODE_LENGTH))
    code = f"{letters[:_GROUP]}-{letters[_GROUP:]}-{fingerprint(voice.signer.public)}"
    till_id = till_id or records.next_till_id(connection, store_id)
    records.add_code(connection, _hash_of(code), store_id, till_id, expires_at)
    return code, till_id


def check(connection: Connection, request: wire.EnrolRequest, now: datetime) -> None:
    """Raises WireProblem for what `enrol` would refuse: nobody waits for a turn with a code that is
    none."""
    code = records.find_code(connection, _hash_of(request.code), locked=False)
    _usable(code, request, now)


def enrol(
    connection: Connection, voice: Voice, request: wire.EnrolRequest, now: datetime
) -> wire.EnrolReply:
    """Trade a code for an identity. The same till may ask again: its answer may have been lost."""
    code_hash = _hash_of(request.code)
    code = _usable(records.find_code(connection, code_hash, locked=True), request, now)
    if code.used_by is None:
        records.use_code(connection, code_hash, code, request.public_key, now)
    epoch = epoch_now(connection)
    return wire.EnrolReply(code.store_id, code.till_id, voice.signer.public, epoch)


def _usable(code: CodeRow | None, request: wire.EnrolRequest, now: datetime) -> CodeRow:
    """The code, if who asks may trade it. Raises WireProblem."""
    message = enrol_message(request.code, request.public_key, request.inc, request.till)
    if not verified(request.public_key, message, request.sig):
        raise wrong_signature()
    known = code is not None and (now < code.expires_at or code.used_by == request.public_key)
    if code is None or not known:
        raise problem(
            401,
            "unknown_code",
            Text("This enrolment code is not known or has expired.", "登记码无效或已过期。"),
            Text("Ask head office for a new one.", "请向总部索取新的登记码。"),
        )
    if code.used_by not in (None, request.public_key):
        raise problem(
            401,
            "used_code",
            Text("This enrolment code has been used by another till.", "登记码已被其他终端使用。"),
            Text(
                "Ask head office for a new one, and whether the other till is yours.",
                "请向总部索取新的登记码，并核实另一终端。",
            ),
        )
    if request.till not in ("", code.till_id):
        raise _other_till(request.till, code.till_id)
    return code


def _other_till(till: str, other: str) -> WireProblem:
    return problem(
        409,
        "other_till",
        Text(
            f"This data folder holds the journal of till {till}, the code is for till {other}.",
            f"此数据文件夹属于收银机 {till}，登记码属于 {other}。",
        ),
        Text(
            f"Enrol till {other} with a data folder of its own (--data).",
            f"请为 {other} 使用单独的数据文件夹（--data）。",
        ),
    )


def _hash_of(code: str) -> str:
    return sha256(plain_code(code).encode()).hexdigest()
