"""The byte pipe to a device: bytes out, bytes in, each with an end to its waiting.

Owns sockets and the in-memory pair. Refuses to own what the bytes mean (the codecs do) and what a
broken pipe means for a job (the device does): trouble leaves here as plain `ConnectionError`,
`TimeoutError` or another `OSError`.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

READ_LIMIT_BYTES: Final = 4096
"""Most bytes handed over by one read."""

MEMORY_PIPE_BYTES: Final = 65_536
"""What one direction of a memory pair holds before a write must wait."""


class Link(Protocol):
    """A bidirectional byte pipe, either end. One reader and one writer at a time."""

    async def write(self, data: bytes) -> None:
        """Hand over all of `data`; `TimeoutError` when the far end takes none for too long.

        Returning means only that the bytes left this program (a stalled printer takes 64 KiB).
        """

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        """1 to `limit_bytes` bytes, as they come; `TimeoutError` when none came in time.

        `ConnectionError` when the far end has closed. None waits for ever (a device's own end).
        """

    async def close(self) -> None:
        """Let go of the pipe; what was written before may still arrive. Never raises."""


Connect = Callable[[], Awaitable[Link]]
"""Opens a fresh link to one device, or raises `OSError` within a bounded time."""


class TcpLink:
    """A TCP connection, read no further than asked: a stalled reader really fills the socket."""

    def __init__(self, sock: socket.socket, *, write_s: float) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._write_s = write_s

    @classmethod
    async def connect(cls, host: str, port: int, *, connect_s: float, write_s: float) -> "TcpLink":
        """Try each address of `host`; `OSError` when none answers within `connect_s` seconds."""
        try:
            async with asyncio.timeout(connect_s):
                return cls(await _connected_socket(host, port), write_s=write_s)
        except TimeoutError:
            raise ConnectionError(f"{host}:{port} did not answer within {connect_s} s") from None

    async def write(self, data: bytes) -> None:
        async with asyncio.timeout(self._write_s):
            await asyncio.get_running_loop().sock_sendall(self._sock, data)

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        async with asyncio.timeout(timeout_s):
            data = await asyncio.get_running_loop().sock_recv(self._sock, limit_bytes)
        if not data:
            raise ConnectionResetError("the far end closed the connection")
        return data

    async def close(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
        self._sock.close()


async def _connected_socket(host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    failure: OSError = ConnectionError(f"{host} has no address")
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as wrong:  # the codec of host names complains in its own way
        raise ConnectionError(f"{host} is no host name: {wrong}") from None
    for family, kind, protocol, _name, address in found:
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, address)
        except OSError as refused:
            sock.close()
            failure = refused
        except asyncio.CancelledError:
            sock.close()
            raise
        else:
            return sock
    raise failure


class _Pipe:
    """One direction of a memory pair: bounded, so that a stalled reader stops the writer."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity_bytes = capacity_bytes
        self._held = bytearray()
        self._closed = False
        self._moved = asyncio.Condition()

    async def put(self, data: bytes) -> None:
        async with self._moved:
            while data:
                await self._moved.wait_for(
                    lambda: self._closed or len(self._held) < self._capacity_bytes
                )
                if self._closed:
                    raise BrokenPipeError("the link is closed")
                room = self._capacity_bytes - len(self._held)
                self._held += data[:room]
                data = data[room:]
                self._moved.notify_all()

    async def get(self, limit_bytes: int) -> bytes:
        async with self._moved:
            await self._moved.wait_for(lambda: self._closed or bool(self._held))
            if not self._held:
                raise ConnectionResetError("the far end closed the link")
            data = bytes(self._held[:limit_bytes])
            del self._held[:limit_bytes]
            self._moved.notify_all()
            return data

    async def shut(self) -> None:
        async with self._moved:
            self._closed = True
            self._moved.notify_all()


class MemoryLink:
    """One end of a pair inside this process; see `memory_pair`."""

    def __init__(self, inward: _Pipe, outward: _Pipe, write_s: float) -> None:
        self._inward, self._outward, self._write_s = inward, outward, write_s

    async def write(self, data: bytes) -> None:
        async with asyncio.timeout(self._write_s):
            await self._outward.put(data)

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        async with asyncio.timeout(timeout_s):
            return await self._inward.get(limit_bytes)

    async def close(self) -> None:
        await self._outward.shut()
        await self._inward.shut()


def memory_pair(
    *, write_s: float, capacity_bytes: int = MEMORY_PIPE_BYTES
) -> tuple[MemoryLink, MemoryLink]:
    """Two joined ends that behave like a socket: bounded, and readable to the end after a close."""
    there, back = _Pipe(capacity_bytes), _Pipe(capacity_bytes)
    return MemoryLink(back, there, write_s), MemoryLink(there, back, write_s)
