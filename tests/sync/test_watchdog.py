"""Sync that gets nowhere is not quiet about it, and what nobody thought of ends no thread."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NoReturn

import pytest

from journal.wire import Problem
from pos_client import views
from pos_client.screen.status import sync_lamp
from pos_client.sync.threads import SyncThreads
from pos_client.till import Till
from rehearsal.cable import Cable
from rehearsal.processes import wait_until
from tests.builders import SteppedClock, a_product
from tests.served_hub import ServedHub
from tests.sync.conftest import Heard, push_all, sell
from tests.sync.false_hub import FalseHub, message

WAIT_S = 60.0
BUSY = message(Problem("busy", "Later."), 429, {"Retry-After": "1"})


@pytest.fixture
def threads(till: Till) -> Iterator[SyncThreads]:
    made = SyncThreads(till.sync)
    yield made
    made.stop(WAIT_S)


def broken(*_: object) -> NoReturn:
    raise ZeroDivisionError("nobody thought of this")


@pytest.mark.parametrize("step", ["_exchange", "_pull"])
def test_a_failure_that_nobody_thought_of_is_told_and_sync_goes_on(
    step: str,
    hub: ServedHub,
    till: Till,
    heard: Heard,
    threads: SyncThreads,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(till.sync, step, broken)
        sell(till)
        hub.publish([a_product("new")])
        threads.start()
        wait_until(lambda: heard.names.count("sync.fault") >= 2, WAIT_S, "it failed twice")
    wait_until(lambda: not till.sync.state().waiting, WAIT_S, "the sale is at the hub")
    wait_until(lambda: till.catalogue.known_products == 5, WAIT_S, "the news is here")
    (why,) = next(values.values() for name, values in heard.events if name == "sync.fault")
    assert str(why).startswith("ZeroDivisionError: nobody thought of this (test_watchdog.py, line")
    assert threads._threads[0].is_alive()
    assert threads._threads[1].is_alive()


def test_a_failure_in_the_telling_ends_no_thread_either(
    till: Till, threads: SyncThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def tells_nobody(name: str, _values: dict[str, object]) -> None:
        told.append(name)
        raise BrokenPipeError

    till.sync.on_event = tells_nobody
    with monkeypatch.context() as patch:
        patch.setattr(till.sync, "_exchange", broken)
        sell(till)
        threads.start()
        wait_until(lambda: told.count("sync.fault") >= 2, WAIT_S, "it failed twice")
    wait_until(lambda: not till.sync.state().waiting, WAIT_S, "the sale is at the hub")


def test_a_failure_renews_the_line_for_both(till: Till) -> None:
    """What was left on the old one is heard by nobody."""
    former = till.sync.hub._client
    with pytest.raises(ZeroDivisionError) as met:
        broken()
    till.sync.stumbled(met.value)
    assert former.is_closed
    sell(till)
    push_all(till)
    assert till.sync.pull_once() is None


@pytest.fixture
def busy_hub(cable: Cable, hub: ServedHub) -> Iterator[Callable[[], None]]:
    """A hub that puts everybody off, until it is called away."""
    with FalseHub(lambda _: (BUSY,)) as false:

        def put(port: int) -> None:
            cable.pull()
            cable.set_target(port)
            cable.plug()

        put(false.port)
        yield lambda: put(hub.port)


def later(till: Till, seconds: float) -> None:
    """Let time go by, and push once."""
    clock = till.recorder.clock
    assert isinstance(clock, SteppedClock)
    clock.move(timedelta(seconds=seconds))
    till.sync.push_once()


def test_facts_that_get_nowhere_though_the_hub_answers_are_told_once(
    till: Till, heard: Heard, busy_hub: Callable[[], None]
) -> None:
    sell(till)
    since = till.sync.state().waiting_since
    later(till, 0)
    later(till, till.settings.stuck_after_s - 1)
    assert heard.names == ["sync.refused"]
    later(till, 1)
    later(till, 60)
    assert heard.events[1:] == [("sync.stuck", {"since": since})]
    state = till.sync.state()
    assert views.sync(state)["stuck"]
    lamp = sync_lamp(state, till.recorder.clock.read().at)
    assert not lamp.well
    assert "oldest 6 min" in lamp.text.en

    busy_hub()
    push_all(till)
    assert not till.sync.state().stuck
    assert sync_lamp(till.sync.state(), till.recorder.clock.read().at).well


def test_a_till_with_nothing_to_send_is_never_stuck(
    till: Till, heard: Heard, busy_hub: Callable[[], None]
) -> None:
    later(till, 0)
    later(till, 3600)
    assert heard.names == ["sync.refused"]
    assert not till.sync.state().stuck


def test_what_moves_slowly_is_not_stuck(
    cable: Cable, till: Till, heard: Heard, busy_hub: Callable[[], None]
) -> None:
    sell(till)
    later(till, 0)
    later(till, till.settings.stuck_after_s - 1)
    busy_hub()
    later(till, 0)
    sell(till)
    later(till, till.settings.stuck_after_s)
    assert "sync.stuck" not in heard.names


def test_a_dead_line_is_no_stuck_one(cable: Cable, till: Till, heard: Heard) -> None:
    sell(till)
    cable.pull()
    later(till, 0)
    later(till, 3600)
    assert heard.names == ["sync.offline"]
    assert not till.sync.state().stuck
