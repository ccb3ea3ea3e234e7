"""Relay boards that speak Modbus RTU: a relay pulses each lock, an input reads each door.

Sources: Waveshare's Modbus RTU Relay (D) (its wiki), Open-Locker docs/adr/0004; the frames
themselves are the Modbus specification's. bb is the unit, cc the channel from 0, CRC16 low byte
first:

    pulse         bb 05 02cc n crc          the same; n times 100 ms, kept by the board itself
    read inputs   bb 02 0000 count crc      bb 02 bytes data crc, the lowest bit first
    all off       bb 05 00FF 0000 crc       the same
    refused                                 bb 82|85 code crc

A relay is never switched on to be switched off again from here: if this program died between, the
coil would burn. A closed input reads 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Final

from hardware.driver import SerialDefaults
from hardware.locker.board import Contacts, OrderAnswered, Refused, Reply, Timing, bits
from hardware.locker.locker import driver
from hardware.url import DeviceUrl

_READ_INPUTS, _WRITE, _REFUSED = 0x02, 0x05, 0x80
_PULSE_PAGE, _ALL_OFF = 0x02, (0x00, 0xFF, 0x00, 0x00)
_TICK_MS: Final = 100
_INPUT_BYTES_MOST: Final = 4
PULSE_MS: Final = (300, 500, 1000)
"""Least, usual, most: shorter opens no lock, longer heats the coil."""


@dataclass(frozen=True, slots=True)
class ModbusRelays:
    """The frames above."""

    numbers: ClassVar[range] = range(1, 248)
    locks_most: ClassVar[int] = 8 * _INPUT_BYTES_MOST
    usual_number: ClassVar[int] = 1
    usual_locks: ClassVar[int] = 8
    timing: Timing = field(default_factory=Timing)
    pulse_ms: int = PULSE_MS[1]

    def query(self, board: int, locks: int) -> bytes:
        return _framed(board, _READ_INPUTS, 0, 0, 0, locks)

    def query_one(self, board: int, lock: int) -> None:
        """An answer does not say which inputs it is about: all are asked for, always."""

    def open(self, board: int, lock: int) -> bytes:
        return _framed(board, _WRITE, _PULSE_PAGE, lock - 1, 0, self.pulse_ms // _TICK_MS)

    def calm(self, board: int) -> bytes:
        return _framed(board, _WRITE, *_ALL_OFF)

    def roll_call(self) -> None:
        """There is no such order."""

    def only_echo(self, order: bytes) -> bool:
        """A write is answered by itself."""
        return order[1] == _READ_INPUTS

    def frames(self, data: bytes) -> Iterator[tuple[Reply, int]]:
        if len(data) < 5:
            return
        size_bytes = {_READ_INPUTS: 5 + data[2], _WRITE: 8}.get(data[1], 5)
        if len(data) < size_bytes or crc16(data[:size_bytes]) != b"\0\0":
            return
        if (reply := _read(data[0], data[1], data[2 : size_bytes - 2])) is not None:
            yield reply, size_bytes


def _read(board: int, function: int, content: bytes) -> Reply | None:
    if function == _READ_INPUTS and 1 <= content[0] <= _INPUT_BYTES_MOST:
        return Contacts(board, bits(content[1:]))
    if function == _WRITE:
        pulsed = content[0] == _PULSE_PAGE
        return OrderAnswered(board, content[1] + 1 if pulsed else None)
    if function in (_REFUSED | _READ_INPUTS, _REFUSED | _WRITE):
        return Refused(board, content[0])
    return None


def crc16(data: bytes) -> bytes:
    """As it follows on the wire; of a whole frame with its own, two zeros (Modbus over Serial
    Line, 6.2.2: polynomial A001 from FFFF)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


def _framed(*content: int) -> bytes:
    return bytes(content) + crc16(bytes(content))


def _of(url: DeviceUrl) -> ModbusRelays:
    least, usual, most = PULSE_MS
    pulse_ms = url.number("pulse_ms", usual, least, most)
    if pulse_ms % _TICK_MS:
        raise ValueError(f"pulse_ms is {pulse_ms}, not a multiple of {_TICK_MS}")
    return ModbusRelays(pulse_ms=pulse_ms)


DRIVER = driver(_of, SerialDefaults(9600))
