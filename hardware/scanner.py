r"""A barcode scanner on a serial port: from bytes to codes, and the port kept open.

    >>> parser = ScanParser(Framing())
    >>> parser.feed(b"]E06901028075022\r\n690")
    [Scan(code='6901028075022', aim=']E0')]
    >>> parser.gap()
    [Scan(code='690', aim='')]

`ScanParser` is sans-IO. What a code means (a product, a member, a parcel) is not for this module.
"""

import asyncio
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from hardware.device import (
    DeviceState,
    Fault,
    ScannerForbidden,
    ScannerTaken,
    ScannerUnplugged,
)
from hardware.link import Connect, Link

CODE_LIMIT_BYTES: Final = 4296
"""The most that a QR code of letters and digits holds (ISO/IEC 18004)."""
END_GAP_S: Final = 0.1
"""A pause as long ends a code where no suffix is agreed; within one, bytes come 1 ms apart."""
BREAK_GAP_S: Final = 1.0
"""A pause as long where a suffix is agreed: the code broke off, and half a code is none."""
NOISE_KEPT_BYTES: Final = 64

_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_WITHIN_CODES = frozenset("\x04\t\n\r\x1c\x1d\x1e\x1f")
"""Control characters that codes are made with: GS1 element strings (GS), ISO/IEC 15434 (RS, EOT),
text in a QR code."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What was scanned; `aim` is the symbology (`]E0`, ISO/IEC 15424), empty when not sent."""

    code: str
    aim: str = ""

    @classmethod
    def read(cls, text: str) -> "Scan":
        """The same text with an AIM identifier in front told apart."""
        aim = _AIM.match(text)
        return cls(text[3:], text[:3]) if aim and len(text) > 3 else cls(text)


@dataclass(frozen=True, slots=True)
class Noise:
    """What came and was no code: the first bytes of it."""

    data: bytes


Heard: TypeAlias = Scan | Noise


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


@dataclass(frozen=True, slots=True)
class Wedge:
    """A scanner that types: what it puts around a code, for whoever gathers the keys."""

    prefix: str = ""
    suffix: Literal["enter", "tab"] = "enter"


class ScanParser:
    """Bytes in, codes out, in order; any bytes at all do no harm."""

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._held = bytearray()
        self._overlong = False

    @property
    def begun(self) -> bool:
        """Something came that has not ended."""
        return bool(self._held)

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes complete."""
        heard: list[Heard] = []
        self._held += data
        while end := _ENDS[self._framing.suffix].search(self._held):
            heard += self._code(bytes(self._held[: end.start()]))
            del self._held[: end.end()]
        if len(self._held) > CODE_LIMIT_BYTES + 1:  # the first half of a CRLF may be among them
            self._overlong = True
            del self._held[NOISE_KEPT_BYTES:-1]
        return heard

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
        noise: list[Heard] = [Noise(held)] if held.strip(b"\r\n") else []
        self._held.clear()
        self._overlong = False
        return noise

    def _code(self, framed: bytes) -> list[Heard]:
        overlong, self._overlong = self._overlong, False
        framed = framed.strip(b"\r\n")
        if not framed:
            return []
        prefix = self._framing.prefix
        overlong = overlong or len(framed) > CODE_LIMIT_BYTES
        whole = not overlong and framed.startswith(prefix)
        text = _text(framed[len(prefix) :]) if whole else None
        return [Scan.read(text)] if text else [Noise(framed[:NOISE_KEPT_BYTES])]


def _text(data: bytes) -> str | None:
    for encoding in ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        strange = (char for char in text if char not in _WITHIN_CODES)
        return None if any(unicodedata.category(char) == "Cc" for char in strange) else text
    return None


class SerialScanner:
    """One scanner, kept open: after any trouble its port is tried again until it is back."""

    def __init__(
        self,
        connect: Connect,
        framing: Framing,
        *,
        back_off_s: tuple[float, float] = (0.5, 5.0),
    ) -> None:
        self._connect = connect
        self._framing = framing
        self._back_off_s = back_off_s
        self.state = DeviceState(known=False)
        self.on_scan: Callable[[Scan], object] = lambda _: None
        self.on_noise: Callable[[Noise], object] = lambda _: None
        self.on_state: Callable[[], object] = lambda: None

    async def serve(self) -> None:
        """Hand over what is scanned until cancelled; each wait for the port is twice as long as
        the one before, until it opens."""
        first_s, most_s = self._back_off_s
        wait_s = first_s
        while True:
            try:
                link = await self._connect()
            except OSError as refused:
                self._stands(_why(refused))
            else:
                wait_s = first_s
                await self._listen(link)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, most_s)

    async def _listen(self, link: Link) -> None:
        """Until the link breaks."""
        try:
            self._stands(None)
            self._stands(_why(await self._broke(link)))
        finally:
            await link.close()

    async def _broke(self, link: Link) -> OSError:
        """Hand over what the link brings; what broke it."""
        parser = ScanParser(self._framing)
        while True:
            try:
                heard = parser.feed(await link.read(self._framing.gap_s if parser.begun else None))
            except TimeoutError:
                heard = parser.gap()
            except OSError as broken:
                self._hand_over(parser.broken())
                return broken
            self._hand_over(heard)

    def _hand_over(self, heard: list[Heard]) -> None:
        for one in heard:
            if isinstance(one, Scan):
                self.on_scan(one)
            else:
                self.on_noise(one)

    def _stands(self, fault: Fault | None) -> None:
        before, self.state = self.state, DeviceState(fault)
        if not before.known or type(before.fault) is not type(fault):
            self.on_state()


def _why(trouble: OSError) -> Fault:
    if isinstance(trouble, PermissionError):
        return ScannerForbidden(str(trouble))
    if isinstance(trouble, BlockingIOError):
        return ScannerTaken(str(trouble))
    return ScannerUnplugged(str(trouble))
