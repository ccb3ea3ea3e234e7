"""A till with a past, to prune; and as a program that prunes it and is killed at a statement:
`python -m tests.till.pruning FOLDER STEP`; with step 0 it is not killed and says how many.
"""

import os
import signal
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from journal.stream import genesis
from pos_client.sync.pruning import Pruning
from pos_client.till import Till
from tests.builders import OPENING, SteppedClock, open_till
from tests.till.counter import COLA, begin, sell

#: fewer days than any shop may set, so that a test's past is short
DAYS = 3


def with_a_past(folder: Path, days: int = 6, sales: int = 2) -> tuple[Till, SteppedClock]:
    """A till that sold on each of so many days, with all of it acknowledged and safe."""
    clock = SteppedClock()
    till = open_till(folder, clock=clock)
    begin(till)
    for _ in range(days):
        for _ in range(sales):
            sell(till, COLA)
        clock.move(timedelta(days=1))
    sell(till, COLA)
    settle(till)
    return till, clock


def settle(till: Till, acked: int | None = None, safe: int | None = None) -> None:
    """The hub has so many facts of the stream that writes, and so many of them in a backup: all of
    them unless told."""
    head, stream_no = till.recorder.head, till.recorder.writer.stream_no
    acked = head.seq if acked is None else acked
    safe = acked if safe is None else safe
    with till.database.write() as driver:
        driver.execute("UPDATE stream SET forked_seq = NULL")  # it has compared the others
        driver.execute(
            "UPDATE stream SET acked_seq = ?, safe_seq = ?, acked_hash = coalesce((SELECT hash"
            " FROM journal WHERE journal.stream_no = stream.stream_no AND seq = ?), ?)"
            " WHERE stream_no = ?",
            (acked, safe, acked, genesis(till.recorder.writer.stream).hash, stream_no),
        )


def pruning_of(till: Till, days: int = DAYS) -> Pruning:
    made = Pruning(till.recorder, days)
    made.is_quiet = till.sync.pruning.is_quiet
    made.on_pruned = till.sync.pruning.on_pruned
    return made


def main(folder: Path, last: int) -> None:
    clock = SteppedClock(OPENING + timedelta(days=6))
    with closing(open_till(folder, clock=clock)) as till:
        settle(till)
        count = 0

        def take(_statement: str) -> None:
            nonlocal count
            count += 1
            if count == last:
                os.kill(os.getpid(), signal.SIGKILL)

        till.database.driver.set_trace_callback(take)
        assert pruning_of(till).step()
        till.database.driver.set_trace_callback(None)
        print(count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
