"""A sale survives SIGKILL of till or hub at every boundary, and the test says which it reached."""

import re
from pathlib import Path

import pytest

from rehearsal.shop import Shop
from tests.kills.boundaries import BOUNDARIES, Boundary
from tests.kills.holds import PATIENCE_S
from tests.kills.sights import hub_sight
from tests.kills.stage import Reached, Stage

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/wchan").exists(), reason="what a process waits for is seen in /proc"
    ),
]

DOCUMENT = Path(__file__).parents[2] / "docs/kills.md"
ROW = re.compile(r"^\| (?P<boundary>[^|]+?) \| (?P<hubs>[^|]+?) \|", re.MULTILINE)


def named_boundaries(hub: str) -> set[str]:
    """The boundaries that docs/kills.md names for this kind of hub."""
    rows = ROW.finditer(DOCUMENT.read_text(encoding="utf-8"))
    return {row["boundary"] for row in rows if hub in row["hubs"].lower()}


def test_a_sale_survives_a_kill_at_every_boundary(database_url: str, tmp_path: Path) -> None:
    hub = database_url.partition(":")[0]
    reached: list[Reached] = []
    sight = hub_sight(database_url)
    try:
        with (
            Shop(tmp_path, database_url, database_wait_s=PATIENCE_S) as shop,
            Stage(shop, sight) as stage,
        ):
            for name, boundary in BOUNDARIES[hub].items():
                reached.append(_reach(name, boundary, stage))
            _assert_it_ends_in_order(stage)
    finally:
        sight.close()
        _print_table(hub, reached)
    assert {row.boundary for row in reached} == named_boundaries(hub)


def _reach(name: str, boundary: Boundary, stage: Stage) -> Reached:
    try:
        return stage.settle(name, boundary(stage))
    except BaseException as failed:
        failed.add_note(f"at the boundary: {name}")
        raise


def _assert_it_ends_in_order(stage: Stage) -> None:
    stage.till.close_input()
    assert stage.till.wait(PATIENCE_S) == 0, stage.till.stderr_tail


def _print_table(hub: str, reached: list[Reached]) -> None:
    print(f"\nboundaries reached, hub on {hub}: {len(reached)}")
    for row in reached:
        print(f"  {row.boundary}\n      killed when: {row.evidence}\n      then: {row.afterwards}")
