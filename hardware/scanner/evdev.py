"""What a keyboard scanner sends at /dev/input/event…, from the kernel's events to codes.

    struct input_event: time (16 bytes, 8 on 32-bit systems), type, code (2 each), value (4)

Owns the events and where a code ends. Sans-IO. Source: the kernel's Documentation/input/
event-codes.rst and include/uapi/linux/input.h.
"""

import struct
from enum import StrEnum
from typing import Final

from hardware.scanner.keyboard import UsKeyboard
from hardware.scanner.scan import (
    BREAK_GAP_S,
    CODE_LIMIT_BYTES,
    END_GAP_S,
    Heard,
    Scan,
    heard,
    noise,
)

EVENT_BYTES: Final = struct.calcsize("llHHi")
"""Of this system: 24, or 16 where a long has 32 bits."""
EV_SYN: Final = 0
EV_KEY: Final = 1
EV_MAX: Final = 0x1F
SYN_REPORT: Final = 0
SYN_DROPPED: Final = 3
RELEASED: Final = 0
PRESSED: Final = 1


class LastKey(StrEnum):
    """What the scanner types behind a code; `PAUSE` where it types nothing."""

    ENTER = "enter"
    TAB = "tab"
    PAUSE = "pause"


_ENDS: Final = {LastKey.ENTER: b"\r", LastKey.TAB: b"\t", LastKey.PAUSE: None}


class EvdevParser:
    """Bytes of events in, in any pieces, codes out; any bytes at all do no harm.

    A code of which anything was lost or not understood is noise as a whole, up to its last key.
    """

    def __init__(
        self,
        last_key: LastKey = LastKey.ENTER,
        prefix: bytes = b"",
        event_bytes: int = EVENT_BYTES,
    ) -> None:
        """`event_bytes` are 24 or 16; what comes without the `prefix` is noise."""
        self._event = struct.Struct(f"={event_bytes - 8}xHHi")
        self._end = _ENDS[last_key]
        self._prefix = prefix
        self._partial = b""
        self._keyboard = UsKeyboard()
        self._held = bytearray()
        self._spoilt = False
        self._dropping = False
        self.gap_s: float = END_GAP_S if last_key is LastKey.PAUSE else BREAK_GAP_S

    @property
    def begun(self) -> bool:
        """A code has not ended, or a key is still down."""
        return bool(self._partial or self._held or self._spoilt) or not self._keyboard.at_rest

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes complete."""
        codes: list[Heard] = []
        data = self._partial + data
        whole = len(data) - len(data) % self._event.size
        self._partial = data[whole:]
        for kind, code, value in self._event.iter_unpack(data[:whole]):
            codes += self._take(kind, code, value)
        return codes

    def gap(self) -> list[Heard]:
        """What a pause of `gap_s` completes."""
        if self._end is not None or self._keyboard.in_a_number:
            return self.broken()
        self._partial = b""
        self._keyboard.reset()
        return self._code()

    def broken(self) -> list[Heard]:
        """Half a code is noise."""
        self._partial = b""
        # of Enter and Ctrl+J, where Enter ends a code, the other stays behind every code
        half = bool(self._held.strip(b"\r\n")) or self._keyboard.in_a_number
        self._spoilt = self._spoilt or half
        self._keyboard.reset()
        return self._code()

    def _take(self, kind: int, code: int, value: int) -> list[Heard]:
        if kind == EV_KEY and self._dropping:
            self._spoilt = True  # also when a pause has come since the loss
        elif kind == EV_KEY:
            if value == PRESSED:
                return self._typed(self._keyboard.press(code))
            if value == RELEASED:  # and not repeated while it is held down
                return self._typed(self._keyboard.release(code))
        elif kind == EV_SYN:
            self._synchronised(code)
        elif kind > EV_MAX:  # no event of the kernel's: whatever this is, a code is not in it
            self._spoilt = True
        return []

    def _synchronised(self, code: int) -> None:
        """The kernel has lost events: what is left of them up to the next report is void, and
        which keys are down is not known."""
        if code == SYN_DROPPED:
            self._dropping = self._spoilt = True
            self._keyboard.reset()
        elif code == SYN_REPORT:
            self._dropping = False

    def _typed(self, typed: bytes | None) -> list[Heard]:
        if typed is None:
            self._spoilt = True
        elif typed and typed == self._end:
            return self._code()
        elif len(self._held) <= CODE_LIMIT_BYTES:
            self._held += typed
        return []

    def _code(self) -> list[Heard]:
        typed, spoilt = bytes(self._held).strip(b"\r\n"), self._spoilt
        self._held.clear()
        self._spoilt = False
        if not (spoilt or typed):
            return []
        if spoilt or not typed.startswith(self._prefix):
            return [noise(typed)]
        code = heard(typed[len(self._prefix) :])
        return [code if isinstance(code, Scan) else noise(typed)]
