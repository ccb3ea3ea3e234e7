"""The report descriptor of a HID device: what it is for, and where in a report each field stands.

Owns the grammar (USB-IF, Device Class Definition for Human Interface Devices 1.11, section 6.2.2),
of input fields only. Refuses to own what a field is good for: who knows its usage does. Sans-IO; a
descriptor that breaks off or makes no sense is read as far as it goes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

DESCRIPTOR_LIMIT_BYTES: Final = 4096
"""As the Linux kernel (HID_MAX_DESCRIPTOR_SIZE)."""
USAGES_LIMIT: Final = 256
"""Of one item; what is named beyond it is not looked at."""
FIELDS_LIMIT: Final = 4096
_PUSHED_LIMIT: Final = 16
_LONG_ITEM: Final = 0xFE
_CONSTANT: Final = 0x01
_APPLICATION: Final = 1


class _Item(IntEnum):
    """By the upper six bits of their prefix; the lower two say how many bytes follow."""

    INPUT = 0x80
    OUTPUT = 0x90
    FEATURE = 0xB0
    COLLECTION = 0xA0
    END_COLLECTION = 0xC0
    USAGE_PAGE = 0x04
    REPORT_SIZE = 0x74
    REPORT_ID = 0x84
    REPORT_COUNT = 0x94
    PUSH = 0xA4
    POP = 0xB4
    USAGE = 0x08
    USAGE_MINIMUM = 0x18
    USAGE_MAXIMUM = 0x28


_MAIN: Final = (
    _Item.INPUT, _Item.OUTPUT, _Item.FEATURE, _Item.COLLECTION, _Item.END_COLLECTION,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """`count` values of `size_bits` each for one usage (its page in the upper 16 bits), from
    `at_bit` of the report as it is read: where reports are numbered, that is their first byte."""

    usage: int
    report_id: int | None
    at_bit: int
    size_bits: int
    count: int


@dataclass(frozen=True, slots=True)
class Descriptor:
    """`applications` are the usages of the top collections: what the device is for."""

    applications: tuple[int, ...]
    fields: tuple[Field, ...]

    @classmethod
    def read(cls, data: bytes) -> "Descriptor":
        reader = _Reader()
        for item, value, size_bytes in _items(data[:DESCRIPTOR_LIMIT_BYTES]):
            reader.take(item, value, size_bytes)
        return cls(tuple(reader.applications), tuple(reader.fields))

    def is_for(self, usage_page: int) -> bool:
        return any(usage >> 16 == usage_page for usage in self.applications)


def _items(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Each short item, its value, and how many bytes that had."""
    at = 0
    while at < len(data):
        prefix = data[at]
        if prefix == _LONG_ITEM:
            at += 3 + int.from_bytes(data[at + 1 : at + 2])
            continue
        size_bytes = (0, 1, 2, 4)[prefix & 3]
        value = data[at + 1 : at + 1 + size_bytes]
        if len(value) < size_bytes:
            return
        yield prefix & 0xFC, int.from_bytes(value, "little"), size_bytes
        at += 1 + size_bytes


_GLOBAL: Final[dict[int, str]] = {
    _Item.USAGE_PAGE: "page",
    _Item.REPORT_SIZE: "size_bits",
    _Item.REPORT_COUNT: "count",
    _Item.REPORT_ID: "report_id",
}


@dataclass(frozen=True, slots=True)
class _Globals:
    page: int = 0
    size_bits: int = 0
    count: int = 0
    report_id: int | None = None


@dataclass(slots=True)
class _Reader:
    now: _Globals = field(default_factory=_Globals)
    pushed: list[_Globals] = field(default_factory=list)
    usages: list[int] = field(default_factory=list)
    range_from: int = 0
    depth: int = 0
    ends: dict[int | None, int] = field(default_factory=dict)
    """Where the next field of each report begins."""
    applications: list[int] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)

    def take(self, item: int, value: int, size_bytes: int) -> None:
        match item:
            case _ if item in _GLOBAL:
                self.now = replace(self.now, **{_GLOBAL[item]: value})
            case _Item.PUSH:
                self.pushed = [*self.pushed, self.now][-_PUSHED_LIMIT:]
            case _Item.POP if self.pushed:
                self.now = self.pushed.pop()
            case _Item.USAGE:
                self._name([self._usage(value, size_bytes)])
            case _Item.USAGE_MINIMUM:
                self.range_from = self._usage(value, size_bytes)
            case _Item.USAGE_MAXIMUM:
                last = min(self._usage(value, size_bytes), self.range_from + USAGES_LIMIT)
                self._name(range(self.range_from, last + 1))
            case _ if item in _MAIN:
                self._main(item, value)
            case _:
                pass

    def _usage(self, value: int, size_bytes: int) -> int:
        """One of four bytes names its page itself."""
        return value if size_bytes == 4 else self.now.page << 16 | value

    def _name(self, usages: "list[int] | range") -> None:
        self.usages += usages[: USAGES_LIMIT - len(self.usages)]

    def _main(self, item: int, value: int) -> None:
        match item:
            case _Item.COLLECTION:
                if self.depth == 0 and value == _APPLICATION:
                    self.applications += self.usages[:1]
                self.depth += 1
            case _Item.END_COLLECTION:
                self.depth = max(0, self.depth - 1)
            case _Item.INPUT:
                self._input(constant=bool(value & _CONSTANT))
            case _:
                pass
        self.usages.clear()
        self.range_from = 0

    def _input(self, *, constant: bool) -> None:
        now = self.now
        at_bit = self.ends.get(now.report_id, 0 if now.report_id is None else 8)
        self.ends[now.report_id] = at_bit + now.size_bits * now.count
        if constant or len(self.fields) >= FIELDS_LIMIT:
            return
        named = self.usages[: now.count]
        for index, usage in enumerate(named):
            # the last usage is that of all values which none is left for
            count = now.count - index if index + 1 == len(named) else 1
            at = at_bit + index * now.size_bits
            self.fields.append(Field(usage, now.report_id, at, now.size_bits, count))
