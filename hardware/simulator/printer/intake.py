"""What a printer takes from its wire: as much as its buffer has room for, as fast as the wire is,
until it is told to stall or to lose its power.
"""

from collections.abc import Callable
from typing import Final

from hardware.simulator.machine import APPETITE_BYTES
from hardware.simulator.printer.handshake import XonXoff
from hardware.simulator.printer.pace import Pace
from hardware.simulator.printer.stream import ByteStream

BUFFER_LIMIT_BYTES: Final = 65_536
"""Held back while it cannot print; when full, no more is read, or what comes then is lost."""


class Intake:
    """`stream` is the buffer. Without `handshake` the wire holds back what has no room; with one it
    does not, and whoever goes on sending loses it. `on_stall` and `on_power_cut` are called when
    their byte has been read."""

    def __init__(
        self,
        stream: ByteStream,
        line: Pace,
        handshake: XonXoff | None,
        *,
        on_stall: Callable[[], object],
        on_power_cut: Callable[[], object],
    ) -> None:
        self._stream, self._handshake = stream, handshake
        self._on_stall, self._on_power_cut = on_stall, on_power_cut
        self.line: Final = line
        self._stalled = False
        self._stall_in: int | None = None
        self._power_cut_in: int | None = None

    def forget(self) -> None:
        """As without power."""
        self.resume()
        self._power_cut_in = None
        if self._handshake is not None:
            self._handshake.forget()

    def stall_at(self, n_bytes: int) -> None:
        self._stall_in = n_bytes
        self.count(0)

    def resume(self) -> None:
        self._stall_in, self._stalled = None, False

    def power_cut_at(self, n_bytes: int) -> None:
        self._power_cut_in = n_bytes
        self.count(0)

    def appetite_bytes(self) -> int:
        if self._stalled:
            return 0
        most = self._room_bytes if self._handshake is None else APPETITE_BYTES
        limits = (most, self._stall_in, self._power_cut_in, self.line.left)
        return max(0, min(limit for limit in limits if limit is not None))

    def count(self, read_bytes: int) -> None:
        """So many have been read."""
        self.line.spend(read_bytes)
        if self._power_cut_in is not None:
            self._power_cut_in -= read_bytes
            if self._power_cut_in <= 0:
                self._on_power_cut()
        if self._stall_in is not None and not self._stalled:
            self._stall_in -= read_bytes
            if self._stall_in <= 0:
                self._stalled = True
                self._on_stall()

    def put(self, data: bytes) -> int:
        """Into the buffer, as far as there is room; how many bytes are lost."""
        kept = data[: self._room_bytes]
        self._stream.put(kept)
        return len(data) - len(kept)

    def mind_host(self, *, offline: bool) -> None:
        """Say on the line whether the host is to stop, if that is how it is held back."""
        if self._handshake is not None:
            self._handshake.mind(self._room_bytes, offline=offline)

    @property
    def _room_bytes(self) -> int:
        return max(0, BUFFER_LIMIT_BYTES - len(self._stream))
