"""Receipts on their way to the printer: one at a time, in order, each with one end.

Runs on the counter's loop. A job waits for paper as long as the cashier lets it; the drawer waits
for no job.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hardware.device import Event, HealthChanged, State
from hardware.fault import Fault, Kind, Unplugged
from hardware.printer.faults import GivenUp, PrinterFault
from hardware.printer.parts import Part
from hardware.printer.printer import Outcome, Printed, Printer
from pos_client.counter.faults import CannotAnswer, CounterFailed, Doing, SwitchedOff
from retail.facts import PrintOutcome

_OUTCOMES: Final = {
    Outcome.CONFIRMED: PrintOutcome.PRINTED,
    Outcome.FENCED: PrintOutcome.PRINTED,
    Outcome.UNCONFIRMED: PrintOutcome.UNKNOWN,
    Outcome.UNKNOWN: PrintOutcome.UNKNOWN,
    Outcome.FAILED: PrintOutcome.NOT_PRINTED,
}


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a receipt: how that is known, or the fault's code."""

    outcome: PrintOutcome
    proof: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A receipt to print. `ended` is called once: on the counter's thread, or before `print`
    returns when it is not taken."""

    receipt: str
    parts: Sequence[Part]
    kick_drawer: bool
    ended: Callable[[Ended], None]


GRACE_S: Final = 0.1
"""How long a receipt that is given up may take to end by itself."""


class PaperQueue:
    """`on_fault` is told of a receipt that did not print for certain, `on_wait` of one that waits
    for a person, once for each reason."""

    def __init__(
        self, on_fault: Callable[[Fault, str], None], on_wait: Callable[[Fault, str], None]
    ) -> None:
        self._printer: Printer | None = None
        self._on_fault, self._on_wait = on_fault, on_wait
        self._jobs: asyncio.Queue[Job | None] = asyncio.Queue()
        self._printing: Job | None = None
        self._told: set[str] = set()
        self._working: asyncio.Task[None] | None = None
        self._off = False
        #: receipts that have not ended; counted by whoever limits them
        self.waiting = 0

    def use(self, printer: Printer | None) -> None:
        """Print there from now on; the receipt under way ends where it began."""
        if printer is not self._printer:
            if self._printer is not None:
                self._printer.listeners.remove(self._hear)
            if printer is not None:
                printer.listeners.append(self._hear)
            self._printer = printer

    def put(self, job: Job | None) -> None:
        """A receipt; None says that it was the last."""
        self._jobs.put_nowait(job)

    async def work(self) -> None:
        """Print until the last, or until switched off: then the receipt under way is unknown and
        those behind it are not printed."""
        self._working = asyncio.current_task()
        try:
            while (job := await self._jobs.get()) is not None:
                await self._print(job)
        except asyncio.CancelledError:
            while not self._jobs.empty():
                if (job := self._jobs.get_nowait()) is not None:
                    self._end(job, PrintOutcome.NOT_PRINTED, SwitchedOff(Doing.RECEIPT))

    def switch_off(self) -> None:
        """A receipt that waits for paper is given up, one that prints is cut short."""
        self._off = True
        if self._printer is not None:
            self._printer.give_up()
        if self._working is not None:
            asyncio.get_running_loop().call_later(GRACE_S, self._working.cancel)

    async def _print(self, job: Job) -> None:
        self._printing = job
        self._told.clear()
        try:
            if self._printer is None:
                self._end(job, PrintOutcome.NOT_PRINTED, Unplugged(Kind.PRINTER))
            else:
                self._printed(job, await self._printer.print(job.parts))
        except asyncio.CancelledError:
            begun = self._printer is not None and self._printer.has_begun
            unknown = PrintOutcome.UNKNOWN if begun else PrintOutcome.NOT_PRINTED
            self._end(job, unknown, SwitchedOff(Doing.RECEIPT))
            raise
        except Exception as failed:  # one receipt's trouble must not cost all that follow
            self._end(job, PrintOutcome.UNKNOWN, CounterFailed(Doing.RECEIPT, repr(failed)))
        finally:
            self._printing = None

    def _printed(self, job: Job, printed: Printed) -> None:
        outcome = _OUTCOMES[printed.outcome]
        if printed.outcome is Outcome.UNCONFIRMED:
            self._finish(job, Ended(outcome, reason=CannotAnswer.code))
        elif printed.reason is None:
            self._finish(job, Ended(outcome, proof=str(printed.outcome)))
        else:
            given_up = self._off and isinstance(printed.reason, GivenUp)
            self._end(job, outcome, SwitchedOff(Doing.RECEIPT) if given_up else printed.reason)

    def _end(self, job: Job, outcome: PrintOutcome, fault: Fault) -> None:
        self._finish(job, Ended(outcome, reason=fault.code))
        self._on_fault(fault, job.receipt)  # whoever is told finds it on record

    def _finish(self, job: Job, ended: Ended) -> None:
        self.waiting -= 1
        job.ended(ended)

    def _hear(self, event: Event) -> None:
        if not isinstance(event, HealthChanged) or event.health.state is not State.BUSY:
            return
        fault, job = event.health.fault, self._printing
        waits = isinstance(fault, PrinterFault) and fault.waits
        if job is not None and fault is not None and waits and fault.code not in self._told:
            self._told.add(fault.code)
            self._on_wait(fault, job.receipt)
