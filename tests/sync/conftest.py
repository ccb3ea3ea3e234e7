"""A real hub, real tills enrolled with it through their command, and a cable in between."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pos_client.__main__ import app
from pos_client.settings import TillSettings
from pos_client.till import Till
from rehearsal.cable import Cable
from retail.catalogue import Cashier
from retail.money import Money
from tests.builders import STORE, SteppedClock, the_shelf, till_settings
from tests.served_hub import ServedHub

Enrol = Callable[..., TillSettings]
Open = Callable[..., Till]

COLA = "6901028075022"
LATE_MAX = 10
ENROLLED = "store S01, till S01-1\n门店 S01，收银机 S01-1\n"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[ServedHub]:
    """A hub on SQLite with a store, its cashier and its shelf."""
    with ServedHub(f"sqlite:///{tmp_path / 'hub.db'}") as served:
        served.add_store()
        served.publish_cashiers([Cashier("1001", "王芳")])
        served.publish(the_shelf())
        yield served


@pytest.fixture
def cable(hub: ServedHub) -> Iterator[Cable]:
    """The cable of the till that is under test."""
    with Cable("127.0.0.1", hub.port) as made:
        yield made


@pytest.fixture
def enrol(hub: ServedHub, cable: Cable, tmp_path: Path) -> Enrol:
    """Enrols a till as a person would, by the built-in settings; comes back with those told."""

    def make(name: str = "till", store_id: str = STORE, **changes: Any) -> TillSettings:
        said = run_enrol(till_settings(tmp_path / name), cable.url, hub.enrol_code(store_id))
        assert said == (0, said[1], ""), said
        return till_settings(tmp_path / name, **changes)

    return make


def run_enrol(settings: TillSettings, url: str, code: str) -> tuple[int, str, str]:
    """Run the command `pos-client enrol`; exit code and what it said."""
    words = ["enrol", "--hub", url, "--code", code]
    folders = ["--data", str(settings.data), "--state", str(settings.state)]
    result = CliRunner().invoke(app, [*words, *folders])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def open_till() -> Iterator[Open]:
    """Opens tills, without their threads unless told; the steps of sync are the test's."""
    with ExitStack() as tills:

        def make(settings: TillSettings, *, sync: bool = False) -> Till:
            till = Till.open(settings, SteppedClock(), sync=sync)
            tills.callback(till.close)
            return till

        yield make


@pytest.fixture
def till(enrol: Enrol, open_till: Open) -> Till:
    """A till in step with its hub: pulled, a shift open, its facts acknowledged."""
    opened = open_till(enrol(hub_time_out_s=1.0, hub_answer_s=1.0))
    pull_all(opened)
    opened.shift.open("1001", 50_000)
    push_all(opened)
    return opened


def sell(till: Till, code: str = COLA) -> int:
    """Sell one piece for cash; returns its price in minor units."""
    till.sale.scan(code)
    price = till.sale.basket.total.minor
    till.sale.pay("cash", Money(price, "CNY"))
    return price


def pull_all(till: Till) -> None:
    """Pull until the till has everything. Fails when the line does; a machine that others keep
    busy may make the hub late, which is no dead line."""
    late = 0
    while (wait_s := till.sync.pull_once()) is not None:
        if wait_s and late < LATE_MAX and till.sync.line.pull_problem is None:
            late += 1
            continue
        assert wait_s == 0.0, f"the line is dead: {till.sync.line}"


def push_all(till: Till) -> None:
    """Push until the hub has everything. Fails when the line does, as `pull_all`."""
    late = 0
    while (wait_s := till.sync.push_once()) is not None:
        if wait_s and late < LATE_MAX and till.sync.line.why.startswith("ReadTimeout"):
            late += 1
            continue
        assert wait_s == 0.0, f"the line is dead: {till.sync.line}"


class Heard:
    """What sync said unasked."""

    def __init__(self, till: Till) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []
        till.sync.on_event = lambda name, values: self.events.append((name, values))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]


@pytest.fixture
def heard(till: Till) -> Heard:
    return Heard(till)
