"""Orders that a printer obeys the moment they arrive, wherever they stand in the stream.

They stay in the stream too, and are discarded when it is processed up to them (Epson RP-U420
specification, definition of real-time commands): so one that a picture happens to contain is obeyed
and still printed.
"""

import re
from typing import Final

_SHAPES: Final[tuple[tuple[bytes, ...], ...]] = (
    (rb"\x10", rb"\x04", rb"[\x01-\x05]"),
    (rb"\x10", rb"\x05", rb"[\x00-\x02]"),
    (rb"\x10", rb"\x14", rb"\x01", rb"[\x00\x01]", rb"[\x01-\x08]"),
    (rb"\x10", rb"\x14", rb"\x02", rb"\x01", rb"\x08"),
    (rb"\x10", rb"\x14", rb"\x07", rb"[\x01\x02\x04\x05]"),
    (
        rb"\x10",
        rb"\x14",
        rb"\x08",
        *(b"\\x%02x" % code for code in b"\x01\x03\x14\x01\x06\x02\x08"),
    ),
)
"""DLE EOT, ENQ and DC4 with their parameters, byte by byte: status, recovery, drawer pulse, power
off, status, clear the buffer."""
_WHOLE: Final = re.compile(b"|".join(b"".join(shape) for shape in _SHAPES))
_BEGUN: Final = re.compile(
    b"(?:"
    + b"|".join(
        b"".join(shape[:length])
        for length in range(max(map(len, _SHAPES)) - 1, 0, -1)
        for shape in _SHAPES
        if len(shape) > length
    )
    + rb")\Z"
)


class RealTimeEar:
    """Listens to a stream in any pieces."""

    def __init__(self) -> None:
        self._heard = b""

    def listen(self, data: bytes) -> list[tuple[int, bytes]]:
        """The orders that end in `data`: how many bytes of it each is over after, and the order."""
        heard = self._heard + data
        before = len(self._heard)
        orders = [(found.end() - before, found.group()) for found in _WHOLE.finditer(heard)]
        rest = heard[orders[-1][0] + before :] if orders else heard
        begun = _BEGUN.search(rest)
        self._heard = rest[begun.start() :] if begun else b""
        return orders
