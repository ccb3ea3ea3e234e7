"""Simulated scales at every wire, for the tests that hold the real driver to them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from decimal import Decimal
from functools import partial
from urllib.parse import urlsplit

from hardware.device import BackOff, Event, HealthChanged
from hardware.fault import Fault
from hardware.link import Connect
from hardware.link.serial import SerialLink
from hardware.link.tcp import TcpLink
from hardware.scale import aclas, cas, toledo
from hardware.scale.reading import ScaleProtocol
from hardware.scale.scale import Limits, Scale, Weighed
from hardware.simulator.machine import Machine
from hardware.simulator.pty import SerialPort
from hardware.simulator.scale import SimulatedScale, Tongue
from hardware.simulator.wire import Damage, in_process, serve_tcp, serving_serial

PATIENCE_S = 60.0
QUICK = Limits(answer_s=PATIENCE_S, pause_s=0.001)
"""Where an answer must come."""
TIRED = Limits(answer_s=0.05, pause_s=0.001)
"""Where none can come."""
SOON = BackOff(0.01, 0.02)
WIRES = ["memory", "tcp", "pty"]
PROTOCOLS = {
    Tongue.TOLEDO: toledo.protocol(),
    Tongue.CAS: cas.PROTOCOL,
    Tongue.ACLAS: aclas.PROTOCOL,
}
APPLES, PEARS = Decimal("0.655"), Decimal("1.240")


@asynccontextmanager
async def wired(
    machine: Machine, wire: str, damage: Damage | None = None
) -> AsyncIterator[Connect]:
    async with AsyncExitStack() as stack:
        match wire:
            case "memory":
                yield in_process(machine, damage=damage)
            case "tcp":
                server = await stack.enter_async_context(await serve_tcp(machine, damage=damage))
                at = urlsplit(server.url)
                assert at.hostname is not None
                assert at.port is not None
                yield partial(TcpLink.connect, at.hostname, at.port, connect_s=60, write_s=60)
            case _:
                port = stack.enter_context(closing(SerialPort(name="scale")))
                url = await stack.enter_async_context(serving_serial(machine, port, damage=damage))
                yield partial(SerialLink.connect, urlsplit(url).path)


@asynccontextmanager
async def on(
    machine: Machine,
    wire: str = "memory",
    *,
    protocol: ScaleProtocol | None = None,
    limits: Limits = QUICK,
    damage: Damage | None = None,
) -> AsyncIterator[Scale]:
    """A scale of ours, at the machine; it is met."""
    if protocol is None:
        assert isinstance(machine, SimulatedScale)
        protocol = PROTOCOLS[machine.tongue]
    async with (
        asyncio.timeout(PATIENCE_S),
        wired(machine, wire, damage) as connect,
        Scale(connect, protocol, limits=limits, back_off=SOON) as scale,
    ):
        await scale.reached()
        yield scale


async def until_asked(machine: SimulatedScale, count: int) -> None:
    """It was asked so often from now on."""
    asked = asyncio.Event()
    before = machine.asked

    def look() -> None:
        if machine.asked >= before + count:
            asked.set()

    machine.on_change.append(look)
    await asked.wait()
    machine.on_change.remove(look)


class Until:
    """Wait for something that is told to be so."""

    def __init__(self, scale: Scale) -> None:
        self.told: list[Event] = []
        self._rung = asyncio.Event()
        scale.listeners.append(self._note)

    def _note(self, event: Event) -> None:
        self.told.append(event)
        self._rung.set()

    async def so(self, is_so: Callable[[], object]) -> None:
        while not is_so():
            self._rung.clear()
            await self._rung.wait()

    @property
    def weighed(self) -> list[Weighed]:
        return [event for event in self.told if isinstance(event, Weighed)]

    @property
    def faults(self) -> list[str | None]:
        healths = [event.health for event in self.told if isinstance(event, HealthChanged)]
        return [health.fault.code if health.fault else None for health in healths]


class Scripted(Machine):
    """Answers what stands in its script, one after the other; None is silence. The last one
    stays. At ENQ it says ACK."""

    driver = "scale"

    def __init__(self, script: Iterable[bytes | None]) -> None:
        super().__init__()
        self.script = list(script)
        self.asked = 0

    def feed(self, data: bytes) -> int:
        for byte in data:
            if byte == 0x05:
                self._say(b"\x06")
            elif byte in b"\r\x11":
                self.asked += 1
                answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                self._say(answer or b"")
        return len(data)


def ecr(kilograms: str) -> bytes:
    return f"\n{kilograms}KG\r\nS00\r\x03".encode()


async def fault_of(act: Awaitable[object]) -> Fault:
    try:
        await act
    except Fault as fault:
        return fault
    raise AssertionError("it has weighed")
