"""What a scanner sends by HID-POS, from reports to codes (USB-IF, HID Point of Sale Usage Tables
1.02, usage page 8C).

    02 0D ]  E  0  6 9 0 … (56 bytes)   73 00  00
    id length AIM  data                        bit 0: the code goes on in the next report

Owns how a report is laid out, which differs by maker, and how reports make one code. Sans-IO. The
layout above is Access-IS's (LSR118 Product Manual, appendix B) and Honeywell's.
"""

from dataclasses import dataclass, fields
from typing import Final, NamedTuple, Self

from hardware.link.hid_descriptor import Descriptor, Field
from hardware.scanner.scan import BREAK_GAP_S, CODE_LIMIT_BYTES, Heard, heard, noise

USAGE_PAGE: Final = 0x8C
REPORT_LIMIT_BYTES: Final = 4096
_DECODED_DATA: Final = 0x8C_00FE
_DATA_CONTINUED: Final = 0x8C_00FF
_SYMBOLOGY_1: Final = 0x8C_00FB
_BYTE_COUNT: Final = 0x01_003B
_AIM_BYTES: Final = 3
_AIM_FLAG: Final = 0x5D


class Part(NamedTuple):
    """What one report holds of a code."""

    data: bytes
    aim: str
    more: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a report stand, as offsets in bytes from its beginning: its number is
    offset 0, where reports are numbered. A negative offset counts from its end."""

    data: int
    length: int | None = None
    """Without one, NUL fills up what the data leaves."""
    aim: int | None = None
    more: int | None = None
    bit: int = 0
    """Of the byte at `more`."""
    size: int | None = None
    """The most that a report holds of the data."""
    id: int | None = None
    """The report's number; reports of other numbers are no codes."""

    @classmethod
    def read(cls, text: str) -> Self:
        """As in `layout=data:5,length:1,aim:2,more:63`; `ValueError` with the reason."""
        offsets: dict[str, int] = {}
        for word in text.split(","):
            name, _, number = word.partition(":")
            digits = number.removeprefix("-")
            if name not in _PARTS or name in offsets or not (digits.isascii() and digits.isdigit()):
                raise ValueError(f"layout is {text!r}, not like data:5,length:1,aim:2,more:63")
            offsets[name] = int(number)
        if not all(-REPORT_LIMIT_BYTES <= at < REPORT_LIMIT_BYTES for at in offsets.values()):
            raise ValueError(f"layout is {text!r}, an offset is out of any report")
        if offsets.get("data", -1) < 0 or offsets.get("size", 0) < 0:
            raise ValueError(f"layout is {text!r}, data has to stand somewhere from 0")
        if not 0 <= offsets.get("bit", 0) < 8:
            raise ValueError(f"layout is {text!r}, a byte has bits 0 to 7")
        return cls(**offsets)

    @classmethod
    def declared(cls, descriptor: Descriptor) -> Self | None:
        """As the device itself says it; None where it names neither a length nor an AIM identifier
        beside the data: then what is in that data is anyone's guess."""
        for data in descriptor.fields:
            if data.usage == _DECODED_DATA and _whole_bytes(data):
                beside = {
                    one.usage: one
                    for one in reversed(descriptor.fields)
                    if one.report_id == data.report_id
                }
                length, aim = beside.get(_BYTE_COUNT), beside.get(_SYMBOLOGY_1)
                more = beside.get(_DATA_CONTINUED)
                if length is None and aim is None:
                    continue
                return cls(
                    data=data.at_bit // 8,
                    length=length.at_bit // 8 if length and _whole_bytes(length) else None,
                    aim=aim.at_bit // 8 if aim and _whole_bytes(aim) else None,
                    more=more.at_bit // 8 if more else None,
                    bit=more.at_bit % 8 if more else 0,
                    size=data.count,
                    id=data.report_id,
                )
        return None

    @property
    def text(self) -> str:
        """As `read` takes it."""
        given = ((part.name, getattr(self, part.name)) for part in fields(self))
        return ",".join(
            f"{name}:{at}" for name, at in given if at is not None and (name, at) != _BIT_0
        )

    def cut(self, report: bytes) -> Part | None:
        """None when the report cannot be of this layout."""
        if self.id is not None and _byte(report, 0) != self.id:
            return None
        room = report[self.data :][: self.size]
        if self.length is None:
            data = room.rstrip(b"\0")
        else:
            length = _byte(report, self.length)
            if length is None or length > len(room):
                return None
            data = room[:length]
        aim = b"" if self.aim is None else report[self.aim :][:_AIM_BYTES]
        more = 0 if self.more is None else _byte(report, self.more)
        if more is None:
            return None
        told = aim[:1] == b"]" and aim.isascii()
        return Part(data, aim.decode() if told else "", bool(more >> self.bit & 1))


_PARTS: Final = frozenset(part.name for part in fields(Layout))
_BIT_0: Final = ("bit", 0)

NUMBERED: Final = Layout(data=5, length=1, aim=2, more=-1, size=56)
"""Access-IS and Honeywell, 64 bytes."""
UNNUMBERED: Final = Layout(data=4, length=0, aim=1, more=-1, size=56)
"""The same where reports have no number."""
PLAIN: Final = Layout(data=2, length=1)
"""Number, length, data and nothing else: Newland, Microscan (MS-4, USB HID Report Format)."""


def looks_like(report: bytes) -> Layout | None:
    """The layout of a report that nobody described, by the `]` of its AIM identifier; None when it
    is like none."""
    length = _byte(report, 1) or 0
    if _byte(report, 2) == _AIM_FLAG:
        # Counted into the length, the identifier is the beginning of the data itself: then there
        # is nothing behind so many bytes.
        behind = report[2 + length : 5 + length]
        return NUMBERED if any(behind) else PLAIN
    if _byte(report, 1) == _AIM_FLAG:
        return UNNUMBERED
    if report[:1] not in (b"", b"\0") and 0 < length <= len(report) - 2:
        return PLAIN if any(report[2:5]) else NUMBERED
    if 0 < (_byte(report, 0) or 0) <= len(report) - 4 and not any(report[1:4]):
        return UNNUMBERED
    return None


class HidPosParser:
    """Reports in, codes out. Each `feed` is one report, as /dev/hidraw hands them over; on a wire
    that does not keep them apart each has `report_bytes`. Any bytes at all do no harm."""

    def __init__(self, layout: Layout | None = None, report_bytes: int | None = None) -> None:
        """Without a `layout` each code's first report shows its own."""
        self._given = layout
        self._report_bytes = report_bytes
        self._partial = b""
        self._layout: Layout | None = None
        self._held = bytearray()
        self._aim = ""
        self._spoilt = False
        self.gap_s: float = BREAK_GAP_S

    @property
    def begun(self) -> bool:
        """A code goes on in the next report."""
        return bool(self._partial) or self._layout is not None

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes complete."""
        if self._report_bytes is None:
            return self._report(data)
        codes: list[Heard] = []
        self._partial += data
        while len(self._partial) >= self._report_bytes:
            report = self._partial[: self._report_bytes]
            self._partial = self._partial[self._report_bytes :]
            codes += self._report(report)
        return codes

    def gap(self) -> list[Heard]:
        """The rest never came: half a code is none."""
        return self.broken()

    def broken(self) -> list[Heard]:
        left = bytes(self._held) + self._partial
        self._partial = b""
        begun = self._layout is not None
        self._forget()
        return [noise(left)] if begun or left else []

    def _report(self, report: bytes) -> list[Heard]:
        if not any(report[1:]):
            return []  # a scanner at rest
        layout = self._layout or self._given or looks_like(report)
        part = layout.cut(report) if layout else None
        if part is None:
            # Within a code it may be any part of it, its last one too: what follows is not trusted
            # to begin a code before one has ended.
            self._spoilt = self._layout is not None
            return [noise(report)]
        codes: list[Heard] = []
        if self._aim and part.aim and part.aim != self._aim:
            codes = self.broken()
        self._aim = self._aim or part.aim
        self._layout = layout
        self._hold(part.data)
        return codes if part.more else codes + self._end()

    def _hold(self, data: bytes) -> None:
        if len(self._held) <= CODE_LIMIT_BYTES:
            self._held += data

    def _end(self) -> list[Heard]:
        code = bytes(self._held).rstrip(b"\r\n")
        found = noise(code) if self._spoilt else heard(code, self._aim)
        self._forget()
        return [found]

    def _forget(self) -> None:
        self._held.clear()
        self._layout, self._aim, self._spoilt = None, "", False


def _byte(report: bytes, at: int) -> int | None:
    return report[at] if -len(report) <= at < len(report) else None


def _whole_bytes(field: Field) -> bool:
    return field.at_bit % 8 == 0 and field.size_bits == 8
