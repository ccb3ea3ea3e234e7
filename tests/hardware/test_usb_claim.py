"""USB printers through pyusb: found by their ids, claimed alone, left as they were."""

import asyncio
import builtins
from contextlib import AsyncExitStack
from typing import Any

import pytest
from usb import backend as pyusb_backend
from usb import core

from hardware.fault import Forbidden, Kind, Taken, Unplugged, why_not_open
from hardware.link.usb import UsbLink
from hardware.simulator.usb import UsbBus, serving_usb
from hardware.simulator.usb_device import UsbInterface, UsbPort
from hardware.url import DeviceUrl
from tests.hardware.usb_bench import (
    PATIENCE_S,
    PRODUCT,
    VENDOR,
    Notebook,
    connect,
    linked,
)

VENDOR_SPECIFIC = 0xFF


def test_endpoints_are_looked_up_and_never_guessed() -> None:
    async def scenario(interface: UsbInterface) -> None:
        notebook, bus = Notebook(), UsbBus()
        async with (
            serving_usb(notebook, UsbPort(bus, interfaces=[interface])),
            linked(bus) as link,
        ):
            await link.write(b"out")
            await notebook.until_heard(b"out")
            notebook.say(b"in")
            assert await link.read(PATIENCE_S) == b"in"

    for out, inward in ((0x01, 0x82), (0x02, 0x81), (0x0F, 0x8F), (0x03, 0x83)):
        asyncio.run(scenario(UsbInterface(out=out, inward=inward)))


def test_the_printer_among_several_interfaces_is_the_only_one_touched() -> None:
    async def scenario() -> None:
        keys = UsbInterface(0, usb_class=3, out=None, inward=0x81, home="usbhid")
        web = UsbInterface(1, protocol=4, out=0x02, inward=0x83, home=None)
        slow = UsbInterface(2, protocol=1, out=0x04, inward=None)
        good = UsbInterface(2, alternate=1, protocol=2, out=0x05, inward=0x85)
        notebook, bus = Notebook(), UsbBus()
        port = UsbPort(bus, interfaces=[keys, web, slow, good])
        async with serving_usb(notebook, port):
            async with linked(bus) as link:
                await link.write(b"job")
                await notebook.until_heard(b"job")
                assert (keys.driver, slow.driver, good.driver) == ("usbhid", None, None)
            assert (keys.driver, slow.driver, good.driver) == ("usbhid", "usblp", "usblp")
        assert bus.asked[:3] == ["detach 2", "claim 2", "alternate 2 1"]
        assert not {"reset", "configure"} & set(bus.asked)
        assert {line.split()[1] for line in bus.asked} == {"2"}

    asyncio.run(scenario())


def test_the_kernels_driver_is_back_after_a_close_and_only_where_it_was() -> None:
    async def scenario(home: str | None) -> None:
        bus = UsbBus()
        port = UsbPort(bus, interfaces=[UsbInterface(home=home)])
        async with serving_usb(Notebook(), port):
            for _ in range(3):
                async with linked(bus):
                    assert port.interfaces[0].driver is None
                assert port.interfaces[0].driver == home
            assert bus.asked.count("attach 0") == (3 if home else 0)

    asyncio.run(scenario("usblp"))
    asyncio.run(scenario(None))


def test_a_device_nobody_has_configured_is_configured_once_and_no_other() -> None:
    async def scenario() -> None:
        bus = UsbBus()
        port = UsbPort(bus, interfaces=[UsbInterface(home=None)])
        port.configuration = 0
        async with serving_usb(Notebook(), port):
            for _ in range(2):
                async with linked(bus):
                    pass
        assert port.configuration == 1
        assert bus.asked.count("configure") == 1

    asyncio.run(scenario())


def test_a_printer_belongs_to_one_program() -> None:
    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        port = UsbPort(bus)
        async with serving_usb(notebook, port):
            async with linked(bus) as first:
                with pytest.raises(BlockingIOError) as refused:
                    await connect(bus)
                assert isinstance(why_not_open(Kind.PRINTER, refused.value), Taken)
                assert port.interfaces[0].driver is None
                await first.write(b"still mine")
                await notebook.until_heard(b"still mine")
            async with linked(bus) as second:
                await second.write(b"now mine")
                await notebook.until_heard(b"now mine")

    asyncio.run(scenario())


def test_a_printer_this_user_may_not_open_says_so() -> None:
    async def scenario(which: str | None) -> None:
        bus = UsbBus()
        port = UsbPort(bus)
        port.forbidden = True
        with pytest.raises(PermissionError) as refused:
            await connect(bus, which)
        assert isinstance(why_not_open(Kind.PRINTER, refused.value), Forbidden)

    asyncio.run(scenario(None))
    asyncio.run(scenario("SIM0001"))


def test_a_printer_that_is_not_there_is_unplugged() -> None:
    async def scenario() -> None:
        bus = UsbBus()
        with pytest.raises(FileNotFoundError) as refused:
            await connect(bus)
        assert type(why_not_open(Kind.PRINTER, refused.value)) is Unplugged
        port = UsbPort(bus)
        with pytest.raises(FileNotFoundError, match="'ELSE'"):
            await connect(bus, "ELSE")
        port.unplug()
        with pytest.raises(FileNotFoundError):
            await connect(bus)
        other = UsbPort(bus, product=PRODUCT + 1)
        with pytest.raises(FileNotFoundError):
            await connect(bus)
        assert other.interfaces[0].driver == "usblp"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "interface",
    [
        UsbInterface(usb_class=VENDOR_SPECIFIC),
        UsbInterface(protocol=4),
        UsbInterface(out=None),
    ],
    ids=["another class", "IPP over USB", "no way out"],
)
def test_a_device_that_is_no_printer_is_left_alone(interface: UsbInterface) -> None:
    async def scenario() -> None:
        bus = UsbBus()
        port = UsbPort(bus, interfaces=[interface])
        with pytest.raises(OSError, match="no printer interface"):
            await connect(bus)
        assert port.interfaces[0].driver == "usblp"
        assert bus.asked == []

    asyncio.run(scenario())


def test_of_several_alike_the_named_one_prints_and_none_when_none_is_named() -> None:
    async def scenario() -> None:
        bus = UsbBus()
        books = {serial: Notebook() for serial in ("ONE", "TWO", None)}
        async with AsyncExitStack() as stack:
            for serial, book in books.items():
                await stack.enter_async_context(serving_usb(book, UsbPort(bus, serial=serial)))
            for which, serial in (("TWO", "TWO"), ("ONE", "ONE"), ("1-3", None), ("1-1", "ONE")):
                async with linked(bus, which) as link:
                    await link.write(f"for {which}".encode())
                    await books[serial].until_heard(f"for {which}".encode())
            with pytest.raises(OSError, match=r"several 04b8:0e15.*1-1.*1-2.*1-3"):
                await connect(bus)
        assert bytes(books["TWO"].heard) == b"for TWO"
        assert bytes(books[None].heard) == b"for 1-3"

    asyncio.run(scenario())


def test_one_that_may_not_be_opened_does_not_hide_the_one_that_is_meant() -> None:
    async def scenario() -> None:
        bus, book = UsbBus(), Notebook()
        UsbPort(bus, serial="ONE").forbidden = True
        async with serving_usb(book, UsbPort(bus, serial="TWO")), linked(bus, "TWO") as link:
            await link.write(b"here")
            await book.until_heard(b"here")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("escpos+usb://04b8:0e15?cols=48", (0x04B8, 0x0E15, None)),
        ("escpos+usb://04b8:0e15/", (0x04B8, 0x0E15, None)),
        ("escpos+usb://04B8:0E15/SIM0001?cols=48", (0x04B8, 0x0E15, "SIM0001")),
        ("escpos+usb://0416:5011/1-1.4", (0x0416, 0x5011, "1-1.4")),
        ("escpos+usb://0416:5011/A%2FB%20C", (0x0416, 0x5011, "A/B C")),
        ("scan+hidpos://0c2e:0901", (0x0C2E, 0x0901, None)),
    ],
)
def test_ids_of_a_usb_device_stand_in_its_url(
    text: str, expected: tuple[int, int, str | None]
) -> None:
    assert DeviceUrl.parse(text).usb_id == expected


@pytest.mark.parametrize(
    "text",
    [
        "escpos+usb://04b8",
        "escpos+usb://04b8:0e15:1",
        "escpos+usb://4b8:0e15",
        "escpos+usb://04b8:0x15",
        "escpos+usb:///04b8:0e15",
        "escpos+usb://me@04b8:0e15",
        "escpos+usb://04b8:0e15/a/b",
        "escpos+usb://04b8:0e15/%00",
    ],
)
def test_ids_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"hex digits|serial number"):
        _ = DeviceUrl.parse(text).usb_id


def test_a_machine_without_libusb_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        for name in ("libusb0", "libusb1", "openusb"):
            module = __import__(f"usb.backend.{name}", fromlist=["get_backend"])
            monkeypatch.setattr(module, "get_backend", lambda: None)
        with pytest.raises(OSError, match="install libusb") as refused:
            await UsbLink.connect(VENDOR, PRODUCT)
        assert isinstance(why_not_open(Kind.PRINTER, refused.value), Unplugged)

    asyncio.run(scenario())


@pytest.mark.parametrize("missing", ["usb", "usb.backend.libusb1"])
def test_a_machine_without_pyusb_says_so(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def all_but_one(name: str, *rest: Any) -> Any:
        if name == missing:
            raise ImportError(name)
        return imported(name, *rest)

    async def scenario() -> None:
        monkeypatch.setattr(builtins, "__import__", all_but_one)
        with pytest.raises(OSError, match="pyusb"):
            await UsbLink.connect(VENDOR, PRODUCT)

    asyncio.run(scenario())


def test_a_system_that_gives_no_access_is_a_fault_and_not_a_crash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        bus = UsbBus()
        UsbPort(bus)

        def refuse(*_: Any) -> Any:
            raise NotImplementedError("Operation not supported or unimplemented on this platform")

        monkeypatch.setattr(bus, "open_device", refuse)
        with pytest.raises(OSError, match="no access"):
            await connect(bus)

    asyncio.run(scenario())


def test_the_simulated_bus_answers_all_that_pyusb_may_ask() -> None:
    asked = {name for name in vars(pyusb_backend.IBackend) if not name.startswith("_")}
    assert {name for name in asked if not hasattr(UsbBus, name)} == {"get_parent"}
    assert "SIM0001" in str(core.find(backend=_bus_of_one()))


def _bus_of_one() -> UsbBus:
    async def made() -> UsbBus:
        bus = UsbBus()
        UsbPort(bus)
        return bus

    return asyncio.run(made())
