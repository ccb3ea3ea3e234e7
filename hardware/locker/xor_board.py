"""The "8A/80" board, the most widespread of China's: 8 to 50 locks, RS-485, frames under an XOR.

Sources: "锁控板通讯协议和规格书" (csdn u012909822/147892413), qiwenming/QwmLockDemo,
DigitalPlatform WjlLockDriver.cs, Open-Locker locker-client. Frames in hexadecimal; bb board, ll
lock, SS 00 or 11, S(n) status bytes with the highest locks first, the last one's lowest bit being
lock 1; x the check:

    open          8A bb ll 11 x     8A bb ll SS x (80 on some firmware)
    query one     80 bb ll 33 x     80 bb ll SS x
    query all     80 bb 00 33 x     80 bb S(n) .. S(1) 33 x
    address       80 01 00 99 x     80 01 AA 99 x
    a door moved                    82 bb ll SS x (81 on some firmware)

11, and a set bit, is a closed contact. A board of 8 locks answers with three status bytes all the
same. The order to open all locks at once is left out on purpose: the supply does not carry it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Final

from hardware.driver import SerialDefaults
from hardware.locker.board import (
    Address,
    Contact,
    ContactChanged,
    Contacts,
    OrderAnswered,
    Reply,
    Timing,
    bits,
    xor,
)
from hardware.locker.locker import driver

_OPEN, _QUERY = 0x8A, 0x80
_MOVED = (0x81, 0x82)
_OPENS, _ASKS, _ASKS_ADDRESS = 0x11, 0x33, 0x99
_CONTACT = {0x00: False, 0x11: True}
_SHORT_BYTES: Final = 5
_STATUS_BYTES_MOST: Final = 8


@dataclass(frozen=True, slots=True)
class XorBoard:
    """The frames above. An order to open is answered after 0.5 to 1 s."""

    numbers: ClassVar[range] = range(1, 100)
    locks_most: ClassVar[int] = 8 * _STATUS_BYTES_MOST
    usual_number: ClassVar[int] = 1
    usual_locks: ClassVar[int] = 24
    timing: Timing = field(default_factory=Timing)

    def query(self, board: int, locks: int) -> bytes:  # noqa: ARG002  they tell of all they have
        return _framed(_QUERY, board, 0, _ASKS)

    def query_one(self, board: int, lock: int) -> bytes:
        return _framed(_QUERY, board, lock, _ASKS)

    def open(self, board: int, lock: int) -> bytes:
        return _framed(_OPEN, board, lock, _OPENS)

    def calm(self, board: int) -> None:
        """There is no such order."""

    def roll_call(self) -> bytes:
        """Answered rightly only by a board that is alone on the wire."""
        return _framed(_QUERY, 1, 0, _ASKS_ADDRESS)

    def only_echo(self, order: bytes) -> bool:
        """A failed opening is answered like its order, and a query of all locks may be, by eight
        open contacts. A query of one lock is answered by 00 or 11, never by its own 33."""
        return order[0] == _QUERY and order[2] != 0 and order[3] == _ASKS

    def frames(self, data: bytes) -> Iterator[tuple[Reply, int]]:
        short = data[:_SHORT_BYTES]
        whole = len(short) == _SHORT_BYTES and xor(short) == 0
        if whole and (reply := _short(*short[:4])) is not None:
            yield reply, _SHORT_BYTES
        if data[0] != _QUERY:
            return
        for count in range(1, _STATUS_BYTES_MOST + 1):
            size_bytes = count + 4
            if data[size_bytes - 2 : size_bytes - 1] != bytes((_ASKS,)) or len(data) < size_bytes:
                continue
            if xor(data[:size_bytes]) == 0:
                yield Contacts(data[1], bits(data[2 : 2 + count][::-1])), size_bytes


def _short(head: int, board: int, lock: int, state: int) -> Reply | None:
    if head == _QUERY and state == _ASKS_ADDRESS and lock != 0:
        return Address(lock)
    if state not in _CONTACT or lock == 0:
        return None
    closed = _CONTACT[state]
    if head == _OPEN:
        return OrderAnswered(board, lock, closed)
    if head == _QUERY:
        return Contact(board, lock, closed)
    return ContactChanged(board, lock, closed) if head in _MOVED else None


def _framed(*content: int) -> bytes:
    return bytes((*content, xor(bytes(content))))


DRIVER = driver(lambda _url: XorBoard(), SerialDefaults(9600))
