"""The four kinds of simulated lock boards: what they hear and say, byte by byte.

Each is built from the vectors of its documents (named in `hardware.locker.xor_board`, `.kerong`,
`.wkly` and `.modbus`) and shares no code with the drivers' codecs: the two check each other.
"""

from collections.abc import Iterator
from functools import partial, reduce
from operator import xor
from typing import Any, ClassVar

from hardware.simulator.locker.cabinet import SimulatedLocker


def _packed(states: Iterator[bool]) -> bytes:
    """Eight to a byte, the first in its lowest bit; what is missing of the last is 0."""
    value = sum(state << place for place, state in enumerate(states))
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "little")


class XorBoards(SimulatedLocker):
    """ "8A/80": five bytes in, the last one the XOR of the others."""

    driver = "lock8a"
    open_answer_head: ClassVar[int] = 0x8A
    """80 on some firmware."""
    moved_head: ClassVar[int] = 0x82
    """81 on some firmware."""

    def _act(self, heard: bytes) -> int:
        if heard[0] not in (0x80, 0x8A):
            return 1
        if len(heard) < 5:
            return 0
        if reduce(xor, heard[:5]) != 0:
            return 1
        match heard[:4]:
            case b"\x80\x01\x00\x99":
                board = next(iter(self.boards))
                self._answer(board, lambda: self._checked(0x80, 0x01, board, 0x99))
            case command if command[1] in self.boards:
                self._do(*command)
        return 5

    def _do(self, head: int, board: int, lock: int, what: int) -> None:
        known = (board, lock) in self.doors
        if (head, what) == (0x8A, 0x11) and lock == 0:
            for each in range(1, self.boards[board] + 1):
                self._pulse(board, each)
        elif (head, what) == (0x8A, 0x11) and known:
            self._pulse(board, lock)
            self._answer(
                board, lambda: self._one(self.open_answer_head, board, lock), self._answer_s
            )
        elif (head, what) == (0x80, 0x33) and lock == 0:
            self._answer(board, lambda: self._all(board))
        elif (head, what) == (0x80, 0x33) and known:
            self._answer(board, lambda: self._one(0x80, board, lock))

    def _moved(self, board: int, lock: int) -> bytes:
        return self._one(self.moved_head, board, lock)

    def _one(self, head: int, board: int, lock: int) -> bytes:
        return self._checked(head, board, lock, 0x11 if self._closed(board, lock) else 0x00)

    def _all(self, board: int) -> bytes:
        """At least three status bytes, as boards of 8 locks were seen to send; 32 locks take
        four, 50 take seven."""
        count = self.boards[board]
        packed = _packed(self._closed(board, lock) for lock in range(1, count + 1))
        groups = packed.ljust(max(3, -(-count // 8)), b"\0")[::-1]
        return self._checked(0x80, board, *groups, 0x33)

    @staticmethod
    def _checked(*content: int) -> bytes:
        return bytes((*content, reduce(xor, content)))


class SmallXorBoards(XorBoards):
    """The same with no more status bytes than its locks need: then the answer to "all", all
    contacts open, is the question itself."""

    def _all(self, board: int) -> bytes:
        count = self.boards[board]
        packed = _packed(self._closed(board, lock) for lock in range(1, count + 1))
        groups = packed.ljust(-(-count // 8), b"\0")[::-1]
        return self._checked(0x80, board, *groups, 0x33)


class KerongBoards(SimulatedLocker):
    """KR-CU16: 02 ADDR CMD 03 SUM, board in the high and lock in the low four bits of ADDR."""

    driver = "kerong"
    usual_number = 0

    def _act(self, heard: bytes) -> int:
        if heard[0] != 0x02:
            return 1
        if len(heard) < 5:
            return 0
        if heard[3] != 0x03 or sum(heard[:4]) % 256 != heard[4]:
            return 1
        board, lock = heard[1] >> 4, (heard[1] & 0x0F) + 1
        match heard[2]:
            case 0x30 if board in self.boards:
                self._answer(board, lambda: self._status(0x35, board))
            case 0x31 if (board, lock) in self.doors:
                self._pulse(board, lock)
            case 0x32:
                for each in self.boards if heard[1] == 0xF0 else {board} & {*self.boards}:
                    self._answer(each, partial(self._status, 0x36, each))
            case 0x33 if board in self.boards:
                for each in range(1, self.boards[board] + 1):
                    self._pulse(board, each)
        return 5

    def _status(self, command: int, board: int) -> bytes:
        """Locks that the board has not read closed, and nothing inside them."""
        locks = range(1, 17)
        closed = _packed(
            self._closed(board, lock) if (board, lock) in self.doors else True for lock in locks
        )
        inside = _packed(
            (board, lock) in self.doors and self.doors[board, lock].occupied for lock in locks
        )
        content = (0x02, board << 4, command, *closed.ljust(2, b"\0"), *inside.ljust(2, b"\0"))
        return bytes((*content, 0x03, (sum(content) + 0x03) % 256))


class WklyBoards(SimulatedLocker):
    """WKLY, then the length of the whole frame, board, command, data, XOR of all before."""

    driver = "wkly"
    usual_number = 0

    def _act(self, heard: bytes) -> int:
        if heard[:4] != b"WKLY"[: len(heard)]:
            return 1
        if len(heard) < 5 or 8 <= heard[4] > len(heard):
            return 0
        frame = heard[: heard[4]]
        if len(frame) < 8 or reduce(xor, frame) != 0:
            return 1
        if frame[5] in self.boards:
            self._do(frame[5], frame[6], frame[7:-1])
        return len(frame)

    def _do(self, board: int, command: int, data: bytes) -> None:
        lock = data[0] if data else 0
        if command == 0x84:
            self._answer(board, lambda: self._all(board))
        elif command not in (0x81, 0x82, 0x83):
            return
        elif (board, lock) not in self.doors:
            self._answer(board, lambda: self._framed(board, command, 0xFF, lock))
        elif command == 0x81:
            self._answer(board, lambda: self._framed(board, command, 0x00, lock))
        else:
            if command == 0x82:
                self._pulse(board, lock)
            after_s = self._answer_s if command == 0x82 else 0.0
            self._answer(
                board,
                lambda: self._framed(board, command, 0x00, lock, self._closed(board, lock)),
                after_s,
            )

    def _moved(self, board: int, lock: int) -> bytes:
        return self._framed(board, 0x85, lock, self._closed(board, lock))

    def _all(self, board: int) -> bytes:
        count = self.boards[board]
        states = [self._closed(board, lock) for lock in range(1, count + 1)]
        return self._framed(board, 0x84, 0x00, count, *states)

    @staticmethod
    def _framed(board: int, command: int, *data: int) -> bytes:
        content = (0x57, 0x4B, 0x4C, 0x59, len(data) + 8, board, command, *data)
        return bytes((*content, reduce(xor, content)))


class ModbusBoards(SimulatedLocker):
    """A relay and an input for each lock, behind Modbus RTU. `held_on` are coils that were
    switched on without an end: they burn."""

    driver = "modbuslock"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.held_on: set[tuple[int, int]] = set()
        self.pulse_ms: list[int] = []
        self.calmed: list[int] = []

    def _act(self, heard: bytes) -> int:
        if heard[0] not in self.boards:
            return 1
        if len(heard) < 8:
            return 0
        if self._crc(heard[:6]) != heard[6:8]:
            return 1
        board, function = heard[:2]
        first, value = int.from_bytes(heard[2:4], "big"), int.from_bytes(heard[4:6], "big")
        match function:
            case 0x02:
                self._read(board, first, value)
            case 0x05:
                self._write(board, first, value, heard[:8])
            case _:
                self._refuse(board, function, 0x01)
        return 8

    def _read(self, board: int, first: int, count: int) -> None:
        inputs = -(-self.boards[board] // 8) * 8
        if not 1 <= count <= inputs - first:
            self._refuse(board, 0x02, 0x02)
            return

        def answer() -> bytes:
            places = [(board, number + 1) for number in range(first, first + count)]
            states = (place in self.doors and self._closed(*place) for place in places)
            data = _packed(states).ljust(-(-count // 8), b"\0")
            return self._framed(bytes((board, 0x02, len(data))) + data)

        self._answer(board, answer)

    def _write(self, board: int, address: int, value: int, order: bytes) -> None:
        page, channel = divmod(address, 256)
        if (address, value) == (0x00FF, 0x0000):
            self.calmed.append(board)
        elif page == 0x02 and (board, channel + 1) in self.doors and value > 0:
            self.pulse_ms.append(value * 100)
            self._pulse(board, channel + 1)
        elif page == 0x00 and (board, channel + 1) in self.doors:
            (self.held_on.add if value else self.held_on.discard)((board, channel + 1))
        else:
            self._refuse(board, 0x05, 0x02)
            return
        self._answer(board, lambda: order)

    def _refuse(self, board: int, function: int, code: int) -> None:
        self._answer(board, lambda: self._framed(bytes((board, function | 0x80, code))))

    def _framed(self, content: bytes) -> bytes:
        return content + self._crc(content)

    @staticmethod
    def _crc(content: bytes) -> bytes:
        """By polynomial division, most significant bit first, of what is mirrored for it."""
        rest = 0xFFFF
        for byte in content:
            rest ^= int(f"{byte:08b}"[::-1], 2) << 8
            for _ in range(8):
                rest = (rest << 1 ^ (0x8005 if rest & 0x8000 else 0)) & 0xFFFF
        return int(f"{rest:016b}"[::-1], 2).to_bytes(2, "little")
