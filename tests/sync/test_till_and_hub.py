"""A real till and a real hub over HTTP: facts go up, prices come down, and both agree."""

import shutil
import threading
from functools import partial
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from journal.cursor import PAGE_ROWS_MAX
from journal.envelope import decode
from journal.stream import StreamBegan
from pos_client.catalogue.reading import UnknownBarcode
from pos_client.catalogue.service import UnknownCashier
from pos_client.inspection import stored_facts, verify
from pos_client.settings import TillSettings
from pos_client.till import Till
from rehearsal.cable import Cable
from rehearsal.processes import wait_until
from retail.catalogue import Cashier
from retail.facts import DenominationCount
from retail.money import Money
from sync_server.feed import records as published
from sync_server.lives import hub as hub_table
from sync_server.problems import revoked
from tests.builders import a_product, till_settings
from tests.hub.books import books, recounted, stored
from tests.served_hub import ServedHub
from tests.sync.conftest import (
    COLA,
    Enrol,
    Heard,
    Open,
    pull_all,
    push_all,
    run_enrol,
    sell,
)

WAIT_S = 60.0


def facts_of(till: Till) -> list[bytes]:
    return list(stored_facts(till.database))


def first_fact(till: Till) -> StreamBegan:
    """The one that begins the stream that writes."""
    facts = (decode(data) for data in facts_of(till))
    firsts = [fact.body for fact in facts if fact.inc == till.recorder.writer.stream.incarnation]
    return msgspec.json.decode(firsts[0], type=StreamBegan)


def agree(till: Till, hub: ServedHub) -> bool:
    """Whether the hub holds this till's facts, byte for byte, and both books are recounts."""
    kept = facts_of(till)
    held = [row.data for row in hub.read(stored) if row.till == till.who.till]
    assert verify(till.database, till.who).wrong == []
    return held == kept and hub.read(books) == hub.read(recounted)


# Facts go up


def test_what_was_sold_with_the_cable_out_arrives_once_and_whole(
    hub: ServedHub, cable: Cable, till: Till, heard: Heard
) -> None:
    cable.pull()
    for _ in range(30):
        sell(till)
    assert till.sync.push_once() is not None
    state = till.sync.state()
    assert (state.waiting, state.online) == (30, False)
    assert state.waiting_since == "2026-06-03T09:00:00.000+08:00"
    cable.plug()
    push_all(till)
    assert till.sync.state()[:6] == (0, "", True, False, "", "")
    assert agree(till, hub)
    assert hub.read(books).stock["S01", "cola", "sold"] == (30_000, 30)
    assert heard.names == ["sync.offline", "sync.online"]


def test_a_drawer_opened_without_a_sale_and_counted_cash_are_on_record_at_the_hub(
    hub: ServedHub, enrol: Enrol, open_till: Open
) -> None:
    till = open_till(enrol(printer="escpos+tcp://127.0.0.1:1"))
    pull_all(till)
    notes = (DenominationCount(10_000, 5),)
    till.shift.open("1001", 50_000, counts=notes)
    till.sale.open_drawer("change")
    till.shift.close(50_000, notes)
    push_all(till)
    assert agree(till, hub)
    held = [decode(row.data) for row in hub.read(stored)]
    assert [(each.type, bytes(each.body)) for each in held[2:3]] == [
        ("drawer.opened", b'{"reason":"change"}')
    ]
    opened, closed = held[1].body, held[3].body
    for body in (opened, closed):
        assert b'"counts":[{"value_minor":10000,"number":5}]' in bytes(body)


@pytest.mark.parametrize("lost", ["half a question", "the answer"])
def test_a_push_that_was_cut_is_sent_again_and_counts_once(
    hub: ServedHub, cable: Cable, till: Till, lost: str
) -> None:
    for _ in range(20):
        sell(till)
    if lost == "the answer":
        cable.pull_after(bytes_to_till=0)
    else:
        cable.pull_after(bytes_to_hub=600)
    assert till.sync.push_once() is not None
    wait_until(lambda: cable.pulled, WAIT_S, "the cable was pulled")
    cable.plug()
    push_all(till)
    assert agree(till, hub)
    assert hub.read(books).stock["S01", "cola", "sold"] == (20_000, 20)


def test_two_tills_of_a_store_add_up(
    hub: ServedHub, till: Till, enrol: Enrol, open_till: Open
) -> None:
    other = open_till(enrol("other"))
    pull_all(other)
    other.shift.open("1001", 10_000)
    for each in (till, other, till):
        sell(each)
        push_all(each)
    assert agree(till, hub)
    assert agree(other, hub)
    assert hub.read(books).stock["S01", "cola", "sold"] == (3_000, 3)
    pull_all(till)
    assert {row.till for row in hub.read(stored)} == {"S01-1", "S01-2"}


def test_a_till_that_is_opened_again_goes_on_where_it_was(
    hub: ServedHub, enrol: Enrol, open_till: Open
) -> None:
    settings = enrol()
    first = open_till(settings)
    pull_all(first)
    first.shift.open("1001", 0)
    sell(first)
    first.close()
    second = open_till(settings)
    sell(second)
    push_all(second)
    assert agree(second, hub)


def test_a_hub_that_lost_what_it_had_gets_it_again(
    hub: ServedHub, cable: Cable, till: Till, tmp_path: Path
) -> None:
    sell(till)
    push_all(till)
    hub.close()
    backup = shutil.copytree(tmp_path, tmp_path / "backup", ignore=lambda *_: {"till"})
    with ServedHub(f"sqlite:///{tmp_path / 'hub.db'}") as lucky:
        cable.set_target(lucky.port)
        for _ in range(5):
            sell(till)
        push_all(till)
    with ServedHub(f"sqlite:///{backup / 'hub.db'}") as restored:
        cable.set_target(restored.port)
        sell(till)
        push_all(till)
        assert till.sync.state().waiting == 0
        assert agree(till, restored)


def lose_marker(settings: TillSettings) -> None:
    """As after a move to another machine: the till goes on in a new incarnation."""
    for marker in settings.state.iterdir():
        marker.unlink()


def test_what_waits_longest_is_told_whatever_its_offset(
    hub: ServedHub, cable: Cable, till: Till, open_till: Open
) -> None:
    """In New York the clock shows less at the same moment."""
    cable.pull()
    sell(till)
    since = till.sync.state().waiting_since
    till.close()
    lose_marker(till.settings)
    hub.add_store(timezone="America/New_York")
    cable.plug()
    again = open_till(till.settings)
    pull_all(again)
    sell(again)
    assert "-04:00" in decode(facts_of(again)[-1]).at < since
    assert again.sync.state().waiting_since == since


@pytest.mark.parametrize("said", ["behind", "another life"])
def test_a_hub_that_lost_an_older_incarnation_gets_it_again(
    hub: ServedHub, cable: Cable, till: Till, open_till: Open, tmp_path: Path, said: str
) -> None:
    """The hub has less of the stream that writes, or it had nothing of that yet and only its
    epoch tells."""
    settings = till.settings
    hub.close()
    backup = shutil.copytree(tmp_path, tmp_path / "backup", ignore=lambda *_: {"till"})
    with ServedHub(f"sqlite:///{tmp_path / 'hub.db'}") as lucky:
        cable.set_target(lucky.port)
        for _ in range(5):
            sell(till)
        push_all(till)
        till.close()
        lose_marker(settings)
        again = open_till(settings)
        sell(again)
        if said == "behind":
            push_all(again)
    with ServedHub(f"sqlite:///{backup / 'hub.db'}") as restored:
        cable.set_target(restored.port)
        if said == "another life":
            life = update(hub_table).values(epoch="restored")
            restored.write(lambda connection: connection.execute(life))
    with ServedHub(f"sqlite:///{backup / 'hub.db'}") as restored:
        cable.set_target(restored.port)
        sell(again)
        push_all(again)
        assert again.sync.state().waiting == 0
        assert agree(again, restored)


def test_a_till_that_is_enrolled_with_another_hub_brings_it_all_it_ever_sold(
    hub: ServedHub, till: Till, open_till: Open, tmp_path: Path
) -> None:
    sell(till)
    push_all(till)
    till.close()
    with ServedHub(f"sqlite:///{tmp_path / 'another.db'}") as another:
        another.add_store()
        assert run_enrol(till.settings, another.url, another.enrol_code())[0] == 0
        again = open_till(till.settings)
        sell(again)
        push_all(again)
        assert agree(again, another)


def test_a_revoked_till_goes_on_selling_and_is_told(
    hub: ServedHub, till: Till, heard: Heard
) -> None:
    hub.do(hub.hub.revoke(till.who.till))
    sell(till)
    push_all(till)
    assert till.sync.pull_once() is not None
    assert till.sync.state()[:6] == (0, "", True, False, "revoked", "")
    reasons = [values.get("reason") for name, values in heard.events if name == "sync.quarantined"]
    assert reasons == ["the till is revoked"]
    assert heard.events[-1] == (
        "sync.refused",
        {
            "code": "revoked",
            "say": "总部已停用本机。",
            "remedy": "销售记录仍会保留；请向总部索取新的登记码。",
        },
    )
    assert till.sync.state().said == revoked().problem
    assert till.sync.push_once() is None  # a heartbeat does not hide it
    assert till.sync.state().problem == "revoked"
    assert sell(till) == 350


def test_a_till_that_is_replaced_by_a_new_machine_is_told(
    hub: ServedHub, till: Till, enrol: Enrol, heard: Heard, tmp_path: Path, cable: Cable
) -> None:
    new = till_settings(tmp_path / "new")
    assert run_enrol(new, cable.url, hub.enrol_code("S01", till.who.till))[0] == 0
    sell(till)
    assert till.sync.push_once() is not None
    assert till.sync.state().problem == "wrong_signature"
    assert till.sync.state().waiting == 1
    assert sell(till) == 350


# Prices come down


def test_a_new_price_comes_between_two_sales(hub: ServedHub, till: Till) -> None:
    till.sale.scan(COLA)
    hub.publish([a_product("cola", codes=(COLA,), price_minor=400)])
    pull_all(till)
    till.sale.scan(COLA)
    assert till.sale.basket.total.minor == 700
    assert till.catalogue.product(COLA).price_minor == 350
    till.sale.pay("cash", Money(700, "CNY"))
    assert sell(till) == 400


def test_a_till_in_wait_is_woken_by_a_new_price(
    hub: ServedHub, enrol: Enrol, open_till: Open
) -> None:
    """The real threads, the real wait, nobody turns a wheel."""
    till = open_till(enrol(heartbeat_s=0.05), sync=True)
    heard: list[str] = []
    till.start(lambda name, _: heard.append(name))
    wait_until(lambda: till.catalogue.known_products, WAIT_S, "the shelf is there")
    till.shift.open("1001", 0)
    wait_until(lambda: hub.hub.news.waiting, WAIT_S, "the till waits for news")
    sell(till)
    hub.publish([a_product("cola", codes=(COLA,), price_minor=400)])
    wait_until(
        lambda: till.catalogue.product(COLA).price_minor == 400, WAIT_S, "the new price is there"
    )
    wait_until(lambda: not till.sync.state().waiting, WAIT_S, "everything is acknowledged")
    said = [name for name in heard if name.startswith("sync.")]
    assert sorted(said) == ["sync.met", "sync.online"]
    assert heard.count("catalogue.swapped") == 2
    assert agree(till, hub)


def test_a_product_that_is_gone_is_not_sold_any_more(hub: ServedHub, till: Till) -> None:
    gone = {"cola": None}
    hub.write(lambda connection: published.publish(connection, "catalogue", "product", gone))
    pull_all(till)
    with pytest.raises(UnknownBarcode):
        till.catalogue.product(COLA)


def test_a_till_knows_its_own_stores_people_and_settings_only(
    hub: ServedHub, enrol: Enrol, open_till: Open
) -> None:
    hub.add_store("S02", name="成都太古里店", quantity_max=5_000)
    hub.publish_cashiers([Cashier("2001", "李强")], "S02")
    till = open_till(enrol("second", "S02"))
    pull_all(till)
    assert till.catalogue.settings.store_name == "成都太古里店"
    assert till.catalogue.settings.quantity_max == 5_000
    assert till.catalogue.cashier("2001").name == "李强"
    with pytest.raises(UnknownCashier):
        till.catalogue.cashier("1001")


def test_a_first_pull_that_is_cut_goes_on_and_never_shows_half_a_cut(
    hub: ServedHub, cable: Cable, enrol: Enrol, open_till: Open
) -> None:
    hub.publish([a_product(f"p{number}") for number in range(2 * PAGE_ROWS_MAX + 1_000)])
    settings = enrol()
    first = open_till(settings)
    assert first.sync.pull_once() == 0.0
    cable.pull_after(bytes_to_till=5_000)
    assert first.sync.pull_once() != 0.0
    assert first.catalogue.known_products == 0
    cursor = first.catalogue.next_cursor
    assert cursor
    first.close()

    second = open_till(settings)  # switched off and on in the middle
    assert second.catalogue.known_products == 0
    assert second.catalogue.next_cursor == cursor
    cable.plug()
    pages = 0
    while second.sync.pull_once() is not None:
        pages += 1
        assert second.catalogue.known_products == 0
    assert pages == 1  # of three, one came before the cut
    assert second.catalogue.known_products == 2 * PAGE_ROWS_MAX + 1_004


def test_a_later_cut_shows_nothing_before_it_is_whole(
    hub: ServedHub, cable: Cable, till: Till
) -> None:
    hub.publish([a_product("cola", codes=(COLA,), price_minor=400)])
    hub.publish([a_product(f"p{number}") for number in range(PAGE_ROWS_MAX + 1_000)])
    assert till.sync.pull_once() == 0.0
    cable.pull()
    assert till.sync.pull_once() != 0.0
    assert sell(till) == 350
    assert till.catalogue.known_products == 4
    cable.plug()
    pull_all(till)
    assert sell(till) == 400
    assert till.catalogue.known_products == PAGE_ROWS_MAX + 1_004


def test_a_cursor_of_another_life_of_the_hub_makes_the_till_start_over(
    hub: ServedHub, cable: Cable, till: Till, tmp_path: Path
) -> None:
    hub.write(lambda connection: connection.execute(update(hub_table).values(epoch="restored")))
    hub.publish([a_product("cola", codes=(COLA,), price_minor=400)])
    hub.close()
    with ServedHub(f"sqlite:///{tmp_path / 'hub.db'}") as restored:
        cable.set_target(restored.port)
        cursor = till.catalogue.next_cursor
        pull_all(till)
        assert till.catalogue.next_cursor != cursor
        assert sell(till) == 400
        push_all(till)
        assert till.sync.state()[:6] == (0, "", True, False, "", "")
        assert till.sync.who.epoch == "restored"


def test_a_row_of_tomorrow_spoils_nothing(hub: ServedHub, till: Till, heard: Heard) -> None:
    """A newer hub may publish what this till cannot read: it keeps what it knew."""
    body = msgspec.json.encode(a_product("cola", price_minor=400)).replace(b"cola", b"c", 1)
    strange = {
        "product": {"cola": body.replace(b'"price_minor":400', b'"price_minor":"free"')},
        "settings": {"S01": b'{"timezone":"Mars/Olympus"}'},
        "loyalty": {"plan": b"{}"},
    }
    for kind, bodies in strange.items():
        scope = "store:S01" if kind == "settings" else "catalogue"
        publishing = partial(published.publish, scope=scope, kind=kind, bodies=bodies)
        hub.write(publishing)
    hub.publish([a_product("water", price_minor=250, codes=("6921168509256",))])
    pull_all(till)
    assert sell(till) == 350
    assert sell(till, "6921168509256") == 250
    told = [values["key"] for name, values in heard.events if name == "catalogue.unreadable"]
    assert sorted(map(str, told)) == ["S01", "cola"]


def test_pulling_and_selling_go_on_beside_each_other(hub: ServedHub, till: Till) -> None:
    stop = threading.Event()

    def publish_prices() -> None:
        price = 351
        while not stop.is_set():
            hub.publish([a_product("cola", codes=(COLA,), price_minor=price)])
            pull_all(till)
            price += 1

    publishing = threading.Thread(target=publish_prices)
    publishing.start()
    try:
        for _ in range(40):
            till.sale.scan(COLA)
            price = till.sale.basket.total.minor
            till.sale.scan(COLA)
            assert till.sale.basket.total.minor == 2 * price  # one price in one sale
            till.sale.pay("cash", Money(2 * price, "CNY"))
    finally:
        stop.set()
        publishing.join(WAIT_S)
    push_all(till)
    assert agree(till, hub)
