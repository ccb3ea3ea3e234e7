"""A storm over real programs, and the books.

    python -m rehearsal.chaos --minutes 10 --hub postgresql --seed 1

Exit code 0 when all is as it must be, 1 when not or when it broke off (its folder is kept), 2 for a
wrong option.
"""

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from rehearsal.bad_line import table
from rehearsal.books import outcome
from rehearsal.chaos.play import STAFF, Outcome, play
from rehearsal.postgresql import NoPostgreSQL, running_postgresql
from rehearsal.processes import ChildEnded, Refused
from rehearsal.shop import CommandFailed, Shop
from rehearsal.snapshot import UnreadableBooks

FAULTS = (ChildEnded, CommandFailed, NoPostgreSQL, OSError, Refused, UnreadableBooks)
"""What may break a storm off; TimeoutError is an OSError."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m rehearsal.chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=10, help="how long it blows")
    parser.add_argument("--hub", default="sqlite", choices=("sqlite", "postgresql"))
    parser.add_argument("--tills", type=int, default=3, choices=range(1, len(STAFF) + 1))
    parser.add_argument("--seed", type=int, default=1, help="decides what goes wrong")
    given = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="omnitill-chaos-"))
    try:
        found = _played(place, given)
    except FAULTS as fault:
        print(f"The storm broke off: {fault}\nWhat it left is in {place}.", file=sys.stderr)
        return 1
    print("\n".join(_lines(found)))
    if found.wrong:
        print(f"The books are in {place}.", file=sys.stderr)
        return 1
    shutil.rmtree(place)
    return 0


def _played(place: Path, given: argparse.Namespace) -> Outcome:
    with ExitStack() as stack:
        url = f"sqlite:///{place / 'hub.db'}"
        if given.hub == "postgresql":
            url = stack.enter_context(running_postgresql(place)).create_database("hub")
        story = stack.enter_context((place / "story.txt").open("w", encoding="utf-8"))
        shop = stack.enter_context(Shop(place, url))
        tell = partial(print, file=story, flush=True)
        return play(shop, given.tills, given.minutes * 60, given.seed, tell)


def _lines(found: Outcome) -> list[str]:
    return [
        *table(found.met),
        f"{found.sales:,} sales were promised; all in step {found.in_step_s:.1f} s after the calm",
        *outcome(found.wrong),
    ]


if __name__ == "__main__":
    sys.exit(main())
