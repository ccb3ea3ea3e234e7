"""The devices of `sim://` URLs: each simulated inside this process, behind its real driver."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from hardware.simulator.machine import Machine
from hardware.url import DeviceUrl


@dataclass(frozen=True, slots=True)
class Simulated:
    """`make` takes its knobs out of the URL's options; what it leaves is for the driver."""

    make: Callable[[DeviceUrl], Machine]


_MODULES: Final = {
    "printer": "hardware.simulator.printer.machine",
    "scanner": "hardware.simulator.scanner",
    "display": "hardware.simulator.display",
    "scale": "hardware.simulator.scale",
    "locker": "hardware.simulator.locker",
}
KINDS: Final = tuple(_MODULES)


def simulated(kind: str, url: DeviceUrl) -> Machine:
    """The machine of that kind, with the knobs that the URL's options turn; `ValueError` when
    there is no such kind or knob."""
    module = _MODULES.get(kind)
    if module is None:
        raise ValueError(f"sim://{kind} is none of {', '.join(KINDS)}")
    found: Simulated = import_module(module).SIMULATED
    return found.make(url)
