"""A plain TCP balancer before several hubs on loopback: each new connection goes to the next hub in
turn that takes it.

Owns one listening port and the connections through it. It knows no HTTP: a connection stays where
it is, and whether a hub is well is whether it accepts one.

    with Balancer([8701, 8702, 8703]) as balancer:
        till = start_till(hub_url=balancer.url)
        print(balancer.carried)  # {8701: 4, 8702: 4, 8703: 3}
"""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress

from rehearsal.relay import HOST, Relay

CHUNK_BYTES = 64 * 1024
"""The most that is read and passed on at once."""
CONNECT_S = 5.0
"""How long a hub may take to accept a connection before the next is asked."""


class Balancer(Relay):
    """Close it."""

    def __init__(self, hub_ports: Sequence[int]) -> None:
        self.carried = Counter[int]()
        """How many connections each hub's port has taken."""
        self._next = deque(hub_ports)
        super().__init__("balancer", CHUNK_BYTES)

    # --- below: only in the loop's thread

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(len(self._next)):
            port = self._next[0]
            self._next.rotate(-1)
            with suppress(OSError):
                async with asyncio.timeout(CONNECT_S):
                    from_hub, hub = await asyncio.open_connection(HOST, port, limit=CHUNK_BYTES)
                break
        else:  # none is there
            return
        self.carried[port] += 1
        pumps = [
            asyncio.create_task(_pump(reader, hub)),
            asyncio.create_task(_pump(from_hub, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            hub.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on until either side is gone: then the whole connection is."""
    with suppress(OSError):
        while data := await source.read(CHUNK_BYTES):
            sink.write(data)
            await sink.drain()
