"""An event loop on a thread of its own, for what must serve while a test goes on."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Final

from hardware.simulator.printer.machine import SimulatedPrinter
from hardware.simulator.wire import TcpServer, serve_tcp

PATIENCE_S: Final = 60.0


class LoopThread:
    """Close it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, what: Callable[..., Any], *given: object) -> Any:
        """Call it on the loop, await what it gives if that is a coroutine -> what came of it."""

        async def doing() -> Any:
            done = what(*given)
            return await done if asyncio.iscoroutine(done) else done

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result(PATIENCE_S)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()


class Printer(LoopThread):
    """A simulated printer behind a real port. Close it."""

    def __init__(self) -> None:
        super().__init__()
        self.simulated = SimulatedPrinter()
        self._server: TcpServer = self.do(serve_tcp, self.simulated)
        self.url = self._server.url

    def turn(self, words: str) -> None:
        """Turn a knob of the printer; returns when it is turned."""
        self.do(self.simulated.turn_knob, words)

    def close(self) -> None:
        self.do(self._server.close)
        super().close()
