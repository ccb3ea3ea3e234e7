"""A whole counter in the virtual machine: found, allowed by our udev rules, and served."""

import asyncio
import contextlib
import grp
import stat
from collections.abc import Iterator
from pathlib import Path

from hardware import discovery
from hardware.fault import Kind
from hardware.registry import open_device
from hardware.scanner.wedge import Wedge
from hardware.simulator.printer.machine import SimulatedPrinter
from hardware.simulator.scanner import SimulatedScanner
from pos_client.counter.counter import Counter
from pos_client.settings import load
from tests.usb_vm.acts import AsNobody, act, until
from tests.usb_vm.firmware import running
from tests.usb_vm.gadget import KEYBOARD, PRINTER, SERIAL_PORT, plugged, settle
from tests.usb_vm.hid import UhidScanner, keyboard_file

GROUP = "plugdev"
HONEYWELL, ZEBRA = 0x0C2E, 0x05E0
ALL_KINDS = {
    "escpos+lp": Kind.PRINTER,
    "scan+hidpos": Kind.SCANNER,
    "scan+evdev": Kind.SCANNER,
    "scan+serial": Kind.SCANNER,
}


@contextlib.contextmanager
def everything_plugged() -> Iterator[None]:
    """A printer; a scanner that is a serial port and a keyboard; one that speaks HID-POS."""
    with (
        plugged((PRINTER,)),
        plugged((SERIAL_PORT, KEYBOARD), vendor=HONEYWELL, product=0x0B61, socket=1),
        UhidScanner(ZEBRA, 0x1900, "HP1"),
    ):
        settle()
        yield


async def all_of_usb() -> dict[str, discovery.Found]:
    await until(keyboard_file, "udev has named the keyboard")
    await until(lambda: len(_seen()) >= 4, "all four are found")
    return {one.url: one for one in _seen()}


def _seen() -> list[discovery.Found]:
    """Without the console, on which this machine says what we read."""
    return [one for one in discovery.find() if one.path != "/dev/ttyS0"]


@act
async def all_found() -> None:
    """every device of a counter is found, with its address and what it is for"""
    with everything_plugged():
        kinds = {url.partition("://")[0]: one.kind for url, one in (await all_of_usb()).items()}
        assert kinds == ALL_KINDS, kinds


@act
async def hot_plug() -> str:
    """a running till's counter hears of what is plugged in, and of what is pulled out again"""
    heard: list[discovery.Appeared | discovery.Vanished] = []
    with contextlib.closing(Counter(load(scanner="", plugged_look_s=0.5))) as counter:
        counter.on_plugged = heard.append
        counter.start()
        await asyncio.sleep(1.0)  # what is there at the start is not news
        with everything_plugged():
            await until(lambda: _present(heard) == ALL_KINDS, "all four were plugged in")
        await until(lambda: not _present(heard), "all four were pulled out")
    return f"{len(heard)} pieces of news"


def _present(heard: list[discovery.Appeared | discovery.Vanished]) -> dict[str, Kind | None]:
    there: dict[str, Kind | None] = {}
    for news in heard:
        if isinstance(news, discovery.Appeared):
            there[news.found.url] = news.found.kind
        else:
            del there[news.found.url]
    return {url.partition("://")[0]: kind for url, kind in there.items()}


@act
async def rules_allow() -> str:
    """by our udev rules a member of plugdev may use all of them, and nobody else"""
    with everything_plugged():
        there = await all_of_usb()
        urls = [*there, "escpos+usb://04b8:0e15"]
        rights = ", ".join(sorted(_rights(one.path) for one in there.values()))
        with AsNobody():
            assert all("may not open" in one.why for one in _seen())
        async with contextlib.AsyncExitStack() as stack:
            machines = {"/dev/g_printer0": SimulatedPrinter(), "/dev/ttyGS0": SimulatedScanner()}
            for file, machine in machines.items():
                await stack.enter_async_context(running(machine, file))
            await until(
                lambda: all(machine.connected for machine in machines.values()),
                "their firmware runs",  # which opens its files as root
            )
            with AsNobody(grp.getgrnam(GROUP).gr_gid):
                closed = [one for one in _seen() if "may not open" in one.why]
                assert not closed, closed
                for url in urls:
                    await _is_served(url)
        return rights


async def _is_served(url: str) -> None:
    device = open_device(url)
    assert not isinstance(device, Wedge)
    async with device:
        await until(lambda: device.health.known, f"{url} was tried")
        assert device.health.ready, f"{url}: {device.health.fault}"
    await asyncio.sleep(0)


def _rights(file: str) -> str:
    about = Path(file).stat()
    group = grp.getgrgid(about.st_gid).gr_name
    return f"{Path(file).resolve().name} {stat.filemode(about.st_mode)} {group}"
