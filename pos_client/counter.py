"""This till's devices as one object: jobs go in, scans and what became of the jobs come out.

The counter lives on its own thread and event loop. No act waits for it: a dead printer never
stops or undoes a sale, it only makes the receipt's fact say so.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass

from hardware.device import DeviceState, Fault
from hardware.printer import EscposPrinter
from hardware.receipt_bytes import Part
from hardware.registry import open_printer, open_scanner
from hardware.scanner import Scan, SerialScanner, Wedge
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


class DrawerNotOpened(Fault):
    """The drawer's turn never came: the printer has too much waiting, the till was closed, or
    this program failed; `detail` says which."""

    code = "till.drawer_not_opened"
    retryable = False
    outcome_known = False
    say_en = "The till could not open the drawer."
    say_zh = "本机未能打开钱箱。"
    remedy_en = "Open it with its key, then see to the printer."
    remedy_zh = "请用钥匙打开钱箱，然后检查打印机。"


class TwoWedges(Fault):
    """The setting names more than one scanner that types; `detail` says which."""

    code = "till.two_wedges"
    retryable = False
    say_en = "The setting scanner names more than one scanner that types."
    say_zh = "设置 scanner 中有多个键盘扫码枪。"
    remedy_en = "Leave one scan+wedge:// there: a keyboard has one prefix and one suffix."
    remedy_zh = "请只保留一个 scan+wedge://：键盘只有一种前缀和后缀。"


@dataclass(frozen=True, slots=True)
class Job:
    """A receipt to print. `ended` is called once, with what became of it and the fault's code if
    there was one: on the counter's thread, or before `print` returns when it is not taken."""

    receipt: str
    parts: Sequence[Part]
    kick_drawer: bool
    ended: Callable[[PrintOutcome, str | None], None]


class _Kick:
    """The drawer, without a receipt."""


class Counter:
    """Printer, drawer and scanners of one till; without a printer it takes no jobs.

    Set the callbacks before `start`; they are called on the counter's thread.
    """

    def __init__(
        self,
        printer_url: str,
        scanner_urls: str,
        queue_max: int,
        close_wait_s: float,
        look_every_s: float,
    ) -> None:
        """`scanner_urls` are separated by blanks; `look_every_s` 0 never asks an idle printer how
        it is. Raises UnknownDevice when a URL names no device, or TwoWedges."""
        self._printer: EscposPrinter | None = open_printer(printer_url) if printer_url else None
        scanners = [open_scanner(url) for url in scanner_urls.split()]
        self._scanners = [one for one in scanners if isinstance(one, SerialScanner)]
        wedges = [one for one in scanners if isinstance(one, Wedge)]
        if len(wedges) > 1:
            raise TwoWedges(scanner_urls)
        #: a scanner that types, for whoever gathers the keys
        self.wedge: Wedge | None = wedges[0] if wedges else None
        self._queue_max = queue_max
        self._close_wait_s = close_wait_s
        self._look_every_s = look_every_s
        self._waiting = 0
        self._guard = threading.Lock()
        self._jobs: asyncio.Queue[Job | _Kick | None] = asyncio.Queue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._working: asyncio.Task[None] | None = None
        self._watching: set[asyncio.Task[None]] = set()
        self._look_now = asyncio.Event()
        self._closed = False
        #: how the printer stands, as far as it was asked; None: this till has none
        self.printer: DeviceState | None = DeviceState(known=False) if self._printer else None
        #: told of every receipt that did not print for certain, with its number, and of a drawer
        #: that stayed shut, with none
        self.on_fault: Callable[[Fault, str], None] = lambda *_: None
        #: told of every code from a scanner that does not type
        self.on_scan: Callable[[Scan], None] = lambda _: None
        #: told whenever `printer` or `scanner` stand otherwise than before
        self.on_state: Callable[[], None] = lambda: None

    @property
    def prints(self) -> bool:
        return self._printer is not None

    @property
    def columns(self) -> int:
        return self._printer.columns if self._printer else _COLUMNS_WITHOUT_PRINTER

    @property
    def scanner(self) -> DeviceState | None:
        """How the scanners stand: the first trouble of any; None when none has a port."""
        states = [scanner.state for scanner in self._scanners]
        return next((state for state in states if not state.ready), states[0] if states else None)

    def start(self) -> None:
        """Listen to the scanners and keep looking at the printer. A thread that cannot be had
        leaves all devices as not known."""
        if self._printer is None and not self._scanners:
            return
        with self._guard, suppress(OSError, RuntimeError):
            if not self._closed:
                self._loop = self._loop or self._begin()
                self._call(self._watch)

    def print(self, job: Job) -> None:
        """Queue a receipt and return at once; the thread starts with the first."""
        self._take(job)

    def kick(self) -> None:
        """Open the drawer when the receipts before it are out."""
        self._take(_Kick())

    def _take(self, job: Job | _Kick) -> None:
        assert self._printer is not None
        with self._guard:
            fault = self._queue(job)
        if fault is not None:
            self._tell(job, PrintOutcome.NOT_PRINTED, fault)

    def _queue(self, job: Job | _Kick) -> Fault | None:
        if self._closed:
            return SwitchedOff()
        if self._waiting >= self._queue_max:
            return PrintQueueFull()
        try:
            self._loop = self._loop or self._begin()
        except (OSError, RuntimeError) as fault:  # no thread or no descriptor to be had
            return CounterFailed(repr(fault))
        self._waiting += 1
        self._loop.call_soon_threadsafe(self._jobs.put_nowait, job)
        return None

    def _begin(self) -> asyncio.AbstractEventLoop:
        runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        loop = runner.get_loop()
        self._thread = threading.Thread(
            target=self._serve, args=(runner,), name="counter", daemon=True
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

    def _serve(self, runner: asyncio.Runner) -> None:
        with runner:
            runner.run(self._work())

    def _watch(self) -> None:
        """Every scanner, and the printer, until the counter is closed."""
        loop = asyncio.get_running_loop()
        watches: list[Coroutine[None, None, None]] = []
        for scanner in self._scanners:
            # By way of the loop: what goes wrong in a callback is reported and costs no scan.
            scanner.on_scan = lambda scan: loop.call_soon(self.on_scan, scan)
            scanner.on_state = lambda: loop.call_soon(self.on_state)
            watches.append(scanner.serve())
        if self._printer is not None and self._look_every_s:
            watches.append(self._keep_looking(self._printer))
        for watch in watches:
            task = asyncio.create_task(watch)
            task.add_done_callback(_report)
            self._watching.add(task)

    async def _keep_looking(self, printer: EscposPrinter) -> None:
        while True:
            self._look_now.clear()
            if not self._waiting:  # a job looks for itself
                self._printer_stands(await printer.look())
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_every_s):
                    await self._look_now.wait()

    def _printer_stands(self, fault: Fault | None) -> None:
        before, self.printer = self.printer, DeviceState(fault)
        assert before is not None
        if not before.known or type(before.fault) is not type(fault):
            asyncio.get_running_loop().call_soon(self.on_state)

    async def _work(self) -> None:
        self._working = asyncio.current_task()
        try:
            while (job := await self._jobs.get()) is not None:
                await self._do(job)
        except asyncio.CancelledError:
            while not self._jobs.empty():
                if (job := self._jobs.get_nowait()) is not None:
                    self._end(job, PrintOutcome.NOT_PRINTED, SwitchedOff())
        for watch in self._watching:
            watch.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        if self._printer is not None:
            await self._printer.close()

    async def _do(self, job: Job | _Kick) -> None:
        assert self._printer is not None
        try:
            if isinstance(job, Job):
                printed = await self._printer.print(job.parts, kick_drawer=job.kick_drawer)
                outcome, fault = PrintOutcome(printed.outcome), printed.reason
                self._printer_stands(fault)
            else:
                outcome, fault = PrintOutcome.UNKNOWN, await self._printer.kick()
                if fault is not None:  # a printer without paper opens the drawer too
                    self._printer_stands(fault)
        except asyncio.CancelledError:
            self._end(job, PrintOutcome.UNKNOWN, SwitchedOff())
            raise
        except Exception as failed:  # one receipt's trouble must not cost all that follow
            self._end(job, PrintOutcome.UNKNOWN, CounterFailed(repr(failed)))
        else:
            self._end(job, outcome, fault)
            if fault is not None:  # what it says of a job may not be how it stands now
                self._look_now.set()

    def _end(self, job: Job | _Kick, outcome: PrintOutcome, fault: Fault | None) -> None:
        with self._guard:
            self._waiting -= 1
        self._tell(job, outcome, fault)

    def _tell(self, job: Job | _Kick, outcome: PrintOutcome, fault: Fault | None) -> None:
        if isinstance(job, Job):
            if fault is not None:
                self.on_fault(fault, job.receipt)
            job.ended(outcome, fault.code if fault else None)
        elif fault is not None:
            never_came = isinstance(fault, PrintQueueFull | SwitchedOff | CounterFailed)
            self.on_fault(DrawerNotOpened(str(fault)) if never_came else fault, "")


def _report(watch: asyncio.Task[None]) -> None:
    """A watch ends when it is cancelled; anything else is a bug, and loud."""
    if not watch.cancelled() and (bug := watch.exception()) is not None:
        watch.get_loop().call_exception_handler({"message": "counter", "exception": bug})
