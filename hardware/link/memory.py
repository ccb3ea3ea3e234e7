"""A link inside this process: two ends that behave like a socket."""

import asyncio
from typing import Final

from hardware.link import READ_LIMIT_BYTES

MEMORY_PIPE_BYTES: Final = 65_536
"""What one direction of a memory pair holds before a write must wait."""


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
