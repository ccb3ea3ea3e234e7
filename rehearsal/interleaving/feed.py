"""Writers to one scope of the feed, through pushes and through head office, and a reader that
follows them as a till does: every row must come to it.

    followed = await follow(url, writes=40, seed=1)
    assert not followed.lost
"""

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from random import Random
from typing import NamedTuple

import asyncpg

from benchmarks.goods import STORE
from journal import wire
from journal.wire import FeedRow
from pricebook.rows import store_scope
from rehearsal.interleaving.hubs import Till, opened
from retail.barcode.meaning import EightDigits
from retail.catalogue import Cashier
from retail.facts import CodeDecided
from sync_server.hub import Hub
from sync_server.sync.tokens import Bearer

WRITERS = 12
PUSHERS = 8
"""So many of the writers push facts that become rows for all tills of the store; the others are
head office, which publishes cashiers."""
_READINGS = tuple(EightDigits)
_ROWS = "SELECT kind, key, body FROM feed WHERE scope = $1"
#: the rows that a feed without positions of its own would show: of transactions before the oldest
#: one that is open anywhere in the cluster
_BEHIND_XMIN = (
    "SELECT count(*) FROM feed WHERE scope = $1 AND xmin::text::bigint <"
    " pg_snapshot_xmin(pg_current_snapshot())::text::bigint & 4294967295"
)


class Followed(NamedTuple):
    """What was written, what of it the reader never saw, in how many pages it came, and how many
    of its rows were behind the cluster's oldest transaction at the end."""

    written: int
    lost: int
    pages: int
    behind_xmin: int


async def follow(url: str, writes: int, seed: int, foreign: str = "") -> Followed:
    """Each writer commits so many transactions to the feed at `url`, an empty database. `foreign`
    is another database of the same cluster, where a transaction that has written stays open."""
    async with AsyncExitStack() as stack:
        hubs = await stack.enter_async_context(opened(url, WRITERS + 1))
        if foreign:
            other = await asyncpg.connect(foreign)
            stack.push_async_callback(other.close)
            await other.execute("BEGIN; CREATE TABLE held (); SELECT pg_current_xact_id()")
        tills = [await Till.enrolled(hubs[n % len(hubs)], n + 1) for n in range(PUSHERS)]
        writers = [_pushing(till, writes, seed) for till in tills]
        writers += [_publishing(hubs[n % len(hubs)], n, writes) for n in range(PUSHERS, WRITERS)]
        return await _followed(url, hubs[-1], Bearer(STORE, tills[0].paper.stream.till), writers)


async def _pushing(till: Till, writes: int, seed: int) -> None:
    """Each push says what two codes are; no two tills speak of the same."""
    chance = Random(f"{till.paper.stream.till} {seed}")
    own = int(till.paper.stream.till.rpartition("-")[2]) * 10_000_000
    for number in range(writes):
        facts = [
            till.paper.record(CodeDecided(f"{own + 2 * number + n:08d}", chance.choice(_READINGS)))
            for n in range(2)
        ]
        await till.push(facts)


async def _publishing(hub: Hub, writer: int, writes: int) -> None:
    for number in range(writes):
        await hub.office.publish_cashiers(STORE, [Cashier(f"{writer}-{number}", "王芳")])


async def _followed(
    url: str, hub: Hub, who: Bearer, writers: Sequence[Awaitable[None]]
) -> Followed:
    read = _Reading(hub, who)
    writing = asyncio.gather(*writers)
    while not writing.done():
        await read.on()
    await writing
    await read.on()
    connection = await asyncpg.connect(url)
    try:
        scope = store_scope(STORE)
        rows = await connection.fetch(_ROWS, scope)
        behind = await connection.fetchval(_BEHIND_XMIN, scope)
    finally:
        await connection.close()
    lost = sum(read.held.get((kind, key)) != bytes(body) for kind, key, body in rows)
    return Followed(len(rows), lost, read.pages, behind)


class _Reading:
    """A reader and what it has read."""

    def __init__(self, hub: Hub, who: Bearer) -> None:
        self._hub = hub
        self._who = who
        self._cursor = ""
        self.held: dict[tuple[str, str], bytes] = {}
        self.pages = 0

    async def on(self) -> None:
        """Read on until the feed has no more."""
        up_to_date = False
        while not up_to_date:
            head, packed = await self._hub.feed_page(self._who, self._cursor)
            rows = wire.unpack(packed, list[FeedRow])
            self.pages += bool(rows)
            own = store_scope(STORE)
            self.held |= {(r.kind, r.key): bytes(r.body) for r in rows if r.scope == own}
            self._cursor, up_to_date = head.cursor, head.up_to_date
