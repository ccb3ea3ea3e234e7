"""The cash drawer behind a printer: opened at any time, its sensor and its alarm."""

import asyncio
from dataclasses import replace

import pytest

from hardware.printer.faults import (
    CoverOpen,
    OutOfPaper,
)
from hardware.printer.printer import (
    DrawerMoved,
    Outcome,
    Printed,
)
from hardware.printer.profile import Profile
from hardware.simulator.printer.machine import Event, SimulatedPrinter
from tests.hardware.wires import (
    LINES,
    PATIENT,
    WIRES,
    bell_for,
    opened,
    run,
    until,
    wired,
)

LOOK_BYTES = 9
"""What a look asks: three DLE EOT of three bytes; one at the meeting, one before each job."""
CONFIRMED = Printed(Outcome.CONFIRMED)

on_every_wire = pytest.mark.parametrize("wire", WIRES)


@on_every_wire
def test_the_drawer_opens_paper_or_not_and_waits_for_no_job(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            kicked = bell_for(simulated, Event.DRAWER_KICKED)
            assert await printer.kick() is None
            await kicked.wait()
            simulated.turn_knob("paper out")
            job = asyncio.create_task(printer.print(LINES))
            await until(printer, lambda: isinstance(printer.health.fault, OutOfPaper))
            kicked.clear()
            assert await printer.kick() is None
            await kicked.wait()
            simulated.turn_knob("paper in")
            assert await job == CONFIRMED
        assert simulated.kicks == 2

    run(scenario)


def test_automatic_status_tells_at_once_without_a_look() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        profile = Profile(asb=True, drawer_open_when_high=True)
        told: list[bool] = []
        async with (
            wired(simulated, "memory") as connect,
            opened(connect, profile=profile) as printer,
        ):
            printer.listeners.append(
                lambda event: told.append(event.is_open) if isinstance(event, DrawerMoved) else None
            )
            await printer.reached()
            simulated.turn_knob("cover open")
            await until(printer, lambda: isinstance(printer.health.fault, CoverOpen))
            simulated.turn_knob("cover closed")
            await until(printer, lambda: printer.health.ready)
            await printer.kick()
            await until(printer, lambda: printer.drawer_open is True)
            simulated.turn_knob("drawer closed")
            await until(printer, lambda: printer.drawer_open is False)
            assert told == [True, False]
            assert await printer.print(LINES) == CONFIRMED

    run(scenario)


def test_a_drawer_left_open_is_told_once_and_again_when_it_happens_again() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        limits = replace(PATIENT, look_s=0.001, poll_s=0.001, drawer_s=0.02)
        profile = Profile(drawer_open_when_high=True)
        told: list[str] = []
        async with (
            wired(simulated, "memory") as connect,
            opened(connect, limits, profile=profile) as printer,
        ):
            printer.listeners.append(
                lambda event: told.append(type(event).__name__) if "Drawer" in repr(event) else None
            )
            await printer.reached()
            for _ in range(2):
                await printer.kick()
                await until(printer, lambda: told[-1:] == ["DrawerLeftOpen"])
                simulated.turn_knob("drawer closed")
                await until(printer, lambda: told[-1:] == ["DrawerMoved"])
            assert told == ["DrawerMoved", "DrawerLeftOpen", "DrawerMoved"] * 2

    run(scenario)
