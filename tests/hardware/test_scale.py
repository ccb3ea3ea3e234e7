"""A scale on real wires: a weight at rest or a fault with a remedy, nothing asked in between."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest

from hardware.device import BackOff, Event, HealthChanged
from hardware.device import State as Stands
from hardware.fault import DeviceFault, Fault, NoReply, NotUnderstood, UnknownDevice, Unplugged
from hardware.link import Connect
from hardware.link.serial import SerialLink
from hardware.link.tcp import TcpLink
from hardware.registry import open_device
from hardware.scale import aclas, cas, toledo
from hardware.scale.faults import (
    BelowZero,
    Defective,
    NothingOnIt,
    NotReady,
    NoUnit,
    Overloaded,
    Unstable,
)
from hardware.scale.reading import ScaleProtocol
from hardware.scale.scale import Limits, Scale, Weighed, Weight
from hardware.simulator.machine import Machine
from hardware.simulator.noise import noise
from hardware.simulator.pty import SerialPort
from hardware.simulator.scale import SimulatedScale, State, Tongue
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


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("tongue", Tongue)
def test_what_lies_on_the_scale_is_weighed(tongue: Tongue, wire: str) -> None:
    async def scenario() -> None:
        async with on(SimulatedScale(tongue, shown=APPLES), wire) as scale:
            assert scale.health.ready
            assert await scale.weigh() == Weight(655)
            assert scale.health.ready

    asyncio.run(scenario())


@pytest.mark.parametrize("unit", ["kg", "g", "lb"])
@pytest.mark.parametrize("tongue", Tongue)
def test_every_unit_becomes_grams(tongue: Tongue, unit: str) -> None:
    shown = {"kg": "0.655", "g": "655", "lb": "1.445"}[unit]

    async def scenario() -> None:
        async with on(SimulatedScale(tongue, shown=Decimal(shown), unit=unit)) as scale:
            assert await scale.weigh() == Weight(655)

    asyncio.run(scenario())


@pytest.mark.parametrize("tongue", Tongue)
def test_an_unstable_scale_is_asked_until_it_rests(tongue: Tongue) -> None:
    async def scenario() -> None:
        machine = SimulatedScale(tongue, shown=APPLES)
        async with on(machine) as scale:
            machine.rest(State.UNSTABLE, answers=5)
            before = machine.asked
            assert await scale.weigh(PATIENCE_S) == Weight(655)
            assert machine.asked - before == 7  # five that moved, two that agree

    asyncio.run(scenario())


@pytest.mark.parametrize("tongue", Tongue)
def test_what_never_comes_to_rest_is_not_weighed(tongue: Tongue) -> None:
    async def scenario() -> None:
        machine = SimulatedScale(tongue, shown=APPLES)
        machine.rest(State.UNSTABLE)
        async with on(machine) as scale:
            assert isinstance(await fault_of(scale.weigh(0.05)), Unstable)
            machine.rest(State.STABLE)
            assert await scale.weigh() == Weight(655)

    asyncio.run(scenario())


def test_a_weight_said_once_is_no_weight_when_the_time_is_up() -> None:
    async def scenario() -> None:
        async with on(SimulatedScale(shown=APPLES)) as scale:
            assert isinstance(await fault_of(scale.weigh(0)), Unstable)

    asyncio.run(scenario())


@pytest.mark.parametrize("tongue", Tongue)
@pytest.mark.parametrize(
    ("knob", "fault"),
    [("weight 0", NothingOnIt), ("overload", Overloaded), ("negative", BelowZero)],
)
def test_what_cannot_be_sold_by_weight_is_a_fault_that_may_be_tried_again(
    tongue: Tongue, knob: str, fault: type[DeviceFault]
) -> None:
    async def scenario() -> None:
        machine = SimulatedScale(tongue, shown=APPLES)
        async with on(machine) as scale:
            machine.turn_knob(knob)
            met = await fault_of(scale.weigh(PATIENCE_S))
            assert isinstance(met, fault)
            assert met.code == f"scale.{met.what}"
            assert met.retryable
            assert met.outcome_known
            assert "scale" in met.say_en
            assert "电子秤" in met.say_zh
            assert scale.health.ready
            machine.put(PEARS)
            assert await scale.weigh() == Weight(1240)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"\nS40\r\x03", Defective),
        (b"\nS0p8\r\x03", NotReady),
        (b"\n?\r\x03", NotReady),
        (b"\x0200.655\r", NoUnit),
        (b"\x02?B\r", Overloaded),
    ],
)
def test_what_a_scale_says_of_itself_is_told(answer: bytes, fault: type[DeviceFault]) -> None:
    async def scenario() -> None:
        async with on(Scripted([answer]), protocol=toledo.protocol()) as scale:
            assert isinstance(await fault_of(scale.weigh(PATIENCE_S)), fault)

    asyncio.run(scenario())


def test_an_item_that_falls_onto_the_pan_is_no_overload() -> None:
    async def scenario() -> None:
        script = [b"\nS20\r\x03", b"\nS02\r\x03", b"\nS10\r\x03", ecr("00.655")]
        async with on(Scripted(script), protocol=toledo.protocol()) as scale:
            assert await scale.weigh(PATIENCE_S) == Weight(655)

    asyncio.run(scenario())


def test_digits_damaged_on_the_wire_are_not_believed() -> None:
    """Neither parity nor a checksum would see these."""

    async def scenario() -> None:
        met, wrong, right = ecr("00.655"), ecr("00.355"), ecr("00.655")
        script = [met, wrong, right, wrong, b"\x02garbage\r", right, met[:5], right, right]
        machine = Scripted(script)
        async with on(machine, protocol=toledo.protocol()) as scale:
            assert await scale.weigh(PATIENCE_S) == Weight(655)
            assert machine.asked == len(script)

    asyncio.run(scenario())


@pytest.mark.parametrize("tongue", Tongue)
def test_a_silent_scale_is_missed_and_found_again(tongue: Tongue) -> None:
    async def scenario() -> None:
        machine = SimulatedScale(tongue, shown=APPLES)
        async with on(machine, limits=TIRED) as scale:
            machine.turn_knob("silent")
            assert isinstance(await fault_of(scale.weigh(0)), NoReply)
            assert isinstance(await fault_of(scale.weigh(0.2)), NoReply)
            machine.turn_knob("stable")
            assert await scale.weigh(PATIENCE_S) == Weight(655)

    asyncio.run(scenario())


def test_a_scale_that_falls_silent_for_one_answer_still_weighs() -> None:
    async def scenario() -> None:
        script = [ecr("00.655"), ecr("00.655"), None, ecr("00.655")]
        async with on(Scripted(script), protocol=toledo.protocol(), limits=TIRED) as scale:
            assert await scale.weigh(PATIENCE_S) == Weight(655)

    asyncio.run(scenario())


@pytest.mark.parametrize("protocol", PROTOCOLS.values())
def test_another_device_or_another_speed_is_not_understood(protocol: ScaleProtocol) -> None:
    async def scenario() -> None:
        machine = Scripted([b"\x01\x02 1.2 kg or so, I think\x03\r"])
        async with on(machine, protocol=protocol) as scale:
            assert isinstance(scale.health.fault, NotUnderstood)
            assert scale.health.state is Stands.OFFLINE
            assert isinstance(await fault_of(scale.weigh()), NotUnderstood)

    asyncio.run(scenario())


def test_a_scale_that_speaks_rubbish_after_it_was_met_is_not_understood() -> None:
    async def scenario() -> None:
        machine = Scripted([ecr("00.655"), b"\x02rubbish\r"])
        async with on(machine, protocol=toledo.protocol()) as scale:
            assert scale.health.ready
            assert isinstance(await fault_of(scale.weigh(0.05)), NotUnderstood)

    asyncio.run(scenario())


@pytest.mark.parametrize("sends", [True, False])
def test_an_aclas_that_speaks_of_itself_is_told_to_wait(sends: bool) -> None:
    async def scenario() -> None:
        machine = SimulatedScale(Tongue.ACLAS, shown=APPLES, sends=sends)
        async with on(machine) as scale:
            assert not machine.sends
            assert await scale.weigh() == Weight(655)

    asyncio.run(scenario())


def test_an_aclas_that_does_not_obey_is_weighed_with_all_the_same() -> None:
    class Stubborn(SimulatedScale):
        def _hear(self, byte: int) -> None:
            """It speaks, and hears nothing."""

    async def scenario() -> None:
        machine = Stubborn(Tongue.ACLAS, shown=APPLES, sends=True)
        async with on(machine) as scale:
            assert await scale.weigh(PATIENCE_S) == Weight(655)
            machine.put(PEARS)
            assert await scale.weigh(PATIENCE_S) == Weight(1240)

    asyncio.run(scenario())


def test_an_8217_weighs_when_its_unit_is_said_for_it() -> None:
    async def scenario() -> None:
        machine = SimulatedScale(dialect="8217", shown=APPLES)
        async with on(machine, protocol=toledo.protocol("kg")) as scale:
            assert await scale.weigh() == Weight(655)
            machine.put(PEARS)
            assert await scale.weigh() == Weight(1240)

    asyncio.run(scenario())


# ---- watching


@pytest.mark.parametrize("tongue", Tongue)
def test_nothing_is_asked_while_nobody_weighs(tongue: Tongue) -> None:
    async def scenario() -> None:
        machine = SimulatedScale(tongue, shown=APPLES)
        async with on(machine) as scale:
            until = Until(scale)
            with scale.watching():
                await until.so(lambda: Weighed(655, True) in until.told)
            await scale.weigh()  # in its turn, so behind the last question of the watch
            asked = machine.asked
            for _ in range(100):
                await asyncio.sleep(0)
            assert machine.asked == asked

    asyncio.run(scenario())


def test_a_watched_scale_tells_what_it_shows_when_that_changes() -> None:
    async def scenario() -> None:
        machine = SimulatedScale(Tongue.CAS, shown=APPLES)
        async with on(machine) as scale:
            until = Until(scale)
            with scale.watching(), scale.watching():
                await until.so(lambda: Weighed(655, True) in until.told)
                machine.rest(State.UNSTABLE)
                await until.so(lambda: until.weighed[-1] == Weighed(655, False))
                machine.put(Decimal("0.000"))
                await until.so(lambda: until.weighed[-1] == Weighed(0, True))
            assert until.weighed == [
                Weighed(655, False), Weighed(655, True), Weighed(655, False), Weighed(0, False),
                Weighed(0, True),
            ]  # fmt: skip

    asyncio.run(scenario())


def test_a_watched_scale_that_cannot_weigh_is_degraded_until_it_can() -> None:
    async def scenario() -> None:
        machine = SimulatedScale(shown=APPLES)
        async with on(machine) as scale:
            until = Until(scale)
            with scale.watching():
                await until.so(lambda: Weighed(655, True) in until.told)
                machine.turn_knob("overload")
                await until.so(lambda: scale.health.state is Stands.DEGRADED)
                assert isinstance(scale.health.fault, Overloaded)
                assert until.weighed[-1] == Weighed(None, False)
                machine.put(PEARS)
                await until.so(lambda: scale.health.ready)
                machine.turn_knob("negative")
                await until.so(lambda: scale.health.state is Stands.DEGRADED)
            await until.so(lambda: scale.health.ready)  # nobody looks any more
            assert until.faults == ["scale.overloaded", None, "scale.below_zero", None]

    asyncio.run(scenario())


def test_weighing_and_watching_take_turns() -> None:
    async def scenario() -> None:
        machine = SimulatedScale(Tongue.CAS, shown=APPLES)
        async with on(machine, "tcp") as scale:
            with scale.watching():
                both = await asyncio.gather(*(scale.weigh() for _ in range(10)))
            assert both == [Weight(655)] * 10

    asyncio.run(scenario())


def test_watching_goes_on_after_the_scale_was_silent() -> None:
    async def scenario() -> None:
        machine = SimulatedScale(Tongue.CAS, shown=APPLES)
        async with on(machine, limits=TIRED) as scale:
            until = Until(scale)
            with scale.watching():
                await until.so(lambda: Weighed(655, True) in until.told)
                machine.turn_knob("silent")
                await until.so(lambda: isinstance(scale.health.fault, NoReply))
                machine.put(PEARS)
                await until.so(lambda: Weighed(1240, True) in until.told)

    asyncio.run(scenario())


# ---- the wire


@pytest.mark.parametrize("tongue", Tongue)
def test_an_unplugged_scale_is_missed_and_weighing_goes_on_when_it_is_back(tongue: Tongue) -> None:
    async def scenario() -> None:
        machine = SimulatedScale(tongue, shown=APPLES)
        async with on(machine, "pty") as scale:
            until = Until(scale)
            with scale.watching():
                for round_ in range(1, 4):
                    machine.put(Decimal(f"0.{round_}00"))
                    await until.so(lambda: Weighed(round_ * 100, True) in until.told)  # noqa: B023
                    machine.unplug()
                    await until.so(lambda: not scale.health.answers)
                    assert isinstance(scale.health.fault, Unplugged)
                    assert isinstance(await fault_of(scale.weigh(PATIENCE_S)), Unplugged)
                    machine.plug()
                    await until.so(lambda: scale.health.ready)
                    assert await scale.weigh() == Weight(round_ * 100)

    asyncio.run(scenario())


@pytest.mark.parametrize("wire", WIRES)
def test_a_scale_that_goes_while_it_weighs_is_told_at_once(wire: str) -> None:
    async def scenario() -> None:
        machine = SimulatedScale(shown=APPLES)
        async with on(machine, wire) as scale:
            machine.rest(State.UNSTABLE)
            weighing = asyncio.create_task(fault_of(scale.weigh(PATIENCE_S)))
            await until_asked(machine, 3)
            machine.power_off()
            assert isinstance(await weighing, Unplugged)
            machine.power_on()
            machine.put(PEARS)
            while isinstance(fault := await _weighed(scale), Unplugged):
                pass  # until the path is there again
            assert fault == Weight(1240)

    async def _weighed(scale: Scale) -> Weight | Fault:
        try:
            return await scale.weigh(PATIENCE_S)
        except Fault as fault:
            return fault

    asyncio.run(scenario())


def test_weighing_that_is_given_up_does_not_leave_its_answer_to_the_next() -> None:
    async def scenario() -> None:
        machine = SimulatedScale(shown=APPLES)
        async with on(machine) as scale:
            machine.turn_knob("silent")
            weighing = asyncio.create_task(scale.weigh(PATIENCE_S))
            await until_asked(machine, 1)
            weighing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await weighing
            machine.put(PEARS)
            while (await scale.reached()).fault is not None:
                pass
            assert await scale.weigh(PATIENCE_S) == Weight(1240)

    asyncio.run(scenario())


def test_a_scale_that_is_not_served_cannot_be_reached() -> None:
    async def scenario() -> None:
        scale = Scale(in_process(SimulatedScale()), toledo.protocol())
        assert isinstance(await fault_of(scale.weigh()), Unplugged)

    asyncio.run(scenario())


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("tongue", Tongue)
def test_a_bad_wire_never_makes_a_wrong_weight(tongue: Tongue, seed: int) -> None:
    """Each byte is damaged with a chance of one in fifty, in both directions."""

    async def scenario() -> None:
        machine = SimulatedScale(tongue)
        damage = noise(seed, 0.02)
        weighed = 0
        async with on(machine, limits=TIRED, damage=damage) as scale:
            for grams in range(1, 25):
                machine.put(Decimal(grams) * 37 / 1000)
                with contextlib.suppress(Fault):
                    assert await scale.weigh(0.5) == Weight(grams * 37)
                    weighed += 1
        assert weighed > 12

    asyncio.run(scenario())


# ---- its address


@pytest.mark.parametrize(
    ("options", "baud", "framing"),
    [
        ("", 9600, "7E1"), ("?protocol=toledo", 9600, "7E1"), ("?protocol=cas", 9600, "8N1"),
        ("?protocol=aclas", 9600, "8N1"), ("?protocol=cas&baud=4800", 4800, "8N1"),
        ("?unit=kg", 9600, "7E1"),
    ],
)  # fmt: skip
def test_a_serial_port_is_opened_as_the_protocol_has_it(
    options: str, baud: int, framing: str
) -> None:
    scale = open_device(f"scale+serial:///dev/ttyUSB7{options}")
    assert isinstance(scale, Scale)
    connect: Any = scale.connect
    assert connect.keywords["baud"] == baud
    assert connect.keywords["framing"] == framing


@pytest.mark.parametrize(
    "url",
    [
        "scale+serial:///dev/ttyUSB7?protocol=dialog06",
        "scale+serial:///dev/ttyUSB7?protocol=cas&unit=kg",
        "scale+tcp://10.0.0.5:4001?unit=lb",
        "scale+usb://04b8:0e15",
        "sim://scale?weight=heavy",
        "sim://scale?protocol=cas&dialect=8217",
    ],
)
def test_an_address_that_makes_no_sense_is_refused(url: str) -> None:
    with pytest.raises(UnknownDevice):
        open_device(url)


@pytest.mark.parametrize(
    ("url", "grams"),
    [
        ("sim://scale?protocol=cas&weight=0.655", 655),
        ("sim://scale?weight=1.240", 1240),
        ("sim://scale?protocol=aclas&weight=655&unit=g", 655),
        ("sim://scale?dialect=8217&weight=0.655", 655),
    ],
)
def test_a_simulated_scale_has_an_address_too(url: str, grams: int) -> None:
    async def scenario() -> None:
        scale = open_device(url)
        assert isinstance(scale, Scale)
        async with asyncio.timeout(PATIENCE_S), scale:
            assert await scale.weigh() == Weight(grams)

    asyncio.run(scenario())


@pytest.mark.parametrize("tongue", Tongue)
def test_the_simulated_scale_tells_a_host_how_it_is_reached(tongue: Tongue) -> None:
    async def scenario() -> None:
        machine = SimulatedScale(tongue, shown=APPLES)
        async with asyncio.timeout(PATIENCE_S), await serve_tcp(machine) as server:
            scale = open_device(server.url)
            assert isinstance(scale, Scale)
            async with scale:
                assert await scale.weigh() == Weight(655)

    asyncio.run(scenario())
