"""Finding out the polarity, and doors that are wired wrongly, by opening each by hand."""

import pytest

from hardware.locker.board import Feedback
from hardware.locker.commissioning import Act, Commissioning, Misfit, Step, Verdict, Wiring
from hardware.simulator.locker import PROTOCOLS, SimulatedLocker
from tests.hardware.lockers import in_memory, jumping, simulated

LOCKED, OPEN = Feedback.CLOSED_WHEN_LOCKED, Feedback.CLOSED_WHEN_OPEN


def commissioned(doors: int, wiring: dict[int, list[int]], *, inverted: set[int]) -> Verdict:
    """The verdict on doors whose opening moves the contacts that `wiring` says (its own unless
    said), which are open on locked doors for those `inverted`."""
    is_open = dict.fromkeys(range(1, doors + 1), False)
    steps = Commissioning(list(is_open))
    while (step := steps.step) is not None:
        if step.door is not None:
            is_open[step.door] = step.act is Act.OPEN
        moved = {
            contact
            for door, opened in is_open.items()
            if opened
            for contact in wiring.get(door, [door])
        }
        steps.read({door: (door in moved) == (door in inverted) for door in is_open})
    assert steps.verdict is not None
    return steps.verdict


@pytest.mark.parametrize(("inverted", "feedback"), [(set(), LOCKED), ({1, 2, 3}, OPEN)])
def test_doors_that_are_wired_alike_tell_the_polarity(
    inverted: set[int], feedback: Feedback
) -> None:
    verdict = commissioned(3, {}, inverted=inverted)
    assert verdict == Verdict(feedback, {})
    assert verdict.sound


@pytest.mark.parametrize(
    ("wiring", "inverted", "misfits"),
    [
        ({2: []}, set(), {2: Misfit(Wiring.DEAD)}),
        ({}, {2}, {2: Misfit(Wiring.INVERTED)}),
        (
            {2: [4], 4: [2]},
            set(),
            {2: Misfit(Wiring.CROSSED, (4,)), 4: Misfit(Wiring.CROSSED, (2,))},
        ),
        ({2: [2, 3]}, set(), {2: Misfit(Wiring.SHARED, (3,))}),
    ],
)
def test_a_door_that_is_wired_wrongly_is_named(
    wiring: dict[int, list[int]], inverted: set[int], misfits: dict[int, Misfit]
) -> None:
    verdict = commissioned(4, wiring, inverted=inverted)
    assert verdict == Verdict(LOCKED, misfits)
    assert not verdict.sound


def test_when_no_contact_ever_moves_there_is_no_polarity() -> None:
    verdict = commissioned(2, {1: [], 2: []}, inverted=set())
    assert verdict == Verdict(None, {1: Misfit(Wiring.DEAD), 2: Misfit(Wiring.DEAD)})


def test_a_contact_that_does_not_come_back_is_unsteady() -> None:
    steps = Commissioning([1, 2])
    for contacts in ((True, True), (False, True), (False, True), (False, False), (False, True)):
        steps.read(dict(enumerate(contacts, start=1)))
    assert steps.verdict == Verdict(LOCKED, {1: Misfit(Wiring.UNSTEADY)})


def test_the_steps_say_what_to_do_in_both_languages() -> None:
    steps = Commissioning([7])
    said = []
    while (step := steps.step) is not None:
        said.append((step.say_en, step.say_zh))
        assert steps.verdict is None
        steps.read({7: step.act is not Act.OPEN})
    assert said == [
        ("Close all doors.", "请关好所有柜门。"),
        ("Open door 7 with the key.", "请用钥匙打开 7 号门。"),
        ("Close door 7.", "请关好 7 号门。"),
    ]
    with pytest.raises(ValueError, match="all steps are done"):
        steps.read({7: True})


@pytest.mark.parametrize("feedback", list(Feedback))
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_locker_is_commissioned_through_its_driver(protocol: str, feedback: Feedback) -> None:
    def obey(machine: SimulatedLocker, step: Step) -> None:
        if step.door is not None:
            machine.turn_knob(f"{step.act} {step.door}")

    async def scenario() -> None:
        machine = simulated(protocol, locks=(4,), feedback=feedback)
        async with in_memory(machine, feedback=LOCKED) as locker:
            steps = Commissioning([door.number for door in locker.doors])
            while (step := steps.step) is not None:
                obey(machine, step)
                steps.read(await locker.contacts())
            assert steps.verdict == Verdict(feedback, {})
            assert machine.pulses == []

    jumping(scenario())
