"""XON/XOFF of a serial line: a device that says stop is sent nothing until it says go."""

import asyncio
import os
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from functools import partial

import pytest
import serial

from hardware.fault import Unconfirmed
from hardware.link import serial as serial_link
from hardware.link.serial import XOFF, XON, SerialLink
from hardware.printer.faults import OutOfPaper
from hardware.printer.parts import Line
from hardware.printer.printer import Outcome, Printed, Printer, TimeLimits
from hardware.printer.profile import FenceKind, Profile
from hardware.registry import open_device
from hardware.simulator.printer.handshake import GO_ROOM_BYTES, STOP_ROOM_BYTES
from hardware.simulator.printer.intake import BUFFER_LIMIT_BYTES
from hardware.simulator.printer.machine import Event, SimulatedPrinter
from hardware.simulator.pty import PtyLink, SerialPort
from hardware.simulator.wire import serving_serial
from tests.hardware.wires import LINES, PATIENCE_S, PATIENT, SOON, TEXT, bell_for, run, until

STOPPED = replace(PATIENT, fence_s=0.05, line_s=0)
"""Where a stop keeps the fence from being answered."""
SAID = b"!"
"""Behind it all that was said before has been heeded."""


@asynccontextmanager
async def line(flow: str, write_s: float = PATIENCE_S) -> AsyncIterator[tuple[SerialLink, PtyLink]]:
    with closing(SerialPort()) as port:
        link = await SerialLink.connect(str(port.path), flow=flow, write_s=write_s)
        yield link, port.plug()
        await link.close()


async def say(device: PtyLink, link: SerialLink, byte: bytes) -> None:
    await device.write(byte + SAID)
    assert await link.read(PATIENCE_S) == SAID


async def heard(device: PtyLink, size_bytes: int) -> bytes:
    data = b""
    while len(data) < size_bytes:
        data += await device.read(PATIENCE_S)
    return data


# ---- the link


def test_a_device_that_says_stop_is_sent_nothing_until_it_says_go() -> None:
    async def scenario() -> None:
        async with line("xonxoff", write_s=0.2) as (link, device):
            await say(device, link, XOFF)
            with pytest.raises(TimeoutError):
                await link.write(b"while it says stop")
            await say(device, link, XON)
            await link.write(b"receipt")
            assert await heard(device, 7) == b"receipt"

    run(scenario)


def test_what_waits_goes_out_when_the_device_says_go() -> None:
    async def scenario() -> None:
        async with line("xonxoff") as (link, device):
            await say(device, link, XOFF)
            writing = asyncio.create_task(link.write(b"receipt"))
            await say(device, link, XON)
            await writing
            assert await heard(device, 7) == b"receipt"

    run(scenario)


def test_without_the_option_the_two_bytes_are_data_and_stop_nothing() -> None:
    async def scenario() -> None:
        async with line("none") as (link, device):
            await device.write(XOFF)
            assert await link.read(PATIENCE_S) == XOFF
            await link.write(b"receipt")
            assert await heard(device, 7) == b"receipt"

    run(scenario)


def test_on_their_way_to_the_device_the_two_bytes_are_data_of_a_picture() -> None:
    picture = bytes(range(256)) * 8 + (XOFF + XON) * 100

    async def scenario() -> None:
        async with line("xonxoff") as (link, device):
            await link.write(picture)
            assert await heard(device, len(picture)) == picture

    run(scenario)


def test_the_kernel_heeds_a_stop_and_never_says_one() -> None:
    async def scenario() -> None:
        with closing(SerialPort()) as port:
            link = await SerialLink.connect(str(port.path), flow="xonxoff")
            host_end = os.open(port.path, os.O_RDWR | os.O_NOCTTY)
            flags = termios.tcgetattr(host_end)[0]
            os.close(host_end)
            assert flags & (termios.IXON | termios.IXOFF | termios.IXANY) == termios.IXON
            await link.close()

    run(scenario)


def test_a_stop_that_was_said_to_another_link_does_not_hold_the_next_one() -> None:
    async def scenario() -> None:
        with closing(SerialPort()) as port:
            device = port.plug()
            for flow in ("xonxoff", "xonxoff", "none"):
                link = await SerialLink.connect(str(port.path), flow=flow, write_s=PATIENCE_S)
                await link.write(b"receipt")
                assert await heard(device, 7) == b"receipt"
                if flow == "xonxoff":
                    await say(device, link, XOFF)
                await link.close()

    run(scenario)


def test_a_write_that_a_stop_holds_ends_with_the_plug_and_the_next_link_is_free() -> None:
    async def scenario() -> None:
        with closing(SerialPort()) as port:
            connect = partial(
                SerialLink.connect, str(port.path), flow="xonxoff", write_s=PATIENCE_S
            )
            link = await connect()
            await say(port.plug(), link, XOFF)
            writing = asyncio.create_task(link.write(b"while it says stop"))
            port.unplug()
            with pytest.raises(ConnectionError):
                await writing
            await link.close()
            device = port.plug()
            link = await connect()
            await link.write(b"receipt")
            assert await heard(device, 7) == b"receipt"
            await link.close()

    run(scenario)


class Uart(serial.Serial):  # type: ignore[misc,unused-ignore]
    """A port that keeps bytes of its own which have not gone out; a pty has none."""

    waiting: list[int]
    dropped = False

    @property
    def out_waiting(self) -> int:
        return self.waiting.pop(0) if len(self.waiting) > 1 else self.waiting[0]

    def reset_output_buffer(self) -> None:
        self.dropped = True


@pytest.mark.parametrize(
    ("waiting", "may_be_stopped", "dropped"),
    [([12], True, True), ([12, 8, 8], True, True), ([12, 8, 4, 0], True, False),
     ([0], True, False), ([12], False, False)],
)  # fmt: skip
def test_a_close_waits_for_what_goes_out_and_drops_what_was_told_to_stop(
    waiting: list[int], may_be_stopped: bool, dropped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_link, "STUCK_S", 0.0)

    async def scenario() -> None:
        with closing(SerialPort()) as place:
            port = Uart(str(place.path))
            port.waiting = waiting
            await SerialLink(port, may_be_stopped=may_be_stopped).close()
            assert (port.dropped, port.is_open) == (dropped, False)

    run(scenario)


# ---- the simulated printer


def printer_with_xonxoff() -> SimulatedPrinter:
    printer = SimulatedPrinter(xonxoff=True)
    assert printer.take_answers() == XON
    return printer


@pytest.mark.parametrize(
    ("trouble", "end"),
    [("paper out", "paper in"), ("cover open", "cover closed"), ("head hot", "head cool")],
)
def test_a_printer_that_goes_off_line_says_stop_and_is_still_asked_why(
    trouble: str, end: str
) -> None:
    printer = printer_with_xonxoff()
    printer.turn_knob(trouble)
    assert printer.take_answers() == XOFF
    printer.feed(b"\x10\x04\x01")
    assert printer.take_answers() == b"\x1a"
    printer.turn_knob(end)
    assert printer.take_answers() == XON


def test_a_printer_says_stop_before_its_buffer_is_full_and_go_when_there_is_room_again() -> None:
    async def scenario() -> None:
        printer = printer_with_xonxoff()
        printer.turn_knob("speed 1")
        lines_of_stop = (BUFFER_LIMIT_BYTES - STOP_ROOM_BYTES) // 2
        printer.feed(b"A\n" * lines_of_stop)
        assert printer.take_answers() == b""
        printer.feed(b"A\n" * 8)
        assert printer.take_answers() == XOFF
        printer.turn_knob("speed off")
        assert printer.take_answers() == XON
        assert GO_ROOM_BYTES > STOP_ROOM_BYTES

    run(scenario)


def test_what_is_sent_to_a_full_buffer_all_the_same_is_lost_and_told() -> None:
    printer = printer_with_xonxoff()
    lost: list[str] = []
    printer.listeners.append(
        lambda event, detail: lost.append(detail) if event is Event.OVERRUN else None
    )
    printer.turn_knob("cover open")
    assert printer.feed(b"A\n" * (BUFFER_LIMIT_BYTES // 2) + b"lost\n") == BUFFER_LIMIT_BYTES + 5
    printer.turn_knob("cover closed")
    printer.feed(b"B\n")
    assert lost == ["5"]
    assert printer.paper[-2:] == ["A", "B"]


def test_a_printer_says_go_when_its_power_comes_on_and_nothing_while_it_is_off() -> None:
    printer = printer_with_xonxoff()
    printer.turn_knob("cover open")
    printer.turn_knob("power off")
    printer.turn_knob("cover closed")
    assert printer.take_answers() == b""
    printer.turn_knob("power on")
    assert printer.take_answers() == XON


# ---- the driver and the printer, at a pty


@asynccontextmanager
async def printing(
    simulated: SimulatedPrinter,
    profile: Profile,
    limits: TimeLimits = PATIENT,
    *,
    flow: str = "xonxoff",
    write_s: float = PATIENCE_S,
) -> AsyncIterator[Printer]:
    with closing(SerialPort(name="printer")) as port:
        async with serving_serial(simulated, port):
            connect = partial(SerialLink.connect, str(port.path), flow=flow, write_s=write_s)
            async with Printer(connect, profile, limits=limits, back_off=SOON) as printer:
                yield printer


@pytest.mark.parametrize(("flow", "whole"), [("xonxoff", True), ("none", False)])
def test_a_long_receipt_comes_whole_out_of_slow_paper_by_xonxoff_and_by_nothing_else(
    flow: str, whole: bool
) -> None:
    receipt = [Line(f"{number:06} {'x' * 40}") for number in range(3_000)]

    async def scenario() -> None:
        simulated = SimulatedPrinter(xonxoff=True)
        simulated.turn_knob("speed 5000")
        lost = bell_for(simulated, Event.OVERRUN)
        cut = bell_for(simulated, Event.RECEIPT)
        async with printing(simulated, Profile(fence=FenceKind.NONE), flow=flow) as printer:
            assert await printer.print(receipt) == Printed(Outcome.UNCONFIRMED)
            await (cut if whole else lost).wait()
        if whole:
            assert simulated.receipts == ["\n".join(str(line.text) for line in receipt)]
        assert lost.is_set() is not whole

    run(scenario)


def test_a_printer_that_says_stop_and_never_go_leaves_the_job_unknown_in_time() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter(xonxoff=True)
        simulated.paper_ends_in(10)
        receipt = [Line(str(number)) for number in range(20_000)]
        profile = Profile(fence=FenceKind.NONE)
        async with printing(simulated, profile, write_s=0.2) as printer:
            printed = await printer.print(receipt)
            assert printed.outcome is Outcome.UNKNOWN
            assert isinstance(printed.reason, Unconfirmed)
            await until(printer, lambda: isinstance(printer.health.fault, OutOfPaper))

    run(scenario)


def test_a_fence_behind_a_stop_is_waited_for_no_longer_than_behind_a_stall() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter(xonxoff=True)
        simulated.paper_ends_in(1)
        async with printing(simulated, Profile(), STOPPED, write_s=0.05) as printer:
            printed = await printer.print([*LINES, *LINES])
            assert printed.outcome is Outcome.UNKNOWN
            assert isinstance(printed.reason, Unconfirmed)

    run(scenario)


@pytest.mark.parametrize(("away", "back"), [("power off", "power on"), ("unplug", "plug")])
def test_a_printer_that_said_stop_is_written_to_again_when_it_is_back(away: str, back: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter(xonxoff=True)
        simulated.paper_ends_in(1)
        async with printing(simulated, Profile(), STOPPED, write_s=0.05) as printer:
            assert (await printer.print([*LINES, *LINES])).outcome is Outcome.UNKNOWN
            simulated.turn_knob(away)
            simulated.turn_knob("paper in")
            simulated.turn_knob(back)
            printer.limits = PATIENT
            await until(printer, lambda: printer.health.ready)
            assert (await printer.print(LINES)).outcome is Outcome.CONFIRMED
        assert simulated.receipts[-1].endswith(TEXT)

    run(scenario)


def test_the_address_of_a_simulated_printer_says_that_it_is_held_back_so() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter(xonxoff=True)
        with closing(SerialPort(name="printer")) as port:
            async with serving_serial(simulated, port) as url:
                assert "flow=xonxoff" in url
                printer = open_device(url)
                assert isinstance(printer, Printer)
                async with printer:
                    assert (await printer.print(LINES)).outcome is Outcome.CONFIRMED

    run(scenario)
