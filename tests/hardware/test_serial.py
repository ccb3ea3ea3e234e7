"""Serial ports as links, through real ptys."""

import asyncio
import os
from contextlib import closing
from pathlib import Path

import pytest

from hardware.link.serial import SerialLink
from hardware.simulator.pty import SerialPort
from rehearsal.processes import wait_until

PATIENCE_S = 60


def test_a_writer_nobody_reads_gives_up_in_time() -> None:
    async def scenario() -> None:
        with closing(SerialPort()) as port:
            link = await SerialLink.connect(str(port.path), write_s=0.05)
            with pytest.raises(TimeoutError):
                await link.write(b"x" * 1_000_000)
            await link.close()

    asyncio.run(scenario())


def test_a_port_with_parity_is_opened_again_and_again() -> None:
    async def scenario() -> None:
        with closing(SerialPort()) as port:
            for _ in range(3):
                link = await SerialLink.connect(str(port.path), framing="7E1")
                await link.close()

    asyncio.run(scenario())


def test_a_file_that_is_no_port_is_refused_as_one(tmp_path: Path) -> None:
    async def scenario() -> None:
        for path in (tmp_path, tmp_path / "none", Path("/dev/null")):
            with pytest.raises(OSError, match="ould not"):
                await SerialLink.connect(str(path))

    asyncio.run(scenario())


def test_what_nobody_asks_for_is_not_gathered_without_end() -> None:
    async def scenario() -> None:
        with closing(SerialPort()) as port:
            link = await SerialLink.connect(str(port.path), write_s=PATIENCE_S)
            device = port.plug()
            device._write_s = 0.5
            with pytest.raises(TimeoutError):
                await device.write(b"x" * 1_000_000)
            await link.close()

    asyncio.run(scenario())


def test_a_link_that_broke_says_so_at_read_and_write_and_closes_in_peace() -> None:
    async def scenario() -> None:
        with closing(SerialPort()) as port:
            link = await SerialLink.connect(str(port.path), write_s=PATIENCE_S)
            await port.plug().write(b"last words")
            heard = b""
            while heard != b"last words":  # in as many pieces as the wire likes
                heard += await link.read(PATIENCE_S)
            port.unplug()
            with pytest.raises(ConnectionError):
                await link.read(PATIENCE_S)
            with pytest.raises(ConnectionError):
                await link.write(b"anyone?")
            await link.close()
            await link.close()

    asyncio.run(scenario())


def test_closing_leaves_no_descriptor_behind() -> None:
    async def scenario() -> None:
        with closing(SerialPort()) as port:
            before = len(os.listdir("/dev/fd"))  # noqa: PTH208
            for _ in range(20):
                link = await SerialLink.connect(str(port.path), write_s=PATIENCE_S)
                await link.close()
            assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208

    asyncio.run(scenario())


def test_what_arrived_before_the_port_went_is_still_handed_over() -> None:
    async def scenario() -> None:
        master, host_end = os.openpty()
        link = await SerialLink.connect(os.ttyname(host_end))
        os.write(master, b"6901")
        came = link._inflow
        await asyncio.to_thread(wait_until, lambda: came.held_bytes == 4, PATIENCE_S, "it came")
        os.close(host_end)
        os.close(master)
        await asyncio.to_thread(wait_until, lambda: bool(link._inflow.ended), PATIENCE_S, "it went")
        assert await link.read(PATIENCE_S) == b"6901"
        with pytest.raises(ConnectionResetError):
            await link.read(PATIENCE_S)
        await link.close()

    asyncio.run(scenario())
