"""Enrolment: a one-time code is traded for an identity, once."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from journal import wire
from journal.signature import Signer, fingerprint, plain_code
from sync_server.stores import NoSuchStore
from sync_server.sync.enrolment import NoSuchTill
from tests.hand_till import HandTill, problem_of, reply_of
from tests.hub.conftest import TillMaker
from tests.served_hub import ServedHub


def test_a_code_makes_a_till_of_its_store(hub: ServedHub) -> None:
    with HandTill(hub.url) as till:
        answer = wire.read(till.enrol(hub.enrol_code()).content, wire.EnrolReply)
    assert (answer.store, answer.till) == ("S01", "S01-1")
    assert answer.epoch == hub.hub.voice.epoch


def test_a_code_names_the_key_of_the_hub_that_made_it(hub: ServedHub) -> None:
    code = hub.enrol_code()
    with HandTill(hub.url) as till:
        answer = wire.read(till.enrol(code).content, wire.EnrolReply)
    assert plain_code(code).endswith(fingerprint(answer.hub_key))


def test_a_code_used_by_one_till_is_refused_to_another(hub: ServedHub) -> None:
    code = hub.enrol_code()
    with HandTill(hub.url, 1) as first, HandTill(hub.url, 2) as second:
        assert first.enrol(code).is_success
        answer = second.enrol(code)
        assert (answer.status_code, problem_of(answer).code) == (401, "used_code")
        first.begin()
        assert reply_of(first.push()).head == first.head()


def test_the_same_till_gets_the_same_answer_again_even_after_the_code_expired(
    hub: ServedHub,
) -> None:
    code = hub.enrol_code()
    with HandTill(hub.url) as till:
        first = till.enrol(code)
        hub.clock.move(timedelta(days=1))
        assert till.enrol(code).content == first.content


def test_an_expired_code_is_not_known(hub: ServedHub) -> None:
    code = hub.enrol_code()
    hub.clock.move(timedelta(seconds=hub.settings.enrol_code_valid_s))
    with HandTill(hub.url) as till:
        answer = till.enrol(code)
    assert (answer.status_code, problem_of(answer).code) == (401, "unknown_code")


def test_a_wrong_code_is_not_known(hub: ServedHub) -> None:
    hub.enrol_code()
    with HandTill(hub.url) as till:
        for code in ("", "AAAAA-AAAAA-AAAAA", "不是登记码", "x" * 10_000):
            answer = till.enrol(code)
            assert (answer.status_code, problem_of(answer).code) == (401, "unknown_code")


def test_a_code_may_be_typed_as_it_was_heard(hub: ServedHub) -> None:
    code = hub.enrol_code()
    heard = f" {code.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} "
    with HandTill(hub.url) as till:
        assert till.enrol(heard).is_success


def test_a_key_that_its_sender_does_not_hold_is_not_enrolled(hub: ServedHub) -> None:
    code = hub.enrol_code()
    with HandTill(hub.url, 1) as victim, HandTill(hub.url, 2) as thief:
        stolen = victim.enrol_request(code)
        forged = wire.EnrolRequest(
            code, stolen.public_key, stolen.inc, thief.enrol_request(code).sig
        )
        answer = thief.post("/v1/enrol", forged)
        assert (answer.status_code, problem_of(answer).code) == (401, "wrong_signature")
        assert victim.enrol(code).is_success


def test_a_code_is_not_used_up_by_the_folder_of_another_till(hub: ServedHub) -> None:
    code = hub.enrol_code()
    with HandTill(hub.url, 1) as other, HandTill(hub.url, 2) as till:
        answer = other.post("/v1/enrol", other.enrol_request(code, "S01-9"))
        assert (answer.status_code, problem_of(answer).code) == (409, "other_till")
        assert till.post("/v1/enrol", till.enrol_request(code, "S01-1")).is_success
        assert till.enrol(code).is_success


def test_the_till_of_a_folder_is_signed(hub: ServedHub) -> None:
    code = hub.enrol_code()
    with HandTill(hub.url) as till:
        for said, signed in (("", "S01-1"), ("S01-1", ""), ("S01-1", "S01-2")):
            request = till.enrol_request(code, signed)
            answer = till.post("/v1/enrol", msgspec.structs.replace(request, till=said))
            assert (answer.status_code, problem_of(answer).code) == (401, "wrong_signature")


def test_a_new_machine_takes_the_place_of_a_till(hub: ServedHub, a_till: TillMaker) -> None:
    old = a_till()
    old.record_sales(1)
    reply_of(old.push())
    new = a_till(till_id=old.stream.till, incarnation="B" * 26)
    assert new.stream.till == old.stream.till
    old.record_sales(1)
    refused = old.push(3)
    assert (refused.status_code, problem_of(refused).code) == (401, "wrong_signature")
    new.begin()
    assert reply_of(new.push()).head == new.head()


def test_each_new_till_of_a_store_has_a_number_of_its_own(
    hub: ServedHub, a_till: TillMaker
) -> None:
    hub.add_store("S02")
    assert a_till().stream.till == "S01-1"
    hub.enrol_code()  # given out, not used
    assert a_till().stream.till == "S01-3"
    assert a_till("S02").stream.till == "S02-1"


def test_two_codes_asked_for_at_once_are_for_two_tills(hub: ServedHub) -> None:
    async def both() -> list[str]:
        made = await asyncio.gather(*(hub.hub.enrol_code("S01") for _ in range(4)))
        return [till_id for _, till_id in made]

    assert sorted(hub.do(both())) == ["S01-1", "S01-2", "S01-3", "S01-4"]


def test_no_code_is_made_for_a_store_or_till_that_is_not_there(
    hub: ServedHub, a_till: TillMaker
) -> None:
    hub.add_store("S02")
    a_till("S02")
    with pytest.raises(NoSuchStore):
        hub.enrol_code("S09")
    with pytest.raises(NoSuchTill):
        hub.enrol_code("S01", "S01-9")
    with pytest.raises(NoSuchTill):
        hub.enrol_code("S01", "S02-1")


def test_the_hub_keeps_its_key_and_epoch_over_a_restart(database_url: str) -> None:
    with ServedHub(database_url) as first:
        before = (first.hub.voice.signer.public, first.hub.voice.epoch)
    with ServedHub(database_url) as second:
        assert (second.hub.voice.signer.public, second.hub.voice.epoch) == before
    assert Signer(bytes(32)).public != before[0]
