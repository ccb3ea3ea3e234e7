"""A hub whose PostgreSQL was put back, as administrators do it: it notices by itself, begins one
new epoch, and tills send again what it does not hold any more."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from pos_client.till import Till
from rehearsal.cable import Cable
from rehearsal.postgresql import NoPostgreSQL, PostgreSQL
from rehearsal.postgresql_copies import (
    archiving,
    ask,
    base_backup,
    cut_off,
    following,
    loaded_dump,
    promoted,
    recovered,
)
from retail.catalogue import Cashier
from sync_server.lives import ELSEWHERE
from tests.builders import a_product, the_shelf
from tests.conftest import REQUIRED
from tests.served_hub import ServedHub
from tests.sync.conftest import pull_all, push_all, sell
from tests.sync.test_epochs import lives
from tests.sync.test_forks import assert_whole

pytestmark = pytest.mark.slow

_names = count(1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """A server that archives its log."""
    with ExitStack() as stack:
        server = _another(tmp_path_factory.mktemp("pg"), stack)
        archiving(server)
        server.start()
        yield server


def _another(folder: Path, stack: ExitStack) -> PostgreSQL:
    try:
        server = PostgreSQL(folder, durable=False)
    except NoPostgreSQL as reason:
        if os.environ.get(REQUIRED):
            pytest.fail(f"PostgreSQL is required here: {reason}")
        pytest.skip(str(reason))
    stack.callback(server.close)
    return server


@pytest.fixture
def other(tmp_path: Path, cluster: PostgreSQL) -> Iterator[PostgreSQL]:
    """A server that never ran."""
    del cluster  # it must be there for as long
    with ExitStack() as stack:
        yield _another(tmp_path / "other", stack)


@pytest.fixture
def name() -> str:
    return f"hub{next(_names)}"


@pytest.fixture
def hub(cluster: PostgreSQL, name: str) -> Iterator[ServedHub]:
    """In place of the hub on SQLite."""
    with ServedHub(cluster.create_database(name)) as served:
        served.add_store()
        served.publish_cashiers([Cashier("1001", "王芳")])
        served.publish(the_shelf())
        yield served


def more(hub: ServedHub, till: Till, product: str) -> None:
    """Two sales and a product, which hub and till both have."""
    sell(till)
    sell(till)
    push_all(till)
    hub.publish([a_product(product)])
    pull_all(till)


def assert_it_goes_on_at(url: str, was: ServedHub, cable: Cable, till: Till) -> None:
    """A hub on the copy, and a second one, have begun one new epoch; the till, which had sold once
    more, has told the hub all that it holds, and sells by what this hub published."""
    before = was.hub.voice.epoch
    was.close()
    sell(till)
    with ServedHub(url) as again, ServedHub(url) as beside:
        cable.set_target(again.port)
        push_all(till)
        pull_all(till)
        assert ask(url, "CHECKPOINT") is None  # by which a timeline is known elsewhere too
        for each in (again, beside):
            each.do(each.hub.look_at_itself())
        assert [life.why for life in lives(again)] == [ELSEWHERE]
        (life,) = lives(again)
        assert life.epoch == again.hub.voice.epoch == beside.hub.voice.epoch != before
        assert till.sync.who.epoch == life.epoch
        assert till.catalogue.known_products == len(the_shelf()) + 1  # the copy has the first
        assert_whole(again, till)
        more(again, till, "third")
        assert till.catalogue.known_products == len(the_shelf()) + 2
        assert_whole(again, till)


def test_a_dump_that_was_loaded_again(
    cluster: PostgreSQL, name: str, hub: ServedHub, cable: Cable, till: Till
) -> None:
    more(hub, till, "first")
    url = loaded_dump(cluster, name, f"{name}_again")
    more(hub, till, "second")
    assert_it_goes_on_at(url, hub, cable, till)


def test_a_recovery_to_a_point_in_time(
    cluster: PostgreSQL, other: PostgreSQL, name: str, hub: ServedHub, cable: Cable, till: Till
) -> None:
    base_backup(cluster, other)
    more(hub, till, "first")
    at = ask(hub.settings.database, "SELECT clock_timestamp()::text")
    more(hub, till, "second")
    recovered(cluster, cluster.data.with_name("archive"), other, at)
    assert_it_goes_on_at(other.url(name), hub, cable, till)


def test_a_replica_that_took_over_without_the_last_that_its_primary_had(
    cluster: PostgreSQL, other: PostgreSQL, name: str, hub: ServedHub, cable: Cable, till: Till
) -> None:
    following(cluster, other)
    more(hub, till, "first")
    cut_off(cluster, other)
    more(hub, till, "second")
    promoted(other)
    assert_it_goes_on_at(other.url(name), hub, cable, till)
