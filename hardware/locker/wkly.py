"""The board whose frames begin with WKLY: up to 64 channels, each frame telling its own length.

Sources: the samples of the vendor's manual as several public implementations carry them (LockDemo
LockCtlBoardCmdHelper and its tests, EasyIot, Arcen-Locker). Frames in hexadecimal behind 57 4B 4C
59 LEN bb; LEN counts the whole frame, bb is the board, cc a channel from 1, RR 00 done or FF
failed, SS 01 closed or 00 open, x the XOR of all bytes before, head and LEN included:

    open          82 cc x     82 RR cc SS x (some boards say nothing)
    query one     83 cc x     83 RR cc SS x
    query all     84 x        84 RR n SS .. SS x, channel 1 first
    a door moved              85 cc SS x
    flash a lamp              81 RR cc x

9600 baud; some boards come at 115,200.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Final

from hardware.driver import SerialDefaults
from hardware.locker.board import (
    Contact,
    ContactChanged,
    Contacts,
    OrderAnswered,
    Refused,
    Reply,
    Timing,
    xor,
)
from hardware.locker.locker import driver

_HEAD: Final = b"WKLY"
_FRAME_BYTES: Final = 8
"""Head, length, board, command and check."""
_OPEN, _QUERY_ONE, _QUERY = 0x82, 0x83, 0x84
_CONTACT = {0x00: False, 0x01: True}


@dataclass(frozen=True, slots=True)
class Wkly:
    """The frames above."""

    numbers: ClassVar[range] = range(32)
    locks_most: ClassVar[int] = 64
    usual_number: ClassVar[int] = 0
    usual_locks: ClassVar[int] = 24
    timing: Timing = field(default_factory=Timing)

    def query(self, board: int, locks: int) -> bytes:  # noqa: ARG002  they tell of all they have
        return _framed(board, _QUERY)

    def query_one(self, board: int, lock: int) -> bytes:
        return _framed(board, _QUERY_ONE, lock)

    def open(self, board: int, lock: int) -> bytes:
        return _framed(board, _OPEN, lock)

    def calm(self, board: int) -> None:
        """There is no such order."""

    def roll_call(self) -> None:
        """There is no such order."""

    def only_echo(self, order: bytes) -> bool:  # noqa: ARG002  answers are longer
        return True

    def frames(self, data: bytes) -> Iterator[tuple[Reply, int]]:
        if len(data) < _FRAME_BYTES or data[:4] != _HEAD:
            return
        size_bytes = data[4]
        frame = data[:size_bytes]
        if not _FRAME_BYTES <= size_bytes == len(frame) or xor(frame) != 0:
            return
        if (reply := _read(frame[5], frame[6], frame[7:-1])) is not None:
            yield reply, size_bytes


def _read(board: int, command: int, content: bytes) -> Reply | None:
    reply: Reply | None = None
    match command, *content:
        case 0x85, lock, state if state in _CONTACT:
            reply = ContactChanged(board, lock, _CONTACT[state])
        case _, 0xFF, *_:
            reply = Refused(board, 0xFF)
        case 0x81, 0x00, lock:
            reply = OrderAnswered(board, lock)
        case 0x82, 0x00, lock, state if state in _CONTACT:
            reply = OrderAnswered(board, lock, _CONTACT[state])
        case 0x83, 0x00, lock, state if state in _CONTACT:
            reply = Contact(board, lock, _CONTACT[state])
        case 0x84, 0x00, count, *states if count == len(states) and _CONTACT.keys() >= {*states}:
            reply = Contacts(board, tuple(_CONTACT[state] for state in states))
    return reply


def _framed(board: int, command: int, *content: int) -> bytes:
    frame = bytes((*_HEAD, _FRAME_BYTES + len(content), board, command, *content))
    return bytes((*frame, xor(frame)))


DRIVER = driver(lambda _url: Wkly(), SerialDefaults(9600))
