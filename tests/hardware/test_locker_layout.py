"""What a locker's URL says of its boards, doors and contacts; and its faults' sentences."""

import re

import pytest

from hardware.driver import Driver, SerialDefaults
from hardware.fault import Kind, UnknownDevice
from hardware.locker import faults
from hardware.locker.board import Feedback
from hardware.locker.compartment import Compartment, DoorState, Size, seen
from hardware.locker.kerong import DRIVER as KERONG
from hardware.locker.layout import Layout
from hardware.locker.locker import Locker
from hardware.locker.modbus import DRIVER as MODBUS
from hardware.locker.wkly import DRIVER as WKLY
from hardware.locker.xor_board import DRIVER as XOR
from hardware.locker.xor_board import XorBoard
from hardware.registry import kind_of, open_device
from hardware.url import DeviceUrl


def layout(options: str) -> Layout:
    return Layout.read(DeviceUrl.parse(f"lock8a+tcp://10.0.0.5?{options}"), XorBoard())


@pytest.mark.parametrize(
    ("options", "boards"),
    [
        ("left_open_s=60", ((1, 24),)),
        ("board=7", ((7, 24),)),
        ("board=7&locks=50", ((7, 50),)),
        ("boards=1,2,3&locks=8", ((1, 8), (2, 8), (3, 8))),
        ("boards=3,1&locks=24,12", ((3, 24), (1, 12))),
    ],
)
def test_boards_and_locks_are_in_the_order_of_the_doors(
    options: str, boards: tuple[tuple[int, int], ...]
) -> None:
    assert layout(options).boards == boards


def test_doors_are_numbered_board_after_board_each_with_its_size() -> None:
    doors = layout("boards=3,1&locks=2,3&sizes=1S,3M,1XL").compartments()
    assert doors == (
        Compartment(1, Size.S, 3, 1),
        Compartment(2, Size.M, 3, 2),
        Compartment(3, Size.M, 1, 1),
        Compartment(4, Size.M, 1, 2),
        Compartment(5, Size.XL, 1, 3),
    )


def test_unless_told_a_closed_contact_is_a_locked_door_and_all_doors_are_of_one_size() -> None:
    assert layout("locks=2") == Layout(((1, 2),), (Size.M, Size.M), Feedback.CLOSED_WHEN_LOCKED)
    assert layout("locks=2&feedback=closed_when_open").feedback is Feedback.CLOSED_WHEN_OPEN


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("board=0", "board is '0', not numbers from 1 to 99"),
        ("boards=1,x", "boards is '1,x'"),
        ("boards=1,1", "boards names one twice"),
        ("board=1&boards=1", "board and boards are given"),
        ("locks=0", "locks is '0', not numbers from 1 to 64"),
        ("boards=1,2,3&locks=8,8", "locks is given for 2 boards of 3"),
        ("locks=4&sizes=3S", "sizes are of 3 doors, and there are 4"),
        ("locks=4&sizes=4T", "sizes is '4T', not like 12S,8M,4L"),
        ("locks=4&sizes=4S,0M", "sizes is '4S,0M'"),
        ("feedback=none", "feedback is 'none'"),
        ("left_open_s=1", "left_open_s is '1'"),
        ("pulse_ms=500", "unknown option pulse_ms"),
        ("noise=1", "unknown option noise"),
    ],
)
def test_options_that_cannot_be_are_refused_with_the_reason(options: str, reason: str) -> None:
    with pytest.raises(UnknownDevice, match=re.escape(reason)):
        open_device(f"lock8a+tcp://10.0.0.5?{options}")


@pytest.mark.parametrize("pulse_ms", ["200", "1100", "550"])
def test_a_pulse_that_opens_nothing_or_burns_a_coil_is_refused(pulse_ms: str) -> None:
    with pytest.raises(UnknownDevice, match="pulse_ms"):
        open_device(f"modbuslock+tcp://10.0.0.5?pulse_ms={pulse_ms}")


@pytest.mark.parametrize(
    ("url", "doors"),
    [
        ("lock8a+serial:///dev/ttyUSB0?board=1&locks=24&feedback=closed_when_locked", 24),
        ("kerong+serial:///dev/ttyUSB1?board=0&locks=16&baud=19200", 16),
        ("kerong+tcp://10.0.0.5:4001?boards=0,15", 32),
        ("wkly+serial:///dev/ttyUSB0?baud=115200", 24),
        ("modbuslock+serial:///dev/ttyUSB0?pulse_ms=700&boards=1,2", 16),
    ],
)
def test_lockers_have_urls(url: str, doors: int) -> None:
    locker = open_device(url)
    assert isinstance(locker, Locker)
    assert len(locker.doors) == doors
    assert kind_of(url) is Kind.LOCKER
    assert {door.state for door in locker.doors} == {DoorState.UNKNOWN}


@pytest.mark.parametrize(
    ("driver", "baud"), [(XOR, 9600), (KERONG, 19_200), (WKLY, 9600), (MODBUS, 9600)]
)
def test_each_board_leaves_the_factory_at_its_own_speed(driver: Driver, baud: int) -> None:
    url = DeviceUrl.parse("any+serial:///dev/ttyUSB0")
    assert driver.serial_of(url) == SerialDefaults(baud, "8N1")


FAMILY = [
    fault
    for fault in vars(faults).values()
    if isinstance(fault, type) and issubclass(fault, faults.LockerFault)
]


@pytest.mark.parametrize("fault", FAMILY)
def test_every_fault_names_the_doors_in_both_languages(fault: type[faults.LockerFault]) -> None:
    met = fault(3, 12, detail="board 2")
    assert met.code == f"locker.{fault.what}"
    assert met.doors == (3, 12)
    for sentence in (met.say_en, met.remedy_en):
        assert sentence.endswith(".")
        assert sentence.isascii()
    for sentence in (met.say_zh, met.remedy_zh):
        assert sentence.endswith("。")
    assert not re.search("[{}]", met.say_en + met.say_zh + met.remedy_en + met.remedy_zh)
    if fault is not faults.LockerFault:
        assert "3, 12" in met.say_en
        assert "3、12" in met.say_zh
    assert met.outcome_known or not met.retryable


def test_faults_are_told_apart_by_their_codes() -> None:
    codes = [fault.what for fault in FAMILY]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    ("before", "look", "others_order", "after"),
    [
        ("closed", "open", False, "forced"),
        ("closed", "open", True, "wrong_door"),
        ("closed", "closed", False, "closed"),
        ("opening", "closed", False, "opening"),
        ("opening", "open", False, "open"),
        ("jammed", "closed", False, "jammed"),
        ("jammed", "open", False, "open"),
        ("jammed", "open", True, "wrong_door"),
        ("open", "closed", True, "closed"),
        ("open", "open", True, "open"),
        ("left_open", "open", False, "left_open"),
        ("left_open", "closed", False, "closed"),
        ("forced", "open", True, "forced"),
        ("forced", "closed", False, "closed"),
        ("wrong_door", "open", False, "wrong_door"),
        ("wrong_door", "closed", False, "closed"),
        ("unknown", "open", True, "open"),
        ("unknown", "closed", False, "closed"),
    ],
)
def test_what_a_look_makes_of_a_door(
    before: str, look: str, *, others_order: bool, after: str
) -> None:
    state = seen(DoorState(before), is_open=look == "open", on_others_order=others_order)
    assert state is DoorState(after)
