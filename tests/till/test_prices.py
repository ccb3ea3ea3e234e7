"""What head office publishes is sold by from the next sale on: whole, never within a sale."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from journal.wire import FeedPage, FeedRow
from pos_client.till import Till
from pricebook.rows import CATALOGUE
from retail.catalogue import StoreSettings
from retail.quantity import Unit
from tests.builders import OWN, STORE, a_feed_page, a_product, open_till, publish, the_shelf
from tests.till.counter import (
    COLA,
    PEN,
    assert_in_order,
    begin,
    did,
    do,
    other_reader_of_the_book,
    recorded,
    refused,
    say,
    sell,
)


def a_page(price_minor: int, *, whole: bool = True) -> FeedPage:
    """Cola at another price, as one page of the feed with its own cursor."""
    products = [a_product("cola", codes=(COLA,), price_minor=price_minor)]
    page = a_feed_page(products, [], StoreSettings())
    return msgspec.structs.replace(
        page, rows=page.rows[:1], cursor=f"cursor-{price_minor}", up_to_date=whole
    )


def arrive(till: Till, price_minor: int, *, whole: bool = True) -> None:
    """What the pull thread does with a page."""
    till.catalogue.stage(a_page(price_minor, whole=whole))
    if whole:
        till.sale.between_sales()


def test_a_price_that_comes_during_a_sale_counts_from_the_next(till: Till) -> None:
    begin(till)
    did(till, "scan", code=COLA)
    arrive(till, 400)
    assert did(till, "scan", code=COLA)["line"]["total"] == 700
    assert did(till, "price_check", code=COLA)["product"]["unit_price"] == 350
    did(till, "pay", tender="card", amount=100)
    arrive(till, 450)
    assert did(till, "pay")["sale"]["total"] == 700
    assert did(till, "price_check", code=COLA)["product"]["unit_price"] == 450
    assert did(till, "scan", code=COLA)["line"]["total"] == 450
    assert_in_order(till)


def test_a_void_too_lets_the_new_price_in(till: Till) -> None:
    begin(till)
    did(till, "scan", code=COLA)
    arrive(till, 400)
    did(till, "void", reason="r")
    assert did(till, "scan", code=COLA)["line"]["total"] == 400


def test_only_a_customer_makes_a_sale_open_too(till: Till) -> None:
    begin(till)
    did(till, "customer", customer="C")
    arrive(till, 400)
    assert did(till, "scan", code=COLA)["line"]["total"] == 350


def test_half_a_cut_is_never_sold_by(till: Till) -> None:
    begin(till)
    arrive(till, 400, whole=False)
    assert sell(till)["total"] == 350
    arrive(till, 410, whole=True)
    assert sell(till)["total"] == 410


def test_a_new_cut_that_begins_keeps_the_old_one_back_until_it_is_whole(till: Till) -> None:
    begin(till)
    did(till, "scan", code=COLA)
    arrive(till, 400)
    arrive(till, 420, whole=False)
    did(till, "pay")
    assert sell(till)["total"] == 350
    arrive(till, 430)
    assert sell(till)["total"] == 430


def test_what_is_staged_survives_a_restart_and_comes_in_when_no_sale_is_open(
    tmp_path: Path,
) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        did(till, "scan", code=COLA)
        arrive(till, 400)
    with closing(open_till(tmp_path)) as till:
        assert did(till, "scan", code=COLA)["line"]["total"] == 700
        did(till, "pay")
        arrive_while_open = did(till, "scan", code=COLA)["line"]["total"]
        assert arrive_while_open == 400
        did(till, "void", reason="r")
        till.catalogue.stage(a_page(500))
    with closing(open_till(tmp_path)) as till:
        assert did(till, "price_check", code=COLA)["product"]["unit_price"] == 500
        assert till.catalogue.cursor == "cursor-500"


def test_a_sales_fact_names_the_prices_it_was_sold_by(till: Till) -> None:
    begin(till)
    arrive(till, 400)
    sell(till)
    assert recorded(till)[-1][0].seen == till.catalogue.in_force.name != ""


def test_a_product_that_is_gone_is_not_sold_any_more(till: Till) -> None:
    begin(till)
    till.catalogue.stage(
        msgspec.structs.replace(
            a_page(1), rows=[FeedRow("catalogue", "product", "cola")], cursor="later"
        )
    )
    till.sale.between_sales()
    assert refused(till, "scan", code=COLA) == "unknown_barcode"
    assert did(till, "status")["products"] == 3


def test_a_cashier_who_is_gone_opens_no_shift_and_settings_that_are_gone_are_the_defaults(
    tmp_path: Path,
) -> None:
    gone = [FeedRow(OWN, "cashier", "1001"), FeedRow(OWN, "settings", STORE)]
    with closing(open_till(tmp_path)) as till:
        publish(till, settings=StoreSettings(store_name="Corner", currency="JPY"))
        till.catalogue.stage(msgspec.structs.replace(a_page(1), rows=gone, cursor="later"))
        till.sale.between_sales()
        assert till.catalogue.settings == StoreSettings()
    with closing(open_till(tmp_path)) as till:
        assert till.catalogue.settings == StoreSettings()
        with other_reader_of_the_book(till) as other:
            assert other.execute("SELECT * FROM published").fetchall() == []
        did(till, "open_shift", cashier="anyone")  # as in a store without published cashiers


def test_a_code_that_moves_to_another_product_finds_that_one(till: Till) -> None:
    begin(till)
    publish(till, [a_product("cola", codes=("1",)), a_product("pen", codes=(COLA,))])
    assert did(till, "scan", code=COLA)["line"]["product_id"] == "pen"
    assert refused(till, "price_check", code=PEN) == "unknown_barcode"


def product_row(body: bytes) -> FeedRow:
    return FeedRow(CATALOGUE, "product", "p", msgspec.Raw(body))


def settings_row(body: bytes) -> FeedRow:
    return FeedRow(OWN, "settings", STORE, msgspec.Raw(body))


UNREADABLE = {
    "a product without a price": FeedRow(
        "catalogue", "product", "p", msgspec.Raw(b'{"product_id": "p"}')
    ),
    "a price in words": FeedRow(
        "catalogue",
        "product",
        "p",
        msgspec.Raw(
            b'{"product_id":"p","name":"p","price_minor":"3.50","currency":"CNY","codes":["1"]}'
        ),
    ),
    "codes that are null": FeedRow(
        "catalogue",
        "product",
        "p",
        msgspec.Raw(
            b'{"product_id":"p","name":"p","price_minor":350,"currency":"CNY","codes":[null]}'
        ),
    ),
    "a cashier without a name": FeedRow(
        "store:S01", "cashier", "1001", msgspec.Raw(b'{"cashier_id": "1001"}')
    ),
    "a time zone that is none": settings_row(b'{"timezone": "Mars/Olympus"}'),
    "a time zone that is a path": settings_row(b'{"timezone": "../../etc/passwd"}'),
    "a folder of time zones": settings_row(b'{"timezone": "Asia"}'),
    "a currency that is none": settings_row(b'{"currency": "GLD"}'),
    "a language nobody reads here": settings_row(b'{"language": "tlh"}'),
    "a coin of nothing": settings_row(b'{"cash_step_minor": 0}'),
    "not UTF-8": product_row(b'{"name": "\xff"}'),
    "brackets without end": FeedRow(
        "catalogue", "product", "p", msgspec.Raw(b'{"x":' + b"[" * 50_000)
    ),
}


@pytest.mark.parametrize("row", UNREADABLE.values(), ids=UNREADABLE)
def test_a_row_that_cannot_be_read_keeps_neither_the_others_nor_selling_back(
    tmp_path: Path, row: FeedRow
) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        page = a_page(400)
        page = msgspec.structs.replace(page, rows=[row, *page.rows])
        assert [read[:3] for read in till.catalogue.stage(page)] == [(row.scope, row.kind, row.key)]
        till.sale.between_sales()
        assert sell(till)["total"] == 400
        did(till, "close_shift", counted=50_400)
    with closing(open_till(tmp_path)) as till:
        did(till, "open_shift", cashier="1001")
        assert sell(till)["total"] == 400
        assert_in_order(till)


def test_a_kind_of_row_that_is_newer_than_this_program_is_kept(till: Till) -> None:
    row = FeedRow("catalogue", "promotion", "3-for-2", msgspec.Raw(b'{"buy": 3}'))
    page = msgspec.structs.replace(a_page(400), rows=[row])
    assert till.catalogue.stage(page) == []
    till.sale.between_sales()
    said = till.catalogue.books.book.said("catalogue", "promotion", "3-for-2")
    assert said == b'{"buy": 3}'


def _no_commit(action: int, what: str | None, *_: object) -> int:
    denied = action == sqlite3.SQLITE_TRANSACTION and what == "COMMIT"
    return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK


def test_a_swap_that_the_disk_refuses_neither_stops_nor_undoes_a_sale(till: Till) -> None:
    begin(till)
    did(till, "scan", code=COLA)
    arrive(till, 400)
    till.catalogue.books.book.writer.set_authorizer(_no_commit)
    assert did(till, "pay")["sale"]["receipt"].endswith("-000001")
    assert not till.sale.is_open()
    assert sell(till)["total"] == 350
    till.catalogue.books.book.writer.set_authorizer(None)
    till.catalogue.make_ready()
    assert sell(till)["total"] == 400
    assert_in_order(till)


def test_a_price_in_another_currency_is_not_sold(till: Till) -> None:
    begin(till)
    publish(till, [a_product("fen", codes=("1",)), a_product("yen", codes=("2",), currency="JPY")])
    assert refused(till, "scan", code="2") == "not_sellable"
    assert say(till, {"do": "scan", "code": "1"})["ok"]


def test_a_store_that_changes_its_currency_sells_in_the_new_one(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        did(till, "customer", customer="C")
        did(till, "customer", customer=None)
        publish(
            till, [a_product("yen", codes=("2",), currency="JPY")], StoreSettings(currency="JPY")
        )
        did(till, "close_shift", counted=50_000)
    with closing(open_till(tmp_path)) as till:
        did(till, "open_shift", cashier="1001")
        assert sell(till, "2")["currency"] == "JPY"
        assert_in_order(till)


def test_the_shelf_is_larger_than_a_page(till: Till) -> None:
    begin(till)
    for part in range(3):
        products = [a_product(f"p{part}-{n}", codes=(f"{part}{n:04}",)) for n in range(500)]
        page = a_feed_page(products, [], StoreSettings())
        page = msgspec.structs.replace(page, cursor=f"part-{part}", up_to_date=part == 2)
        till.catalogue.stage(page)
        till.sale.between_sales()
        assert did(till, "status")["products"] == (len(the_shelf()) + 1500 if part == 2 else 4)
    assert did(till, "scan", code="20499")["line"]["product_id"] == "p2-499"


def test_a_shift_ends_in_the_currency_it_began_in(till: Till) -> None:
    """A store that changes its currency does so between two shifts: a drawer holds one."""
    begin(till)
    sell(till)
    euro = a_product("cola", codes=(COLA,), currency="EUR")
    publish(till, [euro], StoreSettings(currency="EUR"))
    assert did(till, "basket")["basket"]["currency"] == "CNY"
    assert refused(till, "scan", code=COLA) == "not_sellable"
    closed = did(till, "close_shift", counted=50_350)
    assert (closed["x"]["currency"], closed["closed"]["difference"]) == ("CNY", 0)
    did(till, "open_shift", cashier="1001", float=0)
    did(till, "customer", customer="7")
    assert did(till, "scan", code=COLA)["basket"]["currency"] == "EUR"
    assert did(till, "pay")["sale"]["currency"] == "EUR"
    assert did(till, "x_report")["x"]["expected_cash"] == 350
    assert_in_order(till)


def test_what_is_measured_is_asked_for_by_its_own_unit(till: Till) -> None:
    begin(till)
    oil = a_product("oil", codes=("oil",), unit=Unit.LITRE)
    publish(till, [*the_shelf(), oil])
    assert refused(till, "scan", code="oil") == "needs_measure"
    assert refused(till, "weigh", code="oil", weight_g=500) == "needs_measure"
    said = do(till, "scan", code="oil")["refusal"]
    assert said["say"] == f"{oil.name} 按升销售。"
    assert did(till, "scan", code="oil", quantity=500)["line"]["total"] == 175
