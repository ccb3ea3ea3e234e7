"""Rounds by turns, and what is said of them."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.measure import Measured, Rounds, Scale, by_turns, result, save, show


def figures(*values: float) -> Callable[[], float]:
    """A measurement that comes out so."""
    return iter(values).__next__


def test_both_sides_take_turns_and_the_first_of_each_is_not_counted() -> None:
    order: list[str] = []

    def side(name: str) -> Measured:
        def measured() -> float:
            order.append(name)
            return 10.0

        return measured

    rounds = by_turns(Scale(rounds_min=4, rounds_max=4), side("ours"), side("reference"))
    assert order == ["ours", "reference"] + ["ours", "reference", "reference", "ours"] * 2
    assert len(rounds.ours) == len(rounds.reference) == 4


def test_rounds_that_agree_end_early_and_others_go_on_to_the_limit() -> None:
    calm = by_turns(Scale(rounds_min=3, rounds_max=9), lambda: 3.0, lambda: 2.0)
    assert calm.ratios == [1.5] * 3
    wild = by_turns(
        Scale(rounds_min=3, rounds_max=5), figures(1, 1, 9, 1, 9, 1), figures(1, 1, 1, 1, 1, 1)
    )
    assert len(wild.ours) == 5


def test_the_ratio_is_the_median_of_the_rounds_and_the_spread_their_middle_half() -> None:
    rounds = Rounds(ours=[2.0, 3.0, 4.0, 5.0, 60.0], reference=[2.0] * 5)
    one = result("push", "µs", 1.9, rounds, n_a_round=10, seconds=1.23456)
    assert (one.ratio, one.spread) == (2.0, (1.5, 2.5))
    assert (one.ours, one.reference, one.n, one.rounds) == (4.0, 2.0, 50, 5)
    assert one.also == {"seconds": 1.23}
    assert not one.holds


def test_a_result_is_kept_under_its_name_with_what_the_machine_is(tmp_path: Path) -> None:
    one = result("look up any", "µs", 3.0, Rounds([2.0, 2.0], [1.0, 1.0]), n_a_round=7)
    file = save(one, tmp_path / "results")
    kept = msgspec.json.decode(file.read_bytes())
    assert file.name == "look_up_any.json"
    assert {"name", "ratio", "unit", "ours", "reference", "n", "machine"} <= kept.keys()
    assert kept["machine"].keys() == {"system", "cores", "memory_gib", "python", "sqlite"}


def test_the_table_says_which_goal_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    rounds = Rounds([5.0, 5.0], [2.0, 2.0])
    held, missed = (result(name, "µs", goal, rounds, 1) for name, goal in (("a", 3.0), ("b", 2.0)))
    show([held, missed], Console(width=160))
    said = capsys.readouterr().out
    assert " ≤ 3 │" in said
    assert "missed ≤ 3" not in said
    assert "missed ≤ 2 │" in said


def test_a_name_that_is_no_benchmark_is_answered_with_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["speed"], results=tmp_path) == 1
    assert f"all {' '.join(BENCHMARKS)}" in capsys.readouterr().out
