"""The one loop that keeps a device: met, lost, silent, forbidden, back again; orders in turn."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hardware.device import BackOff, Device, Event, Health, HealthChanged, State
from hardware.dialogue import Dialogue, Parser
from hardware.fault import Fault, Kind, NoReply
from hardware.link import READ_LIMIT_BYTES, Link
from hardware.link.memory import MemoryLink, memory_pair

SOON = BackOff(first_s=0.001, most_s=0.002)
PATIENCE_S = 60


class Lines(Parser[bytes]):
    """A protocol of lines."""

    gap_s = 0.01

    def __init__(self) -> None:
        self._held = b""

    @property
    def begun(self) -> bool:
        return bool(self._held)

    def feed(self, data: bytes) -> list[bytes]:
        *lines, self._held = (self._held + data).split(b"\n")
        return lines

    def gap(self) -> list[bytes]:
        self._held = b""
        return []

    def broken(self) -> list[bytes]:
        return self.gap()


class Parrot(Device[bytes]):
    """Says back what it is asked; its greeting is asked at every meeting."""

    kind = Kind.SCALE

    def __init__(self, far: "FarEnd", greeting_s: float = PATIENCE_S) -> None:
        super().__init__(far.connect, back_off=SOON)
        self._greeting_s = greeting_s
        self.unasked: list[bytes] = []

    def _parser(self) -> Lines:
        return Lines()

    async def _meet(self, dialogue: Dialogue[bytes]) -> None:
        await dialogue.ask(b"hello\n", lambda reply: reply == b"hello", self._greeting_s)

    def _hear(self, reply: bytes) -> None:
        self.unasked.append(reply)

    async def say(self, words: bytes) -> bytes:
        async with self._order() as dialogue:
            return await dialogue.ask(words + b"\n", lambda reply: reply == words, PATIENCE_S)

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                await anext(self.events())


class FarEnd:
    """Where the links of a device lead; `refuse` is raised instead of a link."""

    def __init__(self, answer: Callable[[bytes], bytes] = lambda line: line + b"\n") -> None:
        self.refuse: OSError | None = None
        self.answer = answer
        self.ends: list[MemoryLink] = []
        self.heard: list[bytes] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.slow = asyncio.Event()

    async def connect(self) -> Link:
        if self.refuse is not None:
            raise self.refuse
        near, far = memory_pair(write_s=PATIENCE_S)
        self.ends.append(far)
        self.tasks.append(asyncio.create_task(self._serve(far)))
        return near

    async def _serve(self, far: MemoryLink) -> None:
        parser = Lines()
        while True:
            try:
                lines = parser.feed(await far.read(None))
            except OSError:
                return
            for line in lines:
                self.heard.append(line)
                if line == b"slow":
                    self.slow.set()
                if answer := self.answer(line):
                    await far.write(answer)

    async def cut(self) -> None:
        await self.ends[-1].close()


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await scenario()

    asyncio.run(whole())


def test_a_device_is_closed_until_it_is_served_and_afterwards() -> None:
    async def scenario() -> None:
        parrot = Parrot(FarEnd())
        assert parrot.health == Health(State.CLOSED)
        with pytest.raises(Fault):
            await parrot.say(b"x")
        async with parrot:
            assert await parrot.reached() == Health(State.READY)
        assert parrot.health == Health(State.CLOSED)

    run(scenario)


def test_a_device_that_is_lost_comes_back_by_itself_and_is_met_again() -> None:
    async def scenario() -> None:
        far = FarEnd()
        async with Parrot(far) as parrot:
            await parrot.reached()
            await far.cut()
            await parrot.until(lambda: len(far.ends) == 2 and parrot.health.ready)
            assert await parrot.say(b"again") == b"again"
        assert far.heard == [b"hello", b"hello", b"again"]

    run(scenario)


def test_it_tells_each_way_it_stands_once() -> None:
    async def scenario() -> None:
        far, told = FarEnd(), list[Event]()
        far.refuse = FileNotFoundError("no such port")
        parrot = Parrot(far)
        parrot.listeners.append(told.append)
        async with parrot:
            for _ in range(3):  # three attempts, one story
                await parrot.reached()
            far.refuse = None
            await parrot.until(lambda: parrot.health.ready)
        stood = [event.health for event in told if isinstance(event, HealthChanged)]
        assert [health.state for health in stood] == [
            State.CONNECTING, State.OFFLINE, State.READY, State.CLOSED,
        ]  # fmt: skip
        assert stood[1].fault is not None
        assert stood[1].fault.code == "scale.unplugged"

    run(scenario)


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (PermissionError("no right"), "scale.forbidden"),
        (BlockingIOError("busy"), "scale.taken"),
        (ConnectionRefusedError("no"), "scale.unplugged"),
    ],
)
def test_why_a_port_cannot_be_had_is_told_apart(trouble: OSError, code: str) -> None:
    async def scenario() -> None:
        far = FarEnd()
        far.refuse = trouble
        async with Parrot(far) as parrot:
            health = await parrot.reached()
            assert health.fault is not None
            assert health.fault.code == code

    run(scenario)


def test_one_that_is_silent_when_it_is_met_is_offline_and_asked_again() -> None:
    async def scenario() -> None:
        far = FarEnd(answer=lambda _: b"")
        async with Parrot(far, greeting_s=0.01) as parrot:
            health = await parrot.reached()
            assert isinstance(health.fault, NoReply)
            assert health.state is State.OFFLINE
            far.answer = lambda line: line + b"\n"
            await parrot.until(lambda: parrot.health.ready)

    run(scenario)


def test_an_order_to_one_that_is_offline_tries_it_at_once() -> None:
    async def scenario() -> None:
        far = FarEnd()
        far.refuse = FileNotFoundError("unplugged")
        parrot = Parrot(far)
        parrot._back_off = BackOff(first_s=3600, most_s=3600)
        async with parrot:
            assert not (await parrot.reached()).ready
            far.refuse = None
            assert await parrot.say(b"now") == b"now"

    run(scenario)


def test_orders_take_turns() -> None:
    async def scenario() -> None:
        far = FarEnd()
        async with Parrot(far) as parrot:
            words = [b"%d" % number for number in range(50)]
            assert await asyncio.gather(*map(parrot.say, words)) == words
            assert parrot.health == Health(State.READY)
        assert far.heard == [b"hello", *words]

    run(scenario)


def test_an_order_that_is_cut_short_ends_its_link() -> None:
    """What it still answers must not pass for the next one's."""

    async def scenario() -> None:
        far = FarEnd(answer=lambda line: line + b"\n" if line != b"slow" else b"")
        async with Parrot(far) as parrot:
            await parrot.reached()
            cut_short = asyncio.create_task(parrot.say(b"slow"))
            await far.slow.wait()
            cut_short.cancel()
            await asyncio.gather(cut_short, return_exceptions=True)
            assert await parrot.say(b"next") == b"next"
        assert len(far.ends) == 2

    run(scenario)


def test_a_link_that_breaks_ends_the_order_that_waits() -> None:
    async def scenario() -> None:
        far = FarEnd(answer=lambda line: line + b"\n" if line != b"slow" else b"")
        async with Parrot(far) as parrot:
            await parrot.reached()
            order = asyncio.create_task(parrot.say(b"slow"))
            await far.slow.wait()
            await far.cut()
            with pytest.raises(ConnectionError):
                await order

    run(scenario)


def test_what_comes_unasked_and_what_comes_in_pieces_is_heard() -> None:
    async def scenario() -> None:
        far = FarEnd()
        async with Parrot(far) as parrot:
            await parrot.reached()
            await far.ends[-1].write(b"unas")
            await far.ends[-1].write(b"ked\n")
            assert await parrot.say(b"asked") == b"asked"
            assert parrot.unasked == [b"unasked"]

    run(scenario)


class Flood(MemoryLink):
    """A far end that has always something to say, at once."""

    def __init__(self) -> None:
        self._said = False

    async def write(self, data: bytes) -> None:
        """Nothing is heard of it."""

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        if not self._said:
            self._said = True
            return b"hello\n"
        return b"x" * limit_bytes

    async def close(self) -> None:
        """Nothing to let go of."""


def test_one_that_sends_without_a_pause_keeps_nobody_waiting() -> None:
    async def scenario() -> None:
        flooded = FarEnd()

        async def flood() -> Link:
            return Flood()

        flooded.connect = flood  # type: ignore[method-assign]
        async with Parrot(flooded), Parrot(FarEnd()) as other:
            assert await other.say(b"here") == b"here"

    run(scenario)


def test_events_can_be_read_one_by_one() -> None:
    async def scenario() -> None:
        parrot = Parrot(FarEnd())
        events = parrot.events()
        first = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        async with parrot:
            assert await first == HealthChanged(Health(State.CONNECTING))
            assert await anext(events) == HealthChanged(Health(State.READY))
        await events.aclose()  # type: ignore[attr-defined]

    run(scenario)
