"""The two threads of sync: each waits as long as it was told to, wakes the other when the line is
there again, and ends when the till does."""

from collections.abc import Callable, Iterable, Iterator

import pytest

from journal import wire
from journal.wire import Problem
from pos_client.sync.threads import SyncThreads
from pos_client.till import Till
from rehearsal.cable import Cable
from rehearsal.processes import wait_until
from tests.builders import a_product
from tests.served_hub import ServedHub
from tests.sync.conftest import Enrol, Heard, Open, pull_all, sell
from tests.sync.false_hub import FalseHub, Says, message

WAIT_S = 60.0

BUSY = message(Problem("busy", "Later."), 503, {"Retry-After": "600"})


@pytest.fixture
def threads(till: Till) -> Iterator[SyncThreads]:
    made = SyncThreads(till.sync)
    yield made
    made.stop(WAIT_S)


@pytest.fixture
def somebody(cable: Cable) -> Iterator[Callable[[Says], FalseHub]]:
    """Puts somebody else behind the hub's address."""
    with FalseHub() as false:

        def put(says: Says) -> FalseHub:
            false.say(says)
            cable.pull()
            cable.set_target(false.port)
            cable.plug()
            return false

        yield put


def count(somebody: FalseHub, question: str) -> int:
    return sum(asked.startswith(question.encode()) for asked in somebody.asked)


def dead_for_push_and_busy_for_pull(asked: bytes) -> Iterable[bytes]:
    return () if asked.startswith(b"POST /v1/push") else (BUSY,)


def test_a_busy_hub_is_left_alone_by_both_however_much_is_sold(
    till: Till, heard: Heard, threads: SyncThreads, somebody: Callable[[Says], FalseHub]
) -> None:
    busy = somebody(lambda _: (BUSY,))
    threads.start()
    wait_until(lambda: len(heard.names) >= 2, WAIT_S, "both were refused")
    for _ in range(20):
        sell(till)
    assert heard.names == ["sync.refused"] * 2
    assert count(busy, "POST /v1/push") == 1
    assert count(busy, "GET") == 1


def test_a_push_that_gets_through_wakes_the_pull_that_waits(
    hub: ServedHub,
    cable: Cable,
    till: Till,
    heard: Heard,
    threads: SyncThreads,
    somebody: Callable[[Says], FalseHub],
) -> None:
    """The pull was told to wait for ten minutes, the push only met a dead line."""
    somebody(dead_for_push_and_busy_for_pull)
    threads.start()
    wait_until(lambda: {"sync.refused", "sync.offline"} <= set(heard.names), WAIT_S, "both failed")
    cable.set_target(hub.port)
    wait_until(lambda: hub.hub.news.waiting, WAIT_S, "the pull goes on")


def test_a_pull_that_gets_through_tells_the_push_once_and_only_when_that_is_offline(
    cable: Cable, till: Till
) -> None:
    told: list[str] = []
    till.sync.on_pull_through = lambda: told.append("pull")
    till.sync.line.on_push_through = lambda: told.append("push")
    till.sync.pull_once()
    assert told == []
    cable.pull()
    till.sync.push_once()
    till.sync.pull_once()
    assert told == []
    cable.plug()
    till.sync.pull_once()
    assert told == ["pull"]
    till.sync.push_once()
    assert told == ["pull", "push"]


def quiet(asked: bytes) -> Iterable[bytes]:
    """A hub that has nothing new, and says so at once."""
    if asked.startswith(b"GET /v1/challenge"):
        return (message(wire.Challenge("nonce")),)
    if asked.startswith(b"POST /v1/token"):
        return (message(wire.TokenReply("token", 60)),)
    if asked.startswith(b"GET /v1/feed/wait"):
        return (message(wire.FeedChange(())),)
    if asked.startswith(b"GET /v1/feed?"):
        return (message(wire.FeedPage("epoch", "cursor", [], up_to_date=True)),)
    return ()


def test_a_pull_without_news_asks_for_no_page_and_still_declares_its_head(
    till: Till, threads: SyncThreads, somebody: Callable[[Says], FalseHub]
) -> None:
    nothing_new = somebody(quiet)
    threads.start()
    wait_until(lambda: count(nothing_new, "GET /v1/feed/wait") >= 10, WAIT_S, "ten idle waits")
    assert count(nothing_new, "GET /v1/feed?") == 1
    waits = [asked for asked in nothing_new.asked if asked.startswith(b"GET /v1/feed/wait")]
    head = till.recorder.head
    declared = b'{"seq":%d,"hash":"%s"' % (head.seq, head.hash.encode())
    assert all(declared in asked for asked in waits)


def test_what_a_wait_comes_to_is_news_or_none(
    hub: ServedHub, enrol: Enrol, open_till: Open
) -> None:
    till = open_till(enrol(feed_wait_s=0.01))
    pull_all(till)
    assert till.sync.wait_for_news() is None
    hub.publish([a_product("new")])
    while (wait_s := till.sync.wait_for_news()) is None:
        pass
    assert wait_s == 0.0


def test_threads_that_were_told_to_wait_end_at_once(
    till: Till, heard: Heard, somebody: Callable[[Says], FalseHub]
) -> None:
    somebody(lambda _: (BUSY,))
    threads = SyncThreads(till.sync)
    threads.start()
    wait_until(lambda: len(heard.names) >= 2, WAIT_S, "both were refused")
    threads.stop(WAIT_S)
    wait_until(lambda: not threads.alive, WAIT_S, "both ended")


def test_a_running_till_that_head_office_revokes_is_told_though_its_pushes_are_taken(
    hub: ServedHub, till: Till, heard: Heard, threads: SyncThreads
) -> None:
    till.settings.feed_wait_s = 0.2
    threads.start()
    hub.do(hub.hub.revoke(till.who.till))
    sell(till)
    wait_until(lambda: "sync.refused" in heard.names, WAIT_S, "it is told")
    told = next(values for name, values in heard.events if name == "sync.refused")
    assert (told["code"], told["say"]) == ("revoked", "总部已停用本机。")
    sell(till)
    wait_until(lambda: not till.sync.state().waiting, WAIT_S, "what it sells is still taken")
    assert till.sync.state().problem == "revoked"
