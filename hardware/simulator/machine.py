"""What every simulated device is: bytes in, bytes out, power, a plug, and knobs.

Sans-IO: bytes in by `feed`, answers out by `take_answers`; `hardware.simulator.wire` puts it on a
wire. What takes time (a bolt that moves, an answer that comes late) is scheduled on the loop.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar, Final
from urllib.parse import quote, urlencode

APPETITE_BYTES: Final = 65_536


class Machine(ABC):
    """The far end of a wire. `on_change` are called whenever something changed that a wire or a
    view wants to know of."""

    driver: ClassVar[str]
    """The first part of the URL under which a host finds it."""

    def __init__(self) -> None:
        self.powered = True
        self.plugged = True
        self.connected = 0
        """Hosts that it is talking with: one, or none."""
        self.on_change: list[Callable[[], None]] = []
        self.tellers: list[Callable[[str], None]] = []
        """Called with a line of words for each thing that a bystander would notice."""
        self._answers = bytearray()

    @property
    def is_there(self) -> bool:
        """A host can reach it: it has power, and its plug is in."""
        return self.powered and self.plugged

    # ---- the wire

    @abstractmethod
    def feed(self, data: bytes) -> int:
        """Take bytes from the wire; how many were taken (the rest stays on the wire)."""

    def appetite_bytes(self) -> int:
        """How many bytes it will take now; 0 while it reads nothing."""
        return APPETITE_BYTES if self.powered else 0

    def take_answers(self) -> bytes:
        """What it has said since the last call."""
        answers = bytes(self._answers)
        self._answers.clear()
        return answers

    def options(self) -> dict[str, object]:
        """What a host must be told of it in the URL."""
        return {}

    def url(self, link: str, place: str, known: Mapping[str, object] | None = None) -> str:
        """Its address at that place, with its options and what else is `known` of it."""
        options = urlencode(self.options() | dict(known or {}), safe=",")
        address = f"{self.driver}+{link}://{quote(place, safe='/:[]')}"
        return f"{address}?{options}" if options else address

    # ---- knobs

    def power_off(self) -> None:
        """Forget what was under way, drop the link, answer nothing."""
        self.powered = False
        self._answers.clear()
        self._changed()

    def power_on(self) -> None:
        self.powered = True
        self._changed()

    def unplug(self) -> None:
        """Pull its plug out of the host: nothing is forgotten but what was on the wire."""
        self.plugged = False
        self._answers.clear()
        self._changed()

    def plug(self) -> None:
        self.plugged = True
        self._changed()

    def turn_knob(self, words: str) -> None:
        """A knob by its words, as typed by a person; `ValueError` when it is none of these."""
        match words.split():
            case ["power", "off"]:
                self.power_off()
            case ["power", "on"]:
                self.power_on()
            case ["unplug"]:
                self.unplug()
            case ["plug"]:
                self.plug()
            case _:
                raise ValueError(f"no such knob: {words}")

    # ---- for the devices

    def _say(self, data: bytes) -> None:
        if self.is_there:
            self._answers += data
            self._changed()

    def _later(self, after_s: float, what: Callable[[], None]) -> None:
        """Do it after so long; at once when that is no time at all."""
        if after_s <= 0:
            what()
        else:
            asyncio.get_running_loop().call_later(after_s, what)

    def _told(self, words: str) -> None:
        for teller in tuple(self.tellers):
            teller(words)

    def _changed(self) -> None:
        for notice in tuple(self.on_change):
            notice()
