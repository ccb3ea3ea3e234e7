"""What a till sells by is one whole revision, known by its name, whatever happens on the way."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import zstandard
from sqlalchemy import Connection, update

from journal.cursor import PAGE_ROWS_MAX
from pos_client.catalogue.books import CHECK_NOTED_EVERY
from pos_client.catalogue.service import CatalogueNotHere, PriceBookDamaged
from pos_client.sync.snapshot import Fetch
from pos_client.till import Till
from pricebook.book import Book
from pricebook.rows import CATALOGUE
from rehearsal.cable import Cable
from sync_server.feed import records as feed
from tests.builders import SteppedClock, a_product
from tests.served_hub import ServedHub
from tests.sync.conftest import COLA, Enrol, Heard, Open, pull_all, sell

AN_HOUR = timedelta(hours=1)
#: more than a page, few enough to be quick
MANY = PAGE_ROWS_MAX + 1_000


def named(hub: ServedHub) -> str:
    """The name of what the hub has in force."""
    return hub.read(lambda c: feed.head(c, CATALOGUE).contents).name


def cola_at(hub: ServedHub, price_minor: int) -> str:
    """Let cola cost that -> the revision's name."""
    hub.publish([a_product("cola", codes=(COLA,), price_minor=price_minor)])
    return named(hub)


def planned(hub: ServedHub, price_minor: int, after: timedelta) -> str:
    """Let cola cost that later -> the name that the revision will have."""
    number = hub.do(hub.hub.office.draft("", ""))
    cola = a_product("cola", codes=(COLA,), price_minor=price_minor)
    hub.do(hub.hub.office.put_products(number, [cola]))
    return hub.do(hub.hub.office.plan(number, hub.clock.now() + after, "wang"))


def clock_of(till: Till) -> SteppedClock:
    clock = till.recorder.clock
    assert isinstance(clock, SteppedClock)
    return clock


def test_the_till_names_what_it_sells_by_as_the_hub_does(hub: ServedHub, till: Till) -> None:
    assert till.catalogue.in_force.name == named(hub)
    name = cola_at(hub, 400)
    till.sale.scan(COLA)
    pull_all(till)
    assert till.catalogue.in_force.name != name  # a sale is open
    till.sale.pay("cash")
    assert till.catalogue.in_force.name == name
    assert till.catalogue.in_force.published_at.startswith("2026-06-03T01:00")


def test_a_parked_basket_goes_on_by_the_revision_of_then(hub: ServedHub, till: Till) -> None:
    till.sale.scan(COLA)
    till.sale.park()
    till.sale.scan(COLA)
    name = cola_at(hub, 400)
    pull_all(till)
    assert till.sale.pay("cash").due.minor == 0
    (changed,) = till.sale.resume()
    assert (changed.before.minor, changed.line.total.minor) == (350, 400)
    assert till.catalogue.in_force.name == name
    till.sale.pay("cash")
    assert till.sale.last_sale().fact.total_minor == 400


def spoil(till: Till, statement: str) -> None:
    """A row of the till's book becomes another one, and nobody knows why."""
    with till.catalogue.books.book.change() as change:
        change.driver.execute(statement)


CHEAP_WATER = (
    "UPDATE product SET body = CAST(replace(CAST(body AS TEXT), ':200', ':1') AS BLOB)"
    " WHERE product_id = 'water'"
)


def test_what_does_not_add_up_is_not_sold_by_and_pulled_anew(
    hub: ServedHub, till: Till, heard: Heard
) -> None:
    spoil(till, "UPDATE scope SET contents = replace(contents, '4:', '5:')")
    name = cola_at(hub, 400)
    while not till.sync.pull_once():
        assert "catalogue.differs" not in heard.names
    assert heard.names[-1] == "catalogue.differs"
    assert sell(till) == 350
    pull_all(till)
    assert (till.catalogue.in_force.name, sell(till)) == (name, 400)


def test_a_row_that_has_become_another_is_found_at_the_next_start(
    hub: ServedHub, till: Till, open_till: Open
) -> None:
    spoil(till, CHEAP_WATER)
    assert sell(till, "6921168509256") == 1
    till.close()
    again = open_till(till.settings)
    assert again.sync.pull_once()
    pull_all(again)
    assert (again.catalogue.in_force.name, sell(again, "6921168509256")) == (named(hub), 200)


def test_a_hub_that_does_not_add_up_is_not_pulled_from_in_a_circle(
    hub: ServedHub, till: Till, heard: Heard
) -> None:
    hub.write(lambda c: c.execute(update(feed.scope_head).values(contents=f"3:{7:064x}")))
    cola_at(hub, 400)
    waits = [till.sync.pull_once() for _ in range(12)]
    assert heard.names.count("catalogue.differs") == len([wait for wait in waits if wait])
    assert till.sync._repair_backoff.failures == heard.names.count("catalogue.differs") > 1
    assert sell(till) == 350


# A plan


def test_a_planned_price_counts_from_its_time_on_with_the_line_dead(
    hub: ServedHub, till: Till, cable: Cable, enrol: Enrol, open_till: Open
) -> None:
    name, before = planned(hub, 400, AN_HOUR), named(hub)
    pull_all(till)
    cable.pull()
    assert till.catalogue.seconds_until_pull() == CHECK_NOTED_EVERY.total_seconds()
    clock_of(till).move(AN_HOUR - timedelta(minutes=5))
    till.catalogue.books._check(whole=True)
    assert till.catalogue.seconds_until_pull() == timedelta(minutes=5).total_seconds()
    clock_of(till).move(-(AN_HOUR - timedelta(minutes=5)))
    till.sale.scan(COLA)
    clock_of(till).move(AN_HOUR)
    till.sync.pull_once()
    till.sale.scan(COLA)
    assert till.sale.basket.total.minor == 700  # the sale was open before
    till.sale.pay("cash")
    assert (till.catalogue.in_force.name, sell(till)) == (name, 400)
    assert before != name
    till.close()
    again = Till.open(till.settings, clock_of(till), sync=False)
    assert (again.catalogue.in_force.name, sell(again)) == (name, 400)
    again.close()


def test_a_plan_that_waits_for_a_sale_to_end_does_not_make_the_till_ask_and_ask(
    hub: ServedHub, till: Till
) -> None:
    planned(hub, 400, AN_HOUR)
    pull_all(till)
    till.sale.scan(COLA)
    clock_of(till).move(AN_HOUR)
    pull_all(till)
    assert till.catalogue.seconds_until_pull() == CHECK_NOTED_EVERY.total_seconds()
    till.sale.pay("cash")
    assert sell(till) == 400


def test_a_till_without_news_asks_now_and_then_whether_that_is_all(
    hub: ServedHub, till: Till
) -> None:
    pull_all(till)
    before = till.catalogue.in_force.checked_at
    for clock in (clock_of(till), hub.clock):
        clock.move(CHECK_NOTED_EVERY)
    assert till.sync.wait_for_news() == 0.0
    pull_all(till)
    assert till.catalogue.in_force.checked_at > before
    assert till.catalogue.seconds_until_pull() == CHECK_NOTED_EVERY.total_seconds()


def test_a_price_that_a_sale_could_not_let_in_comes_with_the_next_wait(
    hub: ServedHub, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.sale.scan(COLA)
    name = cola_at(hub, 400)
    pull_all(till)
    with monkeypatch.context() as meanwhile:
        # the other thread has the books in its hands at that moment
        meanwhile.setattr(till.catalogue.books, "swap", lambda: False)
        till.sale.pay("cash")
    assert till.catalogue.in_force.name != name
    till.settings.feed_wait_s = 0.01
    assert till.sync.wait_for_news() is None
    assert till.catalogue.in_force.name == name


def test_what_is_found_damaged_is_pulled_without_waiting_for_news(
    hub: ServedHub, till: Till
) -> None:
    spoil(till, "UPDATE product SET body = X'7B22'")
    with pytest.raises(PriceBookDamaged):
        till.catalogue.product(COLA)
    assert till.sync.wait_for_news() == 0.0
    pull_all(till)
    assert sell(till) == 350


def test_a_till_that_was_off_at_the_time_opens_with_the_planned_price(
    hub: ServedHub, till: Till, cable: Cable
) -> None:
    name = planned(hub, 400, AN_HOUR)
    pull_all(till)
    cable.pull()
    till.close()
    clock_of(till).move(AN_HOUR)
    again = Till.open(till.settings, clock_of(till), sync=False)
    assert (again.catalogue.in_force.name, sell(again)) == (name, 400)
    again.close()


def on_a_machine_started_anew(till: Till, ahead: timedelta) -> Till:
    """Its clock is so much ahead, and nothing is known any more of the hub's time."""
    till.close()
    clock = SteppedClock(clock_of(till).at + ahead)
    clock.boot = "another"
    again = Till.open(till.settings, clock, sync=False)
    again.sync.pull_once()
    return again


def test_a_plan_that_a_wrong_clock_put_in_force_is_taken_back_once_the_time_is_known(
    hub: ServedHub, till: Till, cable: Cable
) -> None:
    before = named(hub)
    name = planned(hub, 400, AN_HOUR)
    pull_all(till)
    cable.pull()
    again = on_a_machine_started_anew(till, timedelta(days=1))
    assert (again.catalogue.in_force.name, sell(again)) == (name, 400)
    cable.plug()
    pull_all(again)
    assert again.catalogue.seconds_until_pull() == 0.0
    pull_all(again)
    assert (again.catalogue.in_force.name, sell(again)) == (before, 350)
    clock_of(again).move(AN_HOUR)
    pull_all(again)
    assert (again.catalogue.in_force.name, sell(again)) == (name, 400)
    again.close()


def test_a_clock_that_goes_back_takes_no_plan_back_while_nobody_knows_the_time(
    hub: ServedHub, till: Till, cable: Cable
) -> None:
    name = planned(hub, 400, AN_HOUR)
    pull_all(till)
    clock_of(till).move(AN_HOUR)
    pull_all(till)
    assert sell(till) == 400
    cable.pull()
    again = on_a_machine_started_anew(till, -timedelta(days=1))
    assert (again.catalogue.in_force.name, sell(again)) == (name, 400)
    again.close()


def test_what_the_hub_publishes_meanwhile_goes_under_the_plan(
    hub: ServedHub, till: Till, cable: Cable
) -> None:
    """The till's clock is a little ahead: it sells by the plan before the hub does."""
    name = planned(hub, 400, AN_HOUR)
    pull_all(till)
    clock_of(till).move(AN_HOUR)
    hub.clock.move(AN_HOUR - timedelta(seconds=30))
    till.sync.pull_once()
    assert (till.catalogue.in_force.name, sell(till)) == (name, 400)
    hub.publish([a_product("water", price_minor=1, codes=("6921168509256",))])
    pull_all(till)
    assert (sell(till), sell(till, "6921168509256")) == (400, 1)
    hub.clock.move(AN_HOUR)
    hub.do(hub.hub.office.publish_due())
    pull_all(till)
    assert till.catalogue.in_force.name == named(hub)
    assert (sell(till), till.catalogue.books.next_due) == (400, None)


def test_a_plan_that_is_withdrawn_is_not_sold_by(hub: ServedHub, till: Till) -> None:
    before = named(hub)
    planned(hub, 400, AN_HOUR)
    pull_all(till)
    clock_of(till).move(AN_HOUR)
    till.sync.pull_once()
    assert sell(till) == 400
    hub.do(hub.hub.office.withdraw(2, "wang"))
    pull_all(till)
    assert (till.catalogue.in_force.name, sell(till)) == (before, 350)


# A snapshot


@pytest.fixture
def large(hub: ServedHub) -> str:
    """The hub has many products -> the revision's name."""
    hub.hub.book._snapshot_from_rows = MANY
    hub.publish([a_product(f"p{number}", codes=(f"code-{number}",)) for number in range(MANY)])
    return named(hub)


def pull_patiently(till: Till) -> None:
    """Pull until the till has everything; a snapshot that is being made is waited for."""
    while till.sync.pull_once() is not None:
        pass


def begun(till: Till) -> Fetch:
    """The fetch that the till begins."""
    while till.sync._fetch is None:
        assert till.sync.pull_once() is not None, "it came row by row"
    return till.sync._fetch


def test_a_fresh_till_fetches_a_snapshot_and_sells_by_it(
    hub: ServedHub, large: str, enrol: Enrol, open_till: Open
) -> None:
    till = open_till(enrol(snapshot_from_rows=1_000, snapshot_mbit_s_min=0))
    pull_patiently(till)
    assert till.catalogue.in_force.name == large
    assert till.catalogue.known_products == MANY + 4
    assert till.catalogue.settings.store_name
    assert till.catalogue.cashier("1001").name == "王芳"
    assert till.catalogue.product("code-77").product_id == "p77"
    assert list(till.catalogue.folder.glob("*.part")) == []


def test_a_line_that_is_cut_in_a_chunk_goes_on_with_that_chunk(
    hub: ServedHub, large: str, cable: Cable, enrol: Enrol, open_till: Open
) -> None:
    settings = enrol(snapshot_from_rows=1_000, snapshot_mbit_s_min=0)
    till = open_till(settings)
    names = begun(till).snapshot.chunks
    cable.pull_after(bytes_to_till=20_000)
    assert till.sync.pull_once() != 0.0
    with pytest.raises(CatalogueNotHere):
        till.catalogue.product(COLA)
    till.close()
    cable.plug()
    again = open_till(settings)  # switched off and on in the middle
    pull_patiently(again)
    assert len(names) == 1
    assert (again.catalogue.in_force.name, again.catalogue.known_products) == (large, MANY + 4)


def test_bytes_that_are_not_the_snapshot_are_thrown_away(
    hub: ServedHub, large: str, enrol: Enrol, open_till: Open
) -> None:
    till = open_till(enrol(snapshot_from_rows=1_000, snapshot_mbit_s_min=0))
    (name,) = begun(till).snapshot.chunks
    file = hub.settings.book_folder / name
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert till.sync.pull_once()
    file.write_bytes(whole)
    pull_patiently(till)
    assert till.catalogue.in_force.name == large


def test_a_snapshot_that_comes_damaged_twice_is_given_up_for_rows(
    hub: ServedHub, large: str, enrol: Enrol, open_till: Open
) -> None:
    till = open_till(enrol(snapshot_from_rows=1_000, snapshot_mbit_s_min=0))
    (name,) = begun(till).snapshot.chunks
    (hub.settings.book_folder / name).write_bytes(b"no chunk")
    pull_patiently(till)
    assert till.catalogue.in_force.name == large


def test_a_chunk_that_unpacks_to_more_than_a_chunk_is_thrown_away(
    hub: ServedHub, large: str, enrol: Enrol, open_till: Open
) -> None:
    till = open_till(enrol(snapshot_from_rows=1_000, snapshot_mbit_s_min=0))
    fetch = begun(till)
    bomb = zstandard.ZstdCompressor().compress(bytes(64 * 1024 * 1024))
    name = sha256(bomb).hexdigest()
    (hub.settings.book_folder / name).write_bytes(bomb)
    fetch.snapshot.chunks[:] = [name]
    assert till.sync.pull_once()
    assert not fetch.file.exists()
    pull_patiently(till)
    assert till.catalogue.in_force.name == large


def test_a_snapshot_whose_files_somebody_removed_is_made_again(
    hub: ServedHub, large: str, enrol: Enrol, open_till: Open
) -> None:
    till = open_till(enrol(snapshot_from_rows=1_000, snapshot_mbit_s_min=0))
    (name,) = begun(till).snapshot.chunks
    (hub.settings.book_folder / name).unlink()
    assert till.sync.pull_once() is not None
    assert begun(till).snapshot.chunks == [name]
    assert (hub.settings.book_folder / name).is_file()
    pull_patiently(till)
    assert till.catalogue.in_force.name == large


def test_a_slow_line_brings_rows(hub: ServedHub, large: str, enrol: Enrol, open_till: Open) -> None:
    till = open_till(enrol(snapshot_from_rows=1_000, snapshot_mbit_s_min=1e9))
    hub.hub.book._cutting = None
    pull_patiently(till)
    assert till.catalogue.in_force.name == large


def test_a_till_goes_on_selling_while_a_snapshot_takes_the_place_of_its_book(
    hub: ServedHub, till: Till, enrol: Enrol, open_till: Open
) -> None:
    settings = till.settings.model_copy(
        update={"snapshot_from_rows": 1_000, "snapshot_mbit_s_min": 0}
    )
    till.close()
    till = open_till(settings)
    hub.hub.book._snapshot_from_rows = MANY
    hub.publish([a_product(f"p{number}") for number in range(MANY)])
    cola_at(hub, 400)
    till.sale.scan(COLA)
    pull_patiently(till)
    till.sale.scan(COLA)
    assert till.sale.basket.total.minor == 700
    assert till.catalogue.known_products == 4
    till.sale.pay("cash")
    assert (till.catalogue.in_force.name, sell(till)) == (named(hub), 400)
    assert len(list(till.catalogue.folder.glob("book-*.db"))) == 1


def test_the_hubs_own_book_begins_anew_when_it_is_of_another_life(
    hub: ServedHub, large: str, tmp_path: Path
) -> None:
    book = hub.do(hub.hub.book.up_to_date())
    assert book.contents(CATALOGUE).name == large
    hub.hub.book._voice = hub.hub.voice._replace(epoch="another")
    hub.hub.book._book = None
    assert hub.do(hub.hub.book.up_to_date()).contents(CATALOGUE).name == large
    book.close()


def spoil_heads(connection: Connection, scope: str) -> None:
    """The hub says that the scope holds something else."""
    wrong = update(feed.scope_head).where(feed.scope_head.c.scope == scope)
    connection.execute(wrong.values(contents=f"3:{7:064x}"))


def test_a_hub_whose_rows_do_not_add_up_counts_them_anew(hub: ServedHub, till: Till) -> None:
    name = named(hub)
    hub.write(lambda c: spoil_heads(c, CATALOGUE))
    assert named(hub) != name
    assert hub.do(hub.hub.book.up_to_date()).contents(CATALOGUE).name == name == named(hub)
    pull_all(till)
    assert till.catalogue.in_force.name == name


def test_a_book_that_is_none_is_set_aside_and_pulled_again(
    hub: ServedHub, till: Till, open_till: Open
) -> None:
    file = till.catalogue.books.book.file
    till.close()
    file.write_bytes(b"no database at all" * 1_000)
    again = open_till(till.settings)
    with pytest.raises(CatalogueNotHere):
        again.catalogue.product(COLA)
    pull_all(again)
    assert sell(again) == 350
    assert file.with_suffix(".damaged").exists()
    assert isinstance(again.catalogue.books.book, Book)
