"""Device files as links: they carry everything, wait only so long, belong to one, end cleanly."""

import asyncio
import errno
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from hardware.link.device_file import EVIOCGRAB, READ_ONLY, DeviceFile, _taken
from hardware.registry import open_printer
from hardware.simulator.pty import SerialPort
from tests.hardware.readers import PATIENCE_S, as_nobody, far_end


@asynccontextmanager
async def plugged() -> AsyncIterator[tuple[SerialPort, DeviceFile]]:
    """A pty is as /dev/usb/lp0: both ways, and gone when its other end is."""
    with closing(SerialPort(name="lp0")) as port:
        link = await DeviceFile.connect(str(port.path), write_s=PATIENCE_S)
        try:
            yield port, link
        finally:
            await link.close()


def packets() -> tuple[DeviceFile, DeviceFile]:
    """A pair that keeps what is written apart."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setblocking(False)
    near, far = (DeviceFile(end.detach(), write_s=PATIENCE_S) for end in ends)
    return near, far


async def read_all(link: DeviceFile, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += await link.read(PATIENCE_S)
    return data


def test_bytes_go_both_ways() -> None:
    async def scenario() -> None:
        async with plugged() as (port, link):
            device = port.plug()
            await link.write(b"\x10\x04\x01")
            assert await device.read(PATIENCE_S) == b"\x10\x04\x01"
            await device.write(b"\x12")
            assert await link.read(PATIENCE_S) == b"\x12"

    asyncio.run(scenario())


def test_a_long_receipt_arrives_whole_at_a_slow_reader() -> None:
    async def scenario() -> None:
        receipt = bytes(range(256)) * 800
        async with plugged() as (port, link):
            device, arrived = port.plug(), b""
            writing = asyncio.create_task(link.write(receipt))
            while len(arrived) < len(receipt):
                arrived += await device.read(PATIENCE_S, 997)
            await writing
            assert arrived == receipt

    asyncio.run(scenario())


def test_each_read_is_one_report() -> None:
    async def scenario() -> None:
        near, far = packets()
        for one in (b"a" * 64, b"b" * 64, b"c"):
            await far.write(one)
        assert [await near.read(PATIENCE_S) for _ in range(3)] == [b"a" * 64, b"b" * 64, b"c"]
        await near.close()
        await far.close()

    asyncio.run(scenario())


def test_a_read_waits_only_so_long_and_loses_nothing_by_that() -> None:
    async def scenario() -> None:
        near, far = packets()
        with pytest.raises(TimeoutError):
            await near.read(0.01)
        await far.write(b"late")
        assert await near.read(PATIENCE_S) == b"late"
        await near.close()
        await far.close()

    asyncio.run(scenario())


def test_a_reader_of_one_that_never_stops_leaves_the_loop_to_others() -> None:
    async def scenario() -> None:
        link = await DeviceFile.connect("/dev/zero", write_s=PATIENCE_S)

        other = asyncio.create_task(asyncio.sleep(0))
        for _ in range(10):
            assert await link.read(None)
        assert other.done()
        await link.close()

    asyncio.run(scenario())


def test_a_write_that_nobody_takes_gives_up_in_time() -> None:
    async def scenario() -> None:
        with closing(SerialPort(name="lp0")) as port:
            link = await DeviceFile.connect(str(port.path), write_s=0.05)
            with pytest.raises(TimeoutError):
                await link.write(b"x" * 1_000_000)
            await link.close()

    asyncio.run(scenario())


def test_unplugging_ends_reads_and_writes_that_wait_and_those_to_come() -> None:
    async def scenario() -> None:
        async with plugged() as (port, link):
            waits = [
                asyncio.create_task(link.read(None)),
                asyncio.create_task(link.write(b"x" * 1_000_000)),
            ]
            await port.plug().read(PATIENCE_S, 1)
            port.unplug()
            for ended in await asyncio.gather(*waits, return_exceptions=True):
                assert isinstance(ended, ConnectionError)
            with pytest.raises(ConnectionError):
                await link.read(PATIENCE_S)
            with pytest.raises(ConnectionError):
                await link.write(b"anyone?")

    asyncio.run(scenario())


def test_what_came_before_the_end_is_still_handed_over() -> None:
    async def scenario() -> None:
        near, far = packets()
        await far.write(b"last words")
        await far.close()
        assert await near.read(PATIENCE_S) == b"last words"
        with pytest.raises(ConnectionError):
            await near.read(PATIENCE_S)
        await near.close()

    asyncio.run(scenario())


def test_empty_packets_are_no_end() -> None:
    async def scenario() -> None:
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        near.setblocking(False)
        link = DeviceFile(near.detach(), write_s=PATIENCE_S)
        for packet in (b"", b"", b"ready"):
            far.send(packet)
        assert await link.read(PATIENCE_S) == b"ready"
        far.close()
        await link.close()

    asyncio.run(scenario())


def test_closing_ends_what_waits_and_can_be_done_again() -> None:
    async def scenario() -> None:
        near, far = packets()
        waiting = asyncio.create_task(near.read(None))
        await asyncio.sleep(0.01)
        await near.close()
        await near.close()
        with pytest.raises(ConnectionError):
            await waiting
        for after in (near.read(PATIENCE_S), near.write(b"x")):
            with pytest.raises(ConnectionError):
                await after
        await far.close()

    asyncio.run(scenario())


def test_closing_leaves_no_descriptor_behind(tmp_path: Path) -> None:
    async def scenario() -> None:
        far = far_end(tmp_path / "lp0")
        before = len(os.listdir("/dev/fd"))  # noqa: PTH208
        for _ in range(20):
            link = await DeviceFile.connect(str(tmp_path / "lp0"))
            await link.close()
        (tmp_path / "file").touch()
        for path in ("file", "missing", "."):
            with pytest.raises(OSError):  # noqa: PT011
                await DeviceFile.connect(str(tmp_path / path))
        with pytest.raises(ConnectionError):
            await DeviceFile.connect(str(tmp_path / "lp0"), grab=True)
        assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208
        await far.close()

    asyncio.run(scenario())


def test_a_file_belongs_to_one_program_until_it_is_closed(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = tmp_path / "lp0"
        far = far_end(path)
        first = await DeviceFile.connect(str(path))
        with pytest.raises(BlockingIOError):
            await DeviceFile.connect(str(path))
        await first.close()
        second = await DeviceFile.connect(str(path))
        await second.close()
        await far.close()

    asyncio.run(scenario())


def test_a_child_that_has_inherited_the_file_does_not_keep_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = tmp_path / "lp0"
        far = far_end(path)
        link = await DeviceFile.connect(str(path))
        inherited = os.dup(link._file)  # as a fork has it
        await link.close()
        again = await DeviceFile.connect(str(path))
        await again.close()
        os.close(inherited)
        await far.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["file", "folder"])
def test_a_file_of_no_device_is_refused(name: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        (tmp_path / "file").write_text("no device")
        (tmp_path / "folder").mkdir()
        with pytest.raises(OSError, match=r"no device|directory"):
            await DeviceFile.connect(str(tmp_path / name))
        with pytest.raises(ConnectionError if name == "file" else OSError):
            await DeviceFile.connect(str(tmp_path / name), modes=READ_ONLY)

    asyncio.run(scenario())


def test_a_driver_that_says_it_is_busy_is_taken() -> None:
    """usblp lets one program in; so does a grab of keys."""
    assert isinstance(_taken(OSError(errno.EBUSY, "busy"), "lp0"), BlockingIOError)
    gone = OSError(errno.ENODEV, "gone")
    assert _taken(gone, "lp0") is gone


def test_the_grab_is_the_kernels_request() -> None:
    """_IOW('E', 0x90, int): direction, size, type and number (asm-generic/ioctl.h)."""
    write, an_int = 1 << 30, 4 << 16
    assert write | an_int | ord("E") << 8 | 0x90 == EVIOCGRAB


def test_a_file_that_may_only_be_written_is_a_printer_that_cannot_answer() -> None:
    async def scenario(folder: Path) -> None:
        path = folder / "lp0"
        far = far_end(path)
        path.chmod(0o222)
        with as_nobody(folder):
            link = await DeviceFile.connect(str(path), write_s=PATIENCE_S)
            with pytest.raises(PermissionError):
                await DeviceFile.connect(str(path), modes=READ_ONLY)
        with pytest.raises(TimeoutError):
            await link.read(0.01)
        await link.write(b"receipt")
        assert await far.read(PATIENCE_S) == b"receipt"
        await far.close()
        with pytest.raises(ConnectionError):
            await link.write(b"anyone?")
        with pytest.raises(ConnectionError):
            await link.read(PATIENCE_S)
        await link.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(scenario(Path(folder)))


def test_a_printer_without_a_way_back_is_not_read_again() -> None:
    """usblp says EINVAL then, as does an inotify file that is read in too small pieces."""

    async def scenario() -> None:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        file = libc.inotify_init1(os.O_NONBLOCK)
        with tempfile.TemporaryDirectory() as folder:
            libc.inotify_add_watch(file, folder.encode(), 0x100)
            (Path(folder) / "something").touch()
        link = DeviceFile(file, write_s=PATIENCE_S)
        with pytest.raises(TimeoutError):
            await link.read(0.05, 1)
        assert link._mode == os.O_WRONLY
        await link.close()

    asyncio.run(scenario())


def test_a_file_that_may_not_be_opened_says_so() -> None:
    async def scenario(folder: Path) -> None:
        path = folder / "lp0"
        path.touch()
        path.chmod(0)
        with as_nobody(folder), pytest.raises(PermissionError):
            await DeviceFile.connect(str(path))

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(scenario(Path(folder)))


def test_a_printers_file_is_an_address() -> None:
    assert open_printer("escpos+lp:///dev/usb/lp0?cols=32")
