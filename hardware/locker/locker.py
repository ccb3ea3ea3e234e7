"""Pickup compartments behind one link: their doors, and orders to open one.

Owns the rules that keep parcels safe, whatever board is behind the wire:

- at the start, and after every reconnect, all boards are read and believed; no pulse is given
- one lock at a time, with a rest between two pulses; orders come before polls
- before a pulse all doors are read; a door that is open gets none
- a pulse is sent exactly once. Whatever the board says to it, the doors are read until that door
  is open or 3 s have passed, and all doors are compared: exactly that one may have moved
- what a door is, its contact says, in readings that agree (`hardware.locker.reading`)

Refuses to own who may open what, journals, and which compartment is out of service.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from hardware.device import BackOff, Device, Event, Health, State, standing
from hardware.dialogue import Dialogue
from hardware.driver import Driver, SerialDefaults
from hardware.fault import Fault, Kind, NoReply, NotUnderstood, Unplugged
from hardware.link import Connect
from hardware.locker.board import (
    Codec,
    Contact,
    ContactChanged,
    Contacts,
    Feedback,
    FrameParser,
    OrderAnswered,
    Reply,
)
from hardware.locker.compartment import Compartment, DoorState, seen
from hardware.locker.faults import (
    BoardSilent,
    DoorForced,
    DoorJammed,
    DoorLeftOpen,
    NoSuchDoor,
    OutcomeUnknown,
    WrongDoorOpened,
)
from hardware.locker.layout import Layout
from hardware.locker.orders import Opened, Order, Orders, Outcome
from hardware.locker.reading import Boards, Patience
from hardware.url import DeviceUrl


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things take, in seconds."""

    jammed_after_s: float = 3.0
    """From the pulse; a door that is closed then is jammed."""
    left_open_s: float = 60.0
    rest_s: float = 0.5
    """Between two pulses, from the end of the first: the supply feeds one coil at a time."""
    watch_poll_s: float = 0.1
    """Between two looks at a door that was told to open."""
    busy_poll_s: float = 0.25
    busy_for_s: float = 10.0
    """After an opening, and as long as doors move."""
    idle_poll_s: float = 1.0
    silent_poll_s: float = 10.0
    """Between two looks whether a silent board is back."""
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class DoorChanged(Event):
    """A door stands otherwise than before."""

    door: int
    before: DoorState
    after: DoorState


class Locker(Device[Reply]):
    """Doors of one or several boards of one kind. `listeners` hear `DoorChanged` too."""

    kind = Kind.LOCKER

    def __init__(
        self,
        connect: Connect,
        codec: Codec,
        layout: Layout,
        *,
        limits: Limits | None = None,
        back_off: BackOff | None = None,
    ) -> None:
        super().__init__(connect, back_off=back_off)
        self._codec: Final = codec
        self._limits: Final = limits or Limits()
        self._locks: Final = dict(layout.boards)
        self._closed_is_open: Final = layout.feedback is Feedback.CLOSED_WHEN_OPEN
        self._doors = {door.number: door for door in layout.compartments()}
        self._open_since: dict[int, float] = {}
        self._orders: Final = Orders()
        self._fresh_parser = FrameParser(codec)
        self._boards: Boards
        self._believed: dict[int, Contacts] = {}
        self._silent: dict[int, float] = {}
        self._asked: int | None = None
        self._rested_at = 0.0
        self._busy_until = 0.0
        self._look_soon = asyncio.Event()

    # ---- what it is asked

    @property
    def doors(self) -> tuple[Compartment, ...]:
        """In the order of their numbers."""
        return tuple(self._doors.values())

    def number_from(self, first: int) -> None:
        """Let the doors be numbered from `first`, within a larger cabinet; before it serves."""
        doors = enumerate(self._doors.values(), start=first)
        self._doors = {number: replace(door, number=number) for number, door in doors}

    def knows(self, order_id: str) -> bool:
        """It was given that order."""
        return order_id in self._orders

    async def open(self, door: int, *, order_id: str) -> Opened:
        """Open a door, once for each `order_id` however often it is asked; see `Outcome`. Trouble
        comes back as the `fault` of the result. `ValueError` for the id of another door's order."""
        if door not in self._doors:
            return Opened(Outcome.NOT_TRIED, door, fault=NoSuchDoor(door))
        while (known := self._orders.known(order_id, door)) is not None:
            if (ended := await asyncio.shield(known.ended)) is not None:
                return ended
        order = self._orders.begin(order_id, door)
        opened: Opened | None = None
        try:
            opened = await self._carry_out(order)
        finally:
            if opened is None and order.pulsed:  # cut short
                opened = self._unknown(order, "cut short")
            self._orders.end(order, opened)
        return opened

    async def contacts(self) -> dict[int, bool]:
        """Whether the contact at each door is closed, read afresh: for whoever wires or tests it.
        A `Fault` when a board cannot be read."""
        with self._as_faults():
            async with self._order():
                for board in self._locks:
                    await self._look(self._boards, board)
        return {
            number: self._believed[door.board].closed[door.lock - 1]
            for number, door in self._doors.items()
        }

    async def roll_call(self) -> tuple[int, ...]:
        """The numbers of the boards that answer when all are called, for whoever wires them; none
        where the boards know no such order. A `Fault` when there is no link."""
        with self._as_faults():
            async with self._order():
                return await self._boards.roll_call()

    # ---- an order

    async def _carry_out(self, order: Order) -> Opened:
        try:
            with self._as_faults():
                async with self._order():
                    return await self._opened(order, self._boards)
        except Fault as fault:
            if order.pulsed:
                return self._unknown(order, str(fault))
            return Opened(Outcome.NOT_TRIED, order.door, fault=fault)

    async def _opened(self, order: Order, boards: Boards) -> Opened:
        door = self._doors[order.door]
        await self._rest()
        await self._look(boards, door.board)
        await self._look_at_others(boards, door.board)
        before = {number for number, each in self._doors.items() if each.state.is_closed}
        if order.door not in before:
            return Opened(Outcome.ALREADY_OPEN, order.door)
        self._asked = order.door
        try:
            pulsed_at = await self._pulse(order, boards)
            await self._watch(order.door, boards, until=pulsed_at + self._limits.jammed_after_s)
        finally:
            self._asked = None
        return self._compared(order.door, before)

    async def _rest(self) -> None:
        """Let the supply recover from the last pulse, over whatever link that went."""
        await asyncio.sleep(self._rested_at - self._now())

    async def _pulse(self, order: Order, boards: Boards) -> float:
        """Give it, once; when that was."""
        door = self._doors[order.door]
        self._becomes(order.door, DoorState.OPENING)
        pulsed_at = self._now()
        order.pulsed = True
        self._rested_at = pulsed_at + self._codec.timing.pulse_s + self._limits.rest_s
        await boards.pulse(door.board, door.lock)
        return pulsed_at

    async def _watch(self, number: int, boards: Boards, *, until: float) -> None:
        """Look until that door is open, or should have been: the last look begins after `until`."""
        board = self._doors[number].board
        while True:
            is_late = self._now() >= until
            await self._look(boards, board)
            if self._doors[number].state.is_open or is_late:
                break
            await asyncio.sleep(self._limits.watch_poll_s)
        await self._look_at_others(boards, board)

    def _compared(self, number: int, before: set[int]) -> Opened:
        """Exactly the asked door must have opened since `before`."""
        moved = {other for other in before if self._doors[other].state.is_open}
        others = tuple(sorted(moved - {number}))
        if number not in moved:
            self._becomes(number, DoorState.CLOSED if others else DoorState.JAMMED)
        self._stand()
        if others:
            return Opened(Outcome.WRONG_DOOR, number, others, WrongDoorOpened(*others))
        if number not in moved:
            return Opened(Outcome.JAMMED, number, fault=DoorJammed(number))
        return Opened(Outcome.OPENED, number)

    def _unknown(self, order: Order, detail: str) -> Opened:
        fault = OutcomeUnknown(order.door, detail=detail)
        return Opened(Outcome.UNKNOWN, order.door, fault=fault)

    # ---- looking

    async def _look_at_others(self, boards: Boards, board: int) -> None:
        for other in self._locks:
            if other != board and other not in self._silent:
                with contextlib.suppress(Fault):
                    await self._look(boards, other)

    async def _look(self, boards: Boards, board: int) -> None:
        """Read a board and believe it. A `Fault` when it cannot be read: its doors are unknown
        then, and without any board left the link is given up."""
        try:
            contacts = await boards.agreed(board, self._locks[board], self._believed.get(board))
        except TimeoutError:
            raise self._lost(board, NoReply(self.kind)) from None
        except NotUnderstood as strange:
            raise self._lost(board, strange) from None
        was_silent = self._silent.pop(board, None) is not None
        before, self._believed[board] = self._believed.get(board), contacts
        if contacts == before and self._asked is None and not was_silent:
            return
        for number in self._doors_of(board):
            self._see(number, contacts)
        self._stand()

    def _see(self, number: int, contacts: Contacts) -> None:
        door = self._doors[number]
        is_open = contacts.closed[door.lock - 1] == self._closed_is_open
        others_order = self._asked not in (None, number)
        occupied = contacts.inside[door.lock - 1] if contacts.inside is not None else None
        self._doors[number] = replace(door, occupied=occupied)
        self._becomes(number, seen(door.state, is_open=is_open, on_others_order=others_order))

    def _lost(self, board: int, fault: Fault) -> Fault:
        """The board cannot be read, because of `fault`; what that is called among others."""
        self._silent[board] = self._now() + self._limits.silent_poll_s
        self._believed.pop(board, None)
        doors = self._doors_of(board)
        for number in doors:
            self._becomes(number, DoorState.UNKNOWN)
        if not self._all_silent:
            self._stand()
            return BoardSilent(*doors, detail=f"board {board}: {fault.code}")
        self._abandon(fault)
        return fault

    @property
    def _all_silent(self) -> bool:
        return self._silent.keys() == self._locks.keys()

    def _doors_of(self, board: int) -> list[int]:
        return [number for number, door in self._doors.items() if door.board == board]

    def _becomes(self, number: int, state: DoorState) -> None:
        door = self._doors[number]
        if door.state is state:
            return
        self._doors[number] = replace(door, state=state)
        if DoorState.UNKNOWN not in (door.state, state):  # it moved, and was not only met
            self._busy_until = self._now() + self._limits.busy_for_s
        if state.is_open:
            self._open_since.setdefault(number, self._now())
        elif state.is_closed:
            self._open_since.pop(number, None)
        self._tell(DoorChanged(number, door.state, state))

    def _stand(self) -> None:
        """Say what a person should do about it, the most urgent first."""
        if self._dialogue is not None:
            busy = self.health.state is State.BUSY
            fault = self._complaint()
            self._stands(Health(State.BUSY, fault) if busy else standing(fault))

    def _complaint(self) -> Fault | None:
        if self._silent:
            silent = sorted(self._silent)
            doors = [number for board in silent for number in self._doors_of(board)]
            return BoardSilent(*doors, detail=f"board {', '.join(map(str, silent))}")
        for state, fault in _COMPLAINTS.items():
            if doors := [number for number, door in self._doors.items() if door.state is state]:
                return fault(*doors)
        return None

    # ---- what a device does

    def _parser(self) -> FrameParser:
        self._fresh_parser = FrameParser(self._codec)
        return self._fresh_parser

    async def _meet(self, dialogue: Dialogue[Reply]) -> None:
        """Read every board and take over what it says. No lock is told anything."""
        boards = Boards(self._codec, self._fresh_parser, dialogue, self._limits.patience)
        self._boards = boards
        self._silent.clear()
        try:
            for board in self._locks:
                await self._look_unless_all_silent(boards, board)
        except BaseException:
            self._forget()
            raise
        self._stands(standing(self._complaint()))

    async def _attend(self, dialogue: Dialogue[Reply]) -> None:  # noqa: ARG002
        """Look at the doors now and then."""
        try:
            while True:
                await self._pause()
                for board in self._locks:
                    if self._silent.get(board, 0.0) <= self._now():
                        async with self._turn:
                            await self._look_unless_all_silent(self._boards, board)
                self._mind_open_doors()
        finally:
            self._forget()

    async def _look_unless_all_silent(self, boards: Boards, board: int) -> None:
        try:
            await self._look(boards, board)
        except Fault:
            if self._all_silent:
                raise

    async def _pause(self) -> None:
        """Until the next look is due, or a board says that a door moved."""
        busy = self._now() < self._busy_until
        pause_s = self._limits.busy_poll_s if busy else self._limits.idle_poll_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._look_soon.wait()
        self._look_soon.clear()

    def _hear(self, reply: Reply) -> None:
        """No reason to believe a board, and one to look at it."""
        if isinstance(reply, ContactChanged | Contact | OrderAnswered):
            self._look_soon.set()

    def _mind_open_doors(self) -> None:
        since = self._now() - self._limits.left_open_s
        for number, opened_at in tuple(self._open_since.items()):
            if self._doors[number].state is DoorState.OPEN and opened_at <= since:
                self._becomes(number, DoorState.LEFT_OPEN)
        self._stand()

    def _forget(self) -> None:
        """The link is gone: what the doors do now, nobody sees."""
        self._believed.clear()
        for number in self._doors:
            self._becomes(number, DoorState.UNKNOWN)

    @contextlib.contextmanager
    def _as_faults(self) -> Iterator[None]:
        try:
            yield
        except OSError as broken:
            raise Unplugged(self.kind, str(broken)) from None

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


_COMPLAINTS: Final = {
    DoorState.FORCED: DoorForced,
    DoorState.WRONG_DOOR: WrongDoorOpened,
    DoorState.LEFT_OPEN: DoorLeftOpen,
    DoorState.JAMMED: DoorJammed,
}
"""Doors that somebody should look after, the most urgent first."""


def driver(codec: Callable[[DeviceUrl], Codec], serial: SerialDefaults) -> Driver:
    """Of a kind of board: `codec` takes its own options out of the URL. Those of all boards are
    `hardware.locker.layout`'s, and `left_open_s`, 5 to 86,400 (60)."""

    def open_locker(url: DeviceUrl, connect: Connect) -> Locker:
        made = codec(url)
        usual_s = int(Limits().left_open_s)
        limits = Limits(left_open_s=url.number("left_open_s", usual_s, 5, 86_400))
        return Locker(connect, made, Layout.read(url, made), limits=limits)

    return Driver(Kind.LOCKER, open_locker, serial=serial)
