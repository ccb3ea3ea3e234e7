"""Where a simulated device meets a wire: inside this process, at a real TCP port, or at a pty.

Like a real device it talks to one host at a time; a second one is connected and waits. While it
has no appetite nothing is read, so the wire fills up as it would.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Final

from hardware.link import Connect, Link
from hardware.link.memory import memory_pair
from hardware.link.tcp import TcpLink
from hardware.simulator.machine import Machine
from hardware.simulator.pty import SerialPort

ANSWER_WRITE_S: Final = 5.0
"""How long a device waits for a host that does not read its answers, before it hangs up."""
HOSTS_LIMIT: Final = 8
"""Hosts connected at once, waiting ones included."""
HOST: Final = "127.0.0.1"

Damage = Callable[[Link], Link]
"""What a wire does to what goes over it; see `hardware.simulator.noise`."""


class Port:
    """The socket on the device's back: one host at a time."""

    def __init__(self, machine: Machine, damage: Damage | None = None) -> None:
        self._machine = machine
        self._damage = damage
        self._turn = asyncio.Lock()

    async def attend(self, link: Link) -> None:
        """Be the device at this link until the host closes it or the power goes."""
        link = self._damage(link) if self._damage else link
        try:
            async with self._turn:
                if self._machine.is_there:
                    await self._converse(link)
        finally:
            await link.close()

    async def _converse(self, link: Link) -> None:
        hungry, has_said, dark = asyncio.Event(), asyncio.Event(), asyncio.Event()

        def notice() -> None:
            hungry.set()
            has_said.set()
            if not self._machine.is_there:
                dark.set()

        self._machine.on_change.append(notice)
        self._machine.connected += 1
        has_said.set()
        tasks = [
            asyncio.create_task(self._listen(link, hungry, has_said)),
            asyncio.create_task(self._speak(link, has_said)),
            asyncio.create_task(_wait(dark)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._machine.on_change.remove(notice)
            self._machine.connected -= 1
            await _cancel(tasks)
        for task in done:
            task.result()

    async def _listen(self, link: Link, hungry: asyncio.Event, has_said: asyncio.Event) -> None:
        left = b""  # a knob turned while a read was under way: these wait as on the wire
        while True:
            while (appetite_bytes := self._machine.appetite_bytes()) == 0:
                hungry.clear()
                await hungry.wait()
            try:
                data = left or await link.read(None, min(appetite_bytes, 4096))
            except OSError:
                return
            left = data[self._machine.feed(data) :]
            has_said.set()

    async def _speak(self, link: Link, has_said: asyncio.Event) -> None:
        while True:
            await has_said.wait()
            has_said.clear()
            try:
                await link.write(self._machine.take_answers())
            except OSError:
                return


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def in_process(
    machine: Machine, *, write_s: float = ANSWER_WRITE_S, damage: Damage | None = None
) -> Connect:
    """A way to connect to the device over memory; refused while it is switched off."""
    port = Port(machine, damage)
    attending: set[asyncio.Task[None]] = set()

    async def connect() -> Link:
        if not machine.is_there:
            raise ConnectionRefusedError("the simulated device is switched off or unplugged")
        near, far = memory_pair(write_s=write_s)
        task = asyncio.create_task(port.attend(far))
        attending.add(task)
        task.add_done_callback(attending.discard)
        return near

    return connect


class TcpServer(AbstractAsyncContextManager["TcpServer"]):
    """A simulated device behind a TCP port; close it, or use it as an async context."""

    def __init__(self, machine: Machine, listener: socket.socket, damage: Damage | None) -> None:
        host, port = listener.getsockname()[:2]
        self.url: Final = machine.url("tcp", f"{host}:{port}")
        self._listener = listener
        self._port = Port(machine, damage)
        self._room = asyncio.Semaphore(HOSTS_LIMIT)
        self._hosts: set[asyncio.Task[None]] = set()
        self._door = asyncio.create_task(self._welcome())

    async def _welcome(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._room.acquire()
            sock, _address = await loop.sock_accept(self._listener)
            host = asyncio.create_task(self._port.attend(TcpLink(sock, write_s=ANSWER_WRITE_S)))
            self._hosts.add(host)
            host.add_done_callback(partial(self._leave, sock))

    def _leave(self, sock: socket.socket, host: asyncio.Task[None]) -> None:
        sock.close()  # for a host shown the door before its task had begun
        self._hosts.discard(host)
        self._room.release()

    async def close(self) -> None:
        """Hang up on every host and give the port back."""
        await _cancel([self._door, *self._hosts])
        self._listener.close()

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def serve_tcp(
    machine: Machine, host: str = HOST, port: int = 0, *, damage: Damage | None = None
) -> TcpServer:
    """Put the device behind a TCP port (0: any free one); `OSError` when it is taken."""
    listener = socket.create_server((host, port))
    listener.setblocking(False)
    return TcpServer(machine, listener, damage)


@contextlib.asynccontextmanager
async def serving_serial(
    machine: Machine, port: SerialPort, *, damage: Damage | None = None
) -> AsyncIterator[str]:
    """Be the device at the pty as long as this is entered; its URL."""
    attending = asyncio.create_task(_attend_serial(machine, port, damage))
    try:
        yield serial_url(machine, port)
    finally:
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)


def serial_url(machine: Machine, port: SerialPort) -> str:
    """What a host calls the device at that port."""
    return machine.url("serial", str(port.path))


async def _attend_serial(machine: Machine, port: SerialPort, damage: Damage | None) -> None:
    """Until cancelled. Without power, or with its plug pulled, the path is gone, as with a device
    that the host's USB sees as a serial port."""
    back, back_in = Port(machine, damage), asyncio.Event()

    def notice() -> None:
        if machine.is_there:
            back_in.set()
        else:
            port.unplug()

    machine.on_change.append(notice)
    try:
        while True:
            back_in.clear()
            if machine.is_there:
                await back.attend(port.plug())
            port.unplug()
            if not machine.is_there:
                await back_in.wait()
    finally:
        machine.on_change.remove(notice)
