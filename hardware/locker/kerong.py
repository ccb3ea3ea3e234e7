"""Kerong's KR-CU16: 16 locks to a board, 16 boards to a wire, frames between STX and ETX.

Sources: julio-alv/lkaas-kerong (commit ec484a28), jin0949/KR-CU16_locker, two Python
implementations. Frames in hexadecimal; A is the address, board in its high and lock in its low
four bits, both from 0; L1 L2 the contacts of locks 1 to 8 and 9 to 16, I1 I2 what the infrared
sees, the lowest bit first; s the sum of all bytes before:

    status        02 A 30 03 s      02 A 35 L1 L2 I1 I2 03 s
    .. of all     02 F0 32 03 s     02 A 36 L1 L2 I1 I2 03 s, one from each board
    open          02 A 31 03 s      nothing to rely on: look at the contact after 25 to 500 ms

A set bit is a closed contact, with the hook in it. The order to open all locks at once is left
out on purpose. The factory's rate is 19,200 baud; boards at 9600, 57,600 and 115,200 are about.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Final

from hardware.driver import SerialDefaults
from hardware.locker.board import Contacts, Reply, Timing, bits
from hardware.locker.locker import driver

_STX, _ETX = 0x02, 0x03
_STATUS, _OPEN, _STATUS_OF_ALL = 0x30, 0x31, 0x32
_ANSWERS = (0x35, 0x36)
_ALL_BOARDS: Final = 0xF0
_ANSWER_BYTES: Final = 9


@dataclass(frozen=True, slots=True)
class Kerong:
    """The frames above."""

    numbers: ClassVar[range] = range(16)
    locks_most: ClassVar[int] = 16
    usual_number: ClassVar[int] = 0
    usual_locks: ClassVar[int] = 16
    timing: Timing = field(default_factory=lambda: Timing(open_answer_s=None, settle_s=0.5))

    def query(self, board: int, locks: int) -> bytes:  # noqa: ARG002  always of all 16
        return _framed(board << 4, _STATUS)

    def query_one(self, board: int, lock: int) -> None:
        """There is no such order."""

    def open(self, board: int, lock: int) -> bytes:
        return _framed(board << 4 | lock - 1, _OPEN)

    def calm(self, board: int) -> None:
        """There is no such order."""

    def roll_call(self) -> bytes:
        return _framed(_ALL_BOARDS, _STATUS_OF_ALL)

    def only_echo(self, order: bytes) -> bool:  # noqa: ARG002  answers are longer
        return True

    def frames(self, data: bytes) -> Iterator[tuple[Reply, int]]:
        answer, check = data[: _ANSWER_BYTES - 1], data[_ANSWER_BYTES - 1 : _ANSWER_BYTES]
        if check != bytes((sum(answer) & 0xFF,)):
            return
        if answer[0] == _STX and answer[2] in _ANSWERS and answer[7] == _ETX:
            closed, inside = bits(answer[3:5]), bits(answer[5:7])
            yield Contacts(answer[1] >> 4, closed, inside), _ANSWER_BYTES


def _framed(address: int, order: int) -> bytes:
    content = (_STX, address, order, _ETX)
    return bytes((*content, sum(content) & 0xFF))


DRIVER = driver(lambda _url: Kerong(), SerialDefaults(19_200))
