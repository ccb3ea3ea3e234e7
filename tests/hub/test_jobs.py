"""What several hubs on one database do once, and how they tell each other of news."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text, update

from rehearsal.processes import wait_until
from sync_server.jobs import Jobs, job, take
from tests.builders import a_product
from tests.hand_till import HandTill
from tests.hub.conftest import WAIT_S, waiting_for_news
from tests.served_hub import ServedHub

HELD_S = 600.0
HELD_MS = 600_000


class Clock:
    """Stands still until it is moved, in seconds."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def hubs(database_url: str) -> Iterator[tuple[ServedHub, ServedHub]]:
    """Two on one database, that find nothing by looking; the first does the jobs."""
    with ServedHub(database_url, feed_look_every_s=HELD_S) as first:
        wait_until(lambda: first.hub.jobs.holds("plans"), WAIT_S, "the first holds them")
        with ServedHub(database_url, feed_look_every_s=HELD_S) as second:
            first.add_store()
            yield first, second


def test_a_job_has_one_holder_until_it_is_given_up(hub: ServedHub) -> None:
    def takes(holder: str) -> bool:
        return hub.write(lambda connection: take(connection, "counting", holder, HELD_MS))

    assert takes("a")
    assert not takes("b")
    assert takes("a")
    hub.write(lambda connection: connection.execute(update(job).values(until_ms=1)))
    assert takes("b")  # the time of the other is over
    assert not takes("a")


def test_of_all_who_take_a_job_at_once_one_has_it(
    hubs: tuple[ServedHub, ServedHub],
) -> None:
    def takes(number: int) -> bool:
        hub, holder = hubs[number % 2], f"holder {number}"
        return hub.write(lambda connection: take(connection, "counting", holder, HELD_MS))

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(takes, range(8))) == 1


def test_a_holder_that_cannot_say_so_any_more_stops_before_another_begins(
    hub: ServedHub,
) -> None:
    clock = Clock()
    jobs = Jobs(hub.hub.database, ("counting",), HELD_S, clock)
    hub.do(jobs.keep())
    clock.now_s += HELD_S - 1
    assert jobs.holds("counting")
    clock.now_s += 1
    assert not jobs.holds("counting")
    hub.do(jobs.keep())
    assert jobs.holds("counting")


def test_a_hub_that_ends_leaves_its_jobs_to_the_next(database_url: str) -> None:
    with ServedHub(database_url, job_held_s=HELD_S) as first:
        wait_until(lambda: first.hub.jobs.holds("plans"), WAIT_S, "the first holds them")
    with ServedHub(database_url, job_held_s=HELD_S) as second:
        wait_until(lambda: second.hub.jobs.holds("plans"), WAIT_S, "the second holds them")


def test_the_second_hub_takes_over_when_the_first_is_gone(
    hubs: tuple[ServedHub, ServedHub],
) -> None:
    """Gone without a word, as by a power cut: its time runs out."""
    first, second = hubs
    second.do(second.hub.jobs.keep())
    assert not second.hub.jobs.holds("plans")
    first.write(lambda connection: connection.execute(update(job).values(until_ms=1)))
    second.do(second.hub.jobs.keep())
    assert second.hub.jobs.holds("plans")
    first.do(first.hub.jobs.keep())
    assert not first.hub.jobs.holds("plans")


@pytest.fixture
def postgresql_alone(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("a file tells nobody; hubs look for news there")


def test_what_one_hub_publishes_wakes_who_waits_at_another(
    postgresql_alone: None, hubs: tuple[ServedHub, ServedHub]
) -> None:
    first, second = hubs
    with HandTill(second.url) as till:
        till.enrol(first.enrol_code())
        with waiting_for_news(second, till) as told:
            first.publish([a_product("new")])
            assert "catalogue" in told.result(WAIT_S)


def test_a_hub_that_loses_its_ear_gets_another_and_misses_nothing(
    postgresql_alone: None, hubs: tuple[ServedHub, ServedHub]
) -> None:
    first, second = hubs
    listening = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"

    def ears() -> int:
        return first.read(
            lambda connection: connection.execute(text(f"SELECT pid {listening}")).rowcount
        )

    with HandTill(second.url) as till:
        till.enrol(first.enrol_code())
        with waiting_for_news(second, till) as told:
            wait_until(lambda: ears() == 2, WAIT_S, "both listen")
            cut = text(f"SELECT pg_terminate_backend(pid) {listening}")
            first.write(lambda connection: connection.execute(cut).all())
            first.publish([a_product("new")])
            assert "catalogue" in told.result(WAIT_S)
            wait_until(lambda: ears() == 2, WAIT_S, "both listen again")
