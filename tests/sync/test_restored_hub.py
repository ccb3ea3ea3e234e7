"""A hub that was put back from a backup publishes less than a till knows: the till comes to sell by
what is published, and goes on selling until it does."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from journal.cursor import PAGE_ROWS_MAX
from pos_client.catalogue.reading import UnknownBarcode
from pos_client.catalogue.service import UnknownCashier
from pos_client.till import Till
from rehearsal.cable import Cable
from retail.catalogue import Cashier
from sync_server.feed import records as published
from tests.builders import a_product
from tests.served_hub import ServedHub
from tests.sync.conftest import Open, pull_all, sell


@pytest.fixture
def restored(
    hub: ServedHub, cable: Cable, till: Till, tmp_path: Path
) -> Iterator[Callable[[], ServedHub]]:
    """Puts a backup of the hub back that was made before the till's last pull, a product and a
    cashier ago."""
    hub.close()
    backup = shutil.copytree(tmp_path, tmp_path / "backup", ignore=lambda *_: {"till"})
    with ServedHub(f"sqlite:///{tmp_path / 'hub.db'}") as lucky:
        cable.set_target(lucky.port)
        lucky.publish([a_product("new", codes=("new",))])
        lucky.publish_cashiers([Cashier("1002", "李强")])
        pull_all(till)
    assert till.catalogue.product("new").price_minor == 350
    assert till.catalogue.cashier("1002").name == "李强"
    with ServedHub(f"sqlite:///{backup / 'hub.db'}") as again:

        def put() -> ServedHub:
            cable.set_target(again.port)
            return again

        yield put


def test_what_a_restored_hub_does_not_publish_is_not_sold_any_more(
    till: Till, restored: Callable[[], ServedHub]
) -> None:
    restored()
    pull_all(till)
    with pytest.raises(UnknownBarcode):
        till.catalogue.product("new")
    with pytest.raises(UnknownCashier):
        till.catalogue.cashier("1002")
    assert till.catalogue.known_products == 4
    assert till.catalogue.cashier("1001").name == "王芳"
    assert till.catalogue.settings.store_name
    assert sell(till) == 350


def test_a_pull_from_the_beginning_takes_nothing_away_before_its_cut_is_whole(
    cable: Cable, till: Till, open_till: Open, restored: Callable[[], ServedHub]
) -> None:
    restored().publish([a_product(f"p{number}") for number in range(PAGE_ROWS_MAX + 1_000)])
    seen = till.catalogue.seen
    assert till.sync.pull_once() == 0.0  # the cursor is lost
    assert till.sync.pull_once() == 0.0  # the first of two pages
    cable.pull()
    assert till.sync.pull_once() != 0.0
    assert sell(till, "new") == 350
    till.close()
    till = open_till(till.settings)  # switched off and on in the middle
    assert till.catalogue.seen == seen
    assert sell(till, "new") == 350
    cable.plug()
    till.sale.scan("new")
    pull_all(till)
    assert till.catalogue.product("new").price_minor == 350  # a sale is open
    till.sale.pay("cash")
    with pytest.raises(UnknownBarcode):
        till.catalogue.product("new")
    assert till.catalogue.known_products == PAGE_ROWS_MAX + 1_004
    restored().publish([a_product("later", codes=("later",))])
    pull_all(till)
    assert till.catalogue.known_products == PAGE_ROWS_MAX + 1_005  # a later cut adds to it


def test_what_cannot_be_read_from_the_beginning_stays_as_it_was_known(
    till: Till, restored: Callable[[], ServedHub]
) -> None:
    again, settings = restored(), till.catalogue.settings
    assert till.sync.pull_once() == 0.0  # the cursor is lost
    strange = {"product": ("catalogue", "cola"), "settings": ("store:S01", "S01")}
    for kind, (scope, key) in strange.items():
        publishing = partial(published.publish, scope=scope, kind=kind, bodies={key: b"[]"})
        again.write(publishing)
    pull_all(till)
    assert till.catalogue.settings == settings
    assert till.catalogue.known_products == 4
    assert sell(till) == 350
