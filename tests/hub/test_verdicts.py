"""What a fact says is never refused: it is applied, or kept with a reason, and the next go on."""

import asyncio
from random import Random
from string import ascii_letters

import msgspec
import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.util import await_only

from journal.push import open_batch
from journal.wire import Verdict, VerdictCode
from rehearsal.postgresql import PostgreSQL
from retail.facts import TYPES, Fact, SaleCompleted, encode
from retail.money import AMOUNT_MAX
from retail.tender import Tender
from sync_server.recorder import ACCOUNT_CHARACTERS_MAX, REVOKED, Source, append, append_carefully
from tests.hand_till import HandTill, a_delivery, a_sale, reply_of, the_verdict, verdicts_of
from tests.hub.books import Row, books, recounted, stored
from tests.hub.broken import a_newer_program
from tests.hub.conftest import TillMaker
from tests.served_hub import ServedHub


def row_at(hub: ServedHub, seq: int) -> Row:
    (row,) = [row for row in hub.read(stored) if row.seq == seq]
    return row


def goes_on_after(hub: ServedHub, till: HandTill) -> bool:
    """Whether the last fact is kept as it came, and a sale after it is applied."""
    before = hub.read(books).stock.get(("S01", "cola", "sold"), (0, 0))
    kept = row_at(hub, len(till.facts)).data == till.facts[-1]
    till.record_sales(1)
    assert verdicts_of(till.push(len(till.facts) - 1)) == {}
    after = hub.read(books).stock["S01", "cola", "sold"]
    return kept and after == (before[0] + 1000, before[1] + 1)


def test_a_fact_of_a_newer_kind_waits(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(1)
    till.record_bytes(b'{"parcel":"P-7"}', "parcel.collected", 1)
    verdict = the_verdict(till.push())
    assert (verdict.seq, verdict.code) == (4, VerdictCode.WAITING)
    assert "parcel.collected" in verdict.reason
    assert goes_on_after(hub, till)


def test_a_newer_version_of_a_known_kind_waits(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(1)
    name, version = TYPES[SaleCompleted]
    till.record_bytes(encode(a_sale()), name, version + 1)
    assert the_verdict(till.push()).code == VerdictCode.WAITING
    assert goes_on_after(hub, till)


def test_an_older_version_is_read_in_todays_words(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(1)
    with a_newer_program():
        assert verdicts_of(till.push()) == {}
        till.record_bytes(encode(a_sale()), "sale.completed", 2)
        assert verdicts_of(till.push(3)) == {}
        assert hub.read(books).stock["S01", "cola", "sold"] == (2000 + 1000, 2)
        assert hub.read(books) == hub.read(recounted)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"null",
        b'{"receipt":"\xff\xfe"}',
        b"[" * 900 + b"]" * 900,
        encode(a_sale()).replace(b'"total_minor":350', b'"total_minor":3.5'),
        encode(a_sale()).replace(b'"quantity":1000', b'"quantity":1%s' % (b"0" * 400)),
    ],
    ids=["empty", "null", "no utf-8", "deep", "a float", "a huge number"],
)
def test_a_body_without_its_shape_is_quarantined(
    hub: ServedHub, till: HandTill, body: bytes
) -> None:
    till.record_sales(1)
    till.record_bytes(body, "sale.completed", 1)
    verdict = the_verdict(till.push())
    assert (verdict.seq, verdict.code) == (4, VerdictCode.QUARANTINED)
    assert verdict.reason
    assert goes_on_after(hub, till)


def test_a_sale_that_does_not_add_up_is_quarantined(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(1)
    till.record(msgspec.structs.replace(a_sale(), total_minor=351))
    verdict = the_verdict(till.push())
    assert (verdict.seq, verdict.code) == (4, VerdictCode.QUARANTINED)
    assert "add up" in verdict.reason
    assert row_at(hub, 4).reason == verdict.reason
    assert goes_on_after(hub, till)


def test_a_verdict_is_repeated_word_for_word(hub: ServedHub, till: HandTill) -> None:
    till.record_sales(1)
    till.record_bytes(b"{}", "sale.completed", 1)
    till.record_bytes(b"{}", "parcel.collected", 1)
    till.record_sales(1)
    first = reply_of(till.push())
    assert [verdict.seq for verdict in first.verdicts] == [4, 5]
    assert reply_of(till.push()).verdicts == first.verdicts
    assert reply_of(till.push(4, 5)).verdicts == first.verdicts[1:]
    till.record_bytes(b"{}", "sale.completed", 1)
    both = reply_of(till.push(3))
    assert both.verdicts[:2] == first.verdicts
    assert [verdict.seq for verdict in both.verdicts] == [4, 5, 7]


#: generous: a test waits for the event, not for the time
WAIT_S = 60.0
LONG = "".join(Random(1).choices(ascii_letters, k=6_000))  # nothing that packs


@pytest.mark.parametrize(
    "fact",
    [
        a_sale("no\0product"),
        a_sale(LONG),
        a_sale(LONG[: ACCOUNT_CHARACTERS_MAX + 1]),
        a_delivery(LONG),
        msgspec.structs.replace(a_sale(), currency=LONG),
        msgspec.structs.replace(a_sale(), tenders=(Tender(LONG, False, 350),)),
    ],
    ids=["a NUL", "a product", "a little too long", "a delivery", "a currency", "a tender"],
)
def test_a_name_that_no_ledger_holds_is_quarantined_whatever_the_database(
    hub: ServedHub, till: HandTill, fact: Fact
) -> None:
    till.record_sales(2)
    till.record(fact)
    till.record_sales(2)
    verdict = the_verdict(till.push())
    assert (verdict.seq, verdict.code) == (5, VerdictCode.QUARANTINED)
    assert "is no name of an account" in verdict.reason
    assert goes_on_after(hub, till)
    assert hub.read(books) == hub.read(recounted)
    assert len(hub.read(stored)) == len(till.facts)


def test_the_longest_names_are_applied_whatever_the_database(
    hub: ServedHub, till: HandTill
) -> None:
    signs = "".join(map(chr, Random(1).choices(range(0x20000, 0x2A000), k=ACCOUNT_CHARACTERS_MAX)))
    till.record_sales(1)
    sale = msgspec.structs.replace(a_sale(signs), currency=signs)
    tender = Tender(signs.removeprefix(signs[:7]), False, 350)
    till.record(msgspec.structs.replace(sale, tenders=(tender,)), shift="s" * 64)
    assert verdicts_of(till.push()) == {}
    assert hub.read(books) == hub.read(recounted)


def test_an_account_that_would_overflow_quarantines_the_fact_that_does_it(
    hub: ServedHub, till: HandTill
) -> None:
    """A ledger is a 64-bit number; SQLite would silently go on with a float."""
    till.begin()
    reply_of(till.push())
    hub.write(
        lambda connection: connection.exec_driver_sql(
            "INSERT INTO stock_ledger VALUES ('S01', 'gold', 'store', 8999999999999999000, 1)"
        )
    )
    till.record(a_delivery("gold", 1000))
    till.record(a_delivery("gold", AMOUNT_MAX))
    till.record(a_sale())
    assert verdicts_of(till.push(1)) == {3: "quarantined"}
    assert hub.read(books).stock["S01", "gold", "store"] == (9 * 10**18, 2)
    assert goes_on_after(hub, till)


def test_an_amount_that_no_shop_has_is_quarantined(hub: ServedHub, till: HandTill) -> None:
    till.begin()
    till.record_bytes(
        encode(a_delivery()).replace(b"24000", b"9223372036854775807"), "stock.received", 1
    )
    assert verdicts_of(till.push()) == {2: "quarantined"}
    assert goes_on_after(hub, till)


def test_a_fact_that_came_in_another_stream_has_no_second_effect(
    hub: ServedHub, till: HandTill, a_till: TillMaker
) -> None:
    till.record_sales(2)
    reply_of(till.push())
    once = hub.read(books)
    heir = a_till(till_id=till.stream.till, incarnation="B" * 26)
    heir.begin()
    for place, product in (3, "cola"), (4, "pear"):  # of which no account may be begun for it
        sale = encode(a_sale(product, receipt=f"R{place - 1}"))
        heir.record_bytes(sale, "sale.completed", 1, eid=f"{till.stream.till}/AAAAAA/{place}")
    heir.record(a_sale("water"))
    verdicts = verdicts_of(heir.push())
    assert verdicts == {2: "duplicate", 3: "duplicate"}
    assert verdicts_of(heir.push()) == verdicts
    assert hub.read(books).stock["S01", "cola", "sold"] == once.stock["S01", "cola", "sold"]
    assert hub.read(books).stock["S01", "water", "sold"] == (1000, 1)
    assert hub.read(books) == hub.read(recounted)


def test_a_fact_that_stands_twice_in_one_batch_has_one_effect(
    hub: ServedHub, till: HandTill
) -> None:
    till.begin()
    for _ in range(2):
        till.record_bytes(encode(a_sale()), "sale.completed", 1, eid="twice")
    assert verdicts_of(till.push()) == {3: "duplicate"}
    assert hub.read(books).stock["S01", "cola", "sold"] == (1000, 1)


def test_a_revoked_till_may_repeat_a_fact_of_another_stream(hub: ServedHub, till: HandTill) -> None:
    """Two paths meet: stored without effect, and there already."""
    till.record_sales(1)
    reply_of(till.push())
    hub.do(hub.hub.revoke(till.stream.till))
    till.record_bytes(encode(a_sale()), "sale.completed", 1, eid=f"{till.stream.till}/AAAAAA/3")
    till.record_sales(1)
    assert verdicts_of(till.push(3)) == {4: "duplicate", 5: "quarantined"}


@pytest.mark.slow
def test_a_revoked_tills_fact_that_another_stream_commits_meanwhile_is_a_duplicate(
    postgresql: PostgreSQL,
) -> None:
    """The other stream's push is held before its commit, until ours waits for it."""
    with (
        ServedHub(postgresql.create_database("meanwhile")) as hub,
        HandTill(hub.url, 1) as one,
        HandTill(hub.url, 2) as other,
    ):
        hub.add_store()
        for till in (one, other):
            till.enrol(hub.enrol_code())
            till.begin()
            reply_of(till.push())
            till.record_bytes(encode(a_sale()), "sale.completed", 1, eid="the same in both")
        assert hub.do(meanwhile(hub, one, other)) == [Verdict(2, VerdictCode.DUPLICATE)]
        assert hub.read(books) == hub.read(recounted)


def is_waiting(connection: Connection) -> bool:
    """Whether anybody waits for another's lock, on PostgreSQL."""
    waits = (
        select(func.count())
        .select_from(text("pg_stat_activity"))
        .where(text("datname = current_database() AND wait_event_type = 'Lock'"))
    )
    return connection.execute(waits).scalar_one() > 0


def nothing_else(*_: object) -> None:
    """No projection."""


async def meanwhile(hub: ServedHub, one: HandTill, other: HandTill) -> list[Verdict]:
    """The verdicts on what `one` pushes as a revoked till while `other` pushes the same."""
    write, at = hub.hub.database.write, hub.clock.now()
    written, waited_for = asyncio.Event(), asyncio.Event()

    def hold(connection: Connection) -> None:
        append(connection, Source(2, "S01", at), open_batch(other.request(1)), nothing_else)
        written.set()
        await_only(waited_for.wait())

    def go_on(connection: Connection) -> list[Verdict]:
        await_only(written.wait())
        source = Source(1, "S01", at, REVOKED)
        return append_carefully(connection, source, open_batch(one.request(1)), nothing_else)

    async def watch() -> None:
        while not await hub.hub.database.read(is_waiting):
            pass
        waited_for.set()

    async with asyncio.timeout(WAIT_S):
        _, verdicts, _ = await asyncio.gather(write(hold), write(go_on), watch())
    return verdicts


def test_a_fact_books_to_the_store_where_its_till_is_enrolled(
    hub: ServedHub, till: HandTill
) -> None:
    till.begin()
    till.record(a_sale(), store="S99")
    assert verdicts_of(till.push()) == {}
    assert {key[0] for key in hub.read(books).stock} == {"S01"}


def test_the_shape_of_a_sale_stays_readable(hub: ServedHub, till: HandTill) -> None:
    """Fields that a newer till added to a known version are left out, not refused."""
    till.begin()
    longer = encode(a_sale()).replace(b'{"receipt"', b'{"tomorrow":{"a":[1]},"receipt"')
    till.record_bytes(longer, "sale.completed", 1)
    assert verdicts_of(till.push()) == {}
    assert msgspec.json.decode(longer, type=SaleCompleted) == a_sale()
