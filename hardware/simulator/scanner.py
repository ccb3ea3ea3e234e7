"""A scanner that reads what it is told: codes go out at its serial port, framed as real ones do."""

import asyncio
from collections.abc import Callable
from typing import Final

from hardware.simulator.serial_port import SerialPort


class SimulatedScanner:
    """Behind a pty, so that the real driver reads it. `listeners` hear whenever it is unplugged
    or plugged in, and every code that went out. Close it."""

    def __init__(
        self, port: SerialPort | None = None, *, prefix: bytes = b"", suffix: bytes = b"\r"
    ) -> None:
        self._port: Final = port or SerialPort(name="scanner")
        self._prefix, self._suffix = prefix, suffix
        self._turn = asyncio.Lock()
        self.url: Final = f"scan+serial://{self._port.path}"
        self.listeners: list[Callable[[], None]] = []

    @property
    def plugged(self) -> bool:
        return self._port.plugged

    async def scan(self, code: str) -> bool:
        """Beep. False when it is unplugged, or the host takes nothing: the code is lost then, as
        with a real one."""
        async with self._turn:
            link = self._port.link
            if link is None:
                return False
            try:
                await link.write(self._prefix + code.encode() + self._suffix)
            except OSError:
                return False
            self._tell()
            return True

    def unplug(self) -> None:
        self._port.unplug()
        self._tell()

    def plug(self) -> None:
        self._port.plug()
        self._tell()

    def turn_knob(self, words: str) -> bool:
        """`unplug` or `plug`; whether it was one of these."""
        if words not in ("unplug", "plug"):
            return False
        self.unplug() if words == "unplug" else self.plug()
        return True

    def close(self) -> None:
        self._port.close()

    def _tell(self) -> None:
        for listener in tuple(self.listeners):
            listener()
