"""A short storm over real programs on either database; `make chaos` blows for longer."""

from pathlib import Path

import pytest

from rehearsal.chaos.play import play
from rehearsal.shop import Shop

pytestmark = pytest.mark.slow

SECONDS = 15
TILLS = 2


def test_nothing_is_lost_and_nothing_doubled_in_a_storm(tmp_path: Path, database_url: str) -> None:
    story: list[str] = []
    with Shop(tmp_path, database_url) as shop:
        found = play(shop, TILLS, SECONDS, seed=1, tell=story.append)
    assert found.wrong == [], "\n".join(story)
    assert found.sales
    happened = {what for what, _ in found.met}
    assert {"till killed", "hub killed", "cable pulled"} <= happened, found.met
