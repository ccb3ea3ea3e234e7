"""The far end of a serial wire: a pty, behind a path that stays when it is unplugged and back.

The kernel gives each pty a new number, so hosts are told the path of a symbolic link, as
`/dev/serial/by-id` does for real devices. Unplugging closes the pty: whoever has it open gets EIO.
POSIX only, as ptys are.
"""

import asyncio
import contextlib
import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hardware.link import READ_LIMIT_BYTES

TAKE_S: Final = 5.0
"""How long the device waits for a host that does not read, before it gives up the bytes."""


class PtyLink:
    """The device's end of the pty."""

    def __init__(self, master: int, host_end: int, write_s: float) -> None:
        os.set_blocking(master, False)
        self._master = master
        self._host_end = host_end
        self._write_s = write_s
        self._unplugged = asyncio.Event()

    async def write(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._write_s):
            while data:
                try:
                    data = data[os.write(self._open, data) :]
                except BlockingIOError:
                    await self._until(loop.add_writer, loop.remove_writer)

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    return os.read(self._open, limit_bytes)
                except BlockingIOError:
                    await self._until(loop.add_reader, loop.remove_reader)

    @property
    def _open(self) -> int:
        if self._master < 0:
            raise ConnectionResetError("the simulated device was unplugged")
        return self._master

    async def _until(
        self,
        add: Callable[[int, Callable[[], None]], object],
        remove: Callable[[int], object],
    ) -> None:
        """Until the master is ready, or unplugged."""
        ready = asyncio.Event()
        master = self._open
        add(master, ready.set)
        waits = [asyncio.create_task(event.wait()) for event in (ready, self._unplugged)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if self._master == master:
                remove(master)
            for wait in waits:
                wait.cancel()

    async def close(self) -> None:
        self.cut()

    def cut(self) -> None:
        """Unplug: the host's reads and writes fail from now on."""
        if self._master < 0:
            return
        with contextlib.suppress(RuntimeError):  # no loop any more: nobody watches
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._master)
            loop.remove_writer(self._master)
        os.close(self._master)
        os.close(self._host_end)
        self._master = -1
        self._unplugged.set()


class SerialPort:
    """A place to plug a simulated device in; `path` is what a device URL names. Close it.

    `path` must not exist, or be a link left behind; without one it lies in a new folder in the
    system's temporary one.
    """

    def __init__(self, path: Path | None = None, *, name: str = "device") -> None:
        self._folder = None if path else Path(tempfile.mkdtemp(prefix="omnitill-"))
        self.path: Final = path or (self._folder or Path()) / name
        self.link: PtyLink | None = None
        self.plug()

    @property
    def plugged(self) -> bool:
        return self.link is not None

    def plug(self) -> PtyLink:
        """A new pty at the path, unless there is one already; `OSError` when there is none."""
        if self.link is not None:
            return self.link
        if self.path.exists() and not self.path.is_symlink():
            raise FileExistsError(errno.EEXIST, "there is a file already", str(self.path))
        import tty  # noqa: PLC0415  not on Windows, where this module can be imported all the same

        master, host_end = os.openpty()
        # Kept open here, so that the pty outlives a host that closes; raw, so that what comes
        # while no host is there is neither echoed nor held back until a line ends.
        tty.setraw(host_end)
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(host_end))
        fresh.replace(self.path)
        self.link = PtyLink(master, host_end, TAKE_S)
        return self.link

    def unplug(self) -> None:
        """The path is gone, and with it every host's connection."""
        link, self.link = self.link, None
        if link is not None:
            self.path.unlink(missing_ok=True)
            link.cut()

    def close(self) -> None:
        self.unplug()
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._folder.rmdir()
