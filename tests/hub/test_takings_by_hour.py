"""When takings came in: by the hour of the store's wall clock, and never other than the books."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text

from retail import accounts
from retail.accounts import SALES, is_takings
from retail.facts import (
    DrawerOpened,
    Fact,
    ReceivedLine,
    SaleCompleted,
    SaleVoided,
    ShiftClosed,
    StockReceived,
)
from retail.postings import MONEY, Posting, postings
from retail.shift import Balance, figures
from sync_server.feed import records as feed
from sync_server.feed.records import Head
from sync_server.ledgers import Tally, money_ledger, takings_by_hour
from sync_server.migrations import upgrade_connection
from sync_server.overview.records import LISTED_MAX, overview
from tests.builders import a_product
from tests.hand_till import HandTill, a_sale, an_opened_shift, reply_of
from tests.hub.conftest import TillMaker
from tests.hub.test_books import record_anything
from tests.journal.streams import an_envelope
from tests.retail import goods
from tests.served_hub import ServedHub

Row = tuple[str, ...]


def hourly(connection: Connection) -> dict[Row, tuple[int, int]]:
    """Takings and sales by business date, store, till, hour and currency."""
    return {
        tuple(row[:-2]): (row.amount, row.sales)
        for row in connection.execute(select(takings_by_hour))
    }


def by_day(connection: Connection) -> tuple[Counter[Row], Counter[Row]]:
    """Takings of each till's day: added up from the hours, and from the books."""
    hours: Counter[Row] = Counter()
    for (store, till, day, _, currency), (amount, sales) in hourly(connection).items():
        hours[day, store, till, currency, "takings"] += amount
        hours[day, store, till, currency, "sales"] += sales
    books: Counter[Row] = Counter()
    for row in connection.execute(select(money_ledger)):
        key = (row.business_date, row.store, row.till, row.currency)
        if is_takings(row.account):
            books[*key, "takings"] -= row.amount
            books[*key, "sales"] += row.entries if row.account == SALES else 0
    return hours, books


#: where cash goes that no customer paid
MOVED = st.tuples(
    st.sampled_from([accounts.SAFE, accounts.OVER_SHORT, accounts.tender("bank")]),
    st.integers(-100_000, 100_000),
)
NOT_SOLD: list[Fact] = [
    SaleVoided("changed her mind", "CNY", (), 0),
    DrawerOpened("change"),
    StockReceived("DN-1", (ReceivedLine("cola", 24_000),)),
]


@given(
    st.lists(goods.sales(), max_size=3),
    st.lists(st.sampled_from(NOT_SOLD), max_size=3),
    st.lists(MOVED, max_size=3),
    st.integers(0, 100_000),
    st.booleans(),
)
@settings(max_examples=30)
def test_till_and_hub_call_takings_what_customers_paid_whatever_else_moves_cash_in_the_drawer(
    sold: list[SaleCompleted],
    not_sold: list[Fact],
    moved: list[tuple[str, int]],
    float_minor: int,
    is_closed: bool,
) -> None:
    done: list[Fact] = [an_opened_shift(float_minor=float_minor), *sold, *not_sold]
    done += [ShiftClosed(1, "CNY", 7, 5, len(sold))] * is_closed
    entries = [entry for fact in done for entry in postings(fact)]
    for account, minor in moved:
        entries += [
            Posting(MONEY, accounts.DRAWER, "CNY", minor),
            Posting(MONEY, account, "CNY", -minor),
        ]
    tally = Tally("S01")
    tally.add(an_envelope(), entries)
    sums = tally.sums()
    of_shift = [Balance(row[-4], *row[-2:]) for row in sums[money_ledger]]
    at_hub = sum(row[-2] for row in sums[takings_by_hour])
    report = figures(of_shift, float_minor, "CNY")
    paid = sum(tender.amount_minor for sale in sold for tender in sale.tenders)
    assert report.takings_minor == at_hub == paid


def sell(till: HandTill, at: str, total: int = 350, **changes: str) -> None:
    till.record(a_sale(total=total, receipt=f"R{len(till.facts)}"), at=at, **changes)


def test_a_sale_counts_in_the_hour_it_was_made(hub: ServedHub, till: HandTill) -> None:
    till.begin()
    till.record(an_opened_shift())
    for at in ("2026-06-03T09:12:00+08:00", "2026-06-03T09:59:59.999+08:00"):
        sell(till, at)
    sell(till, "2026-06-04T00:01:00+08:00", 7700)
    reply_of(till.push())
    key = ("S01", "S01-1", "2026-06-03")
    assert hub.read(hourly) == {
        (*key, "2026-06-03T09", "CNY"): (700, 2),
        (*key, "2026-06-04T00", "CNY"): (7700, 1),
    }


@pytest.mark.parametrize("at", ["", "yesterday", "2026-06-03T25:00:00+08:00", "\0" * 13])
def test_a_sale_without_a_time_counts_all_the_same(hub: ServedHub, till: HandTill, at: str) -> None:
    till.record_sales(1)
    sell(till, at, 150)
    assert reply_of(till.push()).verdicts == ()
    assert hub.read(hourly)["S01", "S01-1", "2026-06-03", "", "CNY"] == (150, 1)
    hours, books = hub.read(by_day)
    assert hours == books


@pytest.mark.parametrize("seed", range(3))
def test_hours_add_up_to_the_books_whatever_comes(
    hub: ServedHub, a_till: TillMaker, seed: int
) -> None:
    """Facts of two days, a few of them spoiled, in pushes of any length, some of them twice."""
    chance = Random(seed)
    for _ in range(2):
        till = a_till()
        record_anything(till, chance, 60)
        for hour in (23, 8, 0):
            sell(till, f"2026-06-04T{hour:02}:30:00+08:00", 400, bdate="2026-06-04")
        base = 0
        while base < len(till.facts):
            upto = min(len(till.facts), base + chance.randrange(1, 20))
            reply_of(till.push(chance.randrange(0, base + 1), upto))
            base = upto
    hours, books = hub.read(by_day)
    assert hours == books
    assert len({day for day, *_ in hours}) == 2


def test_a_revoked_tills_sales_count_in_neither(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(2)
    reply_of(till.push(0, 3))
    hub.do(hub.hub.revoke(till.stream.till))
    reply_of(till.push(3))
    hours, books = hub.read(by_day)
    assert hours == books
    assert hours["2026-06-03", "S01", "S01-1", "CNY", "sales"] == 1


def test_what_a_hub_of_before_has_is_added_up_by_the_migration(
    hub: ServedHub, a_till: TillMaker
) -> None:
    for seed in (1, 2):
        till = a_till()
        record_anything(till, Random(seed), 60)
        sell(till, "never", 400)
        reply_of(till.push())
    hub.publish([a_product("cola"), a_product("water")])
    before, held = hub.read(hourly), hub.read(heads)

    def as_of_before(connection: Connection) -> None:
        of_later = "takings_by_hour revision revision_change barcode_claim opening_stock office_act"
        for table in f"{of_later} epoch intake settlement job backup period late_fact".split():
            connection.execute(text(f"DROP TABLE {table}"))
        for index in ("money_ledger_difference", "barcode_product"):
            connection.execute(text(f"DROP INDEX {index}"))
        of_later = "feed.gone_at scope_head.contents hub.first_epoch hub.place"
        of_streams = (
            "stream.began_because stream.predecessor stream.predecessor_seq stream.safe_seq"
            " stream.declared_hash stream.push_proof stream.business_date stream.closed_to"
            " stream.clock_ahead_s stream.program"
        )
        for column in f"{of_later} {of_streams}".split():
            table, _, name = column.partition(".")
            connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {name}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))

    hub.write(as_of_before)
    hub.write(upgrade_connection)
    assert hub.read(hourly) == before
    assert hub.read(heads) == held
    assert len(before) > 2


def heads(connection: Connection) -> dict[str, Head]:
    """Where the scopes stand, and what they hold."""
    return feed.heads(connection, ("catalogue", "revisions", "store:S01"))


def test_the_day_shown_is_the_latest_that_may_have_come(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(2)
    sell(till, "2026-06-03T10:00:00+08:00", 500, bdate="2062-01-01")
    reply_of(till.push())
    seen = hub.do(hub.hub.office.overview())
    assert seen.day == "2026-06-03"
    assert seen.takings["S01-1"] == ("2026-06-03", 700, 2)
    assert [(each.hour, each.minor, each.sales) for each in seen.hours] == [
        ("2026-06-03T09", 700, 2)
    ]


def test_a_drawer_that_was_short_is_looked_at_for_a_week(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(1)
    till.record(ShiftClosed(1, "CNY", 50_350, 50_000, 1))
    till.record(an_opened_shift(2), shift="AAAAAA-2")
    till.record(ShiftClosed(2, "CNY", 50_000, 50_000, 0), shift="AAAAAA-2")
    reply_of(till.push())
    (short,) = hub.do(hub.hub.office.overview()).differences
    assert short == ("S01-1", "2026-06-03", "AAAAAA-1", "CNY", -350)
    hub.clock.move(timedelta(days=8))

    def seen(connection: Connection) -> int:
        return len(overview(connection, hub.clock.now()).differences)

    assert hub.read(seen) == 0


def test_drawers_beyond_those_listed_are_counted(hub: ServedHub, till: HandTill) -> None:
    till.begin()
    for shift in range(1, LISTED_MAX + 11):
        till.record(an_opened_shift(shift), shift=f"AAAAAA-{shift}")
        till.record(ShiftClosed(shift, "CNY", 50_000, 49_999, 0), shift=f"AAAAAA-{shift}")
    reply_of(till.push())
    seen = hub.do(hub.hub.office.overview())
    assert (len(seen.differences), seen.differing) == (LISTED_MAX, LISTED_MAX + 10)
