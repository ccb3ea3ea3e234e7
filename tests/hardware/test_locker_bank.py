"""Several lockers as one cabinet; and which compartment something fits into."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.device import Event, Health, HealthChanged, State
from hardware.locker.bank import Bank
from hardware.locker.compartment import Compartment, DoorState, Size, smallest_fitting
from hardware.locker.locker import DoorChanged, Locker
from hardware.locker.orders import Opened, Outcome
from hardware.simulator.locker import SimulatedLocker
from hardware.simulator.wire import in_process
from tests.hardware.lockers import driver_of, jumping, simulated

CLOSED = DoorState.CLOSED


@asynccontextmanager
async def bank_of(*machines: SimulatedLocker) -> AsyncIterator[Bank]:
    lockers = [driver_of(machine, in_process(machine)) for machine in machines]
    async with Bank(lockers) as bank:
        for locker in lockers:
            await locker.reached()
        yield bank


def two() -> tuple[SimulatedLocker, SimulatedLocker]:
    return simulated("lock8a", locks=(4,)), simulated("kerong", boards=(0, 1), locks=(3,))


def test_doors_are_numbered_through_all_lockers() -> None:
    async def scenario() -> None:
        first, second = two()
        async with bank_of(first, second) as bank:
            assert [door.number for door in bank.doors] == list(range(1, 11))
            assert {door.state for door in bank.doors} == {CLOSED}
            assert await bank.open(9, order_id="a") == Opened(Outcome.OPENED, 9)
            assert (first.pulses, second.pulses) == ([], [(1, 2)])
            second.jam(1)
            jammed = await bank.open(5, order_id="b")
            assert jammed.fault is not None
            assert "5" in jammed.fault.say_en

    jumping(scenario())


def test_two_lockers_open_their_doors_at_the_same_time() -> None:
    async def scenario() -> None:
        first, second = two()
        async with bank_of(first, second) as bank:
            opened = await asyncio.gather(
                bank.open(1, order_id="a"), bank.open(5, order_id="b"), bank.open(1, order_id="a")
            )
            assert {each.outcome for each in opened} == {Outcome.OPENED}
            assert (len(first.pulses), len(second.pulses)) == (1, 1)

    jumping(scenario())


def test_an_order_belongs_to_one_door_of_the_whole_bank() -> None:
    async def scenario() -> None:
        async with bank_of(*two()) as bank:
            await bank.open(1, order_id="a")
            for other in (2, 5):
                with pytest.raises(ValueError, match=r"was for (another )?door"):
                    await bank.open(other, order_id="a")

    jumping(scenario())


def test_a_door_beyond_the_last_is_none() -> None:
    async def scenario() -> None:
        async with bank_of(*two()) as bank:
            none = await bank.open(11, order_id="a")
            assert none.fault is not None
            assert none.fault.code == "locker.no_such_door"

    jumping(scenario())


def test_a_bank_stands_as_its_worst_locker_and_tells_what_all_tell() -> None:
    async def scenario() -> None:
        first, second = two()
        async with bank_of(first, second) as bank:
            told: list[Event] = []
            changed = asyncio.Event()

            def hear(event: Event) -> None:
                told.append(event)
                changed.set()

            async def until_it_is(state: State) -> None:
                async with asyncio.timeout(60):
                    while bank.health.state is not state:
                        changed.clear()
                        await changed.wait()

            bank.listeners.append(hear)
            assert bank.health == Health(State.READY)
            second.turn_knob("open 2")
            await until_it_is(State.DEGRADED)
            assert bank.health.fault is not None
            assert bank.health.fault.code == "locker.forced"
            assert told[0] == DoorChanged(6, CLOSED, DoorState.FORCED)
            first.power_off()
            await until_it_is(State.OFFLINE)
            assert await bank.open(10, order_id="a") == Opened(Outcome.OPENED, 10)
            healths = [event.health.state for event in told if isinstance(event, HealthChanged)]
            assert healths == [State.DEGRADED, State.OFFLINE]

    jumping(scenario())


def test_events_of_a_bank_are_those_of_its_lockers() -> None:
    async def scenario() -> None:
        first, second = two()
        async with bank_of(first, second) as bank:
            events = bank.events()
            coming = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0)
            second.turn_knob("open 1")
            assert await coming == DoorChanged(5, CLOSED, DoorState.FORCED)
            await events.aclose()  # type: ignore[attr-defined]

    jumping(scenario())


def test_a_bank_of_nothing_has_no_doors() -> None:
    bank = Bank(list[Locker]())
    assert bank.doors == ()
    assert bank.health.state is State.CLOSED


def compartments(*sizes: str) -> list[Compartment]:
    return [
        Compartment(number, Size(size), 1, number, CLOSED)
        for number, size in enumerate(sizes, start=1)
    ]


def test_the_smallest_compartment_that_fits_is_taken_the_lowest_number_first() -> None:
    doors = compartments("L", "M", "S", "M", "XL")
    assert smallest_fitting(doors, Size.S, ()) == doors[2]
    assert smallest_fitting(doors, Size.M, ()) == doors[1]
    assert smallest_fitting(doors, Size.S, {3, 2}) == doors[3]
    assert smallest_fitting(doors, Size.L, {1}) == doors[4]
    assert smallest_fitting(doors, Size.XL, {5}) is None


@pytest.mark.parametrize("state", [state for state in DoorState if state is not CLOSED])
def test_only_a_closed_door_is_free(state: DoorState) -> None:
    [door] = compartments("M")
    assert smallest_fitting([replace(door, state=state)], Size.S, ()) is None
    assert smallest_fitting([replace(door, occupied=True)], Size.S, ()) is None
    assert smallest_fitting([replace(door, occupied=False)], Size.S, ()) is not None


@given(
    st.lists(st.sampled_from(Size), max_size=8), st.sampled_from(Size), st.sets(st.integers(1, 8))
)
def test_what_is_taken_always_fits_and_nothing_smaller_does(
    sizes: list[Size], size: Size, taken: set[int]
) -> None:
    doors = compartments(*sizes)
    free = [door for door in doors if door.number not in taken and door.size.holds(size)]
    found = smallest_fitting(doors, size, taken)
    assert (found is None) == (not free)
    assert found is None or (found in free and all(door.size.holds(found.size) for door in free))


def test_a_bank_finds_the_smallest_of_all_its_lockers() -> None:
    async def scenario() -> None:
        async with bank_of(*two()) as bank:
            found = bank.smallest_fitting(Size.S, {1, 2, 3, 4})
            assert found is not None
            assert found.number == 5

    jumping(scenario())
