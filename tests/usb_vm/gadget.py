"""USB devices made of the kernel's gadget drivers, by configfs: what a maker burns into a device.

Owns their descriptors and their plug. Refuses to own what they do once plugged in (`firmware`).
Source: the kernel's Documentation/usb/gadget_configfs.rst and Documentation/ABI/testing/
configfs-usb-gadget-*.
"""

import contextlib
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from rehearsal.processes import wait_until

GADGETS: Final = Path("/sys/kernel/config/usb_gadget")
VENDOR: Final = 0x04B8
PRODUCT: Final = 0x0E15
ENGLISH: Final = "strings/0x409"

FOUND_S: Final = 10.0

PRINTER: Final = ("printer.0", {"pnp_string": b"MFG:EPSON;MDL:TM-SIM;CMD:ESC/POS;CLS:PRINTER;"})
SECOND_PRINTER: Final = ("printer.1", PRINTER[1])
SERIAL_PORT: Final[tuple[str, dict[str, bytes]]] = ("acm.0", {})
KEYBOARD: Final = (
    "hid.0",
    {
        "protocol": b"1",
        "subclass": b"1",
        "report_length": b"8",
        # Device Class Definition for HID 1.11, appendix B.1: the boot keyboard without its lights.
        "report_desc": bytes.fromhex(
            "05010906a101050719e029e71500250175019508810295017508810195067508150025650507"
            "190029658100c0"
        ),
    },
)
Function = tuple[str, Mapping[str, bytes]]


class Gadget:
    """One device, at the socket of that number."""

    def __init__(
        self,
        *functions: Function,
        serial: str = "SIM0001",
        vendor: int = VENDOR,
        product: int = PRODUCT,
        socket: int = 0,
    ) -> None:
        self._root = GADGETS / f"device{socket}"
        self._socket = socket
        self._write("idVendor", f"{vendor:#06x}")
        self._write("idProduct", f"{product:#06x}")
        self._write(f"{ENGLISH}/serialnumber", serial)
        self._write(f"{ENGLISH}/manufacturer", "Omnitill")
        self._write(f"{ENGLISH}/product", "Simulated")
        for name, settings in functions:
            folder = self._root / "functions" / name
            folder.mkdir(parents=True)
            for setting, value in settings.items():
                (folder / setting).write_bytes(value)
            configuration = self._root / "configs/c.1"
            configuration.mkdir(parents=True, exist_ok=True)
            (configuration / name).symlink_to(folder)

    def _write(self, name: str, text: str) -> None:
        place = self._root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def make(self) -> None:
        """The kernel makes the device of what is described, plugged in."""
        self._write("UDC", f"dummy_udc.{self._socket}")
        self._until_found()

    def plug(self) -> None:
        """Into the socket, and wait until the host has found it and udev has made its files."""
        self._power(on=True)
        self._until_found()

    def unplug(self) -> None:
        """The socket's power goes, and both ends see what they see when the plug is pulled.

        The gadget itself stays: unbound while its firmware has /dev/g_printer0 open, the kernel
        (6.1) frees what that open file still needs, and falls over when it is closed.
        """
        self._power(on=False)

    def _power(self, *, on: bool) -> None:
        hub = Path(f"/sys/devices/platform/dummy_hcd.{self._socket}")
        next(hub.glob("usb*/*-0:1.0/usb*-port1/disable")).write_text("0" if on else "1")

    def _until_found(self) -> None:
        state = Path(f"/sys/class/udc/dummy_udc.{self._socket}/state")
        wait_until(lambda: state.read_text() == "configured\n", FOUND_S, "the host has found it")
        settle()

    def forget(self) -> None:
        """Undo it all; its firmware must have closed its files."""
        self._power(on=True)  # for the next one
        with contextlib.suppress(OSError):  # it was never made
            self._write("UDC", "\n")
        configuration = self._root / "configs/c.1"
        functions = [link for link in configuration.iterdir() if link.is_symlink()]
        for link in functions:
            link.unlink()
        for folder in (
            configuration,
            *(self._root / "functions" / link.name for link in functions),
            self._root / ENGLISH,
            self._root,
        ):
            folder.rmdir()


@contextlib.contextmanager
def plugged(
    functions: Sequence[Function],
    *,
    serial: str = "SIM0001",
    vendor: int = VENDOR,
    product: int = PRODUCT,
    socket: int = 0,
) -> Iterator[Gadget]:
    """A device that is plugged in as long as this is entered."""
    gadget = Gadget(*functions, serial=serial, vendor=vendor, product=product, socket=socket)
    try:
        gadget.make()
        yield gadget
    finally:
        gadget.forget()


def settle() -> None:
    """Wait until udev has done all it was told."""
    subprocess.run(("udevadm", "settle", "-t", "20"), check=True)
