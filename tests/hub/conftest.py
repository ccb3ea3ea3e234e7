"""A served hub with a store, and tills made by hand."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from journal.wire import FeedChange, read
from rehearsal.processes import wait_until
from tests.builders import STORE
from tests.hand_till import HandTill
from tests.served_hub import ServedHub

#: generous: a test waits for the event, not for the time
WAIT_S = 30.0

TillMaker = Callable[..., HandTill]


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'hub.db'}"


@pytest.fixture
def hub(database_url: str) -> Iterator[ServedHub]:
    """A hub with the store S01, on SQLite and on PostgreSQL."""
    with ServedHub(database_url) as served:
        served.add_store()
        yield served


@pytest.fixture(scope="module")
def one_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    """A hub on SQLite with the store S01, for all tests of a file: they leave each other alone."""
    folder = tmp_path_factory.mktemp("hub")
    with ServedHub(f"sqlite:///{folder / 'hub.db'}") as served:
        served.add_store()
        yield served


@contextmanager
def waiting_for_news(hub: ServedHub, till: HandTill) -> Iterator[Future[tuple[str, ...]]]:
    """The till has pulled everything and waits by now; what it is told in the end."""
    asking = {"cursor": till.pull().cursor, "wait": f"{WAIT_S}"}
    bearer = till.bearer()

    def ask() -> tuple[str, ...]:
        answer = till.http.get("/v1/feed/wait", params=asking, headers=bearer)
        return read(answer.content, FeedChange).changed

    with ThreadPoolExecutor(1) as thread:
        told = thread.submit(ask)
        wait_until(lambda: hub.hub.news.waiting, WAIT_S, "the till waits")
        yield told


@pytest.fixture
def a_till(hub: ServedHub) -> Iterator[TillMaker]:
    """Makes tills that are enrolled with the hub."""
    with ExitStack() as tills:
        numbers = iter(range(1, 100))

        def make(
            store_id: str = STORE, till_id: str | None = None, incarnation: str = "A" * 26
        ) -> HandTill:
            till = tills.enter_context(HandTill(hub.url, next(numbers), incarnation))
            assert till.enrol(hub.enrol_code(store_id, till_id)).is_success
            return till

        yield make


@pytest.fixture
def till(a_till: TillMaker) -> HandTill:
    """One enrolled till of S01."""
    return a_till()
