"""A scale that weighs what it is told: NCI ECR and 8217 (`toledo`), CAS, and Aclas OS2.

Written from the frames, as the far end would be, and not from our parsers.
"""

import re
from decimal import Decimal
from enum import StrEnum
from typing import Final

from hardware.simulator.catalogue import Simulated
from hardware.simulator.machine import Machine
from hardware.url import DeviceUrl

SENDS_S: Final = 0.1
"""An OS2 that speaks of itself does so ten times a second (Pinnacle OS2CX manual, page 15)."""
COMMAND_LIMIT_BYTES: Final = 32

_NUMBER: Final = re.compile(r"\d{1,5}(\.\d{1,4})?")


class Tongue(StrEnum):
    """What it speaks."""

    TOLEDO = "toledo"
    CAS = "cas"
    ACLAS = "aclas"


class State(StrEnum):
    """How what lies on it is, or the scale itself."""

    STABLE = "stable"
    UNSTABLE = "unstable"
    OVERLOAD = "overload"
    NEGATIVE = "negative"
    SILENT = "silent"


class SimulatedScale(Machine):
    """`shown` is the number on its own display, in `unit` (kg, g or lb).

    `dialect` is for toledo: ecr answers `W<CR>` with a unit and a status, 8217 answers `W` with
    neither, and the CR behind it as a command it does not know.
    """

    driver = "scale"

    def __init__(
        self,
        tongue: Tongue = Tongue.TOLEDO,
        *,
        shown: Decimal = Decimal("0.000"),
        unit: str = "kg",
        dialect: str = "ecr",
        sends: bool = False,
    ) -> None:
        """`sends`: an aclas that speaks of itself, as it leaves the factory."""
        super().__init__()
        self.tongue = tongue
        self.shown = shown
        self.unit = unit
        self.dialect = dialect
        self.sends = sends
        self.state = State.STABLE
        self.asked = 0
        """How often it was asked for the weight."""
        self._unstable_for: int | None = None
        self._command = bytearray()
        self._due = False

    def options(self) -> dict[str, object]:
        named: dict[str, object] = {"protocol": self.tongue}
        return named | ({"unit": "kg"} if self.dialect == "8217" else {})

    # ---- knobs

    def put(self, shown: Decimal) -> None:
        """Lay something on it, at rest; what was there is taken off."""
        self.shown, self.state, self._unstable_for = shown, State.STABLE, None
        self._changed()

    def rest(self, state: State, answers: int | None = None) -> None:
        """Be in a state; an unstable one may come to rest after so many `answers`."""
        self.state, self._unstable_for = state, answers
        self._changed()

    def turn_knob(self, words: str) -> None:
        match words.split():
            case ["weight", number]:
                self.put(_shown(number))
            case ["unstable", answers] if answers.isascii() and answers.isdigit():
                self.rest(State.UNSTABLE, int(answers))
            case [state] if state in set(State):
                self.rest(State(state))
            case _:
                super().turn_knob(words)

    def power_off(self) -> None:
        self._command.clear()
        super().power_off()

    # ---- the wire

    def feed(self, data: bytes) -> int:
        for byte in data:
            self._hear(byte)
        return len(data)

    def _hear(self, byte: int) -> None:
        if self.tongue is Tongue.TOLEDO:
            self._hear_toledo(byte)
        elif self._command or byte == 0x3C:
            self._hear_order(byte)
        elif byte == 0x05:
            self._answer(b"\x06")
        elif byte == 0x11:
            self._weigh(self._block())

    def _hear_toledo(self, byte: int) -> None:
        if self.dialect == "8217":
            self._weigh(self._stx()) if byte == 0x57 else self._answer(b"\x02?\x40\r")
        elif byte != 0x0D:
            self._command.append(byte)
            del self._command[COMMAND_LIMIT_BYTES:]
        else:
            command = bytes(self._command)
            self._command.clear()
            match command:
                case b"W":
                    self._weigh(self._ecr())
                case b"S" | b"Z":
                    self._answer(self._status())
                case _:
                    self._answer(b"\n?\r\x03")

    def _hear_order(self, byte: int) -> None:
        """`3C cmd cmd 3E 09`, of an OS2."""
        self._command.append(byte)
        if len(self._command) == 5:
            if self.tongue is Tongue.ACLAS and self._command.endswith(b"\x3e\x09"):
                match self._command[1:3]:
                    case b"AL":
                        self.sends = False
                    case b"PB":
                        self.sends = True
                    case _:
                        pass
            self._command.clear()

    def take_answers(self) -> bytes:
        if self.sends and self.connected and not self._due:
            self._due = True
            self._later(SENDS_S, self._send)
        return super().take_answers()

    def _send(self) -> None:
        self._due = False
        if self.sends and self.connected and self.state is not State.SILENT:
            flags = 0x40 if self.state is State.OVERLOAD else 0x10 if self.shown == 0 else 0x00
            self._say(self._block() + bytes((flags,)))

    def _weigh(self, answer: bytes) -> None:
        self.asked += 1
        self._changed()
        self._answer(answer)
        if self.state is State.UNSTABLE and self._unstable_for is not None:
            self._unstable_for -= 1
            if self._unstable_for <= 0:
                self.rest(State.STABLE)

    def _answer(self, answer: bytes) -> None:
        if self.state is not State.SILENT:
            self._say(answer)

    # ---- what it says

    def _status(self) -> bytes:
        """The two status bytes of NCI's ECR, with their frame."""
        first = 0x30 | (0x01 if self.state is State.UNSTABLE else 0)
        first |= 0x02 if self.state is State.STABLE and self.shown == 0 else 0
        second = 0x30 | {State.NEGATIVE: 0x01, State.OVERLOAD: 0x02}.get(self.state, 0)
        return b"\nS" + bytes((first, second)) + b"\r\x03"

    def _ecr(self) -> bytes:
        if self.state is not State.STABLE:
            return self._status()
        return f"\n{self.shown:06}{self.unit.upper()}\r".encode() + self._status()

    def _stx(self) -> bytes:
        status = {State.UNSTABLE: 0x41, State.OVERLOAD: 0x42, State.NEGATIVE: 0x44}.get(self.state)
        if status is not None:
            return b"\x02?" + bytes((status,)) + b"\r"
        return f"\x02{self.shown:06}\r".encode()

    def _block(self) -> bytes:
        """SOH STX … ETX EOT of CAS and OS2."""
        number = "FFFFFF" if self.state is State.OVERLOAD else f"{self.shown:06}"
        standing = {State.UNSTABLE: "U", State.OVERLOAD: "F"}.get(self.state, "S")
        sign = "-" if self.state is State.NEGATIVE else " "
        body = f"{standing}{sign}{number}{self.unit:>2}".encode()
        covered = b"\x01\x02" + body if self.tongue is Tongue.ACLAS else body
        check = 0
        for byte in covered:
            check ^= byte
        return b"\x01\x02" + body + bytes((check,)) + b"\x03\x04"


def _shown(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is no weight that it could show")
    return Decimal(text)


def _make(url: DeviceUrl) -> SimulatedScale:
    """Options: `protocol`, `weight` and `unit` as shown, `state`; for toledo `dialect`, for aclas
    `sends`."""
    tongue = Tongue(url.one_of("protocol", *Tongue))
    scale = SimulatedScale(
        tongue,
        shown=_shown(url.text_option("weight", "0.000")),
        unit=url.one_of("unit", "kg", "g", "lb"),
        dialect=url.one_of("dialect", "ecr", "8217") if tongue is Tongue.TOLEDO else "",
        sends=tongue is Tongue.ACLAS and url.one_of("sends", "yes", "no") == "yes",
    )
    scale.rest(State(url.one_of("state", *State)))
    return scale


SIMULATED = Simulated(_make)
