"""However facts failed and came, after the fix and a replay the books are those of a hub that never
knew the fault: with tills that push beside it, with two hubs at it, and killed at any commit."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select
from sqlalchemy.util import await_only

from journal.push import open_batch
from journal.wire import PushReply
from rehearsal.postgresql import PostgreSQL
from sync_server.catalogue.stores import keep_readings
from sync_server.database import Database, EndWithin
from sync_server.hub import Hub
from sync_server.ledgers import takings_by_hour
from sync_server.quarantine import records, service
from sync_server.quarantine.records import settlement
from sync_server.quarantine.replays import Quarantine, Tally
from sync_server.recorder import Source, append
from tests.hand_till import HandTill, a_delivery, a_sale, reply_of
from tests.hub.books import books, recounted, stored
from tests.hub.broken import POISON, a_bug, an_older_program, replays
from tests.hub.conftest import TillMaker
from tests.hub.test_books import a_fresh_till, books_of
from tests.hub.test_quarantine import eid_at, record_printed
from tests.hub.test_verdicts import is_waiting
from tests.served_hub import ServedHub

T = TypeVar("T")


def record_anything(till: HandTill, chance: Random, facts: int) -> None:
    """Sales and deliveries, good and bad, some of which speak of facts before them."""
    till.begin()
    while len(till.facts) < facts:
        some = chance.choices(range(1, len(till.facts) + 1), k=chance.choice((0, 0, 1, 2)))
        refs = tuple(eid_at(till, seq) for seq in some)
        total = chance.randrange(1, 10_000)
        match chance.randrange(8):
            case 0 | 1:
                till.record(a_sale(POISON, total=total), refs=refs)
            case 2:
                till.record(a_delivery(), refs=refs)
            case 3:
                till.record_bytes(b"{}", "sale.completed", 1, refs=refs)
            case 4:
                till.record_bytes(b"{}", "of.tomorrow", 1, refs=refs)
            case 5:
                till.record_bytes(
                    b"{}", "stream.began", 1, eid=eid_at(till, some[0] if some else 1)
                )
            case _:
                till.record(a_sale("cola", total=total), refs=refs)


def outcome(hub: ServedHub, till: HandTill) -> list[tuple[int, str, str]]:
    """What became of each of the till's facts, wherever it is told."""
    mine = [row for row in hub.read(stored) if row.till == till.stream.till]
    return [(row.seq, row.verdict, row.reason.replace(till.stream.till, "")) for row in mine]


def by_hour(hub: ServedHub, till: HandTill) -> list[tuple[str, int, int]]:
    rows = hub.read(
        lambda connection: connection.execute(
            select(takings_by_hour)
            .where(takings_by_hour.c.till == till.stream.till)
            .order_by(*takings_by_hour.primary_key.columns)
        ).all()
    )
    return [(row.hour, row.amount, row.sales) for row in rows]


@settings(max_examples=12)
@given(
    seed=st.integers(0, 2**32),
    cuts=st.lists(st.integers(1, 39), max_size=6),
    fixed_at=st.integers(0, 7),
    replayed_at=st.sets(st.integers(0, 7)),
)
def test_after_a_replay_the_books_are_those_of_a_hub_without_the_fault(
    one_hub: ServedHub, seed: int, cuts: list[int], fixed_at: int, replayed_at: set[int]
) -> None:
    with a_fresh_till(one_hub) as well, a_fresh_till(one_hub) as ill:
        record_anything(well, Random(seed), 40)
        record_anything(ill, Random(seed), 40)
        reply_of(well.push())
        done = 0
        for number, upto in enumerate([*sorted(cuts), 40]):
            if number < fixed_at:
                with a_bug(), an_older_program():
                    done = pushed(ill, done, upto)
                    if number in replayed_at:
                        replays(one_hub)
            else:
                done = pushed(ill, done, upto)
        replays(one_hub)
        assert books_of(one_hub, ill) == books_of(one_hub, well)
        assert by_hour(one_hub, ill) == by_hour(one_hub, well)
        assert outcome(one_hub, ill) == outcome(one_hub, well)
        assert one_hub.read(books) == one_hub.read(recounted)


def pushed(till: HandTill, done: int, upto: int) -> int:
    """Push up to there, the last two once more -> how far the hub is."""
    return reply_of(till.push(max(0, done - 2), max(done, upto))).head.seq


def record_a_bad_day(till: HandTill, facts: int = 12) -> None:
    """Sales that fail, each with a receipt that speaks of it."""
    till.begin()
    while len(till.facts) < facts:
        till.record(a_sale(POISON))
        record_printed(till, len(till.facts))


class Killed(BaseException):
    """The process is no more."""


class Mortal:
    """A database whose process is killed at one of its transactions, before or after the commit."""

    disk_fault = ""

    def __init__(self, database: Database, at: int, *, before: bool) -> None:
        self._database = database
        self._left = at
        self._before = before
        self.writes_max = database.writes_max

    async def listen(self, wake: Callable[[], None], end_within: EndWithin) -> None:
        await self._database.listen(wake, end_within)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self._database.read(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        self._left -= 1

        def whole(connection: Connection) -> T:
            done = work(connection)
            if self._left == 0 and self._before:
                raise Killed
            return done

        done = await self._database.write(whole)
        if self._left == 0:
            raise Killed
        return done

    async def close(self) -> None:
        await self._database.close()


def quarantine_of(hub: Hub, database: Database, at_once: int = 3) -> Quarantine:
    """A replay by another program on the same database."""
    few = hub.settings.model_copy(update={"replay_facts_max": at_once})
    whole = hub.office.quarantine
    return Quarantine(database, few, hub.now, whole._project)


@pytest.mark.parametrize("before", [True, False], ids=["before the commit", "after it"])
@pytest.mark.parametrize("at", range(1, 9))
def test_a_replay_killed_at_any_commit_is_finished_by_the_next(
    one_hub: ServedHub, at: int, before: bool
) -> None:
    with a_fresh_till(one_hub) as well, a_fresh_till(one_hub) as ill:
        record_a_bad_day(well)
        record_a_bad_day(ill)
        reply_of(well.push())
        with a_bug():
            reply_of(ill.push())
        mortal = Mortal(one_hub.hub.database, at, before=before)
        replay = quarantine_of(one_hub.hub, mortal).replay(records.ALL, "wang")
        try:
            one_hub.do(replay)
        except Killed:
            assert one_hub.read(books) == one_hub.read(recounted)
            replays(one_hub)
        else:
            assert at > 6  # five steps and the last look
        assert outcome(one_hub, ill) == outcome(one_hub, well)
        assert books_of(one_hub, ill) == books_of(one_hub, well)
        assert one_hub.read(books) == one_hub.read(recounted)


def test_what_a_killed_replay_of_one_fact_left_parked_the_hub_takes_up(
    hub: ServedHub, till: HandTill
) -> None:
    record_a_bad_day(till)
    with a_bug():
        reply_of(till.push())
    mortal = quarantine_of(hub.hub, Mortal(hub.hub.database, 1, before=False))
    with pytest.raises(Killed):
        hub.do(mortal.replay_fact(eid_at(till, 2), "wang"))
    assert hub.do(hub.hub.office.quarantine.take_up()) == Tally(1, 0)
    assert [row.verdict for row in hub.read(stored)][:5] == ["", "", "", "quarantined", "parked"]


def test_two_hubs_that_replay_at_once_apply_each_fact_once(
    hub: ServedHub, a_till: TillMaker
) -> None:
    tills = [a_till() for _ in range(3)]
    for till in tills:
        record_a_bad_day(till, 30)
        with a_bug():
            reply_of(till.push())

    async def both() -> list[Tally]:
        other = await Hub.open(hub.hub.settings)
        try:
            replay = [
                quarantine_of(each, each.database).replay(records.ALL, "wang")
                for each in (hub.hub, other)
            ]
            return await asyncio.gather(*replay)
        finally:
            await other.close()

    tallies = hub.do(both())
    facts = sum(len(till.facts) - 1 for till in tills)
    assert sum(tally.applied for tally in tallies) == facts
    assert hub.read(records.state).unsettled is False
    assert hub.read(lambda connection: connection.scalar(HOW_MANY)) == facts
    assert hub.read(books) == hub.read(recounted)


HOW_MANY = select(func.count()).select_from(settlement)


def test_a_till_pushes_on_while_its_facts_are_replayed(hub: ServedHub, till: HandTill) -> None:
    record_a_bad_day(till, 40)
    with a_bug():
        began = reply_of(till.push()).head.seq
    for _ in range(10):
        till.record(a_sale())
        record_printed(till, len(till.facts) - 3)

    async def push_all() -> list[PushReply]:
        every = range(began, len(till.facts), 2)
        return [await hub.hub.push(till.request(done, done + 2)) for done in every]

    async def both() -> tuple[Tally, list[PushReply]]:
        replay = quarantine_of(hub.hub, hub.hub.database).replay(records.ALL, "wang")
        return await asyncio.gather(replay, push_all())

    hub.do(both())
    replays(hub)
    assert {row.verdict for row in hub.read(stored)} == {""}
    assert hub.read(books) == hub.read(recounted)
    assert hub.read(books).stock["S01", POISON, "sold"][1] == 20


#: generous: a test waits for the event, not for the time
WAIT_S = 60.0


@pytest.mark.slow
def test_what_becomes_unsettled_while_the_last_is_settled_is_looked_for(
    postgresql: PostgreSQL,
) -> None:
    """A push is held before its commit, until head office's look at what is left waits for it."""
    with ServedHub(postgresql.create_database("settled")) as hub, HandTill(hub.url) as till:
        hub.add_store()
        till.enrol(hub.enrol_code())
        till.begin()
        reply_of(till.push())
        till.record_bytes(b"{}", "sale.completed", 1)
        hub.do(meanwhile(hub, till))
        assert hub.read(records.state).unsettled


async def meanwhile(hub: ServedHub, till: HandTill) -> None:
    """Push while somebody looks whether anything is left."""
    write, at = hub.hub.database.write, hub.clock.now()
    written, waited_for = asyncio.Event(), asyncio.Event()

    def hold(connection: Connection) -> None:
        arrived = open_batch(till.request(1))
        append(connection, Source(1, "S01", at), arrived, keep_readings)
        written.set()
        await_only(waited_for.wait())

    def look(connection: Connection) -> None:
        await_only(written.wait())
        service.note_what_is_left(connection)

    async def watch() -> None:
        while not await hub.hub.database.read(is_waiting):
            pass
        waited_for.set()

    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(write(hold), write(look), watch())
