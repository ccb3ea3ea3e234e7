"""Orders to open a door, by their ids: each is carried out at most once.

An id is remembered from the moment its order is taken up. While it is under way, whoever comes
with the same id waits for the same end; afterwards they get the same answer. An order that ended
before its pulse has done nothing: it is forgotten and may come again.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hardware.fault import Fault

ORDERS_KEPT: Final = 1_000


class Outcome(StrEnum):
    """What became of an order to open a door."""

    OPENED = "opened"
    """That door opened, and no other."""
    ALREADY_OPEN = "already_open"
    """It was open before; no pulse was given."""
    JAMMED = "jammed"
    """It is still closed."""
    WRONG_DOOR = "wrong_door"
    """Another door opened, whether that one did or not."""
    UNKNOWN = "unknown"
    """A pulse was given, or may have been, and the door was not seen since."""
    NOT_TRIED = "not_tried"
    """No pulse was given: the board could not be read. The order may come again."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The end of an order. `others` are doors that opened with it and should not have; `fault` is
    there unless the door is open and all is well."""

    outcome: Outcome
    door: int
    others: tuple[int, ...] = ()
    fault: Fault | None = None


@dataclass(eq=False)
class Order:
    """One under way. `ended` is None when it was cut short before its pulse."""

    id: str
    door: int
    pulsed: bool = False
    ended: "asyncio.Future[Opened | None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Orders:
    """What was ordered, the last `ORDERS_KEPT` and those under way."""

    def __init__(self) -> None:
        self._orders: OrderedDict[str, Order] = OrderedDict()

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._orders

    def known(self, order_id: str, door: int) -> Order | None:
        """The order of that id; `ValueError` when it was for another door."""
        order = self._orders.get(order_id)
        if order is not None and order.door != door:
            raise ValueError(f"order {order_id!r} was for door {order.door}, not {door}")
        return order

    def begin(self, order_id: str, door: int) -> Order:
        order = self._orders[order_id] = Order(order_id, door)
        return order

    def end(self, order: Order, opened: Opened | None) -> None:
        if opened is None or opened.outcome is Outcome.NOT_TRIED:
            del self._orders[order.id]
        order.ended.set_result(opened)
        ended = [kept for kept in self._orders.values() if kept.ended.done()]
        for oldest in ended[: max(0, len(ended) - ORDERS_KEPT)]:
            del self._orders[oldest.id]
