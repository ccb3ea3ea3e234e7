"""A receipt printer with a cash drawer behind it, over any link.

Owns the conversation: is it ready, send the job, did it come out. Refuses to own what a receipt
says, reprinting (a person decides, a copy is marked as one) and how often to look for paper.

The rule of every job (reference: write OK means nothing, a stalled printer takes 64 KiB gladly):

    DLE EOT 1, 2, 4 ── trouble ──▶ not_printed: nothing was sent
          │ ready
    kick, lines, cut, fence in one buffer ── link broke, no answer ──▶ unknown
          │ fence answered
       printed
"""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from hardware import receipt_bytes
from hardware.device import (
    CoverOpen,
    Fault,
    LinkLost,
    NoReply,
    OutOfPaper,
    PaperRanOut,
    PrinterError,
    Unconfirmed,
    Unplugged,
)
from hardware.dots import drawn
from hardware.link import Connect, Link
from hardware.printer_replies import (
    BufferStatus,
    ProcessDone,
    RealTimeStatus,
    Reply,
    ReplyParser,
)
from hardware.receipt_bytes import Part

COLUMNS: Final = (32, 42, 48)
"""Paper widths we know: 58 mm, 80 mm in the wider font of some models, 80 mm."""

WRITE_BYTES: Final = 2048
"""Handed to the link at once: at 9600 baud two seconds, so a logo cannot outlast `write_s`."""

_LINE_BYTES = 48
_OFFLINE = 0x08  # DLE EOT 1
_COVER_OPEN, _STOPPED_BY_PAPER_END, _ERROR = 0x04, 0x20, 0x40  # DLE EOT 2
_PAPER_END = 0x60  # DLE EOT 4


class Outcome(StrEnum):
    """What became of a job."""

    PRINTED = "printed"
    NOT_PRINTED = "not_printed"
    UNKNOWN = "unknown"


class FenceKind(StrEnum):
    """How the printer tells that a job is done."""

    PROCESS_ID = "process_id"
    """GS ( H: answered when printing is finished, naming the job (newer Epson and kin)."""
    BUFFER = "gs_r"
    """GS r: answered when the buffer was processed, without a name; nearly all printers."""


@dataclass(frozen=True, slots=True)
class Printed:
    """The end of a job; `reason` is there unless the outcome is `printed`."""

    outcome: Outcome
    reason: Fault | None = None


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long each step may take, in seconds, before it counts as failed."""

    connect_s: float = 3.0
    write_s: float = 5.0
    """For the far end to take the bytes handed over at once, `WRITE_BYTES`."""
    status_s: float = 2.0
    """For each real-time status answer before a job."""
    fence_s: float = 10.0
    """For the fence's answer, beyond what the lines take."""
    line_s: float = 0.1
    """Added to `fence_s` for each line, or 48 bytes of a picture (at 9600 baud: 0.05 s)."""
    cause_s: float = 1.0
    """For finding out why the fence was not answered."""


class EscposPrinter:
    """One printer. Device trouble never raises: it comes back as a value, in bounded time.

    `connect` opens a fresh link; the link is opened by the first job, kept, and after any trouble
    dropped and opened anew by the next. Jobs take turns. A printer that draws no QR code gets it
    as a picture. `numbers` are the job numbers that fences carry.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        columns: int = 48,
        fence: FenceKind = FenceKind.PROCESS_ID,
        limits: TimeLimits | None = None,
        draws_qr: bool = True,
        numbers: Iterator[int] | None = None,
    ) -> None:
        self.columns: Final = columns
        self._connect = connect
        self._fence = fence
        self._draws_qr = draws_qr
        self._limits = limits or TimeLimits()
        self._numbers = itertools.count(1) if numbers is None else numbers
        self._turn = asyncio.Lock()
        self._link: Link | None = None
        self._parser = ReplyParser()
        self._unread: deque[Reply] = deque()  # bounded: one read's replies

    async def print(self, parts: Sequence[Part], *, kick_drawer: bool = False) -> Printed:
        """Print and cut `parts`, opening the drawer first when asked.

        A printer that answers but cannot print still opens the drawer, at once (DLE DC4). One that
        is silent gets no such order: the drawer must not spring open when it wakes up later.
        """
        async with self._in_turn():
            link, trouble = await self._ready_link()
            if link is None or trouble is not None:
                if link is not None and kick_drawer:
                    await self._kick_now(link)
                return Printed(Outcome.NOT_PRINTED, trouble)
            return await self._send(link, parts, kick_drawer=kick_drawer)

    async def kick(self) -> Fault | None:
        """Open the drawer now, paper or not; a fault when no answering printer is there."""
        async with self._in_turn():
            link, trouble = await self._ready_link()
            return trouble if link is None else await self._kick_now(link)

    async def look(self) -> Fault | None:
        """What keeps it from printing now, asked without a job; None when it is ready."""
        async with self._in_turn():
            return (await self._ready_link())[1]

    async def close(self) -> None:
        """Let go of the link, after the job under way. A later job opens it again."""
        async with self._turn:
            await self._drop()

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        async with self._turn:
            try:
                yield
            except asyncio.CancelledError:
                await self._drop()  # half a conversation must not be mistaken for the next one
                raise

    async def _ready_link(self) -> tuple[Link | None, Fault | None]:
        """A link whose printer answers, and what keeps it from printing; or None and why.

        A link kept from an earlier job may have broken unseen (the printer was switched off and
        on): then once more on a fresh one, since nothing was sent.
        """
        kept = self._link is not None
        try:
            link = self._link = self._link or await self._connect()
            return link, await self._trouble(link, self._limits.status_s)
        except TimeoutError:
            await self._drop()
            return None, NoReply()
        except OSError as broken:
            await self._drop()
            return await self._ready_link() if kept else (None, Unplugged(str(broken)))

    async def _trouble(self, link: Link, status_s: float) -> Fault | None:
        """What keeps the printer from printing, the cause that a person can mend first."""
        general = await self._status(link, 1, status_s)
        cause = await self._status(link, 2, status_s)
        paper = await self._status(link, 4, status_s)
        if cause & _COVER_OPEN:
            return CoverOpen()
        if cause & _STOPPED_BY_PAPER_END or paper & _PAPER_END:
            return OutOfPaper()
        if cause & _ERROR or general & _OFFLINE:
            return PrinterError(f"DLE EOT 1, 2, 4 answered {general:02x} {cause:02x} {paper:02x}")
        return None

    async def _status(self, link: Link, which: Literal[1, 2, 4], status_s: float) -> int:
        await link.write(receipt_bytes.ask_status(which))
        reply = await self._reply(link, lambda reply: isinstance(reply, RealTimeStatus), status_s)
        assert isinstance(reply, RealTimeStatus)
        return reply.bits

    async def _reply(self, link: Link, wanted: Callable[[Reply], bool], timeout_s: float) -> Reply:
        """The next wanted reply, whatever else the printer says meanwhile."""
        async with asyncio.timeout(timeout_s):
            while True:
                while self._unread:
                    reply = self._unread.popleft()
                    if wanted(reply):
                        return reply
                self._unread.extend(self._parser.feed(await link.read(timeout_s)))

    async def _send(self, link: Link, parts: Sequence[Part], *, kick_drawer: bool) -> Printed:
        fence, answers = self._next_fence()
        parts = [drawn(part, self.columns, qr_as_picture=not self._draws_qr) for part in parts]
        job = receipt_bytes.receipt(parts, kick_drawer=kick_drawer, fence=fence)
        reason: Fault
        try:
            for begin in range(0, len(job), WRITE_BYTES):
                await link.write(job[begin : begin + WRITE_BYTES])
            lines = max(len(parts), len(job) // _LINE_BYTES)
            await self._reply(link, answers, self._limits.fence_s + self._limits.line_s * lines)
            return Printed(Outcome.PRINTED)
        except TimeoutError:
            reason = await self._why_unconfirmed(link)
        except OSError as broken:
            reason = LinkLost(str(broken))
        await self._drop()  # so a late answer cannot pass for the next job's
        return Printed(Outcome.UNKNOWN, reason)

    def _next_fence(self) -> tuple[bytes, Callable[[Reply], bool]]:
        if self._fence is FenceKind.BUFFER:
            return receipt_bytes.BUFFER_FENCE, lambda reply: isinstance(reply, BufferStatus)
        ident = receipt_bytes.process_id(next(self._numbers))
        return receipt_bytes.process_id_fence(ident), lambda reply: reply == ProcessDone(ident)

    async def _why_unconfirmed(self, link: Link) -> Fault:
        try:
            async with asyncio.timeout(self._limits.cause_s):
                trouble = await self._trouble(link, self._limits.cause_s)
        except OSError:
            trouble = None
        if isinstance(trouble, OutOfPaper):
            return PaperRanOut()
        return Unconfirmed(trouble.code if trouble is not None else "")

    async def _kick_now(self, link: Link) -> Fault | None:
        try:
            await link.write(receipt_bytes.KICK_NOW)
        except OSError as broken:
            await self._drop()
            return Unplugged(str(broken))
        return None

    async def _drop(self) -> None:
        link, self._link = self._link, None
        self._parser = ReplyParser()
        self._unread.clear()
        if link is not None:
            await link.close()
