"""Saying stop and go on the line itself, so that the receive buffer never runs over: XON/XOFF.

When it says which, as Epson's manuals have it: XOFF when the buffer is nearly full and when the
printer goes off-line (no paper, lid open, an error), XON when it can take more again, and once
after the power came on. Real-time commands are obeyed all the while.
"""

from collections.abc import Callable
from typing import Final

XON, XOFF = b"\x11", b"\x13"
STOP_ROOM_BYTES: Final = 32_768
"""A real printer stops its host with 128 bytes of room: no more than a few are on the line. A pty
holds 14 KB, and two reads are under way."""
GO_ROOM_BYTES: Final = 49_152


class XonXoff:
    """`say` is the printer's voice."""

    def __init__(self, say: Callable[[bytes], None]) -> None:
        self._say = say
        self._goes: bool | None = None

    def forget(self) -> None:
        """As at power-up, when nothing has been said yet."""
        self._goes = None

    def mind(self, room_bytes: int, *, offline: bool) -> None:
        """Say it when it is not what was said last."""
        goes = not offline and room_bytes > (STOP_ROOM_BYTES if self._goes else GO_ROOM_BYTES)
        if goes is not self._goes:
            self._goes = goes
            self._say(XON if goes else XOFF)
