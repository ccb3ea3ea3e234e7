"""The driver over sockets and ptys, where time does not jump and plugs are pulled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hardware.device import State
from hardware.locker.compartment import DoorState
from hardware.locker.locker import Locker
from hardware.locker.orders import Opened, Outcome
from hardware.simulator.locker import PROTOCOLS, SimulatedLocker
from tests.hardware.lockers import (
    BRIEF,
    BRIEF_TIMING,
    QUICK_BACK_OFF,
    code,
    driver_of,
    pulsed,
    simulated,
    states,
    until,
    wired,
)

CLOSED, OPEN, UNKNOWN = DoorState.CLOSED, DoorState.OPEN, DoorState.UNKNOWN
WIRES = [
    "tcp",
    pytest.param("pty", marks=pytest.mark.skipif("sys.platform == 'win32'", reason="POSIX only")),
]


@asynccontextmanager
async def on(machine: SimulatedLocker, wire: str) -> AsyncIterator[Locker]:
    async with (
        wired(machine, wire) as connect,
        driver_of(
            machine, connect, limits=BRIEF, timing=BRIEF_TIMING, back_off=QUICK_BACK_OFF
        ) as locker,
    ):
        async with asyncio.timeout(60):
            await locker.reached()
        yield locker


def brisk(protocol: str) -> SimulatedLocker:
    return simulated(protocol, locks=(4,), spring_s=0.01, answer_s=0.02)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_doors_open_over_real_wires(protocol: str, wire: str) -> None:
    async def scenario() -> None:
        machine = brisk(protocol)
        machine.jam(3)
        async with on(machine, wire) as locker:
            assert states(locker) == [CLOSED] * 4
            assert await locker.open(2, order_id="a") == Opened(Outcome.OPENED, 2)
            assert (await locker.open(3, order_id="b")).outcome is Outcome.JAMMED
            machine.turn_knob("close 2")
            await until(locker, lambda: locker.doors[1].state is CLOSED)
            assert machine.pulses == [machine.places[1], machine.places[2]]

    asyncio.run(scenario())


@pytest.mark.skipif("sys.platform == 'win32'", reason="POSIX only")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_plug_pulled_after_the_pulse_leaves_the_outcome_unknown_and_the_door_is_read_later(
    protocol: str,
) -> None:
    async def scenario() -> None:
        machine = brisk(protocol)
        async with on(machine, "pty") as locker:
            opening = asyncio.create_task(locker.open(2, order_id="a"))
            await pulsed(machine, 1)
            machine.turn_knob("unplug")
            unknown = await opening
            assert (unknown.outcome, code(unknown)) == (Outcome.UNKNOWN, "locker.outcome_unknown")
            await until(locker, lambda: locker.health.state is State.OFFLINE)
            assert states(locker) == [UNKNOWN] * 4
            again = await locker.open(2, order_id="b")
            assert (again.outcome, code(again)) == (Outcome.NOT_TRIED, "locker.unplugged")
            machine.turn_knob("plug")
            await until(locker, lambda: locker.doors[1].state is OPEN)
            assert await locker.open(2, order_id="a") is unknown
            assert (await locker.open(2, order_id="b")).outcome is Outcome.ALREADY_OPEN
            assert machine.pulses == [machine.places[1]]

    asyncio.run(scenario())


@pytest.mark.parametrize("wire", WIRES)
def test_a_power_cut_before_the_pulse_is_safe_to_try_again(wire: str) -> None:
    async def scenario() -> None:
        machine = brisk("lock8a")
        async with on(machine, wire) as locker:
            machine.turn_knob("power off")
            tried = await locker.open(2, order_id="a")
            assert tried.outcome is Outcome.NOT_TRIED
            assert tried.fault is not None
            assert tried.fault.retryable
            await until(locker, lambda: locker.health.state is State.OFFLINE)
            machine.turn_knob("power on")
            await until(locker, lambda: locker.health.answers)
            assert (await locker.open(2, order_id="a")).outcome is Outcome.OPENED
            assert machine.pulses == [(1, 2)]

    asyncio.run(scenario())
