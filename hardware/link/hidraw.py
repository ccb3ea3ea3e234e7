"""A HID device as a link: its reports by /dev/hidraw…, found by what the device calls itself.

Owns which file is meant. Each read is one report; of more than 63 that wait to be read the kernel
drops the rest without a word. Linux.
"""

from pathlib import Path
from typing import Final, Self

from hardware.link.device_file import READ_ONLY, DeviceFile
from hardware.link.hid_descriptor import Descriptor
from hardware.link.sysfs import HidDevice, Roots, hid_device, hid_devices

GENERIC_DESKTOP: Final = 0x01
"""The usage page of keyboards and mice."""
_ROOTS: Final = Roots()


class HidrawLink(DeviceFile):
    """One open HID device; `descriptor` says how its reports are laid out."""

    descriptor = Descriptor((), ())

    @classmethod
    async def at(cls, path: str, *, connect_s: float, roots: Roots = _ROOTS) -> Self:
        """The device file at `path`; raises as `DeviceFile.connect`."""
        link = await cls.connect(path, modes=READ_ONLY, connect_s=connect_s)
        link.descriptor = _descriptor(path, roots)
        return link

    @classmethod
    async def called(
        cls,
        vendor: int,
        product: int,
        which: str | None,
        *,
        usage_page: int,
        connect_s: float,
        roots: Roots = _ROOTS,
    ) -> Self:
        """The first that is free of those with these ids, with `which` as its serial number or its
        place, and for that usage page: a device may have several such files. Raises as
        `DeviceFile.connect`; `FileNotFoundError` when there is none."""
        asked = f"{vendor:04x}:{product:04x}" + (f"/{which}" if which else "")
        named = [one for one in hid_devices(roots) if one.is_called(vendor, product, which)]
        fitting = [one for one in named if one.descriptor.is_for(usage_page)]
        fitting = fitting or [one for one in named if not one.descriptor.is_for(GENERIC_DESKTOP)]
        if named and not fitting:
            raise FileNotFoundError(f"{asked} is set up as a keyboard, not for page {usage_page:x}")
        if not fitting:
            raise FileNotFoundError(f"no {asked} among the HID devices")
        return await cls._first_free(fitting, connect_s, roots)

    @classmethod
    async def _first_free(cls, found: list[HidDevice], connect_s: float, roots: Roots) -> Self:
        for device in found[:-1]:
            try:
                return await cls.at(str(device.file), connect_s=connect_s, roots=roots)
            except BlockingIOError:
                continue
        return await cls.at(str(found[-1].file), connect_s=connect_s, roots=roots)


def _descriptor(path: str, roots: Roots) -> Descriptor:
    found = hid_device(roots, Path(path).resolve().name)
    return found.descriptor if found else Descriptor((), ())
