r"""What a scanner sends at a serial port, from bytes to codes.

    >>> parser = ScanParser(Framing())
    >>> parser.feed(b"]E06901028075022\r\n690")
    [Scan(code='6901028075022', aim=']E0')]
    >>> parser.gap()
    [Scan(code='690', aim='')]

Owns prefix, suffix and pauses. Sans-IO.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hardware.scanner.scan import (
    BREAK_GAP_S,
    CODE_LIMIT_BYTES,
    END_GAP_S,
    NOISE_KEPT_BYTES,
    Heard,
    Noise,
    Scan,
    heard,
    noise,
)


class Suffix(StrEnum):
    """What the scanner sends behind a code; `LINE` takes CR, LF, both, or a pause."""

    LINE = "line"
    CR = "cr"
    LF = "lf"
    CRLF = "crlf"
    TAB = "tab"


_ENDS: Final = {
    Suffix.LINE: re.compile(rb"[\r\n]"),
    Suffix.CR: re.compile(rb"\r"),
    Suffix.LF: re.compile(rb"\n"),
    Suffix.CRLF: re.compile(rb"\r\n"),
    Suffix.TAB: re.compile(rb"\t"),
}


@dataclass(frozen=True, slots=True)
class Framing:
    """What stands around a code. Where a prefix is agreed, what comes without it is noise: its
    beginning is missing."""

    prefix: bytes = b""
    suffix: Suffix = Suffix.LINE

    @property
    def gap_s(self) -> float:
        """How long a pause within a code may be at most."""
        return END_GAP_S if self.suffix is Suffix.LINE else BREAK_GAP_S


class ScanParser:
    """Bytes in, codes out, in order; any bytes at all do no harm."""

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._end = _ENDS[framing.suffix]
        self._held = bytearray()
        self._overlong = False
        self.gap_s: float = framing.gap_s

    @property
    def begun(self) -> bool:
        """Something came that has not ended."""
        return bool(self._held)

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes complete."""
        codes: list[Heard] = []
        self._held += data
        begin = 0
        while end := self._end.search(self._held, begin):
            codes += self._code(bytes(self._held[begin : end.start()]))
            begin = end.end()
        del self._held[:begin]
        if len(self._held) > CODE_LIMIT_BYTES + 1:  # the first half of a CRLF may be among them
            self._overlong = True
            del self._held[NOISE_KEPT_BYTES:-1]
        return codes

    def gap(self) -> list[Heard]:
        """What a pause of `Framing.gap_s` completes."""
        if self._framing.suffix is Suffix.LINE:
            held = bytes(self._held)
            self._held.clear()
            return self._code(held)
        return self.broken()

    def broken(self) -> list[Heard]:
        """The link broke: half a code is noise, it could be the whole code of something else."""
        held = bytes(self._held[:NOISE_KEPT_BYTES])
        # of CR LF, where the suffix is CR alone, the other half stays behind every code
        left: list[Heard] = [Noise(held)] if held.strip(b"\r\n") else []
        self._held.clear()
        self._overlong = False
        return left

    def _code(self, framed: bytes) -> list[Heard]:
        overlong, self._overlong = self._overlong, False
        framed = framed.strip(b"\r\n")
        if not framed:
            return []
        prefix = self._framing.prefix
        if overlong or len(framed) > CODE_LIMIT_BYTES or not framed.startswith(prefix):
            return [noise(framed)]
        code = heard(framed[len(prefix) :])
        return [code if isinstance(code, Scan) else noise(framed)]
