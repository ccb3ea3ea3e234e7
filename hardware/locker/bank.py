"""Several lockers as one cabinet: doors numbered through, whichever cable a door hangs on.

Owns the numbers and who gets which order. Refuses to own what a door does: each `Locker` does.
"""

from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from typing import Final, Self

from hardware.device import Event, Health, HealthChanged, State, Tells
from hardware.locker.compartment import Compartment, Size, smallest_fitting
from hardware.locker.faults import NoSuchDoor
from hardware.locker.locker import Locker
from hardware.locker.orders import Opened, Outcome

_WORST_FIRST: Final = (
    State.OFFLINE,
    State.CLOSED,
    State.CONNECTING,
    State.DEGRADED,
    State.BUSY,
    State.READY,
)


class Bank(Tells):
    """Lockers, the doors of the first one first. Enter it as an async context to serve them.

    `listeners` hear what all of them tell; health is that of the worst."""

    def __init__(self, lockers: Sequence[Locker]) -> None:
        """The lockers are the bank's from now on: it numbers their doors."""
        super().__init__()
        self._lockers: Final = tuple(lockers)
        self._stack = AsyncExitStack()
        first = 1
        for locker in self._lockers:
            locker.number_from(first)
            first += len(locker.doors)
            locker.listeners.append(self._hear)
        self._told = self.health

    @property
    def doors(self) -> tuple[Compartment, ...]:
        """In the order of their numbers, from 1."""
        return tuple(door for locker in self._lockers for door in locker.doors)

    @property
    def health(self) -> Health:
        """Of the locker that stands worst, with its fault; `CLOSED` without any."""
        return min(
            (locker.health for locker in self._lockers),
            key=lambda health: _WORST_FIRST.index(health.state),
            default=Health(),
        )

    async def open(self, door: int, *, order_id: str) -> Opened:
        """As `Locker.open`: once for each `order_id`, whichever locker has the door."""
        for locker in self._lockers:
            if any(each.number == door for each in locker.doors):
                if any(other.knows(order_id) for other in self._lockers if other is not locker):
                    raise ValueError(f"order {order_id!r} was for another door than {door}")
                return await locker.open(door, order_id=order_id)
        return Opened(Outcome.NOT_TRIED, door, fault=NoSuchDoor(door))

    def smallest_fitting(self, size: Size, taken: Collection[int]) -> Compartment | None:
        """A closed compartment for something of `size`, none of the numbers `taken`."""
        return smallest_fitting(self.doors, size, taken)

    async def __aenter__(self) -> Self:
        for locker in self._lockers:
            await self._stack.enter_async_context(locker)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _hear(self, event: Event) -> None:
        if isinstance(event, HealthChanged):
            before, self._told = self._told, self.health
            if before.like(self._told):
                return
            event = HealthChanged(self._told)
        self._tell(event)
