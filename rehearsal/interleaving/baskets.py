"""All tills of one store push baskets of the same few products at once: every push locks rows of
the ledgers that others lock too, and nobody may wait in a circle.

    pushed = await push_all(url, pushes=10, seed=1)
    assert not pushed.deadlocks
"""

import asyncio
from random import Random
from typing import NamedTuple

import asyncpg
from sqlalchemy.exc import OperationalError

from benchmarks.goods import Shelf
from rehearsal.interleaving.hubs import Till, opened
from retail.barcode.meaning import EightDigits
from retail.facts import CodeDecided

TILLS = 16
PRODUCTS = 40
SALES_A_PUSH = 6
LINES_MAX = 6


class Pushed(NamedTuple):
    """How many sales the hubs took, and how many tills were broken off because they waited in
    a circle."""

    sales: int
    deadlocks: int


async def push_all(url: str, pushes: int, seed: int, *, repeating: bool = False) -> Pushed:
    """Each till pushes so often to one of the hubs on `url`, an empty database; one that was
    broken off in a circle pushes no more. In what is pushed `repeating` there is a fact that
    another till has told, and the hubs go fact by fact."""
    async with opened(url, TILLS) as hubs:
        tills = [await Till.enrolled(hubs[n % len(hubs)], n + 1) for n in range(TILLS)]
        done = await asyncio.gather(*(_pushing(till, pushes, seed, repeating) for till in tills))
    return Pushed(sum(done) * SALES_A_PUSH, sum(count < pushes for count in done))


async def _pushing(till: Till, pushes: int, seed: int, repeating: bool) -> int:
    """-> how many of a till's pushes the hub took."""
    chance = Random(f"{till.paper.stream.till} {seed}")
    shelf = Shelf(chance, PRODUCTS)
    for number in range(pushes):
        baskets = [shelf.basket(chance.randint(1, LINES_MAX)) for _ in range(SALES_A_PUSH)]
        facts = [till.paper.sell(basket) for basket in baskets]
        # which becomes a row for all tills: a lock that is taken after the ledgers'
        said = CodeDecided(f"{number:08d}", EightDigits.EAN8)
        facts.append(till.paper.record(said, f"told {number}" if repeating else ""))
        try:
            await till.push(facts)
        except OperationalError as fault:
            if not isinstance(fault.orig, asyncpg.DeadlockDetectedError):
                raise
            return number
    return pushes
