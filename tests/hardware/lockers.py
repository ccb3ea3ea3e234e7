"""Simulated lockers with their real drivers, for tests; and time that jumps.

Over memory nothing ever waits for the outside, so a test may let the clock of its loop jump to
whatever is due next: hours of polling take no time and always come out the same.
"""

import asyncio
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from hardware.device import BackOff, Event, HealthChanged
from hardware.link import Connect
from hardware.link.serial import SerialLink
from hardware.link.tcp import TcpLink
from hardware.locker.board import Codec, Feedback, Timing
from hardware.locker.compartment import DoorState
from hardware.locker.kerong import Kerong
from hardware.locker.layout import Layout
from hardware.locker.locker import DoorChanged, Limits, Locker
from hardware.locker.modbus import ModbusRelays
from hardware.locker.orders import Opened
from hardware.locker.wkly import Wkly
from hardware.locker.xor_board import XorBoard
from hardware.simulator.locker import PROTOCOLS, SimulatedLocker
from hardware.simulator.pty import SerialPort
from hardware.simulator.wire import Damage, in_process, serve_tcp, serving_serial
from hardware.url import DeviceUrl

CODECS: Final[dict[str, Callable[..., Codec]]] = {
    "lock8a": XorBoard,
    "kerong": Kerong,
    "wkly": Wkly,
    "modbuslock": ModbusRelays,
}
BRIEF: Final = Limits(
    jammed_after_s=0.4,
    rest_s=0.05,
    watch_poll_s=0.02,
    busy_poll_s=0.05,
    idle_poll_s=0.1,
    silent_poll_s=0.3,
)
"""For wires on which time cannot jump."""
BRIEF_TIMING: Final = Timing(
    silence_s=0.025, answer_s=0.5, open_answer_s=0.5, settle_s=0.02, pulse_s=0.05
)
QUICK_BACK_OFF: Final = BackOff(0.02, 0.1)


class _JumpingClock(selectors.DefaultSelector):
    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "nothing will ever happen any more"
            self.now_s += timeout
        return ready


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingClock()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now_s


def jumping(scenario: Coroutine[Any, Any, None]) -> None:
    """Run it on a loop whose time jumps."""
    with asyncio.Runner(loop_factory=_JumpingLoop) as runner:
        runner.run(scenario)


def simulated(protocol: str, **given: Any) -> SimulatedLocker:
    return PROTOCOLS[protocol](**given)


def driver_of(
    machine: SimulatedLocker,
    connect: Connect,
    *,
    limits: Limits | None = None,
    timing: Timing | None = None,
    back_off: BackOff | None = None,
    feedback: Feedback | None = None,
) -> Locker:
    codec = CODECS[machine.driver]()
    if timing is not None:
        keeps = None if codec.timing.open_answer_s is None else timing.open_answer_s
        codec = CODECS[machine.driver](timing=replace(timing, open_answer_s=keeps))
    layout = Layout.read(DeviceUrl.parse(machine.url("tcp", "x")), codec)
    if feedback is not None:
        layout = replace(layout, feedback=feedback)
    return Locker(connect, codec, layout, limits=limits, back_off=back_off)


@asynccontextmanager
async def in_memory(
    machine: SimulatedLocker,
    *,
    limits: Limits | None = None,
    damage: Damage | None = None,
    feedback: Feedback | None = None,
) -> AsyncIterator[Locker]:
    """The locker behind its driver, met."""
    connect = in_process(machine, damage=damage)
    async with driver_of(machine, connect, limits=limits, feedback=feedback) as locker:
        await locker.reached()
        yield locker


@asynccontextmanager
async def wired(machine: SimulatedLocker, wire: str) -> AsyncIterator[Connect]:
    """How to reach the machine over TCP or a pty."""
    if wire == "tcp":
        async with await serve_tcp(machine) as server:
            parts = urlsplit(server.url)
            yield partial(
                TcpLink.connect, parts.hostname or "", parts.port or 0, connect_s=60, write_s=60
            )
        return
    port = SerialPort(name="locker")
    try:
        async with serving_serial(machine, port):
            yield partial(SerialLink.connect, str(port.path))
    finally:
        port.close()


def states(locker: Locker) -> list[DoorState]:
    return [door.state for door in locker.doors]


def changes(locker: Locker) -> list[tuple[int, DoorState, DoorState]]:
    """What its doors tell from now on, as it comes."""
    told: list[tuple[int, DoorState, DoorState]] = []

    def hear(event: Event) -> None:
        if isinstance(event, DoorChanged):
            told.append((event.door, event.before, event.after))

    locker.listeners.append(hear)
    return told


async def until(locker: Locker, holds: Callable[[], bool], within_s: float = 60) -> None:
    """Until something that the locker tells makes it hold."""
    told = asyncio.Event()

    def hear(_: Event) -> None:
        told.set()

    locker.listeners.append(hear)
    try:
        async with asyncio.timeout(within_s):
            while not holds():
                told.clear()
                await told.wait()
    finally:
        locker.listeners.remove(hear)


async def pulsed(machine: SimulatedLocker, count: int) -> None:
    """Until the machine gave that many pulses."""
    changed = asyncio.Event()
    machine.on_change.append(changed.set)
    try:
        async with asyncio.timeout(60):
            while len(machine.pulses) < count:
                changed.clear()
                await changed.wait()
    finally:
        machine.on_change.remove(changed.set)


def code(result: Opened | HealthChanged) -> str | None:
    fault = result.fault if isinstance(result, Opened) else result.health.fault
    return fault.code if fault else None
