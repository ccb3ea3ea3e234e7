"""A scale at the counter: a weight when it is asked for, never one that still moves.

What a scale says counts when it says so twice running, weights and troubles alike. Toledo's
answers have no checksum, an XOR over a frame does not see two bytes damaged alike, and an item
that falls onto the pan overloads it for a moment: a second answer, a fifth of a second later,
settles all three.

Owns when to ask and what to believe. The bytes are for `toledo`, `cas` and `aclas`.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hardware.device import BackOff, Device, Event, Health, State, standing
from hardware.dialogue import Dialogue, Parser
from hardware.driver import Driver, SerialDefaults
from hardware.fault import DeviceFault, Kind, NoReply, NotUnderstood, Unplugged
from hardware.link import Connect
from hardware.scale import aclas, cas, toledo
from hardware.scale.faults import OF_CONDITION, Unstable
from hardware.scale.reading import Acknowledged, Condition, Heard, Noise, Reading, ScaleProtocol
from hardware.url import DeviceUrl

WEIGH_S: Final = 5.0
"""How long a person is waited for who puts something down."""
MEET_TRIES: Final = 2

_AS_USUAL: Final = (Condition.WEIGHT, Condition.MOVING, Condition.EMPTY)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the scale may take, and how long it is left alone between two questions."""

    answer_s: float = 1.0
    pause_s: float = 0.2
    """The least that the Mettler Toledo manual has between two commands."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What lay at rest on the scale."""

    grams: int


@dataclass(frozen=True, slots=True)
class Weighed(Event):
    """What the scale shows has changed, while it is watched. `grams` is None when it shows no
    weight; `stable` only after it has said the same twice running."""

    grams: int | None
    stable: bool


class Scale(Device[Heard]):
    """One scale. Nothing is asked of it between weighings, unless somebody is `watching`."""

    kind = Kind.SCALE

    def __init__(
        self,
        connect: Connect,
        protocol: ScaleProtocol,
        *,
        limits: Limits | None = None,
        back_off: BackOff | None = None,
    ) -> None:
        super().__init__(connect, back_off=back_off)
        self._protocol = protocol
        self._limits = limits or Limits()
        self._watchers = 0
        self._watched = asyncio.Event()

    # ---- weighing

    async def weigh(self, timeout_s: float = WEIGH_S) -> Weight:
        """What lies on it, as soon as it is at rest; it may still be put down meanwhile.

        A fault of `hardware.scale.faults` when there is no weight to sell, and `Unplugged`,
        `NoReply` or `NotUnderstood` when the scale is not to be spoken with. It is not asked again
        after `timeout_s`; a link that must be opened first takes its own time. Nothing is changed
        by weighing: all may be tried again.
        """
        until = asyncio.get_running_loop().time() + timeout_s
        while True:
            try:
                async with self._order() as dialogue:
                    return await self._settled(dialogue, until)
            except NoReply:
                # The link was given up, so that a late answer cannot pass for the next one's.
                if asyncio.get_running_loop().time() >= until:
                    raise

    async def _settled(self, dialogue: Dialogue[Heard], until: float) -> Weight:
        before: Reading | None = None
        while True:
            try:
                heard = await self._ask(dialogue)
            except OSError as broken:
                silent = isinstance(broken, TimeoutError)
                fault = NoReply(self.kind) if silent else Unplugged(self.kind, str(broken))
                self._abandon(fault)
                raise fault from None
            reading = heard if isinstance(heard, Reading) else None
            if reading is not None and reading == before:
                if reading.condition is Condition.WEIGHT:
                    assert reading.grams is not None
                    return Weight(reading.grams)
                if reading.condition is not Condition.MOVING:
                    raise OF_CONDITION[reading.condition](self.kind)
            before = reading
            if asyncio.get_running_loop().time() >= until:
                raise self._no_weight(heard)
            await asyncio.sleep(self._limits.pause_s)

    def _no_weight(self, heard: Heard) -> DeviceFault:
        """Why there is none when the time is up; `heard` came last."""
        if isinstance(heard, Reading):
            return OF_CONDITION.get(heard.condition, Unstable)(self.kind)
        return NotUnderstood(self.kind, repr(heard))

    async def _ask(self, dialogue: Dialogue[Heard]) -> Heard:
        """What it says first to a question. `TimeoutError` when it says nothing in time, `OSError`
        when the link broke."""
        *polite, last = self._protocol.questions
        for question in polite:
            heard = await dialogue.ask(question, lambda _: True, self._limits.answer_s)
            if not isinstance(heard, Acknowledged):
                return heard
        return await dialogue.ask(
            last, lambda heard: not isinstance(heard, Acknowledged), self._limits.answer_s
        )

    # ---- watching

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While this is entered, by anybody, `Weighed` is told at each change, and what keeps it
        from weighing stands in its health. A weight to sell comes from `weigh` alone."""
        self._watchers += 1
        self._watched.set()
        try:
            yield
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._watched.clear()

    async def _attend(self, dialogue: Dialogue[Heard]) -> None:
        while True:
            await self._watched.wait()
            await self._watch(dialogue)
            if self.health.state is State.DEGRADED:
                self._stands(Health(State.READY))  # nobody looks any more whether it still is

    async def _watch(self, dialogue: Dialogue[Heard]) -> None:
        before: Reading | None = None
        told: Weighed | None = None
        while self._watchers:
            async with self._turn:
                heard = await self._ask(dialogue)
            if isinstance(heard, Reading):
                shown = Weighed(heard.grams, heard == before and _at_rest(heard))
                if heard == before:
                    self._stands(standing(self._trouble(heard)))
                if shown != told:
                    told = shown
                    self._tell(shown)
            before = heard if isinstance(heard, Reading) else None
            await asyncio.sleep(self._limits.pause_s)

    def _trouble(self, reading: Reading) -> DeviceFault | None:
        usual = reading.condition in _AS_USUAL
        return None if usual else OF_CONDITION[reading.condition](self.kind)

    # ---- for Device

    def _parser(self) -> Parser[Heard]:
        return self._protocol.parser()

    async def _meet(self, dialogue: Dialogue[Heard]) -> None:
        if self._protocol.greeting:
            await dialogue.tell(self._protocol.greeting)
        rubbish: Noise | None = None
        for _ in range(MEET_TRIES):
            with contextlib.suppress(TimeoutError):
                heard = await self._ask(dialogue)
                if isinstance(heard, Reading):
                    return
                assert isinstance(heard, Noise)
                rubbish = heard
                await asyncio.sleep(self._limits.pause_s)
        raise NotUnderstood(self.kind, repr(rubbish)) if rubbish else NoReply(self.kind)


def _at_rest(reading: Reading) -> bool:
    return reading.condition in (Condition.WEIGHT, Condition.EMPTY)


_PROTOCOLS: Final = {"toledo": toledo.protocol(), "cas": cas.PROTOCOL, "aclas": aclas.PROTOCOL}


def _open(url: DeviceUrl, connect: Connect) -> Scale:
    """Option `protocol`: toledo, cas or aclas. With toledo, `unit=kg` says what a scale weighs in
    that sends no unit; nothing but kilograms can be said so."""
    protocol = _PROTOCOLS[url.one_of("protocol", *_PROTOCOLS)]
    if protocol is _PROTOCOLS["toledo"] and url.one_of("unit", "named", "kg") == "kg":
        protocol = toledo.protocol("kg")
    return Scale(connect, protocol)


def _serial(url: DeviceUrl) -> SerialDefaults:
    """As the protocol has it; whether there is such a one is for `_open` to say."""
    return _PROTOCOLS.get(url.options.get("protocol", ""), _PROTOCOLS["toledo"]).serial


DRIVER: Final = Driver(Kind.SCALE, _open, serial=_serial)
