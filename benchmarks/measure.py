"""Ours and the reference by turns, and what came out as a row, a table and a file.

A round measures both sides right after each other, the order changing each time, so that what
else the machine does hits both; a round's ratio is the measure, the median of the rounds the
result. Rounds go on while they disagree, up to a limit.
"""

import os
import platform
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median, quantiles

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from rehearsal.processes import processor_time_s

ROUNDS_MIN = 7
ROUNDS_MAX = 15
#: rounds agree when the middle half of their ratios lies within this part of the median
AGREED = 0.06

Measured = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Result:
    """One measured question. `ratio` is ours to the reference, `spread` the quartiles of the
    rounds' ratios, `goal` the ratio not to exceed; `n` counts the things measured on each side
    in all rounds together."""

    name: str
    unit: str
    ratio: float
    spread: tuple[float, float]
    goal: float
    ours: float
    reference: float
    n: int
    rounds: int
    machine: dict[str, str | int]
    also: dict[str, float] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return self.ratio <= self.goal


Benchmark = Callable[["Scale", Path], Iterator[Result]]


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured: `whole` for a figure, a small part of it to see that it runs."""

    part: float = 1.0
    rounds_min: int = ROUNDS_MIN
    rounds_max: int = ROUNDS_MAX
    warms_up: bool = True

    def of(self, count: int, least: int = 1) -> int:
        return max(least, int(count * self.part))


WHOLE = Scale()


@dataclass(slots=True)
class Rounds:
    """What the rounds of one question came to, in its unit."""

    ours: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        return [a / b for a, b in zip(self.ours, self.reference, strict=True)]

    @property
    def spread(self) -> tuple[float, float]:
        low, _, high = quantiles(self.ratios, n=4, method="inclusive")
        return low, high

    @property
    def agree(self) -> bool:
        low, high = self.spread
        return high - low <= AGREED * median(self.ratios)


def by_turns(scale: Scale, ours: Measured, reference: Measured) -> Rounds:
    """Measure both sides round after round; each call returns one round's figure. One round of
    each goes before, to warm up."""
    rounds = Rounds()
    if scale.warms_up:
        ours()
        reference()
    for number in range(scale.rounds_max):
        if number % 2:
            rounds.reference.append(reference())
            rounds.ours.append(ours())
        else:
            rounds.ours.append(ours())
            rounds.reference.append(reference())
        if number + 1 >= scale.rounds_min and rounds.agree:
            break
    return rounds


def result(
    name: str, unit: str, goal: float, rounds: Rounds, n_a_round: int, **also: float
) -> Result:
    """The row of one question."""
    return Result(
        name=name,
        unit=unit,
        ratio=round(median(rounds.ratios), 3),
        spread=(round(rounds.spread[0], 3), round(rounds.spread[1], 3)),
        goal=goal,
        ours=round(median(rounds.ours), 2),
        reference=round(median(rounds.reference), 2),
        n=n_a_round * len(rounds.ours),
        rounds=len(rounds.ours),
        machine=machine(),
        also={key: round(value, 2) for key, value in also.items()},
    )


def processor_us(pid: int) -> float:
    """Processor time of all living threads of a process and its children, in microseconds.

    By the scheduler's own count in nanoseconds (Linux, Documentation/scheduler/sched-stats.rst);
    elsewhere by clock ticks of 10 ms, which make the rounds disagree more.
    """
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    counts = [
        task / "schedstat" for one in family for task in Path(f"/proc/{one.pid}/task").glob("*")
    ]
    if not counts or not counts[0].exists():
        return processor_time_s(pid) * 1_000_000
    return sum(int(count.read_text().split()[0]) for count in counts) / 1000


def machine() -> dict[str, str | int]:
    """What kind of machine this is; never which one."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count() or 0,
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def save(one: Result, folder: Path) -> Path:
    """Write a result as JSON, a file a question."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{one.name.replace(' ', '_')}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(asdict(one)), indent=2) + b"\n")
    return file


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def show(results: list[Result], console: Console) -> None:
    """The results as a table."""
    table = Table(title="ours : reference, median of the rounds (middle half of them)")
    for heading in ("question", "unit"):
        table.add_column(heading)
    for heading in ("ours", "reference", "ratio", "goal", "rounds", "n"):
        table.add_column(heading, justify="right")
    table.add_column("also")
    for one in results:
        low, high = one.spread
        table.add_row(
            one.name,
            one.unit,
            f"{one.ours:,.1f}",
            f"{one.reference:,.1f}",
            f"{one.ratio:.2f} ({low:.2f}–{high:.2f})",
            f"{'≤' if one.holds else 'missed ≤'} {one.goal:g}",
            str(one.rounds),
            f"{one.n:,}",
            ", ".join(f"{key} {_figure(value)}" for key, value in one.also.items()),
        )
    console.print(table)
