"""A simulated printer on a wire, for the tests that hold the real driver to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from hardware.device import BackOff, Device
from hardware.link import Connect
from hardware.link.serial import SerialLink
from hardware.link.tcp import TcpLink
from hardware.printer.parts import Line
from hardware.printer.printer import Printer, TimeLimits
from hardware.printer.profile import FenceKind, Profile
from hardware.simulator.printer.machine import Event, SimulatedPrinter
from hardware.simulator.pty import SerialPort
from hardware.simulator.wire import in_process, serve_tcp, serving_serial

PATIENCE_S = 60
PATIENT = TimeLimits(
    status_s=PATIENCE_S, fence_s=PATIENCE_S, poll_s=0.01, look_s=0, patience_s=PATIENCE_S
)  # where an answer must come
TIRED = replace(PATIENT, status_s=0.05, fence_s=0.05, line_s=0)
# where none can come after the job was sent
SOON = BackOff(first_s=0.01, most_s=0.02)
LINES = [Line("会员积分"), Line("Total 12.00", bold=True)]
TEXT = "会员积分\nTotal 12.00"

WIRES = ("memory", "tcp", "pty")


def bell_for(simulated: SimulatedPrinter, awaited: Event) -> asyncio.Event:
    """Set whenever `awaited` happens at the printer."""
    bell = asyncio.Event()

    def listen(event: Event, _detail: str) -> None:
        if event is awaited:
            bell.set()

    simulated.listeners.append(listen)
    return bell


@asynccontextmanager
async def wired(
    simulated: SimulatedPrinter, wire: str, write_s: float = PATIENCE_S
) -> AsyncIterator[Connect]:
    """How to connect to `simulated` over memory, a TCP port or a pty."""
    match wire:
        case "memory":
            yield in_process(simulated, write_s=write_s)
        case "tcp":
            async with await serve_tcp(simulated) as server:
                parts = urlsplit(server.url)
                assert parts.hostname is not None
                assert parts.port is not None
                yield partial(
                    TcpLink.connect, parts.hostname, parts.port, connect_s=60, write_s=write_s
                )
        case _:
            with closing(SerialPort(name="printer")) as port:
                async with serving_serial(simulated, port):
                    yield partial(SerialLink.connect, str(port.path), write_s=write_s)


@asynccontextmanager
async def opened(
    connect: Connect,
    limits: TimeLimits = PATIENT,
    *,
    fence: FenceKind = FenceKind.PROCESS_ID,
    profile: Profile | None = None,
) -> AsyncIterator[Printer]:
    """The real driver at the end of that link, served."""
    profile = profile or Profile(fence=fence)
    async with Printer(connect, profile, limits=limits, back_off=SOON) as printer:
        yield printer


async def until(device: Device[Any], is_so: Callable[[], bool]) -> None:
    """Wait for it, looking whenever the device tells something."""
    async with asyncio.timeout(PATIENCE_S):
        told = asyncio.Event()
        device.listeners.append(lambda _: told.set())
        while not is_so():
            told.clear()
            await told.wait()


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Play it through, for a bounded time."""

    async def whole() -> None:
        async with asyncio.timeout(2 * PATIENCE_S):
            await scenario()

    asyncio.run(whole())
