"""A simulated pickup locker: doors with springs and contacts, behind one of four kinds of boards.

sim://locker?protocol=lock8a&boards=1,2&locks=12&jam=3&echo=on
"""

from typing import Final

from hardware.locker.board import Feedback
from hardware.simulator.catalogue import Simulated
from hardware.simulator.locker.boards import (
    KerongBoards,
    ModbusBoards,
    WklyBoards,
    XorBoards,
)
from hardware.simulator.locker.cabinet import SimulatedLocker
from hardware.url import DeviceUrl

__all__ = [
    "PROTOCOLS",
    "SIMULATED",
    "KerongBoards",
    "ModbusBoards",
    "SimulatedLocker",
    "WklyBoards",
    "XorBoards",
]

PROTOCOLS: Final[dict[str, type[SimulatedLocker]]] = {
    boards.driver: boards for boards in (XorBoards, KerongBoards, WklyBoards, ModbusBoards)
}
USUAL_LOCKS: Final = "12"


def _make(url: DeviceUrl) -> SimulatedLocker:
    """Options: `protocol`, the scheme that it is driven by; `boards` or `board`, `locks`, and
    `feedback`, as that driver knows them; `jam` with the doors that stay shut; `silent=yes`;
    `echo=on` of the adapter."""
    kind = PROTOCOLS[url.one_of("protocol", *PROTOCOLS)]
    boards = url.text_option("board") or url.text_option("boards") or str(kind.usual_number)
    locker = kind(
        boards=_numbers("boards", boards, 0, 255),
        locks=_numbers("locks", url.text_option("locks", USUAL_LOCKS), 1, 64),
        feedback=Feedback(url.one_of("feedback", *Feedback)),
    )
    for door in _numbers("jam", url.text_option("jam"), 1, len(locker.doors)):
        locker.jam(door)
    if url.one_of("silent", "no", "yes") == "yes":
        locker.silent.update(locker.boards)
    locker.echo = url.one_of("echo", "off", "on") == "on"
    return locker


def _numbers(name: str, text: str, least: int, most: int) -> list[int]:
    parts = text.split(",") if text else []
    if not all(part.isascii() and part.isdigit() and least <= int(part) <= most for part in parts):
        raise ValueError(f"{name} is {text!r}, not numbers from {least} to {most}")
    return [int(part) for part in parts]


SIMULATED = Simulated(_make)
