"""A plain TCP balancer before several hubs on loopback: each new connection goes to the next hub in
turn that takes it.

Owns one listening port and the connections through it. It knows no HTTP: a connection stays where
it is, and whether a hub is well is whether it accepts one.

    with Balancer([8701, 8702, 8703]) as balancer:
        till = start_till(hub_url=balancer.url)
        print(balancer.carried)  # {8701: 4, 8702: 4, 8703: 3}
"""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

CHUNK_BYTES = 64 * 1024
"""The most that is read and passed on at once."""
CONNECT_S = 5.0
"""How long a hub may take to accept a connection before the next is asked."""
CALL_S = 30.0
"""How long opening and closing may take."""
_HOST = "127.0.0.1"


class Balancer:
    """Close it."""

    def __init__(self, hub_ports: Sequence[int]) -> None:
        self.carried = Counter[int]()
        """How many connections each hub's port has taken."""
        self._next = deque(hub_ports)
        self._carriers: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="balancer", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(CALL_S)
        self.port = int(self._server.sockets[0].getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where the tills shall look for the hub."""
        return f"http://{_HOST}:{self.port}"

    def close(self) -> None:
        """End all connections and give the port back."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(CALL_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_S)
        self._loop.close()

    # --- below: only in the loop's thread

    async def _open(self) -> asyncio.Server:
        return await asyncio.start_server(self._answer, _HOST, 0, limit=CHUNK_BYTES)

    async def _end(self) -> None:
        self._server.close()
        for carrier in self._carriers:
            carrier.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carrier = asyncio.current_task()
        assert carrier is not None
        self._carriers.add(carrier)
        try:
            await self._carry(reader, writer)
        finally:
            self._carriers.discard(carrier)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(len(self._next)):
            port = self._next[0]
            self._next.rotate(-1)
            with suppress(OSError):
                async with asyncio.timeout(CONNECT_S):
                    from_hub, hub = await asyncio.open_connection(_HOST, port, limit=CHUNK_BYTES)
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
