"""What a hub does by itself goes on, whatever a step of it meets."""

import asyncio
import logging

import pytest
from sqlalchemy.exc import OperationalError

from sync_server.chores import repeat
from sync_server.database import EndWithin

AWAY = OperationalError("SELECT 1", None, Exception("gone"))


class Step:
    """A step that fails as told, one time after another, and then no more."""

    def __init__(self, *faults: Exception) -> None:
        self.taken = 0
        self._faults = list(faults)

    async def __call__(self) -> None:
        self.taken += 1
        if self._faults:
            raise self._faults.pop(0)


def ends_after(looks: int) -> EndWithin:
    """Somebody who says so many times that it is not the end."""
    left = iter([False] * looks)

    async def end_within(_wait_s: float) -> bool:
        return next(left, True)

    return end_within


@pytest.mark.parametrize(("at_once", "taken"), [(False, 3), (True, 4)])
def test_a_chore_that_fails_is_done_again_the_next_time(at_once: bool, taken: int) -> None:
    step = Step(ValueError("a bug"), AWAY)
    asyncio.run(repeat(ends_after(3), step, 1.0, at_once=at_once))
    assert step.taken == taken


def test_the_log_tells_a_bug_in_one_line_and_not_that_the_database_is_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asyncio.run(repeat(ends_after(3), Step(ValueError("a bug"), AWAY), 1.0))
    (told,) = caplog.records
    assert told.levelno == logging.ERROR
    assert told.getMessage().startswith("a chore failed: ValueError: a bug (test_chores.py, line ")
    assert told.exc_info is None
