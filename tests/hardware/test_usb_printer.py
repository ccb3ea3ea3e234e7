"""The whole printer over USB: driver, link and pyusb in front of a simulated device."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from hardware.device import BackOff
from hardware.fault import Taken, UnknownDevice, Unplugged
from hardware.link.usb import UsbLink
from hardware.printer.parts import Line
from hardware.printer.printer import Outcome, Printer
from hardware.registry import open_printer
from hardware.simulator.printer.machine import SimulatedPrinter
from hardware.simulator.usb import UsbBus, serving_usb
from hardware.simulator.usb_device import UsbPort
from tests.hardware.usb_bench import PATIENCE_S, PRODUCT, VENDOR

LINES = [Line("会员积分"), Line("Total 12.00", bold=True)]
TEXT = "会员积分\nTotal 12.00"
SOON = BackOff(0.01, 0.02)


@asynccontextmanager
async def opened(bus: UsbBus) -> AsyncIterator[Printer]:
    connect = partial(
        UsbLink.connect, VENDOR, PRODUCT, connect_s=PATIENCE_S, write_s=PATIENCE_S, backend=bus
    )
    async with Printer(connect, back_off=SOON) as printer:
        yield printer


async def until(printer: Printer, is_so: Callable[[], object]) -> None:
    rang = asyncio.Event()
    printer.listeners.append(lambda _: rang.set())
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():
            await rang.wait()
            rang.clear()


def test_receipts_are_printed_one_after_the_other() -> None:
    async def scenario() -> None:
        simulated, bus = SimulatedPrinter(), UsbBus()
        async with serving_usb(simulated, UsbPort(bus)), opened(bus) as printer:
            for number in range(1, 4):
                assert (await printer.print(LINES)).outcome is Outcome.CONFIRMED
                assert simulated.receipts == [TEXT] * number

    asyncio.run(scenario())


def test_pulled_out_and_plugged_in_again_it_is_found_by_itself() -> None:
    async def scenario() -> None:
        simulated, bus = SimulatedPrinter(), UsbBus()
        async with serving_usb(simulated, UsbPort(bus)), opened(bus) as printer:
            for number in range(1, 4):
                await until(printer, lambda: printer.health.ready)
                assert (await printer.print(LINES)).outcome is Outcome.CONFIRMED
                assert simulated.receipts == [TEXT] * number
                simulated.unplug()
                await until(printer, lambda: not printer.health.answers)
                assert isinstance(printer.health.fault, Unplugged)
                assert (await printer.print(LINES)).outcome is Outcome.FAILED
                simulated.plug()

    asyncio.run(scenario())


def test_pulled_out_while_it_prints_nobody_knows_and_the_next_receipt_is_whole() -> None:
    async def scenario() -> None:
        simulated, bus = SimulatedPrinter(), UsbBus()
        async with serving_usb(simulated, UsbPort(bus)), opened(bus) as printer:
            await until(printer, lambda: printer.health.ready)
            simulated.stall_at(200)
            job = asyncio.create_task(printer.print(LINES * 500))
            stalled = asyncio.Event()
            simulated.on_change.append(
                lambda: None if simulated.appetite_bytes() else stalled.set()
            )
            async with asyncio.timeout(PATIENCE_S):
                await stalled.wait()
            simulated.unplug()
            cut = await job
            assert cut.outcome is Outcome.UNKNOWN
            assert cut.reason is not None
            assert cut.reason.code == "printer.link_lost"
            simulated.power_off()  # what it still had in its buffer is gone
            simulated.power_on()
            simulated.plug()
            await until(printer, lambda: printer.health.ready)
            assert (await printer.print(LINES)).outcome is Outcome.CONFIRMED
            assert simulated.receipts[-1].endswith(TEXT)

    asyncio.run(scenario())


def test_a_second_till_is_told_that_another_program_has_it_and_gets_it_afterwards() -> None:
    async def scenario() -> None:
        simulated, bus = SimulatedPrinter(), UsbBus()
        async with serving_usb(simulated, UsbPort(bus)), opened(bus) as first:
            await until(first, lambda: first.health.ready)
            async with opened(bus) as second:
                await until(second, lambda: second.health.known)
                assert isinstance(second.health.fault, Taken)
                await first.__aexit__()
                await until(second, lambda: second.health.ready)
                assert (await second.print(LINES)).outcome is Outcome.CONFIRMED

    asyncio.run(scenario())


def test_a_url_of_a_usb_printer_is_a_printer_and_touches_no_bus() -> None:
    assert open_printer("escpos+usb://04b8:0e15/SIM0001?cols=32").columns == 32
    with pytest.raises(UnknownDevice, match="hex digits"):
        open_printer("escpos+usb:///dev/usb/lp0")
