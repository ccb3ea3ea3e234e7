"""What a hub does by itself, over and over, until it ends.

What the database does not give now is asked for again the next time. A step that fails otherwise
has met a bug: the log says so, and it is taken again and stops no other, or a hub would serve on
with nobody left who wakes its tills or holds its jobs.
"""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from traceback import extract_tb

from sync_server.database import FAULTS, EndWithin

log = logging.getLogger(__name__)

Step = Callable[[], Awaitable[object]]


async def attempt(step: Step) -> None:
    """Take the step, whatever comes of it."""
    try:
        await step()
    except FAULTS:
        pass  # who asks the hub meanwhile is told
    except Exception as bug:
        place = extract_tb(bug.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        log.error("a chore failed: %s: %s (%s)", type(bug).__name__, bug, where)


async def repeat(
    end_within: EndWithin, step: Step, every_s: float, *, at_once: bool = False
) -> None:
    """Attempt the step every so often until the end, the first time after as long or `at_once`."""
    ended = not at_once and await end_within(every_s)
    while not ended:
        await attempt(step)
        ended = await end_within(every_s)
