"""The byte pipe to a device: bytes out, bytes in, each with an end to its waiting.

A module for each kind of wire, and what the kernel knows of a device without a byte to it (`sysfs`,
`hid_descriptor`). None owns what the bytes mean (the codecs do) or what a broken pipe
means for an order (the device does): trouble leaves here as plain `ConnectionError`, `TimeoutError`
or another `OSError`.
"""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

READ_LIMIT_BYTES: Final = 4096
"""Most bytes handed over by one read."""


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
