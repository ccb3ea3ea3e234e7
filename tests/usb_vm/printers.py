"""Printers in the virtual machine: through libusb and through the kernel's usblp."""

import asyncio
import contextlib
import os
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hardware.fault import Forbidden, Kind, Taken, why_not_open
from hardware.link.device_file import DeviceFile
from hardware.link.usb import UsbLink
from hardware.printer.parts import Line
from hardware.printer.printer import Outcome, Printer
from hardware.registry import open_printer
from hardware.simulator.printer.machine import SimulatedPrinter
from tests.usb_vm.acts import PATIENCE_S, AsNobody, act, until
from tests.usb_vm.firmware import running
from tests.usb_vm.gadget import (
    KEYBOARD,
    PRINTER,
    PRODUCT,
    SECOND_PRINTER,
    SERIAL_PORT,
    VENDOR,
    Function,
    Gadget,
    plugged,
    settle,
)

LP = Path("/dev/usb/lp0")
FIRMWARE = "/dev/g_printer0"
BY_LIBUSB = "escpos+usb://04b8:0e15/SIM0001"
BY_USBLP = "escpos+lp:///dev/usb/lp0"
LINES = [Line("会员积分"), Line("Total 12.00", bold=True)]
DONE = (Outcome.CONFIRMED, Outcome.FENCED)
TEXT = "会员积分\nTotal 12.00"


@contextlib.asynccontextmanager
async def printer_plugged(
    *others: Function,
) -> AsyncIterator[tuple[SimulatedPrinter, Gadget]]:
    with plugged((PRINTER, *others)) as gadget:
        simulated = SimulatedPrinter()
        async with running(simulated, FIRMWARE):
            yield simulated, gadget


@contextlib.asynccontextmanager
async def printing(url: str) -> AsyncIterator[Printer]:
    async with open_printer(url) as printer:
        await until(lambda: printer.health.ready, f"{url} is ready, not {printer.health}")
        yield printer


@contextlib.asynccontextmanager
async def linked(*, write_s: float = 5.0) -> AsyncIterator[UsbLink]:
    link = await UsbLink.connect(VENDOR, PRODUCT, connect_s=PATIENCE_S, write_s=write_s)
    try:
        yield link
    finally:
        await link.close()


def driver_of_printer() -> str | None:
    """Which of the kernel's drivers has a printer's interface: "usblp", "usbfs" (libusb), none."""
    for number in Path("/sys/bus/usb/devices").glob("*/bInterfaceClass"):
        if number.read_text().strip() == "07":
            driver = number.parent / "driver"
            return driver.resolve().name if driver.exists() else None
    return None


@act
async def libusb_prints() -> None:
    """escpos+usb prints a receipt, and the fence's answer confirms it"""
    async with printer_plugged() as (simulated, _), printing(BY_LIBUSB) as printer:
        for number in range(1, 4):
            printed = await printer.print(LINES)
            assert printed.outcome in DONE, printed
            assert simulated.receipts == [TEXT] * number
        assert await printer.kick() is None
        await until(lambda: simulated.kicks == 1, "the drawer opens")


@act
async def usblp_prints() -> None:
    """escpos+lp prints a receipt through the kernel's usblp, and the fence's answer confirms it"""
    async with printer_plugged() as (simulated, _), printing(BY_USBLP) as printer:
        for number in range(1, 4):
            printed = await printer.print(LINES)
            assert printed.outcome in DONE, printed
            assert simulated.receipts == [TEXT] * number


@act
async def usblp_comes_back() -> None:
    """usblp is sent away while libusb has the printer, and /dev/usb/lp0 is back after it"""
    async with printer_plugged():
        for _ in range(3):
            assert driver_of_printer() == "usblp"
            await until(LP.exists, "/dev/usb/lp0 is there")
            async with linked():
                assert driver_of_printer() == "usbfs"
                await until(lambda: not LP.exists(), "/dev/usb/lp0 goes")
            settle()
        await until(LP.exists, "/dev/usb/lp0 is back")


@act
async def others_keep_working() -> str:
    """the printer of a composite device is claimed while its serial port and keyboard are in use"""
    async with printer_plugged(SERIAL_PORT, KEYBOARD) as (simulated, _):
        used = [os.open(file, os.O_RDONLY | os.O_NONBLOCK) for file in _files_of_the_others()]
        try:
            async with printing(BY_LIBUSB) as printer:
                printed = await printer.print(LINES)
                assert printed.outcome in DONE, printed
                assert simulated.receipts == [TEXT]
                return _drivers()
        finally:
            for file in used:
                os.close(file)


def _files_of_the_others() -> list[Path]:
    return [Path("/dev/ttyACM0"), next(Path("/dev/input/by-id").glob("*-event-kbd"))]


def _drivers() -> str:
    """Of each interface of the device at the first socket, in order."""
    found = sorted(Path("/sys/bus/usb/devices").glob("*-1:1.*/driver"))
    return ", ".join(driver.resolve().name for driver in found)


@act
async def claimed_alone() -> None:
    """a second claim is refused as Taken, and the first goes on"""
    async with printer_plugged() as (simulated, _), linked() as link:
        with pytest.raises(BlockingIOError) as refused:
            await UsbLink.connect(VENDOR, PRODUCT)
        assert isinstance(why_not_open(Kind.PRINTER, refused.value), Taken)
        await link.write(b"\x1b@mine\n\x1dV\x01")
        await until(lambda: simulated.receipts == ["mine"], "it prints")


@act
async def forbidden() -> None:
    """a user without the right to the device gets Forbidden, by libusb and by usblp"""
    async with printer_plugged():
        with AsNobody():
            for connect in (
                UsbLink.connect(VENDOR, PRODUCT),
                UsbLink.connect(VENDOR, PRODUCT, "SIM0001"),
                DeviceFile.connect(str(LP)),
            ):
                with pytest.raises(PermissionError) as refused:
                    await connect
                assert isinstance(why_not_open(Kind.PRINTER, refused.value), Forbidden)


@act
async def stalled() -> str:
    """a stalled printer holds a write as long as told, and what it took is printed afterwards"""
    async with printer_plugged() as (simulated, _), linked(write_s=0.5) as link:
        simulated.stall_at(0)
        began_s = time.monotonic()
        taken = 0
        try:
            while True:
                await link.write(b"x" * 4095 + b"\n")
                taken += 4096
                began_s = time.monotonic()
        except TimeoutError:
            waited_s = time.monotonic() - began_s
        await until(lambda: "usb work" not in _threads(), "its thread ends")
        assert 0.4 < waited_s < 2.0, waited_s
        simulated.resume()
        await until(lambda: len(simulated.paper) >= taken // 4096, "what was taken is printed")
        await link.write(b"again\n")
        await until(lambda: "again" in simulated.paper[-1], "it prints again")
        return f"{taken // 1024} KiB were taken gladly; the write then gave up in {waited_s:.2f} s"


@act
async def closes_at_once() -> str:
    """a close ends a read and a write that wait, and leaves no thread behind"""
    async with printer_plugged() as (simulated, _):
        simulated.stall_at(0)
        link = await UsbLink.connect(VENDOR, PRODUCT, write_s=PATIENCE_S)
        reading = asyncio.create_task(link.read(None))
        writing = asyncio.create_task(_fill(link))
        await asyncio.sleep(0.5)
        assert not reading.done()
        assert not writing.done()
        began_s = time.monotonic()
        await link.close()
        took_s = time.monotonic() - began_s
        ended = await asyncio.gather(reading, writing, return_exceptions=True)
        assert all(isinstance(one, ConnectionError) for one in ended), ended
        await until(lambda: not _threads(), "all threads end")
        await until(lambda: driver_of_printer() == "usblp", "usblp is back")
        assert took_s < 1.0, took_s
        return f"{took_s * 1000:.0f} ms"


_CARELESS = """
import asyncio, os, signal, sys
from hardware.link.usb import UsbLink
async def claim():
    link = await UsbLink.connect(0x04B8, 0x0E15)
    print("claimed", flush=True)
    return link
link = asyncio.run(claim())
if sys.argv[1] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@act
async def left_behind() -> str:
    """a program that ends without closing, or is killed, leaves the printer to the next one"""
    async with printer_plugged() as (simulated, _):
        ends = []
        for end in ("ended", "killed"):
            program = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _CARELESS, end, stdout=asyncio.subprocess.PIPE
            )
            said, _ = await program.communicate()
            assert said == b"claimed\n"
            ends.append(f"{end} with {program.returncode}")
            async with printing(BY_LIBUSB) as printer:
                assert (await printer.print(LINES)).outcome in DONE
            assert simulated.receipts == [TEXT] * len(ends)
        return ", ".join(ends)


async def _fill(link: UsbLink) -> None:
    while True:
        await link.write(b"x" * 4096)


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("usb")]


@act
async def idle() -> str:
    """a link that waits for its printer to say something costs next to no processor time"""
    async with printer_plugged(), linked():
        await asyncio.sleep(0.5)
        began_s, lasted_s = time.process_time(), 5.0
        await asyncio.sleep(lasted_s)
        used_s = time.process_time() - began_s
        assert used_s < 0.1 * lasted_s, used_s
        return f"{used_s / lasted_s:.2%} of this slow processor"


async def _unplugged_and_back(url: str) -> str:
    async with printer_plugged() as (simulated, gadget), printing(url) as printer:
        times_s = []
        for number in range(1, 4):
            gadget.unplug()
            await until(lambda: not printer.health.answers, "the unplugging is noticed")
            failed = await printer.print(LINES)
            assert failed.outcome is Outcome.FAILED, failed
            gadget.plug()
            began_s = time.monotonic()
            await until(lambda: printer.health.ready, "it is found again")
            times_s.append(time.monotonic() - began_s)
            printed = await printer.print(LINES)
            assert printed.outcome in DONE, printed
            assert simulated.receipts == [TEXT] * number
        return "found again after " + ", ".join(f"{took_s:.1f}" for took_s in times_s) + " s"


@act
async def libusb_replugged() -> str:
    """escpos+usb: unplugged it is missed, plugged in again it is found by itself and prints"""
    return await _unplugged_and_back(BY_LIBUSB)


@act
async def usblp_replugged() -> str:
    """escpos+lp: unplugged it is missed, plugged in again it is found by itself and prints"""
    return await _unplugged_and_back(BY_USBLP)


async def _unplugged_while_printing(url: str) -> str:
    async with printer_plugged() as (simulated, gadget), printing(url) as printer:
        simulated.stall_at(200)
        job = asyncio.create_task(printer.print(LINES * 2_000))
        await until(lambda: simulated.appetite_bytes() == 0, "it stalls in the middle")
        gadget.unplug()
        printed = await job
        assert printed.outcome is Outcome.UNKNOWN, printed
        assert printed.reason is not None
        simulated.power_off()
        simulated.power_on()
        gadget.plug()
        await until(lambda: printer.health.ready, "it is found again")
        printed_again = await printer.print(LINES)
        assert printed_again.outcome in DONE, printed_again
        return printed.reason.code


@act
async def libusb_cut() -> str:
    """escpos+usb: unplugged while it prints the outcome is unknown, and the next one prints"""
    return await _unplugged_while_printing(BY_LIBUSB)


@act
async def usblp_cut() -> str:
    """escpos+lp: unplugged while it prints the outcome is unknown, and the next one prints"""
    return await _unplugged_while_printing(BY_USBLP)


@act
async def two_alike() -> str:
    """of two printers alike the named one prints, by serial number or by place"""
    async with printer_plugged() as (first, _):
        with plugged((SECOND_PRINTER,), serial="SIM0002", socket=1):
            second = SimulatedPrinter()
            async with running(second, "/dev/g_printer1"):
                async with printing("escpos+usb://04b8:0e15/SIM0002") as printer:
                    await printer.print(LINES)
                assert (first.receipts, second.receipts) == ([], [TEXT])
                with pytest.raises(OSError, match="several") as refused:
                    await UsbLink.connect(VENDOR, PRODUCT)
                named = str(refused.value).rpartition(": ")[2]
                place = named.split(", ")[0].partition("/")[2]
                async with printing(f"escpos+usb://04b8:0e15/{place}") as printer:
                    await printer.print(LINES)
                assert first.receipts == [TEXT]
                return named
