"""The printer's interface of a USB device, claimed through libusb: found, held, moved bytes over.

Owns all that is pyusb: which device and which of its interfaces, what the kernel's own driver is
told, what each error means. Everything here blocks for a bounded time; `hardware.link.usb` keeps it
off the loop.

The rules, each learnt from what goes wrong without it: endpoints are looked up, never guessed (a
TM-T20 has 01/82, others 02/81); the device is not reset (it drops the connection, and the first
job with it) and keeps its configuration when it has one (setting it again fails while another of
its interfaces is in use); the kernel's `usblp` is sent away from this one interface only, and
called back at the end, so that /dev/usb/lp0 is there again.
"""

import contextlib
import errno
from collections.abc import Callable, Iterator
from typing import Any, Final

PRINTER_CLASS: Final = 7
"""bInterfaceClass of printers (USB-IF, Device Class Definition for Printing Devices)."""
_IPP_OVER_USB: Final = 4
"""bInterfaceProtocol of an interface that speaks HTTP, not the printer's language."""
_BULK: Final = 2
_TRANSFER_TYPE: Final = 0x03
_INWARD: Final = 0x80
CONTROL_S: Final = 1.0
"""For each question to the device itself: a string, a configuration."""
_STALE_S: Final = 0.02
_STALE_PACKETS: Final = 64
"""What a device still had to say to whom it served before: so many packets of it are let go."""


class UsbClaim:
    """One printer interface, ours alone. From threads; one sends while another receives.

    `inward` is False for a printer that cannot answer.
    """

    def __init__(self, device: Any, interface: Any, *, driven: bool) -> None:
        self._device = device
        self._number: Final[int] = interface.bInterfaceNumber
        self._out, self._in = _endpoints(interface)
        self._driven = driven
        """The kernel's driver had it, and gets it back."""
        self._halted: set[int] = set()
        self.name: Final = _name(device)

    @property
    def inward(self) -> bool:
        return self._in is not None

    def send(self, data: bytes, timeout_s: float) -> int:
        """How many bytes were taken; 0 when a halt had to be cleared first.

        `TimeoutError` when none was taken in time, `ConnectionError` when the device is gone or
        refuses.
        """
        # A packet is taken whole or not at all, so it may go again after a halt. How much of
        # several was taken nobody knows: sending them again could print them twice.
        one_packet = len(data) <= self._out.wMaxPacketSize
        taken = self._moved(
            self._out, lambda: self._out.write(data, _ms(timeout_s)), may_go_again=one_packet
        )
        return 0 if taken is None else int(taken)

    def receive(self, timeout_s: float) -> bytes:
        """What the device says next: a packet, which may be empty; empty too when a halt had to
        be cleared. `TimeoutError` and `ConnectionError` as with `send`."""
        assert self._in is not None
        # One packet, never more: asked for more, a full packet would be held back until the next.
        size_bytes = self._in.wMaxPacketSize
        said = self._moved(
            self._in, lambda: self._in.read(size_bytes, _ms(timeout_s)), may_go_again=True
        )
        return b"" if said is None else bytes(said)

    def _moved(self, endpoint: Any, transfer: Callable[[], Any], *, may_go_again: bool) -> Any:
        """What the transfer gave; None after the first halt in a row, which is cleared."""
        from usb.core import USBError, USBTimeoutError  # noqa: PLC0415

        address: int = endpoint.bEndpointAddress
        try:
            moved = transfer()
        except USBTimeoutError:
            raise TimeoutError(f"{self.name} takes and says nothing") from None
        except USBError as broken:
            if broken.errno == errno.EPIPE:
                with contextlib.suppress(USBError):
                    endpoint.clear_halt()
                if may_go_again and address not in self._halted:
                    self._halted.add(address)
                    return None
            raise ConnectionResetError(f"{self.name}: {broken}") from None
        self._halted.discard(address)
        return moved

    def empty_stale(self) -> None:
        """Let go of what it still had to say to whom it served before."""
        if self._in is not None:
            with contextlib.suppress(TimeoutError):
                for _ in range(_STALE_PACKETS):
                    self.receive(_STALE_S)

    def interrupt(self) -> None:
        """Give the interface up: on Linux this ends transfers under way, elsewhere they end by
        their own timeouts."""
        from usb import core, util  # noqa: PLC0415

        with contextlib.suppress(core.USBError):
            util.release_interface(self._device, self._number)

    def let_go(self) -> None:
        """Give all back, once no transfer is under way: the interface, to the kernel's driver if
        it was that one's. Never raises; again, it does nothing."""
        from usb import core, util  # noqa: PLC0415

        self.interrupt()
        driven, self._driven = self._driven, False
        if driven:
            with contextlib.suppress(core.USBError, NotImplementedError):
                self._device.attach_kernel_driver(self._number)
        with contextlib.suppress(core.USBError):
            util.dispose_resources(self._device)


def claimed(vendor: int, product: int, which: str | None, backend: object = None) -> UsbClaim:
    """Claim the printer interface of the device with these ids, and with `which` as its serial
    number or its place (as the kernel names it, 1-1.4); without `which` it must be the only one.

    `FileNotFoundError` when there is no such device, `PermissionError` without the right to it,
    `BlockingIOError` when another program has it, another `OSError` for all else. `backend` is
    pyusb's, unless the machine's own is meant.
    """
    asked = f"{vendor:04x}:{product:04x}"
    try:
        from usb import core  # noqa: PLC0415  where no USB is wanted it need not be there
    except ImportError:
        raise OSError(errno.ENOSYS, "pyusb is not installed: pip install pyusb") from None
    try:
        found = list(core.find(True, backend, idVendor=vendor, idProduct=product))
        device = _chosen(found, asked, which)
        try:
            return _claim_of(device)
        except BaseException:
            _dispose(device)
            raise
    except core.NoBackendError:
        raise OSError(
            errno.ENOSYS, "libusb is not on this machine: install libusb-1.0 (Debian: libusb-1.0-0)"
        ) from None
    except ImportError as missing:  # a Python without ctypes
        raise OSError(errno.ENOSYS, f"pyusb cannot be used: {missing}") from None
    except NotImplementedError as refused:  # on Windows a device that has no WinUSB driver
        raise OSError(errno.ENOSYS, f"{asked}: the system gives no access: {refused}") from None
    except core.USBError as refused:
        raise _refusal(asked, refused) from None


def _chosen(found: list[Any], asked: str, which: str | None) -> Any:
    """The one that is meant; those opened in vain are closed again."""
    from usb.core import USBError  # noqa: PLC0415

    if which is None:
        if len(found) > 1:
            names = ", ".join(sorted(map(_name, found)))
            raise OSError(errno.EINVAL, f"several {asked} are there, name one of: {names}")
        if found:
            return found[0]
        raise FileNotFoundError(errno.ENOENT, f"no {asked} is there")
    closed = None
    for device in found:
        try:
            if _place(device) == which or _serial(device) == which:
                return device
        except USBError as refused:
            closed = refused
        _dispose(device)
    if closed is not None:
        raise closed
    raise FileNotFoundError(errno.ENOENT, f"no {asked} with {which!r} is there")


def _claim_of(device: Any) -> UsbClaim:
    from usb import util  # noqa: PLC0415

    device.default_timeout = _ms(CONTROL_S)
    interface = _printer_interface(device)
    number = interface.bInterfaceNumber
    driven = _driven(device, number)
    if driven:
        device.detach_kernel_driver(number)
    claim = UsbClaim(device, interface, driven=driven)
    try:
        util.claim_interface(device, number)
        if interface.bAlternateSetting:
            interface.set_altsetting()
        claim.empty_stale()
    except BaseException:
        claim.let_go()
        raise
    return claim


def _driven(device: Any, number: int) -> bool:
    try:
        return bool(device.is_kernel_driver_active(number))
    except NotImplementedError:  # a system whose kernel lets any program have it
        return False


def _printer_interface(device: Any) -> Any:
    """The printer's interface, in the alternate setting that can answer if there is one."""
    usable = list(_usable(_configuration(device)))
    if not usable:
        raise OSError(errno.ENXIO, f"{_name(device)} has no printer interface")
    return min(usable, key=lambda interface: _endpoints(interface)[1] is None)


def _configuration(device: Any) -> Any:
    from usb.core import USBError  # noqa: PLC0415

    try:
        return device.get_active_configuration()
    except USBError as refused:
        if refused.errno is not None:
            raise
    device.set_configuration()  # nobody has yet, so nothing in use is disturbed
    return device.get_active_configuration()


def _usable(configuration: Any) -> Iterator[Any]:
    for interface in configuration:
        speaks = interface.bInterfaceProtocol != _IPP_OVER_USB
        if interface.bInterfaceClass == PRINTER_CLASS and speaks and _endpoints(interface)[0]:
            yield interface


def _endpoints(interface: Any) -> tuple[Any, Any]:
    """Its bulk endpoints, outward and inward; None where there is none."""
    out = inward = None
    for endpoint in interface:
        if endpoint.bmAttributes & _TRANSFER_TYPE == _BULK:
            if endpoint.bEndpointAddress & _INWARD:
                inward = inward or endpoint
            else:
                out = out or endpoint
    return out, inward


def _serial(device: Any) -> str | None:
    """Its serial number; None when it has none, or none that can be read. `USBError` without the
    right to open it."""
    device.default_timeout = _ms(CONTROL_S)
    _configuration(device)  # opens it: reading a string would hide why it could not be opened
    try:
        serial: str | None = device.serial_number
    except (ValueError, OSError):  # no language, no text in UTF-16, no answer
        return None
    return serial


def _place(device: Any) -> str | None:
    """Where it is plugged in, as the kernel names it; it stays when plugged in there again."""
    ports = device.port_numbers
    return f"{device.bus}-{'.'.join(map(str, ports))}" if ports else None


def _name(device: Any) -> str:
    place = _place(device)
    return f"{device.idVendor:04x}:{device.idProduct:04x}" + (f"/{place}" if place else "")


def _dispose(device: Any) -> None:
    from usb import core, util  # noqa: PLC0415

    with contextlib.suppress(core.USBError):
        util.dispose_resources(device)


def _refusal(asked: str, refused: OSError) -> OSError:
    """What pyusb's error means to who wants to open a link; pyusb does not map it itself."""
    text = f"{asked}: {refused}"
    match refused.errno:
        case errno.EACCES | errno.EPERM:
            return PermissionError(refused.errno, text)
        case errno.EBUSY:
            return BlockingIOError(refused.errno, text)
        case errno.ENODEV | errno.ENOENT:
            return FileNotFoundError(refused.errno, text)
        case _:
            return ConnectionError(text)


def _ms(timeout_s: float) -> int:
    """libusb waits for ever when told 0."""
    return max(1, round(timeout_s * 1000))
