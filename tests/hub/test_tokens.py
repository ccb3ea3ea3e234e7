"""Access tokens: signed for by the till, read-only, of one store, short-lived."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta

from journal import wire
from journal.signature import token_message
from tests.hand_till import HandTill, problem_of, reply_of
from tests.hub.conftest import TillMaker
from tests.served_hub import ServedHub


def test_a_signed_challenge_gets_a_token_that_reads_the_feed(
    hub: ServedHub, till: HandTill
) -> None:
    answer = wire.read(till.token().content, wire.TokenReply)
    assert answer.expires_in_s == hub.settings.token_valid_s
    assert till.feed().status_code == 200


def test_a_token_can_carry_every_name_of_a_store(hub: ServedHub) -> None:
    hub.add_store("a.b_c-D")
    with HandTill(hub.url) as till:
        till.enrol(hub.enrol_code("a.b_c-D"))
        assert till.stream.till == "a.b_c-D-1"
        assert till.feed().status_code == 200


def test_a_challenge_may_not_be_signed_by_another_key(
    hub: ServedHub, till: HandTill, a_till: TillMaker
) -> None:
    till.signer = a_till().signer
    answer = till.token()
    assert (answer.status_code, problem_of(answer).code) == (401, "wrong_signature")


def test_a_challenge_of_ones_own_making_or_too_old_is_stale(hub: ServedHub, till: HandTill) -> None:
    nonce = wire.read(till.http.get("/v1/challenge").content, wire.Challenge).nonce
    token = wire.read(till.token().content, wire.TokenReply).token
    altered = ("B" if nonce[0] == "A" else "A") + nonce[1:]
    for false in ("", "nonce", nonce[:-4], altered, token):
        signature = till.signer.sign(token_message(till.stream.till, false))
        request = wire.TokenRequest(till.stream.till, false, signature)
        answer = till.post("/v1/token", request)
        assert (answer.status_code, problem_of(answer).code) == (401, "stale_token"), false
    hub.clock.move(timedelta(seconds=hub.settings.nonce_valid_s + 1))
    signature = till.signer.sign(token_message(till.stream.till, nonce))
    answer = till.post("/v1/token", wire.TokenRequest(till.stream.till, nonce, signature))
    assert (answer.status_code, problem_of(answer).code) == (401, "stale_token")


def test_a_token_expires(hub: ServedHub, till: HandTill) -> None:
    bearer = till.bearer()
    hub.clock.move(timedelta(seconds=hub.settings.token_valid_s))
    assert till.http.get("/v1/feed", headers=bearer).status_code == 200
    hub.clock.move(timedelta(seconds=1))
    answer = till.http.get("/v1/feed", headers=bearer)
    assert (answer.status_code, problem_of(answer).code) == (401, "stale_token")


def test_a_forged_token_is_refused(hub: ServedHub, till: HandTill) -> None:
    hub.add_store("S02")
    token = till.bearer()["Authorization"].removeprefix("Bearer ")
    opened = urlsafe_b64decode(token)
    nonce = wire.read(till.http.get("/v1/challenge").content, wire.Challenge).nonce
    for false in (
        None,
        "",
        "Bearer",
        token,  # without its scheme it is one all the same; see below
        f"Bearer {nonce}",
        f"Bearer {token[:-4]}",
        "Bearer " + urlsafe_b64encode(opened.replace(b"S01|", b"S02|")).decode(),
        "Bearer " + urlsafe_b64encode(opened.replace(b"|2026", b"|2036")).decode(),
        "Bearer ÿþ",
    ):
        headers = {} if false is None else {b"Authorization": false.encode("latin-1")}
        answer = till.http.get("/v1/feed", headers=headers)
        expected = 200 if false == token else 401
        assert answer.status_code == expected, false
    assert till.http.get("/v1/feed/wait", headers={"Authorization": "no"}).status_code == 401


def test_a_token_of_another_hub_is_refused(
    hub: ServedHub, till: HandTill, tmp_path: object
) -> None:
    with ServedHub(f"sqlite:///{tmp_path}/other.db") as other:
        other.add_store()
        with HandTill(other.url) as theirs:
            theirs.enrol(other.enrol_code())
            bearer = theirs.bearer()
    answer = till.http.get("/v1/feed", headers=bearer)
    assert (answer.status_code, problem_of(answer).code) == (401, "stale_token")


def test_a_revoked_till_gets_no_token_and_its_old_one_ends_at_once(
    hub: ServedHub, till: HandTill
) -> None:
    till.begin()
    reply_of(till.push())
    bearer = till.bearer()
    hub.do(hub.hub.revoke(till.stream.till))
    for answer in (
        till.token(),
        till.http.get("/v1/feed", headers=bearer),
        till.http.get("/v1/feed/wait", params={"wait": "30"}, headers=bearer),
    ):
        assert (answer.status_code, problem_of(answer).code) == (403, "revoked")
    till.record_sales(1)
    assert reply_of(till.push(1)).head == till.head()


def test_a_till_that_was_revoked_by_a_wrong_name_is_not_there(hub: ServedHub) -> None:
    assert not hub.do(hub.hub.revoke("S01-9"))
