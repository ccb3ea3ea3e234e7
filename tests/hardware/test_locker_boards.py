"""Boards that are silent, speak in pieces, echo, tell unasked or see what is inside."""

import asyncio
from typing import Any

import pytest

from hardware.device import State
from hardware.fault import Fault
from hardware.locker.board import Feedback
from hardware.locker.compartment import DoorState
from hardware.locker.locker import Limits
from hardware.locker.orders import Outcome
from hardware.simulator.locker.boards import SmallXorBoards
from tests.hardware.lockers import (
    code,
    in_memory,
    jumping,
    pulsed,
    simulated,
    states,
    until,
)

PROTOCOLS = ["lock8a", "kerong", "wkly", "modbuslock"]
CLOSED, OPEN = DoorState.CLOSED, DoorState.OPEN
FORCED, UNKNOWN = DoorState.FORCED, DoorState.UNKNOWN
each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)


@each_protocol
def test_when_one_board_of_several_is_silent_the_others_go_on(protocol: str) -> None:
    async def scenario() -> None:
        machine = simulated(protocol, boards=(1, 2, 3), locks=(4, 2, 4))
        async with in_memory(machine) as locker:
            machine.turn_knob("silent 2")
            await until(locker, lambda: locker.health.state is State.DEGRADED)
            assert states(locker) == [CLOSED] * 4 + [UNKNOWN] * 2 + [CLOSED] * 4
            assert locker.health.fault is not None
            assert locker.health.fault.code == "locker.board_silent"
            assert "5, 6" in locker.health.fault.say_en
            began = asyncio.get_running_loop().time()
            assert (await locker.open(8, order_id="a")).outcome is Outcome.OPENED
            assert asyncio.get_running_loop().time() - began < 4.5  # what a silent board takes
            tried = await locker.open(5, order_id="b")
            assert (tried.outcome, code(tried)) == (Outcome.NOT_TRIED, "locker.board_silent")
            machine.turn_knob("speak")
            await until(locker, lambda: locker.health.ready)
            assert states(locker)[4:6] == [CLOSED] * 2
            assert machine.pulses == [(3, 2)]

    jumping(scenario())


def test_a_board_that_was_off_when_the_others_were_met_is_met_later() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a", boards=(1, 2), locks=(4,))
        machine.turn_knob("silent 1")
        async with in_memory(machine) as locker:
            assert states(locker) == [UNKNOWN] * 4 + [CLOSED] * 4
            machine.turn_knob("speak")
            await until(locker, lambda: locker.health.ready)
            assert (await locker.open(1, order_id="a")).outcome is Outcome.OPENED

    jumping(scenario())


def test_without_any_board_left_the_locker_is_offline() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a", boards=(1, 2), locks=(4,))
        async with in_memory(machine) as locker:
            machine.turn_knob("silent")
            await until(locker, lambda: locker.health.state is State.OFFLINE)
            assert locker.health.fault is not None
            assert locker.health.fault.code == "locker.no_reply"
            assert states(locker) == [UNKNOWN] * 8

    jumping(scenario())


def test_a_torn_answer_is_asked_for_again() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a")
        async with in_memory(machine) as locker:
            for size_bytes in range(7):
                machine.tear(size_bytes)
                machine.open_by_hand(2)
                await until(locker, lambda: locker.doors[1].state is FORCED)
                machine.close_by_hand(2)
                await until(locker, lambda: locker.doors[1].state is CLOSED)
            assert locker.health.ready

    jumping(scenario())


def test_a_torn_answer_to_the_order_does_not_matter() -> None:
    async def scenario() -> None:
        for size_bytes in range(5):
            machine = simulated("lock8a")
            async with in_memory(machine) as locker:
                opening = asyncio.create_task(locker.open(2, order_id="a"))
                await pulsed(machine, 1)
                machine.tear(size_bytes)
                assert (await opening).outcome is Outcome.OPENED
                assert machine.pulses == [(1, 2)]

    jumping(scenario())


@pytest.mark.parametrize("head", [0x8A, 0x80])
@pytest.mark.parametrize("moved", [0x81, 0x82])
def test_all_known_firmware_of_8a_80_is_understood(head: int, moved: int) -> None:
    async def scenario() -> None:
        machine = simulated("lock8a", tells=True)
        machine.open_answer_head = head  # type: ignore[attr-defined]
        machine.moved_head = moved  # type: ignore[attr-defined]
        async with in_memory(machine) as locker:
            assert (await locker.open(2, order_id="a")).outcome is Outcome.OPENED

    jumping(scenario())


@pytest.mark.parametrize("protocol", ["lock8a", "wkly"])
def test_a_board_that_tells_of_a_door_is_looked_at_at_once(protocol: str) -> None:
    async def scenario() -> None:
        machine = simulated(protocol, tells=True)
        limits = Limits(idle_poll_s=3600, busy_poll_s=3600)
        async with in_memory(machine, limits=limits) as locker:
            loop = asyncio.get_running_loop()
            began = loop.time()
            machine.open_by_hand(2)
            await until(locker, lambda: locker.doors[1].state is FORCED)
            assert loop.time() - began < 1

    jumping(scenario())


@pytest.mark.parametrize("echo", [False, True])
@pytest.mark.parametrize("feedback", list(Feedback))
def test_an_echo_is_never_taken_for_eight_open_contacts(*, echo: bool, feedback: Feedback) -> None:
    """A board of one status byte: its answer "all contacts open" is the question itself."""

    async def scenario() -> None:
        machine = SmallXorBoards(locks=(8,), feedback=feedback)
        machine.echo = echo
        async with in_memory(machine) as locker:
            assert states(locker) == [CLOSED] * 8
            assert (await locker.open(8, order_id="a")).outcome is Outcome.OPENED
            for door in range(1, 8):
                machine.open_by_hand(door)
            await until(locker, lambda: states(locker) == [FORCED] * 7 + [OPEN])

    jumping(scenario())


def test_an_answer_that_says_failed_and_looks_like_the_order_does_not_matter() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a", spring_s=1.5, answer_s=0.5)  # still locked when it answers
        async with in_memory(machine) as locker:
            assert (await locker.open(2, order_id="a")).outcome is Outcome.OPENED

    jumping(scenario())


def test_on_another_polarity_all_doors_seem_open_and_none_gets_a_pulse() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a")
        async with in_memory(machine, feedback=Feedback.CLOSED_WHEN_OPEN) as locker:
            assert states(locker) == [OPEN] * 12
            assert (await locker.open(2, order_id="a")).outcome is Outcome.ALREADY_OPEN
            assert machine.pulses == []

    jumping(scenario())


def test_another_kind_of_board_is_not_understood() -> None:
    async def scenario() -> None:
        machine = simulated("wkly", boards=(1,), tells=True)
        machine.driver = "lock8a"  # type: ignore[misc]
        machine.echo = True
        async with in_memory(machine) as locker:
            assert locker.health.state is State.OFFLINE

    jumping(scenario())


def test_infrared_tells_what_is_inside() -> None:
    async def scenario() -> None:
        machine = simulated("kerong")
        machine.turn_knob("put 3")
        async with in_memory(machine) as locker:
            assert [door.number for door in locker.doors if door.occupied] == [3]
            await locker.open(3, order_id="a")
            machine.turn_knob("take 3")
            machine.turn_knob("close 3")
            await until(locker, lambda: locker.doors[2].state is CLOSED)
            assert locker.doors[2].occupied is False

    jumping(scenario())


def test_without_infrared_nobody_knows_what_is_inside() -> None:
    async def scenario() -> None:
        async with in_memory(simulated("lock8a")) as locker:
            assert {door.occupied for door in locker.doors} == {None}

    jumping(scenario())


def test_relays_are_let_go_at_the_start_and_pulsed_by_the_board_itself() -> None:
    async def scenario() -> None:
        machine: Any = simulated("modbuslock", boards=(1, 2), locks=(8,))
        async with in_memory(machine) as locker:
            await locker.open(9, order_id="a")
            assert machine.calmed == [1, 2]
            assert machine.pulse_ms == [500]
            assert machine.held_on == set()

    jumping(scenario())


def test_contacts_are_read_for_whoever_wires_them() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a", locks=(3,))
        async with in_memory(machine) as locker:
            machine.open_by_hand(2)
            assert await locker.contacts() == {1: True, 2: False, 3: True}
            machine.turn_knob("silent")
            with pytest.raises(Fault, match=r"locker\.no_reply"):
                await locker.contacts()

    jumping(scenario())


@pytest.mark.parametrize(
    ("protocol", "boards", "found"),
    [
        ("lock8a", (7,), (7,)),
        ("kerong", (0, 3, 15), (0, 3, 15)),
        ("wkly", (0,), ()),
        ("modbuslock", (1,), ()),
    ],
)
def test_boards_are_called_by_name_where_they_can_be(
    protocol: str, boards: tuple[int, ...], found: tuple[int, ...]
) -> None:
    async def scenario() -> None:
        async with in_memory(simulated(protocol, boards=boards, locks=(2,))) as locker:
            assert await locker.roll_call() == found

    jumping(scenario())


def test_orders_come_before_polls() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a", boards=tuple(range(1, 31)), locks=(1,))
        loop = asyncio.get_running_loop()
        async with in_memory(machine, limits=Limits(idle_poll_s=0.01, busy_poll_s=0.01)) as locker:
            await asyncio.sleep(5)
            began = loop.time()
            ordered = asyncio.create_task(locker.open(30, order_id="a"))
            await pulsed(machine, 1)
            assert loop.time() - began < 0.025 * 33  # one poll, and a look at each board
            assert (await ordered).outcome is Outcome.OPENED

    jumping(scenario())
