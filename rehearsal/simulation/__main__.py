"""`make sim`: seeds played one after the other, on all processors.

python -m rehearsal.simulation --seeds 200
python -m rehearsal.simulation --seed 7     # one seed, with its trace
"""

import argparse
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from rehearsal.simulation.coverage import table
from rehearsal.simulation.gremlin import FAULTS
from rehearsal.simulation.play import Outcome, play
from rehearsal.simulation.without import SAFEGUARDS

#: where nobody watches
_TOLD_EVERY = 50


def main() -> int:
    """Exit code 0 when every seed passed."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--seed", type=int, help="this one alone, with its trace")
    parser.add_argument("--without", default="", choices=["", *SAFEGUARDS], metavar="SAFEGUARD")
    given = parser.parse_args()
    if given.seed is not None:
        return _one(given.seed, given.without)
    return _many(range(given.first, given.first + given.seeds), given.without)


def _one(seed: int, safeguard: str) -> int:
    outcome = play(seed, safeguard)
    print("\n".join(outcome.trace))
    print(f"seed {seed}: {outcome.steps} steps, {outcome.facts} facts, trace {outcome.fingerprint}")
    print(outcome.broken or "passed")
    return bool(outcome.broken)


def _many(seeds: range, safeguard: str) -> int:
    failed: list[Outcome] = []
    covered: Counter[tuple[str, str]] = Counter()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for done, outcome in enumerate(
            pool.map(partial(play, safeguard=safeguard), seeds), start=1
        ):
            covered += outcome.covered
            if outcome.broken:
                failed.append(outcome)
                print(f"seed {outcome.seed}: {outcome.broken}")
                print(f"    make sim SEED={outcome.seed}")
            if sys.stdout.isatty():
                print(f"\r{done} of {len(seeds)}", end="", flush=True)
            elif done % _TOLD_EVERY == 0:
                print(f"{done} of {len(seeds)}", flush=True)
    print("\n".join(table(covered, FAULTS)))
    print(f"{len(seeds) - len(failed)} passed, {len(failed)} failed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
