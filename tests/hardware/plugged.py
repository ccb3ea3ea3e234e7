"""A made-up /sys and /dev, and what is plugged in there."""

from pathlib import Path

from hardware.link.sysfs import Roots
from hardware.scanner.hid_pos import Layout

PLAIN_POS = bytes.fromhex("06 8C 00 09 02 A1 01 85 02 15 00 26 FF 00 75 08 95 3F 09 FE 81 02 C0")
"""One field of 63 bytes and nothing said of what is in it."""

COUNTED_POS = bytes.fromhex(
    "05 8C 09 02 A1 01 09 12 A1 02 85 02 15 00 26 FF 00 75 08 95 01 05 01 09 3B 81 02"
    "95 03 05 8C 09 FB 09 FC 09 FD 81 02 95 38 09 FE 82 02 01"
    "06 66 FF 95 02 09 04 09 00 81 02"
    "05 8C 25 01 75 01 95 01 09 FF 81 02 75 07 81 03 C0 C0"
)
"""Byte count, AIM identifier, 56 bytes, two of the maker's own, and whether the code goes on."""

UNCOUNTED_POS = bytes.fromhex(
    "05 8C 09 02 A1 01 09 12 A1 02 15 00 26 FF 00 75 08 95 03 19 FB 29 FD 81 02"
    "95 2E 09 FE 82 02 01 25 01 75 01 95 03 81 03 95 01 09 FF 81 02 95 04 81 03 C0 C0"
)
"""Reports without a number; AIM identifier by a range of usages, data filled up with NUL."""

_COUNTED_ELSEWHERE = bytes.fromhex(
    "05 8C 09 02 A1 01 75 08 85 01 95 01 05 01 09 3B 81 02 05 8C"
    "85 02 95 03 19 FB 29 FD 81 02 95 3C 09 FE 81 02 C0"
)
"""The byte count is that of another report."""

OF_THE_MAKER = bytes.fromhex("06 8C FF") + COUNTED_POS[2:]
"""As some scanners have beside the standard one, to be set up by."""

DECLARED = [
    (COUNTED_POS, Layout(data=5, length=1, aim=2, more=63, size=56, id=2)),
    (UNCOUNTED_POS, Layout(data=3, aim=0, more=49, bit=3, size=46)),
    (PLAIN_POS, None),
    (_COUNTED_ELSEWHERE, Layout(data=4, aim=1, size=60, id=2)),
    (COUNTED_POS[:-20], Layout(data=5, length=1, aim=2, size=56, id=2)),
]

KEYBOARD = bytes.fromhex("05 01 09 06 A1 01 05 07 19 E0 29 E7 75 01 95 08 81 02 C0")


def write(file: Path, content: str | bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def link(from_: Path, to: Path) -> None:
    from_.parent.mkdir(parents=True, exist_ok=True)
    from_.symlink_to(to)


def plug_usb(
    roots: Roots, place: str, vendor: str, product: str, serial: str = "", name: str = ""
) -> Path:
    """A USB device at `place` (1-1.4) -> its folder, and the list it is in."""
    folder = roots.sys / "devices/pci0/usb1" / place
    maker, _, model = name.partition(" ")
    given = {"idVendor": vendor, "idProduct": product, "serial": serial,
             "manufacturer": maker, "product": model, "busnum": "1", "devnum": "7"}  # fmt: skip
    for attribute, value in given.items():
        if value:
            write(folder / attribute, f"{value}\n")
    link(roots.sys / "bus/usb/devices" / place, folder)
    return folder


def plug_interface(roots: Roots, device: Path, number: int, class_: str) -> Path:
    folder = device / f"{device.name}:1.{number}"
    write(folder / "bInterfaceClass", f"{class_}\n")
    link(roots.sys / "bus/usb/devices" / folder.name, folder)
    return folder


def plug_hid(
    roots: Roots, number: int, descriptor: bytes, *, ids: str = "0c2e:0901",
    serial: str = "", name: str = "Scanner", place: str = "1-1",
) -> Path:  # fmt: skip
    """/dev/hidraw… -> the path of its device file, which is not there yet."""
    vendor, product = ids.split(":")
    interface = roots.sys / "devices/pci0/usb1" / place / f"{place}:1.{number}"
    folder = interface / f"0003:{vendor.upper()}:{product.upper()}.000{number}"
    write(
        folder / "uevent",
        f"DRIVER=hid-generic\nHID_ID=0003:0000{vendor.upper()}:0000{product.upper()}\n"
        f"HID_NAME={name}\nHID_PHYS=usb-{place}/input{number}\nHID_UNIQ={serial}\n",
    )
    write(folder / "report_descriptor", descriptor)
    link(roots.sys / f"class/hidraw/hidraw{number}/device", folder)
    roots.dev.mkdir(parents=True, exist_ok=True)
    return roots.dev / f"hidraw{number}"


def unplug_hid(roots: Roots, number: int) -> None:
    (roots.sys / f"class/hidraw/hidraw{number}/device").unlink()
    (roots.dev / f"hidraw{number}").unlink(missing_ok=True)
