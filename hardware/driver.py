"""What makes a scheme of device URLs work: ours, and those that other packages bring.

A package adds one by an entry point of the group `omnitill.drivers`, named as the scheme is:

    [project.entry-points."omnitill.drivers"]
    star = "my_package.star:DRIVER"

and then `star+tcp://10.0.0.5:9100` opens what `DRIVER.open` makes of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from hardware.device import Device
from hardware.fault import Kind
from hardware.link import Connect
from hardware.scanner.wedge import Wedge
from hardware.url import DeviceUrl

Framing = Literal["8N1", "7E1", "7O1", "8E1", "8O1"]


@dataclass(frozen=True, slots=True)
class SerialDefaults:
    """How such devices leave the factory, where the URL says nothing else."""

    baud: int = 9600
    framing: Framing = "8N1"


@dataclass(frozen=True, slots=True)
class Driver:
    """`open` makes the device of a URL and of the way to its link; it takes the options it knows
    out of the URL and raises `ValueError` with the reason for what it cannot use. It touches no
    wire. `links` are the second parts of the scheme that make sense for it. `serial` is a function
    where the defaults depend on the URL (on its protocol, say); that one only looks at it.
    `xonxoff`: none of the device's answers holds 11h or 13h, so the kernel may take these two for
    XON and XOFF (`hardware.link.serial`)."""

    kind: Kind
    open: Callable[[DeviceUrl, Connect], "Device[Any] | Wedge"]
    links: tuple[str, ...] = ("serial", "tcp")
    serial: SerialDefaults | Callable[[DeviceUrl], SerialDefaults] = field(
        default_factory=SerialDefaults
    )
    xonxoff: bool = False

    def serial_of(self, url: DeviceUrl) -> SerialDefaults:
        """What a serial port is opened with for the device at `url`."""
        return self.serial(url) if callable(self.serial) else self.serial
