"""Very many tills that wait at a hub, in a process of their own.

    python -m benchmarks.waiting_clients PORT FILE

FILE names a till a line, as JSON: `wait` is the path that it asks for news, `pull` the one that it
pulls by (empty: it need not), each up to its cursor; `headers` go with every question. Commands
come in by standard input: `ask` lets all that do not wait pull, as far as there is more, and ask
for news, and says how many questions were put off by a busy server and asked again, as a till does;
`heard N` waits for N of them to hear, and says when each did, in
seconds of this machine's monotonic clock, as one JSON list.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from random import random
from time import monotonic
from typing import Any

import uvloop

_AT_ONCE = 200
_STATUS = slice(9, 12)


class Waiting(asyncio.Protocol):
    """One till's line."""

    def __init__(self, till: dict[str, Any], crowd: "Crowd") -> None:
        self._wait, self._pull = till["wait"], till["pull"]
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in till["headers"].items())
        self._crowd = crowd
        self._cursor = till["cursor"]
        self._got = bytearray()
        self._line: asyncio.Transport | None = None
        self._pulls = self._outstanding = False
        #: it has asked for news and not heard
        self.waits = False

    def connection_made(self, transport: Any) -> None:
        self._line = transport

    def begin(self) -> None:
        """Pull if it pulls at all, else ask for news."""
        self._pulls = bool(self._pull)
        self._ask()

    def _ask(self) -> None:
        if self._line is None:  # a server lets go who has been silent for some seconds
            self._crowd.reconnect(self, self._ask)
            return
        self._outstanding = True
        self.waits = not self._pulls
        path = f"{self._pull if self._pulls else self._wait}{self._cursor}"
        self._line.write(f"GET {path} HTTP/1.1\r\nHost: hub\r\n{self._headers}\r\n".encode())
        if self.waits:
            self._crowd.asked()

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, _, body = bytes(self._got).partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if not length or len(body) < int(length):
            return
        self._got.clear()
        self._outstanding = False
        if head[_STATUS] == b"503":
            again_s = float(head.lower().partition(b"retry-after: ")[2].partition(b"\r\n")[0])
            self._crowd.busy += 1
            asyncio.get_running_loop().call_later(again_s * (1 + random()), self._ask_again)
        elif head[_STATUS] != b"200":
            self._crowd.failed(f"{head[_STATUS].decode()} {body[:200].decode(errors='replace')}")
        elif self.waits:
            self.waits = False
            self._crowd.heard_now()
        else:
            page = json.loads(body)
            self._cursor, self._pulls = page["cursor"], not page["up_to_date"]
            self._ask()

    def _ask_again(self) -> None:
        if self.waits:  # it has not asked, as it turned out
            self._crowd.asked(-1)
        self._ask()

    def connection_lost(self, _: Exception | None) -> None:
        self._line = None
        if self._outstanding:  # let go just as it asked
            self._crowd.busy += 1
            self._ask_again()


class Crowd:
    """All of them."""

    def __init__(self, port: int, tills: list[dict[str, Any]]) -> None:
        self._port = port
        self._tills = [Waiting(till, self) for till in tills]
        self._heard_s: list[float] = []
        self._yet_to_ask = 0
        #: how many questions the server has put off
        self.busy = 0
        self._more = asyncio.Event()
        self._connecting: set[asyncio.Task[None]] = set()
        self._fault = ""

    def asked(self, count: int = 1) -> None:
        self._yet_to_ask -= count
        self._more.set()

    def heard_now(self) -> None:
        self._heard_s.append(monotonic())
        self._more.set()

    def failed(self, why: str) -> None:
        self._fault = self._fault or why
        self._more.set()

    async def connect(self) -> None:
        """A few at a time: the hub's backlog is not what is asked about."""
        loop = asyncio.get_running_loop()
        for first in range(0, len(self._tills), _AT_ONCE):
            some = self._tills[first : first + _AT_ONCE]
            await asyncio.gather(
                *(loop.create_connection(_same(till), "127.0.0.1", self._port) for till in some)
            )

    def reconnect(self, till: Waiting, then: Callable[[], None]) -> None:
        """Connect it anew, then go on."""

        async def connect() -> None:
            loop = asyncio.get_running_loop()
            await loop.create_connection(_same(till), "127.0.0.1", self._port)
            then()

        task = asyncio.create_task(connect())
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def ask(self) -> None:
        """Let all that do not wait ask."""
        self._heard_s.clear()
        idle = [till for till in self._tills if not till.waits]
        self._yet_to_ask = len(idle)
        for till in idle:
            till.begin()
        await self._until(lambda: self._yet_to_ask == 0)

    async def heard(self, count: int) -> list[float]:
        """When so many heard, in order."""
        await self._until(lambda: len(self._heard_s) >= count)
        return sorted(self._heard_s)

    async def _until(self, is_so: Callable[[], bool]) -> None:
        """Raises RuntimeError for an answer that is none."""
        while not is_so() and not self._fault:
            self._more.clear()
            await self._more.wait()
        if self._fault:
            raise RuntimeError(self._fault)


def _same(till: Waiting) -> Callable[[], Waiting]:
    return lambda: till


async def serve(crowd: Crowd) -> None:
    await crowd.connect()
    print("connected", flush=True)
    while line := (await asyncio.to_thread(sys.stdin.readline)).split():
        if line[0] == "ask":
            await crowd.ask()
            print(crowd.busy, flush=True)
            crowd.busy = 0
        else:
            print(json.dumps(await crowd.heard(int(line[1]))), flush=True)


if __name__ == "__main__":
    lines = Path(sys.argv[2]).read_text().splitlines()
    uvloop.run(serve(Crowd(int(sys.argv[1]), [json.loads(line) for line in lines])))
