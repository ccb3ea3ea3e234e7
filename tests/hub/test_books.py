"""The books are a recount of the journal, however the facts came."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.wire import PushReply, PushRequest
from retail.facts import PrintOutcome, ReceiptPrinted, ShiftClosed, encode
from tests.hand_till import HandTill, a_delivery, a_sale, an_opened_shift, reply_of
from tests.hub.books import Books, books, recounted, stored
from tests.hub.conftest import TillMaker
from tests.served_hub import ServedHub

PRODUCTS = ("apple", "cola", "pen", "water")


def record_anything(till: HandTill, chance: Random, facts: int) -> None:
    """A day of every kind of fact, a few of them spoiled."""
    till.begin()
    till.record(an_opened_shift())
    while len(till.facts) < facts:
        product = chance.choice(PRODUCTS)
        match chance.randrange(8):
            case 0:
                till.record(a_delivery(product, chance.randrange(1, 50) * 1000))
            case 1:
                till.record(ReceiptPrinted("sale", "R1", PrintOutcome.PRINTED))
            case 2:
                till.record(msgspec.structs.replace(a_sale(product), total_minor=1))
            case 3:
                till.record_bytes(b"{}", chance.choice(["sale.completed", "of.tomorrow"]), 1)
            case _:
                total = chance.randrange(1, 10_000)
                till.record(a_sale(product, chance.randrange(1, 9) * 500, total))
    till.record(ShiftClosed(1, "CNY", 50_000, 49_000, 3))


_examples = count()


@contextmanager
def a_fresh_till(hub: ServedHub) -> Iterator[HandTill]:
    """The only till of a store of its own."""
    store_id = f"E{next(_examples)}"
    hub.add_store(store_id)
    with HandTill(hub.url) as till:
        till.enrol(hub.enrol_code(store_id))
        yield till


def books_of(hub: ServedHub, till: HandTill) -> Books:
    """The books of the till's store, without its name and the till's."""
    whole = hub.read(books)
    money = {key[2:]: sums for key, sums in whole.money.items() if key[0] == till.store}
    stock = {key[1:]: sums for key, sums in whole.stock.items() if key[0] == till.store}
    return Books(money, stock)


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(1, 39), max_size=6))
def test_the_same_facts_make_the_same_books_however_they_are_cut(
    one_hub: ServedHub, seed: int, cuts: list[int]
) -> None:
    with a_fresh_till(one_hub) as whole, a_fresh_till(one_hub) as cut:
        record_anything(whole, Random(seed), 40)
        record_anything(cut, Random(seed), 40)
        told = reply_of(whole.push())
        done = 0
        verdicts = []
        for upto in [*sorted(cuts), len(cut.facts)]:
            reply = reply_of(cut.push(max(0, done - 2), upto))  # each overlaps the last by two
            verdicts += [verdict for verdict in reply.verdicts if verdict.seq > done]
            done = reply.head.seq
        assert tuple(verdicts) == told.verdicts
        assert books_of(one_hub, cut) == books_of(one_hub, whole)


def test_the_books_are_a_recount_of_the_journal(hub: ServedHub, a_till: TillMaker) -> None:
    chance = Random(7)
    tills = [a_till() for _ in range(3)]
    for till in tills:
        record_anything(till, chance, 60)
    done = [0] * len(tills)
    while any(done[place] < len(till.facts) for place, till in enumerate(tills)):
        place = chance.randrange(len(tills))
        upto = min(len(tills[place].facts), done[place] + chance.randrange(1, 25))
        done[place] = reply_of(tills[place].push(done[place], upto)).head.seq
    assert hub.read(books) == hub.read(recounted)
    assert len(hub.read(stored)) == sum(len(till.facts) for till in tills)
    assert_balanced(hub.read(books))


def assert_balanced(whole: Books) -> None:
    """Every currency and every product adds up to nothing over all accounts."""
    sums: dict[str, int] = {}
    for key, (amount, _) in whole.money.items():
        sums[key[-1]] = sums.get(key[-1], 0) + amount
    for key, (amount, _) in whole.stock.items():
        sums[key[1]] = sums.get(key[1], 0) + amount
    assert not any(sums.values())


def test_tills_of_one_store_push_at_the_same_time(hub: ServedHub, a_till: TillMaker) -> None:
    """They add to the same stock accounts, each in an order of its own, and never wait for each
    other in a circle."""
    tills = [a_till() for _ in range(4)]
    rounds = 6
    for place, till in enumerate(tills):
        till.begin()
        for number in range(rounds * 20):
            product = PRODUCTS[(number * (place + 1) + place) % len(PRODUCTS)]
            till.record(a_sale(product, total=100))

    async def push_all(requests: list[PushRequest]) -> list[PushReply]:
        return await asyncio.gather(*(hub.hub.push(request) for request in requests))

    done = 0
    while done < len(tills[0].facts):
        upto = min(done + 20, len(tills[0].facts))
        replies = hub.do(push_all([till.request(done, upto) for till in tills]))
        assert [reply.head for reply in replies] == [till.head(upto) for till in tills]
        done = upto
    sold = hub.read(books).stock
    in_all = sum(sold["S01", product, "sold"][1] for product in PRODUCTS)
    assert in_all == len(tills) * rounds * 20
    assert hub.read(books) == hub.read(recounted)


def test_one_push_that_arrives_several_times_at_once_counts_once(
    hub: ServedHub, till: HandTill
) -> None:
    till.record_sales(10)

    async def push_all() -> list[PushReply | BaseException]:
        pushes = (hub.hub.push(till.request()) for _ in range(5))
        return await asyncio.gather(*pushes, return_exceptions=True)

    answers = hub.do(push_all())
    replies = [answer for answer in answers if isinstance(answer, PushReply)]
    assert {reply.head for reply in replies} == {till.head()}
    # of one till no more than one waits its turn
    assert {str(answer) for answer in answers if answer not in replies} <= {"busy"}
    assert hub.read(books).stock["S01", "cola", "sold"] == (10_000, 10)
    assert hub.read(books) == hub.read(recounted)


def test_a_spoiled_fact_in_one_push_holds_up_no_other(hub: ServedHub, a_till: TillMaker) -> None:
    """The careful path takes accounts one fact at a time: pushes beside it still all arrive."""
    tills = [a_till() for _ in range(3)]
    for till in tills:
        till.begin()
        for number in range(30):
            till.record(a_sale(PRODUCTS[(7 * number) % 4] if till is tills[0] else "cola"))
        till.record_bytes(encode(a_sale()), "sale.completed", 1, eid="the same in all")

    async def push_all() -> list[PushReply | BaseException]:
        work = (hub.hub.push(till.request()) for till in tills)
        return await asyncio.gather(*work, return_exceptions=True)

    for _ in range(20):  # a till asks again; the database may have chosen one to go first
        replies = hub.do(push_all())
        if all(isinstance(reply, PushReply) for reply in replies):
            break
    codes = [
        verdict.code
        for reply in replies
        if isinstance(reply, PushReply)
        for verdict in reply.verdicts
    ]
    assert codes == ["duplicate", "duplicate"]
    assert hub.read(books) == hub.read(recounted)


def test_a_stream_with_no_fact_keeps_no_books(one_hub: ServedHub, tmp_path: Path) -> None:
    with a_fresh_till(one_hub) as till:
        assert reply_of(till.push()).head == till.head(0)
        assert books_of(one_hub, till) == Books({}, {})
