"""A shop of real programs has nothing of the tills and hubs that this machine may have."""

from pathlib import Path

import pytest

from rehearsal.processes import wait_until
from rehearsal.shop import Shop

IN_STEP_S = 60.0


@pytest.mark.slow
def test_the_settings_of_a_real_hub_and_till_are_not_the_shops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNITILL_HUB_DATABASE", f"sqlite:///{tmp_path / 'real.db'}")
    monkeypatch.setenv("OMNITILL_HUB_NO_SUCH_SETTING", "1")
    monkeypatch.setenv("OMNITILL_TILL_NO_SUCH_SETTING", "1")
    with Shop(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}", token_valid_s=60) as shop:
        shop.import_csv("stores", [{"store_id": "S01", "name": "x"}])
        shop.start_hub()
        with shop.till(shop.enrol("S01"), heartbeat_s=1) as till:
            wait_until(
                lambda: not till.act("status")["sync"]["waiting"], IN_STEP_S, "the till was in step"
            )
    assert not (tmp_path / "real.db").exists()
