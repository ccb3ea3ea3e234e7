"""A scale on real wires: a weight at rest or a fault with a remedy, nothing asked in between."""

import asyncio
from decimal import Decimal

import pytest

from hardware.device import State as Stands
from hardware.fault import DeviceFault, NoReply, NotUnderstood
from hardware.scale import toledo
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
from hardware.scale.scale import Weight
from hardware.simulator.scale import SimulatedScale, State, Tongue
from tests.hardware.scales import (
    APPLES,
    PATIENCE_S,
    PEARS,
    PROTOCOLS,
    TIRED,
    WIRES,
    Scripted,
    ecr,
    fault_of,
    on,
)


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
