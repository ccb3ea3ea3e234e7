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
from hardware.printer import EscposPrinter
from hardware.receipt_bytes import Line
from hardware.registry import open_printer
from retail.facts import PrintOutcome

_COLUMNS_WITHOUT_PRINTER = 48


class PrintQueueFull(Fault):
    """So many receipts wait for the printer that this one is not even tried."""

    code = "till.print_queue_full"
    say_en = "The printer has too many receipts waiting; this one was not printed."
    say_zh = "待打印的小票过多，本张未打印。"
    remedy_en = "Open the drawer with its key; see to the printer, then print a copy."
    remedy_zh = "请用钥匙开钱箱；检查打印机后补打副本。"


class SwitchedOff(Fault):
    """The till was closed while this receipt printed, or before it had its turn."""

    code = "till.switched_off"
    retryable = False
    outcome_known = False
    say_en = "The till was closed before this receipt was known to be printed."
    say_zh = "本机关闭时小票尚未确认打印。"
    remedy_en = "Look at the paper: if the receipt is missing or not whole, print a copy."
    remedy_zh = "请查看小票：如缺失或不完整，请补打副本。"


class CounterFailed(Fault):
    """A fault in this program, met while it printed; `detail` says which."""

    code = "till.counter_failed"
    retryable = False
    outcome_known = False
    say_en = "The till could not print this receipt because of a fault of its own."
    say_zh = "因程序故障，本张小票未能正常打印。"
    remedy_en = "Look at the paper: if the receipt is not whole, print a copy."
    remedy_zh = "请查看小票：如不完整，请补打副本。"


@dataclass(frozen=True, slots=True)
class Job:
    """A receipt to print. `ended` is called once, with what became of it and the fault's code if
    there was one: on the counter's thread, or before `print` returns when it is not taken."""

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
        self._closed = False
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
            fault = self._queue(job, self._printer)
        if fault is not None:
            self._tell(job, PrintOutcome.NOT_PRINTED, fault)

    def _queue(self, job: Job, printer: EscposPrinter) -> Fault | None:
        if self._closed:
            return SwitchedOff()
        if self._waiting >= self._queue_max:
            return PrintQueueFull()
        try:
            self._loop = self._loop or self._start(printer)
        except (OSError, RuntimeError) as fault:  # no thread or no descriptor to be had
            return CounterFailed(repr(fault))
        self._waiting += 1
        self._loop.call_soon_threadsafe(self._jobs.put_nowait, job)
        return None

    def _start(self, printer: EscposPrinter) -> asyncio.AbstractEventLoop:
        runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        loop = runner.get_loop()
        self._thread = threading.Thread(
            target=self._serve, args=(runner, printer), name="counter", daemon=True
        )
        self._thread.start()
        return loop

    def close(self) -> None:
        """Finish what is queued, for a bounded time. Then the receipt under way is noted as
        unknown, those behind it as not printed."""
        with self._guard:
            self._closed = True
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
                    self._end(job, PrintOutcome.NOT_PRINTED, SwitchedOff())
        await printer.close()

    async def _do(self, printer: EscposPrinter, job: Job) -> None:
        try:
            printed = await printer.print(job.lines, kick_drawer=job.kick_drawer)
        except asyncio.CancelledError:
            self._end(job, PrintOutcome.UNKNOWN, SwitchedOff())
            raise
        except Exception as fault:  # one receipt's trouble must not cost all that follow
            self._end(job, PrintOutcome.UNKNOWN, CounterFailed(repr(fault)))
        else:
            self._end(job, PrintOutcome(printed.outcome), printed.reason)

    def _end(self, job: Job, outcome: PrintOutcome, fault: Fault | None) -> None:
        with self._guard:
            self._waiting -= 1
        self._tell(job, outcome, fault)

    def _tell(self, job: Job, outcome: PrintOutcome, fault: Fault | None) -> None:
        if fault is not None:
            self.on_fault(fault, job.receipt)
        job.ended(outcome, fault.code if fault else None)
