"""The cable between till and hub: a TCP proxy on loopback that can be pulled at any byte.

Owns one listening port, the connections through it, and the story of what was cut. It refuses to
own HTTP: bytes are bytes, and what was cut is told by `rehearsal.overheard`.

    with Cable("127.0.0.1", hub_port) as cable:
        till = start_till(hub_url=cable.url)
        cable.pull_after(bytes_to_hub=812)
        wait_until(lambda: cable.pulled, 30, "the cable was pulled")
        print(cable.interrupted)  # ["request POST /v1/push after 640 of 2,300 bytes"]
        cable.plug()
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, Self

from rehearsal.overheard import Conversation

CHUNK_BYTES = 64 * 1024
"""The most that is read and passed on at once."""
INTERRUPTED_LIMIT = 1_000
"""Interruptions remembered; the oldest go first."""
CALL_S = 30.0
"""How long the cable may take to do what it was told."""
CONNECT_S = 10.0
"""How long the hub may take to accept a connection."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with no time left: close() sends a reset


class _Connection:
    """One connection through the cable."""

    def __init__(self, till: asyncio.StreamWriter, hub: asyncio.StreamWriter) -> None:
        self.ends = (till, hub)
        for end in self.ends:
            end.transport.set_write_buffer_limits(high=0)  # drained means: the kernel has it
        self.pumps: tuple[asyncio.Task[None], ...] = ()
        self.overheard = Conversation()
        self.pulled = False

    def reset(self) -> None:
        """Cut it: pass on nothing more, both ends see a reset."""
        for pump in self.pumps:
            pump.cancel()
        for end in self.ends:
            _reset(end)


def _reset(end: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):  # closed already
        end.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
        )
    end.transport.abort()


@dataclass(slots=True)
class _Way:
    """One direction through the cable: bytes passed, and how many more may pass before the cut."""

    passed_bytes: int = 0
    left_bytes: int | None = None

    def admit(self, data: bytes) -> tuple[bytes, bool]:
        """-> what of `data` may pass, and whether that is the last before the cut."""
        last = self.left_bytes is not None and len(data) >= self.left_bytes
        admitted = data[: self.left_bytes] if last else data
        if self.left_bytes is not None:
            self.left_bytes -= len(admitted)
        self.passed_bytes += len(admitted)
        return admitted, last


class Cable:
    """A cable from a port of its own to the hub's. Its methods may be called from any thread."""

    def __init__(self, target_host: str, target_port: int, at: int = 0) -> None:
        """`at` is the till's end; 0 takes any free port. `OSError` when it is somebody's."""
        self.connections = 0
        """How many were made to the hub."""
        self.pulls = 0
        self._target = (target_host, target_port)
        self._to_hub = _Way()
        self._to_till = _Way()
        self._interrupted: deque[str] = deque(maxlen=INTERRUPTED_LIMIT)
        self._broken_off: deque[str] = deque(maxlen=INTERRUPTED_LIMIT)
        self._open: set[_Connection] = set()
        self._carriers: set[asyncio.Task[None]] = set()
        self._replies_flow = asyncio.Event()
        self._replies_flow.set()
        self._withheld_bytes = 0
        self._listener: socket.socket | None = None
        # A bound socket that never listens keeps the port ours while the cable is out: connecting
        # is refused, and nobody else can come to answer there.
        self._reservation = _bound_socket(at)
        self.port = int(self._reservation.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cable", daemon=True)
        self._thread.start()
        self.plug()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where the till shall look for the hub."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pulled(self) -> bool:
        """Whether the cable is out."""
        return self._listener is None

    @property
    def bytes_to_hub(self) -> int:
        """Bytes passed on so far, heads included."""
        return self._to_hub.passed_bytes

    @property
    def bytes_to_till(self) -> int:
        """Bytes passed on so far, heads included."""
        return self._to_till.passed_bytes

    @property
    def withheld_bytes(self) -> int:
        """Bytes of replies that came and wait for `release`, at most one chunk a connection."""
        return self._withheld_bytes

    @property
    def interrupted(self) -> list[str]:
        """What the pulls cut, in words, oldest first; a pull between requests cuts nothing."""
        return list(self._interrupted)

    @property
    def broken_off(self) -> list[str]:
        """What ended unfinished because an end went away, not the cable: in words, oldest first."""
        return list(self._broken_off)

    def under_way(self) -> list[str]:
        """What passes just now, in words."""
        told: list[str] = []

        async def look() -> None:
            for connection in self._open:
                told.extend(connection.overheard.unfinished())

        self._do(look)
        return told

    def set_target(self, port: int, host: str | None = None) -> None:
        """The hub listens there now; connections already made stay where they are."""
        self._target = (host or self._target[0], port)

    def pull(self) -> None:
        """At once: pass on nothing more, reset all connections, refuse new ones."""
        self._do(self._pull_and_see_off)

    def pull_after(
        self, *, bytes_to_hub: int | None = None, bytes_to_till: int | None = None
    ) -> None:
        """Pull when exactly so many more bytes have passed, whichever count is full first.

        Counted from now, over all connections, heads included; 0 cuts before the next byte.
        """

        async def arm() -> None:
            self._to_hub.left_bytes, self._to_till.left_bytes = bytes_to_hub, bytes_to_till

        self._do(arm)

    def plug(self) -> None:
        """Put it back: connections are accepted again, at the same port."""
        self._do(self._plug)

    def hold_replies(self) -> None:
        """Let requests through and keep replies back, until `release` or their connection dies."""

        async def hold() -> None:
            self._replies_flow.clear()

        self._do(hold)

    def release(self) -> None:
        """Let the replies through that were held, and all to come."""

        async def let_flow() -> None:
            self._replies_flow.set()

        self._do(let_flow)

    def close(self) -> None:
        """Pull it for good and give the port back; may be called again."""
        if self._loop.is_closed():
            return
        self._do(self._end)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_S)
        self._loop.close()
        self._reservation.close()

    def _do(self, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._loop.is_closed():
            raise RuntimeError("the cable was closed")
        asyncio.run_coroutine_threadsafe(act(), self._loop).result(CALL_S)

    # --- below: only in the loop's thread

    async def _plug(self) -> None:
        # Not an asyncio server: closing one forgets the connection it is just accepting.
        if self._listener is None:
            self._listener = _bound_socket(self.port)
            self._listener.listen()
            self._loop.add_reader(self._listener, self._answer_knock, self._listener)

    async def _pull_and_see_off(self) -> None:
        self._pull()
        await asyncio.gather(*self._carriers, return_exceptions=True)

    async def _end(self) -> None:
        self._pull()
        while self._carriers:
            await asyncio.wait(self._carriers)

    def _pull(self) -> None:
        self._to_hub.left_bytes = self._to_till.left_bytes = None
        if self._listener is None:
            return
        self.pulls += 1
        self._loop.remove_reader(self._listener)
        self._listener.close()
        self._listener = None
        for connection in self._open:
            self._interrupted.extend(connection.overheard.unfinished())
            connection.pulled = True
            connection.reset()

    def _answer_knock(self, listener: socket.socket) -> None:
        try:
            knocking, _ = listener.accept()
        except OSError:  # gone before we answered
            return
        knocking.setblocking(False)
        carrier = self._loop.create_task(self._carry(knocking, self.pulls))
        self._carriers.add(carrier)
        carrier.add_done_callback(self._carriers.discard)

    async def _carry(self, knocking: socket.socket, pulls: int) -> None:
        """One connection, from the till's knock to the end of either side."""
        from_till, till = await asyncio.open_connection(sock=knocking, limit=CHUNK_BYTES)
        try:
            async with asyncio.timeout(CONNECT_S):
                from_hub, hub = await asyncio.open_connection(*self._target, limit=CHUNK_BYTES)
        except OSError:  # nobody there: to the till it looks as a hub that died while accepting
            _reset(till)
            await _see_off(till)
            return
        connection = _Connection(till, hub)
        if self.pulls != pulls:  # pulled meanwhile
            connection.reset()
        else:
            self.connections += 1
            await self._carry_both_ways(connection, from_till, from_hub)
        await _see_off(*connection.ends)

    async def _carry_both_ways(
        self,
        connection: _Connection,
        from_till: asyncio.StreamReader,
        from_hub: asyncio.StreamReader,
    ) -> None:
        till, hub = connection.ends
        connection.pumps = (
            asyncio.create_task(self._pump_to_hub(connection, from_till, hub)),
            asyncio.create_task(self._pump_to_till(connection, from_hub, till)),
        )
        self._open.add(connection)
        await asyncio.wait(connection.pumps, return_when=asyncio.FIRST_COMPLETED)
        self._open.discard(connection)
        if not connection.pulled:
            self._broken_off.extend(connection.overheard.unfinished())
        for pump in connection.pumps:
            pump.cancel()
        await asyncio.wait(connection.pumps)

    async def _pump_to_hub(
        self, connection: _Connection, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        with _broken_connection_is_cut(connection):
            while data := await source.read(CHUNK_BYTES):
                admitted, last = self._to_hub.admit(data)
                connection.overheard.hear_till(admitted)
                await self._pass(admitted, sink, last)

    async def _pump_to_till(
        self, connection: _Connection, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        with _broken_connection_is_cut(connection):
            while data := await source.read(CHUNK_BYTES):
                await self._wait_for_release(len(data))
                admitted, last = self._to_till.admit(data)
                connection.overheard.hear_hub(admitted)
                await self._pass(admitted, sink, last)

    async def _pass(self, data: bytes, sink: asyncio.StreamWriter, last: bool) -> None:
        sink.write(data)
        await sink.drain()
        if last:
            self._pull()

    async def _wait_for_release(self, size_bytes: int) -> None:
        self._withheld_bytes += size_bytes
        try:
            await self._replies_flow.wait()
        finally:
            self._withheld_bytes -= size_bytes


@contextlib.contextmanager
def _broken_connection_is_cut(connection: _Connection) -> Iterator[None]:
    """One end died without a goodbye: neither does the other get one."""
    try:
        yield
    except OSError:
        connection.reset()


async def _see_off(*ends: asyncio.StreamWriter) -> None:
    """Close in order what was not reset, and wait until all is gone."""
    for end in ends:
        end.close()
    for end in ends:
        with contextlib.suppress(OSError):
            await end.wait_closed()


def _bound_socket(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.setblocking(False)
    bound.bind(("127.0.0.1", port))
    return bound
