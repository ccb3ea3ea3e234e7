"""The document is enough: a till that was written from it alone works with the real hub."""

import ast
import sys
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from retail.catalogue import Cashier
from retail.revision import Recall
from sync_server.sync import records
from tests.builders import STORE, a_product
from tests.hub.books import books, recounted, stored
from tests.protocol import other_till
from tests.protocol.other_till import NotTheHub, OtherTill, Refused
from tests.served_hub import ServedHub
from tests.sources import parsed


@pytest.fixture
def hub(database_url: str) -> Iterator[ServedHub]:
    with ServedHub(database_url) as served:
        served.add_store()
        served.publish_cashiers([Cashier("1001", "王芳")])
        served.publish([a_product("soda"), a_product("café \u2028 / \\ “茶”")])
        yield served


@pytest.fixture
def till(hub: ServedHub) -> Iterator[OtherTill]:
    made = OtherTill("127.0.0.1", hub.port)
    made.hello()
    made.enrol(hub.enrol_code())
    yield made
    made.close()


def a_sale(till: OtherTill, number: int) -> dict[str, Any]:
    """A bottle at 3.50 with 13 % within, by card."""
    line = {
        "product_id": "soda",
        "code": "952",
        "name": "Soda",
        "unit": "piece",
        "quantity": 1000,
        "unit_price_minor": 350,
        "total_minor": 350,
        "tax_minor": 40,
        "tax": {"code": "VAT13", "rate_ppm": 130_000},
    }
    return {
        "receipt": f"{till.till}-{till.inc[:6]}-{number:06d}",
        "currency": "CNY",
        "lines": [line],
        "total_minor": 350,
        "tenders": [{"name": "card", "is_cash": False, "given_minor": 350}],
    }


def test_it_knows_nothing_of_this_project() -> None:
    tree = parsed(Path(other_till.__file__).read_text(encoding="utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    plain = [node.names for node in ast.walk(tree) if isinstance(node, ast.Import)]
    names += [alias.name for aliases in plain for alias in aliases]
    tops = {name.partition(".")[0] for name in names}
    assert tops - sys.stdlib_module_names == {"cryptography"}


def test_what_it_records_is_stored_as_it_is_and_counts(hub: ServedHub, till: OtherTill) -> None:
    till.record("stream.began", 1, {"reason": "enrolled"})
    sale = till.record("sale.completed", 1, a_sale(till, 1))
    till.push()
    receipt = {"sale": sale, "receipt": "R", "outcome": "printed", "proof": "fenced"}
    till.record("receipt.printed", 2, receipt, (sale,))
    till.record("of.tomorrow", 1, {})
    till.push()
    assert [row.data for row in hub.read(stored)] == till.facts
    assert [verdict["code"] for verdict in till.verdicts] == ["waiting"]
    assert hub.read(books) == hub.read(recounted)
    assert hub.read(books).stock["S01", "soda", "sold"] == (1000, 1)
    assert till.at_the_hub() == len(till.facts) == 4


def test_it_goes_on_from_where_the_hub_stands(hub: ServedHub, till: OtherTill) -> None:
    till.record("stream.began", 1, {"reason": "enrolled"})
    for number in range(600):
        till.record("sale.completed", 1, a_sale(till, number + 1))
    till.push()
    till.acked = 3  # the answer was lost
    till.push()
    till.facts, forgotten, till.acked = till.facts[:5], till.facts, 4
    with pytest.raises(NotTheHub, match="fork"):
        till.push()
    till.facts = forgotten
    assert till.at_the_hub() == 601
    assert hub.read(books).stock["S01", "soda", "sold"] == (600_000, 600)


def test_it_holds_what_head_office_published_and_knows_that_it_does(
    hub: ServedHub, till: OtherTill
) -> None:
    till.record("stream.began", 1, {"reason": "enrolled"})
    till.push()
    till.pull()
    assert {body["product_id"] for body in till.of_kind("product")} == {
        "soda",
        "café \u2028 / \\ “茶”",
    }
    (standing,) = till.of_kind("revision")
    assert standing["name"] == till.revision
    assert till.moved(0) == []
    hub.publish([a_product("soda", price_minor=400)])
    hub.do(hub.hub.office.recall(Recall("soda", "leaks", "L7"), "office"))
    assert set(till.moved(30)) >= {"catalogue", "recalls"}
    till.pull()
    prices = {body["product_id"]: body["price_minor"] for body in till.of_kind("product")}
    assert prices["soda"] == 400
    hub.do(hub.hub.office.lift_recall("soda/L7", "office"))
    till.pull()
    assert [*till.of_kind("recall")] == []
    (standing,) = till.of_kind("revision")
    assert standing["name"] == till.revision


def test_a_till_that_somebody_else_answers_believes_nothing(
    hub: ServedHub, till: OtherTill
) -> None:
    with pytest.raises(Refused, match="unknown_code"):
        till.enrol("AAAAA-AAAAA-00000")
    code = sha256(b"AAAAAAAAAA00000").hexdigest()  # of a hub with another key
    until = hub.clock.now() + timedelta(minutes=1)
    hub.write(lambda connection: records.add_code(connection, code, STORE, "S01-9", until))
    with pytest.raises(NotTheHub):
        till.enrol("AAAAA-AAAAA-00000")
    till.hub_key = till.public
    till.record("stream.began", 1, {"reason": "enrolled"})
    with pytest.raises(NotTheHub):
        till.push()
    assert till.acked == 0
