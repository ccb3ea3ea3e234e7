"""What a receipt printer says back, told apart in one stream. Sans-IO.

Status answers, buffer answers, automatic status and flow control share one byte stream; their
fixed bits tell them apart (Citizen CT-S310 command manual, p. 310; `*` is data):

    0001 0001 / 0001 0011   XON / XOFF
    0**1 **10               answer to DLE EOT          0**1 **00, 3 × 0**0 ****   automatic status
    0**0 ****               answer to GS r             37 22 d1 d2 d3 d4 00       answer to GS ( H
    5F … 00                 answer to GS I 65 to 69

XON and XOFF stand inside none of the others: 11h and 13h have bit 4 set and bit 0 too, and where
the table has bit 4 set it has bit 0 clear; headers are 37 22 and 5F, and what follows them is 20h
to 7Eh, then 00. So the kernel may take them out of the stream (flow=xonxoff of a serial port).

Refuses to own when to ask and how long to wait. No input makes it fail: a byte that fits nowhere
is `Noise`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_PROCESS_ID_HEADER = b"\x37\x22"
_AUTOMATIC_STATUS_BYTES = 4
_PROCESS_DONE_BYTES = 7
_IDENTITY_HEADER = 0x5F
_IDENTITY_LIMIT_BYTES: Final = 82
"""Header, 80 characters (Epson's limit, GS I) and NUL."""


@dataclass(frozen=True, slots=True)
class RealTimeStatus:
    """Answer to DLE EOT n; the meaning of `bits` depends on the n that was asked."""

    bits: int


@dataclass(frozen=True, slots=True)
class BufferStatus:
    """Answer to GS r: the buffer was processed up to that command."""

    bits: int


@dataclass(frozen=True, slots=True)
class ProcessDone:
    """Answer to GS ( H: everything before the fence with this `ident` (4 bytes) was printed."""

    ident: bytes


@dataclass(frozen=True, slots=True)
class AutomaticStatus:
    """Four bytes sent unasked on a change (GS a); some printers come with it switched on."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """Answer to GS I: maker, model, firmware or serial number, whichever was asked."""

    text: str


@dataclass(frozen=True, slots=True)
class FlowControl:
    """XON (`go`) or XOFF."""

    go: bool


@dataclass(frozen=True, slots=True)
class Noise:
    """One byte that is no reply we know."""

    raw: bytes


Reply = (
    RealTimeStatus | BufferStatus | ProcessDone | AutomaticStatus | Identity | FlowControl | Noise
)


class ReplyParser:
    """Feed it what was read, in any pieces; it holds back at most what an identity has."""

    gap_s = 0.5
    """A reply is sent in one go; at 1200 baud a byte takes 9 ms."""

    def __init__(self) -> None:
        self._held = bytearray()

    @property
    def begun(self) -> bool:
        return bool(self._held)

    def gap(self) -> list[Reply]:
        """What begun and did not end is noise, but what came behind it may be a reply."""
        replies: list[Reply] = []
        while self._held:
            replies += [_noise(self._held)[0]]
            del self._held[:1]
            replies += self.feed(b"")
        return replies

    def broken(self) -> list[Reply]:
        return self.gap()

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that are whole now, in order."""
        self._held += data
        replies: list[Reply] = []
        while self._held and (step := _first(self._held)) is not None:
            reply, size_bytes = step
            replies.append(reply)
            del self._held[:size_bytes]
        return replies


def _first(data: bytes | bytearray) -> tuple[Reply, int] | None:
    """The reply that begins `data` and its size in bytes, or None while it is not yet whole."""
    head = data[0]
    if head in (0x11, 0x13):
        return FlowControl(go=head == 0x11), 1
    if head in _BLOCKS:
        return _BLOCKS[head](data)
    match head & 0b1001_0011:
        case 0b0001_0010:
            return RealTimeStatus(head), 1
        case 0b0001_0000:
            return _automatic_status(data)
        case fixed if not fixed & 0b1001_0000:
            return BufferStatus(head), 1
        case _:
            return _noise(data)


def _process_done(data: bytes | bytearray) -> tuple[Reply, int] | None:
    fits = (
        data[:2] == _PROCESS_ID_HEADER[: len(data)]
        and all(0x20 <= byte <= 0x7E for byte in data[2:6])
        and data[6:7] in (b"", b"\x00")
    )
    if not fits:
        return _noise(data)
    if len(data) < _PROCESS_DONE_BYTES:
        return None
    return ProcessDone(bytes(data[2:6])), _PROCESS_DONE_BYTES


def _identity(data: bytes | bytearray) -> tuple[Reply, int] | None:
    end = data.find(0)
    text = bytes(data[1 : end if end > 0 else len(data)])
    if len(text) > _IDENTITY_LIMIT_BYTES - 2 or not all(0x20 <= byte <= 0x7E for byte in text):
        return _noise(data)
    return None if end < 0 else (Identity(text.decode("ascii")), end + 1)


def _automatic_status(data: bytes | bytearray) -> tuple[Reply, int] | None:
    if any(byte & 0b1001_0000 for byte in data[1:_AUTOMATIC_STATUS_BYTES]):
        return _noise(data)
    if len(data) < _AUTOMATIC_STATUS_BYTES:
        return None
    return AutomaticStatus(bytes(data[:_AUTOMATIC_STATUS_BYTES])), _AUTOMATIC_STATUS_BYTES


def _noise(data: bytes | bytearray) -> tuple[Reply, int]:
    return Noise(bytes(data[:1])), 1


_BLOCKS: Final[dict[int, Callable[[bytes | bytearray], tuple[Reply, int] | None]]] = {
    _PROCESS_ID_HEADER[0]: _process_done,
    _IDENTITY_HEADER: _identity,
}
