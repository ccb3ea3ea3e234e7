"""One listening port on loopback before a hub, on a loop and a thread of its own: what stands
between tills and hubs is made of it.

Owns the port, the thread, and that each connection's task ends with it. What is passed on, and how,
is the subclass's `_serve`.
"""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Self, TypeVar

T = TypeVar("T")

CALL_S = 30.0
"""How long opening and closing may take."""
HOST = "127.0.0.1"


class Relay:
    """Close it. Its methods may be called from any thread."""

    def __init__(self, name: str, limit_bytes: int) -> None:
        """`limit_bytes` is the most that is read at once."""
        #: what runs in the loop until the end
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()
        opening = asyncio.start_server(self._answer, HOST, 0, limit=limit_bytes)
        self._server = self._do(opening)
        self.port = int(self._server.sockets[0].getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where the tills shall look for the hub."""
        return f"http://{HOST}:{self.port}"

    def close(self) -> None:
        """End everything under way and give the port back; may be called again."""
        if self._loop.is_closed():
            return
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_S)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it in the loop's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_S)

    # --- below: only in the loop's thread

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What becomes of one connection."""
        raise NotImplementedError

    async def _end(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(asyncio.CancelledError):  # of which asyncio would print a traceback
                await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()
