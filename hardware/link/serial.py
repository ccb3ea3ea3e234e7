"""A serial port as a link: pyserial on threads of its own, so that no port ever blocks the program.

Owns ports of UARTs and of USB devices that look like one (CDC-ACM), and ptys. A port is claimed
alone: two programs that share a scanner get half of each code. Unplugging comes out as
`ConnectionError` at both reads and writes.
"""

import asyncio
import contextlib
import os
import threading
import time
from pathlib import Path
from typing import Final

import serial

from hardware.link import READ_LIMIT_BYTES
from hardware.link.threads import Inflow, on_thread

BAUD_RATES: Final = (1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800)
FLOWS: Final = ("none", "rtscts", "xonxoff")
"""How a device holds back what is written to it: not at all, by a wire of its own, by two bytes."""
XON, XOFF = b"\x11", b"\x13"
CLOSE_S: Final = 2.0
"""How long a close waits for the driver; after it the port is left to its threads."""
STUCK_S: Final = 0.5
"""What waits to go out and has not become less for so long stands still: a byte takes 9 ms at 1200
baud."""
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

    def __init__(self, port: serial.Serial, *, may_be_stopped: bool = False) -> None:
        """`may_be_stopped`: the kernel heeds the XOFF of the device at `port`."""
        self._port = port
        self._may_be_stopped = may_be_stopped
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
        flow: str = "none",
        connect_s: float = 3.0,
        write_s: float = 5.0,
    ) -> "SerialLink":
        """Claim the port at `path`; `framing` is bits, parity and stop bits, `flow` one of `FLOWS`.
        `OSError` when it cannot be had: `FileNotFoundError` when it is not there,
        `PermissionError` without the right to it, `BlockingIOError` when another program has it;
        `ConnectionError` when it does not open within `connect_s`.

        With `xonxoff` the device's XON and XOFF never come out of `read`, wherever they stand:
        only for one whose answers cannot hold these two bytes. Going out they are data."""
        heeds_xoff = flow == "xonxoff"
        if heeds_xoff and os.name != "posix":  # elsewhere it comes with IXOFF or not at all
            raise ConnectionError(f"{path}: XON/XOFF is heeded on POSIX systems alone")

        def claimed() -> serial.Serial:
            bits, parity, stop = tuple("8N1" if _is_pty(path) else framing)
            try:
                port = serial.Serial(
                    path,
                    baud,
                    bytesize=int(bits),
                    parity=parity,
                    stopbits=int(stop),
                    rtscts=flow == "rtscts",
                    exclusive=True,
                    write_timeout=write_s,
                )
                if heeds_xoff:
                    _heed_xoff(port)
            except serial.SerialException as refused:
                raise OSError(refused.errno or 0, str(refused)) from None
            except _REFUSALS as refused:
                raise ConnectionError(f"{path}: {refused}") from None
            return port

        try:
            async with asyncio.timeout(connect_s):
                port = await on_thread(claimed, name=_WORK, too_late=serial.Serial.close)
        except TimeoutError:
            raise ConnectionError(f"{path} did not open within {connect_s} s") from None
        return cls(port, may_be_stopped=heeds_xoff)

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
        with contextlib.suppress(OSError, TypeError, *_REFUSALS):
            if self._may_be_stopped:
                _drop_what_stands_still(self._port)
        with contextlib.suppress(OSError, TypeError):
            self._port.close()


def _heed_xoff(port: serial.Serial) -> None:
    """Let the kernel hold back what is written from an XOFF to the next XON, and do no more.

    IXON alone: pyserial's `xonxoff` means IXOFF too, by which the kernel itself says XOFF when its
    own buffer runs full, ahead of all that waits to go out. In the middle of a picture that byte
    would be eight of its dots, and what follows would stand a byte too far.

    Opening has cleared IXON, and with it a stop that was said to whoever had the port before."""
    import termios  # noqa: PLC0415  not on Windows, where this module can be imported all the same

    settings = termios.tcgetattr(port.fileno())
    settings[0] |= termios.IXON
    settings[6][termios.VSTART], settings[6][termios.VSTOP] = XON, XOFF
    termios.tcsetattr(port.fileno(), termios.TCSANOW, settings)


def _drop_what_stands_still(port: serial.Serial) -> None:
    """A UART's close waits for what has not gone out, 30 s unless set otherwise (closing_wait of
    Linux, include/linux/tty_port.h), and no opening succeeds meanwhile."""
    waiting = port.out_waiting
    while waiting:
        time.sleep(STUCK_S)
        before, waiting = waiting, port.out_waiting
        if waiting >= before:
            port.reset_output_buffer()
            return
