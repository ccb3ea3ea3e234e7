"""Byte pipes: they carry everything, wait only so long, and end cleanly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from hardware.link import Link
from hardware.link.memory import memory_pair
from hardware.link.tcp import TcpLink
from hardware.simulator.printer.machine import Event, SimulatedPrinter
from hardware.simulator.wire import serve_tcp
from tests.hardware.wires import bell_for


def test_a_memory_pair_carries_both_ways_and_is_readable_after_a_close() -> None:
    async def scenario() -> None:
        near, far = memory_pair(write_s=60)
        await near.write(b"abc")
        assert await far.read(60, 2) == b"ab"
        await far.write(b"xy")
        assert await near.read(60) == b"xy"
        await near.close()
        assert await far.read(60) == b"c"
        with pytest.raises(ConnectionError):
            await far.read(60)
        with pytest.raises(ConnectionError):
            await far.write(b"z")

    asyncio.run(scenario())


def test_a_full_memory_pair_makes_the_writer_wait_and_then_give_up() -> None:
    async def scenario() -> None:
        near, far = memory_pair(write_s=0.05, capacity_bytes=4)
        with pytest.raises(TimeoutError):
            await near.write(b"abcdef")
        assert await far.read(60) == b"abcd"

    asyncio.run(scenario())


def test_a_read_waits_only_so_long() -> None:
    async def scenario() -> None:
        near, _far = memory_pair(write_s=60)
        with pytest.raises(TimeoutError):
            await near.read(0.01)

    asyncio.run(scenario())


def test_a_host_that_is_no_name_is_an_os_error() -> None:
    async def scenario() -> None:
        with pytest.raises(ConnectionError):
            await TcpLink.connect("10.0.0..5", 9100, connect_s=60, write_s=60)

    asyncio.run(scenario())


def test_a_refused_connection_is_an_os_error() -> None:
    async def scenario() -> None:
        async with await serve_tcp(SimulatedPrinter()) as server:
            port = urlsplit(server.url).port
            assert port is not None
        with pytest.raises(OSError, match=r"refused|failed"):
            await TcpLink.connect("127.0.0.1", port, connect_s=60, write_s=60)

    asyncio.run(scenario())


@asynccontextmanager
async def dialled(simulated: SimulatedPrinter, write_s: float) -> AsyncIterator[Link]:
    async with await serve_tcp(simulated) as server:
        port = urlsplit(server.url).port
        assert port is not None
        link = await TcpLink.connect("localhost", port, connect_s=60, write_s=write_s)
        try:
            yield link
        finally:
            await link.close()


def test_a_stalled_printer_really_leaves_the_socket_unread() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.stall_at(10)
        async with dialled(simulated, write_s=0.5) as link:
            with pytest.raises(TimeoutError):  # far more than the kernel takes by itself
                await link.write(b"012345678\n" + b"x\n" * 32_000_000)
            assert simulated.appetite_bytes() == 0
            assert simulated.paper == ["012345678"]

    asyncio.run(scenario())


def test_a_second_host_waits_until_the_first_has_hung_up() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        printed = bell_for(simulated, Event.LINE)
        async with await serve_tcp(simulated) as server:
            port = urlsplit(server.url).port
            assert port is not None
            first = await TcpLink.connect("127.0.0.1", port, connect_s=60, write_s=60)
            await first.write(b"\x10\x04\x01")
            assert await first.read(60) == b"\x12"
            second = await TcpLink.connect("127.0.0.1", port, connect_s=60, write_s=60)
            await second.write(b"second\n")
            await first.write(b"first\n")
            await printed.wait()
            assert simulated.paper == ["first"]
            printed.clear()
            await first.close()
            await printed.wait()
            assert simulated.paper == ["first", "second"]
            await second.close()

    asyncio.run(scenario())
