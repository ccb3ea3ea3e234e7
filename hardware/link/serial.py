"""A serial port as a link: pyserial on threads of its own, so that no port ever blocks the program.

Owns ports of UARTs and of USB devices that look like one (CDC-ACM), and ptys. A port is claimed
alone: two programs that share a scanner get half of each code. Unplugging comes out as
`ConnectionError` at both reads and writes.
"""

import asyncio
import contextlib
import os
import threading
from pathlib import Path
from typing import Final

import serial

from hardware.link import READ_LIMIT_BYTES
from hardware.link.threads import Inflow, on_thread

BAUD_RATES: Final = (1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800)
CLOSE_S: Final = 2.0
"""How long a close waits for the driver; after it the port is left to its threads."""
_WORK: Final = "serial work"
_PTY_MAJORS: Final = range(136, 144)
"""Linux, Documentation/admin-guide/devices.txt: Unix98 PTY slaves."""


try:
    from termios import error as _TermiosError  # noqa: N812  a class by another naming

    _REFUSALS: tuple[type[Exception], ...] = (ValueError, _TermiosError)
except ImportError:  # no such thing on Windows
    _REFUSALS = (ValueError,)


def _is_pty(path: str) -> bool:
    """A pty has no parity: a second opening that asks for it is refused by the kernel (EINVAL)."""
    with contextlib.suppress(OSError):
        return os.major(Path(path).stat().st_rdev) in _PTY_MAJORS
    return False


class SerialLink:
    """One open port. One reader and one writer at a time."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port
        self._inflow = Inflow()
        self._listener = threading.Thread(target=self._listen, name=f"serial {port.name}")
        self._listener.daemon = True
        self._listener.start()

    @classmethod
    async def connect(
        cls,
        path: str,
        *,
        baud: int = 9600,
        framing: str = "8N1",
        rtscts: bool = False,
        connect_s: float = 3.0,
        write_s: float = 5.0,
    ) -> "SerialLink":
        """Claim the port at `path`; `framing` is bits, parity and stop bits. `OSError` when it
        cannot be had: `FileNotFoundError` when it is not there, `PermissionError` without the
        right to it, `BlockingIOError` when another program has it; `ConnectionError` when it does
        not open within `connect_s`."""

        def claimed() -> serial.Serial:
            bits, parity, stop = tuple("8N1" if _is_pty(path) else framing)
            try:
                return serial.Serial(
                    path,
                    baud,
                    bytesize=int(bits),
                    parity=parity,
                    stopbits=int(stop),
                    rtscts=rtscts,
                    exclusive=True,
                    write_timeout=write_s,
                )
            except serial.SerialException as refused:
                raise OSError(refused.errno or 0, str(refused)) from None
            except _REFUSALS as refused:
                raise ConnectionError(f"{path}: {refused}") from None

        try:
            async with asyncio.timeout(connect_s):
                port = await on_thread(claimed, name=_WORK, too_late=serial.Serial.close)
        except TimeoutError:
            raise ConnectionError(f"{path} did not open within {connect_s} s") from None
        return cls(port)

    async def write(self, data: bytes) -> None:
        if self._inflow.ended is not None:
            raise ConnectionResetError(self._inflow.ended)
        try:
            await on_thread(lambda: self._written(data), name=_WORK)
        except asyncio.CancelledError:
            self._port.cancel_write()
            raise

    def _written(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except serial.SerialTimeoutException:
            raise TimeoutError("the far end takes nothing") from None
        except (OSError, TypeError) as broken:  # TypeError: closed meanwhile by another thread
            raise ConnectionResetError(str(broken)) from None

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        return await self._inflow.read(timeout_s, limit_bytes)

    def _listen(self) -> None:
        gone = "the port was closed"
        try:
            while data := self._port.read(max(1, self._port.in_waiting)):
                self._inflow.put(data)
        except (OSError, TypeError) as broken:
            gone = str(broken)
        self._inflow.end(gone)

    async def close(self) -> None:
        self._inflow.shut()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await on_thread(self._let_go, name=_WORK)

    def _let_go(self) -> None:
        """Close only after the listener has left the port: its number may be another file's."""
        with contextlib.suppress(OSError, TypeError):
            self._port.cancel_write()
            while self._listener.is_alive():
                self._port.cancel_read()
                self._listener.join(0.05)  # a wake-up just before it waits again would be lost
        with contextlib.suppress(OSError, TypeError):
            self._port.close()
