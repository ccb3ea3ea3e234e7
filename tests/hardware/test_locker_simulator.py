"""Every frame of the boards' documents at the far end, and both ends against each other."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.fault import UnknownDevice
from hardware.locker.board import Contacts, Feedback, FrameParser
from hardware.locker.locker import Locker
from hardware.registry import open_device
from hardware.simulator.catalogue import simulated as from_catalogue
from hardware.simulator.locker import PROTOCOLS, SimulatedLocker
from hardware.url import DeviceUrl
from tests.hardware.lockers import CODECS, jumping, simulated


def answers(machine: SimulatedLocker, *commands: str) -> str:
    """What it says to them within a second, in hexadecimal."""
    said = bytearray()

    async def talk() -> None:
        for command in commands:
            machine.feed(bytes.fromhex(command))
            await asyncio.sleep(1)
            said.extend(machine.take_answers())

    jumping(talk())
    return said.hex(" ").upper()


def of_eight(protocol: str, **given: Any) -> SimulatedLocker:
    return simulated(protocol, locks=(8,), **given)


OPEN = Feedback.CLOSED_WHEN_OPEN


@pytest.mark.parametrize(
    ("machine", "command", "answer"),
    [
        (of_eight("lock8a"), "8A 01 01 11 9B", "8A 01 01 00 8A"),
        (of_eight("lock8a", feedback=OPEN), "8A 01 01 11 9B", "8A 01 01 11 9B"),
        (of_eight("lock8a", spring_s=9), "8A 01 01 11 9B", "8A 01 01 11 9B"),
        (of_eight("lock8a"), "80 01 01 33 B3", "80 01 01 11 91"),
        (of_eight("lock8a", feedback=OPEN), "80 01 01 33 B3", "80 01 01 00 80"),
        (of_eight("lock8a", feedback=OPEN), "80 01 00 33 B2", "80 01 00 00 00 33 B2"),
        (simulated("lock8a", locks=(32,)), "80 01 00 33 B2", "80 01 FF FF FF FF 33 B2"),
        (simulated("lock8a", locks=(50,)), "80 01 00 33 B2", "80 01 03 FF FF FF FF FF FF 33 B1"),
        (of_eight("lock8a"), "80 01 00 99 18", "80 01 01 99 19"),
        (of_eight("lock8a"), "80 02 00 33 B1", ""),
        (of_eight("lock8a"), "80 01 09 33 BB", ""),
        (of_eight("lock8a"), "8A 01 01 11 9A", ""),
        (simulated("kerong", locks=(16,)), "02 00 30 03 35", "02 00 35 FF FF 00 00 03 38"),
        (simulated("kerong", locks=(16,)), "02 00 31 03 36", ""),
        (simulated("kerong", locks=(16,)), "02 10 30 03 3E", ""),
        (
            simulated("kerong", boards=(0, 1), locks=(16,), feedback=OPEN),
            "02 F0 32 03 27",
            "02 00 36 00 00 00 00 03 3B 02 10 36 00 00 00 00 03 4B",
        ),
        (
            simulated("kerong", boards=(0, 1), locks=(16,)),
            "02 00 32 03 37",
            "02 00 36 FF FF 00 00 03 39",
        ),
        (of_eight("wkly"), "57 4B 4C 59 09 00 82 01 83", "57 4B 4C 59 0B 00 82 00 01 00 81"),
        (of_eight("wkly"), "57 4B 4C 59 09 00 81 01 80", "57 4B 4C 59 0A 00 81 00 01 83"),
        (
            of_eight("wkly", feedback=OPEN),
            "57 4B 4C 59 09 00 83 01 82",
            "57 4B 4C 59 0B 00 83 00 01 00 80",
        ),
        (
            simulated("wkly", locks=(24,), feedback=OPEN),
            "57 4B 4C 59 08 00 84 85",
            "57 4B 4C 59 22 00 84 00 18 " + "00 " * 24 + "B7",
        ),
        (of_eight("wkly"), "57 4B 4C 59 09 00 82 63 E1", "57 4B 4C 59 0A 00 82 FF 63 1D"),
        (of_eight("modbuslock"), "01 05 02 00 00 07 8D B0", "01 05 02 00 00 07 8D B0"),
        (of_eight("modbuslock"), "01 05 02 00 00 05 0C 71", "01 05 02 00 00 05 0C 71"),
        (of_eight("modbuslock"), "01 05 02 07 00 0A FD B4", "01 05 02 07 00 0A FD B4"),
        (of_eight("modbuslock"), "01 05 00 FF 00 00 FD FA", "01 05 00 FF 00 00 FD FA"),
        (of_eight("modbuslock"), "01 02 00 08 00 08 F8 0E", "01 82 02 C1 61"),
        (of_eight("modbuslock"), "01 03 00 00 00 01 84 0A", "01 83 01 80 F0"),
    ],
)
def test_a_command_is_answered_as_the_document_shows_it(
    machine: SimulatedLocker, command: str, answer: str
) -> None:
    assert answers(machine, command) == answer


def test_locks_1_3_and_24_are_bits_of_the_last_and_first_status_bytes() -> None:
    machine = simulated("lock8a", locks=(24,), feedback=OPEN)
    for door in (1, 3, 24):
        machine.open_by_hand(door)
    assert answers(machine, "80 01 00 33 B2") == "80 01 80 00 05 33 37"


def test_lock_1_of_kerong_is_the_lowest_bit() -> None:
    machine = simulated("kerong", locks=(16,))
    machine.open_by_hand(1)
    assert answers(machine, "02 00 30 03 35") == "02 00 35 FE FF 00 00 03 37"


def test_input_1_of_modbus_is_the_lowest_bit() -> None:
    machine = of_eight("modbuslock", feedback=OPEN)
    machine.open_by_hand(1)
    assert answers(machine, "01 02 00 00 00 08 79 CC") == "01 02 01 01 60 48"


@pytest.mark.parametrize(
    ("command", "locks"),
    [("8A 01 00 11 9A", range(1, 9)), ("8A 01 01 11 9B 8A 01 02 11 98", (1, 2))],
)
def test_open_all_pulses_all_at_once(command: str, locks: range | tuple[int, ...]) -> None:
    machine = of_eight("lock8a")
    answers(machine, command)
    assert machine.pulses == [(1, lock) for lock in locks]


def test_open_all_of_kerong_pulses_all_at_once() -> None:
    machine = simulated("kerong", locks=(16,))
    answers(machine, "02 00 33 03 38")
    assert machine.pulses == [(0, lock) for lock in range(1, 17)]


@pytest.mark.parametrize(
    ("protocol", "head", "told"),
    [
        ("lock8a", 0x81, "81 01 01 00 81 81 01 01 11 90"),
        ("lock8a", 0x82, "82 01 01 00 82 82 01 01 11 93"),
        ("wkly", None, "57 4B 4C 59 0A 00 85 01 00 87 57 4B 4C 59 0A 00 85 01 01 86"),
        ("kerong", None, ""),
        ("modbuslock", None, ""),
    ],
)
def test_some_boards_tell_unasked_that_a_door_moved(
    protocol: str, head: int | None, told: str
) -> None:
    machine: Any = of_eight(protocol)
    if head is not None:
        machine.moved_head = head
    machine.turn_knob("tell on")

    async def move() -> None:
        machine.turn_knob("open 1")
        machine.turn_knob("open 1")
        machine.turn_knob("close 1")

    asyncio.run(move())
    assert machine.take_answers() == bytes.fromhex(told)


def test_a_pause_within_a_command_ends_it() -> None:
    machine = of_eight("lock8a")
    assert answers(machine, "8A 01 01", "11 9B", "80 01 01 33 B3") == "80 01 01 11 91"
    assert machine.pulses == []


def test_a_command_behind_rubbish_is_found() -> None:
    assert answers(of_eight("lock8a"), "80 8A 05 80 01 01 33 B3") == "80 01 01 11 91"


def test_a_relay_that_is_switched_on_without_an_end_burns() -> None:
    machine: Any = of_eight("modbuslock")
    answers(machine, "01 05 00 00 FF 00 8C 3A")
    assert machine.held_on == {(1, 1)}


def test_without_power_nothing_that_was_under_way_is_answered() -> None:
    machine = of_eight("lock8a")

    async def cut() -> None:
        machine.feed(bytes.fromhex("8A 01 01 11 9B"))
        machine.turn_knob("power off")
        machine.turn_knob("power on")
        await asyncio.sleep(2)

    jumping(cut())
    assert machine.take_answers() == b""
    assert machine.door(1).is_open  # the bolt had been drawn


def test_the_knobs_turn_what_they_say() -> None:
    machine = simulated("lock8a", boards=(1, 2), locks=(4,))
    for words in ("jam 3", "silent 2", "echo on", "tear 3", "polarity closed_when_open", "put 1"):
        machine.turn_knob(words)
    assert machine.door(3).jammed
    assert machine.silent == {2}
    assert machine.door(1).occupied
    assert machine.feedback is OPEN
    assert answers(machine, "80 01 01 33 B3") == "80 01 01 33 B3 80 01 01"
    for words in ("free 3", "silent", "speak 2", "speak", "echo off", "take 1", "wrong 1 2"):
        machine.turn_knob(words)
    assert not machine.door(3).jammed
    assert machine.silent == set()
    answers(machine, "8A 01 01 11 9B")
    assert machine.pulses == [(1, 1)]
    assert [door.is_open for door in machine.doors.values()] == [False, True] + [False] * 6


@pytest.mark.parametrize(
    "words", ["jam", "jam 9", "jam x", "open 0", "wrong 1 9", "polarity x", ""]
)
def test_other_knobs_there_are_none(words: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  each of its own kind
        of_eight("lock8a").turn_knob(words)


@given(st.sampled_from(sorted(PROTOCOLS)), st.data())
def test_what_one_end_says_of_its_doors_the_other_end_understands(
    protocol: str, data: st.DataObject
) -> None:
    codec = CODECS[protocol]()
    locks = data.draw(st.integers(1, codec.locks_most))
    board = data.draw(st.sampled_from(codec.numbers))
    feedback = data.draw(st.sampled_from(list(Feedback)))
    machine = simulated(protocol, boards=(board,), locks=(locks,), feedback=feedback)
    for door in machine.doors.values():
        door.is_open = data.draw(st.booleans())
        door.occupied = data.draw(st.booleans())
    parser = FrameParser(codec)
    parser.feed(bytes.fromhex(answers(machine, codec.query(board, locks).hex())))
    [contacts] = parser.gap()
    assert isinstance(contacts, Contacts)
    assert contacts.board == board
    opened = [door.is_open for door in machine.doors.values()]
    assert [each is (feedback is OPEN) for each in contacts.closed[:locks]] == opened
    if contacts.inside is not None:
        assert list(contacts.inside[:locks]) == [each.occupied for each in machine.doors.values()]


@given(st.sampled_from(sorted(PROTOCOLS)), st.data())
def test_an_order_pulses_that_lock_once(protocol: str, data: st.DataObject) -> None:
    codec = CODECS[protocol]()
    locks = data.draw(st.integers(1, codec.locks_most))
    lock = data.draw(st.integers(1, locks))
    board = data.draw(st.sampled_from(codec.numbers))
    machine = simulated(protocol, boards=(board,), locks=(locks,))
    answers(machine, codec.open(board, lock).hex())
    assert machine.pulses == [(board, lock)]


@given(st.sampled_from(sorted(PROTOCOLS)), st.lists(st.binary(max_size=40)))
def test_any_bytes_do_the_simulator_no_harm(protocol: str, pieces: list[bytes]) -> None:
    machine = simulated(protocol)
    answers(machine, *(piece.hex() for piece in pieces))


@pytest.mark.parametrize(
    ("url", "doors"),
    [
        ("sim://locker", 12),
        ("sim://locker?locks=12&jam=3", 12),
        ("sim://locker?protocol=kerong&boards=0,1&locks=16&echo=on", 32),
        ("sim://locker?protocol=wkly&board=2&locks=8&feedback=closed_when_open", 8),
        ("sim://locker?protocol=modbuslock&boards=1,2&locks=8,4&pulse_ms=700&jam=1,12", 12),
        ("sim://locker?locks=4&sizes=2S,2L&left_open_s=30&silent=yes&noise=7", 4),
    ],
)
def test_a_simulated_locker_has_a_url(url: str, doors: int) -> None:
    locker = open_device(url)
    assert isinstance(locker, Locker)
    assert len(locker.doors) == doors


def test_the_options_of_its_url_turn_its_knobs() -> None:
    url = DeviceUrl.parse("sim://locker?protocol=kerong&locks=4&jam=3&silent=yes&echo=on")
    machine = from_catalogue("locker", url)
    assert isinstance(machine, SimulatedLocker)
    assert machine.driver == "kerong"
    assert [door.jammed for door in machine.doors.values()] == [False, False, True, False]
    assert machine.silent == {0}
    assert machine.echo


@pytest.mark.parametrize(
    "options",
    ["locks=0", "locks=65", "jam=13", "jam=x", "protocol=other", "boards=1,1", "silent=maybe"],
)
def test_options_that_it_does_not_have_are_refused(options: str) -> None:
    with pytest.raises(UnknownDevice):
        open_device(f"sim://locker?{options}")
