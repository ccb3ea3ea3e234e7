"""The eyes of a till of some release: what its decoder took for an answer, and what not.

A JSON schema as `msgspec` writes it, read as its decoders do: fields that it does not know are
passed over, fields that it needs must be there, each in its type and within its bounds.
"""

import re
from typing import Any

import msgspec
import zstandard

_MESSAGE_BYTES_MAX = 4 * 1024 * 1024
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
}


class Unreadable(AssertionError):
    """That till would have taken it for no answer."""


class Eyes:
    def __init__(self, told: dict[str, Any]) -> None:
        self._shapes, self._parts = told["shapes"], told["parts"]

    def answer(self, body: bytes, encoding: str, shape: str, *, frames: bool) -> dict[str, Any]:
        """A message as it came over the line, from all `frames` of zstd or from the first alone,
        which is as much as the first releases read. Raises Unreadable."""
        if encoding == "zstd":
            unpacker = zstandard.ZstdDecompressor()
            with unpacker.stream_reader(body, read_across_frames=frames) as reader:
                body = reader.read(_MESSAGE_BYTES_MAX)
        try:
            value = msgspec.json.decode(body)
        except msgspec.DecodeError as fault:
            raise Unreadable(f"{fault}: …{body[-60:]!r}") from None
        self.read(value, shape)
        assert isinstance(value, dict)
        return value

    def read(self, value: Any, shape: str) -> None:
        """Raises Unreadable where the value is not of that shape."""
        self._read(value, self._shapes[shape], shape)

    def _read(self, value: Any, schema: dict[str, Any], at: str) -> None:
        if "$ref" in schema:
            self._read(value, self._parts[schema["$ref"].rpartition("/")[2]], at)
        elif "anyOf" in schema:
            self._any(value, schema["anyOf"], at)
        else:
            self._one(value, schema, at)

    def _any(self, value: Any, schemas: list[dict[str, Any]], at: str) -> None:
        faults = []
        for schema in schemas:
            try:
                return self._read(value, schema, at)
            except Unreadable as fault:
                faults.append(str(fault))
        raise Unreadable(" and ".join(faults))

    def _one(self, value: Any, schema: dict[str, Any], at: str) -> None:
        kind = schema.get("type")
        if kind and not _is(value, kind):
            raise Unreadable(f"{at} is {value!r}, no {kind}")
        if "enum" in schema and value not in schema["enum"]:
            raise Unreadable(f"{at} is {value!r}, none of {schema['enum']}")
        if kind == "integer" and not schema.get("minimum", value) <= value <= schema.get(
            "maximum", value
        ):
            raise Unreadable(f"{at} is {value}, out of its bounds")
        if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
            raise Unreadable(f"{at} is {value!r}, not {schema['pattern']}")
        if isinstance(value, list):
            for number, each in enumerate(value):
                self._read(each, schema.get("items", {}), f"{at}[{number}]")
        if isinstance(value, dict):
            self._fields(value, schema, at)

    def _fields(self, value: dict[str, Any], schema: dict[str, Any], at: str) -> None:
        if missing := set(schema.get("required", ())) - value.keys():
            raise Unreadable(f"{at} has no {sorted(missing)}")
        others = schema.get("additionalProperties", {})
        for name, each in value.items():
            known = schema.get("properties", {}).get(name, others)
            self._read(each, known if isinstance(known, dict) else {}, f"{at}.{name}")


def _is(value: Any, kind: str) -> bool:
    return kind == "boolean" if isinstance(value, bool) else isinstance(value, _TYPES[kind])
