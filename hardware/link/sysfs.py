"""What the kernel says of the devices that are plugged in, without a byte to any of them.

Owns how /sys and /dev are read on Linux; on another system there is nothing in them. Refuses to
own what a device is good for (`hardware.discovery` and the drivers do). What cannot be read is not
there: a device may be pulled out while one looks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from hardware.link.hid_descriptor import DESCRIPTOR_LIMIT_BYTES, Descriptor

TEXT_LIMIT_BYTES: Final = 4096
"""Of one attribute: the kernel gives a page."""
_HEX = re.compile(r"[0-9a-f]{1,4}")
_USB_PLACE = re.compile(r"\d+-\d+(\.\d+)*")


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the two trees are; tests have their own."""

    sys: Path = Path("/sys")
    dev: Path = Path("/dev")


@dataclass(frozen=True, slots=True)
class UsbIds:
    """A USB device as it names itself; `serial` is empty where it has none, `place` is where it
    is plugged in (1-1.4)."""

    vendor: int
    product: int
    serial: str = ""
    name: str = ""
    place: str = ""

    @property
    def text(self) -> str:
        """As `lsusb` writes it."""
        return f"{self.vendor:04x}:{self.product:04x}"


@dataclass(frozen=True)
class HidDevice:
    """One of /dev/hidraw…; `folder` is where its attributes are."""

    file: Path
    folder: Path
    ids: UsbIds

    @cached_property
    def descriptor(self) -> Descriptor:
        data = _data(self.folder / "report_descriptor")
        return Descriptor.read(data[:DESCRIPTOR_LIMIT_BYTES])

    def is_called(self, vendor: int, product: int, which: str | None) -> bool:
        """Whether it has these ids, and `which` as its serial number or its place."""
        ids = self.ids
        named = which is None or which in (ids.serial, ids.place)
        return named and (ids.vendor, ids.product) == (vendor, product)


def hid_devices(roots: Roots) -> list[HidDevice]:
    """All of them, in the order of their numbers."""
    found = (hid_device(roots, one.name) for one in listed(roots.sys / "class/hidraw"))
    return [one for one in found if one is not None]


def hid_device(roots: Roots, name: str) -> HidDevice | None:
    """`hidraw0`, for example."""
    folder = roots.sys / "class/hidraw" / name / "device"
    said = uevent(folder)
    ids = re.fullmatch(r"[0-9A-F]{4}:([0-9A-F]{8}):([0-9A-F]{8})", said.get("HID_ID", ""))
    if ids is None:
        return None
    return HidDevice(
        roots.dev / name,
        folder,
        UsbIds(
            int(ids[1], 16),
            int(ids[2], 16),
            said.get("HID_UNIQ", ""),
            said.get("HID_NAME", ""),
            usb_place(folder),
        ),
    )


def usb_ids(folder: Path) -> UsbIds | None:
    """Of the USB device that the device at `folder` is a part of, if it is one."""
    for parent in _parents(folder):
        vendor, product = text(parent / "idVendor"), text(parent / "idProduct")
        if _HEX.fullmatch(vendor) and _HEX.fullmatch(product):
            called = f"{text(parent / 'manufacturer')} {text(parent / 'product')}".strip()
            serial = text(parent / "serial")
            return UsbIds(int(vendor, 16), int(product, 16), serial, called, parent.name)
    return None


def usb_place(folder: Path) -> str:
    """Where the USB device at or above `folder` is plugged in; empty when it is none of USB."""
    names = (parent.name for parent in _parents(folder))
    return next((name for name in names if _USB_PLACE.fullmatch(name)), "")


def _parents(folder: Path) -> Iterator[Path]:
    try:
        real = folder.resolve(strict=True)
    except OSError:
        return
    yield real
    yield from real.parents


def uevent(folder: Path) -> dict[str, str]:
    """The names and values of its `uevent`."""
    lines = (line.partition("=") for line in text(folder / "uevent").splitlines())
    return {name: value for name, _, value in lines}


def text(file: Path) -> str:
    """An attribute without the end of its line; empty when it cannot be read."""
    return _data(file)[:TEXT_LIMIT_BYTES].decode(errors="replace").strip()


def _data(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def listed(folder: Path, pattern: str = "*") -> list[Path]:
    """What is in it, numbers in their order; nothing when it cannot be read."""
    try:
        return sorted(folder.glob(pattern), key=_by_number)
    except OSError:
        return []


def _by_number(path: Path) -> list[tuple[int, str]]:
    words = re.split(r"(\d+)", path.name)
    return [(int(word), "") if word.isdigit() else (-1, word) for word in words]
