"""The feed: the latest row per key in dense positions, each till its own store's."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy import Connection, select, update

from journal.cursor import PAGE_ROWS_MAX, Cursor
from journal.wire import MESSAGE_BYTES_MAX, Declared, FeedChange, FeedPage, FeedRow, read
from retail.catalogue import Cashier, StoreSettings
from sync_server import lives
from sync_server.catalogue.service import Published
from sync_server.feed import records
from sync_server.feed.records import feed
from sync_server.hub import Hub
from sync_server.periods.standing import tills
from sync_server.sync.records import locked
from tests.builders import a_product
from tests.hand_till import HandTill, problem_of, reply_of
from tests.hub.conftest import WAIT_S, TillMaker, waiting_for_news
from tests.hub.test_migrations import on_fresh
from tests.served_hub import ServedHub
from tests.spare_databases import SpareDatabases


def positions(hub: ServedHub, scope: str) -> dict[str, int]:
    """Where each key of a scope stands."""
    rows = hub.read(
        lambda connection: connection.execute(
            select(feed.c.key, feed.c.position)
            .where(feed.c.scope == scope)
            .order_by(feed.c.position)
        ).all()
    )
    return {row.key: row.position for row in rows}


def rows_of(pages: list[FeedPage]) -> list[FeedRow]:
    return [row for page in pages for row in page.rows]


def keys_of(pages: list[FeedPage], kind: str) -> list[str]:
    return [row.key for row in rows_of(pages) if row.kind == kind]


def test_a_new_till_pulls_settings_cashiers_and_products(hub: ServedHub, till: HandTill) -> None:
    hub.publish([a_product("cola"), a_product("water")])
    hub.publish_cashiers([Cashier("1001", "王芳")])
    page = till.pull()
    assert page.up_to_date
    assert page.epoch == hub.hub.voice.epoch
    kinds = [row.kind for row in page.rows]
    assert sorted(kinds) == ["cashier", "product", "product", "revision", "settings"]
    assert kinds[-2:] == ["product", "product"]  # what is small comes first
    products = [row.body for row in page.rows if row.kind == "product"]
    assert msgspec.json.decode(products[0], type=type(a_product())) == a_product("cola")


def test_positions_are_dense_in_the_order_of_commits(hub: ServedHub) -> None:
    hub.publish([a_product(f"p{number}") for number in range(5)])
    assert positions(hub, "catalogue") == {f"p{number}": number + 1 for number in range(5)}
    hub.publish([a_product("p1", price_minor=1), a_product("p3"), a_product("p9")])
    assert list(positions(hub, "catalogue").items())[-2:] == [("p1", 6), ("p9", 7)]


def test_publishers_at_the_same_time_take_no_position_twice(hub: ServedHub) -> None:
    async def publish_all() -> None:
        await asyncio.gather(
            *(
                hub.hub.office.publish_products(
                    [a_product(f"p{who}-{place}") for place in range(20)], "wang"
                )
                for who in range(6)
            )
        )

    hub.do(publish_all())
    taken = positions(hub, "catalogue")
    assert sorted(taken.values()) == list(range(1, 121))
    for who in range(6):  # each commit stands together
        own = [position for key, position in taken.items() if key.startswith(f"p{who}-")]
        assert own == list(range(own[0], own[0] + 20))


def test_of_several_who_publish_a_barcode_at_once_one_gets_it(hub: ServedHub) -> None:
    async def publish_all() -> list[Published]:
        work = (
            hub.hub.office.publish_products([a_product(f"p{who}", codes=("A",))], "wang")
            for who in range(6)
        )
        return await asyncio.gather(*work)

    assert sum(published.moved for published in hub.do(publish_all())) == 1
    assert len(positions(hub, "catalogue")) == 1


def test_what_is_published_again_unchanged_keeps_its_place(hub: ServedHub, till: HandTill) -> None:
    assert hub.publish([a_product("cola"), a_product("water")]) == 2
    hub.publish_cashiers([Cashier("1001", "王芳")])
    before = till.pull()
    assert hub.publish([a_product("cola"), a_product("water")]) == 0
    assert hub.publish_cashiers([Cashier("1001", "王芳")]) == 0
    hub.add_store()
    page = till.pull(before.cursor)
    assert (page.rows, page.up_to_date, page.cursor) == ([], True, before.cursor)


def test_only_what_changed_comes_after_a_cursor(hub: ServedHub, till: HandTill) -> None:
    hub.publish([a_product(f"p{number}") for number in range(50)])
    cursor = till.pull().cursor
    hub.publish([a_product("p7", price_minor=1), a_product("p8", price_minor=2)])
    hub.publish([a_product("p7", price_minor=3)])
    page = till.pull(cursor)
    assert keys_of([page], "product") == ["p8", "p7"]
    assert b'"price_minor":3' in bytes(page.rows[-1].body)


def test_what_is_one_stores_never_comes_to_another(hub: ServedHub, a_till: TillMaker) -> None:
    hub.add_store("S02", name="成都太古里店")
    hub.publish_cashiers([Cashier("2001", "李强")], "S02")
    hub.publish_cashiers([Cashier("1001", "王芳")], "S01")
    first, second = a_till("S01").pull_all(), a_till("S02").pull_all()
    assert (keys_of(first, "cashier"), keys_of(first, "settings")) == (["1001"], ["S01"])
    assert (keys_of(second, "cashier"), keys_of(second, "settings")) == (["2001"], ["S02"])
    settings = next(row for row in rows_of(second) if row.kind == "settings")
    assert msgspec.json.decode(settings.body, type=StoreSettings).store_name == "成都太古里店"


def test_a_cursor_does_not_open_another_stores_scope(hub: ServedHub, a_till: TillMaker) -> None:
    hub.add_store("S02")
    hub.publish_cashiers([Cashier("2001", "李强")], "S02")
    epoch = hub.hub.voice.epoch
    sly = Cursor(epoch, {"store:S02": 0, "catalogue": 0}).text()
    assert keys_of([a_till("S01").pull(sly)], "cashier") == []


def test_pages_hold_so_many_rows_and_only_the_last_is_whole(hub: ServedHub, till: HandTill) -> None:
    hub.publish([a_product(f"p{number}") for number in range(2 * PAGE_ROWS_MAX + 1_000)])
    pages = till.pull_all()
    assert [len(page.rows) for page in pages] == [PAGE_ROWS_MAX, PAGE_ROWS_MAX, 1_002]
    assert [page.up_to_date for page in pages] == [False, False, True]
    assert len(set(keys_of(pages, "product"))) == 2 * PAGE_ROWS_MAX + 1_000


def test_a_cut_of_exactly_full_pages_ends(hub: ServedHub, till: HandTill) -> None:
    hub.publish([a_product(f"p{number}") for number in range(2 * PAGE_ROWS_MAX - 1)])
    pages = till.pull_all()
    assert [len(page.rows) for page in pages][:2] == [PAGE_ROWS_MAX, PAGE_ROWS_MAX]
    assert len(set(keys_of(pages, "product"))) == 2 * PAGE_ROWS_MAX - 1


def test_a_row_that_changes_between_two_pages_comes_in_its_newest_state(
    hub: ServedHub, till: HandTill
) -> None:
    hub.publish([a_product(f"p{number}") for number in range(PAGE_ROWS_MAX + 1_000)])
    first = till.pull()
    hub.publish([a_product("p1", price_minor=1), a_product("p2999", price_minor=1)])
    rest = till.pull_all(first.cursor)
    latest = {row.key: bytes(row.body) for row in rows_of([first, *rest])}
    assert b'"price_minor":1,' in latest["p1"]
    assert b'"price_minor":1,' in latest["p2999"]
    assert keys_of(rest, "product").count("p2999") == 1


def test_a_page_is_smaller_than_a_message(hub: ServedHub, till: HandTill) -> None:
    hub.publish([a_product(f"p{number}", name="长" * 3_000) for number in range(600)])
    pages = till.pull_all()
    assert len(pages) > 1
    assert len(keys_of(pages, "product")) == 600
    assert all(len(msgspec.json.encode(page)) < MESSAGE_BYTES_MAX for page in pages)


def test_a_row_that_is_gone_comes_without_a_body(hub: ServedHub, till: HandTill) -> None:
    hub.publish([a_product("cola")])
    cursor = till.pull().cursor
    gone = {"cola": None}
    hub.write(lambda connection: records.publish(connection, "catalogue", "product", gone))
    (row,) = till.pull(cursor).rows
    assert (row.kind, row.key, bytes(row.body)) == ("product", "cola", b"null")


def test_a_page_names_how_far_each_till_of_the_store_is_in_the_books(
    hub: ServedHub, a_till: TillMaker
) -> None:
    hub.add_store("S02")
    first, second, elsewhere = a_till(), a_till(), a_till("S02")
    for till, sales in ((first, 3), (second, 1), (elsewhere, 9)):
        till.record_sales(sales)
        reply_of(till.push())
    assert first.pull().includes == {"S01-1": 5, "S01-2": 3}
    heir = a_till(till_id="S01-1", incarnation="B" * 26)
    heir.begin()
    reply_of(heir.push())
    assert heir.pull().includes == {"S01-1": 1, "S01-2": 3}


@pytest.mark.parametrize("false", ["x", "bm8=", "不", "{}", "A" * 5000, "====", "%00"])
def test_garbage_is_no_cursor(one_till: HandTill, false: str) -> None:
    for path in ("/v1/feed", "/v1/feed/wait"):
        answer = one_till.http.get(path, params={"cursor": false}, headers=one_till.bearer())
        assert (answer.status_code, problem_of(answer).code) == (410, "cursor")


@pytest.fixture(scope="module")
def one_till(one_hub: ServedHub) -> Iterator[HandTill]:
    with HandTill(one_hub.url) as till:
        till.enrol(one_hub.enrol_code())
        yield till


def test_a_cursor_of_another_life_of_the_hub_is_lost(hub: ServedHub, till: HandTill) -> None:
    epoch = hub.hub.voice.epoch
    hub.publish([a_product("cola")])
    for lost in (
        Cursor("another life", {}),
        Cursor(epoch, {"catalogue": 2}),  # more than there is: the hub's database is an older one
        Cursor(epoch, {"catalogue": 2**63 - 1}),
    ):
        answer = till.feed(lost.text())
        assert (answer.status_code, problem_of(answer).code) == (410, "cursor")
    assert till.pull(Cursor(epoch, {"catalogue": 1}).text()).up_to_date


def test_what_was_read_in_one_life_of_the_hub_is_not_told_in_another(
    hub: ServedHub, till: HandTill
) -> None:
    hub.publish([a_product(f"p{number:05}") for number in range(PAGE_ROWS_MAX + 1_000)])
    till.pull_all()
    till.pull_all()
    *_, last = keys_of(till.pull_all(), "product")
    ours = (feed.c.kind == "product") & (feed.c.key == last)
    hub.write(lambda c: c.execute(update(feed).where(ours).values(body=b'{"as of":"before"}')))
    epoch = hub.hub.voice.epoch
    hub.do(hub.hub._begin_epoch(epoch, lives.PROVED, epoch))
    rows = [row for page in till.pull_all() for row in page.rows if row.key == last]
    assert [bytes(row.body) for row in rows] == [b'{"as of":"before"}']


def test_a_wait_ends_when_this_process_publishes(hub: ServedHub, till: HandTill) -> None:
    with waiting_for_news(hub, till) as told:
        hub.publish([a_product("cola")])
        assert told.result(WAIT_S) == ("revisions", "catalogue")


def test_a_wait_ends_when_another_process_publishes(hub: ServedHub, till: HandTill) -> None:
    async def elsewhere() -> None:
        other = await Hub.open(hub.settings)
        try:
            await other.office.publish_cashiers("S01", [Cashier("1001", "王芳")])
        finally:
            await other.close()

    with waiting_for_news(hub, till) as told:
        asyncio.run(elsewhere())
        assert told.result(WAIT_S) == ("store:S01",)


def test_what_changed_before_the_wait_is_told_at_once(hub: ServedHub, till: HandTill) -> None:
    cursor = till.pull().cursor
    hub.publish([a_product("cola")])
    query = {"cursor": cursor, "wait": f"{WAIT_S}"}
    answer = till.http.get("/v1/feed/wait", params=query, headers=till.bearer())
    assert read(answer.content, FeedChange).changed == ("revisions", "catalogue")


@pytest.mark.parametrize("wait", ["0", "-5", "nan", "-inf", "soon", ""])
def test_a_wait_that_is_no_time_ends_at_once(one_till: HandTill, wait: str) -> None:
    query = {"cursor": one_till.pull().cursor, "wait": wait}
    answer = one_till.http.get("/v1/feed/wait", params=query, headers=one_till.bearer())
    assert read(answer.content, FeedChange).changed == ()


def test_nobody_waits_longer_than_the_hub_allows(database_url: str) -> None:
    with ServedHub(database_url, feed_wait_s_max=0.01) as hub:
        hub.add_store()
        with HandTill(hub.url) as till:
            till.enrol(hub.enrol_code())
            query = {"cursor": till.pull().cursor, "wait": "inf"}
            answer = till.http.get("/v1/feed/wait", params=query, headers=till.bearer())
    assert read(answer.content, FeedChange).changed == ()


def test_a_pull_is_a_contact_and_declares_the_head(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(3)
    reply_of(till.push(0, 2))
    hub.clock.move(timedelta(minutes=3))
    head = '{"seq":5,"hash":"x","waiting_since":"2026-06-03T09:12:00+08:00"}'
    told = {"Till-Incarnation": till.stream.incarnation, "Till-Head": head}
    assert till.feed(**told).status_code == 200
    (line,) = hub.do(hub.hub.office.overview())[0]
    assert (line.head_seq, line.declared_seq) == (2, 5)
    assert line.waiting_since == "2026-06-03T01:12:00.000+00:00"
    assert line.last_contact == hub.clock.at.isoformat(timespec="milliseconds")


def test_who_spoke_is_noted_while_another_till_s_push_goes_on_and_on(
    spare_databases: SpareDatabases,
) -> None:
    """Where writes do not wait for one another, on PostgreSQL."""
    with ExitStack() as undo:
        hub = undo.enter_context(ServedHub(spare_databases.take()))
        hub.add_store()
        held, free = (undo.enter_context(HandTill(hub.url, number)) for number in (1, 2))
        for till in (held, free):
            till.enrol(hub.enrol_code())
            till.record_sales(1)
            reply_of(till.push())
        began = hub.clock.now()
        hub.clock.move(timedelta(minutes=3))

        def push_on_and_on(connection: Connection) -> None:
            locked(connection, held.stream)
            for till in (held, free):
                hub.hub.note_contact(till.stream, Declared(3, till.head().hash), "")
            hub.do(hub.hub.write_contacts())

        on_fresh(hub.settings.database, push_on_and_on)
        spoke = [each.last_contact for each in hub.read(tills)]
    assert [datetime.fromisoformat(at) for at in spoke] == [began, hub.clock.now()]


def test_a_head_that_cannot_be_read_spoils_no_pull(hub: ServedHub, till: HandTill) -> None:
    till.begin()
    reply_of(till.push())
    for head in (
        "",
        "{}",
        "not json",
        '{"seq":-1,"hash":"x"}',
        '{"seq":1e9,"hash":"x"}',
        '{"seq":9223372036854775808,"hash":"x"}',
        '{"seq":1,"hash":"x","waiting_since":"\\u0000"}',
        '{"seq":1,"hash":"x","waiting_since":"long ago"}',
        '{"seq":1,"hash":"x","waiting_since":"9999-12-31T23:59:59-23:59"}',
    ):
        told = {"Till-Incarnation": till.stream.incarnation, "Till-Head": head}
        assert till.feed(**told).status_code == 200, head
        assert till.http.get("/hq").status_code == 200, head
    assert till.feed(**{"Till-Incarnation": "another", "Till-Head": '{"seq":1,"hash":"x"}'})
