"""Backing off: full jitter, bounded, so that a thousand tills do not knock at once."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.backoff import RETRY_AFTER_S_MAX, WAIT_S_MAX, Backoff


class Highest(Random):
    """Chance at its worst: always the upper end."""

    def uniform(self, a: float, b: float) -> float:
        return b


class Lowest(Random):
    """Chance at its best: always the lower end."""

    def uniform(self, a: float, b: float) -> float:
        return a


def test_each_failure_doubles_the_longest_wait_up_to_its_limit() -> None:
    backoff = Backoff(Highest())
    assert [backoff.failed() for _ in range(7)] == [2, 4, 8, 16, 30, 30, 30]
    assert Backoff(Highest(), wait_s_max=5).failed() == 2
    impatient = Backoff(Highest(), wait_s_max=5)
    assert [impatient.failed() for _ in range(4)] == [2, 4, 5, 5]


def test_success_begins_again() -> None:
    backoff = Backoff(Highest())
    backoff.failed()
    backoff.failed()
    backoff.succeeded()
    assert backoff.failures == 0
    assert backoff.failed() == 2


def test_jitter_is_full_it_may_be_no_wait_at_all() -> None:
    assert Backoff(Lowest()).failed() == 0


def test_retry_after_is_a_floor_that_jitter_doubles_at_most() -> None:
    assert Backoff(Lowest()).failed(5) == 5
    assert Backoff(Highest()).failed(5) == 10


@pytest.mark.parametrize("retry_after_s", [float("nan"), float("-inf"), -1.0, 0.0, -0.0])
def test_a_retry_after_that_is_no_time_is_not_heeded(retry_after_s: float) -> None:
    """A hub that says 0 would be asked without a pause."""
    assert Backoff(Highest()).failed(retry_after_s) == 2


@pytest.mark.parametrize("retry_after_s", [float("inf"), 1e308, 601.0])
def test_nobody_sends_a_till_to_sleep(retry_after_s: float) -> None:
    assert Backoff(Lowest()).failed(retry_after_s) == RETRY_AFTER_S_MAX
    assert Backoff(Highest()).failed(retry_after_s) == 2 * RETRY_AFTER_S_MAX


@given(st.lists(st.none() | st.floats(), max_size=2_000), st.integers(0))
def test_any_wait_is_bounded_and_none_is_negative(told: list[float | None], seed: int) -> None:
    backoff = Backoff(Random(seed))
    for retry_after_s in told:
        wait_s = backoff.failed(retry_after_s)
        heeded = retry_after_s is not None and retry_after_s > 0
        assert 0 <= wait_s <= (2 * RETRY_AFTER_S_MAX if heeded else WAIT_S_MAX)


def test_two_tills_with_two_seeds_do_not_knock_together() -> None:
    waits = {Backoff(Random(seed)).failed() for seed in range(100)}
    assert len(waits) == 100
