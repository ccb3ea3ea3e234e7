"""Where a simulated printer meets a wire: inside this process, or a real TCP port.

Like a real network printer it talks to one host at a time; a second one is connected and waits.
While the printer has no appetite nothing is read, so the wire fills up as it would.
"""

import asyncio
import socket
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Final

from hardware.glyphs import find_font
from hardware.link import Connect, Link, TcpLink, memory_pair
from hardware.simulator.printer import Event, SimulatedPrinter

ANSWER_WRITE_S: Final = 5.0
"""How long the printer waits for a host that does not read its answers, before it hangs up."""
HOSTS_LIMIT: Final = 8
"""Hosts connected at once, waiting ones included."""
CUT_MARK: Final = "- - - ✂ - - -"


class PaperFile:
    """A listener that appends what is printed to a UTF-8 file, with `CUT_MARK` at each cut.

    Written at each cut and at each trouble, so half a receipt before a power cut is there too.
    `OSError` at once when the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pending: list[str] = []
        self._path.open("a", encoding="utf-8").close()

    def __call__(self, event: Event, detail: str) -> None:
        if event is Event.LINE:
            self._pending.append(detail)
            return
        if event is Event.RECEIPT:
            while self._pending and not self._pending[-1]:  # what was fed to reach the cutter
                self._pending.pop()
            self._pending.append(CUT_MARK)
        if self._pending:
            with self._path.open("a", encoding="utf-8") as file:
                file.write("\n".join(self._pending) + "\n")
            self._pending.clear()


class PictureFolder:
    """A listener that writes each receipt as `receipt-000001.png` and so on, going on after those
    that are there. `OSError` at once when the folder cannot be made, NoFont when nothing can be
    drawn here."""

    def __init__(self, folder: Path, printer: SimulatedPrinter) -> None:
        find_font()
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._printer = folder, printer
        taken = [
            int(name.stem[8:])
            for name in folder.glob("receipt-[0-9]*.png")
            if name.stem[8:].isdecimal()
        ]
        self._number = max(taken, default=0)

    def __call__(self, event: Event, _detail: str) -> None:
        if event is Event.RECEIPT:
            self._number += 1
            self._printer.picture().save(self._folder / f"receipt-{self._number:06}.png")


class Port:
    """The socket on the printer's back: one host at a time."""

    def __init__(self, printer: SimulatedPrinter) -> None:
        self._printer = printer
        self._turn = asyncio.Lock()

    async def attend(self, link: Link) -> None:
        """Be the printer at this link until the host closes it or the power goes."""
        try:
            async with self._turn:
                if self._printer.powered:
                    await self._converse(link)
        finally:
            await link.close()

    async def _converse(self, link: Link) -> None:
        hungry, has_said, dark = asyncio.Event(), asyncio.Event(), asyncio.Event()

        def notice(event: Event, _detail: str) -> None:
            hungry.set()
            has_said.set()
            if event is Event.POWER_OFF:
                dark.set()

        self._printer.listeners.append(notice)
        tasks = [
            asyncio.create_task(self._listen(link, hungry, has_said)),
            asyncio.create_task(self._speak(link, has_said)),
            asyncio.create_task(_wait(dark)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._printer.listeners.remove(notice)
            await _cancel(tasks)
        for task in done:
            task.result()

    async def _listen(self, link: Link, hungry: asyncio.Event, has_said: asyncio.Event) -> None:
        left = b""  # a knob turned while a read was under way: these wait as on the wire
        while True:
            while (appetite_bytes := self._printer.appetite_bytes()) == 0:
                hungry.clear()
                await hungry.wait()
            try:
                data = left or await link.read(None, min(appetite_bytes, 4096))
            except OSError:
                return
            left = data[self._printer.feed(data) :]
            has_said.set()

    async def _speak(self, link: Link, has_said: asyncio.Event) -> None:
        while True:
            await has_said.wait()
            has_said.clear()
            try:
                await link.write(self._printer.take_answers())
            except OSError:
                return


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def in_process(printer: SimulatedPrinter, *, write_s: float = ANSWER_WRITE_S) -> Connect:
    """A way to connect to `printer` over memory; refused while it is switched off."""
    port = Port(printer)
    attending: set[asyncio.Task[None]] = set()

    async def connect() -> Link:
        if not printer.powered:
            raise ConnectionRefusedError("the simulated printer is switched off")
        near, far = memory_pair(write_s=write_s)
        task = asyncio.create_task(port.attend(far))
        attending.add(task)
        task.add_done_callback(attending.discard)
        return near

    return connect


class TcpServer(AbstractAsyncContextManager["TcpServer"]):
    """A simulated printer behind a TCP port; close it, or use it as an async context."""

    def __init__(self, printer: SimulatedPrinter, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        self.url: Final = f"escpos+tcp://{host}:{port}?cols={printer.columns}"
        self._listener = listener
        self._port = Port(printer)
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


async def serve_tcp(printer: SimulatedPrinter, host: str = "127.0.0.1", port: int = 0) -> TcpServer:
    """Put `printer` behind a TCP port (0: any free one); `OSError` when it is taken."""
    listener = socket.create_server((host, port))
    listener.setblocking(False)
    return TcpServer(printer, listener)
