"""Several hubs on one PostgreSQL, and tills of paper that speak to them.

The hubs are the product's own. They share this program's event loop; what interleaves is at the
server, where every transaction has a connection of its own.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg

from benchmarks.goods import STORE, PaperTill
from journal import wire
from sync_server.hub import Hub
from sync_server.imports.stores import StoreRow
from sync_server.settings import HubSettings

CONNECTIONS = 8
"""Of each hub; half of them write."""
WRITERS_A_HUB = CONNECTIONS // 2
_PREPARED = (
    # who wait for each other in a circle are found sooner than by themselves, after 1 s
    "ALTER DATABASE {} SET deadlock_timeout = '50ms'",
    # only the version without dense positions takes from it
    "CREATE SEQUENCE taken_position",
)


@asynccontextmanager
async def opened(url: str, writers: int) -> AsyncIterator[list[Hub]]:
    """As many hubs on an empty database as so many writers need, with the store S01."""
    name = url.partition("@/")[2].partition("?")[0]
    connection = await asyncpg.connect(url)
    try:
        for statement in _PREPARED:
            await connection.execute(statement.format(name))
    finally:
        await connection.close()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="omnitill-hubs-")))
        hubs: list[Hub] = []
        for number in range(-(-writers // WRITERS_A_HUB)):
            given: dict[str, Any] = {"database": url, "connections_max": CONNECTIONS}
            given |= {"push_slots": WRITERS_A_HUB, "price_book": folder / str(number)}
            hubs.append(await Hub.open(HubSettings(**given)))
            stack.push_async_callback(hubs[-1].close)
        await hubs[0].office.save_store(StoreRow(STORE, "Interleaving"))
        yield hubs


class Till:
    """A till of paper that is enrolled with one of the hubs and pushes what it records."""

    def __init__(self, hub: Hub, paper: PaperTill) -> None:
        self.hub = hub
        self.paper = paper
        self.acked = paper.head

    @classmethod
    async def enrolled(cls, hub: Hub, seed: int) -> "Till":
        code, till_id = await hub.enrol_code(STORE)
        till = cls(hub, PaperTill(till_id, seed))
        await hub.enrol(wire.read(till.paper.enrolment(code), wire.EnrolRequest))
        await till.push(till.paper.begin())
        return till

    async def push(self, facts: Sequence[bytes]) -> wire.PushReply:
        """Send the facts that were recorded last. Raises what the hub does."""
        reply = await self.hub.push(self.paper.push(self.acked, list(facts)))
        self.acked = reply.head
        return reply
