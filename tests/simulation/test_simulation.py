"""A few seeds of the simulation; `make sim` plays many (docs/simulation.md)."""

import pytest

from rehearsal.simulation.coverage import Covered, table
from rehearsal.simulation.gremlin import FAULTS
from rehearsal.simulation.play import play
from rehearsal.simulation.without import SAFEGUARDS

#: a safeguard's lack is seen within so many seeds
SEEDS_MAX = 200
#: where to begin to look, to save time
NEAR = {
    "head echo": 2,
    "marker": 20,
    "overlap hashes": 14,
    "dedupe in the same transaction": 8,
}


@pytest.mark.parametrize("seed", range(1, 4))
def test_nothing_is_lost_and_nothing_doubled(seed: int) -> None:
    outcome = play(seed)
    assert outcome.broken == "", f"make sim SEED={seed}"
    assert outcome.facts


def test_a_seed_is_the_same_story_every_time() -> None:
    first, second = play(8), play(8)
    assert first.trace == second.trace
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize("safeguard", [name for name in SAFEGUARDS if name != "contents"])
def test_each_safeguard_is_needed(safeguard: str) -> None:
    seeds = range(NEAR.get(safeguard, 1), SEEDS_MAX + 1)
    assert any(play(seed, safeguard).broken for seed in seeds)


def test_what_was_never_reached_is_named() -> None:
    covered = Covered({("till killed", "in step"): 3})
    lines = table(covered, FAULTS)
    assert any(line.split()[:3] == ["till", "killed", "3"] for line in lines)
    assert "till killed × sale open; " in lines[-1]
    assert "till killed × in step" not in lines[-1]
