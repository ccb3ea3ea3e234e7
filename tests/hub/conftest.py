"""A served hub with a store, and tills made by hand."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.builders import STORE
from tests.hand_till import HandTill
from tests.served_hub import ServedHub

TillMaker = Callable[..., HandTill]


@pytest.fixture
def hub(database_url: str) -> Iterator[ServedHub]:
    """A hub with the store S01, on SQLite and on PostgreSQL."""
    with ServedHub(database_url) as served:
        served.add_store()
        yield served


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
