"""The rules that keep parcels safe, held by the driver whatever board is behind it."""

import asyncio
import itertools

import pytest

from hardware.device import State
from hardware.locker.board import Feedback
from hardware.locker.compartment import DoorState
from hardware.locker.locker import Limits
from hardware.locker.orders import ORDERS_KEPT, Opened, Outcome
from tests.hardware.lockers import (
    changes,
    code,
    in_memory,
    jumping,
    pulsed,
    simulated,
    states,
    until,
)

PROTOCOLS = ["lock8a", "kerong", "wkly", "modbuslock"]
CLOSED, OPENING, OPEN = DoorState.CLOSED, DoorState.OPENING, DoorState.OPEN
JAMMED, LEFT_OPEN = DoorState.JAMMED, DoorState.LEFT_OPEN
FORCED, WRONG_DOOR, UNKNOWN = DoorState.FORCED, DoorState.WRONG_DOOR, DoorState.UNKNOWN
each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)


@each_protocol
@pytest.mark.parametrize("feedback", list(Feedback))
@pytest.mark.parametrize("echo", [False, True])
def test_the_ordered_door_opens_and_no_other(
    protocol: str, feedback: Feedback, *, echo: bool
) -> None:
    async def scenario() -> None:
        machine = simulated(protocol, feedback=feedback)
        machine.echo = echo
        async with in_memory(machine) as locker:
            assert locker.health.state is State.READY
            assert states(locker) == [CLOSED] * 12
            told = changes(locker)
            assert await locker.open(5, order_id="a") == Opened(Outcome.OPENED, 5)
            assert states(locker) == [CLOSED] * 4 + [OPEN] + [CLOSED] * 7
            machine.close_by_hand(5)
            await until(locker, lambda: states(locker) == [CLOSED] * 12)
            assert told == [(5, CLOSED, OPENING), (5, OPENING, OPEN), (5, OPEN, CLOSED)]
        assert machine.pulses == [machine.places[4]]

    jumping(scenario())


@each_protocol
def test_at_the_start_the_doors_are_taken_over_and_no_pulse_is_given(protocol: str) -> None:
    async def scenario() -> None:
        machine = simulated(protocol)
        machine.open_by_hand(2)
        machine.open_by_hand(12)
        async with in_memory(machine) as locker:
            assert states(locker) == [CLOSED, OPEN] + [CLOSED] * 9 + [OPEN]
            machine.power_off()
            await until(locker, lambda: locker.health.state is State.OFFLINE)
            assert states(locker) == [UNKNOWN] * 12
            machine.close_by_hand(2)
            machine.power_on()
            await until(locker, lambda: locker.health.answers)
            assert states(locker) == [CLOSED] * 11 + [OPEN]
        assert machine.pulses == []

    jumping(scenario())


@each_protocol
def test_a_door_that_is_open_already_gets_no_pulse(protocol: str) -> None:
    async def scenario() -> None:
        machine = simulated(protocol)
        async with in_memory(machine) as locker:
            machine.open_by_hand(3)  # and no poll has seen it yet
            assert await locker.open(3, order_id="a") == Opened(Outcome.ALREADY_OPEN, 3)
        assert machine.pulses == []

    jumping(scenario())


@each_protocol
def test_a_door_that_stays_shut_is_jammed_until_it_opens(protocol: str) -> None:
    async def scenario() -> None:
        machine = simulated(protocol)
        machine.jam(3)
        async with in_memory(machine) as locker:
            loop = asyncio.get_running_loop()
            opening = asyncio.create_task(locker.open(3, order_id="a"))
            await pulsed(machine, 1)
            pulsed_at = loop.time()
            jammed = await opening
            assert (jammed.outcome, code(jammed)) == (Outcome.JAMMED, "locker.jammed")
            assert 3 <= loop.time() - pulsed_at < 3.5
            assert locker.doors[2].state is JAMMED
            assert locker.health.fault is not None
            await asyncio.sleep(60)
            assert locker.doors[2].state is JAMMED
            machine.open_by_hand(3)
            await until(locker, lambda: locker.doors[2].state is OPEN)
            assert locker.health.ready
        assert machine.pulses == [machine.places[2]]

    jumping(scenario())


def test_a_jammed_door_may_be_ordered_again() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a")
        machine.jam(3)
        async with in_memory(machine) as locker:
            assert (await locker.open(3, order_id="a")).outcome is Outcome.JAMMED
            machine.jam(3, jammed=False)
            assert (await locker.open(3, order_id="a")).outcome is Outcome.JAMMED
            assert len(machine.pulses) == 1
            assert (await locker.open(3, order_id="b")).outcome is Outcome.OPENED
            assert len(machine.pulses) == 2

    jumping(scenario())


@each_protocol
def test_another_door_that_opens_is_said_to_be_the_wrong_one(protocol: str) -> None:
    async def scenario() -> None:
        machine = simulated(protocol, boards=(1, 2), locks=(4,))
        machine.cross(3, 6)
        async with in_memory(machine) as locker:
            wrong = await locker.open(3, order_id="a")
            assert (wrong.outcome, wrong.others) == (Outcome.WRONG_DOOR, (6,))
            assert code(wrong) == "locker.wrong_door"
            assert states(locker) == [CLOSED] * 5 + [WRONG_DOOR] + [CLOSED] * 2
            assert locker.health.fault is not None
            assert locker.health.fault.code == "locker.wrong_door"

    jumping(scenario())


def test_another_door_that_opens_too_is_the_wrong_one() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a", answer_s=1.0)
        async with in_memory(machine) as locker:
            opening = asyncio.create_task(locker.open(3, order_id="a"))
            await pulsed(machine, 1)
            machine.open_by_hand(7)
            wrong = await opening
            assert (wrong.outcome, wrong.others) == (Outcome.WRONG_DOOR, (7,))
            assert locker.doors[2].state is OPEN
            assert locker.doors[6].state is WRONG_DOOR

    jumping(scenario())


@each_protocol
def test_a_door_that_opens_without_an_order_was_forced(protocol: str) -> None:
    async def scenario() -> None:
        machine = simulated(protocol)
        async with in_memory(machine) as locker:
            machine.open_by_hand(9)
            await until(locker, lambda: locker.doors[8].state is FORCED)
            assert locker.health.fault is not None
            assert (locker.health.fault.code, locker.health.state) == (
                "locker.forced",
                State.DEGRADED,
            )
            machine.close_by_hand(9)
            await until(locker, lambda: locker.health.ready)
            assert locker.doors[8].state is CLOSED

    jumping(scenario())


@each_protocol
def test_a_door_left_open_is_said_so_and_closed_is_well_again(protocol: str) -> None:
    async def scenario() -> None:
        machine = simulated(protocol)
        async with in_memory(machine, limits=Limits(left_open_s=60)) as locker:
            loop = asyncio.get_running_loop()
            await locker.open(1, order_id="a")
            opened_at = loop.time()
            await until(locker, lambda: locker.doors[0].state is LEFT_OPEN, within_s=70)
            assert 59 < loop.time() - opened_at < 62
            assert locker.health.fault is not None
            assert locker.health.fault.code == "locker.left_open"
            machine.close_by_hand(1)
            await until(locker, lambda: locker.health.ready)
            assert locker.doors[0].state is CLOSED

    jumping(scenario())


def test_a_door_that_was_closed_meanwhile_is_not_left_open() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a")
        async with in_memory(machine, limits=Limits(left_open_s=60)) as locker:
            for order_id in ("a", "b"):
                await locker.open(1, order_id=order_id)
                await asyncio.sleep(40)
                assert locker.doors[0].state is OPEN
                machine.close_by_hand(1)
                await until(locker, lambda: locker.doors[0].state is CLOSED)

    jumping(scenario())


def test_how_long_a_door_is_open_goes_on_over_a_lost_link() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a")
        machine.open_by_hand(1)
        async with in_memory(machine, limits=Limits(left_open_s=60)) as locker:
            loop = asyncio.get_running_loop()
            began = loop.time()
            await asyncio.sleep(50)
            machine.power_off()
            await until(locker, lambda: locker.doors[0].state is UNKNOWN)
            machine.power_on()
            await until(locker, lambda: locker.doors[0].state is LEFT_OPEN)
            assert loop.time() - began < 65

    jumping(scenario())


def test_the_same_order_again_gives_no_second_pulse() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a")
        async with in_memory(machine) as locker:
            first = await locker.open(4, order_id="a")
            machine.close_by_hand(4)
            await until(locker, lambda: locker.doors[3].state is CLOSED)
            assert await locker.open(4, order_id="a") is first
            assert machine.pulses == [(1, 4)]

    jumping(scenario())


def test_the_same_order_while_it_is_under_way_waits_for_its_end() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a")
        async with in_memory(machine) as locker:
            results = await asyncio.gather(*(locker.open(4, order_id="a") for _ in range(5)))
            assert results == [Opened(Outcome.OPENED, 4)] * 5
            assert machine.pulses == [(1, 4)]

    jumping(scenario())


def test_an_order_for_another_door_under_a_known_id_is_a_mistake_of_the_program() -> None:
    async def scenario() -> None:
        async with in_memory(simulated("lock8a")) as locker:
            await locker.open(4, order_id="a")
            with pytest.raises(ValueError, match="was for door 4, not 5"):
                await locker.open(5, order_id="a")

    jumping(scenario())


def test_a_thousand_orders_are_remembered() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a", spring_s=0, answer_s=0)
        machine.open_by_hand(1)
        async with in_memory(machine) as locker:
            for number in range(ORDERS_KEPT + 1):
                await locker.open(1, order_id=f"order {number}")
            assert not locker.knows("order 0")
            assert locker.knows("order 1")
            assert locker.knows(f"order {ORDERS_KEPT}")

    jumping(scenario())


def test_pulses_are_given_one_at_a_time_with_a_rest_between() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a")
        loop = asyncio.get_running_loop()
        pulsed_at: list[float] = []

        def note() -> None:
            if len(machine.pulses) > len(pulsed_at):
                pulsed_at.append(loop.time())

        async with in_memory(machine) as locker:
            machine.on_change.append(note)
            opened = await asyncio.gather(
                *(locker.open(door, order_id=str(door)) for door in range(1, 6))
            )
            assert {each.outcome for each in opened} == {Outcome.OPENED}
            assert machine.pulses == [(1, door) for door in range(1, 6)]
        pauses = [later - sooner for sooner, later in itertools.pairwise(pulsed_at)]
        assert len(pauses) == 4
        assert min(pauses) >= 1.5

    jumping(scenario())


def test_a_rest_is_kept_over_a_new_link() -> None:
    async def scenario() -> None:
        machine = simulated("kerong")
        loop = asyncio.get_running_loop()
        async with in_memory(machine) as locker:
            first = asyncio.create_task(locker.open(1, order_id="a"))
            await pulsed(machine, 1)
            first_at = loop.time()
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            second = asyncio.create_task(locker.open(2, order_id="b"))
            await pulsed(machine, 2)
            assert loop.time() - first_at >= 1.5
            assert (await second).outcome is Outcome.OPENED

    jumping(scenario())


def test_an_order_cut_short_after_its_pulse_has_an_unknown_outcome_for_good() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a")
        async with in_memory(machine) as locker:
            opening = asyncio.create_task(locker.open(4, order_id="a"))
            waiting = asyncio.create_task(locker.open(4, order_id="a"))
            await pulsed(machine, 1)
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
            unknown = await waiting
            assert (unknown.outcome, code(unknown)) == (Outcome.UNKNOWN, "locker.outcome_unknown")
            assert unknown.fault is not None
            assert not unknown.fault.outcome_known
            assert await locker.open(4, order_id="a") is unknown
            await until(locker, lambda: locker.doors[3].state is OPEN)
            assert machine.pulses == [(1, 4)]

    jumping(scenario())


def test_an_order_cut_short_before_its_pulse_never_was() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a")
        machine.silent.add(1)
        async with in_memory(machine) as locker:
            opening = asyncio.create_task(locker.open(4, order_id="a"))
            await asyncio.sleep(0.1)
            waiting = asyncio.create_task(locker.open(4, order_id="a"))
            await asyncio.sleep(0.1)
            machine.silent.clear()
            opening.cancel()
            assert (await waiting).outcome is Outcome.OPENED
            assert machine.pulses == [(1, 4)]

    jumping(scenario())


@each_protocol
def test_a_board_that_is_silent_before_the_pulse_is_a_fault_that_may_be_tried_again(
    protocol: str,
) -> None:
    async def scenario() -> None:
        machine = simulated(protocol)
        async with in_memory(machine) as locker:
            machine.turn_knob("silent")
            tried = await locker.open(4, order_id="a")
            assert (tried.outcome, code(tried)) == (Outcome.NOT_TRIED, "locker.no_reply")
            assert tried.fault is not None
            assert tried.fault.retryable
            assert tried.fault.outcome_known
            assert machine.pulses == []
            await until(locker, lambda: locker.health.state is State.OFFLINE, within_s=0.1)
            machine.turn_knob("speak")
            assert (await locker.open(4, order_id="a")).outcome is Outcome.OPENED
            assert len(machine.pulses) == 1

    jumping(scenario())


@each_protocol
def test_a_board_that_falls_silent_with_the_pulse_leaves_the_outcome_unknown(
    protocol: str,
) -> None:
    async def scenario() -> None:
        machine = simulated(protocol)
        async with in_memory(machine) as locker:
            opening = asyncio.create_task(locker.open(4, order_id="a"))
            await pulsed(machine, 1)
            machine.turn_knob("silent")
            unknown = await opening
            assert (unknown.outcome, code(unknown)) == (Outcome.UNKNOWN, "locker.outcome_unknown")
            machine.turn_knob("speak")
            await until(locker, lambda: locker.doors[3].state is OPEN)
            assert (await locker.open(4, order_id="a")) is unknown
            assert len(machine.pulses) == 1

    jumping(scenario())


def test_one_that_is_never_there_says_so_at_once() -> None:
    async def scenario() -> None:
        machine = simulated("lock8a")
        machine.power_off()
        async with in_memory(machine) as locker:
            tried = await locker.open(4, order_id="a")
            assert (tried.outcome, code(tried)) == (Outcome.NOT_TRIED, "locker.unplugged")

    jumping(scenario())


def test_there_is_no_door_beyond_the_last() -> None:
    async def scenario() -> None:
        async with in_memory(simulated("lock8a")) as locker:
            for door in (0, 13):
                none = await locker.open(door, order_id="a")
                assert (none.outcome, code(none)) == (Outcome.NOT_TRIED, "locker.no_such_door")
                assert none.fault is not None
                assert str(door) in none.fault.say_en
                assert str(door) in none.fault.say_zh

    jumping(scenario())
