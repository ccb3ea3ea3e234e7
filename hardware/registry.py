"""From a device's URL to its driver.

    escpos+serial:///dev/serial/by-id/usb-…?baud=38400&flow=rtscts&cols=48
    scan+wedge://?prefix=%02&suffix=enter
    sim://printer?paper=out&stall_at=120

Owns which drivers, links and simulators there are. Opening touches no wire; serving the device
does.
"""

from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from hardware.device import Device
from hardware.driver import Driver
from hardware.fault import Kind, NoXonXoff, UnknownDevice
from hardware.link import Connect, Link
from hardware.link.device_file import READ_ONLY, DeviceFile
from hardware.link.hidraw import HidrawLink
from hardware.link.serial import BAUD_RATES, FLOWS, SerialLink
from hardware.link.tcp import TcpLink
from hardware.link.usb import UsbLink
from hardware.printer.printer import Printer
from hardware.scanner.hid_pos import USAGE_PAGE
from hardware.scanner.scanner import Scanner
from hardware.scanner.wedge import Wedge
from hardware.url import DeviceUrl

GROUP: Final = "omnitill.drivers"
"""Entry points by which other packages bring drivers."""
TCP_PORT: Final = 9100
"""Where network printers and serial servers listen when the address names no port."""
FRAMINGS: Final = ("8N1", "7E1", "7O1", "8E1", "8O1", "8N2")
"""Bits, parity, stop bits."""
CONNECT_S: Final = 3.0
WRITE_S: Final = 5.0

_OURS: Final = {
    "escpos": "hardware.printer.printer:DRIVER",
    "scan": "hardware.scanner.scanner:DRIVER",
    "display": "hardware.display.display:DRIVER",
    "scale": "hardware.scale.scale:DRIVER",
    "lock8a": "hardware.locker.xor_board:DRIVER",
    "kerong": "hardware.locker.kerong:DRIVER",
    "wkly": "hardware.locker.wkly:DRIVER",
    "modbuslock": "hardware.locker.modbus:DRIVER",
}


def schemes() -> dict[str, EntryPoint]:
    """Every driver by its scheme, loaded when it is first used; ours cannot be replaced."""
    theirs = {point.name: point for point in entry_points(group=GROUP)}
    ours = {name: EntryPoint(name, where, GROUP) for name, where in _OURS.items()}
    return theirs | ours


def open_device(text: str) -> Device[Any] | Wedge:
    """The device at a URL; `UnknownDevice` when the address cannot be understood."""
    try:
        url = DeviceUrl.parse(text)
        device = _simulated(url) if url.driver == "sim" else _real(url)
        url.nothing_left()
    except (ValueError, OSError) as wrong:
        raise UnknownDevice(f"{text}: {wrong}") from None
    return device


def _real(url: DeviceUrl) -> Device[Any] | Wedge:
    point = schemes().get(url.driver)
    if point is None:
        raise ValueError(f"{url.driver!r} is none of {', '.join(sorted(schemes()))}")
    driver: Driver = point.load()
    if url.link not in driver.links:
        raise ValueError(f"{url.driver}+ goes with {', '.join(driver.links)}, not {url.link!r}")
    return driver.open(url, _connector(url, driver))


def _connector(url: DeviceUrl, driver: Driver) -> Connect:
    """How to open the link that the URL names."""
    match url.link:
        case "serial":
            return _serial_connector(url, driver)
        case "tcp":
            return partial(
                TcpLink.connect, url.host, url.port(TCP_PORT), connect_s=CONNECT_S, write_s=WRITE_S
            )
        case "lp" | "hidraw" | "hidpos" | "evdev":
            return _file_connector(url)
        case "usb":
            return partial(UsbLink.connect, *url.usb_id, connect_s=CONNECT_S, write_s=WRITE_S)
        case _:
            return _no_link


def _serial_connector(url: DeviceUrl, driver: Driver) -> Connect:
    usual = driver.serial_of(url)
    rates = (usual.baud, *(rate for rate in BAUD_RATES if rate != usual.baud))
    flow = url.one_of("flow", *FLOWS)
    if flow == "xonxoff" and not driver.xonxoff:
        raise NoXonXoff(url.text)
    return partial(
        SerialLink.connect,
        url.path,
        baud=int(url.one_of("baud", *map(str, rates))),
        framing=url.one_of("framing", usual.framing, *FRAMINGS),
        flow=flow,
        connect_s=CONNECT_S,
        write_s=WRITE_S,
    )


def _file_connector(url: DeviceUrl) -> Connect:
    """The same, for devices that the kernel shows as a file of their own."""
    match url.link:
        case "hidraw":
            return partial(HidrawLink.at, url.path, connect_s=CONNECT_S)
        case "hidpos":
            ids = url.usb_id
            return partial(HidrawLink.called, *ids, usage_page=USAGE_PAGE, connect_s=CONNECT_S)
        case "evdev":
            alone = partial(DeviceFile.connect, modes=READ_ONLY, grab=True)
            return partial(alone, url.path, connect_s=CONNECT_S)
        case _:
            return partial(DeviceFile.connect, url.path, connect_s=CONNECT_S, write_s=WRITE_S)


async def _no_link() -> Link:
    raise ConnectionError("this device has no link of its own")


def _simulated(url: DeviceUrl) -> Device[Any] | Wedge:
    """The simulated device in this process, behind the driver that it speaks."""
    from hardware.simulator.catalogue import simulated  # noqa: PLC0415  only where one is wanted
    from hardware.simulator.noise import noise  # noqa: PLC0415
    from hardware.simulator.wire import in_process  # noqa: PLC0415

    seed, per_mille = url.number("noise", 0, 0, 2**32), url.number("noise_per_mille", 10, 1, 500)
    machine = simulated(url.parts.netloc + url.parts.path, url)
    url.options.update({name: str(value) for name, value in machine.options().items()})
    driver: Driver = schemes()[machine.driver].load()
    damage = noise(seed, per_mille / 1000) if seed else None
    return driver.open(url, in_process(machine, write_s=WRITE_S, damage=damage))


def open_printer(url: str) -> Printer:
    """The printer at `url`; `UnknownDevice` when the address is none of a printer."""
    device = open_device(url)
    if not isinstance(device, Printer):
        raise UnknownDevice(f"{url}: this is no printer")
    return device


def open_scanner(url: str) -> Scanner | Wedge:
    """The scanner at `url`; `UnknownDevice` when the address is none of a scanner."""
    device = open_device(url)
    if not isinstance(device, Scanner | Wedge):
        raise UnknownDevice(f"{url}: this is no scanner")
    return device


def kind_of(url: str) -> Kind:
    """What the device at `url` is for; `UnknownDevice` when it cannot be understood."""
    device = open_device(url)
    return Kind.SCANNER if isinstance(device, Wedge) else device.kind
