"""A device at the counter: how it stands, what it tells, and the one loop that keeps it.

    closed ─serve─▶ connecting ─▶ ready ⇄ busy          an order is being carried out
                        ▲           │ ⇅
                        │           │ degraded           answers, and wants something: paper, a lid
                        │           ▼
                        └─back off─ offline              no link, or silence; tried again

`Device` is what every driver derives from: it says how to meet the device on a fresh link and what
to do between orders; connecting, backing off and coming back after an unplug are here.
"""

import asyncio
import contextlib
from abc import ABC
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final, Generic, Self, TypeVar

from hardware.dialogue import Dialogue, Parser
from hardware.fault import Fault, Kind, NoReply, Unplugged, why_not_open
from hardware.link import Connect, Link

EVENTS_KEPT = 1_000
"""For one that reads `events()` too slowly; older ones are dropped."""


class State(StrEnum):
    """How a device stands."""

    CLOSED = "closed"
    CONNECTING = "connecting"
    READY = "ready"
    BUSY = "busy"
    DEGRADED = "degraded"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Health:
    """A state, and what keeps the device from its work, if anything does."""

    state: State = State.CLOSED
    fault: Fault | None = None

    @property
    def known(self) -> bool:
        """It was met, or tried in vain."""
        return self.state not in (State.CLOSED, State.CONNECTING)

    @property
    def ready(self) -> bool:
        return self.state in (State.READY, State.BUSY) and self.fault is None

    @property
    def answers(self) -> bool:
        return self.state in (State.READY, State.BUSY, State.DEGRADED)

    def like(self, other: "Health") -> bool:
        """Whether a person would be told the same."""
        return self.state is other.state and _code(self) == _code(other)


def standing(fault: Fault | None) -> Health:
    """How a device stands that answers."""
    return Health(State.READY if fault is None else State.DEGRADED, fault)


def _code(health: Health) -> str | None:
    return health.fault.code if health.fault else None


@dataclass(frozen=True, slots=True)
class Event:
    """What a device tells of itself; drivers have more of these."""


@dataclass(frozen=True, slots=True)
class HealthChanged(Event):
    """It stands otherwise than before."""

    health: Health


class Tells:
    """Has something to tell. `listeners` are called on the loop that serves it."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Event], object]] = []

    def _tell(self, event: Event) -> None:
        for listener in tuple(self.listeners):
            listener(event)

    async def events(self) -> AsyncIterator[Event]:
        """What it tells from now on, for ever; one that reads too slowly misses the oldest."""
        queue: asyncio.Queue[Event] = asyncio.Queue()

        def keep(event: Event) -> None:
            if queue.qsize() >= EVENTS_KEPT:
                queue.get_nowait()
            queue.put_nowait(event)

        self.listeners.append(keep)
        try:
            while True:
                yield await queue.get()
        finally:
            self.listeners.remove(keep)


@dataclass(frozen=True, slots=True)
class BackOff:
    """The pauses between attempts to connect, in seconds: each twice as long as the one before."""

    first_s: float = 0.5
    most_s: float = 5.0

    def after(self, wait_s: float) -> float:
        return min(2 * wait_s, self.most_s)


@dataclass(eq=False)
class _Attempt:
    """The one under way, or the next: whoever has an order waits for its end."""

    ended: asyncio.Event = field(default_factory=asyncio.Event)
    wanted: asyncio.Event = field(default_factory=asyncio.Event)


Reply = TypeVar("Reply")


class Device(Tells, ABC, Generic[Reply]):
    """Enter it as an async context, or run `serve()` as a task: before and after, it is closed.

    Device trouble never leaves `serve`.
    """

    kind: ClassVar[Kind]

    def __init__(self, connect: Connect, *, back_off: BackOff | None = None) -> None:
        super().__init__()
        self.connect: Final = connect
        self._back_off = back_off or BackOff()
        self._turn = asyncio.Lock()
        self._dialogue: Dialogue[Reply] | None = None
        self._attempt = _Attempt()
        self._serving: asyncio.Task[None] | None = None
        self._abandoned: asyncio.Future[None]
        self._met = False
        self.health = Health()

    # ---- what a driver says of its device

    def _parser(self) -> Parser[Reply]:
        """A fresh one for each link."""
        raise NotImplementedError

    async def _meet(self, dialogue: Dialogue[Reply]) -> None:
        """Find out whether the right device is there, and how it stands. A `Fault` or `OSError`
        ends the link, `TimeoutError` says that it is silent."""

    async def _attend(self, dialogue: Dialogue[Reply]) -> None:  # noqa: ARG002
        """What is done between orders, until the link breaks."""
        await asyncio.Event().wait()

    def _hear(self, reply: Reply) -> None:
        """What came unasked."""

    # ---- how it is kept

    async def serve(self) -> None:
        """Keep the device until cancelled: connect, meet, attend; after any trouble again."""
        wait_s = self._back_off.first_s
        self._stands(Health(State.CONNECTING))
        try:
            while True:
                met = False
                try:
                    link = await self.connect()
                except OSError as refused:
                    fault = why_not_open(self.kind, refused)
                else:
                    fault, met = await self._keep(link)
                self._stands(Health(State.OFFLINE, fault))
                if met:  # whoever has an order since it broke waits for the next attempt
                    wait_s = self._back_off.first_s
                else:
                    self._end_attempt()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._attempt.wanted.wait()
                wait_s = self._back_off.after(wait_s)
        finally:
            self._stands(Health())
            self._end_attempt()

    async def _keep(self, link: Link) -> tuple[Fault, bool]:
        """Use the link until it breaks; why it did, and whether the device was met."""
        dialogue = Dialogue(link, self._parser(), self._hear)
        self._abandoned = asyncio.get_running_loop().create_future()
        self._met = False
        tasks: list[asyncio.Future[None]] = [
            asyncio.create_task(dialogue.listen()),
            asyncio.create_task(self._converse(dialogue)),
            self._abandoned,
        ]
        try:
            fault = await self._end_of(tasks)
        finally:
            self._dialogue = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await link.close()
        return fault, self._met

    async def _end_of(self, tasks: list[asyncio.Future[None]]) -> Fault:
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.gather(*done)
        except Fault as fault:
            return fault
        except TimeoutError:
            return NoReply(self.kind)
        except OSError as broken:
            return Unplugged(self.kind, str(broken))
        raise AssertionError("a conversation ends with its link")

    async def _converse(self, dialogue: Dialogue[Reply]) -> None:
        await self._meet(dialogue)
        self._dialogue, self._met = dialogue, True
        if not self.health.answers:
            self._stands(Health(State.READY))
        self._end_attempt()
        await self._attend(dialogue)

    def _end_attempt(self) -> None:
        ended, self._attempt = self._attempt, _Attempt()
        ended.ended.set()

    async def _reached(self) -> Dialogue[Reply]:
        """The link to give an order by. One that is offline is tried at once, not only after its
        pause; the fault of that attempt comes out."""
        if self._dialogue is None and self.health.state is not State.CLOSED:
            attempt = self._attempt
            attempt.wanted.set()
            await attempt.ended.wait()
        if self._dialogue is None:
            raise self.health.fault or Unplugged(self.kind, "it is closed")
        return self._dialogue

    @contextlib.asynccontextmanager
    async def _order(self) -> AsyncIterator[Dialogue[Reply]]:
        """The link, for one order at a time; a `Fault` when there is none. An order that is cut
        short ends the link: what it would still answer must not pass for the next one's."""
        async with self._turn:
            dialogue = await self._reached()
            self._stands(Health(State.BUSY, self.health.fault))
            try:
                yield dialogue
            except asyncio.CancelledError:
                self._abandon(NoReply(self.kind, "an order was cut short"))
                raise
            finally:
                if self.health.state is State.BUSY and self._dialogue is dialogue:
                    self._stands(standing(self.health.fault))

    def _abandon(self, fault: Fault) -> None:
        """Give the link up because of `fault`, and connect anew."""
        self._dialogue = None
        if not self._abandoned.done():
            self._abandoned.set_exception(fault)

    async def reached(self) -> Health:
        """How it stands after it was met, or after the attempt under way has failed."""
        with contextlib.suppress(Fault):
            await self._reached()
        return self.health

    async def __aenter__(self) -> Self:
        self._stands(Health(State.CONNECTING))
        self._serving = asyncio.create_task(self.serve())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._serving is not None
        self._serving.cancel()
        await asyncio.gather(self._serving, return_exceptions=True)

    # ---- what it tells

    def _stands(self, health: Health) -> None:
        before, self.health = self.health, health
        if not before.like(health):
            self._tell(HealthChanged(health))
