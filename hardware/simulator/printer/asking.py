"""What a printer answers when it is asked, and what it tells unasked: status, name, fences.

Answers as Epson's command reference gives them: DLE EOT, GS r, GS a (automatic status), GS I,
GS ( H (process id), ESC u, ESC v, GS g, GS ( E.
"""

from collections.abc import Callable
from typing import Final

from hardware.simulator.printer.condition import Condition
from hardware.simulator.printer.dialect import Identity
from hardware.simulator.printer.typesetting import Handler

_GROUPS: Final = 0x0F
_PULSE, _POWER_OFF = 1, 2


class Questions:
    """`say` is its voice. `may_power_off` is what GS ( D last said of that real-time order."""

    def __init__(
        self, condition: Condition, identity: Identity, say: Callable[[bytes], None]
    ) -> None:
        self._condition, self._identity, self._say = condition, identity, say
        self.reset(0)

    def reset(self, watching: int) -> None:
        """As at power-up: automatic status of those groups."""
        self._watching = watching
        self._seen = self._condition.watched(watching)
        self.may_kick, self.may_power_off = True, False

    def commands(self) -> dict[bytes, Handler]:
        return {
            b"\x1dr": self._status, b"\x1da": self._watch, b"\x1dI": self._name,
            b"\x1d(H": self._fence, b"\x1bu": self._drawer, b"\x1bv": self._paper,
            b"\x1dg": self._counter, b"\x1d(E": self._user_setting, b"\x1d(D": self._allow,
        }  # fmt: skip

    # ---- at once

    def real_time(self, n: int) -> None:
        """DLE EOT n."""
        if (bits := self._condition.real_time(n)) is not None:
            self._say(bytes((bits,)))

    def real_time_automatic(self, m: int) -> None:
        """DLE DC4 7 m."""
        if m == 1:
            self._say(self._condition.automatic())

    def say_power_off(self) -> None:
        """DLE DC4 2: it is about to be dark."""
        self._say(b"\x3b\x30\x00")

    def say_cleared(self) -> None:
        """DLE DC4 8."""
        self._say(b"\x37\x25\x00")

    # ---- unasked

    def condition_changed(self) -> None:
        """Tell when it is something that was asked to be told."""
        seen = self._condition.watched(self._watching)
        if seen != self._seen:
            self._seen = seen
            self._say(self._condition.automatic())

    def report_if_watching(self) -> None:
        """Once after power-up."""
        if self._watching & _GROUPS:
            self._say(self._condition.automatic())

    def _watch(self, given: bytes) -> None:
        """GS a n: told at once, too."""
        self._watching = given[0]
        self._seen = self._condition.watched(self._watching)
        self.report_if_watching()

    # ---- in turn

    def _status(self, given: bytes) -> bool:
        """GS r n: 1 paper, 2 drawer, 4 ink."""
        match given[0]:
            case 1 | 49:
                self._say(bytes((self._condition.paper_bits,)))
            case 2 | 50:
                self._drawer(given)
            case 4 | 52:
                self._say(b"\x00")
            case _:
                return False
        return True

    def _drawer(self, _given: bytes) -> None:
        """GS r 2, ESC u: bit 0 is pin 3."""
        self._say(bytes((self._condition.drawer_high,)))

    def _paper(self, _given: bytes) -> None:
        """ESC v."""
        self._say(bytes((self._condition.paper_bits,)))

    def _name(self, given: bytes) -> None:
        """GS I n: what has no answer has none."""
        if (answer := self._identity.answer(given[0])) is not None:
            self._say(answer)

    def _fence(self, given: bytes) -> bool:
        """GS ( H, function 48 (process id): 37 22 id 00, now that all before it is printed."""
        function, ident = given[:2], given[2:]
        if function != b"00":
            return given[:1] == b"1"  # 49 only sets what is told of being off-line
        if len(ident) != 4 or not all(0x20 <= byte <= 0x7E for byte in ident):
            return False
        self._say(b"\x37\x22" + ident + b"\x00")
        return True

    def _counter(self, given: bytes) -> None:
        """GS g 2: a maintenance counter; this one has done nothing yet."""
        if given[0] == ord("2"):
            self._say(b"\x5f0\x00")

    def _user_setting(self, given: bytes) -> None:
        """GS ( E: its setting mode opens; what is set there changes nothing here."""
        if given == b"\x01IN":
            self._say(b"\x37\x20\x00")

    def _allow(self, given: bytes) -> None:
        """GS ( D 20 a b …: whether real-time order a is obeyed."""
        for order, allowed in zip(given[1::2], given[2::2], strict=False):
            if order == _PULSE:
                self.may_kick = bool(allowed & 1)
            elif order == _POWER_OFF:
                self.may_power_off = bool(allowed & 1)
