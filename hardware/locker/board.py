"""What all lock boards (锁控板) have in common: orders as bytes, replies as values, the facts of
their time, and where a frame ends.

Owns the half of it that needs no clock and no wire. Refuses to own what a contact means for a door
(`hardware.locker.compartment`), when to ask and whom to believe (`hardware.locker.reading`).

Boards hang on one pair of wires and speak only when spoken to, some also when a door moves. Their
checks are weak: under an XOR, whole frames in a row are a whole frame again, and a lost byte of
zeros leaves no trace. So a frame ends with silence, never sooner, and what came between two
silences counts only when it can be read in exactly one way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

HELD_BYTES: Final = 256
"""The longest that comes without a pause; the longest frame has 74 bytes (WKLY, 64 locks)."""
NOISE_KEPT_BYTES: Final = 64


class Feedback(StrEnum):
    """How the contacts at the doors are wired."""

    CLOSED_WHEN_LOCKED = "closed_when_locked"
    """上锁短路: a closed contact is a locked door."""
    CLOSED_WHEN_OPEN = "closed_when_open"
    """开锁短路: a closed contact is an open door."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """All contacts of a board, as it told them at once, lock 1 first; boards may tell of more
    locks than they have. `inside` is what their infrared sees, where there is one."""

    board: int
    closed: tuple[bool, ...]
    inside: tuple[bool, ...] | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """The contact of one lock that was asked for."""

    board: int
    lock: int
    closed: bool


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """A door moved, says the board unasked."""

    board: int
    lock: int
    closed: bool


@dataclass(frozen=True, slots=True)
class OrderAnswered:
    """The board has heard an order to one lock, or to all (None). Whether a door is open now, its
    contact says, not this."""

    board: int
    lock: int | None
    closed: bool | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """The number of the only board on the wire."""

    board: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The board does not know such an order, lock or input."""

    board: int
    code: int


@dataclass(frozen=True, slots=True)
class Noise:
    """What came and is none of this board's frames: the first bytes of it."""

    data: bytes


Reply: TypeAlias = Contacts | Contact | ContactChanged | OrderAnswered | Address | Refused | Noise


@dataclass(frozen=True, slots=True)
class Timing:
    """What a kind of board takes its time for, in seconds."""

    silence_s: float = 0.025
    """A pause as long ends a frame."""
    answer_s: float = 1.5
    """A query not answered by then is not answered any more."""
    open_answer_s: float | None = 1.5
    """The same of an order to open; None where that is never answered."""
    settle_s: float = 0.0
    """Where it is never answered: the first look at the door comes so much later."""
    pulse_s: float = 1.0
    """A coil is on for at most so long."""


class Codec(Protocol):
    """One kind of board. Boards and locks are named as the wire names them; locks from 1."""

    @property
    def timing(self) -> Timing: ...

    @property
    def numbers(self) -> range:
        """What a board's switches can be set to."""

    @property
    def locks_most(self) -> int: ...

    @property
    def usual_number(self) -> int:
        """How a board leaves the factory."""

    @property
    def usual_locks(self) -> int: ...

    def query(self, board: int, locks: int) -> bytes:
        """Asks for `Contacts`."""

    def query_one(self, board: int, lock: int) -> bytes | None:
        """Asks for one `Contact`; None where there is no such order."""

    def open(self, board: int, lock: int) -> bytes:
        """A pulse to one lock, as long as the board itself keeps it: it must end though we die."""

    def calm(self, board: int) -> bytes | None:
        """Lets go of every coil, where that can be told: the first order on a fresh link."""

    def roll_call(self) -> bytes | None:
        """Makes every board on the wire answer, where there is such an order."""

    def only_echo(self, order: bytes) -> bool:
        """Whether what comes back like `order` can be nothing but its echo."""

    def frames(self, data: bytes) -> Iterator[tuple[Reply, int]]:
        """The replies that `data` may begin with, and how many bytes each takes."""


class FrameParser:
    """From bytes to replies, for any kind of board; any bytes at all do no harm.

    Adapters to RS-485 may send back what they send. `sent` tells what went out last: its echo is
    taken off once, as soon as an echo was met that can be nothing else.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._held = bytearray()
        self._babbles = False
        self._awaited_echo = b""
        self.echoes = False
        """An echo was met on this link."""
        self.gap_s = codec.timing.silence_s

    @property
    def begun(self) -> bool:
        """Something came that no silence has ended yet."""
        return bool(self._held)

    def sent(self, order: bytes) -> None:
        """`order` goes out now."""
        self._awaited_echo = order

    def feed(self, data: bytes) -> list[Reply]:
        """Nothing is whole before the silence after it."""
        self._held += data
        if len(self._held) > HELD_BYTES:
            self._babbles = True
            del self._held[NOISE_KEPT_BYTES:]
        return []

    def gap(self) -> list[Reply]:
        """What came between two silences: whole frames in a row, or noise altogether."""
        came, babbles = bytes(self._held), self._babbles
        noise = self.broken()
        if babbles or not came:
            return noise
        echo = self._awaited_echo
        if echo and echo in came and (self.echoes or self._codec.only_echo(echo)):
            readings = self._readings_with_echo(came, echo)
            if len(readings) == 1:
                self.echoes, self._awaited_echo = True, b""
                return list(readings[0])
        readings = self._readings(came)
        return list(readings[0]) if len(readings) == 1 else noise

    def broken(self) -> list[Reply]:
        """Half a frame is none."""
        noise: list[Reply] = [Noise(bytes(self._held[:NOISE_KEPT_BYTES]))] if self._held else []
        self._held.clear()
        self._babbles = False
        return noise

    def _readings(self, came: bytes) -> list[tuple[Reply, ...]]:
        """The ways to read `came` as whole frames in a row; of many, two."""
        ways: list[list[tuple[Reply, ...]]] = [[] for _ in came] + [[()]]
        for at in reversed(range(len(came))):
            for reply, size_bytes in self._codec.frames(came[at:]):
                _add(ways[at], [(reply, *rest) for rest in ways[at + size_bytes]])
        return ways[0]

    def _readings_with_echo(self, came: bytes, echo: bytes) -> list[tuple[Reply, ...]]:
        """The same with one echo among the frames, taken out."""
        readings: list[tuple[Reply, ...]] = []
        at = came.find(echo)
        while at >= 0:
            for before in self._readings(came[:at]):
                after = self._readings(came[at + len(echo) :])
                _add(readings, [before + rest for rest in after])
            at = came.find(echo, at + 1)
        return readings


def _add(ways: list[tuple[Reply, ...]], more: list[tuple[Reply, ...]]) -> None:
    """Two ways are as bad as a hundred, and a hundred frames have more than can be counted."""
    for way in more:
        if len(ways) < 2 and way not in ways:
            ways.append(way)


def bits(groups: bytes) -> tuple[bool, ...]:
    """The bits of bytes, the lowest of the first byte first."""
    return tuple(bool(group >> bit & 1) for group in groups for bit in range(8))


def xor(data: bytes) -> int:
    check = 0
    for byte in data:
        check ^= byte
    return check
