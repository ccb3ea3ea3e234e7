r"""The far end of a printer's wire: eats ESC/POS, prints, answers, and can be made to fail.

A model of a Chinese 80 mm thermal printer: kanji mode is on at power-up, real-time commands act on
arrival, everything else waits in a buffer while paper is out or the cover is open. Sans-IO: bytes
in by `feed`, answers out by `take_answers`; `hardware.simulator.port` puts it on a wire. Written
from the command descriptions, not from our encoder, so each checks the other. Bytes it does not
understand are kept in `unknown` and never stop it. What it prints, `print_head` knows.

    >>> printer = SimulatedPrinter()
    >>> printer.feed(b"\x1b@Total 1.00\n\x1dV\x01")
    16
    >>> printer.receipts
    ['Total 1.00']
"""

import re
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Final

from PIL import Image

from hardware.simulator import escpos
from hardware.simulator.drawing import draw
from hardware.simulator.print_head import PAPER_LIMIT_LINES, PrintHead

BUFFER_LIMIT_BYTES: Final = 65_536
"""Held back while it cannot print; when full, no more is read."""
_REAL_TIME = re.compile(
    rb"\x10\x04[\x01-\x04]|\x10\x05[\x01\x02]|\x10\x14\x01[\x00\x01][\x01-\x08]"
)
_REAL_TIME_BEGUN = re.compile(rb"\x10(?:\x04|\x05|\x14(?:\x01[\x00\x01]?)?)?\Z")
_ASCII_RUN = re.compile(rb"[\x20-\x7e]+")
_UNKNOWN_BYTES: Final = 8
"""Of a command that is not understood, so many are kept."""
_HELD_BYTES: Final = 32_768
"""A longer command is stepped over as it arrives; no picture we know of needs one."""
_TAB_COLS: Final = 8


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
    """`paper` is the strip, line by line; `receipts` the pieces cut off it; `kicks` the pulses.

    A QR code stands there as `[QR text]`, dots as `[picture]`. `strips` are the newest receipts as
    they look; `picture()` draws one.
    """

    def __init__(self, *, columns: int = 48) -> None:
        self.columns: Final = columns
        self._head = PrintHead(
            columns, partial(self._tell, Event.LINE), partial(self._tell, Event.RECEIPT)
        )
        self.paper: Final = self._head.paper
        self.receipts: Final = self._head.receipts
        self.strips: Final = self._head.strips
        self.kicks = 0
        self.unknown: list[bytes] = []
        self.listeners: list[Listener] = []
        self._powered = True
        self._paper_out = self._cover_open = self._stalled = False
        self._stall_in: int | None = None
        self._power_cut_in: int | None = None
        self._answers = bytearray()
        self._forget()

    def _forget(self) -> None:
        """The state after power-up: empty buffer, empty line, default modes."""
        self._arriving = bytearray()
        self._buffer = bytearray()
        self._skip_bytes = 0
        self._reset_modes()

    def _reset_modes(self) -> None:
        self._head.reset()
        self._kanji = True
        self._page: str | None = "cp437"

    @property
    def receipts_cut(self) -> int:
        return self._head.receipts_cut

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
        if head >= 0x20 and head != 0x7F:
            return self._text(head)
        match head:
            case 0x0A:
                self._head.end_line()
            case 0x09:
                for _ in range(_TAB_COLS - self._head.line_cols % _TAB_COLS):
                    self._head.type(" ", 1)
            case 0x0D:
                pass  # the line feed that follows does it all
            case _:
                self._note_unknown(bytes((head,)))
        return 1

    def _text(self, head: int) -> int:
        if run := _ASCII_RUN.match(self._buffer):
            for char in run.group().decode("ascii"):
                self._head.type(char, 1)
            return run.end()
        if self._kanji and 0x81 <= head <= 0xFE:
            return self._hanzi()
        self._head.type(bytes((head,)).decode(self._page) if self._page else "\ufffd", 1)
        return 1

    def _hanzi(self) -> int:
        """A character of 2 bytes, or of 4 when the second is a digit (GB 18030)."""
        if len(self._buffer) < 2:
            return 0
        size_bytes = 4 if 0x30 <= self._buffer[1] <= 0x39 else 2
        if len(self._buffer) < size_bytes:
            return 0
        text = bytes(self._buffer[:size_bytes]).decode("gb18030", errors="replace")
        for char in text:  # a control character may be the rest of half a hanzi
            self._head.type("\ufffd" if char < " " or char == "\x7f" else char, 2)
        return size_bytes

    def _command(self) -> int:
        size_bytes = escpos.size_bytes(self._buffer)
        if size_bytes > _HELD_BYTES:
            self._skip_bytes = size_bytes
            self._note_unknown(bytes(self._buffer[:_UNKNOWN_BYTES]))
            return self._step()
        if len(self._buffer) < size_bytes:
            return 0
        if size_bytes:
            command = bytes(self._buffer[:size_bytes])
            self._obey(command[:2], command[2:])
        return size_bytes

    def _obey(self, prefix: bytes, given: bytes) -> None:
        match prefix:
            case b"\x1b@":
                self._reset_modes()
            case b"\x1bt":
                self._page = "cp437" if given == b"\x00" else None
            case b"\x1c&" | b"\x1c.":
                self._kanji = prefix == b"\x1c&"
            case b"\x1bp":
                self._kick()
            case b"\x1dr":
                self._answers.append(0x00)
            case b"\x1d(" if given[:3] == b"H\x06\x00":
                self._fence(given[3:])
            case _ if not self._head.obey(prefix, given):
                self._note_unknown((prefix + given)[:_UNKNOWN_BYTES])

    def _fence(self, given: bytes) -> None:
        """GS ( H, function 48 (process id): 37 22 id 00, now that all before it is printed."""
        ident = given[2:]
        if given[:2] == b"00" and all(0x20 <= byte <= 0x7E for byte in ident):
            self._answers += b"\x37\x22" + ident + b"\x00"
        else:
            self._note_unknown(b"\x1d(H\x06\x00" + given)

    # ---- paper and drawer

    def picture(self, receipt: int = -1) -> Image.Image:
        """One of `strips` as it looks, the newest unless told: shades of grey, a pixel for each
        dot. Raises NoFont, and `IndexError` when there is no such receipt."""
        return draw(self.strips[receipt], self.columns)

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
