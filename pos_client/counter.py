"""This till's devices as one object: jobs go in, what became of them comes back.

The counter lives on its own thread and event loop. No act waits for it: a dead printer never
stops or undoes a sale, it only makes the receipt's fact say so.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
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
        #: told of every receipt that did not print for certain: fault and receipt number
        self.on_fault: Callable[[Fault, str], None] = lambda *_: None
        if self._printer is not None:
            self._loop = asyncio.new_event_loop()
            self._jobs: asyncio.Queue[Job | None] = asyncio.Queue()
            self._thread = threading.Thread(
                target=self._serve, args=(self._printer,), name="counter", daemon=True
            )
            self._thread.start()

    @property
    def prints(self) -> bool:
        return self._printer is not None

    @property
    def columns(self) -> int:
        return self._printer.columns if self._printer else _COLUMNS_WITHOUT_PRINTER

    def print(self, job: Job) -> None:
        """Queue a receipt and return at once."""
        with self._guard:
            full = self._waiting >= self._queue_max
            self._waiting += not full
        if full or not self.prints:
            job.ended(PrintOutcome.NOT_PRINTED, QUEUE_FULL)
            return
        self._loop.call_soon_threadsafe(self._jobs.put_nowait, job)

    def close(self) -> None:
        """Finish what is queued, for a bounded time; the rest is noted as not known."""
        if self.prints:
            self._loop.call_soon_threadsafe(self._jobs.put_nowait, None)
            self._thread.join(self._close_wait_s)

    def _serve(self, printer: EscposPrinter) -> None:
        try:
            self._loop.run_until_complete(self._work(printer))
        finally:
            self._loop.close()

    async def _work(self, printer: EscposPrinter) -> None:
        while (job := await self._jobs.get()) is not None:
            printed = await printer.print(job.lines, kick_drawer=job.kick_drawer)
            with self._guard:
                self._waiting -= 1
            if printed.reason is not None:
                self.on_fault(printed.reason, job.receipt)
            code = printed.reason.code if printed.reason else None
            job.ended(_OUTCOMES[printed.outcome], code)
        await printer.close()
