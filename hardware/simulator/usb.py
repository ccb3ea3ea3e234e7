"""The far end of a USB cable: a bus with devices on it, seen through pyusb as real ones are.

`UsbBus` takes the place of libusb (it is a pyusb backend, by behaviour), so that everything above
libusb is the real thing: descriptors, claims, bulk transfers with their time limits, halts, plugs
pulled. Of the kernel there is what a claim meets: a driver that has an interface, and programs
that have one. `serving_usb` puts any `Machine` on it, behind the sockets of `usb_device`.
"""

import array
import asyncio
import contextlib
import errno
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

from hardware.simulator.machine import Machine
from hardware.simulator.usb_device import (
    PACKET_BYTES,
    UsbDeviceLink,
    UsbInterface,
    UsbPort,
    usb_error,
)
from hardware.simulator.wire import Damage, Port

_FROM_DEVICE: Final = 0x80
_GET_DESCRIPTOR: Final = 6
_STRING: Final = 3
_ENGLISH: Final = 0x0409
_BULK: Final = 2


@dataclass(eq=False, slots=True)
class _Handle:
    """A program's way to one plugging of a device."""

    port: UsbPort
    link: UsbDeviceLink


class UsbBus:
    """What pyusb asks instead of libusb; hand it over as `backend`. `asked` is what was asked of
    devices and kernel, in order: "claim 0", "detach 0", "configure", "reset" …"""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._ports: list[UsbPort] = []
        self._claims: dict[tuple[UsbDeviceLink, int], _Handle] = {}
        self._lock = threading.RLock()
        self._addresses = itertools.count(2)

    def add(self, port: UsbPort) -> int:
        self._ports.append(port)
        return len(self._ports)

    def next_address(self) -> int:
        return next(self._addresses)

    # ---- what pyusb asks: finding

    def enumerate_devices(self) -> Iterator[UsbPort]:
        return iter([port for port in self._ports if port.link is not None])

    def get_device_descriptor(self, dev: UsbPort) -> SimpleNamespace:
        return SimpleNamespace(
            bLength=18,
            bDescriptorType=1,
            bcdUSB=0x0200,
            bDeviceClass=0,
            bDeviceSubClass=0,
            bDeviceProtocol=0,
            bMaxPacketSize0=64,
            idVendor=dev.vendor,
            idProduct=dev.product,
            bcdDevice=0x0100,
            iManufacturer=0,
            iProduct=0,
            iSerialNumber=1 if dev.serial else 0,
            bNumConfigurations=1,
            address=dev.address,
            bus=1,
            port_number=dev.number,
            port_numbers=(dev.number,),
            speed=2,
        )

    def get_configuration_descriptor(self, dev: UsbPort, config: int) -> SimpleNamespace:
        if config != 0:
            raise IndexError(config)
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=2,
            wTotalLength=9,
            bNumInterfaces=len({interface.number for interface in dev.interfaces}),
            bConfigurationValue=1,
            iConfiguration=0,
            bmAttributes=0xC0,
            bMaxPower=1,
            extra_descriptors=[],
        )

    def get_interface_descriptor(
        self, dev: UsbPort, intf: int, alt: int, _config: int
    ) -> SimpleNamespace:
        found = self._interface(dev, intf, alt)
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=4,
            bInterfaceNumber=found.number,
            bAlternateSetting=found.alternate,
            bNumEndpoints=len(found.endpoints()),
            bInterfaceClass=found.usb_class,
            bInterfaceSubClass=1,
            bInterfaceProtocol=found.protocol,
            iInterface=0,
            extra_descriptors=[],
        )

    def get_endpoint_descriptor(
        self, dev: UsbPort, ep: int, intf: int, alt: int, _config: int
    ) -> SimpleNamespace:
        return SimpleNamespace(
            bLength=7,
            bDescriptorType=5,
            bEndpointAddress=self._interface(dev, intf, alt).endpoints()[ep],
            bmAttributes=_BULK,
            wMaxPacketSize=PACKET_BYTES,
            bInterval=0,
            bRefresh=0,
            bSynchAddress=0,
            extra_descriptors=[],
        )

    def _interface(self, dev: UsbPort, index: int, alternate: int) -> UsbInterface:
        numbers = sorted({interface.number for interface in dev.interfaces})
        return [found for found in dev.interfaces if found.number == numbers[index]][alternate]

    # ---- opening and claiming

    def open_device(self, dev: UsbPort) -> _Handle:
        if dev.link is None:
            raise usb_error(errno.ENODEV)
        if dev.forbidden:
            raise usb_error(errno.EACCES)
        return _Handle(dev, dev.link)

    def close_device(self, dev_handle: _Handle) -> None:
        with self._lock:
            for claim in [key for key, by in self._claims.items() if by is dev_handle]:
                del self._claims[claim]

    def get_configuration(self, dev_handle: _Handle) -> int:
        return self._there(dev_handle).configuration

    def set_configuration(self, dev_handle: _Handle, config_value: int) -> None:
        self.asked.append("configure")
        port = self._there(dev_handle)
        with self._lock:
            if any(link is dev_handle.link for link, _ in self._claims):
                raise usb_error(errno.EBUSY)
        port.configuration = config_value

    def set_interface_altsetting(self, dev_handle: _Handle, intf: int, altsetting: int) -> None:
        self.asked.append(f"alternate {intf} {altsetting}")
        self._there(dev_handle)

    def claim_interface(self, dev_handle: _Handle, intf: int) -> None:
        self.asked.append(f"claim {intf}")
        port, claim = self._there(dev_handle), (dev_handle.link, intf)
        with self._lock:
            driven = any(found.driver for found in port.interfaces if found.number == intf)
            if driven or self._claims.setdefault(claim, dev_handle) is not dev_handle:
                raise usb_error(errno.EBUSY)

    def release_interface(self, dev_handle: _Handle, intf: int) -> None:
        self.asked.append(f"release {intf}")
        with self._lock:
            if self._claims.get((dev_handle.link, intf)) is not dev_handle:
                raise usb_error(errno.ENOENT)
            del self._claims[dev_handle.link, intf]
        dev_handle.link.nudge()
        self._there(dev_handle)

    def is_kernel_driver_active(self, dev_handle: _Handle, intf: int) -> bool:
        interfaces = self._there(dev_handle).interfaces
        return any(found.driver for found in interfaces if found.number == intf)

    def detach_kernel_driver(self, dev_handle: _Handle, intf: int) -> None:
        self.asked.append(f"detach {intf}")
        for interface in self._there(dev_handle).interfaces:
            if interface.number == intf:
                interface.driver = None

    def attach_kernel_driver(self, dev_handle: _Handle, intf: int) -> None:
        self.asked.append(f"attach {intf}")
        port = self._there(dev_handle)
        with self._lock:
            if (dev_handle.link, intf) in self._claims:
                raise usb_error(errno.EBUSY)
        for interface in port.interfaces:
            if interface.number == intf:
                interface.driver = interface.home

    def reset_device(self, dev_handle: _Handle) -> None:
        self.asked.append("reset")
        self._there(dev_handle)

    def _there(self, handle: _Handle) -> UsbPort:
        if handle.port.link is not handle.link:
            raise usb_error(errno.ENODEV)
        return handle.port

    # ---- moving bytes

    def bulk_write(
        self, dev_handle: _Handle, ep: int, intf: int, data: "array.array[int]", timeout: int
    ) -> int:
        taken = dev_handle.link.take(
            data.tobytes(), timeout / 1000, self._disturbance(dev_handle, ep, intf)
        )
        self._fit(dev_handle, ep, intf)
        if not taken:
            raise usb_error(errno.ETIMEDOUT)
        return taken

    def bulk_read(
        self, dev_handle: _Handle, ep: int, intf: int, buff: "array.array[int]", timeout: int
    ) -> int:
        empty = dev_handle.port.empty_packets
        said = dev_handle.link.give(
            len(buff), 0 if empty else timeout / 1000, self._disturbance(dev_handle, ep, intf)
        )
        if not said:
            self._fit(dev_handle, ep, intf)
            if empty:
                return 0
            raise usb_error(errno.ETIMEDOUT)
        buff[: len(said)] = array.array("B", said)
        return len(said)

    def _disturbance(self, handle: _Handle, endpoint: int, interface: int) -> Callable[[], bool]:
        """Whether a transfer under way ends: a halt, or the interface given up."""
        claim = (handle.link, interface)
        return lambda: self._claims.get(claim) is not handle or endpoint in handle.port.halted

    def _none_of_these(self, *_: object) -> int:
        """Only bulk endpoints are simulated; pyusb wants to know all the others by name."""
        raise usb_error(errno.EINVAL)

    intr_read = intr_write = iso_read = iso_write = _none_of_these

    def _fit(self, handle: _Handle, endpoint: int, interface: int) -> None:
        """Whether bytes may move at all."""
        port = self._there(handle)
        if self._claims.get((handle.link, interface)) is not handle:
            raise usb_error(errno.EIO)
        if endpoint in port.halted:
            raise usb_error(errno.EPIPE)

    def clear_halt(self, dev_handle: _Handle, ep: int) -> None:
        self.asked.append(f"clear {ep:02x}")
        port = self._there(dev_handle)
        left = port.halted.pop(ep, 0) - 1
        if left > 0:
            port.halted[ep] = left

    def ctrl_transfer(
        self,
        dev_handle: _Handle,
        request_type: int,
        request: int,
        value: int,
        _index: int,
        data: "array.array[int]",
        _timeout: int,
    ) -> int:
        port = self._there(dev_handle)
        kind, string = divmod(value, 256)
        if (request_type, request, kind) != (_FROM_DEVICE, _GET_DESCRIPTOR, _STRING):
            raise usb_error(errno.EPIPE)
        text = (port.serial or "").encode("utf-16-le")
        body = text if string else _ENGLISH.to_bytes(2, "little")
        descriptor = bytes((2 + len(body), _STRING)) + body
        data[: len(descriptor)] = array.array("B", descriptor)
        return len(descriptor)


@contextlib.asynccontextmanager
async def serving_usb(
    machine: Machine, port: UsbPort, *, damage: Damage | None = None
) -> AsyncIterator[str]:
    """Be the device in that socket as long as this is entered; its URL."""
    attending = asyncio.create_task(_attend(machine, port, damage))
    try:
        yield machine.url("usb", port.path)
    finally:
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)


async def _attend(machine: Machine, port: UsbPort, damage: Damage | None) -> None:
    """Until cancelled. Without power, or with its plug pulled, it is not on the bus."""
    back, back_in = Port(machine, damage), asyncio.Event()

    def notice() -> None:
        if machine.powered and machine.plugged:
            back_in.set()
        else:
            port.unplug()

    machine.on_change.append(notice)
    try:
        while True:
            back_in.clear()
            if machine.powered and machine.plugged:
                await back.attend(port.plug())
            port.unplug()
            if not (machine.powered and machine.plugged):
                await back_in.wait()
    finally:
        machine.on_change.remove(notice)
