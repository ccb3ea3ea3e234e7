"""Books are read from real databases: one shop of real programs, and copies that were tampered
with."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest

from pos_client.till import Till
from rehearsal import books
from rehearsal.books import (
    SHOWN_LIMIT,
    Account,
    Books,
    Difference,
    Stream,
    differences,
    hub_books,
    main,
    merged,
    outcome,
    till_books,
)
from rehearsal.postgresql import PostgreSQL
from rehearsal.shop import Shop
from rehearsal.snapshot import UnreadableBooks
from rehearsal.store_day.cashiers import Cashiers
from rehearsal.store_day.telling import Telling
from retail.basket import Discount
from retail.catalogue import StoreSettings
from retail.money import Money
from tests.builders import a_product, open_till, publish

A_STREAM = Stream(2, "a" * 64, "b" * 64)


class Traded(NamedTuple):
    """What a shop left behind that sold a little."""

    hub_url: str
    tills: list[Path]


def trade(folder: Path, database_url: str) -> Traded:
    """Two tills of two stores open, receive, sell and close, all in step with the hub."""
    with (
        Shop(folder, database_url) as shop,
        (folder / "told.txt").open("w", encoding="utf-8") as told,
        Cashiers(shop, Telling(told)) as people,
    ):
        people.import_demo()
        shop.start_hub()
        for store in ("S01", "S02"):
            home = shop.enrol(store)
            people.homes[home.till_id] = home
        people.start(*people.homes)
        for till_id, home in people.homes.items():
            cashier = {"S01-1": "1001", "S02-1": "2001"}[till_id]
            people.act(till_id, "open_shift", cashier=cashier, float=100_00)
            people.receive(till_id, "DN-1", {"cola": 5, "apples": 3_000})
            people.sell(till_id, {"cola": 2, "apples": 655}, [("card", 5_00), ("cash", 20_00)])
            expected = people.act(till_id, "x_report")["x"]["expected_cash"]
            people.act(till_id, "close_shift", counted=expected - 50)
            people.wait_for_sync(till_id)
            people.tills[till_id].close_input()
            assert people.tills[till_id].wait() == 0, home
        return Traded(database_url, [home.database_file for home in shop.homes])


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Traded:
    folder = tmp_path_factory.mktemp("shop")
    return trade(folder, f"sqlite:///{folder / 'hub.db'}")


@pytest.fixture
def hub_copy(traded: Traded, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A copy of the hub's database, at `tmp_path/hub.db`, open for whoever tampers."""
    original = Path(traded.hub_url.removeprefix("sqlite:///"))
    for file in original.parent.glob(f"{original.name}*"):
        if file.is_file():
            shutil.copy(file, tmp_path)
    with closing(sqlite3.connect(tmp_path / "hub.db", isolation_level=None)) as database:
        yield database


def named(traded: Traded, tmp_path: Path) -> list[tuple[str, ...]]:
    tills = merged(map(till_books, traded.tills))
    found = differences(tills, hub_books(f"sqlite:///{tmp_path / 'hub.db'}"))
    return [(difference.book, *difference.key) for difference in found]


# --- a till alone


def test_a_float_and_a_closed_shift_do_not_change_what_customers_paid(till: Till) -> None:
    till.shift.open("1001", 500_00)
    till.sale.scan("6901028075022", 2_000)
    till.sale.discount(Discount("bent", amount_minor=100))
    till.sale.pay("cash", Money(10_00, "CNY"))
    before = till_books(till.database.file)
    till.shift.close(505_00)
    after = till_books(till.database.file)
    (day,) = before.sales
    assert before.sales == {day: 1}
    assert before.takings == {day: 6_00}
    assert before.tenders == {(*day, "cash"): 6_00} == after.tenders
    assert before.drawer == {"S01-1": 506_00}
    assert after.drawer == {"S01-1": 0}
    assert before.sold == {"cola": 2_000}
    assert before.on_hand == {("S01", "cola"): -2_000}


def test_every_payment_is_counted_under_its_tender(till: Till) -> None:
    till.shift.open("1001", 0)
    till.sale.weigh("2100001", 655)
    till.sale.pay("wechat", Money(3_00, "CNY"))
    till.sale.pay("cash", Money(20_00, "CNY"))
    read = till_books(till.database.file)
    (day,) = read.sales
    assert read.tenders == {(*day, "wechat"): 3_00, (*day, "cash"): 5_38}
    assert read.takings == {day: 8_38}


def test_takings_are_those_of_the_x_report_and_goods_what_they_cost(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        publish(till, [a_product(price_minor=352)], StoreSettings(cash_step_minor=10))
        till.shift.open("1001", 0)
        till.sale.scan("code-cola")
        till.sale.pay("cash")
        read = till_books(till.database.file)
        (day,) = read.sales
        assert read.goods == {day: 3_52}
        assert read.takings == {day: till.shift.figures().takings_minor} == {day: 3_50}


def test_a_stream_counts_all_its_facts_whatever_they_mean(till: Till) -> None:
    before = till_books(till.database.file)
    till.shift.open("1001", 0)
    till.sale.scan("6901028075022")
    till.sale.void("changed her mind")
    after = till_books(till.database.file)
    assert after.facts == before.facts + 2
    assert after.streams.keys() == before.streams.keys()
    assert after.streams != before.streams
    assert not after.sales


# --- a till and its hub


@pytest.mark.slow
def test_the_books_of_a_hub_and_its_tills_agree(traded: Traded) -> None:
    tills, hub = merged(map(till_books, traded.tills)), hub_books(traded.hub_url)
    assert differences(tills, hub) == []
    assert {till for till, _ in hub.sales} == {"S01-1", "S02-1"}
    assert sum(hub.sales.values()) == 2
    assert hub.on_hand["S02", "apples"] == 3_000 - 655
    assert hub.facts == sum(till_books(file).facts for file in traded.tills) > 8


@pytest.mark.slow
def test_the_books_of_a_hub_on_postgresql_agree_too(postgresql: PostgreSQL, tmp_path: Path) -> None:
    traded = trade(tmp_path, postgresql.create_database("books"))
    tills = merged(map(till_books, traded.tills))
    assert differences(tills, hub_books(traded.hub_url)) == []
    asyncio.run(_execute(traded.hub_url, "UPDATE stock_ledger SET amount = amount + 1"))
    found = differences(tills, hub_books(traded.hub_url), only=("sold",))
    assert [difference.key for difference in found] == [("apples",), ("cola",)]


async def _execute(url: str, statement: str) -> None:
    database = await asyncpg.connect(url)
    try:
        await database.execute(statement)
    finally:
        await database.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE money_ledger SET amount = amount - 1 WHERE account = 'tax:VAT9'", "takings"),
        ("UPDATE money_ledger SET amount = amount - 1 WHERE account = 'sales'", "goods"),
        ("UPDATE money_ledger SET entries = 2 WHERE account = 'sales'", "sales"),
        ("UPDATE money_ledger SET amount = 0 WHERE account = 'tender:card'", "tenders"),
        ("UPDATE money_ledger SET amount = 1 WHERE account = 'drawer'", "drawer"),
        ("UPDATE stock_ledger SET amount = 0 WHERE account = 'sold'", "sold"),
        ("DELETE FROM stock_ledger WHERE account = 'store'", "on_hand"),
        ("UPDATE money_ledger SET store = 'S09'", "accounts"),
        ("UPDATE money_ledger SET shift = 'another-1'", "accounts"),
        ("UPDATE money_ledger SET currency = 'USD'", "accounts"),
        ("UPDATE money_ledger SET account = 'tax:VAT6' WHERE account = 'tax:VAT9'", "accounts"),
        ("UPDATE money_ledger SET entries = 7 WHERE account = 'drawer'", "accounts"),
        ("UPDATE stock_ledger SET account = 'lost' WHERE account = 'supplier'", "accounts"),
        ("DELETE FROM journal WHERE type = 'sale.completed'", "streams"),
        ("UPDATE journal SET data = data || ' ' WHERE type = 'shift.opened'", "streams"),
        ("UPDATE journal SET hash = 'x' WHERE type = 'shift.closed'", "streams"),
    ],
)
def test_whatever_is_changed_at_the_hub_is_named(
    traded: Traded, tmp_path: Path, hub_copy: sqlite3.Connection, statement: str, expected: str
) -> None:
    assert named(traded, tmp_path) == []
    hub_copy.execute(statement)
    assert expected in {book for book, *_ in named(traded, tmp_path)}


@pytest.mark.slow
def test_the_command_names_a_tampered_row_and_exits_with_1(
    traded: Traded,
    tmp_path: Path,
    hub_copy: sqlite3.Connection,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = [f"sqlite:///{tmp_path / 'hub.db'}", *map(str, traded.tills)]
    assert main(arguments) == 0
    assert capsys.readouterr().out == "the books agree\n"
    hub_copy.execute(
        "UPDATE stock_ledger SET amount = amount - 1000"
        " WHERE (store, product, account) = ('S02', 'cola', 'store')"
    )
    assert main(arguments) == 1
    assert capsys.readouterr().out.splitlines() == [
        "on hand of S02 cola: tills 3000, hub 2000",
        "accounts of stock S02 cola store: tills 3000 in 2 postings, hub 2000 in 2 postings",
        "the books differ in 2 places",
    ]


# --- the comparison


def test_the_books_of_several_tills_add_up() -> None:
    one = Books({("T1", "d"): 2}, sold={"cola": 5}, streams={("T1", "i"): A_STREAM})
    two = Books({("T2", "d"): 1}, sold={"cola": -1, "pen": 1}, streams={("T2", "i"): A_STREAM})
    shelf = ("stock", "S01", "cola", "store")
    shared = [each._replace(accounts={shelf: Account(-2, 3)}) for each in (one, two)]
    assert merged(shared).accounts == {shelf: Account(-4, 6)}
    both = merged([one, two])
    assert both.sales == {("T1", "d"): 2, ("T2", "d"): 1}
    assert both.sold == {"cola": 4, "pen": 1}
    assert both.facts == 4


def test_the_same_facts_are_not_added_twice() -> None:
    once = Books(streams={("T1", "i"): A_STREAM})
    with pytest.raises(ValueError, match="twice"):
        merged([once, once])


def test_a_sum_that_is_not_there_is_nothing_and_facts_that_are_not_there_are_missed() -> None:
    left = Books(sold={"cola": 0}, streams={("T1", "i"): A_STREAM})
    assert differences(left, Books()) == [Difference("streams", ("T1", "i"), A_STREAM, None)]
    assert differences(Books(), left) == [Difference("streams", ("T1", "i"), None, A_STREAM)]


def test_only_the_books_asked_for_are_compared() -> None:
    left = Books({("T1", "d"): 1}, sold={"cola": 1000})
    assert differences(left, Books(), only=["sold"]) == [Difference("sold", ("cola",), 1000, 0)]
    with pytest.raises(ValueError, match="no such book: stock"):
        differences(left, left, only=["stock"])


def test_a_difference_names_the_key_and_both_values() -> None:
    money = Difference("on_hand", ("S01", "cola"), 3000, 2000)
    assert money.say("file", "hub") == "on hand of S01 cola: file 3000, hub 2000"
    facts = Difference("streams", ("T1", "i"), A_STREAM, None)
    assert facts.say("tills", "hub") == (
        "streams of T1 i: tills 2 facts, head aaaaaaaaaaaa, bytes bbbbbbbbbbbb, hub none"
    )


def test_of_very_many_differences_the_first_are_named_and_all_are_counted() -> None:
    left = Books(sold={f"p{number:03}": 1 for number in range(SHOWN_LIMIT + 5)})
    lines = outcome([each.say("tills", "hub") for each in differences(left, Books())])
    assert len(lines) == SHOWN_LIMIT + 2
    assert lines[-2:] == ["and 5 more", f"the books differ in {SHOWN_LIMIT + 5} places"]


def test_books_that_cannot_be_read_say_where_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "till.db"
    with pytest.raises(UnreadableBooks, match=r"till\.db"):
        till_books(missing)
    (tmp_path / "letter.db").write_text("Dear hub, " * 200)
    with pytest.raises(UnreadableBooks, match="not a database"):
        hub_books(f"sqlite:///{tmp_path / 'letter.db'}")
    with pytest.raises(UnreadableBooks, match="neither"):
        hub_books("mysql://root@nowhere/hub")
    with pytest.raises(UnreadableBooks, match="postgresql"):
        hub_books(f"postgresql://nobody@/hub?host={tmp_path}")
    assert main([f"sqlite:///{missing}", str(missing)]) == 1
    assert str(missing) in capsys.readouterr().err
    assert main([]) == 2
    assert books.AGREE not in capsys.readouterr().out
