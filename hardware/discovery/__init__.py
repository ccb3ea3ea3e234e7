"""What is plugged in now, each with the address to write into the settings; no device hears of it.

Owns where to look: serial ports, /dev/usb/lp…, HID-POS scanners, keyboards that are scanners, USB
printers. All is read from what the kernel keeps, so looking costs no traffic on any wire. What a
device is for is guessed by its class and its maker (`known_usb`), and said to be a guess.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from hardware.discovery.known_usb import known
from hardware.fault import Kind
from hardware.link.sysfs import Roots, UsbIds, hid_devices, listed, text, usb_ids
from hardware.link.threads import on_thread
from hardware.scanner.hid_pos import USAGE_PAGE

if TYPE_CHECKING:
    from serial.tools.list_ports_common import ListPortInfo

LOOK_EVERY_S: Final = 2.0
SETTLE_S: Final = 0.5
"""How long udev may take to name and permit what was plugged in."""
PRINTER_CLASS: Final = "07"
_IPP_OVER_USB: Final = "04"
_SCANNER_NAME: Final = re.compile(r"scan|bar.?code|条码|扫码|扫描", re.IGNORECASE)
_OFFICE: Final = frozenset(
    ("PCL", "PCL5E", "PCL6", "PCLXL", "PJL", "POSTSCRIPT", "PDF", "URF", "PWGRASTER")
)
"""What receipt printers do not speak."""
_SCHEMES: Final = {Kind.PRINTER: "escpos", Kind.SCANNER: "scan"}

Ports = Callable[[], Iterable["ListPortInfo"]]


@dataclass(frozen=True, slots=True)
class Found:
    """`url` is its address; where `kind` is None, nothing says what it is for, and the driver is to
    be written in front: `serial:///dev/ttyUSB0` becomes `lock8a+serial:///dev/ttyUSB0`. `path` is
    its device file, empty where it has none; `why` is for a person."""

    url: str
    kind: Kind | None
    name: str
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Appeared:
    """It was plugged in, or was there when one began to look."""

    found: Found


@dataclass(frozen=True, slots=True)
class Vanished:
    """It was pulled out."""

    found: Found


def find(roots: Roots = Roots(), ports: Ports | None = None) -> list[Found]:  # noqa: B008  frozen
    """Printers, scanners, then what nobody knows; `ports` are the serial ports as pyserial lists
    them. Never raises for a device that goes while one looks."""
    found = [
        *_printers(roots),
        *_hid_pos(roots),
        *_keyboards(roots),
        *_serial_ports(roots, ports or _comports),
    ]
    found.sort(key=lambda one: _ORDER.index(one.kind))  # within a kind as they were found
    return [_allowed(one) for one in found]


_ORDER: Final = (Kind.PRINTER, Kind.SCANNER, None)


async def watch(
    interval_s: float = LOOK_EVERY_S,
    look: Callable[[], list[Found]] = find,
    there: Iterable[Found] = (),
) -> AsyncIterator[Appeared | Vanished]:
    """What comes and goes, for ever, looked for at that interval; first what is there and not in
    `there`. One that has come is told of by the name it has a moment later: udev renames it."""
    known = {one.url: one for one in there}

    async def seen() -> dict[str, Found]:
        return {one.url: one for one in await on_thread(look, name="looks for devices")}

    while True:
        now = await seen()
        if now.keys() != known.keys():
            await asyncio.sleep(min(SETTLE_S, interval_s))
            now = await seen()
        before, known = known, now
        for url in before.keys() - now.keys():
            yield Vanished(before[url])
        for url, one in now.items():
            if url not in before:
                yield Appeared(one)
        await asyncio.sleep(interval_s)


# ---- printers


def _printers(roots: Roots) -> Iterator[Found]:
    interfaces = list(_printer_interfaces(roots))
    every = [ids for _, ids in interfaces]
    for folder, ids in interfaces:
        asked = f"usb://{ids.text}{_which(ids, every)}"
        files = [roots.dev / "usb" / one.name for one in listed(folder / "usbmisc", "lp*")]
        said = _said(text(folder / "ieee1284_id"))
        name = _called(said) or ids.name or _known_name(ids) or f"USB printer {ids.text}"
        speaks = {word.strip().upper() for word in said.get("CMD", "").split(",")}
        kind, why = Kind.PRINTER, "a printer by its USB class"
        if speaks & _OFFICE and "ESC/POS" not in speaks:
            yield Found(asked, None, name, "", f"{why}, but it speaks {said['CMD']}")
        elif files:
            url = f"escpos+lp://{files[0]}"
            yield Found(url, kind, name, str(files[0]), f"{why}; escpos+{asked} reaches it too")
        else:
            yield Found(f"escpos+{asked}", kind, name, _usb_file(roots, folder.parent), why)


def _printer_interfaces(roots: Roots) -> Iterator[tuple[Path, UsbIds]]:
    for entry in listed(roots.sys / "bus/usb/devices", "*:*"):
        ids = usb_ids(entry)
        ours = text(entry / "bInterfaceClass") == PRINTER_CLASS
        if ours and ids is not None and text(entry / "bInterfaceProtocol") != _IPP_OVER_USB:
            yield entry.resolve(), ids


def _which(ids: UsbIds, every: list[UsbIds]) -> str:
    """What tells it from others of its make: its serial number, or where it is plugged in. Some
    makers give all theirs the same number."""
    alike = [one for one in every if (one.vendor, one.product) == (ids.vendor, ids.product)]
    if ids.serial and [one.serial for one in alike].count(ids.serial) == 1:
        return "/" + quote(ids.serial, safe="")
    return f"/{ids.place}" if len(alike) > 1 else ""


def _usb_file(roots: Roots, device: Path) -> str:
    bus, number = text(device / "busnum"), text(device / "devnum")
    if not (bus.isdecimal() and number.isdecimal()):
        return ""
    return str(roots.dev / f"bus/usb/{int(bus):03}/{int(number):03}")


def _said(device_id: str) -> dict[str, str]:
    """What a printer says of itself (IEEE 1284, section 7.6): MFG:EPSON;CMD:ESC/POS;MDL:TM-T20;"""
    pairs = (pair.partition(":") for pair in device_id.split(";"))
    long = {"MANUFACTURER": "MFG", "MODEL": "MDL", "COMMAND SET": "CMD"}
    names = ((name.strip().upper(), value.strip()) for name, _, value in pairs)
    return {long.get(name, name): value for name, value in names}


def _called(said: dict[str, str]) -> str:
    return f"{said.get('MFG', '')} {said.get('MDL', '')}".strip()


# ---- scanners


def _hid_pos(roots: Roots) -> Iterator[Found]:
    found = [one for one in hid_devices(roots) if one.descriptor.is_for(USAGE_PAGE)]
    for one in found:
        url = f"scan+hidpos://{one.ids.text}{_which(one.ids, [other.ids for other in found])}"
        name = one.ids.name or _known_name(one.ids) or f"Scanner {one.ids.text}"
        yield Found(url, Kind.SCANNER, name, str(one.file), "a scanner by its HID usage page")


def _keyboards(roots: Roots) -> Iterator[Found]:
    for link in listed(roots.dev / "input/by-id", "*-event-kbd"):
        folder = roots.sys / "class/input" / link.resolve().name / "device"
        name = text(folder / "name") or link.name
        ids = [int(word, 16) for word in (text(folder / "id/vendor"), text(folder / "id/product"))
               if re.fullmatch(r"[0-9a-f]{4}", word)]  # fmt: skip
        maker = known(*ids) if len(ids) == 2 else None
        if _SCANNER_NAME.search(f"{link.name} {name}"):
            why = "a keyboard that calls itself a scanner"
        elif maker is not None and maker.kind is Kind.SCANNER:
            why = f"a keyboard of {maker.name}: probably a scanner"
        else:
            continue
        yield Found(f"scan+evdev://{quote(str(link))}", Kind.SCANNER, name, str(link), why)


# ---- serial ports


def _serial_ports(roots: Roots, ports: Ports) -> Iterator[Found]:
    links = {link.resolve(): link for link in listed(roots.dev / "serial/by-id")}
    for port in sorted(ports(), key=lambda port: port.device):
        file = Path(port.device)
        path = str(links.get(file.resolve(), file))
        maker = known(port.vid, port.pid)
        kind = maker.kind if maker else None
        scheme = f"{_SCHEMES[kind]}+" if kind else ""
        said = f"{port.manufacturer or ''} {port.product or ''}".strip()
        name = said or (maker.name if maker else "") or file.name
        if maker is None:
            why = "a serial port: anything may be at it"
        elif kind is None:
            why = f"a {maker.name}: anything may be at it"
        else:
            why = f"a serial port of {maker.name}: probably a {kind.en}"
        yield Found(f"{scheme}serial://{quote(path)}", kind, name, path, why)


def _comports() -> "Iterable[ListPortInfo]":
    from serial.tools.list_ports import comports  # noqa: PLC0415  it asks which system this is

    try:
        return list(comports())
    except (OSError, TypeError, ValueError):  # a port that went while its name was read
        return []


def _known_name(ids: UsbIds) -> str:
    maker = known(ids.vendor, ids.product)
    return maker.name if maker else ""


def _allowed(found: Found) -> Found:
    """The same, with a word about its device file when this user may not open it."""
    way = os.R_OK if found.url.startswith("scan+") else os.W_OK
    as_we_are = os.access in os.supports_effective_ids
    if not found.path or not Path(found.path).exists():
        return found
    if os.access(found.path, way, effective_ids=as_we_are):
        return found
    return replace(found, why=f"{found.why}; this user may not open it: install the udev rules")
