"""`make interleaving`: the longer run by hand.

python -m rehearsal.interleaving --rounds 200
python -m rehearsal.interleaving --rounds 20 --without "lock order"
"""

import argparse
import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rehearsal.interleaving.baskets import TILLS, push_all
from rehearsal.interleaving.feed import WRITERS, follow
from rehearsal.interleaving.without import SAFEGUARDS
from rehearsal.postgresql import NoPostgreSQL, running_postgresql


def main() -> int:
    """Exit code 0 when no row was lost and nobody waited in a circle; 2 without PostgreSQL."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.interleaving", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="transactions of each writer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", default="", choices=list(SAFEGUARDS), metavar="SAFEGUARD")
    given = parser.parse_args()
    try:
        with (
            TemporaryDirectory(prefix="omnitill-interleaving-") as folder,
            SAFEGUARDS[given.without](),
        ):
            return _run(Path(folder), given.rounds, given.seed)
    except NoPostgreSQL as reason:
        print(reason, file=sys.stderr)
        return 2


def _run(folder: Path, rounds: int, seed: int) -> int:
    bad = 0
    with running_postgresql(folder) as server:
        for name, foreign in (("feed", ""), ("held", server.create_database("elsewhere"))):
            fed = asyncio.run(follow(server.create_database(name), rounds, seed, foreign))
            print(
                f"{WRITERS} writers, one reader{', a transaction open elsewhere' * bool(foreign)}:"
                f" {fed.written:,} rows, {fed.lost:,} lost, in {fed.pages:,} pages;"
                f" {fed.behind_xmin:,} were behind the cluster's oldest transaction"
            )
            bad += fed.lost
        for name, repeating in (("baskets", False), ("repeated", True)):
            url = server.create_database(name)
            pushed = asyncio.run(push_all(url, rounds, seed, repeating=repeating))
            print(
                f"{TILLS} tills{', going fact by fact' * repeating}: {pushed.sales:,} sales,"
                f" {pushed.deadlocks:,} tills broken off because they waited in a circle"
            )
            bad += pushed.deadlocks
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
