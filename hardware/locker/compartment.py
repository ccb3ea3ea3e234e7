"""A compartment, and what a look at its door makes of it.

    CLOSED ─order─▶ OPENING ─▶ OPEN ──too long──▶ LEFT_OPEN
      │                └─3 s─▶ JAMMED (stays so until it opens, or is ordered again)
      ├─ opened without an order ─▶ FORCED
      └─ opened on another's order ─▶ WRONG_DOOR

    every one that is open ─ closed ─▶ CLOSED        any ─ board silent, outcome lost ─▶ UNKNOWN

Pure: refuses to own contacts, time and orders.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum


class DoorState(StrEnum):
    """How a door stands, and how it came to."""

    CLOSED = "closed"
    OPENING = "opening"
    OPEN = "open"
    JAMMED = "jammed"
    LEFT_OPEN = "left_open"
    FORCED = "forced"
    WRONG_DOOR = "wrong_door"
    UNKNOWN = "unknown"

    @property
    def is_open(self) -> bool:
        """It was seen open."""
        return self in _OPEN

    @property
    def is_closed(self) -> bool:
        """It was seen closed."""
        return self in _CLOSED


_OPEN = {DoorState.OPEN, DoorState.LEFT_OPEN, DoorState.FORCED, DoorState.WRONG_DOOR}
_CLOSED = {DoorState.CLOSED, DoorState.OPENING, DoorState.JAMMED}


class Size(StrEnum):
    """How much goes in, the smallest first."""

    S = "S"
    M = "M"
    L = "L"
    XL = "XL"

    def holds(self, other: "Size") -> bool:
        """What fits `other` fits here."""
        order = list(Size)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Compartment:
    """Door `number` of the cabinet: lock `lock` of board `board`. `occupied` is what the board's
    infrared sees, None where there is none. What is rented, reserved or out of service is not
    known here."""

    number: int
    size: Size
    board: int
    lock: int
    state: DoorState = DoorState.UNKNOWN
    occupied: bool | None = None


def seen(before: DoorState, *, is_open: bool, on_others_order: bool) -> DoorState:
    """What a door is after a look at it; `on_others_order`: a pulse was just given to another."""
    if not is_open:
        kept = (DoorState.OPENING, DoorState.JAMMED)
        return before if before in kept else DoorState.CLOSED
    if before.is_open:
        return before
    if before.is_closed and before is not DoorState.OPENING and on_others_order:
        return DoorState.WRONG_DOOR
    return DoorState.FORCED if before is DoorState.CLOSED else DoorState.OPEN


def smallest_fitting(
    doors: Iterable[Compartment], size: Size, taken: Collection[int]
) -> Compartment | None:
    """The smallest compartment for something of `size`, the lowest number first: closed, not seen
    occupied, and not among the numbers `taken`."""
    fitting = [
        door
        for door in doors
        if door.number not in taken
        and door.state is DoorState.CLOSED
        and not door.occupied
        and door.size.holds(size)
    ]
    order = list(Size)
    return min(fitting, key=lambda door: (order.index(door.size), door.number), default=None)
