"""A bad line between tills and hub: an HTTP/1.1 proxy on loopback that loses, delays, doubles,
reorders and truncates questions and answers, as chance has it.

Owns one listening port, and what becomes of each exchange. It knows where a question ends (by its
length) and nothing of what it says; cuts at any byte are `rehearsal.cable`'s, which may stand
before it.

    with BadLine(hub_port, seed=1) as line:
        cable.set_target(line.port)
        line.badness = 0.3
        …
        line.calm()
        print(line.met)  # {("question doubled", "push"): 4, …}
"""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from random import Random
from typing import NamedTuple

from rehearsal.relay import HOST, Relay

LATE_S = 0.02, 3.0
"""What is late is so by this much: at times more than a till waits for an answer."""
_HEAD_LIMIT_BYTES = 64 * 1024
_PATHS = {"/v1/push": "push", "/v1/feed": "page of the feed", "/v1/feed/wait": "wait for news"}
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CONNECTION = re.compile(rb"\r\nconnection:[^\r]*", re.IGNORECASE)
_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 22\r\nConnection: close\r\n\r\n"
    b"upstream connect error"
)


class Trouble(StrEnum):
    """What may happen to one exchange."""

    LOST = "question lost"
    ANSWER_LOST = "answer lost"
    LATE = "question late"
    ANSWER_LATE = "answer late"
    DOUBLED = "question doubled"
    AGAIN = "question again later"
    OVERTAKEN = "question overtaken"
    TORN = "question truncated"
    ANSWER_TORN = "answer truncated"
    GATEWAY = "gateway error"


#: how an exchange may end before its answer: by either side, or by us
_ENDS = OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError
_UNASKED = (Trouble.LOST, Trouble.OVERTAKEN, Trouble.TORN)


class _Question(NamedTuple):
    head: bytes
    body: bytes

    @property
    def what(self) -> str:
        """What is asked, in words."""
        path = self.head.split(b" ", 2)[1].partition(b"?")[0].decode("latin-1")
        return _PATHS.get(path, "other")


class BadLine(Relay):
    """Close it. Its methods may be called from any thread."""

    def __init__(
        self, hub_port: int, seed: int, troubles: Sequence[Trouble] = tuple(Trouble)
    ) -> None:
        """`troubles` are those that may happen."""
        self.badness = 0.0
        """How likely an exchange meets a trouble."""
        self.met = Counter[tuple[str, str]]()
        """(trouble, what was asked) -> how often."""
        self._hub_port = hub_port
        self._chance = Random(f"bad line {seed}")
        self._troubles = troubles
        self._copies: set[asyncio.Task[bytes]] = set()
        self._answered = asyncio.Event()
        super().__init__("bad line", _HEAD_LIMIT_BYTES)

    def calm(self) -> None:
        """From now on nothing happens, and all that was to arrive later has arrived."""
        self.badness = 0.0
        self._do(self._let_arrive())

    # --- below: only in the loop's thread

    async def _let_arrive(self) -> None:
        while self._copies:
            self._let_overtaken_arrive()
            await asyncio.wait(self._copies)

    async def _end(self) -> None:
        self._tasks |= self._copies
        await super()._end()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One exchange; then the connection ends, and the till makes another."""
        with suppress(*_ENDS):
            question = await _read_question(reader)
            writer.write(await self._unless_gone(reader, question))
            await writer.drain()

    async def _unless_gone(self, reader: asyncio.StreamReader, question: _Question) -> bytes:
        """What the till is to hear, nothing if it goes away first: then neither does the hub."""
        exchange = asyncio.create_task(self._exchanged(question))
        gone = asyncio.create_task(_until_gone(reader))
        try:
            await asyncio.wait({exchange, gone}, return_when=asyncio.FIRST_COMPLETED)
            return exchange.result() if exchange.done() else b""
        finally:
            exchange.cancel()
            gone.cancel()

    async def _exchanged(self, question: _Question) -> bytes:
        if self._chance.random() >= self.badness:
            return await self._ask(question)
        trouble = self._chance.choice(self._troubles)
        self.met[trouble, question.what] += 1
        return await self._troubled(trouble, question)

    async def _troubled(self, trouble: Trouble, question: _Question) -> bytes:
        if trouble is Trouble.GATEWAY:
            return _GATEWAY
        if trouble is Trouble.TORN:
            await self._sent(self._beginning(question.head + question.body), whole=False)
        copied_after = {
            Trouble.DOUBLED: self._no_time,
            Trouble.AGAIN: self._some_time,
            Trouble.OVERTAKEN: self._next_answer,
        }
        if trouble in copied_after:
            self._copy(question, copied_after[trouble])
        if trouble is Trouble.LATE:
            await self._some_time()
        answer = b"" if trouble in _UNASKED else await self._ask(question)
        if trouble is Trouble.ANSWER_LATE:
            await self._some_time()
        if trouble is Trouble.ANSWER_TORN:
            return self._beginning(answer)
        return b"" if trouble is Trouble.ANSWER_LOST else answer

    async def _no_time(self) -> None:
        pass

    async def _some_time(self) -> None:
        least, most = LATE_S
        await asyncio.sleep(least * (most / least) ** self._chance.random())

    def _beginning(self, whole: bytes) -> bytes:
        return whole[: self._chance.randrange(len(whole))] if whole else whole

    def _copy(self, question: _Question, after: Callable[[], Awaitable[object]]) -> None:
        """Let the question arrive by itself after something, its answer unheard."""

        async def arrive() -> bytes:
            await after()
            return await self._ask(question)

        copy = self._loop.create_task(arrive())
        self._copies.add(copy)
        copy.add_done_callback(self._copies.discard)

    async def _next_answer(self) -> None:
        """Until some other question is answered, or it is calm."""
        await self._answered.wait()

    async def _ask(self, question: _Question) -> bytes:
        answer = await self._sent(question.head + question.body)
        self._let_overtaken_arrive()
        return answer

    def _let_overtaken_arrive(self) -> None:
        self._answered.set()
        self._answered = asyncio.Event()

    async def _sent(self, data: bytes, *, whole: bool = True) -> bytes:
        """The hub's answer, as far as it came; none where no hub is. What is not `whole` is
        followed by the end of its connection."""
        try:
            reader, hub = await asyncio.open_connection(HOST, self._hub_port)
        except OSError:
            return b""
        try:
            hub.write(data)
            if not whole:
                hub.write_eof()
            return await reader.read()
        except OSError:
            return b""
        finally:
            hub.close()


async def _until_gone(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):
        await reader.read(1)


async def _read_question(reader: asyncio.StreamReader) -> _Question:
    """The next question, changed in that its connection is to end with the answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    body = await reader.readexactly(int(length[1])) if length else b""
    head = _CONNECTION.sub(b"", head).removesuffix(b"\r\n\r\n")
    return _Question(head + b"\r\nConnection: close\r\n\r\n", body)


def table(met: Mapping[tuple[str, str], int]) -> list[str]:
    """How often what happened, and of that in each state; a line each."""
    lines = []
    for what in sorted({what for what, _ in met}):
        states = {state: count for (name, state), count in met.items() if name == what}
        named = ", ".join(f"{state} {count:,}" for state, count in sorted(states.items()))
        lines.append(f"{sum(states.values()):>7,}  {what}: {named}")
    return lines
