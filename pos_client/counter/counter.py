"""This till's devices as one object: orders go in, scans and what became of the orders come out.

The counter lives on its own thread and event loop. No act waits for it: a dead printer never
stops or undoes a sale, it only makes the receipt's fact say so.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from hardware.device import Event, Health, HealthChanged
from hardware.discovery import Appeared, Vanished, find, watch
from hardware.fault import Fault, Kind
from hardware.link.threads import on_thread
from hardware.locker.orders import Opened, Outcome
from hardware.printer.probe import Probed
from hardware.scale.scale import Weight
from hardware.scanner.scan import Scan
from hardware.scanner.scanner import Scanned
from pos_client.counter.faults import (
    CounterFailed,
    Doing,
    DrawerNotOpened,
    PrintQueueFull,
    SwitchedOff,
)
from pos_client.counter.paper import Ended, Job, PaperQueue
from pos_client.counter.places import Placed, Places
from pos_client.settings import TillSettings
from retail.facts import PrintOutcome

_COLUMNS_WITHOUT_PRINTER = 48
SWITCH_OFF_S = 2.0
"""For the devices to let go of their links."""

T = TypeVar("T")
Order = Callable[[], Coroutine[Any, Any, T]]


class Counter:
    """All devices of one till; without a printer it takes no receipts.

    Set the callbacks before `start`; they are called on the counter's thread.
    """

    def __init__(self, settings: TillSettings) -> None:
        """Raises UnknownDevice when an address names no device, WrongKind, or TwoWedges."""
        self._settings = settings
        #: what stands here now
        self.places = Places.opened({kind: getattr(settings, kind) for kind in Kind})
        #: told of every receipt that did not print for certain, with its number, and of a drawer
        #: that stayed shut, with none
        self.on_fault: Callable[[Fault, str], None] = lambda *_: None
        #: told of a receipt that waits for a person to mend something
        self.on_wait: Callable[[Fault, str], None] = lambda *_: None
        #: told of every code from a scanner that does not type
        self.on_scan: Callable[[Scan], None] = lambda _: None
        #: told whenever a device stands otherwise than before, or others stand here
        self.on_state: Callable[[], None] = lambda: None
        #: told of everything else that a device tells: doors, drawer
        self.on_event: Callable[[Event], None] = lambda _: None
        #: told of what was plugged in or pulled out, whether it is in use or not
        self.on_plugged: Callable[[Appeared | Vanished], None] = lambda _: None
        self._queue = PaperQueue(self._tell_fault, self._tell_wait)
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._serving: dict[Placed, asyncio.Task[None]] = {}
        self._orders: set[asyncio.Task[Any]] = set()
        self._kicking = 0
        self._closed = False
        self._look_as_set()

    def _look_as_set(self) -> None:
        if (printer := self.places.printer) is not None:
            printer.limits = replace(printer.limits, look_s=self._settings.printer_look_s)

    # ---- how they stand

    @property
    def printer(self) -> Health | None:
        """How the printer stands; None: this till has none."""
        return self.places.printer.health if self.places.printer else None

    @property
    def scanner(self) -> Health | None:
        """How the scanners stand: the first trouble of any; None when none has a port."""
        states = [scanner.health for scanner in self.places.scanners]
        return next((state for state in states if not state.ready), states[0] if states else None)

    @property
    def prints(self) -> bool:
        return self.places.printer is not None

    @property
    def columns(self) -> int:
        return self.places.printer.columns if self.places.printer else _COLUMNS_WITHOUT_PRINTER

    @property
    def receipts_waiting(self) -> int:
        """Receipts that have not ended."""
        return self._queue.waiting

    # ---- orders

    def print(self, job: Job) -> None:
        """Queue a receipt and return at once; its drawer opens before it prints, and before those
        that wait."""
        if job.kick_drawer:
            self.kick()
        with self._guard:
            fault = self._full(self._queue.waiting) or self._off(Doing.RECEIPT)
            if fault is None:
                self._queue.waiting += 1
                self._call(self._queue.put, job)
        if fault is not None:
            job.ended(Ended(PrintOutcome.NOT_PRINTED, reason=fault.code))
            self.on_fault(fault, job.receipt)

    def kick(self) -> None:
        """Open the drawer now, whatever prints or waits."""
        printer = self.places.printer
        assert printer is not None
        with self._guard:
            fault = self._full(self._kicking) or self._off(Doing.DRAWER)
            if fault is None:
                self._kicking += 1
                self._call(self._start, Doing.DRAWER, printer.kick, self._kicked)
        if fault is not None:
            self.on_fault(DrawerNotOpened(str(fault)), "")

    def _kicked(self, fault: Fault | None) -> None:
        self._kicking -= 1
        if isinstance(fault, SwitchedOff | CounterFailed):
            fault = DrawerNotOpened(str(fault))
        if fault is not None:
            self.on_fault(fault, "")

    def part_next_receipt(self) -> None:
        """A receipt that was printing when the till was killed may lie in the printer."""
        if self.places.printer is not None:
            self.places.printer.holds_torn_paper = True

    def stop_waiting(self) -> None:
        """Give up the receipt that waits for paper."""
        if self.places.printer is not None:
            self._call(self.places.printer.give_up)

    def show(self, upper: str, lower: str) -> None:
        """Show two lines to the customer; nothing happens without a display."""
        display = self.places.display
        if display is not None and self._is_on():
            self._call(display.show, upper, lower)

    def weigh(self, ended: Callable[[Weight | Fault], None], timeout_s: float) -> None:
        """Weigh what lies on the scale, once it is at rest; `ended` is called on the counter's
        thread, or before this returns when the order is not taken."""
        scale = self.places.scale
        assert scale is not None
        fault = self._take(Doing.WEIGHING, lambda: scale.weigh(timeout_s), ended)
        if fault is not None:
            ended(fault)

    def probe(self, ended: Callable[[Probed | Fault], None]) -> None:
        """Ask the printer what it can do; `ended` as for `weigh`."""
        printer = self.places.printer
        assert printer is not None
        fault = self._take(Doing.PROBE, printer.probe, ended)
        if fault is not None:
            ended(fault)

    def open_door(self, door: int, order_id: str, ended: Callable[[Opened], None]) -> None:
        """Open a door of the locker, once; `ended` is called on the counter's thread, or before
        this returns when the order is not taken."""
        bank = self.places.locker
        assert bank is not None

        def told(said: Opened | Fault) -> None:
            if isinstance(said, Fault):
                said = Opened(Outcome.UNKNOWN, door, fault=said)
            ended(said)

        fault = self._take(Doing.DOOR, lambda: bank.open(door, order_id=order_id), told)
        if fault is not None:
            ended(Opened(Outcome.NOT_TRIED, door, fault=fault))

    def _take(
        self, doing: Doing, order: Order[T], ended: Callable[[T | Fault], None]
    ) -> Fault | None:
        """Begin an order on the counter's loop; why not, if no device takes anything."""
        with self._guard:
            fault = self._off(doing)
            if fault is None:
                self._call(self._start, doing, order, ended)
        return fault

    def _full(self, waiting: int) -> Fault | None:
        """Why no more is taken where so many wait."""
        full = waiting >= self._settings.print_queue_max
        return PrintQueueFull() if full and not self._closed else None

    def _off(self, doing: Doing) -> Fault | None:
        """Why no device takes anything; else its thread runs."""
        if self._closed:
            return SwitchedOff(doing)
        trouble = self._no_thread()
        return CounterFailed(doing, repr(trouble)) if trouble else None

    def _is_on(self) -> bool:
        """Its thread runs, unless none can be had or it was closed."""
        return not self._closed and self._no_thread() is None

    def _no_thread(self) -> Exception | None:
        try:
            self._loop = self._loop or self._begin()
        except (OSError, RuntimeError) as trouble:  # no thread or no descriptor to be had
            return trouble
        return None

    def _start(self, doing: Doing, order: Order[T], ended: Callable[[T | Fault], None]) -> None:
        """Carry it out; whatever becomes of it, also before its first step, `ended` is told."""
        task = asyncio.create_task(order())
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)
        task.add_done_callback(lambda done: ended(_end_of(done, doing)))

    def _tell_fault(self, fault: Fault, receipt: str) -> None:
        self.on_fault(fault, receipt)

    def _tell_wait(self, fault: Fault, receipt: str) -> None:
        self.on_wait(fault, receipt)

    # ---- the thread

    def start(self) -> None:
        """Connect to all devices, and see what is plugged in from now on. A thread that cannot be
        had leaves them closed."""
        with self._guard:
            if self.places.devices or self._settings.plugged_look_s:
                self._is_on()

    def reopen(self, kind: Kind, urls: str) -> None:
        """From now on these devices of that kind stand here; those of before are let go of, and
        what they were doing ends as if they had been unplugged. Raises UnknownDevice, WrongKind
        or TwoWedges, and nothing has changed."""
        with self._guard:
            self.places = self.places.with_kind(kind, urls)
            self._look_as_set()
            if self._loop is not None:
                self._call(self._serve_all)
            elif self.places.devices:
                self._is_on()

    def _begin(self) -> asyncio.AbstractEventLoop:
        runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        loop = runner.get_loop()
        self._thread = threading.Thread(
            target=self._run, args=(runner,), name="counter", daemon=True
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
        self._call(self._queue.put, None)
        self._thread.join(self._settings.close_wait_s)
        if self._thread.is_alive():
            self._call(self._switch_off)
            self._thread.join(self._settings.close_wait_s + SWITCH_OFF_S)

    def _call(self, what: Callable[..., object], *args: object) -> None:
        """Do it on the counter's loop, unless that has ended."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(what, *args)

    def _switch_off(self) -> None:
        for task in self._orders:
            task.cancel()
        self._queue.switch_off()

    def _run(self, runner: asyncio.Runner) -> None:
        with runner:
            runner.run(self._work())

    async def _work(self) -> None:
        """Serve every device until the counter is closed and its last receipt has ended."""
        self._serve_all()
        watching = asyncio.create_task(self._watch())
        watching.add_done_callback(_report)
        await self._queue.work()
        await asyncio.gather(*self._orders, return_exceptions=True)
        serving = [watching, *self._serving.values()]
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    def _serve_all(self) -> None:
        """Serve what stands here, and nothing else."""
        for gone in self._serving.keys() - set(self.places.devices):
            self._serving.pop(gone).cancel()
        for placed in self.places.devices:
            if placed not in self._serving:
                placed.device.listeners.append(self._hear_soon)
                task = asyncio.create_task(placed.device.serve())
                task.add_done_callback(_report)
                self._serving[placed] = task
        self._queue.use(self.places.printer)
        self.on_state()

    async def _watch(self) -> None:
        """See what is plugged in beside what was there at the start."""
        look_s = self._settings.plugged_look_s
        if not look_s:
            return
        there = await on_thread(find, name="looks for devices")
        async for seen in watch(look_s, find, there):
            self.on_plugged(seen)

    def _hear_soon(self, event: Event) -> None:
        """By way of the loop: what goes wrong in a callback is reported and costs no scan."""
        asyncio.get_running_loop().call_soon(self._hear, event)

    def _hear(self, event: Event) -> None:
        match event:
            case Scanned():
                self.on_scan(event.scan)
            case HealthChanged():
                self.on_state()
            case _:
                self.on_event(event)


def _end_of(order: asyncio.Task[T], doing: Doing) -> T | Fault:
    """What it gave, or why there is nothing; a bug is loud besides."""
    if order.cancelled():
        return SwitchedOff(doing)
    failed = order.exception()
    if failed is None:
        return order.result()
    if isinstance(failed, Fault):
        return failed
    _report(order)
    return CounterFailed(doing, repr(failed))


def _report(work: asyncio.Task[Any]) -> None:
    """Serving ends when it is cancelled; anything else is a bug, and loud."""
    if not work.cancelled() and (bug := work.exception()) is not None:
        work.get_loop().call_exception_handler({"message": "counter", "exception": bug})
