"""A device file as a link: /dev/usb/lp0, /dev/hidraw0, /dev/input/event0.

Owns files whose driver keeps no settings of a line (those of serial ports are
`hardware.link.serial`'s). A file is claimed alone. Each read is one read of the driver, so reports
and packets stay apart. Unplugging comes out as `ConnectionError` at both reads and writes. Linux.
"""

import asyncio
import contextlib
import errno
import os
import select
import stat
from collections.abc import Callable, Sequence
from typing import Any, Final, Self

from hardware.link import READ_LIMIT_BYTES
from hardware.link.threads import on_thread

BOTH_WAYS: Final = (os.O_RDWR, os.O_WRONLY)
"""To be tried in turn: some printers, and some rights, only let us write."""
READ_ONLY: Final = (os.O_RDONLY,)
EVIOCGRAB: Final = 0x40044590
"""_IOW('E', 0x90, int) of include/uapi/linux/input.h: what is typed comes to us alone."""
EMPTY_PAUSE_S: Final = 0.05
"""usblp hands over the empty packets of a printer that says nothing, as fast as it is asked."""
LOOK_S: Final = 1.0
"""How often one that cannot be read is looked at, whether it is still there."""


class DeviceFile:
    """One open device file. One reader and one writer at a time."""

    def __init__(self, file: int, *, write_s: float, mode: int = os.O_RDWR) -> None:
        """`file` does not block, was opened in `mode`, and is closed by `close`."""
        self._file = file
        self._write_s = write_s
        self._mode = mode
        self._grabbed = False
        self._waits: set[asyncio.Future[None]] = set()

    @classmethod
    async def connect(
        cls,
        path: str,
        *,
        modes: Sequence[int] = BOTH_WAYS,
        grab: bool = False,
        connect_s: float = 3.0,
        write_s: float = 5.0,
    ) -> Self:
        """Claim the file at `path`; with `grab` take its keys away from every screen. `OSError`
        when it cannot be had: `FileNotFoundError` when it is not there, `PermissionError` without
        the right to it, `BlockingIOError` when another program has it; `ConnectionError` when it
        is no device, or does not open within `connect_s`."""

        def claimed() -> tuple[int, int]:
            file, mode = _open(path, modes)
            try:
                _claim(file, path)
                if grab:
                    _grab(file, path)
            except BaseException:
                os.close(file)
                raise
            return file, mode

        try:
            async with asyncio.timeout(connect_s):
                file, mode = await on_thread(
                    claimed,
                    name=f"opens {path}",
                    too_late=lambda late: _let_go(late[0], grabbed=grab),
                )
        except TimeoutError:
            raise ConnectionError(f"{path} did not open within {connect_s} s") from None
        link = cls(file, write_s=write_s, mode=mode)
        link._grabbed = grab
        return link

    async def write(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        left = memoryview(data)
        async with asyncio.timeout(self._write_s):
            while left:
                try:
                    taken = os.write(self._opened, left)
                except BlockingIOError:
                    await self._ready(loop.add_writer, loop.remove_writer)
                except OSError as broken:
                    raise ConnectionResetError(str(broken)) from None
                else:
                    left = left[taken:]

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout_s):
            await asyncio.sleep(0)  # one that is never empty must not keep the loop to itself
            while self._mode != os.O_WRONLY:
                try:
                    data = os.read(self._opened, limit_bytes)
                except BlockingIOError:
                    await self._ready(loop.add_reader, loop.remove_reader)
                except OSError as broken:
                    if broken.errno != errno.EINVAL or self._mode != os.O_RDWR:
                        raise ConnectionResetError(str(broken)) from None
                    self._mode = os.O_WRONLY  # so usblp says that this printer has no way back
                else:
                    if data:
                        return data
                    self._look()
                    await asyncio.sleep(EMPTY_PAUSE_S)
            while True:
                self._look()
                await asyncio.sleep(LOOK_S)

    async def close(self) -> None:
        file, self._file = self._file, -1
        if file < 0:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(file)
        loop.remove_writer(file)
        for wait in self._waits:
            if not wait.done():
                wait.set_exception(ConnectionResetError("the file was closed"))
        _let_go(file, grabbed=self._grabbed)

    @property
    def _opened(self) -> int:
        if self._file < 0:
            raise ConnectionResetError("the file was closed")
        return self._file

    def _look(self) -> None:
        """`ConnectionResetError` when the device is gone."""
        poll = select.poll()
        poll.register(self._opened, 0)  # what is gone is said unasked
        if poll.poll(0):
            raise ConnectionResetError("the far end is gone")

    async def _ready(self, add: Callable[..., object], remove: Callable[[int], object]) -> None:
        """Until the file can be read or written, whichever is added."""
        file = self._opened
        ready = asyncio.get_running_loop().create_future()
        try:
            add(file, _ring, ready)
        except OSError as refused:  # a file that cannot be waited for is none of a device
            raise ConnectionResetError(str(refused)) from None
        self._waits.add(ready)
        try:
            await ready
        finally:
            self._waits.discard(ready)
            if self._file == file:
                remove(file)


def _ring(ready: "asyncio.Future[Any]") -> None:
    if not ready.done():
        ready.set_result(None)


def _open(path: str, modes: Sequence[int]) -> tuple[int, int]:
    """The open file, and the mode it was opened in: the first of `modes` that it allows."""
    refused: PermissionError | None = None
    for mode in modes:
        try:
            return os.open(path, mode | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), mode
        except PermissionError as forbidden:
            refused = refused or forbidden
        except OSError as trouble:
            raise _taken(trouble, path) from None
    assert refused is not None
    raise refused


def _claim(file: int, path: str) -> None:
    import fcntl  # noqa: PLC0415  not on Windows, where this module can be imported all the same

    kind = os.fstat(file).st_mode
    if not (stat.S_ISCHR(kind) or stat.S_ISFIFO(kind)):
        raise ConnectionError(f"{path} is no device")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as trouble:
        raise _taken(trouble, path) from None


def _grab(file: int, path: str) -> None:
    import fcntl  # noqa: PLC0415

    try:
        fcntl.ioctl(file, EVIOCGRAB, 1)
    except OSError as trouble:
        if trouble.errno in (errno.ENOTTY, errno.EINVAL):
            raise ConnectionError(f"{path} is no keyboard that can be had alone") from None
        raise _taken(trouble, path) from None


def _let_go(file: int, *, grabbed: bool) -> None:
    """Explicitly, for a child of this process may have the file too."""
    import fcntl  # noqa: PLC0415

    with contextlib.suppress(OSError):
        if grabbed:
            fcntl.ioctl(file, EVIOCGRAB, 0)
    with contextlib.suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_UN)
    with contextlib.suppress(OSError):
        os.close(file)


def _taken(trouble: OSError, path: str) -> OSError:
    """EBUSY is how a driver says that another program has it."""
    if trouble.errno == errno.EBUSY:
        return BlockingIOError(trouble.errno, f"{path}: {trouble.strerror}")
    return trouble
