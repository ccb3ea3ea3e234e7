"""A simulated printer on a wire, for the tests that hold the real driver to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

from hardware.link import Connect, TcpLink
from hardware.printer import EscposPrinter, FenceKind, TimeLimits
from hardware.receipt_bytes import Line
from hardware.simulator.port import in_process, serve_tcp
from hardware.simulator.printer import Event, SimulatedPrinter

PATIENT = TimeLimits(
    connect_s=60, write_s=60, status_s=60, fence_s=60, cause_s=60
)  # where an answer must come
TIRED = TimeLimits(
    connect_s=60, write_s=0.05, status_s=60, fence_s=0.05, line_s=0, cause_s=0.05
)  # where none can come after the job was sent
LINES = [Line("会员积分"), Line("Total 12.00", bold=True)]
TEXT = "会员积分\nTotal 12.00"

WIRES = ("memory", "tcp")


def bell_for(simulated: SimulatedPrinter, awaited: Event) -> asyncio.Event:
    """Set whenever `awaited` happens at the printer."""
    bell = asyncio.Event()

    def listen(event: Event, _detail: str) -> None:
        if event is awaited:
            bell.set()

    simulated.listeners.append(listen)
    return bell


@asynccontextmanager
async def wired(simulated: SimulatedPrinter, wire: str) -> AsyncIterator[Connect]:
    """How to connect to `simulated` over memory or a TCP port."""
    if wire == "memory":
        yield in_process(simulated, write_s=PATIENT.write_s)
        return
    async with await serve_tcp(simulated) as server:
        parts = urlsplit(server.url)
        assert parts.hostname is not None
        assert parts.port is not None
        yield partial(TcpLink.connect, parts.hostname, parts.port, connect_s=60, write_s=60)


@asynccontextmanager
async def opened(
    connect: Connect,
    limits: TimeLimits = PATIENT,
    *,
    fence: FenceKind = FenceKind.PROCESS_ID,
) -> AsyncIterator[EscposPrinter]:
    printer = EscposPrinter(connect, limits=limits, fence=fence)
    try:
        yield printer
    finally:
        await printer.close()
