"""Push: facts are stored once, in order, and answered with the counter-signed head."""

import gzip

import httpx
import msgspec
import pytest
import zstandard

from journal import wire
from journal.signature import head_message, verified
from journal.stream import Head, StreamId
from journal.wire import Declared, Problem, PushReply, PushRequest
from tests.hand_till import HandTill, a_sale, problem_of, reply_of, verdicts_of
from tests.hub.books import books, recounted, stored
from tests.hub.conftest import TillMaker
from tests.served_hub import ServedHub


def counter_signed(till: HandTill, said: PushReply | Problem) -> bool:
    """Whether the head in the answer carries the pinned key's signature."""
    assert said.head is not None
    message = head_message(said.epoch, till.stream, said.head, said.safe_seq)
    return verified(till.hub_key, message, said.head_sig)


def test_facts_are_stored_as_the_bytes_that_were_sent(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(5)
    reply = reply_of(till.push())
    assert reply.head == till.head()
    assert counter_signed(till, reply)
    assert reply.verdicts == ()
    assert [row.data for row in hub.read(stored)] == till.facts
    assert hub.read(books) == hub.read(recounted)
    assert hub.read(books).stock["S01", "cola", "sold"] == (5000, 5)


def test_a_push_without_facts_only_declares(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(3)
    reply = reply_of(till.push(0, 0))
    assert reply.head == till.head(0)
    assert counter_signed(till, reply)
    assert hub.read(stored) == []


def test_what_the_hub_has_already_is_success_and_counts_once(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_sales(8)
    reply_of(till.push(0, 6))
    once = hub.read(books)
    assert reply_of(till.push(0, 6)).head == till.head(6)
    assert reply_of(till.push(2, 4)).head == till.head(6)
    assert hub.read(books) == once
    assert reply_of(till.push(3)).head == till.head()
    assert [row.data for row in hub.read(stored)] == till.facts
    assert hub.read(books) == hub.read(recounted)


def test_facts_after_a_gap_are_refused_with_the_head_to_go_on_from(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_sales(6)
    reply_of(till.push(0, 3))
    answer = till.push(5)
    problem = problem_of(answer)
    assert (answer.status_code, problem.code, problem.head) == (409, "gap", till.head(3))
    assert counter_signed(till, problem)
    assert len(hub.read(stored)) == 3
    assert reply_of(till.push(3)).head == till.head()


def test_another_history_is_a_fork_that_changes_nothing_and_is_noted(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_sales(4)
    reply_of(till.push())
    before = hub.read(stored)
    with HandTill(hub.url, till.number) as clone:
        clone.stream, clone.hub_key = till.stream, till.hub_key
        clone.facts = till.facts[:4]
        clone.record(a_sale(total=999))
        clone.record(a_sale(total=999))
        for base in (3, 4, 5):
            answer = clone.push(base)
            problem = problem_of(answer)
            assert (answer.status_code, problem.code, problem.head) == (409, "fork", till.head())
            assert counter_signed(clone, problem)
    assert hub.read(stored) == before
    (line,) = hub.do(hub.hub.office.overview())[0]
    assert line.forked


@pytest.mark.parametrize(
    "body",
    [
        b'{"reason":"a\\u0000b"}',
        b'{"reason":"forked","predecessor":{"incarnation":"a\\u0000b","seq":1,"hash":"f"}}',
        b'{"reason":"forked","predecessor":{"incarnation":"A","seq":-1,"hash":"f"}}',
        b'{"reason":"forked","predecessor":{"incarnation":"A","seq":9223372036854775808,"hash":"f"}}',
        b'{"reason":7}',
        b"[]",
    ],
)
def test_a_first_fact_that_no_till_would_write_stops_no_stream(
    hub: ServedHub, till: HandTill, body: bytes
) -> None:
    till.record_bytes(body, "stream.began", 1, shift="", bdate="")
    till.record(a_sale())
    assert reply_of(till.push()).head == till.head()


def test_a_stream_goes_on_after_a_fork_was_noted(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(2)
    reply_of(till.push())
    with HandTill(hub.url, till.number) as clone:
        clone.stream, clone.facts = till.stream, till.facts[:3]
        clone.record(a_sale(total=999))
        assert clone.push(3).status_code == 409
    till.record_sales(2)
    assert reply_of(till.push(4)).head == till.head()
    assert till.feed().status_code == 200


def test_a_broken_chain_is_no_chain_and_nothing_of_it_is_stored(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_sales(4)
    whole = till.facts.copy()
    torn = {
        "a fact is missing": [*whole[:2], *whole[3:]],
        "two facts changed places": [*whole[:2], whole[3], whole[2], *whole[4:]],
        "a byte was changed": [*whole[:3], whole[3].replace(b"cola", b"beer"), *whole[4:]],
        "a fact of another stream": [
            *whole[:3],
            whole[3].replace(b'"inc":"A', b'"inc":"B'),
            *whole[4:],
        ],
        "no envelope": [*whole[:3], b'{"sale":1}', *whole[4:]],
        "a name that no database keeps": [
            *whole[:3],
            whole[3].replace(b'"eid":"S', b'"eid":"\\u0000'),
            *whole[4:],
        ],
    }
    for what, till.facts in torn.items():
        answer = till.push()
        problem = problem_of(answer)
        assert (answer.status_code, problem.code) == (422, "not_a_chain"), what
        assert problem.title.startswith("These facts are not a chain: fact ")
        assert problem.title_zh.startswith("记录不成链：")
    assert hub.read(stored) == []


def test_a_push_signed_by_another_key_is_refused_and_nothing_is_stored(
    hub: ServedHub, till: HandTill, a_till: TillMaker
) -> None:
    till.record_sales(3)
    own, till.signer = till.signer, a_till().signer
    answer = till.push()
    assert (answer.status_code, problem_of(answer).code) == (401, "wrong_signature")
    till.signer = own
    honest = till.request()
    forged = {
        "another declared head": msgspec.structs.replace(
            honest, declared=Declared(99, till.head().hash)
        ),
        "another last fact": msgspec.structs.replace(honest, facts=honest.facts[:-1]),
        "no signature": msgspec.structs.replace(honest, sig=""),
        "no base64": msgspec.structs.replace(honest, sig="签名"),
    }
    for what, request in forged.items():
        answer = till.post("/v1/push", request)
        assert (answer.status_code, problem_of(answer).code) == (401, "wrong_signature"), what
    assert hub.read(stored) == []


def test_a_till_that_nobody_enrolled_is_not_known(hub: ServedHub) -> None:
    with HandTill(hub.url) as stranger:
        stranger.stream = StreamId("S01-7", "A" * 26)
        stranger.record_sales(1)
        answer = stranger.push()
    assert (answer.status_code, problem_of(answer).code) == (401, "unknown_till")


def test_a_batch_above_the_limits_is_too_large(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(wire.PUSH_FACTS_MAX)
    answer = till.push()
    assert (answer.status_code, problem_of(answer).code) == (413, "too_large")
    assert reply_of(till.push(0, wire.PUSH_FACTS_MAX)).head.seq == wire.PUSH_FACTS_MAX

    reply_of(till.push(wire.PUSH_FACTS_MAX))
    long = len(till.facts)
    for _ in range(2):
        till.record_bytes(b'{"long":"' + b"x" * (wire.PUSH_BYTES_MAX // 2) + b'"}', "note", 1)
    assert problem_of(till.push(long)).code == "too_large"
    assert reply_of(till.push(long, long + 1)).head.seq == long + 1
    till.facts.pop()
    till.record_bytes(b'{"long":"' + b"x" * wire.PUSH_BYTES_MAX + b'"}', "note", 1)
    assert problem_of(till.push(long + 1)).code == "too_large"  # which no till records


def test_of_a_push_with_too_many_facts_only_so_many_are_made(hub: ServedHub) -> None:
    stranger = msgspec.json.encode(PushRequest("a", "a", Head(0, "a"), [], Declared(0, "a"), "a"))
    endless = stranger.replace(b'"facts":[', b'"facts":[' + b"1," * 1_000_000 + b"1")
    with pytest.raises(wire.MessageTooLarge):
        wire.read(endless, PushRequest)
    answer = httpx.post(f"{hub.url}/v1/push", content=endless)
    assert (answer.status_code, problem_of(answer).code) == (413, "too_large")


def test_a_message_above_its_limit_is_not_read_however_it_is_packed(
    hub: ServedHub, till: HandTill
) -> None:
    bomb = b" " * (64 * 1024 * 1024)
    packed = {
        "zstd": zstandard.ZstdCompressor(level=1).compress(bomb),
        "gzip": gzip.compress(bomb),
        "identity": bomb[: wire.MESSAGE_BYTES_MAX + 1],
    }
    for encoding, body in packed.items():
        answer = till.http.post("/v1/push", content=body, headers={"Content-Encoding": encoding})
        assert (answer.status_code, problem_of(answer).code) == (413, "too_large"), encoding


@pytest.mark.parametrize("encoding", ["zstd", "gzip", "GZIP", None])
def test_a_push_may_be_packed_in_several_ways(till: HandTill, encoding: str | None) -> None:
    till.record_sales(2)
    body = msgspec.json.encode(till.request())
    headers = {"Content-Encoding": encoding} if encoding else {}
    if encoding == "zstd":
        body = wire.pack(till.request())
    elif encoding:
        body = gzip.compress(body)
    assert reply_of(till.http.post("/v1/push", content=body, headers=headers)).head == till.head()


def test_garbage_is_no_message(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(1)
    good = msgspec.json.encode(till.request())
    garbage = {
        "nothing": (b"", None),
        "noise": (bytes(range(256)), None),
        "a page": (b"<html>", None),
        "half": (good[: len(good) // 2], None),
        "another message": (b'{"till":"S01-1"}', None),
        "a list": (b"[]", None),
        "deep": (b"[" * 100_000, None),
        "deep within": (good.replace(b'"v":1', b'"v":' + b"[" * 100_000), None),
        "no utf-8": (good.replace(b"S01-1", b"S01\xff1"), None),
        "a seq beyond 64 bits": (good.replace(b'"seq":0', b'"seq":9223372036854775808'), None),
        "no zstd": (good, "zstd"),
        "half a frame": (wire.pack(till.request())[:-10], "zstd"),
        "no gzip": (good, "gzip"),
        "half a gzip": (gzip.compress(good)[:-30], "gzip"),
        "an encoding of tomorrow": (wire.pack(till.request()), "br"),
    }
    for what, (body, encoding) in garbage.items():
        headers = {"Content-Encoding": encoding} if encoding else {}
        answer = till.http.post("/v1/push", content=body, headers=headers)
        assert (answer.status_code, problem_of(answer).code) == (422, "not_a_message"), what
    assert hub.read(stored) == []
    assert reply_of(till.push()).head == till.head()


def test_a_question_that_goes_nowhere_gets_a_problem_too(hub: ServedHub, till: HandTill) -> None:
    nowhere = till.http.get("/v1/nowhere")
    assert (nowhere.status_code, problem_of(nowhere).code) == (404, "unknown_path")
    for path in ("/v1/push/", "/v1/pushes", "/v1"):
        assert till.http.post(path).status_code == 404
    wrong = till.http.get("/v1/push")
    assert (wrong.status_code, problem_of(wrong).code) == (405, "wrong_method")
    assert wrong.headers["Allow"] == "POST"
    outside = till.http.get("/nowhere")
    assert outside.status_code == 404
    assert wire.HEADER not in outside.headers
    assert wire.read(outside.content, Problem).code == "unknown_path"


def test_every_answer_says_that_it_must_not_be_kept(hub: ServedHub, till: HandTill) -> None:
    till.begin()
    for answer in (till.push(), till.feed(), till.http.get("/v1/feed"), till.token()):
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_revoked_till_is_heard_without_effect(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(2)
    reply_of(till.push())
    before = hub.read(books)
    assert hub.do(hub.hub.revoke(till.stream.till))
    till.record_sales(2)
    assert verdicts_of(till.push(4)) == {5: "quarantined", 6: "quarantined"}
    assert [row.data for row in hub.read(stored)] == till.facts
    assert hub.read(books) == before


def test_what_a_revoked_till_sold_stays_in_quarantine_after_it_is_admitted_again(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_sales(1)
    hub.do(hub.hub.revoke(till.stream.till))
    reply_of(till.push())
    assert till.enrol(hub.enrol_code("S01", till.stream.till)).is_success
    till.record_sales(1)
    assert reply_of(till.push(3)).verdicts == ()
    assert verdicts_of(till.push()) == dict.fromkeys((1, 2, 3), "quarantined")
    assert hub.read(books).stock["S01", "cola", "sold"] == (1000, 1)
