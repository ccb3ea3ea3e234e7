"""How a locker is put together, as its URL says it.

    lock8a+serial:///dev/ttyUSB0?boards=1,2&locks=24,12&sizes=24S,8M,4L&feedback=closed_when_locked

Owns the options that all boards share: `board=` or `boards=` (numbers as their switches say), in
the order of the doors; `locks=`, the same for all boards or one for each; `sizes=` in the order of
the doors, together as many as there are locks; `feedback=`.
"""

import re
from dataclasses import dataclass
from typing import Self

from hardware.locker.board import Codec, Feedback
from hardware.locker.compartment import Compartment, Size
from hardware.url import DeviceUrl

_SIZES = re.compile(r"([1-9][0-9]{0,3})(S|M|L|XL)")


@dataclass(frozen=True, slots=True)
class Layout:
    """`boards` are number and locks of each; `sizes` one for each door."""

    boards: tuple[tuple[int, int], ...]
    sizes: tuple[Size, ...]
    feedback: Feedback = Feedback.CLOSED_WHEN_LOCKED

    @classmethod
    def read(cls, url: DeviceUrl, codec: Codec) -> Self:
        """`ValueError` with the reason when the options do not fit each other or the boards."""
        if "board" in url.options and "boards" in url.options:
            raise ValueError("board and boards are given; one says it")
        name = "board" if "board" in url.options else "boards"
        numbers = _numbers(url, name, codec.usual_number, codec.numbers)
        if len(set(numbers)) != len(numbers):
            raise ValueError(f"{name} names one twice")
        locks = _numbers(url, "locks", codec.usual_locks, range(1, codec.locks_most + 1))
        if len(locks) not in (1, len(numbers)):
            raise ValueError(f"locks is given for {len(locks)} boards of {len(numbers)}")
        boards = tuple(zip(numbers, locks * (len(numbers) // len(locks)), strict=True))
        total = sum(count for _, count in boards)
        return cls(boards, _sizes(url, total), Feedback(url.one_of("feedback", *Feedback)))

    def compartments(self) -> tuple[Compartment, ...]:
        """Numbered from 1, board after board."""
        locks = ((board, lock) for board, count in self.boards for lock in range(1, count + 1))
        return tuple(
            Compartment(number, size, *place)
            for number, (size, place) in enumerate(zip(self.sizes, locks, strict=True), start=1)
        )


def _numbers(url: DeviceUrl, name: str, unless_given: int, allowed: range) -> list[int]:
    text = url.text_option(name, str(unless_given))
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() and int(part) in allowed for part in parts):
        raise ValueError(f"{name} is {text!r}, not numbers from {allowed[0]} to {allowed[-1]}")
    return [int(part) for part in parts]


def _sizes(url: DeviceUrl, total: int) -> tuple[Size, ...]:
    text = url.text_option("sizes", f"{total}M")
    runs = [_SIZES.fullmatch(part) for part in text.split(",")]
    if not all(runs):
        raise ValueError(f"sizes is {text!r}, not like 12S,8M,4L")
    counted = [(int(run[1]), Size(run[2])) for run in runs if run]
    given = sum(count for count, _ in counted)
    if given != total:
        raise ValueError(f"sizes are of {given} doors, and there are {total}")
    return tuple(size for count, size in counted for _ in range(count))
