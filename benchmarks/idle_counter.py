"""What does a counter cost that nobody uses?

Ours: the devices of a till on their loop: printer, two scanners, display, scale and locker at
serial lines, all met. Reference: a thread for each, that sleeps, asks and reads; a read wakes up
every second to see whether it should end. Each in a process of its own, against the same simulated
devices; processor time of the process, threads and all, in each second.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Event, Thread

from benchmarks.measure import Result, Scale, by_turns, processor_us, result
from hardware.simulator.display import SimulatedDisplay
from hardware.simulator.locker.boards import XorBoards
from hardware.simulator.machine import Machine
from hardware.simulator.printer.machine import SimulatedPrinter
from hardware.simulator.pty import SerialPort
from hardware.simulator.scale import SimulatedScale
from hardware.simulator.scanner import SimulatedScanner
from hardware.simulator.wire import serving_serial
from pos_client.counter.counter import Counter
from pos_client.settings import load
from rehearsal.processes import wait_until

GOAL = 5.0
SECONDS = 10
UNIT = "ms/s"
_READY_S = 60.0


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """Seconds in which nothing happens."""
    seconds = scale.of(SECONDS)
    with _Devices(folder) as devices:
        rounds = by_turns(
            scale,
            lambda: _cost(["benchmarks.idle_counter", *devices.urls], seconds),
            lambda: _cost(["benchmarks.reference.idle_counter", *devices.paths], seconds),
        )
    yield result("idle_counter", UNIT, GOAL, rounds, seconds)


def _cost(module_and_words: list[str], seconds: int) -> float:
    """Milliseconds of processor in each second of that program, once it is ready."""
    argv = [sys.executable, "-m", *module_and_words]
    with Popen(argv, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"ready\n"
        before = processor_us(process.pid)
        time.sleep(seconds)
        spent = processor_us(process.pid) - before
        process.stdin.close()
        process.wait(_READY_S)
    return spent / seconds / 1000


class _Devices:
    """Six simulated devices at ptys, served on a thread of their own."""

    def __init__(self, folder: Path) -> None:
        self._machines: list[Machine] = [
            SimulatedPrinter(),
            SimulatedScanner(),
            SimulatedScanner(),
            SimulatedDisplay(),
            SimulatedScale(),
            XorBoards(locks=(24,)),
        ]
        self._folder = folder
        self.urls: list[str] = []
        self.paths: list[str] = []
        self._served, self._over = Event(), asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    async def _serve(self) -> None:
        async with AsyncExitStack() as stack:
            for number, machine in enumerate(self._machines):
                port = stack.enter_context(closing(SerialPort(self._folder / f"device{number}")))
                self.urls.append(await stack.enter_async_context(serving_serial(machine, port)))
                self.paths.append(str(port.path))
            self._served.set()
            await self._over.wait()

    def __enter__(self) -> "_Devices":
        self._thread.start()
        self._served.wait(_READY_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(_READY_S)
        self._loop.close()


def _keep(urls: list[str]) -> None:
    """Ours: keep these devices until standard input ends."""
    printer, first, second, display, scale, locker = urls
    settings = load(
        printer=printer, scanner=f"{first} {second}", display=display, scale=scale, locker=locker
    )
    with closing(Counter(settings)) as counter:
        counter.start()
        devices = [placed.device for placed in counter.places.devices]
        wait_until(lambda: all(one.health.ready for one in devices), _READY_S, "all were met")
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _keep(sys.argv[1:])
