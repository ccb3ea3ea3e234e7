"""This till's devices as one object: jobs go in, what became of them comes back.

The counter lives on its own thread and event loop. No act waits for it: a dead printer never
stops or undoes a sale, it only makes the receipt's fact say so.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from hardware.device import Fault
from hardware.printer import EscposPrinter, Outcome
from hardware.receipt_bytes import Line
from hardware.registry import open_printer
from retail.facts import PrintOutcome

#: why a receipt was not printed although a printer is there
QUEUE_FULL = "till.print_queue_full"
SWITCHED_OFF = "till.switched_off"

_COLUMNS_WITHOUT_PRINTER = 48
_OUTCOMES = {
    Outcome.PRINTED: PrintOutcome.PRINTED,
    Outcome.NOT_PRINTED: PrintOutcome.NOT_PRINTED,
    Outcome.UNKNOWN: PrintOutcome.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Job:
    """A receipt to print. `ended` is called once, on the counter's thread, with what became of
    it and the fault code if there was one."""

    receipt: str
    lines: Sequence[Line]
    kick_drawer: bool
    ended: Callable[[PrintOutcome, str | None], None]


class Counter:
    """Printer and drawer of one till; without a printer it takes no jobs."""

    def __init__(self, printer_url: str, queue_max: int, close_wait_s: float) -> None:
        """Raises hardware.device.Fault when the URL names no device."""
        self._printer: EscposPrinter | None = open_printer(printer_url) if printer_url else None
        self._queue_max = queue_max
        self._close_wait_s = close_wait_s
        self._waiting = 0
        self._guard = threading.Lock()
        self._jobs: asyncio.Queue[Job | None] = asyncio.Queue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._working: asyncio.Task[None] | None = None
        #: told of every receipt that did not print for certain: fault and receipt number
        self.on_fault: Callable[[Fault, str], None] = lambda *_: None

    @property
    def prints(self) -> bool:
        return self._printer is not None

    @property
    def columns(self) -> int:
        return self._printer.columns if self._printer else _COLUMNS_WITHOUT_PRINTER

    def print(self, job: Job) -> None:
        """Queue a receipt and return at once; the thread starts with the first."""
        assert self._printer is not None
        with self._guard:
            full = self._waiting >= self._queue_max
            self._waiting += not full
        if full:
            job.ended(PrintOutcome.NOT_PRINTED, QUEUE_FULL)
            return
        if self._thread is None:
            runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
            self._loop = runner.get_loop()
            self._thread = threading.Thread(
                target=self._serve, args=(runner, self._printer), name="counter", daemon=True
            )
            self._thread.start()
        self._call(self._jobs.put_nowait, job)

    def close(self) -> None:
        """Finish what is queued, for a bounded time. Then the receipt under way is noted as
        unknown, those behind it as not printed."""
        if self._thread is None:
            return
        self._call(self._jobs.put_nowait, None)
        self._thread.join(self._close_wait_s)
        if self._thread.is_alive():
            self._call(self._switch_off)
            self._thread.join(self._close_wait_s)

    def _call(self, what: Callable[..., object], *args: object) -> None:
        """Do it on the counter's loop, unless that has ended."""
        assert self._loop is not None
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what, *args)

    def _switch_off(self) -> None:
        if self._working is not None:
            self._working.cancel()

    def _serve(self, runner: asyncio.Runner, printer: EscposPrinter) -> None:
        with runner:
            runner.run(self._work(printer))

    async def _work(self, printer: EscposPrinter) -> None:
        self._working = asyncio.current_task()
        try:
            while (job := await self._jobs.get()) is not None:
                await self._do(printer, job)
        except asyncio.CancelledError:
            while not self._jobs.empty():
                if (job := self._jobs.get_nowait()) is not None:
                    self._end(job, PrintOutcome.NOT_PRINTED, SWITCHED_OFF)
        await printer.close()

    async def _do(self, printer: EscposPrinter, job: Job) -> None:
        try:
            printed = await printer.print(job.lines, kick_drawer=job.kick_drawer)
        except asyncio.CancelledError:
            self._end(job, PrintOutcome.UNKNOWN, SWITCHED_OFF)
            raise
        if printed.reason is not None:
            self.on_fault(printed.reason, job.receipt)
        code = printed.reason.code if printed.reason else None
        self._end(job, _OUTCOMES[printed.outcome], code)

    def _end(self, job: Job, outcome: PrintOutcome, reason: str | None) -> None:
        with self._guard:
            self._waiting -= 1
        job.ended(outcome, reason)
