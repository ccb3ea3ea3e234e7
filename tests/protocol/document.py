"""What docs/protocol.md says, read by a program: its examples, and its tables of fields."""

import re
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"

_BLOCK = re.compile(r"```http\n→ (\w+) (\S+)\n(.*?)← (\d+)\n(.*?)```", re.DOTALL)
_ROW = re.compile(r"^\| `([A-Za-z._]+)` \|(?: \d+ \|)? ((?:[^|\n]|(?<=\\)\|)*) \|$", re.MULTILINE)
_FIELD = re.compile(r"(?:^|, )`(\w+)(\??)` \S")


class Example(NamedTuple):
    """A question and its answer, bytes on the wire but for their packing."""

    verb: str
    path: str
    asked: bytes
    status: int
    answer: bytes

    @property
    def name(self) -> str:
        return f"{self.verb} {self.path.partition('?')[0]} {self.status}"


def examples() -> list[Example]:
    """In the order of the document."""
    return [
        Example(verb, path, _joined(asked), int(status), _joined(answer))
        for verb, path, asked, status, answer in _BLOCK.findall(FILE.read_text(encoding="utf-8"))
    ]


def _joined(lines: str) -> bytes:
    return "".join(line.lstrip(" ") for line in lines.splitlines()).encode()


def fields() -> dict[str, dict[str, bool]]:
    """By message, part and type of fact: its fields, and whether each may be left out."""
    told: dict[str, dict[str, bool]] = {}
    for name, said in _ROW.findall(FILE.read_text(encoding="utf-8")):
        if found := {field: bool(mark) for field, mark in _FIELD.findall(said)}:
            told.setdefault(name, found)
    return told
