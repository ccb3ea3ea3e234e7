"""A receipt printer with a cash drawer behind it, over any link.

Owns the conversation: is it ready, send the job, did it come out, is the drawer open. Refuses to
own what a receipt says, and reprinting (a person decides, a copy is marked as one).

The rule of every job, for "write OK" means nothing (a stalled printer takes 64 KiB gladly):

    DLE EOT 1, 2, 4 ── out of paper, lid open ──▶ the job waits for a person
          │ ready
    a section of the job, its fence ── no answer, out of paper ──▶ waits; the printer prints the
          │ fence answered                                         rest when there is paper again
    the next section …
          │
       confirmed   GS ( H named the section: it is on paper
       fenced      GS r: the buffer was processed up to there
       unconfirmed this printer has no way to answer

    failed         nothing was sent, and why          unknown   sent, and no answer: a person looks

A fence is asked once. Asked again it would be answered by a printer that was switched off and on
for its new roll, and has forgotten the receipt.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hardware.device import BackOff, Device, Event, Health, State, standing
from hardware.dialogue import Dialogue, Parser
from hardware.driver import Driver, SerialDefaults
from hardware.fault import Fault, Kind, LinkLost, NoReply, NotUnderstood, Unconfirmed, Unplugged
from hardware.link import Connect
from hardware.printer import receipt_bytes
from hardware.printer.faults import GivenUp, PrinterFault
from hardware.printer.parts import Part
from hardware.printer.probe import Probed, probed
from hardware.printer.profile import FenceKind, Profile, profile_of
from hardware.printer.replies import (
    AutomaticStatus,
    BufferStatus,
    Noise,
    ProcessDone,
    RealTimeStatus,
    Reply,
    ReplyParser,
)
from hardware.printer.sections import lines_in, sections_of
from hardware.printer.status import PrinterStatus, Which
from hardware.url import DeviceUrl

WRITE_BYTES: Final = 2048
"""Handed to the link at once: at 9600 baud two seconds, so a logo cannot outlast its `write_s`."""


class Outcome(StrEnum):
    """What became of a job."""

    CONFIRMED = "confirmed"
    FENCED = "fenced"
    UNCONFIRMED = "unconfirmed"
    UNKNOWN = "unknown"
    FAILED = "failed"


_WHEN_PASSED: Final = {
    FenceKind.PROCESS_ID: Outcome.CONFIRMED,
    FenceKind.BUFFER: Outcome.FENCED,
    FenceKind.NONE: Outcome.UNCONFIRMED,
}


@dataclass(frozen=True, slots=True)
class Printed:
    """The end of a job; `reason` is there when it is unknown or failed."""

    outcome: Outcome
    reason: Fault | None = None


@dataclass(frozen=True, slots=True)
class DrawerMoved(Event):
    """The cash drawer opened or shut, as its sensor says."""

    is_open: bool


@dataclass(frozen=True, slots=True)
class DrawerLeftOpen(Event):
    """The cash drawer has been open for too long; told once each time."""


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long each step may take, in seconds, before it counts as failed."""

    status_s: float = 2.0
    """For each real-time status answer."""
    fence_s: float = 10.0
    """For a fence's answer, beyond what the lines take, while nothing keeps it from printing."""
    line_s: float = 0.1
    """Added to `fence_s` for each line, or 48 bytes of a picture (at 9600 baud: 0.05 s)."""
    poll_s: float = 1.0
    """Between two looks at a printer that does not answer its fence, or whose drawer is open."""
    look_s: float = 5.0
    """Between two looks at an idle printer; 0 never looks."""
    patience_s: float = 900.0
    """How long a job waits for paper, lid and the like before it is given up."""
    drawer_s: float = 30.0
    """How long the drawer may be open."""


class Printer(Device[Reply]):
    """One printer. Device trouble never raises out of its orders: it comes back as a value.

    Jobs take turns; the drawer waits for none of them. `numbers` are the job numbers that fences
    carry.
    """

    kind = Kind.PRINTER

    def __init__(
        self,
        connect: Connect,
        profile: Profile | None = None,
        *,
        limits: TimeLimits | None = None,
        numbers: Iterator[int] | None = None,
        back_off: BackOff | None = None,
    ) -> None:
        super().__init__(connect, back_off=back_off)
        self.profile: Final = profile or Profile()
        self.limits = limits or TimeLimits()
        self._numbers = itertools.count(1) if numbers is None else numbers
        self._asking = asyncio.Lock()
        self._sending = asyncio.Lock()
        self._gives_up = asyncio.Event()
        self._noise_heard = 0
        self.status = PrinterStatus()
        self._drawer_patience: _Patience | None = None
        #: whether the line, since it was opened, said status that nobody had asked for
        self.babbles = False
        #: whether anything of the newest job has gone out
        self.has_begun = False
        #: whether a job that did not end may lie in it: the next one is parted from that
        self.holds_torn_paper = False

    @property
    def columns(self) -> int:
        return self.profile.columns

    @property
    def drawer_open(self) -> bool | None:
        """What the drawer's sensor says; None when it never said, or which is which is not set."""
        if self.status.pin_high is None or self.profile.drawer_open_when_high is None:
            return None
        return self.status.pin_high is self.profile.drawer_open_when_high

    # ---- orders

    async def print(self, parts: Sequence[Part]) -> Printed:
        """Print and cut `parts`. It takes as long as a person lets the printer wait for paper."""
        self._gives_up.clear()  # before it waits for anything: from now on a person may say so
        try:
            async with self._order() as dialogue:
                self.has_begun = False
                torn = self.holds_torn_paper
                sections = sections_of(parts, self.profile, behind_a_torn_one=torn)
                return await self._carry_out(dialogue, sections)
        except Fault as fault:
            return Printed(Outcome.FAILED, fault)

    async def kick(self) -> Fault | None:
        """Open the drawer now, paper or not, whatever prints; a fault when no answering printer is
        there. One that is silent gets no such order: the drawer must not spring open when it wakes
        up later."""
        try:
            dialogue = await self._reached()
            blocked = False
            if self.profile.status:
                dialogue, status = await self._looked(dialogue)
                blocked = status.trouble is not None
            async with self._sending:
                await dialogue.tell(receipt_bytes.KICK_NOW if blocked else receipt_bytes.KICK)
        except Fault as fault:
            return fault
        except TimeoutError:
            return NoReply(self.kind)
        except OSError as broken:
            return Unplugged(self.kind, str(broken))
        return None

    async def probe(self) -> Probed:
        """What it can do, asked now; it prints nothing. A `Fault` when it cannot be asked."""
        async with self._order() as dialogue:
            try:
                return await probed(dialogue)
            except OSError as broken:
                raise Unplugged(self.kind, str(broken)) from None

    async def check(self) -> Health:
        """How it stands, asked now."""
        try:
            dialogue = await self._reached()
            if self.profile.status:
                await self._look(dialogue)
        except TimeoutError:
            self._abandon(NoReply(self.kind))
            return Health(State.OFFLINE, NoReply(self.kind))
        except (Fault, OSError):
            pass  # the supervisor tells why
        return self.health

    def give_up(self) -> None:
        """No longer wait for the printer to get what the job under way needs."""
        self._gives_up.set()

    # ---- as a device

    def _parser(self) -> Parser[Reply]:
        return ReplyParser()

    async def _meet(self, dialogue: Dialogue[Reply]) -> None:
        self.babbles = False
        if not self.profile.status:
            return
        self._noise_heard = 0
        try:
            await self._look(dialogue)
        except TimeoutError:
            if self._noise_heard:
                raise NotUnderstood(self.kind, f"{self._noise_heard} strange bytes") from None
            raise
        if self.profile.asb:
            await dialogue.tell(receipt_bytes.AUTOMATIC_STATUS)

    async def _attend(self, dialogue: Dialogue[Reply]) -> None:
        while True:
            pause_s = self.limits.look_s
            if self.drawer_open:
                pause_s = min(pause_s, self.limits.poll_s)
            if not (self.profile.status and pause_s):
                await asyncio.Event().wait()
            await asyncio.sleep(pause_s)
            if not self._turn.locked():  # a job looks for itself
                await self._look(dialogue)

    def _hear(self, reply: Reply) -> None:
        match reply:
            case AutomaticStatus():
                self._learn(PrinterStatus.automatic(reply.raw))
            case Noise():
                self._noise_heard += 1
            case RealTimeStatus():
                self.babbles = True
            case _:
                pass

    def _learn(self, status: PrinterStatus) -> None:
        was_open = self.drawer_open
        self.status = status
        is_open = self.drawer_open
        if is_open is not None and was_open is not None and is_open is not was_open:
            self._tell(DrawerMoved(is_open))
        if not is_open:
            self._drawer_patience = None
        elif self._drawer_patience is None:
            self._drawer_patience = _Patience(self.limits.drawer_s)
        elif self._drawer_patience.ends_now():
            self._tell(DrawerLeftOpen())
        if self._turn.locked():
            self._stands(Health(State.BUSY, status.fault))
        else:
            self._stands(standing(status.fault))

    # ---- how it stands

    async def _look(self, dialogue: Dialogue[Reply]) -> PrinterStatus:
        """Ask for all that matters; the reason for an error only when there is one, for not all
        printers know that question."""
        async with self._asking:
            status = await self._asked_all(dialogue)
            if status.is_unexplained:  # perhaps it changed between two questions
                status = await self._asked_all(dialogue)
            if status.error or status.is_unexplained:
                with suppress(TimeoutError):
                    status = await self._asked(dialogue, 3, status)
        self._learn(status)
        return status

    async def _asked_all(self, dialogue: Dialogue[Reply]) -> PrinterStatus:
        status = PrinterStatus()
        for which in (1, 2, 4):
            status = await self._asked(dialogue, which, status)
        return status

    async def _looked(self, dialogue: Dialogue[Reply]) -> tuple[Dialogue[Reply], PrinterStatus]:
        """A look before anything is sent. The link may have broken unseen since it was last used
        (the printer was switched off and on): then once more on a fresh one."""
        try:
            return dialogue, await self._look(dialogue)
        except TimeoutError:
            raise
        except OSError as broken:
            self._abandon(Unplugged(self.kind, str(broken)))
            fresh = await self._reached()
            return fresh, await self._look(fresh)

    async def _asked(
        self, dialogue: Dialogue[Reply], which: Which, status: PrinterStatus
    ) -> PrinterStatus:
        reply = await dialogue.ask(
            receipt_bytes.ask_status(which),
            lambda reply: isinstance(reply, RealTimeStatus),
            self.limits.status_s,
        )
        assert isinstance(reply, RealTimeStatus)
        return status.told(which, reply.bits)

    # ---- a job

    async def _carry_out(self, dialogue: Dialogue[Reply], sections: Sequence[bytes]) -> Printed:
        reason: Fault
        try:
            if self.profile.status:
                dialogue = await self._until_ready(dialogue)
            for section in sections:
                self.has_begun = self.holds_torn_paper = True
                await self._print_section(dialogue, section)
        except PrinterFault as fault:
            reason = fault
        except TimeoutError:
            reason = Unconfirmed(self.kind) if self.has_begun else NoReply(self.kind)
        except OSError as broken:
            reason = (LinkLost if self.has_begun else Unplugged)(self.kind, str(broken))
        else:
            self.holds_torn_paper = False
            return Printed(_WHEN_PASSED[self.profile.fence])
        self._abandon(reason)  # so that a late answer cannot pass for the next job's
        return Printed(Outcome.UNKNOWN if self.has_begun else Outcome.FAILED, reason)

    async def _until_ready(self, dialogue: Dialogue[Reply]) -> Dialogue[Reply]:
        """Wait for what a person can mend; raises other trouble, and GivenUp. The link to go on
        by."""
        waited = _Patience(self.limits.patience_s)
        while True:
            dialogue, status = await self._looked(dialogue)
            trouble = status.trouble
            if trouble is None:
                return dialogue
            if not trouble.waits:
                raise trouble
            await self._wait(waited, trouble)

    async def _wait(self, waited: "_Patience", trouble: PrinterFault) -> None:
        """A moment; GivenUp when it has been long enough, or a person said so."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.limits.poll_s):
                await self._gives_up.wait()
        if self._gives_up.is_set() or waited.is_over:
            raise GivenUp(trouble.code)

    async def _print_section(self, dialogue: Dialogue[Reply], section: bytes) -> None:
        fence, answers = self._next_fence()
        with dialogue.expecting(answers) as passed:
            async with self._sending:
                data = section + fence
                for begin in range(0, len(data), WRITE_BYTES):
                    await dialogue.tell(data[begin : begin + WRITE_BYTES])
            if self.profile.fence is not FenceKind.NONE:
                await self._until_passed(dialogue, passed, lines_in(section))

    async def _until_passed(
        self, dialogue: Dialogue[Reply], passed: Awaitable[Reply], lines: int
    ) -> None:
        """Wait for the fence's answer; `TimeoutError` when it does not come although nothing keeps
        the printer from printing, GivenUp when something did for too long."""
        limit_s = self.limits.fence_s + self.limits.line_s * lines
        silence, waited = _Patience(limit_s), _Patience(self.limits.patience_s)
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(self.limits.poll_s, limit_s)):
                    await passed
                    return
            if self.profile.status:
                with suppress(TimeoutError):  # one lost answer is no reason to give up
                    trouble = (await self._look(dialogue)).trouble
                    if trouble is not None and trouble.waits:
                        await self._wait(waited, trouble)
                        silence = _Patience(limit_s)
            if silence.is_over:
                raise TimeoutError

    def _next_fence(self) -> tuple[bytes, Callable[[Reply], bool]]:
        match self.profile.fence:
            case FenceKind.PROCESS_ID:
                ident = receipt_bytes.process_id(next(self._numbers))
                done = ProcessDone(ident)
                return receipt_bytes.process_id_fence(ident), lambda reply: reply == done
            case FenceKind.BUFFER:
                return receipt_bytes.BUFFER_FENCE, lambda reply: isinstance(reply, BufferStatus)
            case FenceKind.NONE:
                return b"", lambda _: False


class _Patience:
    """So many seconds from now."""

    def __init__(self, limit_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._ends = self._loop.time() + limit_s
        self._ended = False

    def ends_now(self) -> bool:
        """It is over, and this was not said before."""
        ended, self._ended = self._ended, self.is_over
        return self._ended and not ended

    @property
    def is_over(self) -> bool:
        return self._loop.time() >= self._ends


def _open(url: DeviceUrl, connect: Connect) -> Printer:
    """Options: see `profile_of`."""
    return Printer(connect, profile_of(url))


DRIVER = Driver(
    Kind.PRINTER,
    _open,
    links=("serial", "tcp", "usb", "lp"),
    serial=SerialDefaults(38_400),
    xonxoff=True,  # `hardware.printer.replies` says why none of its answers holds these bytes
)
