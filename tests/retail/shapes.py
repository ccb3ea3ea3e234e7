"""What a body of each version may hold, as JSON schema: `shapes.json` beside this file.

A version that is new is added by `python -m tests.retail.shapes`; one that stands there is never
written again, for tills have recorded it.
"""

from pathlib import Path
from typing import Any

import msgspec

from journal.envelope import VERSION, Envelope
from journal.stream import STREAM_BEGAN, StreamBegan
from retail.facts import SHAPES, spelled

FILE = Path(__file__).with_suffix(".json")
#: words about a shape, which may be put better at any time
_WORDS = ("title", "description")


def schema(shape: type) -> dict[str, Any]:
    """The JSON schema of a struct, without words."""
    told = _plain(msgspec.json.schema(shape))
    as_kept: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(told))
    return as_kept


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _plain(each)
            for name, each in value.items()
            if name not in _WORDS or isinstance(each, dict)  # a field of that name
        }
    return [_plain(each) for each in value] if isinstance(value, list) else value


def of_today() -> dict[str, dict[str, Any]]:
    """The shape of every version that this program reads, the envelope's too."""
    shapes: dict[tuple[str, int], type] = {
        **SHAPES,
        STREAM_BEGAN: StreamBegan,
        ("envelope", VERSION): Envelope,
    }
    return {spelled(*name): schema(shape) for name, shape in sorted(shapes.items())}


def kept() -> dict[str, dict[str, Any]]:
    shapes: dict[str, dict[str, Any]] = msgspec.json.decode(FILE.read_bytes())
    return shapes


def main() -> None:
    known = kept() if FILE.exists() else {}
    lines = [
        msgspec.json.encode(name) + b": " + msgspec.json.encode(shape)
        for name, shape in sorted((of_today() | known).items())
    ]
    FILE.write_bytes(b"{\n" + b",\n".join(lines) + b"\n}\n")


if __name__ == "__main__":
    main()
