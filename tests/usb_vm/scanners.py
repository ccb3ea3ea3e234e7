"""Scanners in the virtual machine: as a serial port, by HID-POS, and taken from the keyboard."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

import pytest

from hardware.device import Event
from hardware.fault import Taken
from hardware.registry import open_scanner
from hardware.scanner.scan import Scan
from hardware.scanner.scanner import Scanned, Scanner
from hardware.simulator.scanner import REPORT_BYTES, Form, SimulatedScanner
from tests.usb_vm.acts import act, until
from tests.usb_vm.firmware import running
from tests.usb_vm.gadget import KEYBOARD, SERIAL_PORT, Gadget, plugged, settle
from tests.usb_vm.hid import UhidScanner, keyboard_file, type_into

BY_SERIAL = "scan+serial:///dev/ttyACM0"
BY_HID_POS = "scan+hidpos://0c2e:0901"
GS1 = Scan("010952123454321310ABC\x1d17261231", "]C1")
TYPED = f"{GS1.aim}{GS1.code}\r"
EAN = Scan("6901028075022", "]E0")


class Till:
    """What hears a scanner's codes."""

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner
        self.scans: list[Scan] = []
        scanner.listeners.append(self._hear)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Scanned):
            self.scans.append(event.scan)

    async def has(self, *scans: Scan) -> None:
        await until(lambda: len(self.scans) >= len(scans), f"{len(scans)} codes have come")
        assert self.scans == list(scans)


@contextlib.asynccontextmanager
async def reading(url: str) -> AsyncIterator[Till]:
    scanner = open_scanner(url)
    assert isinstance(scanner, Scanner)
    async with scanner:
        await until(lambda: scanner.health.ready, f"{url} is ready")
        yield Till(scanner)


@contextlib.asynccontextmanager
async def serial_scanner() -> AsyncIterator[tuple[SimulatedScanner, Gadget]]:
    with plugged((SERIAL_PORT,)) as gadget:
        simulated = SimulatedScanner()
        async with running(simulated, "/dev/ttyGS0"):
            await until(lambda: simulated.connected, "its firmware runs")
            yield simulated, gadget


@act
async def serial_reads() -> None:
    """scan+serial reads GS1 codes at /dev/ttyACM0, their GS characters too"""
    async with serial_scanner() as (simulated, _), reading(BY_SERIAL) as till:
        for scan in (GS1, EAN):
            assert simulated.scan(scan.aim + scan.code)
        await till.has(GS1, EAN)


@act
async def serial_fast() -> str:
    """scan+serial: a thousand codes as fast as they go are all there, once and in order"""
    async with serial_scanner() as (simulated, _), reading(BY_SERIAL) as till:
        codes = [f"69{number:011}" for number in range(1_000)]
        for code in codes:
            while not simulated.scan(code):
                await simulated.gone_out()
        await until(lambda: len(till.scans) >= len(codes), "all have come")
        assert [scan.code for scan in till.scans] == codes
        return f"{len(codes)} codes"


@act
async def serial_replugged() -> None:
    """scan+serial: unplugged it is missed, plugged in again it is found by itself and reads"""
    async with serial_scanner() as (simulated, gadget), reading(BY_SERIAL) as till:
        for number in range(1, 4):
            gadget.unplug()
            await until(lambda: not till.scanner.health.ready, "the unplugging is noticed")
            gadget.plug()
            await until(lambda: till.scanner.health.ready, "it is found again")
            await until(lambda: simulated.connected, "its firmware runs again")
            assert simulated.scan(EAN.aim + EAN.code)
            await till.has(*[EAN] * number)


@act
async def serial_alone() -> None:
    """scan+serial: a second program gets Taken, and the first loses nothing"""
    async with serial_scanner() as (simulated, _), reading(BY_SERIAL) as till:
        second = open_scanner(BY_SERIAL)
        assert isinstance(second, Scanner)
        async with second:
            await until(lambda: second.health.known, "the second has tried")
            assert isinstance(second.health.fault, Taken), second.health
            assert simulated.scan(EAN.aim + EAN.code)
            await till.has(EAN)


@act
async def hid_pos_reads() -> None:
    """scan+hidpos finds the scanner among the HID devices, reads it at /dev/hidraw, and again
    after it was plugged in anew"""
    firmware = SimulatedScanner(form=Form.HID_POS)
    firmware.connected = 1
    expected: list[Scan] = []
    scanner = open_scanner(BY_HID_POS)
    assert isinstance(scanner, Scanner)
    long_code = Scan("https://example.org/01/09521234543213/10/ABC123?" + "x" * 100, "]Q1")
    till = Till(scanner)
    async with scanner:
        for _ in range(2):
            with UhidScanner(0x0C2E, 0x0901, "HP1") as usb:
                settle()
                await until(lambda: scanner.health.ready, "it is found")
                for scan in (GS1, long_code):
                    firmware.scan(scan.aim + scan.code)
                    usb.send(firmware.take_answers(), REPORT_BYTES)
                    expected.append(scan)
                await till.has(*expected)
            await until(lambda: not scanner.health.ready, "the unplugging is noticed")


@act
async def keyboard_reads() -> None:
    """scan+evdev takes a keyboard scanner away from the keyboard and reads what it types"""
    with plugged((KEYBOARD,)) as gadget:
        await until(keyboard_file, "udev has named it")
        file = keyboard_file()
        assert file is not None
        other = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        try:
            async with reading(f"scan+evdev://{file}") as till:
                await asyncio.to_thread(type_into, "/dev/hidg0", TYPED)
                await till.has(GS1)
                with pytest.raises(BlockingIOError):  # the screen got nothing of it
                    os.read(other, 1024)
                gadget.unplug()
                await until(lambda: not till.scanner.health.ready, "it is missed")
                gadget.plug()
                await until(lambda: till.scanner.health.ready, "it is found again")
                await asyncio.to_thread(type_into, "/dev/hidg0", TYPED)
                await till.has(GS1, GS1)
        finally:
            os.close(other)
