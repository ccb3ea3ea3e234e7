"""A printer's receive buffer: bytes in, and out one after the other what they are - characters,
control codes, commands. Sans-IO.

How the bytes were cut into pieces on the way makes no difference. A command that is larger than the
buffer is gathered as it arrives, one that is larger than anything known is stepped over.
"""

from typing import Final, NamedTuple

from hardware.simulator.printer import command_sizes
from hardware.simulator.printer.characters import CharacterModes
from hardware.simulator.printer.command_sizes import PREFIXES
from hardware.simulator.printer.dialect import Dialect

COMMAND_LIMIT_BYTES: Final = 1_048_576
"""A longer command is stepped over; no picture we know of needs one."""
STRANGE_BYTES: Final = 8
"""Of what is not understood, so many are kept."""

MACRO_LIMIT_BYTES: Final = 2_048
MACRO_REPLAY_LIMIT_BYTES: Final = 16_384
"""What one GS ^ may make of a macro."""

_RECORD, _REPLAY = b"\x1d:", b"\x1d^"
_SELECT: Final = b"\x1b="


class Typed(NamedTuple):
    """Characters, each `cols` columns wide at normal size."""

    text: str
    cols: int
    raw: bytes


class Order(NamedTuple):
    """A control code or a command: its name, and what is given with it."""

    name: bytes
    given: bytes
    raw: bytes


class Strange(NamedTuple):
    """The beginning of something that this printer does not know."""

    raw: bytes


Token = Typed | Order | Strange


class ByteStream:
    """`is_selected` while the printer is the device that the host talks to (ESC =); else it waits
    for nothing but to be selected again."""

    def __init__(self, dialect: Dialect, characters: CharacterModes) -> None:
        self._dialect, self._characters = dialect, characters
        self._macro = b""
        self.clear()

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting = bytearray()
        self._command = bytearray()
        self._skip_bytes = 0
        self._recording: bytearray | None = None
        self.is_selected = True

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, data: bytes) -> None:
        self._waiting += data

    def put_first(self, data: bytes) -> None:
        """Before all that waits."""
        self._waiting[:0] = data

    def next(self) -> Token | None:
        """What comes next; None when more bytes must arrive to tell."""
        while self._waiting:
            if self._skip_bytes:
                self._skip()
            elif not self.is_selected:
                self._seek_selection()
                if not self.is_selected:
                    return None
            else:
                token = self._token()
                if token is not None:
                    self._record_also(token)
                return token
        return None

    def _token(self) -> Token | None:
        if self._command or self._waiting[0] in PREFIXES:
            return self._gather()
        if self._waiting[0] >= 0x20:
            return self._type()
        raw = self._take(1)
        return Order(raw, b"", raw)

    # ---- macros

    def record(self) -> None:
        """GS :, begin or end what GS ^ plays; it is printed meanwhile."""
        if self._recording is None:
            self._recording = bytearray()
        else:
            self._macro, self._recording = bytes(self._recording), None

    def replay(self, times: int) -> None:
        """GS ^: so many times; while one is recorded it is given up instead."""
        if self._recording is not None:
            self._macro, self._recording = b"", None
        elif self._macro:
            self.put_first(self._macro * min(times, MACRO_REPLAY_LIMIT_BYTES // len(self._macro)))

    def _record_also(self, token: Token) -> None:
        if self._recording is None or token.raw[:2] in (_RECORD, _REPLAY):
            return
        if len(self._recording) + len(token.raw) > MACRO_LIMIT_BYTES:
            self._macro, self._recording = b"", None
        else:
            self._recording += token.raw

    # ---- taking apart

    def _take(self, size_bytes: int) -> bytes:
        taken = bytes(self._waiting[:size_bytes])
        del self._waiting[: len(taken)]
        return taken

    def _skip(self) -> None:
        self._skip_bytes -= len(self._take(self._skip_bytes))

    def _seek_selection(self) -> None:
        found = self._waiting.find(_SELECT)
        if found < 0:
            del self._waiting[: len(self._waiting) - self._waiting.endswith(_SELECT[:1])]
            return
        del self._waiting[:found]
        if len(self._waiting) > len(_SELECT):
            self.is_selected = bool(self._take(3)[2] & 1)
            if not self.is_selected:
                self._seek_selection()

    def _type(self) -> Typed | None:
        found = self._characters.read(self._waiting)
        if found is None:
            return None
        return Typed(found.text, found.cols, self._take(found.size_bytes))

    def _gather(self) -> Token | None:
        """One command, kept apart from what waits until it is whole."""
        command = self._command
        while len(command) < (needed := command_sizes.needed_bytes(command)):
            if needed > COMMAND_LIMIT_BYTES:
                self._skip_bytes = needed - len(command)
                return Strange(self._end_command(STRANGE_BYTES))
            command += self._take(needed - len(command))
            if not self._dialect.knows(command) and self._dialect.prints:
                return Strange(self._end_command(2, give_back=True))
            if not self._waiting and len(command) < command_sizes.needed_bytes(command):
                return None
        raw = self._end_command(needed, give_back=True)
        if not self._dialect.knows(raw):
            return Strange(raw[:STRANGE_BYTES])
        return _order(raw) if len(raw) > 1 else Order(raw, b"", raw)

    def _end_command(self, size_bytes: int, *, give_back: bool = False) -> bytes:
        """Its first bytes; the rest waits to be something else, or is gone."""
        raw, rest = bytes(self._command[:size_bytes]), self._command[size_bytes:]
        self._command = bytearray()
        if give_back and rest:
            self.put_first(bytes(rest))
        return raw


def _order(raw: bytes) -> Order:
    """A command taken apart: those in blocks have a letter more in their name, and a length."""
    if raw[1] == ord("(") and raw[0] in b"\x1b\x1c\x1d":
        return Order(raw[:3], raw[5:], raw)
    if raw[:2] == b"\x1d8":
        return Order(raw[:3], raw[7:], raw)
    return Order(raw[:2], raw[2:], raw)
