"""A scale that is watched, unplugged, damaged on its wire, and found by its address."""

import asyncio
import contextlib
from decimal import Decimal
from typing import Any

import pytest

from hardware.device import State as Stands
from hardware.fault import Fault, NoReply, UnknownDevice, Unplugged
from hardware.registry import open_device
from hardware.scale import toledo
from hardware.scale.faults import (
    Overloaded,
)
from hardware.scale.scale import Scale, Weighed, Weight
from hardware.simulator.noise import noise
from hardware.simulator.scale import SimulatedScale, State, Tongue
from hardware.simulator.wire import in_process, serve_tcp
from tests.hardware.scales import (
    APPLES,
    PATIENCE_S,
    PEARS,
    TIRED,
    WIRES,
    Until,
    fault_of,
    on,
    until_asked,
)

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
