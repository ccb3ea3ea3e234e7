"""Opening stock reaches the store's tills, and counts wherever a till says what there is."""

import pytest

from pos_client.catalogue.kinds import readable
from pos_client.till import Till
from pricebook.rows import Row
from sync_server.stock.records import Opening
from tests.builders import OWN, STORE
from tests.served_hub import ServedHub
from tests.sync.conftest import COLA, Enrol, Open, pull_all, sell
from tests.till.counter import did


def keep(hub: ServedHub, store_id: str = STORE, **quantities: int) -> None:
    """Let so much have lain in the store, in 1/1000."""
    rows = [Opening(product, quantity, 180, "CNY") for product, quantity in quantities.items()]
    hub.do(hub.hub.office.keep_opening_stock(store_id, rows))


def shown(till: Till, product_id: str) -> tuple[int, int]:
    """What the act `product` says that there is, and was sold."""
    product = did(till, "product", product_id=product_id)["product"]
    return product["stock"], product["sold"]


def found(till: Till, words: str) -> dict[str, int]:
    """What the act `find` says that there is."""
    return {each["product_id"]: each["stock"] for each in did(till, "find", words=words)["found"]}


def test_a_till_says_what_lay_there_and_its_own_books_together(hub: ServedHub, till: Till) -> None:
    assert shown(till, "cola") == (0, 0)
    keep(hub, cola=24_000, apple=10_500, pen=-3_000)
    pull_all(till)
    assert shown(till, "cola") == (24_000, 0)
    sell(till)
    till.stock.receive("DN", [("6921168509256", 6_000)])
    assert shown(till, "cola") == (23_000, 1_000)
    assert shown(till, "water") == (6_000, 0)
    assert found(till, "6901028075022") == {"cola": 23_000}
    for words, hit in (("apple", {}), ("苹果", {"apple": 10_500}), ("荧光", {"pen": -3_000})):
        assert found(till, words) == hit
    keep(hub, cola=20_000)
    pull_all(till)
    assert shown(till, "cola") == (19_000, 1_000)
    assert found(till, COLA) == {"cola": 19_000}


def test_another_stores_is_not_ours(
    hub: ServedHub, till: Till, enrol: Enrol, open_till: Open
) -> None:
    hub.add_store("S02", name="徐汇店")
    keep(hub, "S02", cola=7_000)
    pull_all(till)
    assert shown(till, "cola") == (0, 0)
    other = open_till(enrol("other", "S02"))
    pull_all(other)
    assert shown(other, "cola") == (7_000, 0)


def test_it_is_there_again_after_a_restart_without_a_line(
    hub: ServedHub, till: Till, open_till: Open
) -> None:
    keep(hub, cola=24_000)
    pull_all(till)
    sell(till)
    till.close()
    hub.close()
    again = open_till(till.settings)
    assert shown(again, "cola") == (23_000, 1_000)


@pytest.mark.parametrize(
    ("body", "can_be_read"),
    [(b"24000", True), (b"-3", True), (b'"24"', False), (b"{}", False), (b"1.5", False)],
)
def test_what_is_no_quantity_is_not_sold_by(body: bytes, can_be_read: bool) -> None:
    assert readable(Row(OWN, "opening_stock", "cola", body)) is can_be_read
