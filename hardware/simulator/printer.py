r"""The far end of a printer's wire: eats ESC/POS, prints to text, answers, and can be made to fail.

A model of a Chinese 80 mm thermal printer: kanji mode is on at power-up, real-time commands act on
arrival, everything else waits in a buffer while paper is out or the cover is open. Sans-IO: bytes
in by `feed`, answers out by `take_answers`; `hardware.simulator.port` puts it on a wire. Written
from the command descriptions, not from our encoder, so each checks the other. Bytes it does not
understand are kept in `unknown` and never stop it.

    >>> printer = SimulatedPrinter()
    >>> printer.feed(b"\x1b@Total 1.00\n\x1dV\x01")
    16
    >>> printer.receipts
    ['Total 1.00']
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final

BUFFER_LIMIT_BYTES: Final = 65_536
"""Held back while it cannot print; when full, no more is read."""
PAPER_LIMIT_LINES: Final = 20_000
"""The newest lines (and receipts, and unknown commands) kept; older ones go to the bin."""

_REAL_TIME = re.compile(
    rb"\x10\x04[\x01-\x04]|\x10\x05[\x01\x02]|\x10\x14\x01[\x00\x01][\x01-\x08]"
)
_REAL_TIME_BEGUN = re.compile(rb"\x10(?:\x04|\x05|\x14(?:\x01[\x00\x01]?)?)?\Z")
_ASCII_RUN = re.compile(rb"[\x20-\x7e]+")

_PARAMETER_BYTES: Final = {
    # obeyed
    b"\x1b@": 0, b"\x1bE": 1, b"\x1bd": 1, b"\x1bp": 3, b"\x1bt": 1,
    b"\x1c&": 0, b"\x1c.": 0, b"\x1d!": 1, b"\x1dr": 1,
    # understood well enough to step over: they do not change the words on paper
    b"\x1b!": 1, b"\x1b-": 1, b"\x1b2": 0, b"\x1b3": 1, b"\x1bG": 1, b"\x1bR": 1, b"\x1ba": 1,
    b"\x1c!": 1, b"\x1dB": 1, b"\x1dH": 1, b"\x1dL": 2, b"\x1dW": 2, b"\x1da": 1, b"\x1df": 1,
    b"\x1dh": 1, b"\x1dw": 1,
}  # fmt: skip


class Event(StrEnum):
    """What a listener hears, with a detail: the line's or receipt's text, a command's bytes."""

    LINE = "line"
    RECEIPT = "receipt"
    DRAWER_KICKED = "drawer kicked"
    STALLED = "stalled"
    RESUMED = "resumed"
    PAPER_OUT = "paper out"
    PAPER_IN = "paper in"
    COVER_OPEN = "cover open"
    COVER_CLOSED = "cover closed"
    POWER_OFF = "power off"
    POWER_ON = "power on"
    UNKNOWN = "unknown"


Listener = Callable[[Event, str], None]


class SimulatedPrinter:
    """`paper` is the strip, line by line; `receipts` the pieces cut off it; `kicks` the pulses."""

    def __init__(self, *, columns: int = 48) -> None:
        self.columns: Final = columns
        self.paper: list[str] = []
        self.receipts: list[str] = []
        self.receipts_cut = 0
        self.kicks = 0
        self.unknown: list[bytes] = []
        self.listeners: list[Listener] = []
        self._powered = True
        self._paper_out = self._cover_open = self._stalled = False
        self._stall_in: int | None = None
        self._power_cut_in: int | None = None
        self._answers = bytearray()
        self._hanging: list[str] = []
        self._forget()

    def _forget(self) -> None:
        """The state after power-up: empty buffer, empty line, default modes."""
        self._arriving = bytearray()
        self._buffer = bytearray()
        self._skip_bytes = 0
        self._reset_modes()

    def _reset_modes(self) -> None:
        self._line = ""
        self._line_cols = 0
        self._scale = 1
        self._kanji = True
        self._page: str | None = "cp437"

    # ---- knobs, usable while it runs

    @property
    def powered(self) -> bool:
        return self._powered

    @property
    def paper_out(self) -> bool:
        return self._paper_out

    @paper_out.setter
    def paper_out(self, out: bool) -> None:
        if out == self._paper_out:
            return
        self._paper_out = out
        self._tell(Event.PAPER_OUT if out else Event.PAPER_IN)
        self._work()

    @property
    def cover_open(self) -> bool:
        return self._cover_open

    @cover_open.setter
    def cover_open(self, is_open: bool) -> None:
        if is_open == self._cover_open:
            return
        self._cover_open = is_open
        self._tell(Event.COVER_OPEN if is_open else Event.COVER_CLOSED)
        self._work()

    def stall_at(self, n_bytes: int) -> None:
        """Read `n_bytes` more, then no more until `resume()`."""
        self._stall_in = n_bytes
        self._count_down(0)

    def resume(self) -> None:
        self._stall_in, self._stalled = None, False
        self._tell(Event.RESUMED)

    def power_cut_at(self, n_bytes: int) -> None:
        """After `n_bytes` more the power goes: as `power_off()`."""
        self._power_cut_in = n_bytes
        self._count_down(0)

    def power_off(self) -> None:
        """Forget the buffer and the half-printed line, drop the link, answer nothing."""
        self._powered = self._stalled = False
        self._stall_in = self._power_cut_in = None
        self._answers.clear()
        self._forget()
        self._tell(Event.POWER_OFF)

    def power_on(self) -> None:
        self._powered = True
        self._tell(Event.POWER_ON)

    def turn_knob(self, words: str) -> None:
        """A knob by its words, as typed by a person; `ValueError` when it is none of these."""
        match words.split():
            case ["paper", ("in" | "out") as state]:
                self.paper_out = state == "out"
            case ["cover", ("open" | "closed") as state]:
                self.cover_open = state == "open"
            case ["stall", n_bytes]:
                self.stall_at(int(n_bytes))
            case ["resume"]:
                self.resume()
            case ["power", "off"]:
                self.power_off()
            case ["power", "on"]:
                self.power_on()
            case ["power", "cut", n_bytes]:
                self.power_cut_at(int(n_bytes))
            case _:
                raise ValueError(f"no such knob: {words}")

    # ---- the wire

    def appetite_bytes(self) -> int:
        """How many bytes it will take now; 0 while stalled, switched off or full."""
        if not self._powered or self._stalled:
            return 0
        room = BUFFER_LIMIT_BYTES - len(self._buffer)
        limits = (room, self._stall_in, self._power_cut_in)
        return min(limit for limit in limits if limit is not None)

    def feed(self, data: bytes) -> int:
        """Take bytes from the wire; how many were taken (the rest stays on the wire)."""
        taken = 0
        while piece := data[taken : taken + self.appetite_bytes()]:
            taken += len(piece)
            self._receive(piece)
            self._count_down(len(piece))
        return taken

    def take_answers(self) -> bytes:
        """What it has said since the last call."""
        answers = bytes(self._answers)
        self._answers.clear()
        return answers

    def _count_down(self, read_bytes: int) -> None:
        if self._power_cut_in is not None:
            self._power_cut_in -= read_bytes
            if self._power_cut_in <= 0:
                self.power_off()
        if self._stall_in is not None and not self._stalled:
            self._stall_in -= read_bytes
            if self._stall_in <= 0:
                self._stalled = True
                self._tell(Event.STALLED)

    # ---- on arrival: real-time commands act at once, wherever they stand in the stream

    def _receive(self, data: bytes) -> None:
        self._arriving += data
        while found := _REAL_TIME.search(self._arriving):
            self._buffer += self._arriving[: found.start()]
            self._work()
            self._obey_at_once(found.group())
            del self._arriving[: found.end()]
        begun = _REAL_TIME_BEGUN.search(self._arriving)
        whole = len(self._arriving) if begun is None else begun.start()
        self._buffer += self._arriving[:whole]
        del self._arriving[:whole]
        self._work()

    def _obey_at_once(self, command: bytes) -> None:
        out, cover = self._paper_out, self._cover_open
        match command[1], command[2]:
            case 0x04, 1:
                self._answers.append(0x12 | (0x08 if out or cover else 0))
            case 0x04, 2:
                self._answers.append(0x12 | (0x20 if out else 0) | (0x04 if cover else 0))
            case 0x04, 3:
                self._answers.append(0x12)
            case 0x04, 4:
                self._answers.append(0x7E if out else 0x12)
            case 0x14, _:
                self._kick()
            case _:
                self._note_unknown(command)

    # ---- from the buffer, in order, as long as it can print

    def _work(self) -> None:
        while self._buffer and self._powered and not (self._paper_out or self._cover_open):
            size_bytes = self._step()
            if size_bytes == 0:
                return
            del self._buffer[:size_bytes]

    def _step(self) -> int:
        """Obey what begins the buffer; its size in bytes, 0 when more must arrive first."""
        if self._skip_bytes:
            size_bytes = min(self._skip_bytes, len(self._buffer))
            self._skip_bytes -= size_bytes
            return size_bytes
        head = self._buffer[0]
        if head in b"\x1b\x1c\x1d":
            return self._command()
        if head == 0x0A:
            self._end_line()
            return 1
        return self._text(head)

    def _text(self, head: int) -> int:
        if run := _ASCII_RUN.match(self._buffer):
            for char in run.group().decode("ascii"):
                self._type(char, 1)
            return run.end()
        if self._kanji and 0x81 <= head <= 0xFE:
            return self._hanzi()
        if head >= 0x80:
            self._type(bytes((head,)).decode(self._page) if self._page else "\ufffd", 1)
        else:
            self._note_unknown(bytes((head,)))
        return 1

    def _hanzi(self) -> int:
        """A character of 2 bytes, or of 4 when the second is a digit (GB 18030)."""
        if len(self._buffer) < 2:
            return 0
        size_bytes = 4 if 0x30 <= self._buffer[1] <= 0x39 else 2
        if len(self._buffer) < size_bytes:
            return 0
        text = bytes(self._buffer[:size_bytes]).decode("gb18030", errors="replace")
        for char in text:
            self._type(char, 2)
        return size_bytes

    def _command(self) -> int:
        prefix = bytes(self._buffer[:2])
        if len(prefix) < 2:
            return 0
        if prefix in (b"\x1d(", b"\x1dv"):
            return self._long_command(prefix)
        parameters = _PARAMETER_BYTES.get(prefix, 0)
        if prefix == b"\x1dV":  # GS V m, or GS V m n
            parameters = 2 if bytes(self._buffer[2:3]) in (b"A", b"B") else 1
        size_bytes = 2 + parameters
        if len(self._buffer) < size_bytes:
            return 0
        self._obey(prefix, bytes(self._buffer[2:size_bytes]))
        return size_bytes

    def _long_command(self, prefix: bytes) -> int:
        """GS ( c pL pH … and GS v 0 m xL xH yL yH …: the fence is obeyed, others stepped over."""
        head = bytes(self._buffer[: 5 if prefix == b"\x1d(" else 8])
        if head == b"\x1d(H\x06\x00":
            if len(self._buffer) < 11:
                return 0
            self._fence(bytes(self._buffer[5:11]))
            return 11
        if len(head) < (5 if prefix == b"\x1d(" else 8):
            return 0
        low_high = int.from_bytes(head[-2:], "little")
        wide = int.from_bytes(head[4:6], "little") if prefix == b"\x1dv" else 1
        self._skip_bytes = low_high * wide
        self._note_unknown(head)
        return len(head)

    def _obey(self, prefix: bytes, given: bytes) -> None:
        match prefix:
            case b"\x1b@":
                self._reset_modes()
            case b"\x1bt":
                self._page = "cp437" if given == b"\x00" else None
            case b"\x1c&" | b"\x1c.":
                self._kanji = prefix == b"\x1c&"
            case b"\x1d!":
                self._scale = 1 + (given[0] >> 4 & 7)
            case b"\x1bE":
                pass
            case b"\x1bd":
                self._feed_lines(given[0])
            case b"\x1dV":
                self._cut()
            case b"\x1bp":
                self._kick()
            case b"\x1dr":
                self._answers.append(0x00)
            case _:
                self._note_unknown(prefix + given)

    def _fence(self, given: bytes) -> None:
        """GS ( H, function 48 (process id): 37 22 id 00, now that all before it is printed."""
        ident = given[2:]
        if given[:2] == b"00" and all(0x20 <= byte <= 0x7E for byte in ident):
            self._answers += b"\x37\x22" + ident + b"\x00"
        else:
            self._note_unknown(b"\x1d(H\x06\x00" + given)

    # ---- paper and drawer

    def _type(self, char: str, cols: int) -> None:
        cols *= self._scale
        if self._line and self._line_cols + cols > self.columns:
            self._end_line()
        self._line += char
        self._line_cols += cols

    def _end_line(self) -> None:
        line, self._line, self._line_cols = self._line, "", 0
        self.paper.append(line)
        self._hanging.append(line)
        del self.paper[:-PAPER_LIMIT_LINES], self._hanging[:-PAPER_LIMIT_LINES]
        self._tell(Event.LINE, line)

    def _feed_lines(self, n: int) -> None:
        for _ in range(max(n, 1) if self._line else n):
            self._end_line()

    def _cut(self) -> None:
        if self._line:
            self._end_line()
        receipt = "\n".join(self._hanging).rstrip("\n")
        self._hanging.clear()
        self.receipts_cut += 1
        self.receipts.append(receipt)
        del self.receipts[:-PAPER_LIMIT_LINES]
        self._tell(Event.RECEIPT, receipt)

    def _kick(self) -> None:
        self.kicks += 1
        self._tell(Event.DRAWER_KICKED)

    def _note_unknown(self, data: bytes) -> None:
        self.unknown.append(data)
        del self.unknown[:-PAPER_LIMIT_LINES]
        self._tell(Event.UNKNOWN, data.hex(" "))

    def _tell(self, event: Event, detail: str = "") -> None:
        for listener in tuple(self.listeners):
            listener(event, detail)
