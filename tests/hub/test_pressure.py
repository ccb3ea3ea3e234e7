"""A hub with more to do than it can: it puts off, forgets who hung up, and goes on feeding."""

import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager

import asyncpg
import httpx
import msgspec
import pytest

from journal import wire
from journal.signature import Signer
from rehearsal.processes import wait_until
from sync_server.sync.admission import Rank
from tests.builders import a_product
from tests.hand_till import HandTill, problem_of, reply_of
from tests.hub.conftest import WAIT_S, waiting_for_news
from tests.loop_thread import LoopThread
from tests.served_hub import ServedHub

#: more than there are connections; half of them are the readers'
SLOTS = 100
CONNECTIONS = 4
QUEUE_MAX = 2
TILLS = CONNECTIONS // 2 + QUEUE_MAX
#: nobody is put off for having waited
PATIENCE_S = 600.0


@pytest.fixture
def hub(database_url: str) -> Iterator[ServedHub]:
    """A small one."""
    with ServedHub(
        database_url,
        push_slots=SLOTS,
        push_queue_max=QUEUE_MAX,
        push_wait_s=PATIENCE_S,
        connections_max=CONNECTIONS,
    ) as served:
        served.add_store()
        yield served


@contextmanager
def pushes_held(database_url: str) -> Iterator[None]:
    """Another program has locked what every push writes to, and does not end."""
    if database_url.startswith("sqlite"):
        file = database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    loop = LoopThread()
    other = loop.do(asyncpg.connect, database_url)
    try:
        loop.do(other.execute, "BEGIN; LOCK TABLE stream IN EXCLUSIVE MODE")
        yield
        loop.do(other.execute, "ROLLBACK")
    finally:
        loop.do(other.close)
        loop.close()


def enrolled(tills: ExitStack, hub: ServedHub, number: int) -> HandTill:
    """A till with something to push."""
    till = tills.enter_context(HandTill(hub.url, number))
    assert till.enrol(hub.enrol_code()).is_success
    till.record_sales(1)
    return till


def slots(hub: ServedHub) -> int:
    """How many pushes it works on at once: a file has one writer."""
    return min(SLOTS, hub.hub.database.writes_max)


@contextmanager
def crowded(hub: ServedHub, database_url: str) -> Iterator[list[Future[httpx.Response]]]:
    """All slots are at work, and the queue is full; in the end all of them are stored."""
    admission = hub.hub.admission
    with ExitStack() as tills:
        crowd = [enrolled(tills, hub, number) for number in range(1, TILLS + 1)]
        threads = tills.enter_context(ThreadPoolExecutor(len(crowd)))
        with pushes_held(database_url):
            pushes = [threads.submit(till.push) for till in crowd[: slots(hub) + QUEUE_MAX]]
            wait_until(lambda: admission.waiting == QUEUE_MAX, WAIT_S, "the queue is full")
            yield pushes
        for push in pushes:
            reply_of(push.result(WAIT_S))


def test_a_hub_with_too_much_to_do_asks_for_patience(hub: ServedHub, database_url: str) -> None:
    with ExitStack() as tills:
        late = enrolled(tills, hub, 9)
        with crowded(hub, database_url):
            answer = late.push()
        assert (answer.status_code, problem_of(answer).code) == (429, "busy")
        assert int(answer.headers["Retry-After"]) > 0
        assert reply_of(late.push()).head == late.head()


def test_a_full_queue_of_pushes_does_not_delay_the_feed(hub: ServedHub, database_url: str) -> None:
    with ExitStack() as tills:
        reader = enrolled(tills, hub, 9)
        with crowded(hub, database_url) as pushes:
            assert reader.feed().status_code == 200  # with a token of its own
            assert reader.http.get("/v1/snapshot", headers=reader.bearer()).status_code == 404
            assert reader.http.get("/readyz").is_success
            assert not any(push.done() for push in pushes)


def test_news_reaches_who_waits_though_pushes_are_held(
    hub: ServedHub, postgresql_alone: None, database_url: str
) -> None:
    with ExitStack() as tills:
        reader = enrolled(tills, hub, 9)
        with crowded(hub, database_url) as pushes, waiting_for_news(hub, reader) as told:
            hub.publish([a_product("new")])
            assert "catalogue" in told.result(WAIT_S)
            assert not any(push.done() for push in pushes)


@pytest.fixture
def postgresql_alone(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("a file has one writer: who publishes waits for who pushes")


def test_a_till_that_hangs_up_while_it_waits_frees_its_place(
    hub: ServedHub, database_url: str
) -> None:
    admission = hub.hub.admission
    with ExitStack() as tills:
        till = enrolled(tills, hub, 9)
        body = wire.pack(till.request())
        head = f"POST /v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        with hub_at_work(hub):
            with socket.create_connection(("127.0.0.1", hub.port)) as line:
                line.sendall(head.encode() + b"Content-Encoding: zstd\r\n\r\n" + body)
                wait_until(lambda: admission.waiting == 1, WAIT_S, "it waits")
            wait_until(lambda: admission.waiting == 0, WAIT_S, "its place is free")
        assert reply_of(till.push(0, 0)).head == till.head(0)  # nothing of it was stored


def test_what_no_till_has_signed_waits_for_no_turn_and_takes_nobodys_place(hub: ServedHub) -> None:
    admission = hub.hub.admission
    with ExitStack() as tills:
        till = enrolled(tills, hub, 9)
        forged = msgspec.structs.replace(till.request(), sig=Signer(b"f" * 32).sign(b""))
        threads = tills.enter_context(ThreadPoolExecutor(1))
        with hub_at_work(hub):
            push = threads.submit(till.push)
            wait_until(lambda: admission.waiting == 1, WAIT_S, "it waits")
            for message in (forged, msgspec.structs.replace(forged, till="T99")):
                refused = till.post("/v1/push", message)
                assert refused.status_code == 401, refused.text
            assert (admission.waiting, push.done()) == (1, False)
        assert reply_of(push.result(WAIT_S)).head == till.head()


def test_who_has_no_code_waits_for_no_turn(hub: ServedHub) -> None:
    with hub_at_work(hub), HandTill(hub.url, 9) as stranger:
        refused = stranger.enrol("00000-00000-00000")
    assert (refused.status_code, problem_of(refused).code) == (401, "unknown_code")


@contextmanager
def hub_at_work(hub: ServedHub) -> Iterator[None]:
    """All its slots are taken by somebody who needs no database."""
    turns = [hub.hub.admission.turn(f"at work {number}", Rank.LIVE) for number in range(slots(hub))]
    for turn in turns:
        hub.do(turn.__aenter__())
    yield
    for turn in turns:
        hub.do(turn.__aexit__(None, None, None))
