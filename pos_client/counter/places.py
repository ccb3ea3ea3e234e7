"""Which devices stand at this counter: opened from their addresses, each with its name here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar
from urllib.parse import unquote

from hardware.device import Device
from hardware.discovery import Found
from hardware.display.display import Display
from hardware.fault import Kind
from hardware.locker.bank import Bank
from hardware.locker.locker import Locker
from hardware.printer.printer import Printer
from hardware.registry import open_device
from hardware.scale.scale import Scale
from hardware.scanner.scanner import Scanner
from hardware.scanner.wedge import Wedge
from hardware.url import DeviceUrl
from pos_client.counter.faults import TwoWedges, WrongKind

Kept = TypeVar("Kept", bound=Device[Any])


@dataclass(frozen=True, slots=True)
class Placed:
    """A device of this till: its name at this counter (`printer`, `scanner`, `scanner2`), and the
    address it was opened by."""

    name: str
    url: str
    device: Device[Any]


@dataclass(frozen=True, slots=True)
class Places:
    """All devices of one till. `wedge` is a scanner that types, `locker` all doors as one."""

    devices: tuple[Placed, ...] = ()
    wedge: Wedge | None = None
    locker: Bank | None = field(default=None, compare=False)

    @classmethod
    def opened(cls, urls: Mapping[Kind, str]) -> Self:
        """The devices at these addresses, several of a kind separated by blanks. Raises
        UnknownDevice, WrongKind or TwoWedges; nothing is touched."""
        places = cls()
        for kind, addresses in urls.items():
            places = places.with_kind(kind, addresses)
        return places

    def with_kind(self, kind: Kind, urls: str) -> Self:
        """With other devices of that kind, those of other kinds being the same objects."""
        wedge = None if kind is Kind.SCANNER else self.wedge
        new: list[Placed] = []
        for url in urls.split():
            device = open_device(url)
            if isinstance(device, Wedge):
                if wedge is not None:
                    raise TwoWedges(urls)
                wedge = device
            elif device.kind is not kind:
                raise WrongKind(f"{kind}: {url}")
            else:
                number = len(new) + 1
                new.append(Placed(f"{kind}{number}" if number > 1 else str(kind), url, device))
        devices = (*(one for one in self.devices if one.device.kind is not kind), *new)
        locker = self.locker
        if kind is Kind.LOCKER:
            lockers = [one.device for one in new if isinstance(one.device, Locker)]
            locker = Bank(lockers) if lockers else None
        return type(self)(devices, wedge, locker)

    def uses(self, found: Found) -> bool:
        """Whether one of them is what was found, by its address or its device file."""
        file = os.path.realpath(found.path) if found.path else None
        for one in self.devices:
            url = DeviceUrl.parse(one.url)
            if one.url.partition("?")[0] == found.url.partition("?")[0]:
                return True
            if file is not None and os.path.realpath(unquote(url.parts.path)) == file:
                return True
        return False

    def all_of(self, kind: type[Kept]) -> list[Kept]:
        return [one.device for one in self.devices if isinstance(one.device, kind)]

    def first_of(self, kind: type[Kept]) -> Kept | None:
        return next(iter(self.all_of(kind)), None)

    @property
    def printer(self) -> Printer | None:
        return self.first_of(Printer)

    @property
    def display(self) -> Display | None:
        return self.first_of(Display)

    @property
    def scale(self) -> Scale | None:
        return self.first_of(Scale)

    @property
    def scanners(self) -> list[Scanner]:
        return self.all_of(Scanner)
