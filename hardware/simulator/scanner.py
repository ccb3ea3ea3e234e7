"""A scanner that reads what it is told: codes go out as those of real ones do, as bytes of a
serial port, as HID-POS reports, or as keys that are typed."""

import asyncio
import contextlib
import struct
from collections.abc import Iterator
from enum import StrEnum
from itertools import cycle
from typing import Final

from hardware.scanner import keyboard
from hardware.scanner.evdev import EV_KEY, EV_SYN, PRESSED, RELEASED, SYN_REPORT
from hardware.scanner.scan import Scan
from hardware.simulator.catalogue import Simulated
from hardware.simulator.machine import Machine
from hardware.url import DeviceUrl

ROOM_BYTES: Final = 4096
"""What it keeps for a host that does not read yet; a code that finds some room is kept whole."""
TAKE_S: Final = 5.0
REPORT_BYTES: Final = 64
REPORT_ID: Final = 2
_DATA_BYTES: Final = 56
_SUFFIXES: Final = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n", "tab": b"\t"}
_EVENT: Final = struct.Struct("llHHi")


class Form(StrEnum):
    """What comes out of its cable."""

    SERIAL = "serial"
    HID_POS = "hidpos"
    KEYS = "keys"


class SimulatedScanner(Machine):
    """`prefix` and `suffix` go round each code; those of a suffix that no report and no key
    carries are left out. An AIM identifier in front of a code goes where the form has it."""

    driver = "scan"

    def __init__(
        self, *, prefix: bytes = b"", suffix: bytes = b"\r", form: Form = Form.SERIAL
    ) -> None:
        super().__init__()
        self._prefix, self._suffix, self._form = prefix, suffix, form
        self._moved = asyncio.Event()
        self._shelf: Iterator[str] | None = None
        self._every_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    # ---- the wire

    def feed(self, data: bytes) -> int:
        """A scanner takes no orders from us."""
        return len(data)

    def take_answers(self) -> bytes:
        answers = super().take_answers()
        self._moved.set()
        self._keep_scanning()
        return answers

    def options(self) -> dict[str, object]:
        match self._form:
            case Form.SERIAL:
                return {}
            case Form.HID_POS:
                return {"form": self._form, "report": REPORT_BYTES}
            case Form.KEYS:
                return {"form": self._form}

    # ---- what it does

    def scan(self, code: str) -> bool:
        """Beep. False when no host is there, or so much waits that it has no room: the code is
        lost then, as with a real one. True says that it goes out, not that it will be read."""
        there = self.powered and self.plugged and self.connected
        if not there or len(self._answers) >= ROOM_BYTES:
            return False
        self._say(self._sent(code))
        return True

    async def gone_out(self) -> bool:
        """Wait until the wire has taken all it has read; False when it did not, in `TAKE_S`, or
        was unplugged meanwhile."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TAKE_S):
                while self._answers:
                    self._moved.clear()
                    await self._moved.wait()
        return self.powered and self.plugged and not self._answers

    def scan_by_itself(self, codes: list[str], every_s: float) -> None:
        """One after the other, again and again, as long as a host is there."""
        self._shelf, self._every_s = cycle(codes), every_s

    def turn_knob(self, words: str) -> None:
        match words.split():
            case ["scan", code]:
                self.scan(code)
            case _:
                super().turn_knob(words)

    def _keep_scanning(self) -> None:
        if self._shelf is not None and self.connected and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._every_s, self._next)

    def _next(self) -> None:
        self._timer = None
        if self._shelf is not None and not self._answers:
            code = next(self._shelf)
            if self.scan(code):  # when that is taken, the next one
                self._told(f"scanned {code}")

    def _changed(self) -> None:
        self._moved.set()
        super()._changed()

    def _sent(self, code: str) -> bytes:
        match self._form:
            case Form.SERIAL:
                return self._prefix + code.encode() + self._suffix
            case Form.HID_POS:
                return b"".join(_reports(Scan.read(code)))
            case Form.KEYS:
                return typed(self._prefix + code.encode() + self._suffix)


def _reports(scan: Scan) -> Iterator[bytes]:
    """As LSR118 Product Manual, appendix B."""
    data, aim = scan.code.encode(), scan.aim.encode().ljust(3, b"\0")
    for at in range(0, len(data) or 1, _DATA_BYTES):
        piece = data[at : at + _DATA_BYTES]
        head = bytes((REPORT_ID, len(piece))) + aim
        more = at + _DATA_BYTES < len(data)
        yield (head + piece).ljust(REPORT_BYTES - 1, b"\0") + bytes((more,))


_KEYS: Final = {
    **{char: (key, True) for key, char in keyboard.SHIFTED.items()},
    **{char: (key, False) for key, char in keyboard.PLAIN.items()},
    "\r": (keyboard.ENTER, False), "\t": (keyboard.TAB, False),
}  # fmt: skip
_KEYPAD: Final = {char: key for key, char in keyboard.KEYPAD.items()}
_GS: Final = 0x1D


def typed(data: bytes) -> bytes:
    """The events of a keyboard that types these bytes: GS as Ctrl+], what no key has by its number
    on the keypad while Alt is down."""
    return b"".join(_event(*one) for byte in data for one in _strokes(byte))


def _strokes(byte: int) -> Iterator[tuple[int, int, int]]:
    char = chr(byte)
    if byte == _GS:
        yield from _held(keyboard.LEFT_CTRL, [_KEYS["]"][0]])
    elif char not in _KEYS:
        yield from _held(keyboard.LEFT_ALT, [_KEYPAD[digit] for digit in f"{byte:04}"])
    else:
        key, shift = _KEYS[char]
        yield from _held(keyboard.LEFT_SHIFT, [key]) if shift else _stroke(key)


def _held(modifier: int, keys: list[int]) -> Iterator[tuple[int, int, int]]:
    yield from ((EV_KEY, modifier, PRESSED), (EV_SYN, SYN_REPORT, 0))
    for key in keys:
        yield from _stroke(key)
    yield from ((EV_KEY, modifier, RELEASED), (EV_SYN, SYN_REPORT, 0))


def _stroke(key: int) -> Iterator[tuple[int, int, int]]:
    for value in (PRESSED, RELEASED):
        yield from ((EV_KEY, key, value), (EV_SYN, SYN_REPORT, 0))


def _event(kind: int, code: int, value: int) -> bytes:
    return _EVENT.pack(0, 0, kind, code, value)


def _make(url: DeviceUrl) -> SimulatedScanner:
    """Knobs: `form`; `codes` separated by commas, which it scans by itself each `every_ms`.
    `prefix` and `suffix` are the driver's too."""
    form = Form(url.one_of("form", *Form))
    ends = _SUFFIXES | {"enter": b"\r", "pause": b""}
    scanner = SimulatedScanner(
        prefix=url.options.get("prefix", "").encode(),
        suffix=ends.get(url.options.get("suffix", ""), b"\r"),
        form=form,
    )
    codes = [code for code in url.text_option("codes").split(",") if code]
    every_ms = url.number("every_ms", 1000, 1, 3_600_000)
    if codes:
        scanner.scan_by_itself(codes, every_ms / 1000)
    return scanner


SIMULATED = Simulated(_make)
